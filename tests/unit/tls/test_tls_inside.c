#include "tls/tls_observer.h"

/* Connections of OpenSSL with itself: what comes out must be what was said, however they are cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <openssl/ssl.h>

#include "tls_talk.h"

/* What came out of the observer. */
struct heard {
    struct buf text[2];
    uint64_t missing[2];
    uint64_t end[2]; /* offset behind the last octets */
};

static void take_data(void *ctx, enum tls_side from, const struct stream_chunk *plain)
{
    struct heard *heard = ctx;

    assert_true(plain->offset >= heard->end[from]);
    heard->end[from] = plain->offset + plain->data.len;
    buf_append(&heard->text[from], plain->data);
}

static void take_hole(void *ctx, enum tls_side from, const struct stream_hole *hole)
{
    struct heard *heard = ctx;

    assert_true(hole->offset >= heard->end[from]);
    heard->end[from] = hole->offset + hole->length;
    heard->missing[from] += hole->length;
}

struct lost {
    enum tls_side side;
    size_t from, to; /* octets of the wire; equal: none */
};

static const struct lost nothing = { .side = TLS_CLIENT };

struct listening {
    struct budget budget;
    struct tls_keylog *keylog;
    struct tls_certificates *certificates;
    struct tls_observer *observer;
    struct heard heard;
};

static void begin(struct listening *l, struct bytes keylog)
{
    struct tls_key_text *text = calloc(1, sizeof *text);
    struct tls_options options;
    struct tls_sink sink = { .ctx = &l->heard, .data = take_data, .hole = take_hole };

    *l = (struct listening){ .observer = NULL };
    budget_init(&l->budget, SIZE_MAX / 2);
    l->keylog = tls_keylog_new(&l->budget, NULL);
    l->certificates = tls_certificates_new(&l->budget, NULL);
    assert_true(l->keylog && l->certificates && text);
    tls_keylog_feed(l->keylog, text, keylog);
    tls_keylog_finish(l->keylog, text);
    free(text);
    options = (struct tls_options){ l->certificates, l->keylog, &l->budget, false };
    l->observer = tls_observer_new(&options, &sink);
    assert_non_null(l->observer);
    buf_init(&l->heard.text[0], 64 * MIB);
    buf_init(&l->heard.text[1], 64 * MIB);
}

static void finish(struct listening *l)
{
    static const struct stream_chunk end = { .acked = UINT64_MAX };

    tls_observer_finish(l->observer, &end);
}

static void release(struct listening *l)
{
    buf_release(&l->heard.text[0]);
    buf_release(&l->heard.text[1]);
    tls_observer_free(l->observer);
    tls_certificates_free(l->certificates);
    tls_keylog_free(l->keylog);
    assert_int_equal(l->budget.used_bytes, 0);
}

/* Octets of one side, in a copy of exact size, but for those that are lost. */
static void hear_part(struct listening *l, enum tls_side from, struct bytes part, uint64_t offset,
                      const struct lost *lost)
{
    bool is_lost = lost->side == from && offset >= lost->from && offset < lost->to;
    uint8_t *copy = malloc(part.len);

    assert_non_null(copy);
    memcpy(copy, part.ptr, part.len);
    if (is_lost)
        (void)tls_observer_hole(l->observer, from,
                                &(struct stream_hole){ .offset = offset, .length = part.len });
    else
        (void)tls_observer_feed(
            l->observer, from,
            &(struct stream_chunk){ .data = { copy, part.len }, .offset = offset, .acked = UINT64_MAX });
    free(copy);
}

/* Up to `step` octets at a time; what is lost is cut out exactly, in one piece. */
static void hear(struct listening *l, const struct tls_talk *talk, size_t first, size_t step,
                 const struct lost *lost)
{
    for (size_t i = first; i < talk->count; i++) {
        const struct tls_talk_piece *piece = &talk->pieces[i];
        struct bytes data = bytes_slice(buf_bytes(&talk->octets[piece->from]), piece->at, piece->len);
        for (size_t at = 0; at < data.len;) {
            size_t offset = piece->at + at, len = step;
            if (piece->from == lost->side && offset < lost->from && offset + len > lost->from)
                len = lost->from - offset;
            if (piece->from == lost->side && offset >= lost->from && offset < lost->to)
                len = lost->to - offset;
            struct bytes part = bytes_slice(data, at, len);
            hear_part(l, piece->from, part, offset, lost);
            at += part.len;
        }
    }
    finish(l);
}

