/* JSON Lines for programs: sessions, attempts, and one summary at the end. */
#include "report/report_jsonl.h"

#include "base/timestamp.h"
#include "report/json_parts.h"
#include "report/report_jsonl_parts.h"
#include "report/report_rows.h"

static void write_waits(const struct attempts_row *row, struct buf *out)
{
    json_write_begin("longest_wait_ms", '{', out);
    json_write_number("unanswered", row->longest_ns[ATTEMPT_UNANSWERED] / NS_PER_MS, out);
    json_write_number("no_greeting", row->longest_ns[ATTEMPT_NO_GREETING] / NS_PER_MS, out);
    json_write_end('}', out);
}

static void attempts_line(const struct attempts_row *row, const struct attempts_verdict *verdict,
                          const struct report_options *options, struct buf *out)
{
    json_write_begin(NULL, '{', out);
    json_write_text("type", "attempts", out);
    json_write_number("schema", 1, out);
    jsonl_write_endpoint("server", &row->server, out);
    json_write_number("refused", row->count[ATTEMPT_REFUSED], out);
    json_write_number("unanswered", row->count[ATTEMPT_UNANSWERED], out);
    json_write_number("no_greeting", row->count[ATTEMPT_NO_GREETING], out);
    json_write_number("clients", row->client_count, out);
    json_write_bool("more_clients", row->has_more_clients, out);
    write_waits(row, out);
    jsonl_write_time("first", row->first_ns, out);
    jsonl_write_time("last", row->last_ns, out);
    jsonl_write_findings(verdict->findings, verdict->count, options, out);
    buf_append_text(out, "}\n");
}

static json_t *json_of_inputs(const struct report_totals *totals)
{
    json_t *array = json_array();

    for (size_t i = 0; i < totals->input_count; i++) {
        const struct report_input *input = &totals->inputs[i];
        json_t *object = json_object();
        json_put(object, "path", json_of_bytes(bytes_of(input->path)));
        json_put(object, "format", json_of_text(input->format));
        if (input->program)
            json_put(object, "program", json_of_text(input->program));
        json_put(object, "packets", json_integer((json_int_t)input->packets));
        json_put(object, "bytes", json_integer((json_int_t)input->bytes));
        json_put(object, "complete", json_boolean(input->is_complete));
        json_put(object, "problem", input->problem ? json_of_bytes(bytes_of(input->problem)) : json_null());
        (void)json_array_append_new(array, object);
    }
    return array;
}

static void put_count(json_t *object, const char *key, uint64_t count)
{
    if (count)
        json_put(object, key, json_integer((json_int_t)count));
}

static json_t *json_of_commands(const struct report_counts *counts)
{
    json_t *object = json_object();

    for (unsigned i = VERB_UNKNOWN + 1; i < VERB_COUNT; i++)
        put_count(object, verb_name((enum verb)i), counts->verbs[i]);
    for (size_t i = 0; i < counts->word_count; i++)
        put_count(object, counts->words[i].word, counts->words[i].count);
    put_count(object, "?", counts->secrets);
    put_count(object, "(other)", counts->other_words);
    return object;
}

static json_t *json_of_replies(const struct report_counts *counts)
{
    json_t *object = json_object();
    char code[8];

    for (unsigned i = 0; i < 1000; i++) {
        (void)snprintf(code, sizeof code, "%03u", i);
        put_count(object, code, counts->replies[i]);
    }
    return object;
}

static json_t *json_of_verdicts(const struct report_counts *counts)
{
    json_t *object = json_object();

    for (unsigned i = VERDICT_NONE + 1; i < VERDICT_COUNT; i++)
        put_count(object, verdict_name((enum verdict)i), counts->verdicts[i]);
    return object;
}

static json_t *json_of_auth(const struct report_counts *counts)
{
    json_t *object = json_object();

    for (size_t i = 0; i < counts->mechanism_count; i++) {
        const struct mechanism_count *mechanism = &counts->mechanisms[i];
        json_t *outcomes = json_object();
        json_put(outcomes, "success", json_integer((json_int_t)mechanism->count[SASL_SUCCESS]));
        json_put(outcomes, "failure", json_integer((json_int_t)mechanism->count[SASL_FAILURE]));
        put_count(outcomes, "cancelled", mechanism->count[SASL_CANCELLED]);
        put_count(outcomes, "abandoned", mechanism->count[SASL_ABANDONED]);
        put_count(outcomes, "undecided", mechanism->count[SASL_UNDECIDED]);
        json_put(object, mechanism->name, outcomes);
    }
    return object;
}

static json_t *json_of_findings(const struct report_counts *counts)
{
    json_t *object = json_object();

    for (unsigned i = RULE_NONE + 1; i < RULE_COUNT; i++)
        put_count(object, rule_of((enum rule_id)i)->id, counts->findings[i]);
    return object;
}

static json_t *json_of_returned(const struct returned *returned)
{
    json_t *object = json_object();

    json_put(object, "refused", json_integer((json_int_t)returned->refused));
    json_put(object, "accepted_later", json_integer((json_int_t)returned->accepted_later));
    return object;
}

static json_t *json_of_tls(const struct report_counts *counts, const struct report_totals *totals)
{
    json_t *object = json_object();

    json_put(object, "sessions", json_integer((json_int_t)counts->tls_sessions));
    json_put(object, "unread", json_integer((json_int_t)counts->sealed_sessions));
    json_put(object, "wrong_keys", json_integer((json_int_t)counts->wrong_keys));
    json_put(object, "unread_connections", json_integer((json_int_t)totals->sealed_connections));
    return object;
}

static void summary_line(const struct report_counts *counts, const struct report_totals *totals,
                         const struct report_options *options, struct buf *out)
{
    json_t *object = json_object();

    (void)options;
    json_put(object, "type", json_string_nocheck("summary"));
    json_put(object, "schema", json_integer(1));
    json_put(object, "inputs", json_of_inputs(totals));
    json_put(object, "packets", json_integer((json_int_t)totals->packets));
    json_put(object, "tcp_connections", json_integer((json_int_t)totals->tcp_connections));
    json_put(object, "sessions", json_integer((json_int_t)counts->sessions));
    json_put(object, "commands", json_of_commands(counts));
    json_put(object, "replies", json_of_replies(counts));
    json_put(object, "verdicts", json_of_verdicts(counts));
    json_put(object, "auth", json_of_auth(counts));
    json_put(object, "messages", json_integer((json_int_t)counts->messages));
    json_put(object, "tls", json_of_tls(counts, totals));
    json_put(object, "returned", json_of_returned(&counts->returned));
    json_put(object, "findings", json_of_findings(counts));
    json_put(object, "missing_bytes", json_integer((json_int_t)counts->missing_bytes));
    json_put(object, "dropped_packets",
             totals->dropped_packets < 0 ? json_null() : json_integer((json_int_t)totals->dropped_packets));
    json_write_line(object, out);
}

const struct report_format report_jsonl = { .name = "jsonl",
                                            .needs_digests = true,
                                            .session = report_jsonl_session,
                                            .attempts = attempts_line,
                                            .summary = summary_line };
