/* Challenges that came before, and mechanisms that give too much away. */
#include "rules/check.h"

enum { SCRAM_ITERATIONS_LEAST = 4096 }; /* RFC 5802 5.1, RFC 7677 4 */

enum nonce_count { NONCE_TIMES, NONCE_CLIENT, NONCE_ANSWER, NONCE_COUNTS };
_Static_assert((int)NONCE_COUNTS <= (int)HISTORY_COUNTS, "an entry holds them all");

/* Which field of a server's message must never come twice.  Prompts are no nonces. */
static const struct nonce_row {
    const char *mechanism; /* the beginning of its name */
    const char *field;
    bool has_client_part; /* the field begins with the nonce of the client */
} nonce_rows[] = {
    { "CRAM-MD5", "challenge", false },
    { "DIGEST-MD5", "nonce", false },
    { "SCRAM-", "nonce", true },
    { "NTLM", "server-challenge", false },
};

/* Weak in itself, or by what a field says. */
static const struct weak_row {
    const char *mechanism;
    const char *field; /* NULL: always */
    const char *value; /* that makes it weak; NULL: a number below `least` */
    uint64_t least;
    const char *why;
} weak_rows[] = {
    { "CRAM-MD5", NULL, NULL, 0,
      "CRAM-MD5: whoever sees the answer can try passwords on it, and the server has to keep "
      "the password itself." },
    { "DIGEST-MD5", NULL, NULL, 0,
      "DIGEST-MD5: whoever sees the answer can try passwords on it, and RFC 6331 has "
      "retired it." },
    { "NTLM", "ntlm-version", "NTLMv1", 0, "NTLMv1: the answer can be broken by force." },
    { "SCRAM-", "iterations", NULL, SCRAM_ITERATIONS_LEAST,
      "SCRAM with fewer than 4096 iterations: the answer is cheap "
      "to try passwords on." },
};

static const struct sasl_field *field_named(const struct sasl_step *step, const char *name)
{
    for (uint32_t i = 0; i < step->field_count; i++)
        if (strcmp(step->fields[i].name, name) == 0 && !step->fields[i].is_secret
            && !step->fields[i].is_redacted)
            return &step->fields[i];
    return NULL;
}

/* Of one side; `*step` is where it stands. */
static struct bytes find_field(const struct sasl_exchange *exchange, enum side from, const char *name,
                               const struct sasl_step **step)
{
    for (size_t i = 0; i < exchange->step_count; i++) {
        const struct sasl_field *field =
            exchange->steps[i].from == from ? field_named(&exchange->steps[i], name) : NULL;
        if (!field)
            continue;
        *step = &exchange->steps[i];
        return field->value;
    }
    return (struct bytes){ NULL, 0 };
}

/* The server's nonce of this exchange; empty if there is none. */
static struct bytes nonce_of(const struct sasl_exchange *exchange, const struct sasl_step **step)
{
    const struct sasl_step *client_step;

    for (size_t i = 0; i < sizeof nonce_rows / sizeof nonce_rows[0]; i++) {
        const struct nonce_row *row = &nonce_rows[i];
        if (!bytes_starts_nocase(exchange->mechanism, bytes_of(row->mechanism)))
            continue;
        struct bytes nonce = find_field(exchange, SIDE_SERVER, row->field, step);
        if (!row->has_client_part)
            return nonce;
        struct bytes client_part = find_field(exchange, SIDE_CLIENT, row->field, &client_step);
        bool is_whole = client_part.len && client_part.len < nonce.len
                        && bytes_equal(bytes_slice(nonce, 0, client_part.len), client_part);
        return is_whole ? bytes_from(nonce, client_part.len) : (struct bytes){ NULL, 0 };
    }
    return (struct bytes){ NULL, 0 };
}

static uint64_t end_of(const struct sasl_exchange *exchange)
{
    uint64_t end_ns = exchange->last_reply ? exchange->last_reply->at.time_ns : 0;

    if (exchange->step_count && exchange->steps[exchange->step_count - 1].at.time_ns > end_ns)
        end_ns = exchange->steps[exchange->step_count - 1].at.time_ns;
    return end_ns;
}

/* What the client answered: equal for equal answers; 0 if that is not known. */
static uint32_t answer_of(const struct sasl_exchange *exchange)
{
    for (size_t i = exchange->step_count; i-- > 0;)
        if (exchange->steps[i].from == SIDE_CLIENT && exchange->steps[i].secret_ordinal)
            return exchange->steps[i].secret_ordinal;
    return 0;
}

