/* Each finding has something to say to both sides. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "incident/advice.h"

static void both_sides_are_told(void **state)
{
    (void)state;
    for (unsigned i = RULE_NONE + 1; i < RULE_COUNT; i++) {
        struct advice advice = advice_of((enum rule_id)i);
        assert_true(advice.client.len > 5);
        assert_true(advice.postmaster.len > 5);
        assert_false(bytes_starts_nocase(advice.client, BYTES("Client:")));
        assert_false(bytes_starts_nocase(advice.postmaster, BYTES("Postmaster of the server:")));
    }
}

static void nobody_is_told_the_same_twice(void **state)
{
    (void)state;
    for (unsigned i = RULE_NONE + 1; i < RULE_COUNT; i++) {
        struct advice advice = advice_of((enum rule_id)i);
        assert_false(bytes_equal(advice.client, advice.postmaster)
                     && bytes_find_nocase(advice.client, BYTES("Nothing to change")) == SIZE_MAX);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_sides_are_told),
        cmocka_unit_test(nobody_is_told_the_same_twice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
