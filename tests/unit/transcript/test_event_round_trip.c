#include "base/limits.h"
#include "collector.h"
#include "random_session.h"
#include "session_equal.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { SEEDS = 600, INTERLEAVED = 8 };

struct scribe {
    struct buf out;
    enum secrets_policy secrets;
};

static void write_change(void *ctx, const struct session *session, enum session_change change, size_t index)
{
    struct scribe *scribe = ctx;

    assert_true(event_write_change(session, change, index, scribe->secrets, &scribe->out));
}

static void scribe_init(struct scribe *scribe, enum secrets_policy secrets)
{
    struct recording_head head = { .tool_version = "0", .origin = "test", .secrets = secrets };

    buf_init(&scribe->out, LIMIT_OUTPUT_LINE);
    scribe->secrets = secrets;
    assert_true(event_write_head(&head, &scribe->out));
}

/* The session, and its recording as it was written while it went on. */
static struct session *record(struct scribe *scribe, uint32_t seed)
{
    struct follower follower = { scribe, write_change };
    struct session *session = random_session(seed, &follower);

    assert_true(event_write_close(session, scribe->secrets, &scribe->out));
    return session;
}

/* The recording of a session that is over. */
static void record_again(struct scribe *scribe, const struct session *session)
{
    write_change(scribe, session, CHANGE_OPENED, 0);
    for (size_t i = 0; i < session->item_count; i++)
        write_change(scribe, session, CHANGE_ITEM_ADDED, i);
    assert_true(event_write_close(session, scribe->secrets, &scribe->out));
}

static void expect_equal(const struct session *written, const struct session *read, bool is_masked,
                         uint32_t seed)
{
    const char *difference = session_difference(written, read, is_masked);

    if (difference)
        fail_msg("seed %u: %s differs", seed, difference);
}

static void round_trip(uint32_t seed, enum secrets_policy secrets)
{
    struct scribe scribe;
    struct collector collector;

    scribe_init(&scribe, secrets);
    struct session *session = record(&scribe, seed);
    collector_init(&collector, NULL);
    collector_feed(&collector, buf_bytes(&scribe.out));
    assert_int_equal(collector.refused, 0);
    assert_int_equal(event_reader_ignored(collector.reader), 0);
    assert_int_equal(collector.count, 1);
    expect_equal(session, collector.sessions[0], secrets == SECRETS_MASK, seed);
    session_free(session);
    collector_release(&collector);
    buf_release(&scribe.out);
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    for (uint32_t seed = 0; seed < SEEDS; seed++)
        round_trip(seed, SECRETS_KEEP);
}

static void a_masked_recording_lacks_only_secrets(void **state)
{
    (void)state;
    for (uint32_t seed = 0; seed < SEEDS; seed++)
        round_trip(seed, SECRETS_MASK);
}

static void no_secret_is_in_a_masked_recording(void **state)
{
    size_t with_secrets = 0;

    (void)state;
    for (uint32_t seed = 0; seed < SEEDS; seed++) {
        struct scribe masked, kept;
        scribe_init(&masked, SECRETS_MASK);
        scribe_init(&kept, SECRETS_KEEP);
        session_free(record(&masked, seed));
        session_free(record(&kept, seed));
        assert_int_equal(bytes_find_nocase(buf_bytes(&masked.out), BYTES(RANDOM_SECRET)), SIZE_MAX);
        with_secrets += bytes_find_nocase(buf_bytes(&kept.out), BYTES(RANDOM_SECRET)) != SIZE_MAX;
        buf_release(&masked.out);
        buf_release(&kept.out);
    }
    assert_true(with_secrets > SEEDS / 4); /* or nothing was tested */
}

/* Written from its end, a session tells each reply with its item; one that came late has lost its place then.
 */
static bool has_late_reply(const struct session *session)
{
    uint32_t newest = 0;

    for (size_t i = 0; i < session->item_count; i++) {
        const struct item *item = &session->items[i];
        if (item->reply && item->reply->ordinal < newest)
            return true;
        newest = item->reply ? item->reply->ordinal : newest;
        for (uint32_t m = 0; m < item->more_count; m++)
            newest = item->more_replies[m]->ordinal;
    }
    return false;
}

