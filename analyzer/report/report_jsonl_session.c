/* A session as one JSON object. */
#include "base/limits.h"
#include "report/json_parts.h"
#include "report/report_jsonl.h"
#include "smtp/path.h"

static json_t *json_of_verb(const struct command *command)
{
    char upper[128];
    size_t len = command->word.len < sizeof upper ? command->word.len : sizeof upper;

    if (command->verb != VERB_UNKNOWN)
        return json_string_nocheck(verb_name(command->verb));
    if ((command->is_secret || command->is_redacted) && !command->is_body_line)
        return json_string_nocheck("?");
    for (size_t i = 0; i < len; i++)
        upper[i] = (char)ascii_upper(command->word.ptr[i]);
    return json_of_bytes((struct bytes){ (const uint8_t *)upper, len });
}

static bool is_hidden(const struct command *command, const struct report_options *options)
{
    bool is_private = command->is_secret || command->is_body_line; /* a line of a message is content */

    return command->is_redacted || (is_private && !options->shows_secrets);
}

enum { KEYWORD_MOST = 64 };

/* In upper case, as a key; false for what is no keyword (RFC 5321 4.1.2). */
static bool key_of_keyword(struct bytes keyword, char key[KEYWORD_MOST])
{
    if (keyword.len == 0 || keyword.len >= KEYWORD_MOST)
        return false;
    for (size_t i = 0; i < keyword.len; i++) {
        uint8_t c = ascii_upper(keyword.ptr[i]);
        if (!ascii_is_digit(c) && !(c >= 'A' && c <= 'Z') && c != '-')
            return false;
        key[i] = (char)c;
    }
    key[keyword.len] = '\0';
    return true;
}

/* The parameters of MAIL or RCPT: their values, null for one without. */
static void put_parameters(json_t *object, const struct command *command)
{
    struct bytes from = command->verb == VERB_MAIL ? BYTES("FROM") : BYTES("TO"), keyword, value;
    char key[KEYWORD_MOST];

    if (command->verb != VERB_MAIL && command->verb != VERB_RCPT)
        return;
    struct envelope_argument parsed = envelope_argument_parse(command->argument, from);
    if (!parsed.has_brackets || parsed.parameters.len == 0)
        return;
    json_t *parameters = json_object();
    for (size_t at = 0; parameter_next(parsed.parameters, &at, &keyword, &value);)
        if (key_of_keyword(keyword, key))
            json_put(parameters, key, value.len ? json_of_bytes(value) : json_null());
    json_put(object, "parameters", parameters);
}

static json_t *json_of_command(const struct item *item, const struct judgement *judgement,
                               const struct report_options *options)
{
    const struct command *command = &item->as.command;
    bool hidden = is_hidden(command, options);
    json_t *object = json_object();

    json_put(object, "n", json_integer(command->n));
    json_put(object, "time", json_of_moment(item->at.time_ns, options));
    json_put_packet(object, item->at.packet, options);
    json_put(object, "verb", json_of_verb(command));
    json_put(object, "argument",
             hidden ? json_of_redacted(command->verb == VERB_UNKNOWN ? 0 : command->line_length - 4)
                    : json_of_bytes(command->argument));
    json_put(object, "line", hidden ? json_of_redacted(command->line_length) : json_of_bytes(command->line));
    if (!hidden)
        put_parameters(object, command);
    json_put(object, "reply", json_of_reply(item->reply, true, options));
    json_put(object, "pipelined", json_boolean(command->is_pipelined));
    json_put(object, "verdict", json_string_nocheck(verdict_name(judgement->verdict)));
    json_put(object, "cause", judgement->cause ? json_integer(judgement->cause) : json_null());
    return object;
}

static void append_commands(const struct analysis *analysis, const struct report_options *options,
                            struct buf *out)
{
    const struct session *session = analysis->session;

