/* The report as a whole: in a few sentences, what went well, what was not seen, how it was made. */
#include "base/limits.h"
#include "base/timestamp.h"
#include "report/details.h"
#include "report/settings.h"
#include "report/story.h"

#include <stdio.h>

enum { NAMES_SHOWN = 8, LATENCIES_LEAST = 1, FEW_SHOWN = 3 };

void story_advice(struct bytes text, const char *software, char out[ADVICE_TEXT])
{
    size_t len = text.len < ADVICE_TEXT - 1 ? text.len : ADVICE_TEXT - 1;

    memcpy(out, text.len ? (const char *)text.ptr : "", len);
    out[len] = '\0';
    const char *said = words(out);
    if (said != out)
        (void)snprintf(out, ADVICE_TEXT, "%s", said);
    settings_keep(out, software);
    out[0] = (char)ascii_upper((uint8_t)out[0]); /* a part of a sentence of the catalogue */
}

void story_put_detail(struct document *document, struct bytes detail)
{
    struct buf said;

    if (words_language() == LANGUAGE_ENGLISH) {
        document_put_bytes(document, detail);
        return;
    }
    buf_init(&said, LIMIT_REPORT_BLOCK);
    (void)details_say(detail, &said);
    document_put_bytes(document, buf_bytes(&said));
    buf_release(&said);
}

const char *story_clock(bool is_local)
{
    return words(is_local ? WORDS(" (local time of the log)") : WORDS(" UTC"));
}

/* What nobody could read, and how to read it. */
static void put_sealed(struct document *document)
{
    const struct traffic *traffic = document->report->traffic;

    if (!traffic->sealed)
        return;
    SAY(document, words(WORDS(" Sessions that were encrypted, and could be judged only up to there: {1}.")),
        said_number(traffic->sealed));
    document_put(document,
                 words(WORDS(" With the keys of the connections they can be read: --tls-keylog, and "
                             "docs/TLS.md.")));
}

/* Quotations, the first few. */
static void put_few(struct document *document, const struct tally *tally)
{
    uint32_t shown = tally->kept_count < FEW_SHOWN ? tally->kept_count : FEW_SHOWN;

    for (uint32_t i = 0; i < shown; i++) {
        document_put(document, i ? ", " : "");
        SAY(document, "{1}", said_code(tally->kept[i].text));
    }
    if (tally_distinct(tally) > shown)
        SAY(document, words(WORDS(" and {1} more")), said_number(tally_distinct(tally) - shown));
}

static bool is_read_whole(const struct report_totals *totals)
{
    for (size_t i = 0; i < totals->input_count; i++)
        if (!totals->inputs[i].is_complete)
            return false;
    return true;
}

/* No finding tells of it: the order was right, and so is a refusal. */
static void put_starttls(struct document *document)
{
    const struct traffic *traffic = document->report->traffic;

    if (!traffic->starttls_refused)
        return;
    SAY(document,
        words_of(traffic->starttls_refused,
                 WORDS(" STARTTLS was offered, asked for and refused in {1} session: "),
                 WORDS(" STARTTLS was offered, asked for and refused in {1} sessions: ")),
        said_number(traffic->starttls_refused));
    put_few(document, &traffic->starttls_replies);
    document_put(document, words(WORDS("; by the server ")));
    put_few(document, &traffic->starttls_servers);
    document_put(
        document,
        words(WORDS(". That is for the server's postmaster to mend: its log at this time says why, as a "
                    "rule for the certificate, its key, or the right to read them. A client that insists on "
                    "TLS sends nothing then.")));
}