static bool said_is_heard(const struct tls_talk *talk, const struct listening *l)
{
    return bytes_equal(buf_bytes(&talk->said[0]), buf_bytes(&l->heard.text[0]))
           && bytes_equal(buf_bytes(&talk->said[1]), buf_bytes(&l->heard.text[1]));
}

static void must_be_heard(const struct tls_talk *talk, const char *name)
{
    static const size_t steps[] = { SIZE_MAX / 2, 1, 7, 1448 };

    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        struct listening l;
        begin(&l, buf_bytes(&talk->keylog));
        hear(&l, talk, 0, steps[i], &nothing);
        const struct tls_seen *seen = tls_observer_seen(l.observer);
        if (!said_is_heard(talk, &l))
            fail_msg("%s: %zu of %zu and %zu of %zu octets", name, l.heard.text[0].len, talk->said[0].len,
                     l.heard.text[1].len, talk->said[1].len);
        assert_int_equal(seen->read, TLS_READ_WHOLE);
        assert_int_equal(seen->progress, TLS_PROGRESS_DONE);
        assert_int_equal(seen->version, talk->version);
        assert_true(seen->alert_count > 0); /* close_notify */
        assert_int_equal(l.heard.missing[0] + l.heard.missing[1], 0);
        assert_int_equal(strlen(seen->client.ja3), TLS_JA3_TEXT - 1);
        assert_int_equal(strlen(seen->client.ja4), TLS_JA4_TEXT - 1);
        release(&l);
    }
}

static const struct tls_talk_options short_talk = { .messages = 6, .message_bytes = 3000 };

static bool talk_with(struct tls_talk_options options, const char *name)
{
    struct tls_talk talk;

    if (!tls_talk(&options, &talk))
        return false;
    must_be_heard(&talk, name);
    tls_talk_release(&talk);
    return true;
}

/* Every suite that OpenSSL has, in every version that has it, with both orders of MAC and encryption. */
static void every_suite_is_read(void **state)
{
    static const int versions[] = { TLS1_VERSION, TLS1_1_VERSION, TLS1_2_VERSION };
    SSL_CTX *ctx = SSL_CTX_new(TLS_method());
    unsigned count = 0;

    (void)state;
    assert_non_null(ctx);
    SSL_CTX_set_security_level(ctx, 0);
    assert_int_equal(SSL_CTX_set_cipher_list(ctx, "ALL:!SRP:!aDSS:@SECLEVEL=0"), 1);
    STACK_OF(SSL_CIPHER) *ciphers = SSL_CTX_get_ciphers(ctx);
    for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); i++) {
        const char *name = SSL_CIPHER_get_name(sk_SSL_CIPHER_value(ciphers, i));
        for (size_t v = 0; v < sizeof versions / sizeof versions[0]; v++) {
            struct tls_talk_options options = short_talk;
            options.version = versions[v];
            options.ciphers = name;
            bool ok = talk_with(options, name);
            count += ok;
            options.flags = SSL_OP_NO_ENCRYPT_THEN_MAC | SSL_OP_NO_EXTENDED_MASTER_SECRET;
            if (ok)
                assert_true(talk_with(options, name));
        }
    }
    SSL_CTX_free(ctx);
    if (count < 100)
        fail_msg("only %u connections could be made", count);
}

static void every_suite_of_tls_13_is_read(void **state)
{
    static const char *const names[] = { "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384",
                                         "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_CCM_SHA256",
                                         "TLS_AES_128_CCM_8_SHA256" };

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct tls_talk_options options = short_talk;
        options.version = TLS1_3_VERSION;
        options.ciphers = names[i];
        assert_true(talk_with(options, names[i]));
        options.updates_keys = true;
        assert_true(talk_with(options, names[i]));
        options.padding = 512;
        assert_true(talk_with(options, names[i]));
    }
}