    json_begin("commands", '[', out);
    for (size_t i = 0; i < session->item_count; i++) {
        const struct item *item = &session->items[i];
        if (item->kind == ITEM_COMMAND)
            json_append_value(
                json_of_command(item, &analysis->replay.judgements[item->as.command.n - 1], options), out);
    }
    buf_append_u8(out, ']');
}

static json_t *json_of_fields(const struct sasl_step *step, const struct report_options *options)
{
    json_t *object = json_object();

    for (uint32_t i = 0; i < step->field_count; i++) {
        const struct sasl_field *field = &step->fields[i];
        bool hidden = field->is_redacted || (field->is_secret && !options->shows_secrets);
        json_put(object, field->name, hidden ? json_of_redacted(field->length) : json_of_bytes(field->value));
    }
    return object;
}

static json_t *json_of_step(const struct sasl_step *step, const struct report_options *options)
{
    bool hidden = step->is_redacted || (step->is_secret && !options->shows_secrets);
    json_t *object = json_object();

    json_put(object, "from", json_string_nocheck(side_name(step->from)));
    json_put_packet(object, step->at.packet, options);
    json_put(object, "base64", hidden ? json_of_redacted(step->length) : json_of_bytes(step->text));
    json_put(object, "decoded",
             hidden ? json_of_redacted(step->decoded_length) : json_of_bytes(step->decoded));
    json_put(object, "fields", json_of_fields(step, options));
    if (step->problem != BASE64_FINE)
        json_put(object, "problem", json_string_nocheck(base64_problem_name(step->problem)));
    if (step->malformed)
        json_put(object, "malformed", json_of_bytes(bytes_of(step->malformed)));
    return object;
}

/* What stands before the steps of an exchange. */
static json_t *json_of_exchange(const struct session *session, const struct sasl_exchange *exchange,
                                const struct sasl_result *result)
{
    json_t *object = json_object();

    json_put(object, "command", json_integer(session->items[exchange->command_item].as.command.n));
    json_put(object, "mechanism", json_of_bytes(exchange->mechanism));
    json_put(object, "identity",
             result->is_identity_secret ? json_of_redacted(0)
             : result->identity.len     ? json_of_bytes(result->identity)
                                        : json_null());
    json_put(object, "authorization_identity",
             result->authorization_identity.len ? json_of_bytes(result->authorization_identity)
                                                : json_null());
    return object;
}

static json_t *json_of_outcome(const struct sasl_exchange *exchange, const struct sasl_result *result,
                               const struct report_options *options)
{
    json_t *object = json_object();

    if (result->layer != SASL_LAYER_NONE)
        json_put(object, "security_layer", json_string_nocheck(sasl_layer_name(result->layer)));
    json_put(object, "outcome", json_string_nocheck(sasl_outcome_name(result->outcome)));
    json_put(object, "reply",
             json_of_reply(result->reply ? result->reply : exchange->last_reply, false, options));
    return object;
}

static void append_auth(const struct session *session, const struct report_options *options, struct buf *out)
{
    json_begin("auth", '[', out);
    for (size_t i = 0; i < session->exchange_count; i++) {
        const struct sasl_exchange *exchange = &session->exchanges[i];
        struct sasl_result result = sasl_result_of(session, exchange);
        json_begin(NULL, '{', out);
        json_append_members(json_of_exchange(session, exchange, &result), out);
        json_begin("steps", '[', out);
        for (size_t k = 0; k < exchange->step_count; k++)
            json_append_value(json_of_step(&exchange->steps[k], options), out);
        buf_append_u8(out, ']');
        json_append_members(json_of_outcome(exchange, &result, options), out);
        buf_append_u8(out, '}');
    }
    buf_append_u8(out, ']');
}

static json_t *json_of_recipient(const struct recipient *recipient, const struct report_options *options)
{
    json_t *object = json_object();

    json_put(object, "address", json_of_bytes(recipient->address));
    json_put(object, "code", recipient->reply ? json_integer(recipient->reply->code) : json_null());
    json_put(object, "command", json_integer(recipient->command));
    if (recipient->final)
        json_put(object, "final", json_of_reply(recipient->final, false, options));
    return object;
}