static void put_period(struct document *document)
{
    const struct traffic *traffic = document->report->traffic;

    const char *clock = story_clock(traffic->local == traffic->sessions);

    SAY(document, words_of(traffic->sessions, WORDS("{1} session"), WORDS("{1} sessions")),
        said_number(traffic->sessions));
    if (traffic->last_ns == 0)
        return;
    if (traffic->last_ns / NS_PER_SECOND == traffic->first_ns / NS_PER_SECOND)
        SAY(document, words(WORDS(" at {1}{2}")), said_time(traffic->first_ns), said_ours(clock));
    else
        SAY(document, words(WORDS(" from {1} until {2}{3}")), said_time(traffic->first_ns),
            said_time(traffic->last_ns), said_ours(clock));
}

static void put_verdict(struct document *document, size_t grave)
{
    const struct traffic *traffic = document->report->traffic;
    const uint64_t *count = traffic->delivery;

    if (traffic->sessions == 0 && grave == 0) {
        document_put(document,
                     words(WORDS("No SMTP session was found in the input: nothing can be said of it.")));
        return;
    }
    if (grave)
        SAY(document, words_of(grave, WORDS("{1} incident in "), WORDS("{1} incidents in ")),
            said_number(grave));
    else
        document_put(document, words(WORDS("No incident in ")));
    put_period(document);
    SAY(document,
        words_of(count[DELIVERY_DONE], WORDS(": {1} message was delivered, {2} not"),
                 WORDS(": {1} messages were delivered, {2} not")),
        said_number(count[DELIVERY_DONE]), said_number(count[DELIVERY_LOST]));
    if (count[DELIVERY_DELAYED])
        SAY(document, words(WORDS(", {1} put off for now")), said_number(count[DELIVERY_DELAYED]));
    if (count[DELIVERY_DELAYED] && traffic->accepted_later)
        SAY(document, words(WORDS(" (accepted at a later try: {1})")), said_number(traffic->accepted_later));
    if (count[DELIVERY_DOUBT])
        SAY(document, words(WORDS(", {1} in doubt")), said_number(count[DELIVERY_DOUBT]));
    if (count[DELIVERY_UNSEEN])
        SAY(document, words(WORDS(", {1} whose fate the input does not show")),
            said_number(count[DELIVERY_UNSEEN]));
    document_put(document, words(WORDS(".")));
    if (!grave && traffic->with_missing_bytes)
        document_put(document,
                     words(WORDS(" But bytes are missing from the capture, so that something may have been "
                                 "missed.")));
    if (!grave && !is_read_whole(document->report->totals))
        document_put(document,
                     words(WORDS(" But not all of the input could be read, so that something may have been "
                                 "missed.")));
    if (!grave && incident_report_dropped(document->report))
        SAY(document,
            words(WORDS(" But the recorder lost {1} packets, so that something may have been missed.")),
            said_number(incident_report_dropped(document->report)));
    if (!grave) {
        put_sealed(document);
        put_starttls(document);
    }
}

void story_head(struct document *document)
{
    const struct incident_report *report = document->report;
    size_t grave = incident_report_grave(report), told = 0;

    document_put(document, words(WORDS("SMTP incident report")));
    document_heading(document, 1);
    put_verdict(document, grave);
    document_paragraph(document);
    for (size_t i = 0; grave > 1 && i < report->incident_count && told < NAMES_SHOWN; i++) {
        if (report->incidents[i]->severity <= SEVERITY_INFO
            || report->incidents[i]->comparison == COMPARISON_GONE)
            continue;
        SAY(document, "({1}) ", said_number(i + 1));
        story_incident_line(document, report->incidents[i]);
        document_bullet(document);
        told++;
    }
    if (told && grave > told) {
        SAY(document, words_of(grave - told, WORDS("and {1} more, below"), WORDS("and {1} more, below")),
            said_number(grave - told));
        document_bullet(document);
    }
}

static size_t count_compared(const struct incident_report *report, enum comparison comparison)
{
    size_t count = 0;

    for (size_t i = 0; i < report->incident_count; i++)
        count += report->incidents[i]->comparison == comparison;
    return count;
}

