/* A histogram whose bins double. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "incident/timeline.h"

#define SECOND UINT64_C(1000000000)

static uint64_t total(const struct timeline *timeline)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < TIMELINE_BINS; i++)
        sum += timeline->count[i];
    return sum;
}

static const uint64_t times[] = { 1700000000, 1700000003, 1699990000, 1700000000, 1700086400,
                                  1700000001, 40000000,   1700000000, 1899999999, 1700000002 };
enum { TIMES = sizeof times / sizeof times[0] };

static void nothing_is_lost_however_far_the_times_are_apart(void **state)
{
    struct timeline timeline = { 0 };

    (void)state;
    for (unsigned i = 0; i < TIMES; i++) {
        timeline_add(&timeline, times[i] * SECOND, 1);
        assert_int_equal(total(&timeline), i + 1);
    }
    timeline_add(&timeline, UINT64_MAX, 5);
    assert_int_equal(total(&timeline), TIMES + 5);
}

static void the_order_does_not_matter(void **state)
{
    struct timeline forward = { 0 }, backward = { 0 }, merged = { 0 }, half = { 0 };

    (void)state;
    for (unsigned i = 0; i < TIMES - 2; i++) {
        timeline_add(&forward, times[i] * SECOND, 1);
        timeline_add(&backward, times[TIMES - 3 - i] * SECOND, 1);
        timeline_add(i % 2 ? &merged : &half, times[i] * SECOND, 1);
    }
    timeline_merge(&merged, &half);
    assert_int_equal(total(&forward), total(&backward));
    assert_int_equal(forward.shift, backward.shift);
    assert_int_equal(total(&merged), total(&forward));
    assert_int_equal(merged.shift, forward.shift);
    for (unsigned i = 0; i < TIMELINE_BINS; i++) /* the first bin may be another one */
        if (forward.count[i])
            assert_int_equal(forward.count[i], backward.count[forward.base + i - backward.base]);
}

static void times_with_a_date_win_over_times_without_one(void **state)
{
    struct timeline timeline = { 0 };
    struct span span = { 0 };

    (void)state;
    timeline_add(&timeline, 0, 1); /* no time at all */
    assert_int_equal(total(&timeline), 0);
    timeline_add(&timeline, 50000 * SECOND, 1);
    timeline_add(&timeline, 1700000000 * SECOND, 2);
    timeline_add(&timeline, 50001 * SECOND, 4);
    assert_int_equal(total(&timeline), 2);
    span_add(&span, 0, 0);
    assert_int_equal(span.last_ns, 0);
    span_add(&span, 50000 * SECOND, 50002 * SECOND);
    span_add(&span, 49999 * SECOND, 50001 * SECOND);
    assert_int_equal(span.first_ns, 49999 * SECOND);
    assert_int_equal(span.last_ns, 50002 * SECOND);
    span_add(&span, 1700000000 * SECOND, 1700000001 * SECOND);
    span_add(&span, 50000 * SECOND, 50002 * SECOND);
    assert_int_equal(span.first_ns, 1700000000 * SECOND);
    assert_int_equal(span.last_ns, 1700000001 * SECOND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost_however_far_the_times_are_apart),
        cmocka_unit_test(the_order_does_not_matter),
        cmocka_unit_test(times_with_a_date_win_over_times_without_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
