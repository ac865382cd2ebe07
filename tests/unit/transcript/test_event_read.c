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

#define ID "\"session\":\"00000000000000aa\",\"time\":\"2026-11-24T13:00:00Z\""
#define OPEN                                                                                                 \
    "{\"type\":\"open\"," ID ",\"serial\":1,\"client\":{\"ip\":\"192.0.2.1\",\"port\":1},"                   \
    "\"server\":{\"ip\":\"192.0.2.25\",\"port\":25}}\n"
#define COMMAND "{\"type\":\"command\"," ID ",\"item\":1,\"line\":\"AUTH LOGIN\",\"mechanism\":\"LOGIN\"}\n"
#define CLOSE   "{\"type\":\"close\"," ID "}\n"

static void write_change(void *ctx, const struct session *session, enum session_change change, size_t index)
{
    assert_true(event_write_change(session, change, index, SECRETS_KEEP, ctx));
}

/* A recording of one random session, and the session. */
static struct session *record(uint32_t seed, struct buf *out)
{
    struct follower follower = { out, write_change };
    struct session *session = random_session(seed, &follower);

    assert_true(event_write_close(session, SECRETS_KEEP, out));
    return session;
}

/* What an analyzer relies on, whatever a recording says. */
static void check_invariants(const struct session *session)
{
    uint32_t commands = 0;

    assert_int_equal(strlen(session->id), 16);
    for (size_t i = 0; i < session->item_count; i++) {
        const struct item *item = &session->items[i];
        if (item->kind == ITEM_GREETING || item->kind == ITEM_REPLY)
            assert_non_null(item->reply);
        if (item->reply)
            assert_in_range(item->reply->code, 100, 699);
        for (uint32_t k = 0; k < item->more_count; k++)
            assert_non_null(item->more_replies[k]);
        if (item->kind == ITEM_COMMAND) {
            assert_int_equal(item->as.command.n, ++commands);
            assert_ptr_equal(session_command(session, commands), item);
        }
        if (item->kind == ITEM_CONTENT) {
            assert_in_range(item->as.content.message, 0, session->message_count - 1);
            if (item->as.content.command_item != UINT32_MAX)
                assert_int_equal(session->items[item->as.content.command_item].kind, ITEM_COMMAND);
        }
    }
    assert_int_equal(session->command_count, commands);
    for (size_t i = 0; i < session->exchange_count; i++) {
        const struct sasl_exchange *exchange = &session->exchanges[i];
        assert_in_range(exchange->command_item, 0, session->item_count - 1);
        assert_int_equal(session->items[exchange->command_item].kind, ITEM_COMMAND);
        for (size_t k = 0; k < exchange->step_count; k++)
            for (uint32_t f = 0; f < exchange->steps[k].field_count; f++)
                assert_non_null(exchange->steps[k].fields[f].name);
    }
}

static void check_all(const struct collector *collector)
{
    for (size_t i = 0; i < collector->count; i++)
        check_invariants(collector->sessions[i]);
}

/* A heap copy of exact size, so that ASan sees one byte too far. */
static bool feed_exactly(struct collector *collector, struct bytes line)
{
    uint8_t *copy = malloc(line.len ? line.len : 1);

    assert_non_null(copy);
    if (line.len)
        memcpy(copy, line.ptr, line.len);
    bool ok = event_reader_feed(collector->reader, (struct bytes){ copy, line.len }, &collector->last);
    free(copy);
    return ok;
}

static void a_line_torn_anywhere_is_left_out_and_the_others_are_read(void **state)
{
    struct buf recording;
    struct session *session;

    (void)state;
    buf_init(&recording, LIMIT_OUTPUT_LINE);
    session = record(3, &recording);
    for (struct bytes rest = buf_bytes(&recording); rest.len > 0;) {
        size_t lf = bytes_find(rest, '\n');
        struct bytes line = bytes_slice(rest, 0, lf);
        struct collector collector;
        collector_init(&collector, NULL);
        collector_feed(&collector, BYTES(OPEN));
        for (size_t cut = 1; cut < line.len; cut++)
            assert_false(feed_exactly(&collector, bytes_slice(line, 0, cut)));
        assert_int_equal(collector.last.code, ERR_INPUT);
        assert_int_equal(collector.last.at, line.len);
        collector_feed(&collector, BYTES(COMMAND CLOSE));
        assert_int_equal(collector.count, 1);
        assert_int_equal(collector.sessions[0]->command_count, 1);
        collector_release(&collector);
        rest = bytes_from(rest, lf + 1);
    }
    session_free(session);
    buf_release(&recording);
}

