/* The report as JSON, as INTERFACE has it: docs/schema/report.schema.json. */
#include "base/escape.h"
#include "base/limits.h"
#include "incident/advice.h"
#include "report/document_rows.h"
#include "report/json_parts.h"
#include "report/json_stream.h"
#include "report/story.h"

enum { EVIDENCE_RANK = STORY_PLAIN };

/* What came from the wire, or a name. */
static json_t *visible(const struct incident_report *report, struct bytes text)
{
    struct buf name;

    if (text.len == 0)
        return json_null();
    if (!report->pseudonyms)
        return json_of_bytes(text);
    buf_init(&name, LIMIT_REPORT_BLOCK);
    pseudonyms_text(report->pseudonyms, text, &name);
    json_t *value = json_of_bytes(buf_bytes(&name));
    buf_release(&name);
    return value;
}

static json_t *number(uint64_t value)
{
    return json_integer((json_int_t)value);
}

static json_t *moment(uint64_t time_ns)
{
    return is_undated(time_ns) ? json_null() : json_of_time(time_ns);
}

static json_t *json_of_tally(const struct incident_report *report, const struct tally *tally)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < tally->kept_count; i++)
        (void)json_array_append_new(list, visible(report, tally->kept[i].text));
    return list;
}

static json_t *json_of_period(uint64_t first_ns, uint64_t last_ns)
{
    json_t *period = json_object();

    json_put(period, "first", moment(first_ns));
    json_put(period, "last", moment(last_ns));
    return period;
}

static json_t *json_of_input(const struct incident_report *report, size_t index)
{
    const struct report_input *input = &report->totals->inputs[index];
    const struct input_proof *proof = &report->proofs[index];
    json_t *object = json_object();

    json_put(object, "path", report->pseudonyms ? json_null() : json_of_bytes(bytes_of(input->path)));
    json_put(object, "format", json_of_text(input->format));
    json_put(object, "packets", number(input->packets));
    json_put(object, "bytes", number(input->bytes));
    json_put(object, "complete", json_boolean(input->is_complete));
    json_put(object, "sha256", json_of_text(proof->sha256[0] ? proof->sha256 : NULL));
    json_put(object, "period", json_of_period(proof->first_ns, proof->last_ns));
    return object;
}

static json_t *json_of_provenance(const struct incident_report *report)
{
    json_t *object = json_object(), *inputs = json_array();

    for (size_t i = 0; i < report->totals->input_count; i++)
        (void)json_array_append_new(inputs, json_of_input(report, i));
    json_put(object, "tool", json_of_text("smtpscope"));
    json_put(object, "version", json_of_text(report->version));
    json_put(object, "command_line",
             report->pseudonyms ? json_null() : json_of_bytes(bytes_of(report->command_line)));
    json_put(object, "filter", json_of_text(report->filter));
    json_put(object, "anonymized", json_boolean(report->pseudonyms != NULL));
    json_put(object, "language", json_of_text(language_code(words_language())));
    json_put(object, "packets", number(report->totals->packets));
    json_put(object, "tcp_connections", number(report->totals->tcp_connections));
    json_put(object, "inputs", inputs);
    return object;
}

static json_t *json_of_deliveries(const uint64_t count[DELIVERY_COUNT])
{
    json_t *object = json_object();

    json_put(object, "delivered", number(count[DELIVERY_DONE]));
    json_put(object, "lost", number(count[DELIVERY_LOST]));
    json_put(object, "delayed", number(count[DELIVERY_DELAYED]));
    json_put(object, "in_doubt", number(count[DELIVERY_DOUBT]));
    json_put(object, "not_seen", number(count[DELIVERY_UNSEEN]));
    return object;
}

static json_t *json_of_ms(uint64_t ns)
{
    return json_real((double)(ns / 1000) / 1000.0);
}

static json_t *json_of_latencies(const struct traffic *traffic)
{
    json_t *list = json_object();

    for (unsigned i = 0; i < LATENCY_KINDS; i++) {
        const struct latency *latency = &traffic->latency[i];
        if (latency->count == 0 || i == VERB_UNKNOWN)
            continue;
        json_t *object = json_object();
        json_put(object, "count", number(latency->count));
        json_put(object, "median_ms", json_of_ms(latency_percentile(latency, 50)));
        json_put(object, "p95_ms", json_of_ms(latency_percentile(latency, 95)));
        json_put(object, "worst_ms", json_of_ms(latency->worst_ns));
        json_put(list, latency_name(i), object);
    }
    return list;
}

