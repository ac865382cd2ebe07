/* bench_tls: megabytes a second that the TLS room reads, suite by suite, out of segments of 1448 octets; a
 * line each.  tls.py holds them against `openssl speed`. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <openssl/ssl.h>

#include "tls_talk.h"

enum { BULK = 32 * 1024 * 1024, SEGMENT = 1448, ROUNDS = 3 };

static const struct {
    const char *name;
    struct tls_talk_options options;
} rows[] = {
    { "TLS_AES_128_GCM_SHA256", { .version = TLS1_3_VERSION, .ciphers = "TLS_AES_128_GCM_SHA256" } },
    { "TLS_AES_256_GCM_SHA384", { .version = TLS1_3_VERSION, .ciphers = "TLS_AES_256_GCM_SHA384" } },
    { "TLS_CHACHA20_POLY1305_SHA256",
      { .version = TLS1_3_VERSION, .ciphers = "TLS_CHACHA20_POLY1305_SHA256" } },
    { "TLS_AES_128_CCM_SHA256", { .version = TLS1_3_VERSION, .ciphers = "TLS_AES_128_CCM_SHA256" } },
    { "ECDHE-RSA-AES128-GCM-SHA256",
      { .version = TLS1_2_VERSION, .ciphers = "ECDHE-RSA-AES128-GCM-SHA256" } },
    { "ECDHE-RSA-AES128-SHA", { .version = TLS1_2_VERSION, .ciphers = "ECDHE-RSA-AES128-SHA" } },
    { "ECDHE-RSA-AES128-SHA256", { .version = TLS1_2_VERSION, .ciphers = "ECDHE-RSA-AES128-SHA256" } },
    { "ECDHE-RSA-AES256-SHA384", { .version = TLS1_2_VERSION, .ciphers = "ECDHE-RSA-AES256-SHA384" } },
};

static size_t heard;

static void take_data(void *ctx, enum tls_side from, const struct stream_chunk *plain)
{
    (void)ctx;
    (void)from;
    heard += plain->data.len;
}

static void take_hole(void *ctx, enum tls_side from, const struct stream_hole *hole)
{
    (void)ctx;
    (void)from;
    (void)hole;
}

static void listen_to(struct tls_keylog *keylog, const struct tls_talk *talk)
{
    const struct tls_options options = { .keylog = keylog };
    const struct tls_sink sink = { .data = take_data, .hole = take_hole };
    struct tls_observer *observer = tls_observer_new(&options, &sink);

    for (size_t i = 0; observer && i < talk->count; i++) {
        const struct tls_talk_piece *piece = &talk->pieces[i];
        struct bytes data = bytes_slice(buf_bytes(&talk->octets[piece->from]), piece->at, piece->len);
        for (size_t at = 0; at < data.len; at += SEGMENT)
            (void)tls_observer_feed(observer, piece->from,
                                    &(struct stream_chunk){ .data = bytes_slice(data, at, SEGMENT),
                                                            .offset = piece->at + at,
                                                            .acked = UINT64_MAX });
    }
    tls_observer_free(observer);
}

/* Seconds of the fastest round. */
static double measure(const struct tls_talk *talk)
{
    struct tls_keylog *keylog = tls_keylog_new(NULL, NULL);
    struct tls_key_text *text = calloc(1, sizeof *text);
    double best = 1e9;

    if (!keylog || !text)
        abort();
    tls_keylog_feed(keylog, text, buf_bytes(&talk->keylog));
    tls_keylog_finish(keylog, text);
    for (unsigned round = 0; round < ROUNDS; round++) {
        heard = 0;
        clock_t begin = clock();
        listen_to(keylog, talk);
        double took = (double)(clock() - begin) / CLOCKS_PER_SEC;
        best = took < best ? took : best;
    }
    free(text);
    tls_keylog_free(keylog);
    return best;
}

int main(void)
{
    static struct tls_talk talk;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tls_talk_options options = rows[i].options;
        options.bulk_bytes = BULK;
        if (!tls_talk(&options, &talk))
            return 1;
        double seconds = measure(&talk);
        if (heard != BULK)
            return 1;
        (void)printf("%s %.1f\n", rows[i].name, (double)BULK / 1e6 / seconds);
        tls_talk_release(&talk);
    }
    return 0;
}