static void a_recording_cut_anywhere_yields_what_came_before(void **state)
{
    struct buf recording;

    (void)state;
    buf_init(&recording, LIMIT_OUTPUT_LINE);
    session_free(record(11, &recording));
    for (size_t cut = 0; cut < recording.len; cut += 1 + recording.len / 400) {
        struct collector collector;
        collector_init(&collector, NULL);
        collector_feed(&collector, bytes_slice(buf_bytes(&recording), 0, cut));
        event_reader_finish(collector.reader);
        assert_in_range(collector.count, 0, 1);
        check_all(&collector);
        if (collector.count) {
            assert_true(collector.sessions[0]->is_open);
            assert_int_equal(collector.sessions[0]->closed, CLOSE_END_OF_CAPTURE);
        }
        collector_release(&collector);
    }
    buf_release(&recording);
}

static void flipped_bytes_break_nothing(void **state)
{
    uint64_t state_of_dice = 42;

    (void)state;
    for (uint32_t seed = 0; seed < 400; seed++) {
        struct collector collector;
        struct buf recording;
        buf_init(&recording, LIMIT_OUTPUT_LINE);
        session_free(record(seed % 40, &recording));
        for (unsigned flips = 0; flips < 1 + seed % 20; flips++) {
            state_of_dice = state_of_dice * UINT64_C(6364136223846793005) + 1;
            recording.ptr[(state_of_dice >> 33) % recording.len] = (uint8_t)(state_of_dice >> 25);
        }
        collector_init(&collector, NULL);
        collector_feed(&collector, buf_bytes(&recording));
        event_reader_finish(collector.reader);
        check_all(&collector);
        collector_release(&collector);
        buf_release(&recording);
    }
}

/* Numbers, types and indexes that no recorder writes, put in place of those that one did. */
static void every_value_may_be_replaced_by_a_hostile_one(void **state)
{
    static const char *const hostile[] = { "-1",
                                           "0",
                                           "9223372036854775807",
                                           "4294967296",
                                           "1e300",
                                           "null",
                                           "true",
                                           "\"\"",
                                           "[]",
                                           "{}",
                                           "[[{}]]",
                                           "{\"redacted\":true,\"length\":-5}",
                                           "{\"base64\":\"!\"}",
                                           "\"\\u0000\"" };
    struct buf recording;
    size_t tried = 0;

    (void)state;
    buf_init(&recording, LIMIT_OUTPUT_LINE);
    session_free(record(3, &recording));
    for (size_t at = 0; at + 1 < recording.len; at++) {
        if (recording.ptr[at] != ':' || recording.ptr[at - 1] != '"')
            continue;
        struct bytes tail = bytes_from(buf_bytes(&recording), at + 1);
        size_t end = 0;
        while (end < tail.len && tail.ptr[end] != ',' && tail.ptr[end] != '}' && tail.ptr[end] != '\n')
            end++;
        struct collector collector;
        struct buf changed;
        buf_init(&changed, LIMIT_OUTPUT_LINE);
        buf_append(&changed, bytes_slice(buf_bytes(&recording), 0, at + 1));
        buf_append_text(&changed, hostile[tried++ % (sizeof hostile / sizeof hostile[0])]);
        buf_append(&changed, bytes_from(tail, end));
        collector_init(&collector, NULL);
        collector_feed(&collector, buf_bytes(&changed));
        event_reader_finish(collector.reader);
        check_all(&collector);
        collector_release(&collector);
        buf_release(&changed);
    }
    assert_true(tried > 200);
    buf_release(&recording);
}

