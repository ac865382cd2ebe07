/* Errors are filled on failure, whole or cut, and always false. */
#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after the four above */
#include <cmocka.h>

static void an_error_is_filled_and_false(void **state)
{
    (void)state;
    struct err err = { .code = ERR_NONE };

    assert_false(err_set(&err, ERR_INPUT, 812, "packet %d: %s", 812, "cut short"));
    assert_int_equal(err.code, ERR_INPUT);
    assert_int_equal(err.at, 812);
    assert_string_equal(err.text, "packet 812: cut short");
    assert_false(err_set(NULL, ERR_IO, 0, "nobody wants to know"));
}

static void long_texts_are_cut(void **state)
{
    (void)state;
    struct err err;

    assert_false(err_set(&err, ERR_IO, 0, "%2000d", 1));
    assert_int_equal(err.text[sizeof err.text - 1], '\0');
}

static void every_code_has_a_name(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ERR_CODE_COUNT; i++)
        assert_string_not_equal(err_code_name((enum err_code)i), "unknown");
    assert_string_equal(err_code_name(ERR_CODE_COUNT), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_error_is_filled_and_false),
        cmocka_unit_test(long_texts_are_cut),
        cmocka_unit_test(every_code_has_a_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
