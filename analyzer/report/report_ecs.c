/* Elastic Common Schema 8: one document a session for a SIEM, joined with Zeek, Suricata and Arkime by
 * network.community_id.  What ECS has no field for stands under "smtpscope".  Values are text for people:
 * what came from the wire is escaped, because ECS knows no other strings. */
#include "base/escape.h"
#include "base/limits.h"
#include "incident/delivery.h"
#include "report/json_parts.h"
#include "report/json_stream.h"
#include "report/report_rows.h"
#include "rules/tls_words.h"

enum { LISTED = 100, TEXT_MOST = 1024 }; /* keywords end at 1024 in Elastic's templates (ignore_above) */

static json_t *text_of(struct bytes bytes)
{
    struct buf text;

    if (bytes.len == 0)
        return json_null();
    buf_init(&text, LIMIT_LINE);
    (void)escape_text(bytes_slice(bytes, 0, TEXT_MOST), &text);
    json_t *value = json_stringn_nocheck((const char *)text.ptr, text.len);
    buf_release(&text);
    return value;
}

static json_t *number(uint64_t value)
{
    return json_integer((json_int_t)value);
}

static void put_if(json_t *object, const char *key, struct bytes text)
{
    if (text.len)
        json_put(object, key, text_of(text));
}

/* Each text once. */
static void add_once(json_t *list, struct bytes text)
{
    size_t i;
    json_t *have, *fresh = text_of(text);

    if (json_is_null(fresh) || json_array_size(list) >= LISTED) {
        json_decref(fresh);
        return;
    }
    json_array_foreach(list, i, have) if (json_equal(have, fresh))
    {
        json_decref(fresh);
        return;
    }
    (void)json_array_append_new(list, fresh);
}

static json_t *host_of(const struct endpoint *end, const struct side_facts *side, struct bytes domain)
{
    char text[ADDRESS_TEXT];
    size_t len = address_format(&end->address, text);
    json_t *object = json_object();

    json_put(object, "address", json_stringn_nocheck(text, len));
    json_put(object, "ip", json_stringn_nocheck(text, len));
    json_put(object, "port", json_integer(end->port));
    json_put(object, "bytes", number(side->payload_bytes));
    json_put(object, "packets", number(side->packets));
    put_if(object, "domain", domain);
    return object;
}

static const char *outcome_of(const struct analysis *analysis)
{
    bool is_done = false, is_lost = false;

    for (size_t i = 0; i < analysis->replay.transaction_count; i++) {
        enum delivery delivery = delivery_of(&analysis->replay, &analysis->replay.transactions[i], false);
        is_done = is_done || delivery == DELIVERY_DONE;
        is_lost = is_lost || delivery == DELIVERY_LOST || delivery == DELIVERY_DELAYED;
    }
    for (size_t i = 0; i < analysis->session->exchange_count; i++)
        is_lost =
            is_lost
            || sasl_result_of(analysis->session, &analysis->session->exchanges[i]).outcome == SASL_FAILURE;
    return is_lost ? "failure" : is_done ? "success" : "unknown";
}

/* event.severity as syslog orders it would be the reverse: here more is graver. */
static json_t *event_of(const struct analysis *analysis)
{
    const struct session *session = analysis->session;
    json_t *object = json_object();
    unsigned worst = SEVERITY_NONE;

    for (size_t i = 0; i < analysis->finding_count; i++)
        worst = analysis->findings[i].severity > worst ? analysis->findings[i].severity : worst;
    json_put(object, "kind", json_of_text(worst > SEVERITY_INFO ? "alert" : "event"));
    json_put(object, "category", json_pack("[s, s]", "network", "email"));
    json_put(object, "type", json_pack("[s, s]", "connection", "protocol"));
    json_put(object, "module", json_of_text("smtpscope"));
    json_put(object, "dataset", json_of_text("smtpscope.session"));
    json_put(object, "provider", json_of_text("smtpscope"));
    json_put(object, "id", json_of_text(session->id));
    json_put(object, "start", json_of_time(session->start_ns));
    json_put(object, "end", json_of_time(session->end_ns));
    json_put(object, "duration", number(session->end_ns - session->start_ns));
    json_put(object, "outcome", json_of_text(outcome_of(analysis)));
    json_put(object, "severity", json_integer(worst));
    return object;
}

static json_t *network_of(const struct session *session)
{
    char community[COMMUNITY_ID_TEXT];
    json_t *object = json_object();

    session_community_id(session, community);
    json_put(object, "transport", json_of_text("tcp"));
    json_put(object, "type", json_of_text(session->client.address.family == 4 ? "ipv4" : "ipv6"));
    json_put(object, "protocol", json_of_text(protocol_name(session->protocol)));
    json_put(object, "community_id", json_of_text(community));
    json_put(object, "bytes",
             number(session->side[SIDE_CLIENT].payload_bytes + session->side[SIDE_SERVER].payload_bytes));
    json_put(object, "packets",
             number(session->side[SIDE_CLIENT].packets + session->side[SIDE_SERVER].packets));
    return object;
}