void story_comparison(struct document *document)
{
    const struct incident_report *report = document->report;

    if (!report->baseline)
        return;
    document_put(document, words(WORDS("Compared with the earlier capture")));
    document_heading(document, 2);
    SAY(document, words(WORDS("Sessions in the earlier capture ({1}): {2}; in this one: {3}. ")),
        said_code(bytes_of(report->pseudonyms ? "-" : report->baseline_name)),
        said_number(report->baseline->sessions), said_number(report->traffic->sessions));
    SAY(document, words(WORDS("New: {1}. Worse: {2}. Gone: {3}. Better: {4}. The same: {5}.")),
        said_number(count_compared(report, COMPARISON_NEW)),
        said_number(count_compared(report, COMPARISON_WORSE)),
        said_number(count_compared(report, COMPARISON_GONE)),
        said_number(count_compared(report, COMPARISON_BETTER)),
        said_number(count_compared(report, COMPARISON_SAME)));
    document_paragraph(document);
    for (unsigned kind = COMPARISON_NEW; kind < COMPARISON_COUNT; kind++)
        for (size_t i = 0; i < report->incident_count && i < STORY_LISTED; i++) {
            const struct incident *incident = report->incidents[i];
            if (incident->comparison != kind || kind == COMPARISON_SAME)
                continue;
            SAY(document, "{1}: ", said_ours(story_comparison_word((enum comparison)kind)));
            story_incident_line(document, incident);
            SAY(document, words(WORDS(" (sessions before: {1})")), said_number(incident->baseline_sessions));
            document_bullet(document);
        }
}

static void put_names(struct document *document, const struct tally *tally)
{
    for (uint32_t i = 0; i < tally->kept_count; i++) {
        document_put(document, i ? ", " : "");
        SAY(document, "{1} ({2})", said_wire(tally->kept[i].text), said_number(tally->kept[i].count));
    }
    if (tally_distinct(tally) > tally->kept_count)
        SAY(document, words(WORDS(" and {1} more")), said_number(tally_distinct(tally) - tally->kept_count));
    document_put(document, words(WORDS(".")));
}

static void put_logins(struct document *document)
{
    const struct report_counts *counts = document->report->counts;

    for (size_t i = 0; i < counts->mechanism_count; i++) {
        const struct mechanism_count *mechanism = &counts->mechanisms[i];
        document_put(document, i ? "; " : "");
        SAY(document, words(WORDS("{1}: {2} succeeded, {3} failed")),
            mechanism->name[0] ? said_wire(bytes_of(mechanism->name))
                               : said_ours(words(WORDS("(mechanism not in the input)"))),
            said_number(mechanism->count[SASL_SUCCESS]), said_number(mechanism_failures(mechanism)));
        if (mechanism->misplaced)
            SAY(document, words(WORDS(", {1} refused before it began, out of order or not offered")),
                said_number(mechanism->misplaced));
    }
    if (counts->mechanism_count == 0)
        return;
    document_put(document, words(WORDS(".")));
    document_labelled(document, words(WORDS("Logins")));
}

void story_latencies(struct document *document)
{
    const struct traffic *traffic = document->report->traffic;
    bool is_first = true;

    for (unsigned i = 0; i < LATENCY_KINDS; i++) {
        const struct latency *latency = &traffic->latency[i];
        if (latency->count < LATENCIES_LEAST || i == VERB_UNKNOWN)
            continue;
        SAY(document, words(WORDS("{1}: half within {2}, 95 % within {3}, the slowest {4} (replies: {5})")),
            said_ours(latency_name(i)), said_duration(latency_percentile(latency, 50)),
            said_duration(latency_percentile(latency, 95)), said_duration(latency->worst_ns),
            said_number(latency->count));
        if (is_first) {
            struct buf kept = document->line;
            buf_init(&document->line, LIMIT_REPORT_BLOCK);
            document_put(document, words(WORDS("How fast the servers answered, by command:")));
            document_paragraph(document);
            buf_release(&document->line);
            document->line = kept;
            is_first = false;
        }
        document_bullet(document);
    }
}