/* What handshakes have beside the plain one. */
static void every_kind_of_handshake_is_read(void **state)
{
    static const struct {
        const char *name;
        struct tls_talk_options options;
    } rows[] = {
        { "retry", { .version = TLS1_3_VERSION, .groups = "P-521", .messages = 4 } },
        { "no middlebox",
          { .version = TLS1_3_VERSION, .flags = SSL_OP_ENABLE_MIDDLEBOX_COMPAT, .messages = 4 } },
        { "ticket", { .version = TLS1_3_VERSION, .is_resumed = true, .messages = 4 } },
        { "early data",
          { .version = TLS1_3_VERSION,
            .flags = SSL_OP_NO_ANTI_REPLAY,
            .is_resumed = true,
            .has_early_data = true,
            .messages = 4 } },
        { "ticket 1.2", { .version = TLS1_2_VERSION, .is_resumed = true, .messages = 4 } },
        { "session id",
          { .version = TLS1_2_VERSION, .is_resumed = true, .flags = SSL_OP_NO_TICKET, .messages = 4 } },
        { "renegotiation",
          { .version = TLS1_2_VERSION,
            .flags = SSL_OP_ALLOW_CLIENT_RENEGOTIATION,
            .renegotiates = true,
            .messages = 6 } },
        { "large", { .messages = 4, .message_bytes = 100000 } },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (!talk_with(rows[i].options, rows[i].name))
            fail_msg("%s: no such connection", rows[i].name);
}

enum { NEAR = 160 /* records that nobody counts, such as those that update keys */ };

/* Whether `heard` is `said` with one piece cut out. */
static bool is_cut_once(struct bytes said, struct bytes heard)
{
    size_t front = 0, back = 0;

    while (front < heard.len && said.ptr[front] == heard.ptr[front])
        front++;
    while (back < heard.len && said.ptr[said.len - 1 - back] == heard.ptr[heard.len - 1 - back])
        back++;
    return heard.len < said.len && front + back >= heard.len;
}

/* A hole anywhere behind the handshake: all records that are whole come out, and the hole is told. */
static void must_survive_hole(const struct tls_talk *talk, enum tls_side side, size_t from, size_t length)
{
    struct lost lost = { side, from, from + length };
    struct listening l;

    begin(&l, buf_bytes(&talk->keylog));
    hear(&l, talk, 0, 1448, &lost);
    struct bytes said = buf_bytes(&talk->said[side]), heard = buf_bytes(&l.heard.text[side]);
    if (!bytes_equal(said, heard)) { /* nothing may be lost: a hole in the close_notify alone */
        if (!is_cut_once(said, heard))
            fail_msg("hole of %zu at %zu: %zu of %zu octets", length, from, heard.len, said.len);
        uint64_t cut = said.len - heard.len, told = l.heard.missing[side];
        if (told > cut + NEAR || told + NEAR < cut)
            fail_msg("hole of %zu at %zu: %zu octets are missing, %zu were told", length, from, (size_t)cut,
                     (size_t)told);
    }
    assert_true(bytes_equal(buf_bytes(&talk->said[!side]), buf_bytes(&l.heard.text[!side])));
    release(&l);
}

static void records_are_found_again_behind_a_hole(void **state)
{
    static const struct tls_talk_options rows[] = {
        { .version = TLS1_3_VERSION, .messages = 30, .message_bytes = 700 },
        { .version = TLS1_3_VERSION, .messages = 30, .message_bytes = 700, .updates_keys = true },
        { .version = TLS1_2_VERSION, .messages = 30, .message_bytes = 700 },
        { .version = TLS1_2_VERSION,
          .ciphers = "ECDHE-RSA-AES256-SHA384",
          .messages = 30,
          .message_bytes = 700 },
        { .version = TLS1_VERSION, .ciphers = "AES128-SHA", .messages = 30, .message_bytes = 700 },
    };

    (void)state;
    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        struct tls_talk talk;
        assert_true(tls_talk(&rows[row], &talk));
        for (int side = 0; side < 2; side++) {
            size_t begin = 0, end = talk.octets[side].len;
            for (size_t i = 0; i < talk.handshake_pieces + 2; i++)
                if (talk.pieces[i].from == (enum tls_side)side)
                    begin = talk.pieces[i].at + talk.pieces[i].len;
            for (size_t i = 0; i < 40; i++) {
                size_t from = begin + i * 131 % (end - begin), length = i % 2 ? 1 + i : 900;
                if (from + length + 900 < end)
                    must_survive_hole(&talk, (enum tls_side)side, from, length);
            }
        }
        tls_talk_release(&talk);
    }
}

