/* One incident: who, since when, how often, what came first, what to do. */
#include "base/limits.h"
#include "incident/advice.h"
#include "report/story.h"

enum { NAMES_SHOWN = 5 };

const char *story_severity(enum severity severity)
{
    static const char *const names[SEVERITY_COUNT] = { "", WORDS("note"), WORDS("warning"), WORDS("error") };

    return words(names[severity]);
}

const char *story_fault_word(enum fault fault)
{
    static const char *const names[FAULT_COUNT] = {
        "", WORDS("client"), WORDS("server"), WORDS("path"), WORDS("policy"), WORDS("not known")
    };

    return words(names[fault]);
}

const char *story_comparison_word(enum comparison comparison)
{
    static const char *const names[COMPARISON_COUNT] = {
        "", WORDS("new"), WORDS("worse"), WORDS("same"), WORDS("better"), WORDS("gone")
    };

    return words(names[comparison]);
}

static void put_tally(struct document *document, const struct tally *tally, bool has_counts)
{
    uint32_t shown = tally->kept_count < NAMES_SHOWN ? tally->kept_count : NAMES_SHOWN;
    uint32_t distinct = tally_distinct(tally);

    for (uint32_t i = 0; i < shown; i++) {
        document_put(document, i ? ", " : "");
        SAY(document, "{1}", said_code(tally->kept[i].text));
        if (has_counts && distinct > 1)
            SAY(document, " ({1})", said_number(tally->kept[i].count));
    }
    if (distinct > shown)
        SAY(document, words(tally->is_full ? WORDS(" and more than {1} more") : WORDS(" and {1} more")),
            said_number(distinct - shown));
}

static struct bytes first_of(const struct tally *tally)
{
    return tally->kept_count ? tally->kept[0].text : BYTES("?");
}

static void put_server(struct document *document, const struct incident *incident)
{
    SAY(document, "{1}", said_code(first_of(&incident->servers)));
    if (tally_distinct(&incident->servers) > 1)
        SAY(document, words(WORDS(" and {1} more")), said_number(tally_distinct(&incident->servers) - 1));
    if (incident->server_software)
        SAY(document,
            incident->is_software_inferred ? words(WORDS(" ({1}, by the wording of its replies)")) : " ({1})",
            said_ours(incident->server_software));
}

static void put_client(struct document *document, const struct incident *incident)
{
    uint32_t clients = tally_distinct(&incident->clients);

    if (clients > 1) {
        SAY(document, words(WORDS("{1} clients, ")), said_number(clients));
        put_tally(document, &incident->clients, false);
    } else {
        SAY(document, "{1}", said_code(first_of(&incident->clients)));
    }
    if (incident->helos.kept_count) {
        SAY(document, words(WORDS(", which calls itself {1}")), said_code(incident->helos.kept[0].text));
        if (tally_distinct(&incident->helos) > 1)
            SAY(document, words(WORDS(" and {1} more names")),
                said_number(tally_distinct(&incident->helos) - 1));
    }
}

void story_fault(struct document *document, const struct incident *incident)
{
    switch (incident->fault) {
    case FAULT_CLIENT:
        document_put(document, words(WORDS("The client: ")));
        put_client(document, incident);
        break;
    case FAULT_SERVER:
        document_put(document, words(WORDS("The server: ")));
        put_server(document, incident);
        break;
    case FAULT_PATH:
        document_put(document, words(WORDS("Neither client nor server, but something on the path to ")));
        put_server(document, incident);
        break;
    case FAULT_POLICY:
        document_put(document, words(incident->reason == REASON_SYSTEM
                                         ? WORDS("Nobody by mistake: it is temporary trouble of the server ")
                                         : WORDS("Nobody by mistake: it is a policy of the server ")));
        put_server(document, incident);
        break;
    case FAULT_NONE:
    case FAULT_UNDECIDED:
    case FAULT_COUNT:
        document_put(document, words(WORDS("It cannot be said from this capture")));
        break;
    }
    if (incident->confidence == CONFIDENCE_LIKELY)
        document_put(document, words(WORDS(". That is likely, not certain")));
    if (incident->confidence == CONFIDENCE_POSSIBLE)
        document_put(document, words(WORDS(". That is possible, not certain")));
    document_put(document, words(WORDS(".")));
}

