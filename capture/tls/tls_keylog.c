/* The key log: a ring of secrets, the oldest of which goes first, found by label and client random. */
#include "tls/tls_keylog.h"

#include <stdlib.h>
#include <sys/random.h>

#include <openssl/crypto.h>

#include "base/siphash.h"
#include "tls/tls_state.h"

enum { CHUNK = 1024, CHUNKS_MOST = LIMIT_TLS_SECRETS / CHUNK, BUCKETS_FIRST = 1024, NO_ENTRY = -1 };

struct entry {
    uint8_t id[TLS_RANDOM_BYTES];
    uint8_t secret[TLS_SECRET_MOST];
    uint8_t label; /* enum tls_label */
    uint8_t len;
    int32_t next; /* in its bucket */
};

struct tls_keylog {
    struct budget *budget;
    uint64_t hash_key[2];
    struct entry *chunks[CHUNKS_MOST];
    size_t room;  /* entries that the chunks hold */
    size_t count; /* of them in use */
    size_t next;  /* where the next one goes, once all are in use */
    int32_t *buckets;
    size_t bucket_count; /* a power of two */
    bool (*read_on)(void *ctx);
    void *read_on_ctx;
    struct tls_keylog_facts facts;
    uint64_t tries;
    uint8_t record[TLS_RECORD_MOST]; /* in clear */
};

struct label_row {
    const char *word;
    enum tls_label label; /* NONE: known, and not needed for reading */
};

static const struct label_row label_rows[] = {
    { "CLIENT_RANDOM", TLS_LABEL_MASTER },
    { "CLIENT_HANDSHAKE_TRAFFIC_SECRET", TLS_LABEL_CLIENT_HANDSHAKE },
    { "SERVER_HANDSHAKE_TRAFFIC_SECRET", TLS_LABEL_SERVER_HANDSHAKE },
    { "CLIENT_TRAFFIC_SECRET_0", TLS_LABEL_CLIENT_TRAFFIC },
    { "SERVER_TRAFFIC_SECRET_0", TLS_LABEL_SERVER_TRAFFIC },
    { "CLIENT_EARLY_TRAFFIC_SECRET", TLS_LABEL_CLIENT_EARLY },
    { "RSA", TLS_LABEL_NONE }, /* the secret before the master secret, which is logged as well */
    { "PMS_CLIENT_RANDOM", TLS_LABEL_NONE },
    { "EXPORTER_SECRET", TLS_LABEL_NONE },
    { "EARLY_EXPORTER_SECRET", TLS_LABEL_NONE },
    { "EARLY_EXPORTER_MASTER_SECRET", TLS_LABEL_NONE },
    { "ECH_SECRET", TLS_LABEL_NONE },
    { "ECH_CONFIG", TLS_LABEL_NONE },
};

struct tls_keylog *tls_keylog_new(struct budget *budget, struct err *err)
{
    struct tls_keylog *keylog = calloc(1, sizeof *keylog);
    int32_t *buckets = malloc(BUCKETS_FIRST * sizeof *buckets);

    if (!keylog || !buckets
        || getrandom(keylog->hash_key, sizeof keylog->hash_key, 0) != (ssize_t)sizeof keylog->hash_key) {
        free(keylog);
        free(buckets);
        (void)err_set(err, ERR_NOMEM, 0, "no memory for a key log");
        return NULL;
    }
    keylog->budget = budget;
    keylog->buckets = buckets;
    keylog->bucket_count = BUCKETS_FIRST;
    for (size_t i = 0; i < BUCKETS_FIRST; i++)
        buckets[i] = NO_ENTRY;
    return keylog;
}

void tls_keylog_free(struct tls_keylog *keylog)
{
    if (!keylog)
        return;
    for (size_t i = 0; i < keylog->room / CHUNK; i++) {
        OPENSSL_cleanse(keylog->chunks[i], CHUNK * sizeof(struct entry));
        free(keylog->chunks[i]);
        budget_give(keylog->budget, CHUNK * sizeof(struct entry));
    }
    free(keylog->buckets);
    OPENSSL_cleanse(keylog, sizeof *keylog);
    free(keylog);
}

void tls_keylog_ask(struct tls_keylog *keylog, bool (*read_on)(void *ctx), void *ctx)
{
    keylog->read_on = read_on;
    keylog->read_on_ctx = ctx;
}

bool tls_keylog_may_grow(const struct tls_keylog *keylog)
{
    return keylog->read_on;
}

struct tls_keylog_facts tls_keylog_facts(const struct tls_keylog *keylog)
{
    return keylog->facts;
}

uint8_t *tls_keylog_room(struct tls_keylog *keylog)
{
    return keylog->record;
}

bool tls_keylog_may_try(struct tls_keylog *keylog)
{
    return ++keylog->tries <= LIMIT_TLS_KEY_TRIES;
}

static struct entry *entry_at(const struct tls_keylog *keylog, size_t index)
{
    return &keylog->chunks[index / CHUNK][index % CHUNK];
}

