/* A connection with its key log: two octets of length, the log, then pieces (a side, or 2 and 3 for a hole of
 * it), two octets of length, the bytes.  However they are cut, the same plaintext must come out.  Seeds are
 * connections of OpenSSL with itself (make_tls_seeds.c). */
#include "tls/tls_observer.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct heard {
    struct buf text[2];
    uint64_t end[2];
};

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void take_data(void *ctx, enum tls_side from, const struct stream_chunk *plain)
{
    struct heard *heard = ctx;

    must(plain->data.len > 0 && plain->offset >= heard->end[from]);
    heard->end[from] = plain->offset + plain->data.len;
    buf_append(&heard->text[from], plain->data);
}

static void take_hole(void *ctx, enum tls_side from, const struct stream_hole *hole)
{
    struct heard *heard = ctx;

    must(hole->offset >= heard->end[from]);
    heard->end[from] = hole->offset + hole->length;
}

static void feed_piece(struct tls_observer *observer, unsigned kind, struct bytes part, uint64_t *offset,
                       size_t step)
{
    enum tls_side side = kind & 1 ? TLS_SERVER : TLS_CLIENT;

    if (kind & 2 && part.len > 0)
        (void)tls_observer_hole(observer, side,
                                &(struct stream_hole){ .offset = *offset, .length = part.len });
    for (size_t at = 0; at < part.len && !(kind & 2); at += step)
        (void)tls_observer_feed(observer, side,
                                &(struct stream_chunk){ .data = bytes_slice(part, at, step),
                                                        .offset = *offset + at,
                                                        .acked = UINT64_MAX });
    *offset += part.len;
}

static void listen_to(struct bytes file, size_t step, struct heard *heard)
{
    struct tls_key_text *text = calloc(1, sizeof *text);
    struct tls_keylog *keylog = tls_keylog_new(NULL, NULL);
    const struct tls_options options = { .keylog = keylog };
    const struct tls_sink sink = { .ctx = heard, .data = take_data, .hole = take_hole };
    struct tls_observer *observer = tls_observer_new(&options, &sink);
    struct reader r = reader_over(file);
    uint64_t offset[2] = { 0, 0 };

    must(text && keylog && observer);
    buf_init(&heard->text[0], MIB);
    buf_init(&heard->text[1], MIB);
    size_t log_len = read_be16(&r);
    tls_keylog_feed(keylog, text, read_bytes(&r, log_len));
    tls_keylog_finish(keylog, text);
    while (r.ok && r.at < file.len) {
        unsigned kind = read_u8(&r);
        size_t len = read_be16(&r);
        struct bytes part = bytes_slice(file, r.at, len);
        r.at += part.len;
        feed_piece(observer, kind, part, &offset[kind & 1], step);
    }
    tls_observer_finish(observer, &(struct stream_chunk){ .acked = UINT64_MAX });
    tls_observer_free(observer);
    tls_keylog_free(keylog);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes file = { data, size };
    struct heard whole = { .end = { 0, 0 } }, cut = { .end = { 0, 0 } };

    listen_to(file, SIZE_MAX / 2, &whole);
    listen_to(file, 3, &cut);
    for (int side = 0; side < 2; side++) {
        must(bytes_equal(buf_bytes(&whole.text[side]), buf_bytes(&cut.text[side])));
        buf_release(&whole.text[side]);
        buf_release(&cut.text[side]);
    }
    return 0;
}
