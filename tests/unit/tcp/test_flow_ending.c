/* How long a connection is kept that both sides have closed, where the capture lacks bytes of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/timestamp.h"
#include "tcp/flow_table.h"

enum { CLIENT = 0, SERVER = 1 };

struct seen {
    unsigned ended;
    enum flow_close close;
    int closed_by;
    uint64_t bytes[2];
    uint64_t missing[2];
};

static enum flow_interest classify(void *ctx, struct flow_info *flow, int from, const struct segment *segment,
                                   int64_t offset)
{
    (void)offset;
    (void)ctx;
    (void)flow;
    (void)from;
    (void)segment;
    return FLOW_WANTED;
}

static void take_data(void *ctx, struct flow_info *flow, int from, const struct stream_chunk *chunk)
{
    struct seen *seen = ctx;

    (void)flow;
    seen->bytes[from] += chunk->data.len;
}

static void take_hole(void *ctx, struct flow_info *flow, int from, const struct stream_hole *hole)
{
    struct seen *seen = ctx;

    (void)flow;
    seen->missing[from] += hole->length;
}

static void take_end(void *ctx, struct flow_info *flow, enum flow_interest interest)
{
    struct seen *seen = ctx;

    (void)interest;
    seen->ended++;
    seen->close = flow->close;
    seen->closed_by = flow->closed_by;
}

/* Port 4000 is the client; another connection's SYN only lets time pass. */
static void feed(struct flow_table *table, uint64_t time_ms, int from, uint8_t flags, uint32_t seq,
                 uint32_t ack, const char *text)
{
    static uint64_t number;
    struct segment segment = { .source = { .family = 4, .bytes = { 192, 0, 2, (uint8_t)(1 + from) } },
                               .destination = { .family = 4, .bytes = { 192, 0, 2, (uint8_t)(2 - from) } },
                               .source_port = from == CLIENT ? 4000 : 25,
                               .destination_port = from == CLIENT ? 25 : 4000,
                               .seq = seq,
                               .ack = ack,
                               .flags = flags,
                               .window = 1000,
                               .payload = bytes_of(text),
                               .time_ns = time_ms * NS_PER_MS,
                               .number = ++number };

    flow_table_feed(table, &segment, 1);
}

static void pass_time(struct flow_table *table, uint64_t time_ms)
{
    struct segment segment = { .source = { .family = 4, .bytes = { 198, 51, 100, 1 } },
                               .destination = { .family = 4, .bytes = { 198, 51, 100, 2 } },
                               .source_port = 5000,
                               .destination_port = 443,
                               .flags = TCP_SYN,
                               .time_ns = time_ms * NS_PER_MS };

    flow_table_feed(table, &segment, 1);
}

static struct flow_table *connected(struct seen *seen)
{
    struct flow_handler handler = {
        .ctx = seen, .classify = classify, .data = take_data, .hole = take_hole, .ended = take_end
    };
    struct err err;
    struct flow_table *table = flow_table_new(&handler, NULL, &err);

    assert_non_null(table);
    feed(table, 1000, CLIENT, TCP_SYN, 99, 0, NULL);
    feed(table, 1001, SERVER, TCP_SYN | TCP_ACK, 199, 100, NULL);
    return table;
}

/* The client's second line, five octets from 105 on, is not in the capture. */
static struct flow_table *closed_with_a_hole(struct seen *seen, uint32_t last_ack)
{
    struct flow_table *table = connected(seen);

    feed(table, 1002, CLIENT, TCP_ACK, 100, 200, "one\r\n");
    feed(table, 1003, CLIENT, TCP_ACK, 110, 200, "three\r\n");
    feed(table, 1004, CLIENT, TCP_ACK | TCP_FIN, 117, 200, NULL);
    feed(table, 1005, SERVER, TCP_ACK | TCP_FIN, 200, last_ack, NULL);
    feed(table, 1006, CLIENT, TCP_ACK, 118, 201, NULL);
    return table;
}

static void it_ends_a_moment_after_both_fins_if_all_was_acknowledged(void **state)
{
    struct seen seen = { .ended = 0 };
    struct flow_table *table = closed_with_a_hole(&seen, 118);

    (void)state;
    pass_time(table, 1090);
    assert_int_equal(seen.ended, 0); /* what is missing may have been reordered */
    pass_time(table, 1200);
    assert_int_equal(seen.ended, 1);
    assert_int_equal(seen.close, FLOW_CLOSE_FIN);
    assert_int_equal(seen.closed_by, CLIENT);
    assert_int_equal(seen.bytes[CLIENT], 12);
    assert_int_equal(seen.missing[CLIENT], 5);
    feed(table, 1300, CLIENT, TCP_ACK, 105, 200, "two\r\n"); /* begins no connection */
    flow_table_finish(table);
    assert_int_equal(seen.bytes[CLIENT], 12);
    assert_int_equal(flow_table_counters(table)->connections, 2);
    flow_table_free(table);
}

static void what_comes_in_time_fills_the_hole(void **state)
{
    struct seen seen = { .ended = 0 };
    struct flow_table *table = closed_with_a_hole(&seen, 118);

    (void)state;
    pass_time(table, 1090);
    feed(table, 1095, CLIENT, TCP_ACK, 105, 200, "two\r\n");
    assert_int_equal(seen.ended, 1);
    assert_int_equal(seen.bytes[CLIENT], 17);
    assert_int_equal(seen.missing[CLIENT], 0);
    flow_table_finish(table);
    flow_table_free(table);
}

