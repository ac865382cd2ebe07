/* Facts of the path and of the end, from segments that are put together here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tcp/flow_table.h"

#define SECOND UINT64_C(1000000000)

enum { CLIENT = 0, SERVER = 1, FULL_SEGMENT = 1448 };

struct watch {
    struct flow_table *table;
    struct flow_info ended;
    bool is_ended;
    uint64_t now_ns;
    uint32_t next[2]; /* sequence numbers */
};

static enum flow_interest want(void *ctx, struct flow_info *flow, int from, const struct segment *segment,
                               int64_t offset)
{
    (void)offset;
    (void)ctx;
    (void)flow;
    (void)from;
    (void)segment;
    return FLOW_WANTED;
}

static void take(void *ctx, struct flow_info *flow, int from, const struct stream_chunk *chunk)
{
    (void)ctx;
    (void)flow;
    (void)from;
    (void)chunk;
}

static void take_hole(void *ctx, struct flow_info *flow, int from, const struct stream_hole *hole)
{
    (void)ctx;
    (void)flow;
    (void)from;
    (void)hole;
}

static void end(void *ctx, struct flow_info *flow, enum flow_interest interest)
{
    struct watch *watch = ctx;

    (void)interest;
    if (flow->end[CLIENT].port != 40000)
        return;
    watch->ended = *flow;
    watch->is_ended = true;
}

/* What is 0 is as usual. */
struct sent {
    int from;
    uint8_t flags;
    size_t len;
    bool has_zero_window;
    uint8_t hop_limit;
    bool is_repeat; /* the sequence number does not move */
    uint64_t after_ns;
};

static void send(struct watch *watch, struct sent sent)
{
    static uint8_t bytes[FULL_SEGMENT];
    uint8_t ip[20] = { 0x45, [8] = sent.hop_limit ? sent.hop_limit : 60 };
    uint8_t ends[2][4] = { { 10, 0, 0, 1 }, { 10, 0, 0, 2 } };
    struct segment segment = { .source = { .family = 4 },
                               .destination = { .family = 4 },
                               .source_port = sent.from == CLIENT ? 40000 : 25,
                               .destination_port = sent.from == CLIENT ? 25 : 40000,
                               .seq = watch->next[sent.from],
                               .ack = watch->next[!sent.from],
                               .flags = sent.flags ? sent.flags : TCP_ACK,
                               .window = sent.has_zero_window ? 0 : 500,
                               .payload = { bytes, sent.len },
                               .ip_packet = { ip, sizeof ip },
                               .number = 1 };

    memcpy(segment.source.bytes, ends[sent.from], 4);
    memcpy(segment.destination.bytes, ends[!sent.from], 4);
    watch->now_ns += sent.after_ns ? sent.after_ns : 1000000;
    segment.time_ns = watch->now_ns;
    flow_table_feed(watch->table, &segment, 1);
    if (!sent.is_repeat)
        watch->next[sent.from] += (uint32_t)sent.len + (sent.flags & (TCP_SYN | TCP_FIN) ? 1 : 0);
}

#define SEND(...) send(&watch, (struct sent){ __VA_ARGS__ })

static struct watch begin(void)
{
    struct watch watch = { .now_ns = 1000 * SECOND, .next = { 1000, 9000 } };

    return watch;
}

static void open_table(struct watch *watch)
{
    struct flow_handler handler = {
        .ctx = watch, .classify = want, .data = take, .hole = take_hole, .ended = end
    };

    watch->table = flow_table_new(&handler, NULL, NULL);
    assert_non_null(watch->table);
    send(watch, (struct sent){ .from = CLIENT, .flags = TCP_SYN });
    send(watch, (struct sent){ .from = SERVER, .flags = TCP_SYN | TCP_ACK });
    send(watch, (struct sent){ .from = CLIENT });
    send(watch, (struct sent){ .from = SERVER, .len = 20 });
    send(watch, (struct sent){ .from = CLIENT, .len = 30 });
}

static const struct flow_side_facts *finish(struct watch *watch, int side)
{
    flow_table_finish(watch->table);
    assert_true(watch->is_ended);
    flow_table_free(watch->table);
    return &watch->ended.side[side];
}