/* All labels of one client random are in one bucket. */
static int32_t *bucket_of(const struct tls_keylog *keylog, const uint8_t id[TLS_RANDOM_BYTES])
{
    struct siphash hash;

    siphash_start(&hash, keylog->hash_key);
    siphash_add(&hash, (struct bytes){ id, TLS_RANDOM_BYTES });
    return &keylog->buckets[siphash_value(&hash) & (keylog->bucket_count - 1)];
}

/* `label` NONE: any.  NULL: not there. */
static struct entry *find(const struct tls_keylog *keylog, enum tls_label label,
                          const uint8_t id[TLS_RANDOM_BYTES])
{
    for (int32_t at = *bucket_of(keylog, id); at != NO_ENTRY;) {
        struct entry *entry = entry_at(keylog, (size_t)at);
        if ((label == TLS_LABEL_NONE || entry->label == label)
            && memcmp(entry->id, id, sizeof entry->id) == 0)
            return entry;
        at = entry->next;
    }
    return NULL;
}

static void link_entry(struct tls_keylog *keylog, size_t index)
{
    struct entry *entry = entry_at(keylog, index);
    int32_t *bucket = bucket_of(keylog, entry->id);

    entry->next = *bucket;
    *bucket = (int32_t)index;
}

static void unlink_entry(struct tls_keylog *keylog, size_t index)
{
    int32_t *at = bucket_of(keylog, entry_at(keylog, index)->id);

    while (*at != (int32_t)index)
        at = &entry_at(keylog, (size_t)*at)->next;
    *at = entry_at(keylog, index)->next;
}

/* Twice as many buckets, where there is memory for them. */
static void spread(struct tls_keylog *keylog)
{
    size_t count = keylog->bucket_count * 2;
    int32_t *buckets = realloc(keylog->buckets, count * sizeof *buckets);

    if (!buckets)
        return;
    keylog->buckets = buckets;
    keylog->bucket_count = count;
    for (size_t i = 0; i < count; i++)
        buckets[i] = NO_ENTRY;
    for (size_t i = 0; i < keylog->count; i++)
        link_entry(keylog, i);
}

static bool add_chunk(struct tls_keylog *keylog)
{
    size_t bytes = CHUNK * sizeof(struct entry);

    if (keylog->room == LIMIT_TLS_SECRETS || !budget_take(keylog->budget, bytes))
        return false;
    struct entry *chunk = calloc(CHUNK, sizeof *chunk);
    if (!chunk) {
        budget_give(keylog->budget, bytes);
        return false;
    }
    keylog->chunks[keylog->room / CHUNK] = chunk;
    keylog->room += CHUNK;
    return true;
}

/* Index of an unused entry, or of the oldest, which is forgotten; SIZE_MAX: no memory for a single one. */
static size_t make_room(struct tls_keylog *keylog)
{
    if (keylog->count < keylog->room || add_chunk(keylog)) {
        if (keylog->count == keylog->bucket_count)
            spread(keylog);
        return keylog->count++;
    }
    if (keylog->room == 0)
        return SIZE_MAX;
    size_t index = keylog->next;
    keylog->next = (index + 1) % keylog->room;
    unlink_entry(keylog, index);
    keylog->facts.forgotten++;
    return index;
}

/* The same once more takes the place of the first. */
static void add(struct tls_keylog *keylog, const struct entry *added)
{
    struct entry *entry = find(keylog, added->label, added->id);

    if (!entry) {
        size_t index = make_room(keylog);
        if (index == SIZE_MAX) {
            keylog->facts.forgotten++;
            return;
        }
        entry = entry_at(keylog, index);
        *entry = *added;
        link_entry(keylog, index);
        keylog->facts.secrets += added->label != TLS_LABEL_SESSION;
    }
    memcpy(entry->secret, added->secret, sizeof entry->secret);
    entry->len = added->len;
}

static int hex_value(uint8_t c)
{
    uint8_t upper = ascii_upper(c);

    return ascii_is_digit(c) ? c - '0' : upper >= 'A' && upper <= 'F' ? upper - 'A' + 10 : -1;
}

/* Octets of a word in hexadecimal; 0 if it is none, or longer than `most`. */
static size_t read_hex(struct bytes word, uint8_t *to, size_t most)
{
    if (word.len % 2 || word.len / 2 > most)
        return 0;
    for (size_t i = 0; i < word.len; i += 2) {
        int high = hex_value(word.ptr[i]), low = hex_value(word.ptr[i + 1]);
        if (high < 0 || low < 0)
            return 0;
        to[i / 2] = (uint8_t)(high << 4 | low);
    }
    return word.len / 2;
}

static struct bytes next_word(struct bytes *rest)
{
    *rest = bytes_trim(*rest);
    size_t end = 0;
    while (end < rest->len && !ascii_is_blank(rest->ptr[end]))
        end++;
    struct bytes word = bytes_slice(*rest, 0, end);
    *rest = bytes_from(*rest, end);
    return word;
}

