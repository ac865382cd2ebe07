/* Counting texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/limits.h"
#include "incident/tally.h"

static void add_numbered(struct tally *tally, struct arena *arena, unsigned from, unsigned to)
{
    char text[16];

    for (unsigned i = from; i < to; i++) {
        int len = snprintf(text, sizeof text, "name%u", i);
        tally_add(tally, arena, (struct bytes){ (const uint8_t *)text, (size_t)len });
    }
}

static void it_keeps_the_first_and_counts_the_different_ones(void **state)
{
    struct tally tally = { 0 };
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, LIMIT_INCIDENT_BYTES);
    add_numbered(&tally, &arena, 0, 100);
    add_numbered(&tally, &arena, 0, 2);
    tally_add(&tally, &arena, (struct bytes){ NULL, 0 });
    assert_int_equal(tally.kept_count, TALLY_KEPT);
    assert_true(bytes_equal(tally.kept[1].text, BYTES("name1")));
    assert_int_equal(tally.kept[1].count, 2);
    assert_int_equal(tally_distinct(&tally), 100);
    assert_int_equal(tally.total, 102);
    assert_false(tally.is_full);
    tally_release(&tally);
    arena_release(&arena);
}

static void it_takes_no_more_memory_at_its_ceiling(void **state)
{
    struct tally tally = { 0 };
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, LIMIT_INCIDENT_BYTES);
    add_numbered(&tally, &arena, 0, 5 * LIMIT_TALLY);
    assert_true(tally.is_full);
    assert_in_range(tally_distinct(&tally), LIMIT_TALLY, LIMIT_TALLY + 1);
    assert_in_range(tally.seen_cap, LIMIT_TALLY, 4 * LIMIT_TALLY);
    tally_release(&tally);
    arena_release(&arena);
}

static void merging_counts_what_is_in_both_once(void **state)
{
    struct tally a = { 0 }, b = { 0 };
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, LIMIT_INCIDENT_BYTES);
    add_numbered(&a, &arena, 0, 20);
    add_numbered(&b, &arena, 10, 40);
    tally_merge(&a, &arena, &b);
    assert_int_equal(tally_distinct(&a), 40);
    assert_int_equal(a.total, 50);
    tally_release(&a);
    tally_release(&b);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_keeps_the_first_and_counts_the_different_ones),
        cmocka_unit_test(it_takes_no_more_memory_at_its_ceiling),
        cmocka_unit_test(merging_counts_what_is_in_both_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