static void put_encryption(struct document *document)
{
    const struct traffic *traffic = document->report->traffic;

    SAY(document, words(WORDS("Sessions that went over to TLS: {1} of {2} ({3} %).")),
        said_number(traffic->tls), said_number(traffic->sessions),
        said_number(traffic->sessions ? (traffic->tls * 100 + traffic->sessions / 2) / traffic->sessions
                                      : 0));
    if (incident_report_grave(document->report)) { /* else it stands at the top */
        put_sealed(document);
        put_starttls(document);
    }
    document_labelled(document, words(WORDS("Encryption")));
}

void story_traffic(struct document *document)
{
    const struct incident_report *report = document->report;
    const struct traffic *traffic = report->traffic;

    if (traffic->sessions == 0)
        return;
    document_put(document, words(WORDS("What went well")));
    document_heading(document, 2);
    SAY(document,
        words(WORDS(
            "Sessions without a fault: {1} of {2}. Clients: {3}. Servers: {4}. Messages delivered: {5}.")),
        said_number(traffic_faultless(traffic)), said_number(traffic->sessions),
        said_number(tally_distinct(&traffic->clients)), said_number(tally_distinct(&traffic->servers)),
        said_number(traffic->delivery[DELIVERY_DONE]));
    if (traffic->not_judged)
        SAY(document, words(WORDS(" Sessions that could not be judged to the end: {1}.")),
            said_number(traffic->not_judged));
    if (traffic->lmtp)
        SAY(document, words(WORDS(" Sessions of LMTP (a server hands mail on to what stores it): {1}.")),
            said_number(traffic->lmtp));
    document_paragraph(document);
    if (traffic->software.kept_count) {
        put_names(document, &traffic->software);
        document_labelled(document, words(WORDS("Server software")));
    }
    if (traffic->programs.kept_count) {
        put_names(document, &traffic->programs);
        document_labelled(document, words(WORDS("Client software, as headers name it")));
    }
    put_logins(document);
    put_encryption(document);
}

/* What is missing, and from how many sessions; nothing that is not missing. */
static void put_missing(struct document *document)
{
    const struct traffic *traffic = document->report->traffic;

    if (traffic->with_missing_bytes)
        SAY(document, words(WORDS("Sessions with bytes missing: {1} of {2} ({3} octets in all). ")),
            said_number(traffic->with_missing_bytes), said_number(traffic->sessions),
            said_number(document->report->counts->missing_bytes));
    if (traffic->midstream)
        SAY(document, words(WORDS("Sessions picked up in the middle: {1} of {2}. ")),
            said_number(traffic->midstream), said_number(traffic->sessions));
    if (traffic->one_sided)
        SAY(document, words(WORDS("Sessions of which only one side was captured: {1} of {2}. ")),
            said_number(traffic->one_sided), said_number(traffic->sessions));
    if (traffic->unfinished)
        SAY(document, words(WORDS("Sessions that were still going on when the capture ended: {1} of {2}. ")),
            said_number(traffic->unfinished), said_number(traffic->sessions));
    document_put(document,
                 words(WORDS("Where something is missing nothing is invented: such commands are left "
                             "undecided, and faults in them may have been missed.")));
}

static void put_inputs_problem(struct document *document)
{
    const struct report_totals *totals = document->report->totals;

    for (size_t i = 0; i < totals->input_count; i++)
        if (totals->inputs[i].problem) {
            SAY(document, "{1}",
                said_code(bytes_of(document->report->pseudonyms ? "-" : totals->inputs[i].problem)));
            document_bullet(document);
        }
}

static size_t count_logs(const struct report_totals *totals)
{
    size_t count = 0;

    for (size_t i = 0; i < totals->input_count; i++)
        count += totals->inputs[i].program != NULL;
    return count;
}