/* Sender and recipients. */
static void append_envelope(const struct transaction *transaction, const struct report_options *options,
                            struct buf *out)
{
    json_t *object = json_object();

    json_put(object, "mail_from",
             transaction->mail_command ? json_of_bytes(transaction->mail_from) : json_null());
    json_append_members(object, out);
    json_begin("recipients", '[', out);
    for (size_t i = 0; i < transaction->recipient_count; i++)
        json_append_value(json_of_recipient(&transaction->recipients[i], options), out);
    buf_append_u8(out, ']');
}

static json_t *json_of_sha256(const struct message *message)
{
    static const char digits[] = "0123456789abcdef";
    char text[2 * DIGEST_SHA256_LEN];

    if (!message->has_digest)
        return json_null();
    for (size_t i = 0; i < DIGEST_SHA256_LEN; i++) {
        text[2 * i] = digits[message->sha256[i] >> 4];
        text[2 * i + 1] = digits[message->sha256[i] & 15];
    }
    return json_stringn_nocheck(text, sizeof text);
}

/* What stands behind the envelope. */
static json_t *json_of_message(const struct message *message, const struct transaction *transaction,
                               const struct report_options *options)
{
    json_t *object = json_object();

    json_put(object, "via", json_string_nocheck(message->is_bdat ? "BDAT" : "DATA"));
    json_put(object, "size", json_integer((json_int_t)message->size));
    json_put(object, "sha256", json_of_sha256(message));
    json_put(object, "complete", json_boolean(message->is_complete));
    json_put(object, "accepted", json_boolean(transaction->is_accepted));
    json_put(object, "code", transaction->reply ? json_integer(transaction->reply->code) : json_null());
    json_put(object, "queue_id",
             transaction->queue_id.len ? json_of_bytes(transaction->queue_id) : json_null());
    json_put(object, "verdict", json_string_nocheck(verdict_name(transaction->verdict)));
    json_put(object, "reply", json_of_reply(transaction->reply, false, options));
    return object;
}

static void append_messages(const struct analysis *analysis, const struct report_options *options,
                            struct buf *out)
{
    static const struct transaction none = { .verdict = VERDICT_UNDECIDED };

    json_begin("messages", '[', out);
    for (size_t i = 0; i < analysis->session->message_count; i++) {
        const struct transaction *found = replay_transaction_of(&analysis->replay, (uint32_t)i);
        /* of several (a chunk that failed, and then another message) it is the last */
        const struct transaction *transaction = found && found->message == i + 1 ? found : &none;
        json_begin(NULL, '{', out);
        append_envelope(transaction, options, out);
        json_append_members(json_of_message(&analysis->session->messages[i], transaction, options), out);
        buf_append_u8(out, '}');
    }
    buf_append_u8(out, ']');
}

/* "RFC 5321 4.1.4; RFC 2920 3.1" as a list. */
static json_t *json_of_references(const char *reference)
{
    struct bytes rest = bytes_of(reference);
    json_t *array = json_array();

    while (rest.len > 0) {
        size_t end = bytes_find(rest, ';');
        struct bytes one = bytes_trim(bytes_slice(rest, 0, end));
        (void)json_array_append_new(array, json_of_bytes(one));
        rest = end == SIZE_MAX ? (struct bytes){ NULL, 0 } : bytes_from(rest, end + 1);
    }
    return array;
}

static json_t *json_of_cause(const struct finding *finding)
{
    if (!finding->cause_command && finding->cause_rule == RULE_NONE)
        return json_null();
    json_t *object = json_object();
    json_put(object, "command", finding->cause_command ? json_integer(finding->cause_command) : json_null());
    json_put(object, "finding",
             finding->cause_rule ? json_string_nocheck(rule_of(finding->cause_rule)->id) : json_null());
    return object;
}