static void what_the_peer_lacks_too_is_waited_for(void **state)
{
    struct seen seen = { .ended = 0 };
    struct flow_table *table = closed_with_a_hole(&seen, 105);

    (void)state;
    pass_time(table, 30000);
    assert_int_equal(seen.ended, 0);
    feed(table, 31000, CLIENT, TCP_ACK, 105, 201, "two\r\n"); /* sent again, and then acknowledged */
    feed(table, 31001, SERVER, TCP_ACK, 201, 118, NULL);
    assert_int_equal(seen.ended, 1);
    assert_int_equal(seen.bytes[CLIENT], 17);
    assert_int_equal(seen.missing[CLIENT], 0);
    flow_table_finish(table);
    flow_table_free(table);
}

/* The server's FIN is not in the capture; the client's acknowledgment of it is, or is not. */
static struct flow_table *closed_without_a_fin(struct seen *seen, uint32_t last_ack)
{
    struct flow_table *table = connected(seen);

    feed(table, 1002, CLIENT, TCP_ACK, 100, 200, "QUIT\r\n");
    feed(table, 1003, SERVER, TCP_ACK, 200, 106, "221\r\n");
    feed(table, 1004, CLIENT, TCP_ACK | TCP_FIN, 106, 205, NULL);
    feed(table, 1005, SERVER, TCP_ACK, 205, 107, NULL);
    feed(table, 1006, CLIENT, TCP_ACK, 107, last_ack, NULL);
    return table;
}

static void a_fin_that_was_acknowledged_need_not_be_seen(void **state)
{
    struct seen seen = { .ended = 0 };
    struct flow_table *table = closed_without_a_fin(&seen, 206);

    (void)state;
    pass_time(table, 1090);
    assert_int_equal(seen.ended, 0); /* it may have been reordered */
    pass_time(table, 1200);
    assert_int_equal(seen.ended, 1);
    assert_int_equal(seen.close, FLOW_CLOSE_FIN);
    assert_int_equal(seen.closed_by, CLIENT);
    assert_int_equal(seen.missing[SERVER], 0);
    flow_table_free(table);
}

static void a_side_that_has_not_closed_is_waited_for(void **state)
{
    struct seen seen = { .ended = 0 };
    struct flow_table *table = closed_without_a_fin(&seen, 205);

    (void)state;
    pass_time(table, 60000);
    assert_int_equal(seen.ended, 0);
    feed(table, 61000, SERVER, TCP_ACK, 205, 107, "250\r\n");
    assert_int_equal(seen.bytes[SERVER], 10);
    assert_int_equal(seen.ended, 0);
    flow_table_finish(table);
    flow_table_free(table);
}

/* The client's line feed at 103 is not in the capture, unless what was acknowledged there was its FIN. */
static void one_octet_for_which_a_reply_waits_is_missing(void **state)
{
    (void)state;
    for (unsigned has_reply = 0; has_reply < 2; has_reply++) {
        struct seen seen = { .ended = 0 };
        struct flow_table *table = connected(&seen);
        feed(table, 1002, CLIENT, TCP_ACK, 100, 200, "one");
        feed(table, 1003, SERVER, TCP_ACK, 200, 104, has_reply ? "250\r\n" : NULL);
        flow_table_finish(table);
        assert_int_equal(seen.missing[CLIENT], has_reply);
        assert_int_equal(seen.bytes[SERVER], has_reply ? 5 : 0);
        flow_table_free(table);
    }
}

/* A RST where it is due tells by what it acknowledges that the other side had said more. */
static void a_reset_shows_what_is_missing(void **state)
{
    static const struct {
        uint32_t seq;
        uint8_t flags;
        uint32_t ack;
        uint64_t missing;
    } rows[] = {
        { 200, TCP_RST | TCP_ACK, 111, 6 }, { 200, TCP_RST | TCP_ACK, 105, 0 }, { 200, TCP_RST, 111, 0 },
        { 201, TCP_RST | TCP_ACK, 111, 0 }, { 200, TCP_RST | TCP_ACK, 104, 0 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct seen seen = { .ended = 0 };
        struct flow_table *table = connected(&seen);
        feed(table, 1002, CLIENT, TCP_ACK, 100, 200, "one\r\n");
        feed(table, 1003, SERVER, rows[i].flags, rows[i].seq, rows[i].ack, NULL);
        flow_table_finish(table);
        assert_int_equal(seen.missing[CLIENT], rows[i].missing);
        flow_table_free(table);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_ends_a_moment_after_both_fins_if_all_was_acknowledged),
        cmocka_unit_test(what_comes_in_time_fills_the_hole),
        cmocka_unit_test(what_the_peer_lacks_too_is_waited_for),
        cmocka_unit_test(a_fin_that_was_acknowledged_need_not_be_seen),
        cmocka_unit_test(a_side_that_has_not_closed_is_waited_for),
        cmocka_unit_test(one_octet_for_which_a_reply_waits_is_missing),
        cmocka_unit_test(a_reset_shows_what_is_missing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
