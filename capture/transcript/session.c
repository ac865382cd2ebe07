/* The model of a session: growing it, naming it, finding things in it. */
#include "transcript/session.h"

#include "base/fingerprint.h"

enum { ITEMS_FIRST = 11 }; /* greeting to QUIT of one message, with AUTH and a second recipient */

const char *side_name(enum side side)
{
    static const char *const names[] = { "client", "server", "none" };

    return (unsigned)side <= SIDE_NONE ? names[side] : "none";
}

const char *protocol_name(enum protocol protocol)
{
    static const char *const names[PROTOCOL_COUNT] = { "none", "smtp", "lmtp" };

    return (unsigned)protocol < PROTOCOL_COUNT ? names[protocol] : "none";
}

const char *sasl_slip_name(enum sasl_slip slip)
{
    static const char *const names[SASL_SLIP_COUNT] = {
        [SASL_SLIP_NONE] = "none",
        [SASL_SLIP_BASE64_TWICE] = "base64-twice",
        [SASL_SLIP_LINE_END] = "line-end",
        [SASL_SLIP_NO_TEXT] = "no-text",
        [SASL_SLIP_NUL_AS_U_FFFD] = "nul-as-u+fffd",
        [SASL_SLIP_NUL_AS_ESCAPE] = "nul-as-escape",
        [SASL_SLIP_NUL_AS_TAB] = "nul-as-tab",
        [SASL_SLIP_NUL_AS_SPACE] = "nul-as-space",
        [SASL_SLIP_NUL_AS_COLON] = "nul-as-colon",
        [SASL_SLIP_SAME_AS_NAME] = "same-as-name",
        [SASL_SLIP_NAME_AS_PASSWORD] = "name-as-password",
        [SASL_SLIP_PASSWORD_AS_NAME] = "password-as-name",
    };

    return (unsigned)slip < SASL_SLIP_COUNT ? names[slip] : "none";
}

const char *item_kind_name(enum item_kind kind)
{
    static const char *const names[ITEM_KIND_COUNT] = {
        [ITEM_NONE] = "none",       [ITEM_PRELUDE] = "prelude", [ITEM_GREETING] = "greeting",
        [ITEM_COMMAND] = "command", [ITEM_SASL] = "sasl",       [ITEM_CONTENT] = "content",
        [ITEM_REPLY] = "reply",     [ITEM_GAP] = "gap",         [ITEM_TLS] = "tls",
        [ITEM_JUNK] = "junk",
    };

    return (unsigned)kind < ITEM_KIND_COUNT ? names[kind] : "none";
}

const char *prelude_kind_name(enum prelude_kind kind)
{
    static const char *const names[PRELUDE_COUNT] = { "none",   "proxy-v1", "proxy-v2",
                                                      "socks4", "socks5",   "http-connect" };

    return (unsigned)kind < PRELUDE_COUNT ? names[kind] : "none";
}

static const struct {
    const char *name, *title;
} foreign_protocols[FOREIGN_COUNT] = {
    [FOREIGN_NONE] = { "none", "nothing else" },
#define FOREIGN(name, id, title) [FOREIGN_##name] = { (id), (title) },
#include "transcript/foreign.def"
#undef FOREIGN
};

const char *foreign_protocol_name(enum foreign_protocol protocol)
{
    return foreign_protocols[(unsigned)protocol < FOREIGN_COUNT ? protocol : FOREIGN_NONE].name;
}

const char *foreign_protocol_title(enum foreign_protocol protocol)
{
    return foreign_protocols[(unsigned)protocol < FOREIGN_COUNT ? protocol : FOREIGN_NONE].title;
}

const char *close_kind_name(enum close_kind kind)
{
    static const char *const names[CLOSE_COUNT] = { "none", "fin", "reset", "timeout", "end-of-capture" };

    return (unsigned)kind < CLOSE_COUNT ? names[kind] : "none";
}

const char *tls_state_name(enum tls_state state)
{
    static const char *const names[TLS_STATE_COUNT] = { "none", "begun", "done", "lost" };

    return (unsigned)state < TLS_STATE_COUNT ? names[state] : "none";
}