static void large_segments_that_are_never_acknowledged_are_noted(void **state)
{
    struct watch watch = begin();

    (void)state;
    open_table(&watch);
    SEND(.from = SERVER, .len = 8); /* acknowledges the small one */
    uint64_t since_ns = watch.now_ns + 1000000;
    uint32_t acknowledged = watch.next[CLIENT];
    SEND(.from = CLIENT, .len = FULL_SEGMENT);
    for (unsigned i = 0; i < 4; i++) {
        watch.next[CLIENT] = acknowledged;
        SEND(.from = CLIENT, .len = FULL_SEGMENT, .after_ns = SECOND << i);
    }
    watch.next[CLIENT] = acknowledged; /* what the server acknowledges */
    SEND(.from = SERVER);
    const struct flow_side_facts *client = finish(&watch, CLIENT);
    assert_int_equal(client->unacked_bytes, FULL_SEGMENT);
    assert_int_equal(client->unacked_since_ns, since_ns);
    assert_int_equal(client->unacked_repeats, 4);
    assert_int_equal(client->repeat_length, FULL_SEGMENT);
    assert_false(client->is_large_acked);
}

static void what_was_acknowledged_is_not_open(void **state)
{
    struct watch watch = begin();

    (void)state;
    open_table(&watch);
    SEND(.from = CLIENT, .len = FULL_SEGMENT);
    SEND(.from = CLIENT, .len = FULL_SEGMENT, .is_repeat = true); /* sent for another reason */
    SEND(.from = SERVER);
    const struct flow_side_facts *client = finish(&watch, CLIENT);
    assert_true(client->is_large_acked);
    assert_int_equal(client->unacked_repeats, 0);
}

static void a_span_of_zero_windows_ends_with_the_first_open_one(void **state)
{
    struct watch watch = begin();

    (void)state;
    open_table(&watch);
    SEND(.from = SERVER, .has_zero_window = true);
    SEND(.from = SERVER);
    SEND(.from = SERVER, .has_zero_window = true, .after_ns = SECOND);
    uint64_t since_ns = watch.now_ns;
    SEND(.from = SERVER, .has_zero_window = true, .after_ns = 20 * SECOND);
    const struct flow_side_facts *server = finish(&watch, SERVER);
    assert_int_equal(server->zero_windows, 3);
    assert_int_equal(server->zero_since_ns, since_ns);
    assert_int_equal(server->zero_last_ns, since_ns + 20 * SECOND);
    assert_true(server->is_window_zero);
}

static void a_window_that_opened_is_open(void **state)
{
    struct watch watch = begin();

    (void)state;
    open_table(&watch);
    SEND(.from = SERVER, .has_zero_window = true);
    SEND(.from = SERVER);
    assert_false(finish(&watch, SERVER)->is_window_zero);
}

static void a_reset_is_held_against_its_side(void **state)
{
    struct watch watch = begin();

    (void)state;
    open_table(&watch);
    SEND(.from = SERVER, .len = 8, .hop_limit = 59);
    SEND(.from = SERVER, .flags = TCP_RST, .hop_limit = 250);
    SEND(.from = SERVER, .len = 8, .hop_limit = 58); /* it knows of no reset */
    const struct flow_side_facts *server = finish(&watch, SERVER);
    assert_int_equal(watch.ended.close, FLOW_CLOSE_RESET);
    assert_int_equal(server->hop_limit_low, 58);
    assert_int_equal(server->hop_limit_high, 60);
    assert_int_equal(server->reset_hop_limit, 250);
    assert_int_equal(server->segments_after_reset, 1);
    assert_int_equal(server->reset_off_by, 8);
    assert_int_equal(watch.ended.side[CLIENT].reset_ns, 0);
}

