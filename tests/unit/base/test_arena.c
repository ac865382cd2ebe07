/* Memory of one owner. */
#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after the four above */
#include <cmocka.h>

#include <stdalign.h>

static bool is_zero(const uint8_t *memory, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (memory[i])
            return false;
    return true;
}

static void what_is_handed_out_is_zeroed_and_aligned_even_after_reuse(void **state)
{
    (void)state;
    struct arena arena;

    arena_init(&arena, NULL, 1 << 20);
    for (unsigned round = 0; round < 3; round++) {
        for (size_t size = 0; size < 300; size++) {
            struct bytes text = arena_copy(&arena, bytes_slice(BYTES("0123456789"), 0, size % 11));
            uint8_t *memory = arena_alloc(&arena, size);
            assert_non_null(memory);
            assert_int_equal((uintptr_t)memory % alignof(max_align_t), 0);
            assert_true(is_zero(memory, size));
            memset(memory, 0xff, size);
            assert_true(bytes_equal(text, bytes_slice(BYTES("0123456789"), 0, size % 11)));
        }
        arena_clear(&arena);
    }
    arena_release(&arena);
}

static void blocks_do_not_overlap(void **state)
{
    (void)state;
    struct arena arena;
    uint8_t *blocks[200];

    arena_init(&arena, NULL, 1 << 24);
    for (size_t i = 0; i < 200; i++) {
        blocks[i] = arena_alloc(&arena, i * 37 + 1);
        assert_non_null(blocks[i]);
        memset(blocks[i], (int)i, i * 37 + 1);
    }
    for (size_t i = 0; i < 200; i++)
        for (size_t k = 0; k < i * 37 + 1; k++)
            assert_int_equal(blocks[i][k], (uint8_t)i);
    arena_release(&arena);
}

static void the_ceiling_holds_and_is_told(void **state)
{
    (void)state;
    struct arena arena;
    volatile size_t most = SIZE_MAX; /* a compiler that knew it would rightly complain */

    arena_init(&arena, NULL, 10000);
    assert_non_null(arena_alloc(&arena, 4000));
    assert_null(arena_alloc(&arena, 9000));
    assert_true(arena.is_full);
    assert_true(arena.total_bytes <= 10000);
    assert_int_equal(arena_copy(&arena, (struct bytes){ (const uint8_t *)"x", most / 2 }).len, 0);
    arena_clear(&arena);
    assert_false(arena.is_full);
    assert_non_null(arena_alloc(&arena, 4000));
    assert_null(arena_alloc(&arena, most));
    assert_null(arena_alloc_array(&arena, SIZE_MAX / 2, 3));
    arena_release(&arena);
}

static void chunks_are_on_the_budget(void **state)
{
    (void)state;
    struct budget budget;
    struct arena arena;

    budget_init(&budget, 100000);
    arena_init(&arena, &budget, 1 << 20);
    while (arena_alloc(&arena, 1000))
        ;
    assert_true(arena.is_full);
    assert_true(budget.used_bytes <= 100000 && budget.used_bytes > 50000);
    size_t before = budget.used_bytes;
    arena_clear(&arena); /* the first chunk stays */
    assert_true(budget.used_bytes < before && budget.used_bytes >= 4096);
    arena_release(&arena);
    assert_int_equal(budget.used_bytes, 0);
    assert_int_equal(arena.total_bytes, 0);
}

static void arrays_grow_and_keep_what_they_hold(void **state)
{
    (void)state;
    struct arena arena;
    void *array = NULL;
    size_t cap = 0, count = 0;

    arena_init(&arena, NULL, 1 << 16);
    while (arena_grow(&arena, &array, count, &cap, sizeof(uint32_t))) {
        ((uint32_t *)array)[count] = (uint32_t)count;
        count++;
    }
    assert_true(count > 1000);
    assert_int_equal(count, cap); /* refused: everything as it was */
    for (size_t i = 0; i < count; i++)
        assert_int_equal(((uint32_t *)array)[i], i);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_handed_out_is_zeroed_and_aligned_even_after_reuse),
        cmocka_unit_test(blocks_do_not_overlap),
        cmocka_unit_test(the_ceiling_holds_and_is_told),
        cmocka_unit_test(chunks_are_on_the_budget),
        cmocka_unit_test(arrays_grow_and_keep_what_they_hold),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