static json_t *json_of_finding(const struct finding *finding, const struct report_options *options)
{
    const struct rule *rule = rule_of(finding->rule);
    json_t *object = json_object();

    json_put(object, "id", json_string_nocheck(rule->id));
    json_put(object, "severity", json_string_nocheck(severity_name(finding->severity)));
    json_put(object, "confidence", json_string_nocheck(confidence_name(finding->confidence)));
    json_put(object, "command", finding->command ? json_integer(finding->command) : json_null());
    json_put_packet(object, finding->packet, options);
    json_put(object, "reply_code", finding->reply_code ? json_integer(finding->reply_code) : json_null());
    json_put(object, "cause", json_of_cause(finding));
    json_put(object, "title", json_string_nocheck(rule->title));
    json_put(object, "explanation", json_string_nocheck(rule->explanation));
    if (finding->detail.len)
        json_put(object, "detail", json_of_bytes(finding->detail));
    json_put(object, "remedy", json_string_nocheck(rule->remedy));
    json_put(object, "reference", json_of_references(rule->reference));
    json_put(object, "fault", json_string_nocheck(fault_name(finding->fault)));
    return object;
}

json_t *report_jsonl_findings(const struct finding *findings, size_t count,
                              const struct report_options *options)
{
    json_t *array = json_array();

    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(array, json_of_finding(&findings[i], options));
    return array;
}

static json_t *json_of_side(enum side side)
{
    return side == SIDE_NONE ? json_null() : json_string_nocheck(side_name(side));
}

static json_t *json_of_capture(const struct session *session)
{
    const struct side_facts *client = &session->side[SIDE_CLIENT], *server = &session->side[SIDE_SERVER];
    json_t *object = json_object();

    uint64_t packets = session->log ? 0 : client->packets + server->packets;

    json_put(object, "packets", json_integer((json_int_t)packets));
    json_put(object, "missing_bytes", json_of_pair(client->missing_bytes, server->missing_bytes));
    json_put(object, "midstream", json_boolean(session->is_midstream));
    json_put(object, "one_sided", json_of_side(session->one_sided));
    json_put(object, "closed", json_string_nocheck(close_kind_name(session->closed)));
    json_put(object, "closed_by", json_of_side(session->closed_by));
    json_put(object, "retransmitted_bytes",
             json_of_pair(client->retransmitted_bytes, server->retransmitted_bytes));
    json_put(object, "conflicting_bytes", json_of_pair(client->conflicting_bytes, server->conflicting_bytes));
    json_put(object, "zero_window", json_of_pair(client->zero_windows, server->zero_windows));
    json_put(object, "rtt_ms",
             session->rtt_ns ? json_real((double)(session->rtt_ns / 1000) / 1000.0) : json_null());
    return object;
}

static json_t *json_of_greeting(const struct replay *replay, const struct report_options *options)
{
    const struct reply *greeting = replay->greeting;

    if (!greeting)
        return json_null();
    json_t *object = json_object();
    json_put(object, "code", json_integer(greeting->code));
    json_put(object, "text", json_of_lines(greeting));
    json_put_packet(object, greeting->at.packet, options);
    json_put(object, "time", json_of_moment(greeting->at.time_ns, options));
    return object;
}

static json_t *json_of_extensions(const struct replay *replay)
{
    json_t *array = json_array();

    for (uint32_t i = 1; replay->ehlo_reply && i < replay->ehlo_reply->line_count; i++)
        (void)json_array_append_new(array, json_of_bytes(replay->ehlo_reply->lines[i]));
    return array;
}

/* Null where an address is not known: it is an identifier of both. */
static json_t *json_of_community(const struct session *session)
{
    char community_id[COMMUNITY_ID_TEXT];

    if (!session->client.address.family || !session->server.address.family)
        return json_null();
    session_community_id(session, community_id);
    return json_string_nocheck(community_id);
}