static void put_how_often(struct document *document, const struct incident *incident)
{
    uint64_t total = document->report->traffic->sessions;
    const char *clock = story_clock(incident->is_local);

    if (incident->is_without_session)
        SAY(document,
            words_of(incident->sessions, WORDS("{1} connection that became no session"),
                     WORDS("{1} connections that became no session")),
            said_number(incident->sessions));
    else
        SAY(document, words_of(total, WORDS("{1} of {2} session"), WORDS("{1} of {2} sessions")),
            said_number(incident->sessions), said_number(total));
    if (incident->last_ns == 0)
        document_put(document, words(WORDS("; the log has no times")));
    else if (incident->last_ns - incident->first_ns < UINT64_C(1000000000))
        SAY(document, words(WORDS(", at {1}{2}")), said_time(incident->first_ns), said_ours(clock));
    else
        SAY(document, words(WORDS(", from {1} until {2}{3}")), said_time(incident->first_ns),
            said_time(incident->last_ns), said_ours(clock));
    if (incident->occurrences > incident->sessions)
        SAY(document, words(WORDS(", {1} times in all")), said_number(incident->occurrences));
    document_put(document, words(WORDS(".")));
    if (incident->comparison == COMPARISON_NEW)
        document_put(document, words(WORDS(" It is new: the earlier capture has none of it.")));
    else if (incident->comparison)
        SAY(document, words(WORDS(" Sessions in the earlier capture: {1} ({2}).")),
            said_number(incident->baseline_sessions), said_ours(story_comparison_word(incident->comparison)));
}

static void put_undelivered(struct document *document, const uint64_t *count)
{
    if (count[DELIVERY_LOST])
        SAY(document,
            words_of(count[DELIVERY_LOST], WORDS("{1} message was not delivered. "),
                     WORDS("{1} messages were not delivered. ")),
            said_number(count[DELIVERY_LOST]));
    if (count[DELIVERY_DELAYED])
        SAY(document,
            words_of(count[DELIVERY_DELAYED], WORDS("{1} message was put off for now. "),
                     WORDS("{1} messages were put off for now. ")),
            said_number(count[DELIVERY_DELAYED]));
    if (count[DELIVERY_DOUBT])
        SAY(document,
            words_of(count[DELIVERY_DOUBT],
                     WORDS("{1} message is in doubt: it was sent whole, and the answer was not seen. "),
                     WORDS("{1} messages are in doubt: they were sent whole, and the answer was not seen. ")),
            said_number(count[DELIVERY_DOUBT]));
    if (count[DELIVERY_UNSEEN])
        SAY(document, words(WORDS("Messages whose fate the input does not show: {1}. ")),
            said_number(count[DELIVERY_UNSEEN]));
    if (count[DELIVERY_DONE])
        SAY(document, words(WORDS("Delivered all the same: {1}. ")), said_number(count[DELIVERY_DONE]));
}

/* What became of the messages of these sessions. */
static void put_messages(struct document *document, const struct incident *incident)
{
    const uint64_t *count = incident->delivery;

    if (incident_undelivered(incident) + count[DELIVERY_UNSEEN])
        put_undelivered(document, count);
    else if (count[DELIVERY_DONE])
        SAY(document,
            words_of(count[DELIVERY_DONE], WORDS("{1} message was accepted all the same. "),
                     WORDS("{1} messages were accepted all the same. ")),
            said_number(count[DELIVERY_DONE]));
    else if (incident->is_without_session)
        document_put(document, words(WORDS("No message could be sent over these connections. ")));
    else if (!incident->recipients_refused)
        document_put(document, words(WORDS("No message is known to be lost because of it.")));
    if (incident->recipients_refused)
        SAY(document,
            words_of(incident->recipients_refused, WORDS("{1} recipient was refused."),
                     WORDS("{1} recipients were refused.")),
            said_number(incident->recipients_refused));
}

/* The answer does not matter: the credential was sent. */
static void put_cleartext(struct document *document, const struct incident *incident)
{
    static const char *const says[ENCRYPTION_COUNT] = {
        "", WORDS("The server offered STARTTLS; the client did not use it. "),
        WORDS("The server offered no STARTTLS. "), ""
    };

    SAY(document,
        words(WORDS("The client sent a credential with {1} while the connection was not encrypted. ")),
        said_code(incident->line));
    document_put(document, words(says[incident->encryption]));
}

