/* From the secrets of a key log to the keys of a direction: the key block of TLS 1.0 to 1.2 (RFC 5246 6.3),
 * and the traffic keys of TLS 1.3 (RFC 8446 7.3). */
#include <openssl/crypto.h>

#include "tls/tls_derive.h"
#include "tls/tls_state.h"

enum { KEY_BLOCK_MOST = 2 * (TLS_MAC_MOST + TLS_KEY_MOST + TLS_IV_MOST), MASTER_BYTES = 48 };
enum { PICKUP_NUMBERS = 256 /* record numbers tried where a connection is met midway */ };

/* Of TLS 1.3, the most usual first. */
static const uint16_t suites_13[] = { 0x1302, 0x1301, 0x1303, 0x1304, 0x1305 };
enum { SUITES_13 = sizeof suites_13 / sizeof suites_13[0] };

static struct bytes client_random(const struct tls_observer *observer)
{
    return (struct bytes){ observer->hellos.client_random, TLS_HELLO_RANDOM };
}

static struct bytes server_random(const struct tls_observer *observer)
{
    return (struct bytes){ observer->hellos.server_random, TLS_HELLO_RANDOM };
}

static enum tls_label label_of(enum tls_epoch epoch, enum tls_side from)
{
    switch (epoch) {
    case TLS_EPOCH_EARLY:
        return from == TLS_CLIENT ? TLS_LABEL_CLIENT_EARLY : TLS_LABEL_NONE;
    case TLS_EPOCH_HANDSHAKE:
        return from == TLS_CLIENT ? TLS_LABEL_CLIENT_HANDSHAKE : TLS_LABEL_SERVER_HANDSHAKE;
    case TLS_EPOCH_TRAFFIC:
        return from == TLS_CLIENT ? TLS_LABEL_CLIENT_TRAFFIC : TLS_LABEL_SERVER_TRAFFIC;
    case TLS_EPOCH_CLEAR:
        break;
    }
    return TLS_LABEL_NONE;
}

struct tls_opener *tls_schedule_opener(const struct tls_suite *suite, const struct tls_secret *secret,
                                       struct budget *budget)
{
    struct tls_opener_keys keys = { .suite = suite, .version = TLS_VERSION_13 };
    struct bytes from = { secret->bytes, secret->len };
    struct tls_opener *opener = NULL;

    if (suite->protection->mode != TLS_MODE_CBC && secret->len == suite->hash_bytes
        && tls_expand(suite->hash, from, "key", keys.key, suite->protection->key_bytes)
        && tls_expand(suite->hash, from, "iv", keys.iv, TLS_NONCE_BYTES))
        opener = tls_opener_new(&keys, budget);
    OPENSSL_cleanse(&keys, sizeof keys);
    return opener;
}

/* Puts these keys in the place of those before. */
static void adopt(struct tls_reading *reading, struct tls_opener *opener, const struct tls_secret *secret)
{
    tls_opener_free(reading->opener);
    reading->opener = opener;
    reading->secret = *secret;
    reading->sequence = 0;
    reading->skips_messages = false;
}

static bool try_epoch(struct tls_observer *observer, enum tls_side from, enum tls_epoch epoch,
                      const struct tls_record *record, struct tls_opened *out)
{
    struct tls_reading *reading = &observer->direction[from].reading;
    const struct tls_suite *suite = tls_suite_find(observer->seen.cipher);
    enum tls_label label = label_of(epoch, from);
    struct tls_secret secret = { .len = 0 };
    struct tls_opener *opener = NULL;

    if (suite && label != TLS_LABEL_NONE
        && tls_keylog_find(observer->options.keylog, label, client_random(observer), &secret))
        opener = tls_schedule_opener(suite, &secret, observer->options.budget);
    bool ok = opener && tls_opener_open(opener, 0, record, tls_keylog_room(observer->options.keylog), out);
    if (ok) {
        adopt(reading, opener, &secret);
        reading->epoch = epoch;
    } else {
        tls_opener_free(opener);
    }
    OPENSSL_cleanse(&secret, sizeof secret);
    return ok;
}