/* A RST that overtook what was sent before it. */
static void segments_reordered_around_a_reset_are_no_sign_of_another(void **state)
{
    struct watch watch = begin();

    (void)state;
    open_table(&watch);
    uint32_t before = watch.next[SERVER];
    watch.next[SERVER] += 8;
    SEND(.from = SERVER, .flags = TCP_RST);
    watch.next[SERVER] = before;
    SEND(.from = SERVER, .len = 8);
    const struct flow_side_facts *server = finish(&watch, SERVER);
    assert_int_equal(server->segments_after_reset, 0);
    assert_int_equal(server->reset_off_by, 0);
    assert_true(server->reset_ns > 0);
}

/* Nobody sends a FIN behind a RST: it came first, where its sequence number does. */
static void a_fin_that_a_reset_has_overtaken_came_before_it(void **state)
{
    (void)state;
    for (uint32_t is_behind = 0; is_behind < 2; is_behind++) {
        struct watch watch = begin();
        open_table(&watch);
        uint32_t before = watch.next[SERVER];
        watch.next[SERVER] += is_behind;
        SEND(.from = SERVER, .flags = TCP_RST);
        watch.next[SERVER] = before;
        SEND(.from = SERVER, .flags = TCP_FIN);
        const struct flow_side_facts *server = finish(&watch, SERVER);
        assert_int_equal(server->fin_ns <= server->reset_ns, is_behind);
    }
}

/* The client's acknowledgment of it says where the server begins, however late it comes. */
static void a_syn_ack_that_data_have_overtaken_takes_nothing_away(void **state)
{
    struct watch watch = begin();
    struct flow_handler handler = {
        .ctx = &watch, .classify = want, .data = take, .hole = take_hole, .ended = end
    };

    (void)state;
    watch.table = flow_table_new(&handler, NULL, NULL);
    assert_non_null(watch.table);
    uint32_t first = watch.next[SERVER];
    SEND(.from = CLIENT, .flags = TCP_SYN);
    watch.next[SERVER] = first + 1;
    SEND(.from = CLIENT);
    watch.next[SERVER] = first + 21;
    SEND(.from = CLIENT, .len = 30);
    watch.next[SERVER] = first + 1;
    SEND(.from = SERVER, .len = 20);
    watch.next[SERVER] = first;
    SEND(.from = SERVER, .flags = TCP_SYN | TCP_ACK);
    const struct flow_side_facts *server = finish(&watch, SERVER);
    assert_int_equal(server->retransmitted_bytes, 0);
    assert_true(server->saw_syn);
}

/* Silence is what other packets show to have passed, and a capture that paused shows nothing. */
static void silence_is_measured_by_what_else_was_captured(void **state)
{
    (void)state;
    for (int pauses = 0; pauses < 2; pauses++) {
        struct watch watch = begin();
        open_table(&watch);
        uint64_t last_ns = watch.now_ns;
        for (unsigned i = 0; i < 10; i++) {
            struct segment other = { .source = { .family = 4, .bytes = { 10, 9 } },
                                     .destination = { .family = 4, .bytes = { 10, 8 } },
                                     .source_port = (uint16_t)(1000 + i),
                                     .destination_port = 80,
                                     .flags = TCP_SYN };
            watch.now_ns += (pauses && i == 5 ? 500 : 30) * SECOND;
            other.time_ns = watch.now_ns;
            flow_table_feed(watch.table, &other, 1);
        }
        flow_table_finish(watch.table);
        assert_int_equal(watch.ended.last_ns, last_ns);
        assert_int_equal(watch.ended.silent_ns, pauses ? 0 : watch.now_ns - last_ns);
        flow_table_free(watch.table);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(large_segments_that_are_never_acknowledged_are_noted),
        cmocka_unit_test(what_was_acknowledged_is_not_open),
        cmocka_unit_test(a_span_of_zero_windows_ends_with_the_first_open_one),
        cmocka_unit_test(a_window_that_opened_is_open),
        cmocka_unit_test(a_reset_is_held_against_its_side),
        cmocka_unit_test(segments_reordered_around_a_reset_are_no_sign_of_another),
        cmocka_unit_test(a_fin_that_a_reset_has_overtaken_came_before_it),
        cmocka_unit_test(a_syn_ack_that_data_have_overtaken_takes_nothing_away),
        cmocka_unit_test(silence_is_measured_by_what_else_was_captured),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