/* The first cause in the session's own lines. */
static void put_cause(struct document *document, const struct incident *incident)
{
    if (incident->rule == RULE_CLEARTEXT_CREDENTIAL && incident->line.len) {
        put_cleartext(document, incident);
        return;
    }
    if (incident->cause_line.len && incident->cause_reply.len)
        SAY(document, words(WORDS("It began with {1}, which the server answered with {2}. ")),
            said_code(incident->cause_line), said_code(incident->cause_reply));
    if (incident->line.len && incident->reply.len && incident->is_told)
        SAY(document, words(WORDS("The client sent {1}, and the log gives the reason {2}. ")),
            said_code(incident->line), said_code(incident->reply));
    else if (incident->line.len && incident->reply.len)
        SAY(document,
            words(incident->is_of_message
                      ? WORDS("The client sent {1}, and to the message the server answered {2}. ")
                      : WORDS("The client sent {1}, and the server answered {2}. ")),
            said_code(incident->line), said_code(incident->reply));
    else if (incident->line.len)
        SAY(document, words(WORDS("The client sent {1}. ")), said_code(incident->line));
    else if (incident->reply.len)
        SAY(document, words(WORDS("The server said {1}. ")), said_code(incident->reply));
    if (incident->before_line.len)
        SAY(document, words(WORDS("Before that, the server had refused {1} with {2}. ")),
            said_code(incident->before_line), said_code(incident->before_reply));
    story_put_detail(document, incident->detail);
    if (document->line.len == 0)
        document_put(document, words(rule_of(incident->rule)->title));
}

static void put_refused(struct document *document, const struct incident *incident)
{
    SAY(document,
        words_of(incident->refused_total,
                 WORDS("{1} command was refused only because of it, and is no fault of its own: "),
                 WORDS("{1} commands were refused only because of it, and are no faults of their own: ")),
        said_number(incident->refused_total));
    for (size_t i = 0; i < incident->refused_count; i++) {
        const struct refused_command *refused = &incident->refused[i];
        document_put(document, i ? ", " : "");
        SAY(document, "{1} {2}", said_wire(bytes_of(refused->verb)), said_number(refused->code));
        if (refused->count > 1)
            SAY(document, " ({1})", said_number(refused->count));
    }
    document_put(document, words(WORDS(".")));
    document_labelled(document, words(WORDS("Consequences")));
}

static void put_companions(struct document *document, const struct incident *incident)
{
    if (incident->companion_count == 0)
        return;
    document_put(document, words(WORDS("These come of the same cause:")));
    document_labelled(document, words(WORDS("Found along with it")));
    for (size_t i = 0; i < incident->companion_count; i++) {
        const struct companion *companion = &incident->companions[i];
        SAY(document, words(WORDS("{1} ({2}: {3}). ")), said_ours(words(rule_of(companion->rule)->title)),
            said_ours(rule_of(companion->rule)->id), said_number(companion->count));
        story_put_detail(document, companion->detail);
        document_bullet(document);
    }
}

const char *story_software(const struct incident *incident)
{
    bool is_one = tally_distinct(&incident->servers) == 1 && !incident->is_software_inferred;

    return is_one ? incident->server_software : NULL;
}

static void put_advice(struct document *document, const struct incident *incident)
{
    struct advice advice = advice_for(incident);
    const char *software = story_software(incident);
    char text[ADVICE_TEXT];

    story_advice(advice.client, software, text);
    document_put(document, text);
    document_labelled(document, words(WORDS("What the client's developer changes")));
    story_advice(advice.postmaster, software, text);
    document_put(document, text);
    document_labelled(document, words(WORDS("What the postmaster of the server changes")));
}

static void put_facts(struct document *document, const struct incident *incident)
{
    story_fault(document, incident);
    document_labelled(document, words(WORDS("At fault")));
    put_how_often(document, incident);
    document_labelled(document, words(WORDS("When, and how often")));
    put_messages(document, incident);
    document_labelled(document, words(WORDS("Messages")));
    put_cause(document, incident);
    document_labelled(document, words(WORDS("First cause")));
    if (incident->refused_total)
        put_refused(document, incident);
}

static void put_parties(struct document *document, const struct incident *incident)
{
    document_put(document, words(WORDS("clients: ")));
    put_tally(document, &incident->clients, true);
    document_put(document, words(WORDS("; server: ")));
    put_server(document, incident);
    if (incident->helos.kept_count) {
        document_put(document, words(WORDS("; EHLO names: ")));
        put_tally(document, &incident->helos, true);
    }
    if (incident->identities.kept_count) {
        document_put(document, words(WORDS("; identities: ")));
        put_tally(document, &incident->identities, true);
    }
    if (incident->programs.kept_count) {
        document_put(document, words(WORDS("; software, as the headers of messages name it: ")));
        put_tally(document, &incident->programs, true);
    }
    if (tally_distinct(&incident->replies) > 1) {
        document_put(document, words(WORDS("; replies: ")));
        put_tally(document, &incident->replies, true);
    }
    document_put(document, words(WORDS(".")));
    document_labelled(document, words(WORDS("Who is concerned")));
}