/* Octet by octet, without two of one side. */
static void hear_without(struct listening *l, const struct tls_talk *talk, enum tls_side side, size_t first,
                         size_t second)
{
    for (size_t i = 0; i < talk->count; i++) {
        const struct tls_talk_piece *piece = &talk->pieces[i];
        struct bytes data = bytes_slice(buf_bytes(&talk->octets[piece->from]), piece->at, piece->len);
        for (size_t at = 0; at < data.len; at++) {
            size_t offset = piece->at + at;
            struct lost lost = { side, offset, offset + (offset == first || offset == second) };
            hear_part(l, piece->from, bytes_slice(data, at, 1), offset, &lost);
        }
    }
    finish(l);
}

/* In the record behind one that was torn, however much of its header had come: both are told in full, before
 * the other side goes on. */
static void a_hole_in_the_header_behind_a_torn_record_is_told(void **state)
{
    enum { RECORD_HEADER = 5 };
    struct tls_talk_options options = { .version = TLS1_3_VERSION, .messages = 12, .message_bytes = 3000 };
    struct tls_talk talk;
    const struct tls_talk_piece *two[2] = { NULL, NULL };

    (void)state;
    assert_true(tls_talk(&options, &talk));
    for (size_t i = talk.handshake_pieces + 4; i < talk.count && !two[1]; i++)
        if (talk.pieces[i].from == TLS_SERVER)
            two[two[0] != NULL] = &talk.pieces[i];
    assert_non_null(two[1]);
    for (size_t at = 0; at < RECORD_HEADER; at++) {
        struct listening l;
        begin(&l, buf_bytes(&talk.keylog));
        hear_without(&l, &talk, TLS_SERVER, two[0]->at + two[0]->len - 1, two[1]->at + at);
        struct bytes said = buf_bytes(&talk.said[TLS_SERVER]), heard = buf_bytes(&l.heard.text[TLS_SERVER]);
        uint64_t cut = said.len - heard.len, told = l.heard.missing[TLS_SERVER];
        assert_true(cut > NEAR);
        assert_true(told <= cut + NEAR && told + NEAR >= cut);
        release(&l);
    }
    tls_talk_release(&talk);
}

static void a_connection_is_picked_up_midway(void **state)
{
    struct tls_talk_options options = { .version = TLS1_3_VERSION, .messages = 12, .message_bytes = 60 };
    struct tls_talk talk;
    struct listening l;

    (void)state;
    assert_true(tls_talk(&options, &talk));
    begin(&l, buf_bytes(&talk.keylog));
    hear(&l, &talk, talk.handshake_pieces + 4, SIZE_MAX / 2, &nothing);
    for (int side = 0; side < 2; side++) {
        struct bytes said = buf_bytes(&talk.said[side]), heard = buf_bytes(&l.heard.text[side]);
        assert_true(heard.len > 100 && heard.len < said.len);
        assert_true(bytes_equal(bytes_from(said, said.len - heard.len), heard));
    }
    assert_int_equal(tls_observer_seen(l.observer)->read, TLS_READ_WHOLE);
    release(&l);
    tls_talk_release(&talk);
}

/* The keys of another connection under the random of this one, and none at all. */
static void keys_that_do_not_fit_are_told(void **state)
{
    static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

    (void)state;
    for (size_t v = 0; v < 2 * sizeof versions / sizeof versions[0]; v++) {
        /* Short ones end before it is given up. */
        struct tls_talk_options options = { .version = versions[v / 2], .messages = v % 2 ? 40 : 2 };
        struct tls_talk talk;
        struct listening l;
        assert_true(tls_talk(&options, &talk));
        begin(&l, BYTES("# none\n"));
        hear(&l, &talk, 0, 1448, &nothing);
        assert_int_equal(tls_observer_seen(l.observer)->read, TLS_READ_NONE);
        assert_int_equal(tls_observer_seen(l.observer)->progress, TLS_PROGRESS_DONE);
        assert_int_equal(l.heard.text[0].len + l.heard.text[1].len, 0);
        release(&l);
        for (size_t i = 1; i < talk.keylog.len; i++) /* the last digit of each secret */
            if (talk.keylog.ptr[i] == '\n')
                talk.keylog.ptr[i - 1] = talk.keylog.ptr[i - 1] == '0' ? '1' : '0';
        begin(&l, buf_bytes(&talk.keylog));
        hear(&l, &talk, 0, 1448, &nothing);
        assert_int_equal(tls_observer_seen(l.observer)->read, TLS_READ_WRONG);
        assert_int_equal(tls_observer_seen(l.observer)->progress, TLS_PROGRESS_DONE);
        assert_int_equal(l.heard.text[0].len + l.heard.text[1].len, 0);
        release(&l);
        tls_talk_release(&talk);
    }
}