/* Lines between OPEN, COMMAND and CLOSE that must change nothing but the count of those left out. */
static void what_contradicts_is_left_out(void **state)
{
    static const char *const lines[] = {
        "{\"type\":\"reply\"," ID ",\"answers\":99,\"ordinal\":1,\"code\":250,\"text\":[]}",
        "{\"type\":\"reply\"," ID ",\"answers\":0,\"ordinal\":1,\"code\":250}",
        "{\"type\":\"reply\"," ID ",\"answers\":1,\"ordinal\":0,\"code\":250}",
        "{\"type\":\"reply\"," ID ",\"answers\":1,\"ordinal\":4000000000,\"code\":250}",
        "{\"type\":\"reply\"," ID ",\"answers\":1,\"ordinal\":1,\"code\":99}",
        "{\"type\":\"reply\"," ID ",\"answers\":1,\"ordinal\":1,\"code\":1000}",
        "{\"type\":\"greeting\"," ID ",\"item\":1,\"ordinal\":0,\"code\":220}",
        "{\"type\":\"gap\"," ID ",\"item\":1,\"side\":\"client\"}",
        "{\"type\":\"gap\"," ID ",\"item\":2,\"side\":\"none\"}",
        "{\"type\":\"gap\"," ID ",\"item\":1000000,\"side\":\"client\"}",
        "{\"type\":\"gap\"," ID ",\"side\":\"client\"}",
        "{\"type\":\"prelude\"," ID ",\"item\":2,\"kind\":\"none\"}",
        "{\"type\":\"content\"," ID ",\"item\":2}",
        "{\"type\":\"content\"," ID ",\"item\":2,\"message\":4294967295}",
        "{\"type\":\"sasl\"," ID ",\"auth\":2,\"step\":1,\"from\":\"client\"}",
        "{\"type\":\"sasl\"," ID ",\"auth\":1,\"step\":2,\"from\":\"client\"}",
        "{\"type\":\"sasl\"," ID ",\"auth\":1,\"step\":1,\"from\":\"nobody\"}",
        OPEN,
        "{\"type\":\"command\",\"session\":\"00000000000000bb\",\"item\":1,\"line\":\"\"}",
        "{\"type\":\"command\",\"session\":7,\"item\":1,\"line\":\"\"}",
        "{\"type\":\"command\",\"session\":\"00000000000000AA\",\"item\":1}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct collector collector;
        collector_init(&collector, NULL);
        collector_feed(&collector, BYTES(OPEN COMMAND));
        collector_feed(&collector, bytes_of(lines[i]));
        collector_feed(&collector, BYTES(CLOSE));
        if (event_reader_ignored(collector.reader) != 1 || collector.refused || collector.count != 1
            || collector.sessions[0]->item_count != 1 || collector.sessions[0]->reply_count
            || collector.sessions[0]->exchanges[0].step_count)
            fail_msg("%s", lines[i]);
        check_all(&collector);
        collector_release(&collector);
    }
}

static void what_is_no_event_is_refused(void **state)
{
    static const char *const lines[] = { "x", "7",  "\"a\"", "[]", "{}", "{\"type\":7}", "{\"type\":\"\"}",
                                         "{", "{}}" };

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct collector collector;
        collector_init(&collector, NULL);
        assert_false(feed_exactly(&collector, bytes_of(lines[i])));
        assert_int_equal(collector.last.code, ERR_INPUT);
        assert_int_equal(collector.last.at, 1);
        collector_release(&collector);
    }
}

static void messages_do_not_quote_the_line(void **state)
{
    struct collector collector;

    (void)state;
    collector_init(&collector, NULL);
    assert_false(feed_exactly(&collector, BYTES("{\"type\":\"command\",\"line\": hunter2 }")));
    assert_null(strstr(collector.last.text, "hunter2"));
    assert_non_null(strstr(collector.last.text, "line 1"));
    collector_release(&collector);
}