static void a_session_read_back_is_recorded_like_the_first(void **state)
{
    unsigned compared = 0;

    (void)state;
    for (uint32_t seed = 0; seed < SEEDS / 4; seed++) {
        struct scribe first, second;
        struct collector once, twice;
        scribe_init(&first, SECRETS_MASK);
        scribe_init(&second, SECRETS_MASK);
        session_free(record(&first, seed));
        collector_init(&once, NULL);
        collector_feed(&once, buf_bytes(&first.out));
        record_again(&second, once.sessions[0]);
        collector_init(&twice, NULL);
        collector_feed(&twice, buf_bytes(&second.out));
        if (!has_late_reply(once.sessions[0])) {
            expect_equal(once.sessions[0], twice.sessions[0], false, seed);
            compared++;
        }
        collector_release(&once);
        collector_release(&twice);
        buf_release(&first.out);
        buf_release(&second.out);
    }
    assert_true(compared > SEEDS / 16); /* or nothing was tested */
}

/* Takes the next line of a recording; the empty view at its end. */
static struct bytes next_line(struct bytes *rest)
{
    size_t lf = bytes_find(*rest, '\n');
    struct bytes line = lf == SIZE_MAX ? *rest : bytes_slice(*rest, 0, lf + 1);

    *rest = bytes_from(*rest, line.len);
    return line;
}

static void interleaved_sessions_stay_apart(void **state)
{
    struct scribe scribes[INTERLEAVED];
    struct session *sessions[INTERLEAVED];
    struct bytes rest[INTERLEAVED];
    struct collector collector;
    size_t found = 0, left = INTERLEAVED;

    (void)state;
    collector_init(&collector, NULL);
    for (uint32_t i = 0; i < INTERLEAVED; i++) {
        buf_init(&scribes[i].out, LIMIT_OUTPUT_LINE);
        scribes[i].secrets = SECRETS_KEEP;
        sessions[i] = record(&scribes[i], 1000 + i);
        rest[i] = buf_bytes(&scribes[i].out);
    }
    for (size_t turn = 0; left > 0; turn++) {
        struct bytes *one = &rest[turn * 7 % INTERLEAVED];
        if (one->len == 0 && turn < 100000)
            continue;
        collector_feed(&collector, next_line(one));
        left = 0;
        for (size_t i = 0; i < INTERLEAVED; i++)
            left += rest[i].len > 0;
    }
    assert_int_equal(collector.count, INTERLEAVED);
    for (size_t i = 0; i < INTERLEAVED; i++)
        for (size_t k = 0; k < INTERLEAVED; k++)
            if (strcmp(sessions[i]->id, collector.sessions[k]->id) == 0) {
                expect_equal(sessions[i], collector.sessions[k], false, (uint32_t)i);
                found++;
            }
    assert_int_equal(found, INTERLEAVED);
    for (size_t i = 0; i < INTERLEAVED; i++) {
        session_free(sessions[i]);
        buf_release(&scribes[i].out);
    }
    collector_release(&collector);
}

static void a_reply_of_megabytes_comes_in_several_events(void **state)
{
    enum { LINES = LIMIT_REPLY_LINES, LINE = 4000 };
    struct session *session = session_new(NULL);
    struct scribe scribe;
    struct collector collector;
    static uint8_t octets[LINE];

    (void)state;
    memset(octets, 0xff, sizeof octets); /* no UTF-8 */
    assert_non_null(session);
    session->client.address.family = session->server.address.family = 4;
    session_make_id(session);
    struct item *item = session_add_item(session, ITEM_COMMAND);
    struct reply *reply = ARENA_NEW(&session->arena, struct reply);
    assert_non_null(item);
    assert_non_null(reply);
    *reply = (struct reply){ .code = 250, .ordinal = 1, .line_count = LINES, .is_complete = true };
    reply->lines = ARENA_ARRAY(&session->arena, struct bytes, LINES);
    assert_non_null(reply->lines);
    for (size_t i = 0; i < LINES; i++)
        reply->lines[i] = arena_copy(&session->arena, (struct bytes){ octets, LINE - i });
    session->reply_count = 1;
    item->as.command.line_end = LINE_END_CRLF;
    item->reply = reply;
    scribe_init(&scribe, SECRETS_KEEP);
    record_again(&scribe, session);
    assert_true(bytes_find_nocase(buf_bytes(&scribe.out), BYTES("\"from_line\":")) != SIZE_MAX);
    collector_init(&collector, NULL);
    collector_feed(&collector, buf_bytes(&scribe.out));
    assert_int_equal(collector.count, 1);
    expect_equal(session, collector.sessions[0], false, 0);
    session_free(session);
    collector_release(&collector);
    buf_release(&scribe.out);
}