static uint32_t client_mark(const struct analysis *analysis)
{
    struct history_key key = history_key(check_history(analysis), HISTORY_NONCE);

    history_key_add_address(&key, &analysis->session->client.address);
    return (uint32_t)siphash_value(&key.hash);
}

/* One exchange, captured at two places: at the same time, or from the same address and port, or from another
 * address and with the same answer, for all that is known. */
static bool is_seen_twice(const struct analysis *analysis, const struct history_entry *entry,
                          uint64_t time_ns, uint32_t answer)
{
    bool is_other_client = entry->count[NONCE_CLIENT] != client_mark(analysis);

    return time_ns <= entry->last_ns || check_is_copy(analysis, entry)
           || (is_other_client
               && (!answer || !entry->count[NONCE_ANSWER] || entry->count[NONCE_ANSWER] == answer));
}

static void raise_static(struct analysis *analysis, const struct sasl_exchange *exchange,
                         const struct history_entry *entry, uint64_t time_ns)
{
    struct finding *finding = check_raise(analysis, RULE_STATIC_CHALLENGE, exchange->command_item);
    char span[HISTORY_SPAN_TEXT];

    if (!finding)
        return;
    finding->confidence = CONFIDENCE_CERTAIN;
    check_detail(analysis, finding, "This server sent it in %u exchanges so far, first %s earlier.",
                 (unsigned)entry->count[NONCE_TIMES], history_span(time_ns - entry->first_ns, span));
}

static void check_nonce(struct analysis *analysis, const struct sasl_exchange *exchange)
{
    struct history_key key = history_key(check_history(analysis), HISTORY_NONCE);
    const struct sasl_step *step = NULL;
    struct bytes nonce = nonce_of(exchange, &step);
    uint32_t answer = answer_of(exchange);

    if (nonce.len == 0)
        return;
    history_key_add_address(&key, &analysis->session->server.address);
    history_key_add(&key, exchange->mechanism);
    history_key_add(&key, nonce);
    struct history_entry *entry = history_keep(check_history(analysis), &key);
    if (!entry || (entry->count[NONCE_TIMES] && is_seen_twice(analysis, entry, step->at.time_ns, answer)))
        return;
    check_mark(analysis, entry);
    entry->count[NONCE_CLIENT] = client_mark(analysis);
    entry->count[NONCE_ANSWER] = answer;
    if (entry->count[NONCE_TIMES]++ == 0)
        entry->first_ns = step->at.time_ns;
    entry->last_ns = end_of(exchange);
    if (history_is_due(entry, entry->count[NONCE_TIMES], 2))
        raise_static(analysis, exchange, entry, step->at.time_ns);
}

static bool is_weak(const struct weak_row *row, const struct sasl_exchange *exchange)
{
    const struct sasl_step *step = NULL;
    uint64_t number;

    if (!bytes_starts_nocase(exchange->mechanism, bytes_of(row->mechanism)))
        return false;
    if (!row->field)
        return true;
    struct bytes value = find_field(exchange, SIDE_SERVER, row->field, &step);
    if (!step)
        value = find_field(exchange, SIDE_CLIENT, row->field, &step);
    if (row->value)
        return bytes_starts_nocase(value, bytes_of(row->value));
    return bytes_to_u64(value, &number) && number < row->least;
}

/* A challenge was given: the mechanism is in use. */
static bool was_challenged(const struct sasl_exchange *exchange)
{
    for (size_t i = 0; i < exchange->step_count; i++)
        if (exchange->steps[i].from == SIDE_SERVER)
            return true;
    return false;
}

/* Once for a mechanism: `told` has a bit for each row. */
static void check_weakness(struct analysis *analysis, const struct sasl_exchange *exchange, unsigned *told)
{
    for (size_t i = 0; i < sizeof weak_rows / sizeof weak_rows[0]; i++) {
        if ((*told & 1u << i) || !was_challenged(exchange) || !is_weak(&weak_rows[i], exchange))
            continue;
        *told |= 1u << i;
        struct finding *finding = check_raise(analysis, RULE_WEAK_MECHANISM, exchange->command_item);
        check_detail(analysis, finding, "%s", weak_rows[i].why);
    }
}

static void check_session(struct analysis *analysis)
{
    const struct session *session = analysis->session;
    unsigned told = 0;

    for (size_t i = 0; i < session->exchange_count; i++) {
        const struct sasl_exchange *exchange = &session->exchanges[i];
        if (exchange->command_item >= session->item_count
            || session->items[exchange->command_item].kind != ITEM_COMMAND)
            continue;
        check_nonce(analysis, exchange);
        check_weakness(analysis, exchange, &told);
    }
}

const struct check check_challenge = { .session = check_session };