static json_t *json_of_counted(const struct incident_report *report, const struct tally *tally)
{
    json_t *object = json_object();

    json_put(object, "distinct", number(tally_distinct(tally)));
    json_t *list = json_array();
    for (uint32_t i = 0; i < tally->kept_count; i++) {
        json_t *entry = json_object();
        json_put(entry, "name", visible(report, tally->kept[i].text));
        json_put(entry, "count", number(tally->kept[i].count));
        (void)json_array_append_new(list, entry);
    }
    json_put(object, "first", list);
    return object;
}

static json_t *json_of_summary(const struct incident_report *report)
{
    const struct traffic *traffic = report->traffic;
    json_t *object = json_object(), *auth = json_object();

    json_put(object, "incidents", number(incident_report_grave(report)));
    json_put(object, "sessions", number(traffic->sessions));
    json_put(object, "sessions_without_fault", number(traffic_faultless(traffic)));
    json_put(object, "sessions_not_judged", number(traffic->not_judged));
    json_put(object, "lmtp_sessions", number(traffic->lmtp));
    json_put(object, "tls_sessions", number(traffic->tls));
    json_put(object, "tls_sessions_unread", number(traffic->sealed));
    json_put(object, "starttls_refused_sessions", number(traffic->starttls_refused));
    json_put(object, "messages", json_of_deliveries(traffic->delivery));
    json_put(object, "recipients_refused", number(traffic->recipients_refused));
    json_put(object, "clients", json_of_counted(report, &traffic->clients));
    json_put(object, "servers", json_of_counted(report, &traffic->servers));
    json_put(object, "server_software", json_of_counted(report, &traffic->software));
    json_put(object, "client_software", json_of_counted(report, &traffic->programs));
    for (size_t i = 0; i < report->counts->mechanism_count; i++) {
        const struct mechanism_count *mechanism = &report->counts->mechanisms[i];
        json_t *outcome = json_object();
        json_put(outcome, "success", number(mechanism->count[SASL_SUCCESS]));
        json_put(outcome, "failure", number(mechanism_failures(mechanism)));
        json_put(outcome, "misplaced", number(mechanism->misplaced));
        json_put(auth, mechanism->name, outcome);
    }
    json_put(object, "auth", auth);
    json_put(object, "latency", json_of_latencies(traffic));
    json_put(object, "baseline_sessions",
             report->baseline ? number(report->baseline->sessions) : json_null());
    return object;
}

static json_t *json_of_quality(const struct incident_report *report)
{
    const struct traffic *traffic = report->traffic;
    json_t *object = json_object();

    json_put(object, "missing_bytes", number(report->totals->missing_bytes));
    json_put(object, "sessions_with_missing_bytes", number(traffic->with_missing_bytes));
    json_put(object, "midstream_sessions", number(traffic->midstream));
    json_put(object, "one_sided_sessions", number(traffic->one_sided));
    json_put(object, "dropped_packets",
             report->totals->dropped_packets < 0 ? json_null()
                                                 : number((uint64_t)report->totals->dropped_packets));
    return object;
}

static const char *line_kind(const struct dialogue_line *line)
{
    static const char *const names[DIALOGUE_KIND_COUNT] = { "",        "sent",     "answered", "sent",
                                                            "content", "gap",      "junk",     "tls",
                                                            "proxy",   "left-out", "closed" };

    return names[line->kind];
}

static json_t *json_of_line(const struct incident_report *report, const struct dialogue_line *line)
{
    static const char *const marks[] = { NULL, "cause", "fault", "consequence" };
    json_t *object = json_object();
    bool is_hidden = line->kind == DIALOGUE_SECRET || (report->pseudonyms && line->meaning.len);
    bool is_text = line->kind == DIALOGUE_SENT || line->kind == DIALOGUE_ANSWERED
                   || line->kind == DIALOGUE_SECRET || line->kind == DIALOGUE_PRELUDE
                   || line->kind == DIALOGUE_CLOSED;

    json_put(object, "kind", json_of_text(line_kind(line)));
    json_put(object, "from", line->from == SIDE_NONE ? json_null() : json_of_text(side_name(line->from)));
    json_put(object, "time", moment(line->time_ns));
    json_put_packet(object, line->packet, report->options);
    if (is_text)
        json_put(object, "text",
                 is_hidden ? json_of_redacted(line->number ? line->number : line->text.len)
                           : visible(report, line->text));
    else
        json_put(object, "octets", number(line->number));
    if (line->meaning.len)
        json_put(object, "meaning", visible(report, line->meaning));
    if (marks[line->mark])
        json_put(object, "mark", json_of_text(marks[line->mark]));
    if (line->rule)
        json_put(object, "finding", json_of_text(rule_of(line->rule)->id));
    return object;
}