/* One octet of a record is another: that record is missing, and the rest is there. */
static void a_damaged_record_is_missing_alone(void **state)
{
    struct tls_talk_options options = { .messages = 20 };
    struct tls_talk talk;
    struct listening l;

    (void)state;
    assert_true(tls_talk(&options, &talk));
    const struct tls_talk_piece *piece = &talk.pieces[talk.handshake_pieces + 6];
    talk.octets[piece->from].ptr[piece->at + piece->len - 1] ^= 1;
    begin(&l, buf_bytes(&talk.keylog));
    hear(&l, &talk, 0, SIZE_MAX / 2, &nothing);
    struct bytes said = buf_bytes(&talk.said[piece->from]), heard = buf_bytes(&l.heard.text[piece->from]);
    assert_true(is_cut_once(said, heard));
    assert_int_equal(l.heard.missing[piece->from], said.len - heard.len);
    release(&l);
    tls_talk_release(&talk);
}

/* What looks like a record of the largest size, in what a hole has left of one, holds up nothing behind it.
 */
static void a_header_by_chance_is_passed_over(void **state)
{
    static const uint8_t header[] = { 0x17, 3, 3, 0x3f, 0xff };
    struct tls_talk_options options = { .version = TLS1_3_VERSION, .messages = 20, .message_bytes = 300 };
    struct tls_talk talk;
    struct listening l;

    (void)state;
    assert_true(tls_talk(&options, &talk));
    const struct tls_talk_piece *piece = &talk.pieces[talk.handshake_pieces + 6];
    struct lost lost = { piece->from, piece->at, piece->at + 20 }; /* its header too */
    memcpy(talk.octets[piece->from].ptr + lost.to, header, sizeof header);
    begin(&l, buf_bytes(&talk.keylog));
    hear(&l, &talk, 0, SIZE_MAX / 2, &lost);
    struct bytes said = buf_bytes(&talk.said[piece->from]), heard = buf_bytes(&l.heard.text[piece->from]);
    assert_true(is_cut_once(said, heard));
    assert_true(said.len - heard.len <= piece->len);
    release(&l);
    tls_talk_release(&talk);
}

/* With the later secrets alone, as some programs write them, only the handshake stays sealed. */
static void traffic_secrets_alone_are_enough(void **state)
{
    struct tls_talk_options options = { .version = TLS1_3_VERSION, .messages = 4 };
    struct tls_talk talk;
    struct listening l;
    struct buf some;

    (void)state;
    assert_true(tls_talk(&options, &talk));
    buf_init(&some, MIB);
    struct bytes rest = buf_bytes(&talk.keylog);
    for (size_t lf; (lf = bytes_find(rest, '\n')) != SIZE_MAX; rest = bytes_from(rest, lf + 1))
        if (bytes_find_nocase(bytes_slice(rest, 0, lf), BYTES("_TRAFFIC_SECRET_0")) != SIZE_MAX)
            buf_append(&some, bytes_slice(rest, 0, lf + 1));
    begin(&l, buf_bytes(&some));
    hear(&l, &talk, 0, SIZE_MAX / 2, &nothing);
    assert_true(said_is_heard(&talk, &l));
    release(&l);
    buf_release(&some);
    tls_talk_release(&talk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_suite_is_read),
        cmocka_unit_test(every_suite_of_tls_13_is_read),
        cmocka_unit_test(every_kind_of_handshake_is_read),
        cmocka_unit_test(records_are_found_again_behind_a_hole),
        cmocka_unit_test(a_hole_in_the_header_behind_a_torn_record_is_told),
        cmocka_unit_test(a_connection_is_picked_up_midway),
        cmocka_unit_test(keys_that_do_not_fit_are_told),
        cmocka_unit_test(a_damaged_record_is_missing_alone),
        cmocka_unit_test(a_header_by_chance_is_passed_over),
        cmocka_unit_test(traffic_secrets_alone_are_enough),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