/* ECS: tls.version is the bare number, tls.version_protocol the name. */
static json_t *tls_of(const struct session *session)
{
    char text[TLS_WORD_TEXT];
    json_t *object = json_object();

    json_put(object, "established", json_boolean(session->tls && session->tls->state == TLS_STATE_DONE));
    if (!session->tls)
        return object;
    const char *version = session->tls->version ? tls_version_name(session->tls->version, text) : "";
    if (strncmp(version, "TLS ", 4) == 0) {
        json_put(object, "version", json_of_text(version + 4));
        json_put(object, "version_protocol", json_of_text("tls"));
    }
    if (session->tls->cipher)
        json_put(object, "cipher", json_of_text(tls_cipher_name(session->tls->cipher, text)));
    json_put(object, "resumed", json_boolean(session->tls->is_resumed));
    if (session->tls->sni.len)
        json_put(object, "client", json_pack("{s:o}", "server_name", text_of(session->tls->sni)));
    return object;
}

static json_t *email_of(const struct analysis *analysis)
{
    json_t *object = json_object(), *from = json_array(), *to = json_array();
    const struct replay *replay = &analysis->replay;

    for (size_t i = 0; i < replay->transaction_count && i < LISTED; i++) {
        add_once(from, replay->transactions[i].mail_from);
        for (size_t k = 0; k < replay->transactions[i].recipient_count && k < LISTED; k++)
            add_once(to, replay->transactions[i].recipients[k].address);
    }
    json_put(object, "from", json_pack("{s:o}", "address", from));
    json_put(object, "to", json_pack("{s:o}", "address", to));
    return object;
}

static json_t *message_of(const struct analysis *analysis, const struct transaction *transaction)
{
    const struct message *message =
        transaction->message ? &analysis->session->messages[transaction->message - 1] : NULL;
    struct buf hex;
    json_t *object = json_object();

    buf_init(&hex, 2 * DIGEST_SHA256_LEN);
    put_if(object, "from", transaction->mail_from);
    json_put(object, "recipients", number(transaction->recipient_count));
    json_put(object, "recipients_refused", number(transaction->rcpt_refused));
    json_put(object, "accepted", json_boolean(transaction->is_accepted));
    put_if(object, "queue_id", transaction->queue_id);
    if (transaction->reply)
        json_put(object, "code", json_integer(transaction->reply->code));
    if (message) {
        json_put(object, "size", number(message->size));
        if (message->has_digest && escape_hex((struct bytes){ message->sha256, DIGEST_SHA256_LEN }, &hex))
            json_put(object, "sha256", json_stringn_nocheck((const char *)hex.ptr, hex.len));
    }
    buf_release(&hex);
    return object;
}

static json_t *finding_of(const struct finding *finding)
{
    const struct rule *rule = rule_of(finding->rule);
    json_t *object = json_object();

    json_put(object, "id", json_of_text(rule->id));
    json_put(object, "title", json_of_text(rule->title));
    json_put(object, "severity", json_of_text(severity_name(finding->severity)));
    json_put(object, "confidence", json_of_text(confidence_name(finding->confidence)));
    json_put(object, "fault", json_of_text(fault_name(finding->fault)));
    if (finding->command)
        json_put(object, "command", json_integer(finding->command));
    if (finding->cause_command)
        json_put(object, "cause_command", json_integer(finding->cause_command));
    if (finding->reply_code)
        json_put(object, "reply_code", json_integer(finding->reply_code));
    return object;
}

static json_t *own_fields(const struct analysis *analysis)
{
    json_t *object = json_object(), *findings = json_array(), *messages = json_array(),
           *verdicts = json_object();
    uint64_t count[VERDICT_COUNT] = { 0 };

    for (size_t i = 0; i < analysis->replay.judgement_count; i++)
        count[analysis->replay.judgements[i].verdict]++;
    for (unsigned i = VERDICT_NONE + 1; i < VERDICT_COUNT; i++)
        if (count[i])
            json_put(verdicts, verdict_name((enum verdict)i), number(count[i]));
    for (size_t i = 0; i < analysis->finding_count && i < LISTED; i++)
        (void)json_array_append_new(findings, finding_of(&analysis->findings[i]));
    for (size_t i = 0; i < analysis->replay.transaction_count && i < LISTED; i++)
        (void)json_array_append_new(messages, message_of(analysis, &analysis->replay.transactions[i]));
    put_if(object, "helo", analysis->replay.helo);
    json_put(object, "server_software", json_of_text(analysis->replay.server_software));
    json_put(object, "commands", number(analysis->replay.judgement_count));
    json_put(object, "verdicts", verdicts);
    json_put(object, "findings", findings);
    json_put(object, "messages", messages);
    json_put(object, "missing_bytes",
             number(analysis->session->side[SIDE_CLIENT].missing_bytes
                    + analysis->session->side[SIDE_SERVER].missing_bytes));
    json_put(object, "closed", json_of_text(close_kind_name(analysis->session->closed)));
    return object;
}

