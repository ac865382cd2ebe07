/* One table a kind, so that a flood of one thing does not push out the others; names as keyed hashes. */
#include "rules/history.h"

#include "base/limits.h"
#include "base/timestamp.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

/* Of --memory: the rest is for connections and transcripts. */
enum { SHARE_OF_BUDGET = 8 };
/* A near cache holds them; some 10,000 begins set less than a tenth. */
enum { BEGIN_BITS = 1 << 17 };

struct history {
    uint64_t key[2];
    struct budget *budget;
    struct history_table tables[HISTORY_KIND_COUNT];
    uint8_t begins[BEGIN_BITS / 8]; /* never cleared: what is set only makes a look more frequent */
};

static const uint32_t ceilings[HISTORY_KIND_COUNT] = {
    [HISTORY_DIFFERENT] = LIMIT_HISTORY_THINGS, [HISTORY_LOGIN] = LIMIT_HISTORY_HOSTS,
    [HISTORY_CREDENTIAL] = LIMIT_HISTORY_HOSTS, [HISTORY_TARGET] = LIMIT_HISTORY_HOSTS,
    [HISTORY_RELAYING] = LIMIT_HISTORY_HOSTS,   [HISTORY_HOST] = LIMIT_HISTORY_HOSTS,
    [HISTORY_OFFER] = LIMIT_HISTORY_HOSTS,      [HISTORY_NONCE] = LIMIT_HISTORY_HOSTS,
    [HISTORY_REFUSED] = LIMIT_HISTORY_THINGS,   [HISTORY_MESSAGE] = LIMIT_HISTORY_THINGS,
};

static size_t bytes_of_all(void)
{
    size_t entries = 0;

    for (unsigned kind = HISTORY_NONE + 1; kind < HISTORY_KIND_COUNT; kind++)
        entries += ceilings[kind];
    return entries * history_table_entry_bytes();
}

struct history *history_new(struct budget *budget)
{
    struct history *history = calloc(1, sizeof *history);
    unsigned shrink = 0;

    if (!history)
        return NULL;
    if (getrandom(history->key, sizeof history->key, 0) != (ssize_t)sizeof history->key) {
        free(history);
        return NULL;
    }
    while (budget && bytes_of_all() >> shrink > budget->limit_bytes / SHARE_OF_BUDGET)
        shrink++;
    history->budget = budget;
    for (unsigned kind = HISTORY_NONE + 1; kind < HISTORY_KIND_COUNT; kind++)
        history_table_init(&history->tables[kind], budget, ceilings[kind] >> shrink);
    budget_force(budget, sizeof *history);
    return history;
}

void history_free(struct history *history)
{
    if (!history)
        return;
    for (unsigned kind = HISTORY_NONE + 1; kind < HISTORY_KIND_COUNT; kind++)
        history_table_release(&history->tables[kind]);
    budget_give(history->budget, sizeof *history);
    free(history);
}

struct history_key history_key(const struct history *history, enum history_kind kind)
{
    struct history_key key = { .kind = kind };

    siphash_start(&key.hash, history->key);
    return key;
}

void history_key_add_number(struct history_key *key, uint64_t number)
{
    siphash_add_number(&key->hash, number);
}

/* With its length, so that no other division into parts gives the same. */
void history_key_add(struct history_key *key, struct bytes part)
{
    siphash_add_part(&key->hash, part);
}

void history_key_add_nocase(struct history_key *key, struct bytes part)
{
    uint8_t upper[64];

    siphash_add_number(&key->hash, part.len);
    for (size_t at = 0; at < part.len; at += sizeof upper) {
        struct bytes piece = bytes_slice(part, at, sizeof upper);
        for (size_t i = 0; i < piece.len; i++)
            upper[i] = ascii_upper(piece.ptr[i]);
        siphash_add_part(&key->hash, (struct bytes){ upper, piece.len });
    }
}

/* The first `len` octets (up to eight), and how many they are. */
static void add_octets(struct history_key *key, const uint8_t *octets, size_t len)
{
    uint64_t number = 0;

    for (size_t i = 0; i < len; i++)
        number = number << 8 | octets[i];
    siphash_add_number(&key->hash, len < sizeof number ? number | (uint64_t)len << 56 : number);
}