void story_quality(struct document *document)
{
    const struct incident_report *report = document->report;
    const struct traffic *traffic = report->traffic;

    document_put(document, words(WORDS("Quality of the capture")));
    document_heading(document, 2);
    if (traffic->sessions == 0)
        document_put(document, words(WORDS("There was no session, so nothing can be missing from one.")));
    else if (traffic->with_missing_bytes + traffic->midstream + traffic->one_sided + traffic->unfinished > 0)
        put_missing(document);
    else if (is_read_whole(report->totals) && count_logs(report->totals) < report->totals->input_count)
        document_put(
            document,
            words(WORDS("Nothing is missing from the sessions: each was seen from its begin, in both "
                        "directions, byte for byte.")));
    if (!is_read_whole(report->totals))
        document_put(document, words(WORDS(" Not all of the input could be read, so that sessions, or their "
                                           "ends, may be missing here.")));
    if (incident_report_dropped(report))
        SAY(document,
            words(WORDS(
                " The recorder lost {1} packets, whose sessions may be missing here or be incomplete.")),
            said_number(incident_report_dropped(report)));
    else if (report->totals->dropped_packets < 0 && report->totals->packets)
        document_put(document,
                     words(WORDS(" Whether packets were lost while it was recorded is not known: the "
                                 "input does not say.")));
    if (count_logs(report->totals))
        document_put(document,
                     words(WORDS(" Of a log counts what its program wrote down: contents, credentials and "
                                 "times are often left out, and how packets went cannot be seen.")));
    document_paragraph(document);
    put_inputs_problem(document);
}

static void put_input(struct document *document, size_t index)
{
    const struct incident_report *report = document->report;
    const struct report_input *input = &report->totals->inputs[index];
    const struct input_proof *proof = &report->proofs[index];

    if (report->pseudonyms)
        SAY(document, words(WORDS("input {1}")), said_number(index + 1));
    else
        SAY(document, words(WORDS("input {1}, {2}")), said_number(index + 1),
            said_code(bytes_of(input->path)));
    SAY(document, words(WORDS(": {1}, {2} octets")),
        said_ours(input->format ? input->format : words(WORDS("not recognised"))), said_number(input->bytes));
    if (input->program)
        SAY(document, words(WORDS(", kind: {1}")), said_wire(bytes_of(input->program)));
    else
        SAY(document, words_of(input->packets, WORDS(", {1} packet"), WORDS(", {1} packets")),
            said_number(input->packets));
    if (proof->last_ns)
        SAY(document, words(WORDS(", from {1} until {2} UTC")), said_time(proof->first_ns),
            said_time(proof->last_ns));
    if (proof->sha256[0])
        SAY(document, ", SHA-256 {1}", said_ours(proof->sha256));
    if (!input->is_complete)
        document_put(document, words(WORDS("; not read to its end")));
    document_bullet(document);
}

void story_provenance(struct document *document)
{
    const struct incident_report *report = document->report;

    document_put(document, words(WORDS("How this report was made")));
    document_heading(document, 2);
    SAY(document,
        words(WORDS("By smtpscope {1}. Packets: {2}; TCP connections: {3}. "
                    "Passwords, tokens and proofs are left out. ")),
        said_ours(report->version), said_number(report->totals->packets),
        said_number(report->totals->tcp_connections));
    document_put(document,
                 words(report->traffic->local ? WORDS("Times are UTC, but for those of logs that do not name "
                                                      "their zone: these stand as in the log.")
                                              : WORDS("All times are UTC.")));
    if (report->pseudonyms)
        document_put(
            document,
            words(WORDS(" Addresses, names and identities are replaced by others, the same by the same.")));
    if (report->filter)
        SAY(document, words(WORDS(" Only packets that pass this filter were read: {1}.")),
            said_code(bytes_of(report->filter)));
    document_paragraph(document);
    if (!report->pseudonyms && report->command_line) {
        SAY(document, words(WORDS("The same again: {1}")), said_code(bytes_of(report->command_line)));
        document_paragraph(document);
    }
    for (size_t i = 0; i < report->totals->input_count; i++)
        put_input(document, i);
}