bool tls_schedule_advance(struct tls_observer *observer, enum tls_side from, const struct tls_record *record,
                          struct tls_opened *out)
{
    enum tls_epoch next = observer->direction[from].reading.epoch + 1;

    if (next == TLS_EPOCH_EARLY && (from == TLS_SERVER || !observer->hellos.has_early_data))
        next++;
    for (; next <= TLS_EPOCH_TRAFFIC; next++)
        if (try_epoch(observer, from, next, record, out))
            return true;
    return false;
}

/* Early data comes before the suite is known: it is that of an earlier connection. */
bool tls_schedule_early(struct tls_observer *observer, const struct tls_record *record,
                        struct tls_opened *out)
{
    struct tls_reading *reading = &observer->direction[TLS_CLIENT].reading;
    struct tls_secret secret = { .len = 0 };
    struct tls_opener *opener = NULL;
    bool ok = false;

    if (!tls_keylog_find(observer->options.keylog, TLS_LABEL_CLIENT_EARLY, client_random(observer), &secret))
        return false;
    for (size_t i = 0; i < SUITES_13 && !ok; i++) {
        tls_opener_free(opener);
        opener = tls_schedule_opener(tls_suite_find(suites_13[i]), &secret, observer->options.budget);
        ok = opener && tls_opener_open(opener, 0, record, tls_keylog_room(observer->options.keylog), out);
    }
    if (ok) {
        adopt(reading, opener, &secret);
        reading->epoch = TLS_EPOCH_EARLY;
    } else {
        tls_opener_free(opener);
    }
    OPENSSL_cleanse(&secret, sizeof secret);
    return ok;
}

struct tls_opener *tls_schedule_next(const struct tls_observer *observer, struct tls_secret *secret)
{
    const struct tls_suite *suite = tls_suite_find(observer->seen.cipher);
    struct tls_secret next = { .len = secret->len };
    struct tls_opener *opener = NULL;

    if (suite && secret->len > 0
        && tls_expand(suite->hash, (struct bytes){ secret->bytes, secret->len }, "traffic upd", next.bytes,
                      next.len)) {
        *secret = next;
        opener = tls_schedule_opener(suite, secret, observer->options.budget);
    }
    OPENSSL_cleanse(&next, sizeof next);
    return opener;
}

void tls_schedule_update(struct tls_observer *observer, enum tls_side from)
{
    struct tls_reading *reading = &observer->direction[from].reading;
    struct tls_secret secret = reading->secret;
    struct tls_opener *opener =
        reading->epoch == TLS_EPOCH_TRAFFIC ? tls_schedule_next(observer, &secret) : NULL;

    if (opener)
        adopt(reading, opener, &secret);
    OPENSSL_cleanse(&secret, sizeof secret);
}

/* client MAC, server MAC, client key, server key, client IV, server IV */
static void cut_key_block(const uint8_t *block, enum tls_side from, struct tls_opener_keys *keys)
{
    const struct tls_protection *protection = keys->suite->protection;
    size_t mac = protection->mac ? protection->tag_bytes : 0, key = protection->key_bytes;
    size_t iv = protection->iv_bytes, side = from == TLS_SERVER;

    memcpy(keys->mac, block + side * mac, mac);
    memcpy(keys->key, block + 2 * mac + side * key, key);
    memcpy(keys->iv, block + 2 * (mac + key) + side * iv, iv);
}

/* Whose master secret a session has that is resumed. */
static bool find_first_connection(const struct tls_observer *observer, uint8_t random[TLS_RANDOM_BYTES])
{
    const struct tls_hellos *hellos = &observer->hellos;
    const struct tls_keylog *keylog = observer->options.keylog;

    if (!observer->seen.is_resumed || observer->seen.version >= TLS_VERSION_13)
        return false;
    return (hellos->id.is_set && tls_keylog_session(keylog, hellos->id.digest, random))
           || (hellos->ticket.is_set && tls_keylog_session(keylog, hellos->ticket.digest, random));
}