const char *tls_reading_name(enum tls_reading reading)
{
    static const char *const names[TLS_READING_COUNT] = { "none", "whole", "part", "wrong-keys" };

    return (unsigned)reading < TLS_READING_COUNT ? names[reading] : "none";
}

struct session *session_new(struct budget *budget)
{
    struct arena arena;

    arena_init(&arena, budget, LIMIT_SESSION_BYTES);
    struct session *session = ARENA_NEW(&arena, struct session);
    if (!session)
        return NULL;
    session->arena = arena;
    session->protocol = PROTOCOL_SMTP;
    session->one_sided = SIDE_NONE;
    session->closed_by = SIDE_NONE;
    session->foreign_from = SIDE_NONE;
    return session;
}

void session_free(struct session *session)
{
    if (!session)
        return;
    struct arena arena = session->arena; /* the session lies in it */
    arena_release(&arena);
}

static void dropped(struct session *session)
{
    session->is_truncated = true;
    session->items_dropped++;
}

/* Room for one more in the array at `array`; NULL at a ceiling. */
static void *add(struct session *session, void **array, size_t *count, size_t *cap, size_t size)
{
    if (*count >= LIMIT_SESSION_ITEMS || !arena_grow(&session->arena, array, *count, cap, size)) {
        dropped(session);
        return NULL;
    }
    return (uint8_t *)*array + size * (*count)++;
}

bool session_set_kind(struct session *session, struct item *item, enum item_kind kind)
{
    if (kind == ITEM_SASL) {
        item->as.sasl = ARENA_NEW(&session->arena, struct sasl_step);
        if (!item->as.sasl)
            return false;
    }
    item->kind = kind;
    return true;
}

struct item *session_add_item(struct session *session, enum item_kind kind)
{
    if (session->item_cap == 0) {
        session->items = ARENA_ARRAY(&session->arena, struct item, ITEMS_FIRST);
        session->item_cap = session->items ? ITEMS_FIRST : 0;
    }
    void *array = session->items;
    struct item *item = add(session, &array, &session->item_count, &session->item_cap, sizeof *item);

    session->items = array;
    if (!item)
        return NULL;
    if (!session_set_kind(session, item, kind)) {
        session->item_count--;
        dropped(session);
        return NULL;
    }
    if (kind == ITEM_COMMAND)
        item->as.command.n = ++session->command_count;
    return item;
}

struct message *session_add_message(struct session *session)
{
    void *array = session->messages;
    struct message *message =
        add(session, &array, &session->message_count, &session->message_cap, sizeof *message);

    session->messages = array;
    return message;
}

struct sasl_exchange *session_add_exchange(struct session *session)
{
    void *array = session->exchanges;
    struct sasl_exchange *exchange =
        add(session, &array, &session->exchange_count, &session->exchange_cap, sizeof *exchange);

    session->exchanges = array;
    return exchange;
}

struct sasl_step *session_add_step(struct session *session, struct sasl_exchange *exchange)
{
    void *array = exchange->steps;
    struct sasl_step *step = add(session, &array, &exchange->step_count, &exchange->step_cap, sizeof *step);

    exchange->steps = array;
    return step;
}

const char *log_clock_name(enum log_clock clock)
{
    static const char *const names[LOG_CLOCK_COUNT] = { [LOG_CLOCK_NONE] = "none",
                                                        [LOG_CLOCK_OF_DAY] = "time",
                                                        [LOG_CLOCK_OF_YEAR] = "yearless",
                                                        [LOG_CLOCK_FULL] = "date" };

    return (unsigned)clock < LOG_CLOCK_COUNT ? names[clock] : "none";
}

static uint64_t mix_endpoint(uint64_t hash, const struct endpoint *end)
{
    for (size_t i = 0; i < sizeof end->address.bytes; i += 4) {
        struct reader r = reader_over((struct bytes){ end->address.bytes + i, 4 });
        hash = fingerprint_mix(hash, read_be32(&r));
    }
    return fingerprint_mix(hash, end->port);
}

void session_make_id(struct session *session)
{
    static const char digits[] = "0123456789abcdef";
    uint64_t hash = fingerprint_mix(UINT64_C(0x9e3779b97f4a7c15), session->start_ns);

    hash = mix_endpoint(mix_endpoint(hash, &session->client), &session->server);
    if (session->log) /* which often knows neither addresses nor times */
        hash =
            fingerprint_mix(fingerprint_mix(hash, session->first_packet.input), session->first_packet.number);
    for (unsigned i = 0; i < 16; i++)
        session->id[i] = digits[hash >> (60 - 4 * i) & 15];
    session->id[16] = '\0';
}

