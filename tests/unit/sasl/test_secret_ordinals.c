/* Equal secrets, equal numbers. */
#include "exchanges.h"

#include <stdlib.h>

#include "sasl/sasl_rows.h"

static void equal_secrets_have_equal_numbers(void **state)
{
    (void)state;
    struct secret_ordinals *ordinals = secret_ordinals_new(NULL);

    assert_non_null(ordinals);
    assert_int_equal(secret_ordinal(ordinals, BYTES("one")), 1);
    assert_int_equal(secret_ordinal(ordinals, BYTES("two")), 2);
    assert_int_equal(secret_ordinal(ordinals, BYTES("one")), 1);
    assert_int_equal(secret_ordinal(ordinals, BYTES("One")), 3);
    assert_int_equal(secret_ordinal(ordinals, BYTES("one\0")), 4);
    secret_ordinals_free(ordinals);
}

static void beyond_the_ceiling_there_is_no_number(void **state)
{
    (void)state;
    struct secret_ordinals *ordinals = secret_ordinals_new(NULL);
    uint32_t last = 1, i = 0;

    assert_non_null(ordinals);
    for (; last && i < 1000000; i++)
        last = secret_ordinal(ordinals, (struct bytes){ (const uint8_t *)&i, sizeof i });
    assert_int_equal(last, 0);
    i = 0;
    assert_int_equal(secret_ordinal(ordinals, (struct bytes){ (const uint8_t *)&i, sizeof i }), 1);
    secret_ordinals_free(ordinals);
}

static void without_a_table_there_is_none(void **state)
{
    (void)state;
    assert_int_equal(secret_ordinal(NULL, BYTES("one")), 0);
    secret_ordinals_free(NULL);
}

static void the_table_is_on_the_budget(void **state)
{
    (void)state;
    struct budget budget;

    budget_init(&budget, 1 << 20);
    struct secret_ordinals *ordinals = secret_ordinals_new(&budget);
    assert_true(budget.used_bytes > 0);
    secret_ordinals_free(ordinals);
    assert_int_equal(budget.used_bytes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_secrets_have_equal_numbers),
        cmocka_unit_test(beyond_the_ceiling_there_is_no_number),
        cmocka_unit_test(without_a_table_there_is_none),
        cmocka_unit_test(the_table_is_on_the_budget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