/* `random` becomes that of the connection for which it was made. */
static bool find_master(struct tls_observer *observer, struct tls_secret *master,
                        uint8_t random[TLS_RANDOM_BYTES])
{
    struct tls_keylog *keylog = observer->options.keylog;
    struct bytes own = client_random(observer), first = { random, TLS_RANDOM_BYTES };

    if (!observer->hellos.has_client_random)
        return false;
    memcpy(random, own.ptr, own.len);
    return (tls_keylog_find(keylog, TLS_LABEL_MASTER, own, master)
            || (find_first_connection(observer, random)
                && tls_keylog_find(keylog, TLS_LABEL_MASTER, first, master)))
           && master->len == MASTER_BYTES;
}

/* The session may be resumed: with the secret of the same connection. */
static void note_session(struct tls_observer *observer, const uint8_t random[TLS_RANDOM_BYTES])
{
    const struct tls_hellos *hellos = &observer->hellos;

    if (hellos->id.is_set && !observer->seen.is_resumed)
        tls_keylog_note_session(observer->options.keylog, hellos->id.digest, random);
    if (hellos->granted.is_set)
        tls_keylog_note_session(observer->options.keylog, hellos->granted.digest, random);
}

static struct tls_opener *opener_of_master(struct tls_observer *observer, enum tls_side from,
                                           const struct tls_suite *suite, const struct tls_secret *master)
{
    uint16_t version = observer->seen.version;
    struct tls_opener_keys keys = { .suite = suite,
                                    .version = version,
                                    .is_encrypted_first = observer->hellos.is_encrypted_first
                                                          && suite->protection->mode == TLS_MODE_CBC };
    uint8_t block[KEY_BLOCK_MOST];
    const struct tls_prf prf = { .hash = version < TLS_VERSION_12 ? "MD5-SHA1" : suite->hash,
                                 .secret = { master->bytes, master->len },
                                 .label = "key expansion",
                                 .seed = { server_random(observer), client_random(observer) } };
    size_t mac = suite->protection->mac ? suite->protection->tag_bytes : 0;
    size_t len = 2 * (mac + suite->protection->key_bytes + suite->protection->iv_bytes);
    struct tls_opener *opener = NULL;

    if (tls_prf(&prf, block, len)) {
        cut_key_block(block, from, &keys);
        opener = tls_opener_new(&keys, observer->options.budget);
    }
    OPENSSL_cleanse(block, sizeof block);
    OPENSSL_cleanse(&keys, sizeof keys);
    return opener;
}

bool tls_schedule_change(struct tls_observer *observer, enum tls_side from)
{
    struct tls_reading *reading = &observer->direction[from].reading;
    const struct tls_suite *suite = tls_suite_find(observer->seen.cipher);
    const struct tls_secret none = { .len = 0 };
    struct tls_secret master = { .len = 0 };
    uint8_t random[TLS_RANDOM_BYTES];
    struct tls_opener *opener = NULL;

    if (suite && !observer->hellos.is_compressed && observer->seen.version >= TLS_VERSION_10
        && find_master(observer, &master, random))
        opener = opener_of_master(observer, from, suite, &master);
    OPENSSL_cleanse(&master, sizeof master);
    if (!opener)
        return false;
    if (from == TLS_SERVER) /* its ticket was in clear before this */
        note_session(observer, random);
    adopt(reading, opener, &none);
    reading->epoch = TLS_EPOCH_TRAFFIC;
    reading->has_block_before = false;
    return true;
}