static size_t put_bytes(uint8_t *to, size_t at, const void *from, size_t len)
{
    memcpy(to + at, from, len);
    return at + len;
}

/* Community ID 1: SHA-1 over seed, ordered addresses, protocol, padding and ordered ports. */
void session_community_id(const struct session *session, char out[COMMUNITY_ID_TEXT])
{
    const struct endpoint *a = &session->client, *b = &session->server;
    size_t width = a->address.family == 6 ? 16 : 4, at = 2;
    int order = memcmp(a->address.bytes, b->address.bytes, width);
    uint8_t input[2 + 32 + 2 + 4] = { 0 }, sha1[DIGEST_SHA1_LEN];
    struct buf text;

    if (order > 0 || (order == 0 && a->port > b->port)) {
        const struct endpoint *swap = a;
        a = b;
        b = swap;
    }
    at = put_bytes(input, at, a->address.bytes, width);
    at = put_bytes(input, at, b->address.bytes, width);
    const uint8_t tail[6] = {
        6, 0, (uint8_t)(a->port >> 8), (uint8_t)a->port, (uint8_t)(b->port >> 8), (uint8_t)b->port
    };
    at = put_bytes(input, at, tail, sizeof tail);
    digest_sha1((struct bytes){ input, at }, sha1);
    buf_init(&text, COMMUNITY_ID_TEXT);
    buf_append_text(&text, "1:");
    if (base64_encode((struct bytes){ sha1, sizeof sha1 }, &text) && text.len < COMMUNITY_ID_TEXT) {
        memcpy(out, text.ptr, text.len);
        out[text.len] = '\0';
    } else {
        out[0] = '\0';
    }
    buf_release(&text);
}

const struct item *session_command(const struct session *session, uint32_t n)
{
    /* The item of command n stands at n - 1 at the earliest: items are at least as many as commands. */
    for (size_t i = n ? n - 1 : session->item_count; i < session->item_count; i++)
        if (session->items[i].kind == ITEM_COMMAND && session->items[i].as.command.n == n)
            return &session->items[i];
    return NULL;
}

/* They are in the order of their commands. */
struct sasl_exchange *session_exchange_of(const struct session *session, size_t command_item)
{
    size_t low = 0, high = session->exchange_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (session->exchanges[middle].command_item < command_item)
            low = middle + 1;
        else
            high = middle;
    }
    bool is_there = low < session->exchange_count && session->exchanges[low].command_item == command_item;
    return is_there ? &session->exchanges[low] : NULL;
}

bool session_add_log_refusal(struct session *session, struct log_refusal refusal)
{
    struct log_facts *log = session->log;
    struct log_refusal **last = log ? &log->refusals : NULL;

    if (!log || log->refusal_count == LIMIT_LOG_REFUSALS)
        return false;
    while (*last)
        last = &(*last)->next;
    struct log_refusal *added = ARENA_NEW(&session->arena, struct log_refusal);
    if (!added)
        return false;
    *added = refusal;
    added->next = NULL;
    added->text = arena_copy(&session->arena, refusal.text);
    *last = added;
    log->refusal_count++;
    return true;
}

const struct log_refusal *session_log_refusal(const struct session *session, uint32_t command)
{
    const struct log_refusal *refusal = session->log ? session->log->refusals : NULL;

    while (refusal && refusal->command != command)
        refusal = refusal->next;
    return refusal;
}

size_t session_place_of_unended(const struct session *session)
{
    size_t at = session->item_count;

    if (session->unended.length == 0)
        return SIZE_MAX;
    while (at > 0 && session->items[at - 1].kind == ITEM_REPLY
           && session->items[at - 1].at.time_ns > session->unended.first.time_ns)
        at--;
    return at;
}

const char *unended_end_name(enum unended_end end)
{
    static const char *const names[UNENDED_COUNT] = { "nothing", "cr", "spelt-out" };

    return (unsigned)end < UNENDED_COUNT ? names[end] : NULL;
}
