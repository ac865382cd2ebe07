/* The arguments of MAIL and RCPT, as real clients send them. */
#include "smtp/path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after the four above */
#include <cmocka.h>

#include <stdlib.h>

static const struct {
    const char *argument, *keyword;
    bool is_well_formed, has_brackets, before, after;
    const char *address, *parameters;
} rows[] = {
    { "FROM:<a@b.example>", "FROM", true, true, false, false, "a@b.example", "" },
    { "from:<a@b.example> SIZE=10 BODY=8BITMIME", "FROM", true, true, false, false, "a@b.example",
      "SIZE=10 BODY=8BITMIME" },
    { "FROM:<>", "FROM", true, true, false, false, "", "" },
    { "FROM: <a@b.example>", "FROM", true, true, false, true, "a@b.example", "" },
    { "FROM :<a@b.example>", "FROM", true, true, true, false, "a@b.example", "" },
    { "TO:a@b.example", "TO", true, false, false, false, "a@b.example", "" },
    { "TO:a@b.example NOTIFY=NEVER", "TO", true, false, false, false, "a@b.example", "NOTIFY=NEVER" },
    { "TO:<\"a>b\"@c.example> X", "TO", true, true, false, false, "\"a>b\"@c.example", "X" },
    { "TO:<\"a\\\">b\"@c.example>", "TO", true, true, false, false, "\"a\\\">b\"@c.example", "" },
    { "TO:<\"a@c.example>", "TO", true, true, false, false, "\"a@c.example", "" },
    { "TO:<@x.example,@y.example:a@c.example>", "TO", true, true, false, false,
      "@x.example,@y.example:a@c.example", "" },
    { "TO:<a@c.example", "TO", true, false, false, false, "a@c.example", "" },
    { "TO:<a@c.example>NOTIFY=NEVER", "TO", true, true, false, false, "a@c.example", "NOTIFY=NEVER" },
    { "TO:<", "TO", false, false, false, false, "", "" },
    { "TO:", "TO", false, false, false, false, "", "" },
    { "TO", "TO", false, false, false, false, "", "" },
    { "TO<a@c.example>", "TO", false, false, false, false, "", "" },
    { "FROM:<a@c.example>", "TO", false, false, false, false, "", "" },
    { "", "TO", false, false, false, false, "", "" },
};

static void addresses_are_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t len = strlen(rows[i].argument);
        uint8_t *copy = malloc(len ? len : 1); /* of exact size */
        assert_non_null(copy);
        memcpy(copy, rows[i].argument, len);
        struct envelope_argument out =
            envelope_argument_parse((struct bytes){ copy, len }, bytes_of(rows[i].keyword));
        print_message("%s\n", rows[i].argument);
        assert_int_equal(out.is_well_formed, rows[i].is_well_formed);
        assert_int_equal(out.has_brackets, rows[i].has_brackets);
        assert_int_equal(out.has_space_before_colon, rows[i].before);
        assert_int_equal(out.has_space_after_colon, rows[i].after);
        assert_true(bytes_equal(out.address, bytes_of(rows[i].address)));
        assert_true(bytes_equal(out.parameters, bytes_of(rows[i].parameters)));
        for (size_t cut = 0; cut < len; cut++) /* nothing outside what is there */
            (void)envelope_argument_parse(bytes_from((struct bytes){ copy, len }, len - cut),
                                          bytes_of(rows[i].keyword));
        free(copy);
    }
}

static void parameters_are_walked_in_order(void **state)
{
    (void)state;
    struct bytes all = BYTES(" SIZE=10\tSMTPUTF8  ENVID==x RET= "), keyword, value;
    size_t at = 0;

    assert_true(parameter_next(all, &at, &keyword, &value));
    assert_true(bytes_equal(keyword, BYTES("SIZE")) && bytes_equal(value, BYTES("10")));
    assert_true(parameter_next(all, &at, &keyword, &value));
    assert_true(bytes_equal(keyword, BYTES("SMTPUTF8")) && value.len == 0);
    assert_true(parameter_next(all, &at, &keyword, &value));
    assert_true(bytes_equal(keyword, BYTES("ENVID")) && bytes_equal(value, BYTES("=x")));
    assert_true(parameter_next(all, &at, &keyword, &value));
    assert_true(bytes_equal(keyword, BYTES("RET")) && value.len == 0);
    assert_false(parameter_next(all, &at, &keyword, &value));
    assert_false(parameter_next(all, &at, &keyword, &value));
    at = 0;
    assert_false(parameter_next((struct bytes){ NULL, 0 }, &at, &keyword, &value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_found),
        cmocka_unit_test(parameters_are_walked_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