static json_t *json_of_sequence(const struct incident_report *report, const struct sequence *sequence)
{
    static const char *const kinds[STEP_KIND_COUNT] = { "",     "said",     "wrong", "added",
                                                        "note", "left-out", "wait",  "omitted" };
    json_t *list = json_array();

    for (size_t i = 0; i < sequence->count; i++) {
        const struct sequence_step *step = &sequence->steps[i];
        json_t *object = json_object();
        json_put(object, "kind", json_of_text(kinds[step->kind]));
        json_put(object, "command", visible(report, step->text));
        json_put(object, "code", step->code ? number(step->code) : json_null());
        if (step->code_was)
            json_put(object, "code_was", number(step->code_was));
        if (step->number)
            json_put(object, "commands", number(step->number));
        (void)json_array_append_new(list, object);
    }
    return list;
}

static json_t *json_of_evidence(const struct incident_report *report, const struct exemplar *exemplar)
{
    json_t *object = json_object(), *dialogue = json_array();
    char text[ENDPOINT_TEXT];
    size_t len;

    for (size_t i = 0; i < exemplar->line_count; i++)
        (void)json_array_append_new(dialogue, json_of_line(report, &exemplar->lines[i]));
    json_put(object, "session", report->pseudonyms ? json_null() : json_of_text(exemplar->session));
    json_put(object, "start", moment(exemplar->start_ns));
    len = endpoint_format(&exemplar->client, text);
    json_put(object, "client", visible(report, (struct bytes){ (const uint8_t *)text, len }));
    len = endpoint_format(&exemplar->server, text);
    json_put(object, "server", visible(report, (struct bytes){ (const uint8_t *)text, len }));
    json_put(object, "helo", visible(report, exemplar->helo));
    json_put(object, "missing_bytes", number(exemplar->missing_bytes));
    json_put(object, "dialogue", dialogue);
    json_put(object, "sequence", json_of_sequence(report, &exemplar->was));
    json_put(object, "sequence_expected", json_of_sequence(report, &exemplar->due));
    return object;
}

static json_t *json_of_cause(const struct incident_report *report, const struct incident *incident)
{
    json_t *object = json_object();

    json_put(object, "finding", json_of_text(rule_of(incident->rule)->id));
    json_put(object, "command", visible(report, incident->line));
    json_put(object, "reply", visible(report, incident->reply));
    json_put(object, "code", incident->reply_code ? number(incident->reply_code) : json_null());
    json_put(object, "text",
             incident->detail.len ? json_of_bytes(incident->detail)
                                  : json_of_text(words(rule_of(incident->rule)->title)));
    if (incident->cause_line.len) {
        json_put(object, "earlier_command", visible(report, incident->cause_line));
        json_put(object, "earlier_reply", visible(report, incident->cause_reply));
    }
    return object;
}

static json_t *json_of_consequences(const struct incident *incident)
{
    json_t *object = json_object();

    for (size_t i = 0; i < incident->companion_count; i++)
        json_put(object, rule_of(incident->companions[i].rule)->id, number(incident->companions[i].count));
    return object;
}

static json_t *json_of_refused(const struct incident *incident)
{
    json_t *list = json_array();

    for (size_t i = 0; i < incident->refused_count; i++) {
        json_t *object = json_object();
        json_put(object, "verb", json_of_text(incident->refused[i].verb));
        json_put(object, "code", number(incident->refused[i].code));
        json_put(object, "count", number(incident->refused[i].count));
        (void)json_array_append_new(list, object);
    }
    return list;
}

static json_t *json_of_references(const char *text)
{
    json_t *list = json_array();
    struct bytes rest = bytes_of(text);

    while (rest.len) {
        size_t end = bytes_find(rest, ';');
        struct bytes one = bytes_trim(bytes_slice(rest, 0, end));
        (void)json_array_append_new(list, json_of_bytes(one));
        rest = end == SIZE_MAX ? (struct bytes){ NULL, 0 } : bytes_from(rest, end + 1);
    }
    return list;
}

static json_t *json_of_advice(const struct incident *incident, struct bytes text)
{
    char said[ADVICE_TEXT];

    story_advice(text, story_software(incident), said);
    return json_of_text(said);
}