static const struct label_row *label_of(struct bytes word)
{
    for (size_t i = 0; i < sizeof label_rows / sizeof label_rows[0]; i++)
        if (bytes_equal(word, bytes_of(label_rows[i].word)))
            return &label_rows[i];
    return NULL;
}

static bool take_secret(struct tls_keylog *keylog, const struct label_row *row, struct bytes rest)
{
    struct entry entry = { .label = (uint8_t)row->label };
    struct bytes id = next_word(&rest), secret = next_word(&rest);

    if (row->label == TLS_LABEL_NONE)
        return true;
    entry.len = (uint8_t)read_hex(secret, entry.secret, sizeof entry.secret);
    bool ok = entry.len > 0 && rest.len == 0 && read_hex(id, entry.id, sizeof entry.id) == sizeof entry.id;
    if (ok)
        add(keylog, &entry);
    OPENSSL_cleanse(&entry, sizeof entry);
    return ok;
}

static void take_line(struct tls_keylog *keylog, struct bytes line)
{
    if (line.len > 0 && line.ptr[line.len - 1] == '\r')
        line.len--;
    struct bytes rest = bytes_trim(line), word = next_word(&rest);
    if (word.len == 0 || word.ptr[0] == '#')
        return;
    const struct label_row *row = label_of(word);
    if (!row || !take_secret(keylog, row, rest))
        keylog->facts.odd_lines++;
}

static void end_line(struct tls_keylog *keylog, struct tls_key_text *text)
{
    if (text->is_too_long)
        keylog->facts.odd_lines++;
    else
        take_line(keylog, (struct bytes){ text->line, text->len });
    text->len = 0;
    text->is_too_long = false;
}

static void keep_part(struct tls_key_text *text, struct bytes part)
{
    if (part.len > sizeof text->line - text->len)
        text->is_too_long = true;
    if (text->is_too_long || part.len == 0)
        return;
    memcpy(text->line + text->len, part.ptr, part.len);
    text->len += part.len;
}

void tls_keylog_feed(struct tls_keylog *keylog, struct tls_key_text *text, struct bytes octets)
{
    for (size_t lf; (lf = bytes_find(octets, '\n')) != SIZE_MAX; octets = bytes_from(octets, lf + 1)) {
        keep_part(text, bytes_slice(octets, 0, lf));
        end_line(keylog, text);
    }
    keep_part(text, octets);
}

void tls_keylog_finish(struct tls_keylog *keylog, struct tls_key_text *text)
{
    end_line(keylog, text);
    OPENSSL_cleanse(text, sizeof *text);
}

/* Found now, or after another look at what is still being written. */
static struct entry *find_anew(struct tls_keylog *keylog, enum tls_label label,
                               const uint8_t id[TLS_RANDOM_BYTES])
{
    struct entry *entry = find(keylog, label, id);

    if (!entry && keylog->read_on && keylog->read_on(keylog->read_on_ctx))
        entry = find(keylog, label, id);
    return entry;
}

bool tls_keylog_find(struct tls_keylog *keylog, enum tls_label label, struct bytes random,
                     struct tls_secret *out)
{
    const struct entry *entry = random.len == TLS_RANDOM_BYTES ? find_anew(keylog, label, random.ptr) : NULL;

    if (!entry)
        return false;
    memcpy(out->bytes, entry->secret, sizeof out->bytes);
    out->len = entry->len;
    return true;
}

bool tls_keylog_knows(struct tls_keylog *keylog, struct bytes random)
{
    return random.len == TLS_RANDOM_BYTES && find_anew(keylog, TLS_LABEL_NONE, random.ptr);
}

void tls_keylog_note_session(struct tls_keylog *keylog, const uint8_t name[TLS_SESSION_NAME_BYTES],
                             const uint8_t random[TLS_RANDOM_BYTES])
{
    struct entry entry = { .label = TLS_LABEL_SESSION, .len = TLS_RANDOM_BYTES };

    memcpy(entry.id, name, sizeof entry.id);
    memcpy(entry.secret, random, TLS_RANDOM_BYTES);
    add(keylog, &entry);
}

bool tls_keylog_session(const struct tls_keylog *keylog, const uint8_t name[TLS_SESSION_NAME_BYTES],
                        uint8_t random[TLS_RANDOM_BYTES])
{
    const struct entry *entry = find(keylog, TLS_LABEL_SESSION, name);

    if (entry)
        memcpy(random, entry->secret, TLS_RANDOM_BYTES);
    return entry;
}

bool tls_keylog_newest(const struct tls_keylog *keylog, enum tls_label label, size_t *at,
                       uint8_t random[TLS_RANDOM_BYTES])
{
    while (*at < keylog->count) {
        size_t back = ++*at;
        const struct entry *entry =
            entry_at(keylog, (keylog->next + 2 * keylog->count - back) % keylog->count);
        if (entry->label != label)
            continue;
        memcpy(random, entry->id, TLS_RANDOM_BYTES);
        return true;
    }
    return false;
}