static void unknown_types_and_fields_are_skipped(void **state)
{
    struct collector collector;

    (void)state;
    collector_init(&collector, NULL);
    collector_feed(&collector, BYTES("{\"type\":\"weather\",\"session\":null,\"rain\":[1,2,{\"x\":null}]}\n"
                                     "{\"zzz\":[],\"type\":\"open\",\"x\":{\"ip\":1}," ID
                                     ",\"serial\":1,\"client\":{\"ip\":\"192.0.2.1\",\"port\":1,\"mood\":2},"
                                     "\"server\":{\"ip\":\"192.0.2.25\",\"port\":25}}\n"
                                     "{\"type\":\"weather\"," ID "}\n" COMMAND "{\"type\":\"close\"," ID
                                     ",\"closed\":\"fin\",\"later\":{}}\n"));
    assert_int_equal(collector.refused, 0);
    assert_int_equal(collector.count, 1);
    assert_false(collector.sessions[0]->is_truncated);
    assert_int_equal(collector.sessions[0]->closed, CLOSE_FIN);
    assert_int_equal(collector.sessions[0]->client.port, 1);
    collector_release(&collector);
}

static void a_newer_schema_is_refused_until_the_next_recording(void **state)
{
    struct collector collector;

    (void)state;
    collector_init(&collector, NULL);
    assert_false(feed_exactly(&collector, BYTES("{\"type\":\"recording\",\"schema\":2}")));
    assert_int_equal(collector.last.code, ERR_LIMIT);
    collector_feed(&collector, BYTES(OPEN CLOSE));
    assert_int_equal(collector.last.code, ERR_LIMIT);
    assert_int_equal(collector.count, 0);
    collector_feed(&collector, BYTES("{\"type\":\"recording\",\"schema\":1}\n" OPEN CLOSE));
    assert_int_equal(collector.count, 1);
    collector_release(&collector);
}

static void lost_lines_are_told(void **state)
{
    struct collector collector;

    (void)state;
    collector_init(&collector, NULL);
    collector_feed(&collector, BYTES(OPEN COMMAND "{\"type\":\"close\"," ID ",\"items\":3}\n"));
    assert_int_equal(collector.count, 1);
    assert_true(collector.sessions[0]->is_truncated);
    assert_int_equal(collector.sessions[0]->items_dropped, 2);
    collector_release(&collector);
}

static void commands_out_of_order_are_numbered_in_order(void **state)
{
    struct collector collector;

    (void)state;
    collector_init(&collector, NULL);
    collector_feed(&collector,
                   BYTES(OPEN "{\"type\":\"command\"," ID ",\"item\":3,\"line\":\"QUIT\"}\n"
                              "{\"type\":\"command\"," ID ",\"item\":1,\"line\":\"RSET\"}\n"
                              "{\"type\":\"command\"," ID ",\"item\":1,\"line\":\"NOOP\"}\n" CLOSE));
    assert_int_equal(collector.count, 1);
    check_all(&collector);
    assert_int_equal(session_command(collector.sessions[0], 1)->as.command.verb, VERB_NOOP);
    assert_int_equal(session_command(collector.sessions[0], 2)->as.command.verb, VERB_QUIT);
    assert_true(collector.sessions[0]->is_truncated); /* item 2 never came */
    collector_release(&collector);
}

static void feed_open(struct collector *collector, unsigned id, unsigned serial)
{
    char line[512];
    int len = snprintf(
        line, sizeof line,
        "{\"type\":\"open\",\"session\":\"%016x\",\"time\":\"2026-11-24T13:00:00Z\",\"serial\":%u,"
        "\"client\":{\"ip\":\"192.0.2.1\",\"port\":1},\"server\":{\"ip\":\"192.0.2.2\",\"port\":25}}",
        id, serial);

    assert_true(feed_exactly(collector, (struct bytes){ (const uint8_t *)line, (size_t)len }));
}

static void feed_close(struct collector *collector, unsigned id)
{
    char line[128];
    int len = snprintf(line, sizeof line, "{\"type\":\"close\",\"session\":\"%016x\"}", id);

    assert_true(feed_exactly(collector, (struct bytes){ (const uint8_t *)line, (size_t)len }));
}

