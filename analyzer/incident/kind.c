/* Which findings are alike. */
#include "incident/kind.h"

#include "base/limits.h"
#include "base/siphash.h"
#include "incident/client_software.h"
#include "incident/likeness.h"

enum { IPV4_NETWORK = 3, IPV6_NETWORK = 8 }; /* octets of an address that tell the network */

static void start(struct siphash *hash, const char *what, enum rule_id rule)
{
    static const uint64_t key[2] = { UINT64_C(0x6b696e642d6f662d), UINT64_C(0x696e636964656e74) };

    siphash_start(hash, key);
    siphash_add_part(hash, bytes_of(what));
    siphash_add_part(hash, bytes_of(rule_of(rule)->id)); /* ids last longer than numbers */
}

static uint64_t finish(const struct siphash *hash)
{
    uint64_t value = siphash_value(hash);

    return value ? value : 1;
}

static void add_likeness(struct siphash *hash, struct bytes text)
{
    struct buf like;

    buf_init(&like, LIMIT_LINE * 2);
    likeness_of(bytes_slice(text, 0, LIMIT_EXEMPLAR_TEXT), &like);
    siphash_add_part(hash, buf_bytes(&like));
    buf_release(&like);
}

static void add_reply(struct siphash *hash, const struct reply *reply)
{
    siphash_add_number(hash, reply ? reply->code : 0);
    if (reply && reply->line_count && !reply->is_redacted)
        add_likeness(hash, reply->lines[0]);
}

static void add_endpoint(struct siphash *hash, const struct endpoint *end)
{
    siphash_add_part(hash, (struct bytes){ end->address.bytes, sizeof end->address.bytes });
    siphash_add_number(hash, end->port);
}

static void add_network(struct siphash *hash, const struct address *client)
{
    siphash_add_part(hash,
                     (struct bytes){ client->bytes, client->family == 4 ? IPV4_NETWORK : IPV6_NETWORK });
}

static bool is_refusal(const struct reply *reply, const struct finding *finding)
{
    return reply && reply->code == finding->reply_code;
}

/* The very reply that a finding about the session as a whole points to, or NULL. */
static const struct reply *reply_pointed_at(const struct session *session, const struct finding *finding)
{
    for (size_t i = 0; i < session->item_count; i++) {
        const struct reply *reply = session->items[i].reply;
        if (is_refusal(reply, finding) && reply->at.packet.number == finding->packet.number
            && reply->at.packet.input == finding->packet.input && reply->at.time_ns == finding->time_ns)
            return reply;
    }
    return NULL;
}

/* The reply with the finding's code: to the command itself, or to what the command began. */
static const struct reply *reply_behind(const struct session *session, const struct finding *finding,
                                        size_t at)
{
    for (size_t i = at; i < session->item_count; i++) {
        const struct item *item = &session->items[i];
        if (i > at && finding->command && item->kind == ITEM_COMMAND)
            break;
        if (is_refusal(item->reply, finding))
            return item->reply;
        for (uint32_t k = 0; k < item->more_count; k++)
            if (is_refusal(item->more_replies[k], finding))
                return item->more_replies[k];
    }
    return NULL;
}

const struct reply *kind_reply(const struct analysis *analysis, const struct finding *finding)
{
    const struct item *item = replay_command(&analysis->replay, finding->command);

    const struct reply *pointed =
        finding->reply_code && !item ? reply_pointed_at(analysis->session, finding) : NULL;
    if (pointed)
        return pointed;
    if (finding->reply_code)
        return reply_behind(analysis->session, finding,
                            item ? analysis->replay.command_items[finding->command - 1] : 0);
    return item ? item->reply : NULL;
}

struct bytes kind_identity(const struct analysis *analysis)
{
    const struct session *session = analysis->session;

    for (size_t i = session->exchange_count; i-- > 0;) {
        struct sasl_result result = sasl_result_of(session, &session->exchanges[i]);
        if (result.identity.len)
            return result.identity;
    }
    return (struct bytes){ NULL, 0 };
}

struct incident_kind kind_of(const struct analysis *analysis, const struct finding *finding)
{
    const struct item *cause = replay_command(&analysis->replay, finding->cause_command);
    struct siphash hash;
    struct incident_kind kind;

    start(&hash, "loose", finding->rule);
    siphash_add_part(&hash, bytes_of(finding->cause_rule ? rule_of(finding->cause_rule)->id : ""));
    add_reply(&hash, cause ? cause->reply : NULL);
    if (finding->rule != RULE_CLEARTEXT_CREDENTIAL) /* which it is whatever the server answers */
        add_reply(&hash, kind_reply(analysis, finding));
    kind.loose = finish(&hash);
    add_endpoint(&hash, &analysis->session->server);
    add_likeness(&hash, analysis->replay.helo);
    kind.client = finish(&hash);
    add_network(&hash, &analysis->session->client.address);
    siphash_add_part(&hash, kind_identity(analysis));
    struct bytes program = client_software_of(analysis->session);
    if (program.len)
        add_likeness(&hash, program);
    kind.fine = finish(&hash);
    struct incident_kind coarse = kind_of_attempts(&analysis->session->server, finding->rule);
    kind.server = coarse.server;
    kind.rule = coarse.rule;
    return kind;
}

struct incident_kind kind_of_attempts(const struct endpoint *server, enum rule_id rule)
{
    struct siphash hash;
    struct incident_kind kind;

    start(&hash, "rule", rule);
    kind.rule = finish(&hash);
    kind.loose = kind.rule;
    add_endpoint(&hash, server);
    kind.server = finish(&hash);
    kind.client = kind.server;
    kind.fine = kind.server;
    return kind;
}
