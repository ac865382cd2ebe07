/* A connection with its key log: two octets of length, the log, then pieces (a side, or 2 and 3 for a hole of
 * it), two octets of length, the bytes.  However they are cut, the same plaintext must come out; where the
 * log comes later than the connection begins, plaintext comes in order all the same.  Seeds are connections
 * of OpenSSL with itself (make_tls_seeds.c). */
#include "tls/tls_observer.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct heard {
    struct buf text[2];
    uint64_t end[2];
};

/* The log, a line at a time, each time that a secret is missed. */
struct late_log {
    struct tls_keylog *keylog;
    struct tls_key_text *text;
    struct bytes rest;
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

static bool read_on(void *ctx)
{
    struct late_log *log = ctx;
    size_t lf = bytes_find(log->rest, '\n'), len = lf == SIZE_MAX ? log->rest.len : lf + 1;

    tls_keylog_feed(log->keylog, log->text, bytes_slice(log->rest, 0, len));
    log->rest = bytes_from(log->rest, len);
    return len > 0;
}

static void listen_to(struct bytes file, size_t step, bool is_late, struct heard *heard)
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
    struct late_log late = { keylog, text, read_bytes(&r, log_len) };
    if (is_late) {
        tls_keylog_ask(keylog, read_on, &late);
    } else {
        tls_keylog_feed(keylog, text, late.rest);
        tls_keylog_finish(keylog, text);
    }
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
    struct heard whole = { .end = { 0, 0 } }, cut = { .end = { 0, 0 } }, late = { .end = { 0, 0 } };

    listen_to(file, SIZE_MAX / 2, false, &whole);
    listen_to(file, 3, false, &cut);
    listen_to(file, SIZE_MAX / 2, true, &late);
    for (int side = 0; side < 2; side++) {
        must(bytes_equal(buf_bytes(&whole.text[side]), buf_bytes(&cut.text[side])));
        buf_release(&whole.text[side]);
        buf_release(&cut.text[side]);
        buf_release(&late.text[side]);
    }
    return 0;
}
