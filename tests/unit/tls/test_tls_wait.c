#include "tls/tls_observer.h"

/* Connections of OpenSSL with itself whose secrets come later than the records that they open. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <openssl/ssl.h>

#include "base/timestamp.h"
#include "tls_talk.h"

enum { NEVER = 1000000 };

/* A key log that grows by a line each `pieces_a_line` pieces of the connection, from the piece `first` on. */
struct late {
    const struct tls_talk *talk;
    struct tls_keylog *keylog;
    struct tls_key_text text;
    size_t at; /* in the log */
    size_t first;
    size_t pieces_a_line;
    size_t piece; /* that has come */
    struct buf said[2];
    uint64_t number[2]; /* of the packet of the last plaintext */
    uint64_t end[2];
};

static bool read_on(void *ctx)
{
    struct late *late = ctx;
    struct bytes log = buf_bytes(&late->talk->keylog);
    size_t due = late->piece < late->first  ? 0
                 : late->pieces_a_line == 0 ? SIZE_MAX
                                            : 1 + (late->piece - late->first) / late->pieces_a_line;
    size_t end = 0;

    for (size_t lines = 0; lines < due && end < log.len; lines++) {
        size_t lf = bytes_find(bytes_from(log, end), '\n');
        end = lf == SIZE_MAX ? log.len : end + lf + 1;
    }
    if (end <= late->at)
        return false;
    tls_keylog_feed(late->keylog, &late->text, bytes_slice(log, late->at, end - late->at));
    late->at = end;
    return true;
}

static void take_data(void *ctx, enum tls_side from, const struct stream_chunk *plain)
{
    struct late *late = ctx;

    assert_true(plain->offset >= late->end[from]);
    assert_true(plain->number >= late->number[from] && plain->number <= late->piece);
    late->end[from] = plain->offset + plain->data.len;
    late->number[from] = plain->number;
    buf_append(&late->said[from], plain->data);
}

static void take_hole(void *ctx, enum tls_side from, const struct stream_hole *hole)
{
    struct late *late = ctx;

    late->end[from] = hole->offset + hole->length;
}

/* The pieces of a connection, each a packet `apart_ns` behind the one before; what the observer has seen. */
static struct tls_seen listen_to(struct late *late, uint64_t apart_ns)
{
    struct budget budget;
    struct tls_sink sink = { .ctx = late, .data = take_data, .hole = take_hole };
    uint64_t now_ns = NS_PER_SECOND;

    budget_init(&budget, SIZE_MAX / 2);
    late->keylog = tls_keylog_new(&budget, NULL);
    assert_non_null(late->keylog);
    tls_keylog_ask(late->keylog, read_on, late);
    struct tls_options options = { .keylog = late->keylog, .budget = &budget };
    struct tls_observer *observer = tls_observer_new(&options, &sink);
    assert_non_null(observer);
    for (int side = 0; side < 2; side++)
        buf_init(&late->said[side], 64 * MIB);
    for (late->piece = 0; late->piece < late->talk->count; late->piece++, now_ns += apart_ns) {
        const struct tls_talk_piece *piece = &late->talk->pieces[late->piece];
        struct stream_chunk chunk = { .data = bytes_slice(buf_bytes(&late->talk->octets[piece->from]),
                                                          piece->at, piece->len),
                                      .offset = piece->at,
                                      .acked = UINT64_MAX,
                                      .time_ns = now_ns,
                                      .number = late->piece };
        (void)tls_observer_feed(observer, piece->from, &chunk);
    }
    tls_observer_finish(observer, &(struct stream_chunk){ .acked = UINT64_MAX, .time_ns = now_ns });
    struct tls_seen seen = *tls_observer_seen(observer);
    tls_observer_free(observer);
    tls_keylog_free(late->keylog);
    assert_int_equal(budget.used_bytes, 0);
    return seen;
}

static bool all_is_heard(struct late *late)
{
    bool same = true;

    for (int side = 0; side < 2; side++) {
        same = bytes_equal(buf_bytes(&late->said[side]), buf_bytes(&late->talk->said[side])) && same;
        buf_release(&late->said[side]);
    }
    return same;
}