static void expect_line(const struct recording_head *head, const char *expected)
{
    struct buf out;

    buf_init(&out, LIMIT_OUTPUT_LINE);
    assert_true(event_write_head(head, &out));
    if (!bytes_equal(buf_bytes(&out), bytes_of(expected)))
        fail_msg("%.*s", (int)out.len, (const char *)out.ptr);
    buf_release(&out);
}

static void the_first_line_says_how_it_was_recorded(void **state)
{
    (void)state;
    expect_line(
        &(struct recording_head){ .tool_version = "1.2", .origin = "\xff.pcap" },
        "{\"type\":\"recording\",\"schema\":1,\"tool\":\"smtpscope\",\"version\":\"1.2\",\"host\":null,"
        "\"origin\":{\"base64\":\"/y5wY2Fw\"},\"filter\":null,\"snaplen\":0,\"start\":null,"
        "\"secrets\":\"masked\",\"content\":\"none\"}\n");
    expect_line(
        &(struct recording_head){ .tool_version = "1.2",
                                  .host = "mx",
                                  .origin = "eth0",
                                  .filter = "port 25",
                                  .snaplen = 65535,
                                  .start_ns = UINT64_C(1795525200000000001),
                                  .secrets = SECRETS_KEEP,
                                  .content = CONTENT_FULL },
        "{\"type\":\"recording\",\"schema\":1,\"tool\":\"smtpscope\",\"version\":\"1.2\",\"host\":\"mx\","
        "\"origin\":\"eth0\",\"filter\":\"port 25\",\"snaplen\":65535,"
        "\"start\":\"2026-11-24T13:00:00.000000001Z\",\"secrets\":\"kept\",\"content\":\"full\"}\n");
}

/* A message whose content never began, and an exchange that grew behind its end. */
static void what_no_change_told_is_told_at_the_end(void **state)
{
    struct session *session = session_new(NULL);
    struct scribe scribe;
    struct collector collector;

    (void)state;
    assert_non_null(session);
    session->client.address.family = session->server.address.family = 4;
    session_make_id(session);
    struct item *item = session_add_item(session, ITEM_COMMAND);
    struct sasl_exchange *exchange = session_add_exchange(session);
    struct reply *reply = ARENA_NEW(&session->arena, struct reply);
    struct message *message = session_add_message(session);
    assert_non_null(item);
    assert_non_null(exchange);
    assert_non_null(reply);
    assert_non_null(message);
    message->last_item = UINT32_MAX;
    message->missing_bytes = 7;
    item->as.command.line_end = LINE_END_CRLF;
    *reply = (struct reply){ .code = 535, .ordinal = session->reply_count = 1, .is_complete = true };
    item->reply = exchange->last_reply = reply;
    scribe_init(&scribe, SECRETS_KEEP);
    write_change(&scribe, session, CHANGE_OPENED, 0);
    write_change(&scribe, session, CHANGE_ITEM_ADDED, 0);
    struct sasl_step *step = session_add_step(session, exchange);
    assert_non_null(step);
    *step =
        (struct sasl_step){ .from = SIDE_CLIENT, .at = { .time_ns = 1 }, .text = BYTES("*"), .length = 1 };
    assert_true(event_write_close(session, SECRETS_KEEP, &scribe.out));
    collector_init(&collector, NULL);
    collector_feed(&collector, buf_bytes(&scribe.out));
    assert_int_equal(collector.count, 1);
    expect_equal(session, collector.sessions[0], false, 0);
    session_free(session);
    collector_release(&collector);
    buf_release(&scribe.out);
}