static void serials_keep_their_order_and_recordings_do_not_collide(void **state)
{
    struct collector collector;

    (void)state;
    collector_init(&collector, NULL);
    feed_open(&collector, 1, 9);
    feed_open(&collector, 2, 4);
    feed_close(&collector, 1);
    feed_close(&collector, 2);
    assert_true(feed_exactly(&collector, BYTES("{\"type\":\"recording\",\"schema\":1}")));
    feed_open(&collector, 1, 1);
    feed_open(&collector, 3, 0); /* no serial: the next */
    feed_close(&collector, 1);
    event_reader_finish(collector.reader);
    assert_int_equal(collector.count, 4);
    assert_true(collector.sessions[1]->serial < collector.sessions[0]->serial);
    assert_int_equal(collector.sessions[0]->serial - collector.sessions[1]->serial, 5);
    assert_true(collector.sessions[2]->serial > collector.sessions[0]->serial);
    assert_true(collector.sessions[3]->serial > collector.sessions[2]->serial);
    assert_true(collector.reached >= collector.sessions[3]->serial);
    collector_release(&collector);
}

static void what_was_promised_to_be_past_stays_past(void **state)
{
    struct collector collector;

    (void)state;
    collector_init(&collector, NULL);
    feed_open(&collector, 1, 3);
    assert_true(feed_exactly(&collector, BYTES("{\"type\":\"stats\",\"session\":null,\"reached\":5}")));
    uint64_t reached = collector.reached;
    assert_true(reached > 0);
    feed_open(&collector, 2, 2);
    feed_close(&collector, 1);
    feed_close(&collector, 2);
    assert_int_equal(collector.count, 2);
    assert_true(collector.sessions[0]->serial > reached);
    assert_true(collector.sessions[1]->serial > reached);
    collector_release(&collector);
}

static void memory_has_a_ceiling_and_honest_sessions_go_on(void **state)
{
    struct budget budget;
    struct collector collector;

    (void)state;
    budget_init(&budget, 2 * 1024 * 1024);
    collector_init(&collector, &budget);
    for (unsigned id = 1; id < 50000; id++) { /* opened, and never closed */
        feed_open(&collector, id, id);
        assert_true(budget.used_bytes <= budget.limit_bytes + 65536);
        for (size_t i = 0; i < collector.count; i++)
            session_free(collector.sessions[i]);
        collector.count = 0;
    }
    collector_feed(
        &collector,
        BYTES("{\"type\":\"command\",\"session\":\"000000000000c34f\",\"item\":1,\"line\":\"NOOP\"}\n"
              "{\"type\":\"close\",\"session\":\"000000000000c34f\"}\n"));
    assert_int_equal(collector.count, 1);
    assert_int_equal(collector.sessions[0]->command_count, 1);
    assert_false(collector.sessions[0]->is_truncated);
    collector_release(&collector);
    assert_int_equal(budget.used_bytes, 0);
}

static void one_session_does_not_outgrow_the_budget(void **state)
{
    struct budget budget;
    struct collector collector;
    char line[256];

    (void)state;
    budget_init(&budget, 1024 * 1024);
    collector_init(&collector, &budget);
    collector_feed(&collector, BYTES(OPEN));
    for (unsigned i = 1; i < 20000; i++) {
        int len =
            snprintf(line, sizeof line, "{\"type\":\"command\"," ID ",\"item\":%u,\"line\":\"NOOP\"}", i);
        assert_true(feed_exactly(&collector, (struct bytes){ (const uint8_t *)line, (size_t)len }));
    }
    assert_true(budget.used_bytes <= budget.limit_bytes + 65536);
    collector_feed(&collector, BYTES(CLOSE));
    assert_int_equal(collector.count, 1);
    assert_true(collector.sessions[0]->is_truncated);
    assert_true(collector.sessions[0]->items_dropped > 0);
    check_all(&collector);
    collector_release(&collector);
    assert_int_equal(budget.used_bytes, 0);
}

