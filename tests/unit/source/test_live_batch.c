#include "source/live_batch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* What was handed out: sizes of the calls, and the packets' numbers with the sum of their octets. */
struct taken {
    size_t calls[64];
    size_t call_count;
    uint64_t numbers[64];
    uint64_t sums[64];
    size_t count;
};

static void take(void *ctx, const struct packet *packets, size_t count)
{
    struct taken *taken = ctx;

    taken->calls[taken->call_count++] = count;
    for (size_t i = 0; i < count; i++) {
        uint64_t sum = 0;
        for (size_t at = 0; at < packets[i].data.len; at++)
            sum += packets[i].data.ptr[at];
        taken->numbers[taken->count] = packets[i].number;
        taken->sums[taken->count++] = sum;
    }
}

/* A packet in memory that is taken back, as a ring's is. */
static void add(struct live_batch *batch, uint64_t number, size_t len, uint8_t octet)
{
    uint8_t *octets = malloc(len ? len : 1);

    assert_non_null(octets);
    memset(octets, octet, len);
    struct packet packet = { .data = { octets, len }, .number = number };
    live_batch_add(batch, &packet);
    memset(octets, 0, len);
    free(octets);
}

static void small_packets_go_together_and_whole(void **state)
{
    static struct live_batch batch;
    struct taken taken = { .count = 0 };

    (void)state;
    batch = (struct live_batch){ .take = take, .ctx = &taken };
    for (unsigned i = 1; i <= LIVE_TOGETHER + 3; i++)
        add(&batch, i, i, (uint8_t)i);
    assert_int_equal(taken.call_count, 1);
    live_batch_flush(&batch);
    live_batch_flush(&batch);
    assert_int_equal(taken.call_count, 2);
    assert_int_equal(taken.calls[0], LIVE_TOGETHER);
    assert_int_equal(taken.calls[1], 3);
    for (unsigned i = 1; i <= LIVE_TOGETHER + 3; i++) {
        assert_int_equal(taken.numbers[i - 1], i);
        assert_int_equal(taken.sums[i - 1], (uint64_t)i * i);
    }
}

static void a_large_packet_goes_by_itself_in_its_turn(void **state)
{
    static struct live_batch batch;
    struct taken taken = { .count = 0 };
    const size_t sizes[] = { 60, LIVE_COPIED_MOST, LIVE_COPIED_MOST + 1, 0, 65536, 1 };

    (void)state;
    batch = (struct live_batch){ .take = take, .ctx = &taken };
    for (unsigned i = 0; i < 6; i++)
        add(&batch, i + 1, sizes[i], 1);
    live_batch_flush(&batch);
    assert_int_equal(taken.count, 6);
    assert_int_equal(taken.call_count, 5);
    assert_int_equal(taken.calls[0], 2);
    for (unsigned i = 0; i < 6; i++) {
        assert_int_equal(taken.numbers[i], i + 1);
        assert_int_equal(taken.sums[i], sizes[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_packets_go_together_and_whole),
        cmocka_unit_test(a_large_packet_goes_by_itself_in_its_turn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