/* rule.* tells the gravest finding: what an alert is about. */
static void put_rule(json_t *document, const struct analysis *analysis)
{
    const struct finding *gravest = NULL;

    for (size_t i = 0; i < analysis->finding_count; i++)
        if (!gravest || analysis->findings[i].severity > gravest->severity)
            gravest = &analysis->findings[i];
    if (!gravest)
        return;
    const struct rule *rule = rule_of(gravest->rule);
    json_put(document, "rule",
             json_pack("{s:s, s:s, s:s, s:s}", "id", rule->id, "name", rule->title, "category", rule->group,
                       "reference", rule->reference));
    json_put(document, "message", json_of_text(rule->title));
}

static void put_parties(json_t *document, const struct analysis *analysis)
{
    const struct session *session = analysis->session;
    struct bytes helo = analysis->replay.helo;
    json_t *ips = json_array(), *users = json_array(), *hosts = json_array();
    char text[ADDRESS_TEXT];

    json_t *client = host_of(&session->client, &session->side[SIDE_CLIENT], (struct bytes){ NULL, 0 });
    json_t *server = host_of(&session->server, &session->side[SIDE_SERVER], (struct bytes){ NULL, 0 });
    json_put(document, "source", json_copy(client));
    json_put(document, "client", client);
    json_put(document, "destination", json_copy(server));
    json_put(document, "server", server);
    add_once(ips, (struct bytes){ (const uint8_t *)text, address_format(&session->client.address, text) });
    add_once(ips, (struct bytes){ (const uint8_t *)text, address_format(&session->server.address, text) });
    add_once(hosts, helo);
    for (size_t i = 0; i < session->exchange_count; i++) {
        struct sasl_result result = sasl_result_of(session, &session->exchanges[i]);
        add_once(users, result.identity);
        if (result.outcome == SASL_SUCCESS && result.identity.len)
            json_put(document, "user", json_pack("{s:o}", "name", text_of(result.identity)));
    }
    json_put(document, "related", json_pack("{s:o, s:o, s:o}", "ip", ips, "user", users, "hosts", hosts));
}

static void ecs_session(const struct analysis *analysis, const struct report_options *options,
                        struct buf *out)
{
    json_t *document = json_object();

    (void)options;
    json_put(document, "@timestamp", json_of_time(analysis->session->start_ns));
    json_put(document, "ecs", json_pack("{s:s}", "version", "8.11.0"));
    json_put(document, "event", event_of(analysis));
    json_put(document, "network", network_of(analysis->session));
    put_parties(document, analysis);
    if (analysis->session->is_tls)
        json_put(document, "tls", tls_of(analysis->session));
    if (analysis->replay.transaction_count)
        json_put(document, "email", email_of(analysis));
    put_rule(document, analysis);
    json_put(document, "smtpscope", own_fields(analysis));
    json_write_line(document, out);
}

/* Connections that became no session: a document for each server. */
static void ecs_attempts(const struct attempts_row *row, const struct attempts_verdict *verdict,
                         const struct report_options *options, struct buf *out)
{
    json_t *document = json_object(), *findings = json_array();
    char text[ADDRESS_TEXT];
    size_t len = address_format(&row->server.address, text);

    (void)options;
    for (size_t i = 0; i < verdict->count; i++)
        (void)json_array_append_new(findings, finding_of(&verdict->findings[i]));
    json_put(document, "@timestamp", json_of_time(row->first_ns));
    json_put(document, "ecs", json_pack("{s:s}", "version", "8.11.0"));
    json_put(document, "event",
             json_pack("{s:s, s:[s], s:[s, s], s:s, s:s, s:o, s:o, s:s}", "kind", "event", "category",
                       "network", "type", "connection", "denied", "module", "smtpscope", "dataset",
                       "smtpscope.attempts", "start", json_of_time(row->first_ns), "end",
                       json_of_time(row->last_ns), "outcome", "failure"));
    json_put(document, "network", json_pack("{s:s, s:s}", "transport", "tcp", "protocol", "smtp"));
    json_put(
        document, "destination",
        json_pack("{s:s%, s:s%, s:i}", "address", text, len, "ip", text, len, "port", (int)row->server.port));
    json_put(document, "smtpscope",
             json_pack("{s:I, s:I, s:I, s:o}", "refused", (json_int_t)row->count[ATTEMPT_REFUSED],
                       "unanswered", (json_int_t)row->count[ATTEMPT_UNANSWERED], "no_greeting",
                       (json_int_t)row->count[ATTEMPT_NO_GREETING], "findings", findings));
    json_write_line(document, out);
}

const struct report_format report_ecs = {
    .name = "ecs", .needs_digests = true, .session = ecs_session, .attempts = ecs_attempts
};