static void put_counts(json_t *object, const struct incident_report *report, const struct incident *incident)
{
    json_put(object, "sessions", number(incident->sessions));
    json_put(object, "occurrences", number(incident->occurrences));
    json_put(object, "without_session", json_boolean(incident->is_without_session));
    json_put(object, "clients", json_of_tally(report, &incident->clients));
    json_put(object, "client_count", number(tally_distinct(&incident->clients)));
    json_put(object, "servers", json_of_tally(report, &incident->servers));
    json_put(object, "server_software", json_of_text(incident->server_software));
    json_put(object, "helos", json_of_tally(report, &incident->helos));
    json_put(object, "identities", json_of_tally(report, &incident->identities));
    json_put(object, "client_software", json_of_tally(report, &incident->programs));
    json_put(object, "identity_count", number(tally_distinct(&incident->identities)));
    json_put(object, "replies", json_of_tally(report, &incident->replies));
    json_put(object, "first_seen", moment(incident->first_ns));
    json_put(object, "last_seen", moment(incident->last_ns));
    json_put(object, "messages", json_of_deliveries(incident->delivery));
    json_put(object, "recipients_refused", number(incident->recipients_refused));
    json_put(object, "sessions_with_missing_bytes", number(incident->with_missing_bytes));
}

static json_t *json_of_timeline(const struct timeline *timeline)
{
    json_t *object = json_object(), *counts = json_array();
    unsigned last = 0;

    for (unsigned i = 0; i < TIMELINE_BINS; i++)
        last = timeline->count[i] ? i : last;
    for (unsigned i = 0; i <= last; i++)
        (void)json_array_append_new(counts, number(timeline->count[i]));
    json_put(object, "start", moment(timeline->base << timeline->shift));
    json_put(object, "bin_seconds", json_real((double)(UINT64_C(1) << timeline->shift) / 1e9));
    json_put(object, "sessions", counts);
    return object;
}

static json_t *json_of_incident(const struct incident_report *report, const struct incident *incident,
                                size_t rank)
{
    const struct rule *rule = rule_of(incident->rule);
    struct advice advice = advice_for(incident);
    json_t *object = json_object(), *evidence = json_array(), *remedies = json_object();

    json_put(object, "id", json_of_text(incident->id));
    json_put(object, "title", json_of_text(words(rule->title)));
    json_put(object, "severity", json_of_text(severity_name(incident->severity)));
    json_put(object, "confidence", json_of_text(confidence_name(incident->confidence)));
    json_put(object, "fault", json_of_text(fault_name(incident->fault)));
    json_put(object, "cause", json_of_cause(report, incident));
    put_counts(object, report, incident);
    json_put(object, "timeline", json_of_timeline(&incident->timeline));
    json_put(object, "explanation",
             json_of_text(words(settled_explanation(incident->rule, incident->settled))));
    json_put(object, "remedy", json_of_text(words(rule->remedy)));
    json_put(remedies, "client", json_of_advice(incident, advice.client));
    json_put(remedies, "postmaster", json_of_advice(incident, advice.postmaster));
    json_put(object, "remedies", remedies);
    json_put(object, "references", json_of_references(rule->reference));
    json_put(object, "consequences", json_of_consequences(incident));
    json_put(object, "refused_commands", json_of_refused(incident));
    if (incident->comparison) {
        json_put(object, "comparison", json_of_text(comparison_name(incident->comparison)));
        json_put(object, "baseline_sessions", number(incident->baseline_sessions));
    }
    size_t most = rank < STORY_RICH ? LIMIT_EXEMPLARS : rank < EVIDENCE_RANK ? 1 : 0;
    for (size_t i = 0; i < incident->exemplar_count && i < most; i++)
        (void)json_array_append_new(evidence, json_of_evidence(report, incident->exemplars[i]));
    json_put(object, "evidence", evidence);
    return object;
}

/* Incident by incident, so that no tree of all stands in memory. */
static void write_json(const struct incident_report *report, struct buf *out)
{
    json_t *head = json_object(), *tail = json_object();

    json_put(head, "schema", json_integer(1));
    json_put(head, "generated_from", json_of_provenance(report));
    json_put(head, "period", json_of_period(report->traffic->first_ns, report->traffic->last_ns));
    json_put(head, "summary", json_of_summary(report));
    json_write_begin(NULL, '{', out);
    json_write_members(head, out);
    json_write_begin("incidents", '[', out);
    size_t listed = 0;
    for (; listed < report->incident_count && out->len < LIMIT_INCIDENT_JSON_BYTES; listed++) {
        size_t i = listed;
        buf_append_u8(out, '\n');
        if (i)
            buf_append_u8(out, ',');
        json_t *incident = json_of_incident(report, report->incidents[i], i);
        json_write_value(NULL, incident, out);
    }
    buf_append_text(out, "\n]");
    json_put(tail, "incidents_not_listed", number(report->incident_count - listed));
    json_put(tail, "capture_quality", json_of_quality(report));
    json_write_members(tail, out);
    buf_append_text(out, "}\n");
}

const struct incident_format incident_json = { .name = "json", .write = write_json };