bool tls_schedule_lacks_secret(struct tls_observer *observer, enum tls_side from)
{
    const struct tls_reading *reading = &observer->direction[from].reading;
    enum tls_epoch next = reading->epoch < TLS_EPOCH_HANDSHAKE ? TLS_EPOCH_HANDSHAKE : TLS_EPOCH_TRAFFIC;
    struct tls_secret secret = { .len = 0 };
    uint8_t random[TLS_RANDOM_BYTES];

    if (reading->opener || !observer->seen.has_server_hello || !observer->hellos.has_client_random
        || !tls_suite_find(observer->seen.cipher))
        return false;
    bool has_secret = observer->seen.version < TLS_VERSION_13
                          ? find_master(observer, &secret, random)
                          : tls_keylog_find(observer->options.keylog, label_of(next, from),
                                            client_random(observer), &secret);
    OPENSSL_cleanse(&secret, sizeof secret);
    return !has_secret;
}

bool tls_schedule_has_keys(struct tls_observer *observer)
{
    uint8_t random[TLS_RANDOM_BYTES];

    if (observer->is_pickup)
        return true;
    return observer->seen.has_server_hello && observer->hellos.has_client_random
           && (tls_keylog_knows(observer->options.keylog, client_random(observer))
               || find_first_connection(observer, random));
}

/* Numbers 0, 1, 2 ... with these keys, as far as the ceilings allow. */
static bool try_numbers(struct tls_observer *observer, enum tls_side from, struct tls_opener *opener,
                        const struct tls_record *record, struct tls_opened *out)
{
    struct tls_reading *reading = &observer->direction[from].reading;
    uint8_t *room = tls_keylog_room(observer->options.keylog);

    for (uint64_t number = 0; opener && number < PICKUP_NUMBERS; number++) {
        if (!tls_keylog_may_try(observer->options.keylog) || reading->tried_bytes > LIMIT_TLS_TRIED_BYTES)
            return false;
        reading->tried_bytes += record->body.len;
        if (!tls_opener_open(opener, number, record, room, out))
            continue;
        reading->sequence = number;
        return true;
    }
    return false;
}

static bool try_suite(struct tls_observer *observer, enum tls_side from, uint16_t number,
                      const struct tls_record *record, struct tls_opened *out)
{
    struct tls_reading *reading = &observer->direction[from].reading;
    const struct tls_suite *suite = tls_suite_find(number);
    struct tls_secret secret = { .len = 0 };

    if (!suite
        || !tls_keylog_find(observer->options.keylog, label_of(TLS_EPOCH_TRAFFIC, from),
                            client_random(observer), &secret))
        return false;
    struct tls_opener *opener = tls_schedule_opener(suite, &secret, observer->options.budget);
    bool ok = try_numbers(observer, from, opener, record, out);
    if (ok) {
        uint64_t sequence = reading->sequence;
        adopt(reading, opener, &secret);
        reading->sequence = sequence;
        reading->epoch = TLS_EPOCH_TRAFFIC;
        observer->seen.version = TLS_VERSION_13;
        observer->seen.cipher = number;
    } else {
        tls_opener_free(opener);
    }
    OPENSSL_cleanse(&secret, sizeof secret);
    return ok;
}

static bool try_suites(struct tls_observer *observer, enum tls_side from, const struct tls_record *record,
                       struct tls_opened *out)
{
    if (observer->seen.cipher)
        return try_suite(observer, from, observer->seen.cipher, record, out);
    for (size_t i = 0; i < SUITES_13; i++)
        if (try_suite(observer, from, suites_13[i], record, out))
            return true;
    return false;
}

bool tls_schedule_pick_up(struct tls_observer *observer, enum tls_side from, const struct tls_record *record,
                          struct tls_opened *out)
{
    struct tls_hellos *hellos = &observer->hellos;
    size_t at = 0;

    if (hellos->has_client_random) /* the other side has shown whose it is */
        return try_suites(observer, from, record, out);
    for (unsigned tried = 0; tried < LIMIT_TLS_TRIED_KEYS; tried++) {
        if (!tls_keylog_newest(observer->options.keylog, label_of(TLS_EPOCH_TRAFFIC, from), &at,
                               hellos->client_random))
            return false;
        hellos->has_client_random = try_suites(observer, from, record, out);
        if (hellos->has_client_random)
            return true;
    }
    return false;
}
