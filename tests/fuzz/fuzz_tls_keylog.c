/* The text of a key log: cut into single octets it must hold the same, and what is not there is not found. */
#include "tls/tls_keylog.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct tls_keylog *read_text(struct bytes text, size_t step)
{
    struct tls_key_text *part = calloc(1, sizeof *part);
    struct tls_keylog *keylog = tls_keylog_new(NULL, NULL);

    if (!part || !keylog)
        abort();
    for (size_t at = 0; at < text.len; at += step)
        tls_keylog_feed(keylog, part, bytes_slice(text, at, step));
    tls_keylog_finish(keylog, part);
    free(part);
    return keylog;
}

static void compare(struct tls_keylog *a, struct tls_keylog *b, enum tls_label label)
{
    uint8_t random[TLS_RANDOM_BYTES];
    struct tls_secret one, other;
    size_t at = 0;

    while (tls_keylog_newest(a, label, &at, random)) {
        struct bytes id = { random, sizeof random };
        if (!tls_keylog_find(a, label, id, &one) || !tls_keylog_find(b, label, id, &other)
            || !tls_keylog_knows(b, id) || one.len != other.len
            || memcmp(one.bytes, other.bytes, one.len) != 0)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes text = { data, size };
    struct tls_keylog *whole = read_text(text, SIZE_MAX / 2), *cut = read_text(text, 1);
    struct tls_keylog_facts a = tls_keylog_facts(whole), b = tls_keylog_facts(cut);

    if (a.secrets != b.secrets || a.odd_lines != b.odd_lines || a.forgotten != 0)
        abort();
    for (enum tls_label label = TLS_LABEL_NONE + 1; label < TLS_LABEL_COUNT; label++)
        compare(whole, cut, label);
    tls_keylog_free(whole);
    tls_keylog_free(cut);
    return 0;
}