static void a_line_of_too_many_values_is_not_begun(void **state)
{
    struct collector collector;
    struct buf line;

    (void)state;
    buf_init(&line, LIMIT_EVENT_LINE);
    buf_append_text(&line, "{\"type\":\"weather\",\"rain\":[0");
    for (size_t i = 0; i < LIMIT_EVENT_VALUES + 10; i++)
        buf_append_text(&line, ",0");
    buf_append_text(&line, "]}");
    assert_true(line.ok);
    collector_init(&collector, NULL);
    assert_false(feed_exactly(&collector, buf_bytes(&line)));
    assert_int_equal(collector.last.code, ERR_INPUT);
    collector_release(&collector);
    buf_release(&line);
}

/* A follower hears of each item and reply once, however often the recording tells it. */
static void what_is_told_twice_happens_once(void **state)
{
    static const char reply[] =
        "{\"type\":\"reply\"," ID ",\"answers\":1,\"ordinal\":1,\"code\":250,\"text\":[\"a\"]}\n";
    static const char sasl[] = "{\"type\":\"sasl\"," ID ",\"item\":2,\"from\":\"client\",\"length\":9}\n";
    struct collector collector;

    (void)state;
    collector_init(&collector, NULL);
    collector_feed(&collector, BYTES(OPEN COMMAND));
    collector_feed(&collector, bytes_of(reply));
    assert_int_equal(collector.changes, 3);
    collector_feed(&collector, bytes_of(reply));
    assert_int_equal(collector.changes, 3);
    collector_feed(&collector, bytes_of(sasl));
    collector_feed(&collector, BYTES(COMMAND CLOSE));
    assert_int_equal(collector.count, 1);
    assert_int_equal(event_reader_ignored(collector.reader), 0);
    const struct session *session = collector.sessions[0];
    assert_int_equal(session->item_count, 2);
    assert_int_equal(session->command_count, 1);
    assert_int_equal(session->reply_count, 1);
    assert_int_equal(session->exchange_count, 1);
    assert_int_equal(session->items[0].reply->line_count, 1);
    assert_int_equal(session->items[0].more_count, 0);
    assert_int_equal(session->items[1].as.sasl->length, 9);
    assert_true(session->items[1].as.sasl->is_redacted);
    collector_release(&collector);
}

static void a_session_without_its_end_keeps_what_its_beginning_said(void **state)
{
    struct collector collector;

    (void)state;
    collector_init(&collector, NULL);
    collector_feed(&collector,
                   BYTES("{\"type\":\"open\"," ID ",\"serial\":1,\"protocol\":\"lmtp\",\"midstream\":true,"
                         "\"packet\":7,\"input\":2,\"client\":{\"ip\":\"2001:db8::1\",\"port\":1},"
                         "\"server\":{\"ip\":\"192.0.2.25\",\"port\":25}}\n" COMMAND));
    event_reader_finish(collector.reader);
    assert_int_equal(collector.count, 1);
    const struct session *session = collector.sessions[0];
    assert_int_equal(session->protocol, PROTOCOL_LMTP);
    assert_true(session->is_midstream);
    assert_true(session->is_open);
    assert_int_equal(session->first_packet.number, 7);
    assert_int_equal(session->first_packet.input, 2);
    assert_int_equal(session->client.address.family, 6);
    assert_int_equal(session->start_ns, UINT64_C(1795525200000000000));
    assert_int_equal(session->end_ns, session->start_ns);
    assert_int_equal(session->command_count, 1);
    collector_release(&collector);
}

static void repeat(struct buf *line, const char *text, unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
        buf_append_text(line, i ? "," : "");
        buf_append_text(line, text);
    }
}

