/* The one account of memory. */
#include "base/budget.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after the four above */
#include <cmocka.h>

static void what_is_taken_is_limited_and_comes_back(void **state)
{
    (void)state;
    struct budget budget;

    budget_init(&budget, 100);
    assert_true(budget_take(&budget, 60));
    assert_false(budget_take(&budget, 41));
    assert_true(budget_take(&budget, 40));
    assert_false(budget_take(&budget, 1));
    assert_false(budget_take(&budget, SIZE_MAX));
    budget_give(&budget, 100);
    assert_int_equal(budget.used_bytes, 0);
    assert_int_equal(budget.peak_bytes, 100);
}

static void what_must_go_on_may_exceed_it(void **state)
{
    (void)state;
    struct budget budget;

    budget_init(&budget, 100);
    budget_force(&budget, 150);
    assert_false(budget_take(&budget, 0) && budget_take(&budget, 1));
    assert_int_equal(budget.peak_bytes, 150);
    budget_give(&budget, 200); /* never below nothing */
    assert_int_equal(budget.used_bytes, 0);
}

static void no_budget_is_no_limit(void **state)
{
    (void)state;
    assert_true(budget_take(NULL, SIZE_MAX));
    budget_force(NULL, 1);
    budget_give(NULL, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_taken_is_limited_and_comes_back),
        cmocka_unit_test(what_must_go_on_may_exceed_it),
        cmocka_unit_test(no_budget_is_no_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