/* What weakens the statement. */
static void put_unseen(struct document *document, const struct incident *incident)
{
    const struct exemplar *exemplar = incident->exemplar_count ? incident->exemplars[0] : NULL;

    if (incident->with_missing_bytes)
        SAY(document, words(WORDS("In {1} of these sessions bytes are missing from the capture. ")),
            said_number(incident->with_missing_bytes));
    if (incident->unjudged)
        SAY(document,
            words(
                WORDS("Messages in them that did not arrive, for a reason that could not be judged: {1}. ")),
            said_number(incident->unjudged));
    bool is_of_events = exemplar && exemplar->is_log && exemplar->is_midstream;

    if (is_of_events)
        document_put(document,
                     words(WORDS("The log tells of single events: what else was said is not known. ")));
    else if (exemplar && exemplar->is_midstream)
        document_put(
            document,
            words(WORDS("The capture begins in the middle of the session shown: what was said before is "
                        "not known. ")));
    if (exemplar && !is_of_events && exemplar->one_sided != SIDE_NONE)
        document_put(document, words(WORDS("Only one side of the session shown was captured. ")));
    if (incident_report_dropped(document->report))
        SAY(document,
            words(WORDS("The recorder lost {1} packets: there may have been more of these sessions. ")),
            said_number(incident_report_dropped(document->report)));
    if (incident->is_coarse)
        document_put(document,
                     words(WORDS("There were too many incidents to tell the clients of this one apart. ")));
    if (document->line.len)
        document_labelled(document, words(WORDS("What could not be seen")));
}

static void put_evidence(struct document *document, const struct incident *incident, size_t most)
{
    for (size_t i = 0; i < incident->exemplar_count && i < most; i++) {
        const struct exemplar *exemplar = incident->exemplars[i];
        story_name_session(document, exemplar);
        document_evidence_begin(document, exemplar, i == 0);
        story_dialogue(document, exemplar);
        document_evidence_end(document);
    }
}

static void put_order(struct document *document, const struct incident *incident)
{
    const struct exemplar *exemplar = incident->exemplar_count ? incident->exemplars[0] : NULL;

    if (!exemplar || exemplar->due.count == 0)
        return;
    document_beside(document, BESIDE_BEGIN);
    story_sequence(document, words(WORDS("The order as it was")), &exemplar->was);
    document_beside(document, BESIDE_NEXT);
    story_sequence(document, words(WORDS("The order as it should have been (+ new, - left out)")),
                   &exemplar->due);
    document_beside(document, BESIDE_END);
}

void story_title(struct document *document, const struct incident *incident)
{
    document_put(document, words(rule_of(incident->rule)->title));
    bool is_told = incident->rule == RULE_SENDER_REFUSED && incident->reason == REASON_SENDER;
    if (advice_needs_reason(incident->rule) && incident->reason && !is_told)
        SAY(document, words(WORDS(": {1}")), said_ours(words(reason_of(incident->reason)->words)));
}

static void put_heading(struct document *document, const struct incident *incident, size_t number)
{
    SAY(document, "{1}. ", said_number(number));
    story_title(document, incident);
    if (incident->comparison)
        SAY(document, " [{1}]", said_ours(story_comparison_word(incident->comparison)));
    document_heading(document, 2);
}

static void put_reference(struct document *document, const struct incident *incident)
{
    const struct rule *rule = rule_of(incident->rule);

    SAY(document, words(WORDS("{1}; finding {2}, {3}; incident {4}.")), said_ours(rule->reference),
        said_ours(rule->id), said_ours(story_severity(incident->severity)), said_ours(incident->id));
    document_labelled(document, words(WORDS("References")));
}

void story_incident(struct document *document, const struct incident *incident, size_t number,
                    size_t exemplars)
{
    put_heading(document, incident, number);
    put_facts(document, incident);
    document_put(document, words(settled_explanation(incident->rule, incident->settled)));
    document_labelled(document, words(WORDS("What it means")));
    put_advice(document, incident);
    put_order(document, incident);
    put_companions(document, incident);
    put_parties(document, incident);
    put_unseen(document, incident);
    put_evidence(document, incident, exemplars);
    put_reference(document, incident);
}

void story_incident_line(struct document *document, const struct incident *incident)
{
    uint64_t undelivered = incident_undelivered(incident);

    story_title(document, incident);
    SAY(document, words(WORDS(" (sessions: {1}; client {2}")), said_number(incident->sessions),
        said_code(first_of(&incident->clients)));
    if (tally_distinct(&incident->clients) > 1)
        SAY(document, words(WORDS(" and {1} more")), said_number(tally_distinct(&incident->clients) - 1));
    SAY(document, words(WORDS("; server {1}")), said_code(first_of(&incident->servers)));
    if (undelivered)
        SAY(document, words(WORDS("; messages lost, put off or in doubt: {1}")), said_number(undelivered));
    document_put(document, words(WORDS(")")));
}