/* More than a recorder keeps is not kept by a reader either. */
static void lists_have_their_ceilings(void **state)
{
    struct collector collector;
    struct buf line;

    (void)state;
    buf_init(&line, LIMIT_EVENT_LINE);
    collector_init(&collector, NULL);
    collector_feed(&collector, BYTES(OPEN COMMAND));
    buf_append_text(&line, "{\"type\":\"content\"," ID ",\"message\":1,\"facts\":{\"size\":9,\"variants\":[");
    repeat(&line, "{\"kind\":1,\"offset\":2},{\"kind\":14,\"offset\":2}", LIMIT_EOD_VARIANTS);
    buf_append_text(&line, "]}}\n{\"type\":\"reply\"," ID
                           ",\"answers\":1,\"auth\":1,\"ordinal\":1,\"code\":334,\"text\":[");
    repeat(&line, "\"x\"", LIMIT_REPLY_LINES + 3);
    buf_append_text(&line,
                    "]}\n{\"type\":\"sasl\"," ID ",\"auth\":1,\"step\":1,\"from\":\"server\",\"text\":\"\","
                    "\"decoded\":\"\",\"fields\":[");
    repeat(&line, "{\"name\":\"a\",\"value\":\"b\"}", LIMIT_SASL_FIELDS + 5);
    buf_append_text(&line, "]}\n" CLOSE);
    collector_feed(&collector, buf_bytes(&line));
    assert_int_equal(collector.count, 1);
    assert_int_equal(event_reader_ignored(collector.reader), 0);
    const struct session *session = collector.sessions[0];
    assert_int_equal(session->message_count, 1);
    assert_int_equal(session->messages[0].size, 9);
    assert_int_equal(session->messages[0].variant_count, LIMIT_EOD_VARIANTS / 2);
    assert_int_equal(session->items[0].reply->line_count, LIMIT_REPLY_LINES);
    assert_int_equal(session->items[0].reply->lines_dropped, 3);
    assert_int_equal(session->exchanges[0].steps[0].field_count, LIMIT_SASL_FIELDS);
    collector_release(&collector);
    buf_release(&line);
}

static void long_values_are_cut(void **state)
{
    struct collector collector;
    struct buf line;

    (void)state;
    buf_init(&line, LIMIT_EVENT_LINE);
    collector_init(&collector, NULL);
    collector_feed(&collector, BYTES(OPEN));
    buf_append_text(&line, "{\"type\":\"command\"," ID ",\"item\":1,\"line\":\"");
    for (unsigned i = 0; i < LIMIT_LINE + 5; i++)
        buf_append_u8(&line, 'x');
    buf_append_text(&line, "\"}\n" CLOSE);
    collector_feed(&collector, buf_bytes(&line));
    assert_int_equal(collector.count, 1);
    assert_int_equal(collector.sessions[0]->items[0].as.command.line.len, LIMIT_LINE);
    assert_int_equal(collector.sessions[0]->items[0].as.command.line_length, LIMIT_LINE + 5);
    collector_release(&collector);
    buf_release(&line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_torn_anywhere_is_left_out_and_the_others_are_read),
        cmocka_unit_test(a_recording_cut_anywhere_yields_what_came_before),
        cmocka_unit_test(flipped_bytes_break_nothing),
        cmocka_unit_test(every_value_may_be_replaced_by_a_hostile_one),
        cmocka_unit_test(what_contradicts_is_left_out),
        cmocka_unit_test(what_is_no_event_is_refused),
        cmocka_unit_test(messages_do_not_quote_the_line),
        cmocka_unit_test(unknown_types_and_fields_are_skipped),
        cmocka_unit_test(a_newer_schema_is_refused_until_the_next_recording),
        cmocka_unit_test(lost_lines_are_told),
        cmocka_unit_test(what_is_told_twice_happens_once),
        cmocka_unit_test(a_session_without_its_end_keeps_what_its_beginning_said),
        cmocka_unit_test(lists_have_their_ceilings),
        cmocka_unit_test(long_values_are_cut),
        cmocka_unit_test(commands_out_of_order_are_numbered_in_order),
        cmocka_unit_test(serials_keep_their_order_and_recordings_do_not_collide),
        cmocka_unit_test(what_was_promised_to_be_past_stays_past),
        cmocka_unit_test(memory_has_a_ceiling_and_honest_sessions_go_on),
        cmocka_unit_test(one_session_does_not_outgrow_the_budget),
        cmocka_unit_test(a_line_of_too_many_values_is_not_begun),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