static void put_log(json_t *object, const struct session *session)
{
    const struct log_facts *log = session->log;

    if (!log)
        return;
    json_t *facts = json_object();
    json_put(facts, "program", json_of_bytes(log->program));
    json_put(facts, "line", json_integer((json_int_t)session->first_packet.number));
    json_put(facts, "server_name", log->server_name.len ? json_of_bytes(log->server_name) : json_null());
    json_put(facts, "clock", json_string_nocheck(log_clock_name(log->clock)));
    json_put(facts, "written_by",
             json_string_nocheck(side_name(log->is_server_side ? SIDE_SERVER : SIDE_CLIENT)));
    json_put(facts, "partial", json_boolean(log->is_partial));
    json_put(object, "log", facts);
}

/* What stands before the commands; `is_short`: without what the two sides said. */
static json_t *json_of_head(const struct analysis *analysis, const struct report_options *options,
                            bool is_short)
{
    const struct session *session = analysis->session;
    const struct replay *replay = &analysis->replay;
    json_t *object = json_object();

    json_put(object, "type", json_string_nocheck("session"));
    json_put(object, "schema", json_integer(1));
    json_put(object, "id", json_string_nocheck(session->id));
    json_put(object, "community_id", json_of_community(session));
    json_put(object, "protocol", json_string_nocheck(protocol_name(session->protocol)));
    json_put(object, "start", json_of_moment(session->start_ns, options));
    json_put(object, "end", json_of_moment(session->end_ns, options));
    json_put(object, "client", json_of_endpoint(&session->client));
    json_put(object, "server", json_of_endpoint(&session->server));
    json_put(object, "server_software", json_of_text(replay->server_software));
    json_put(object, "greeting", is_short ? json_null() : json_of_greeting(replay, options));
    json_put(object, "helo", replay->helo.len && !is_short ? json_of_bytes(replay->helo) : json_null());
    json_put(object, "extensions", is_short ? json_array() : json_of_extensions(replay));
    json_put(object, "capture", json_of_capture(session));
    put_log(object, session);
    json_put(object, "tls", report_jsonl_tls(session, options));
    return object;
}

/* `left_out`: items that the line does not hold. */
static json_t *json_of_tail(const struct analysis *analysis, const struct report_options *options,
                            uint64_t left_out)
{
    const struct session *session = analysis->session;
    json_t *object = json_object();

    json_put(object, "findings", report_jsonl_findings(analysis->findings, analysis->finding_count, options));
    if (session->is_truncated || left_out)
        json_put(object, "truncated", json_integer((json_int_t)(session->items_dropped + left_out)));
    return object;
}

static void append_session(const struct analysis *analysis, const struct report_options *options,
                           struct buf *out)
{
    json_begin(NULL, '{', out);
    json_append_members(json_of_head(analysis, options, false), out);
    append_commands(analysis, options, out);
    append_auth(analysis->session, options, out);
    append_messages(analysis, options, out);
    json_append_members(json_of_tail(analysis, options, 0), out);
    buf_append_text(out, "}\n");
}

/* The findings alone, of a session whose line passes the ceiling of `out`. */
static void append_short(const struct analysis *analysis, const struct report_options *options,
                         struct buf *out)
{
    json_t *dialogue = json_object();

    json_put(dialogue, "commands", json_array());
    json_put(dialogue, "auth", json_array());
    json_put(dialogue, "messages", json_array());
    json_begin(NULL, '{', out);
    json_append_members(json_of_head(analysis, options, true), out);
    json_append_members(dialogue, out);
    json_append_members(json_of_tail(analysis, options, analysis->session->item_count), out);
    buf_append_text(out, "}\n");
}

void report_jsonl_session(const struct analysis *analysis, const struct report_options *options,
                          struct buf *out)
{
    struct report_options own = report_options_for(options, analysis->session);
    size_t start = out->len;

    append_session(analysis, &own, out);
    if (out->ok)
        return;
    out->len = start;
    out->ok = true;
    append_short(analysis, &own, out);
}