void history_key_add_address(struct history_key *key, const struct address *address)
{
    if (address->family == 4) {
        add_octets(key, address->bytes, 4);
        return;
    }
    siphash_add_part(&key->hash, (struct bytes){ address->bytes, 16 });
}

void history_key_add_network(struct history_key *key, const struct address *address)
{
    add_octets(key, address->bytes, address->family == 4 ? 3 : 8);
}

void history_expect(const struct history *history, const struct history_key *key)
{
    history_table_expect(&history->tables[key->kind], siphash_value(&key->hash));
}

struct history_entry *history_find(struct history *history, const struct history_key *key)
{
    return history_table_find(&history->tables[key->kind], siphash_value(&key->hash));
}

struct history_entry *history_keep(struct history *history, const struct history_key *key)
{
    bool is_new;

    return history_table_keep(&history->tables[key->kind], siphash_value(&key->hash), &is_new);
}

bool history_is_first(struct history *history, const struct history_key *key)
{
    bool is_new;

    return history_table_keep(&history->tables[key->kind], siphash_value(&key->hash), &is_new) && is_new;
}

bool history_is_empty(const struct history *history, enum history_kind kind)
{
    return history->tables[kind].count == 0;
}

static unsigned begin_bit(const struct history_key *begin)
{
    return (unsigned)(siphash_value(&begin->hash) % BEGIN_BITS);
}

void history_mark_begin(struct history *history, const struct history_key *begin)
{
    unsigned bit = begin_bit(begin);

    history->begins[bit / 8] |= (uint8_t)(1u << bit % 8);
}

bool history_may_have_begin(const struct history *history, const struct history_key *begin)
{
    unsigned bit = begin_bit(begin);

    return history->begins[bit / 8] >> bit % 8 & 1;
}

bool history_is_due(struct history_entry *entry, uint32_t count, uint32_t threshold)
{
    if (count < threshold || (entry->told && count / 10 < entry->told))
        return false;
    entry->told = count;
    return true;
}

uint64_t history_forgotten(const struct history *history, enum history_kind kind)
{
    return history->tables[kind].forgotten;
}

/* Of what a server offers to all, or to one client. */
static struct history_key offer_key(const struct history *history, const struct session *session,
                                    enum extension extension)
{
    struct history_key key = history_key(history, HISTORY_OFFER);

    history_key_add_number(&key, extension);
    history_key_add_address(&key, &session->server.address);
    history_key_add_number(&key, session->server.port);
    if (extension == EXTENSION_PIPECONNECT)
        history_key_add_address(&key, &session->client.address);
    return key;
}

struct history_entry *history_of_offer(struct history *history, const struct session *session,
                                       enum extension extension)
{
    struct history_key key = offer_key(history, session, extension);

    return history_keep(history, &key);
}

void history_note_offer(struct history_entry *entry, uint64_t time_ns)
{
    if (!entry->bits || time_ns < entry->first_ns)
        entry->first_ns = time_ns;
    entry->bits = 1;
}

bool history_saw_offer(struct history *history, const struct session *session, enum extension extension,
                       uint64_t before_ns)
{
    struct history_key key = offer_key(history, session, extension);
    const struct history_entry *entry = history_find(history, &key);

    return entry && entry->bits && entry->first_ns < before_ns;
}

const char *history_span(uint64_t span_ns, char out[HISTORY_SPAN_TEXT])
{
    static const struct {
        const char *name;
        uint64_t seconds;
    } units[] = { { "day", 86400 }, { "hour", 3600 }, { "minute", 60 }, { "second", 1 } };
    uint64_t seconds = span_ns / NS_PER_SECOND;
    size_t unit = 0;

    while (seconds < 2 * units[unit].seconds && units[unit].seconds > 1)
        unit++;
    uint64_t count = seconds / units[unit].seconds;
    (void)snprintf(out, HISTORY_SPAN_TEXT, "%llu %s%s", (unsigned long long)count, units[unit].name,
                   count == 1 ? "" : "s");
    return out;
}