static const struct tls_talk_options kinds[] = {
    { .version = TLS1_3_VERSION, .messages = 6, .message_bytes = 3000 },
    { .version = TLS1_2_VERSION, .messages = 6, .message_bytes = 3000 },
    { .version = TLS1_3_VERSION, .is_resumed = true, .messages = 4 },
    { .version = TLS1_3_VERSION, .groups = "P-521", .messages = 4 },
    { .version = TLS1_3_VERSION, .updates_keys = true, .messages = 6 },
    { .version = TLS1_2_VERSION,
      .flags = SSL_OP_ALLOW_CLIENT_RENEGOTIATION,
      .renegotiates = true,
      .messages = 6 },
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

/* All at once, or line by line, at any moment while the connection lasts: nothing is missing. */
static void secrets_may_come_late(void **state)
{
    (void)state;
    for (size_t kind = 0; kind < KINDS; kind++) {
        struct tls_talk talk;
        assert_true(tls_talk(&kinds[kind], &talk));
        for (size_t first = 0; first < talk.count; first++) {
            for (size_t pieces_a_line = 0; pieces_a_line < 2; pieces_a_line++) {
                struct late late = { .talk = &talk, .first = first, .pieces_a_line = pieces_a_line };
                struct tls_seen seen = listen_to(&late, 1000);
                bool is_heard = all_is_heard(&late);
                bool must_be = pieces_a_line == 0 || first + 10 < talk.count;
                if (must_be && (!is_heard || seen.read != TLS_READ_WHOLE))
                    fail_msg("kind %zu, from %zu of %zu on, step %zu: read %d", kind, first, talk.count,
                             pieces_a_line, seen.read);
            }
        }
        tls_talk_release(&talk);
    }
}

/* The handshake is over when it was, not when it could be read. */
static void times_are_those_of_the_packets(void **state)
{
    struct tls_talk talk;

    (void)state;
    assert_true(tls_talk(&kinds[1], &talk));
    struct late early = { .talk = &talk }, late = { .talk = &talk, .first = talk.count - 1 };
    uint64_t early_ns = listen_to(&early, 1000).done_ns, late_ns = listen_to(&late, 1000).done_ns;
    assert_true(early_ns > 0);
    assert_int_equal(early_ns, late_ns);
    assert_true(all_is_heard(&early) && all_is_heard(&late));
    tls_talk_release(&talk);
}

static void secrets_that_never_come_are_not_missed(void **state)
{
    (void)state;
    for (size_t kind = 0; kind < KINDS; kind++) {
        struct tls_talk talk;
        assert_true(tls_talk(&kinds[kind], &talk));
        struct late late = { .talk = &talk, .first = NEVER };
        struct tls_seen seen = listen_to(&late, 1000);
        assert_int_equal(seen.read, TLS_READ_NONE);
        assert_int_equal(seen.progress, TLS_PROGRESS_DONE);
        assert_false(all_is_heard(&late));
        tls_talk_release(&talk);
    }
}

/* Waiting has its end, in time and in octets; then it is as without secrets. */
static void nothing_is_held_for_long(void **state)
{
    struct tls_talk_options large = { .version = TLS1_3_VERSION,
                                      .bulk_bytes = 2 * LIMIT_TLS_WAIT_BYTES,
                                      .messages = 4 };
    struct tls_talk talk;

    (void)state;
    assert_true(tls_talk(&kinds[0], &talk));
    struct late slow = { .talk = &talk, .first = talk.count - 1 };
    assert_int_not_equal(listen_to(&slow, NS_PER_SECOND).read, TLS_READ_WHOLE);
    assert_false(all_is_heard(&slow));
    tls_talk_release(&talk);
    assert_true(tls_talk(&large, &talk));
    struct late full = { .talk = &talk, .first = talk.count - 1 };
    assert_int_not_equal(listen_to(&full, 1000).read, TLS_READ_WHOLE);
    assert_false(all_is_heard(&full));
    tls_talk_release(&talk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(secrets_may_come_late),
        cmocka_unit_test(times_are_those_of_the_packets),
        cmocka_unit_test(secrets_that_never_come_are_not_missed),
        cmocka_unit_test(nothing_is_held_for_long),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