static void totals_and_attempts_are_read(void **state)
{
    struct run_totals totals = { .packets = 900,
                                 .tcp_connections = 12,
                                 .missing_bytes = 77,
                                 .sealed = 3,
                                 .dropped = 3,
                                 .knows_dropped = true,
                                 .reached = 5 };
    struct attempts_row row = { .first_ns = 1000000000,
                                .last_ns = UINT64_C(5000000000),
                                .count = { 0, 3, 0, 1 },
                                .longest_ns = { 0, 0, 8, 9 },
                                .retried = 2,
                                .left_early = 1,
                                .closed_by_server = 4,
                                .has_more_clients = true };
    struct address clients[2] = { { .family = 4, .bytes = { 192, 0, 2, 7 } },
                                  { .family = 6, .bytes = { 0x20, 1, 13, 0xb8 } } };
    struct collector collector;
    struct buf out;
    size_t count;

    (void)state;
    buf_init(&out, LIMIT_OUTPUT_LINE);
    assert_true(address_parse(BYTES("192.0.2.25"), &row.server.address));
    row.server.port = 25;
    row.clients = clients;
    row.client_count = 2;
    assert_true(event_write_attempts(&row, &out));
    assert_true(event_write_stats(&totals, NULL, 7, &out));
    collector_init(&collector, NULL);
    collector_feed(&collector, buf_bytes(&out));
    collector_feed(&collector, buf_bytes(&out)); /* totals replace, attempts add up */
    event_reader_finish(collector.reader);
    const struct run_totals *read = event_reader_totals(collector.reader);
    assert_int_equal(read->packets, 900);
    assert_true(read->knows_dropped);
    assert_int_equal(read->dropped, 3);
    assert_int_equal(read->tcp_connections, 12);
    assert_int_equal(read->missing_bytes, 77);
    assert_int_equal(read->sealed, 3);
    const struct attempts_row *rows = attempts_rows(collector.attempts, &count);
    assert_int_equal(count, 1);
    assert_int_equal(rows[0].count[ATTEMPT_REFUSED], 6);
    assert_int_equal(rows[0].count[ATTEMPT_UNANSWERED], 0);
    assert_int_equal(rows[0].count[ATTEMPT_NO_GREETING], 2);
    assert_int_equal(rows[0].longest_ns[ATTEMPT_UNANSWERED], 8);
    assert_int_equal(rows[0].longest_ns[ATTEMPT_NO_GREETING], 9);
    assert_int_equal(rows[0].retried, 4);
    assert_int_equal(rows[0].left_early, 2);
    assert_int_equal(rows[0].closed_by_server, 8);
    assert_int_equal(rows[0].client_count, 2);
    assert_true(address_equal(&rows[0].clients[1], &clients[1]));
    assert_true(rows[0].has_more_clients);
    assert_int_equal(rows[0].first_ns, row.first_ns);
    assert_int_equal(rows[0].last_ns, row.last_ns);
    collector_release(&collector);
    buf_release(&out);
}

/* What is too large for the buffer is not there in part. */
static void a_full_buffer_holds_whole_lines_only(void **state)
{
    struct session *session = random_session(4, NULL);

    (void)state;
    for (size_t max = 0; max < 6000; max += 13) {
        struct buf out;
        buf_init(&out, max);
        bool ok = event_write_change(session, CHANGE_OPENED, 0, SECRETS_KEEP, &out);
        for (size_t i = 0; ok && i < session->item_count; i++)
            ok = event_write_change(session, CHANGE_ITEM_ADDED, i, SECRETS_KEEP, &out);
        assert_true(out.len == 0 || out.ptr[out.len - 1] == '\n');
        buf_release(&out);
    }
    session_free(session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(a_masked_recording_lacks_only_secrets),
        cmocka_unit_test(no_secret_is_in_a_masked_recording),
        cmocka_unit_test(a_session_read_back_is_recorded_like_the_first),
        cmocka_unit_test(interleaved_sessions_stay_apart),
        cmocka_unit_test(a_reply_of_megabytes_comes_in_several_events),
        cmocka_unit_test(the_first_line_says_how_it_was_recorded),
        cmocka_unit_test(what_no_change_told_is_told_at_the_end),
        cmocka_unit_test(totals_and_attempts_are_read),
        cmocka_unit_test(a_full_buffer_holds_whole_lines_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
