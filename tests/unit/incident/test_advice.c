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
        struct advice advice = advice_of((enum rule_id)i, FAULT_NONE, REASON_NONE);
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
        struct advice advice = advice_of((enum rule_id)i, FAULT_NONE, REASON_NONE);
        assert_false(bytes_equal(advice.client, advice.postmaster)
                     && bytes_find_nocase(advice.client, BYTES("Nothing to change")) == SIZE_MAX);
    }
}

static void what_is_known_narrows_the_advice(void **state)
{
    (void)state;
    struct advice wide = advice_of(RULE_MESSAGE_REFUSED, FAULT_POLICY, REASON_NONE);
    for (unsigned i = REASON_NONE + 1; i < REASON_COUNT; i++) {
        const struct reason *reason = reason_of((enum refusal_reason)i);
        if (!advice_needs_reason(reason->command_rule) && !advice_needs_reason(reason->content_rule))
            continue; /* the finding itself is the reason */
        struct advice narrow = advice_of(RULE_MESSAGE_REFUSED, FAULT_POLICY, (enum refusal_reason)i);
        if (i != REASON_RECIPIENTS_LIMIT)
            assert_false(bytes_equal(narrow.client, wide.client));
    }
    assert_false(bytes_equal(advice_of(RULE_TIMEOUT, FAULT_CLIENT, REASON_NONE).client,
                             advice_of(RULE_TIMEOUT, FAULT_SERVER, REASON_NONE).client));
    assert_true(bytes_equal(advice_of(RULE_NESTED_MAIL, FAULT_CLIENT, REASON_SPAM).client,
                            advice_of(RULE_NESTED_MAIL, FAULT_NONE, REASON_NONE).client));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_sides_are_told),
        cmocka_unit_test(nobody_is_told_the_same_twice),
        cmocka_unit_test(what_is_known_narrows_the_advice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
