/* Parameters of MAIL and RCPT: what offers them, and their values. */
#include "smtp/parameter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after the four above */
#include <cmocka.h>

struct example {
    const char *keyword;
    const char *good[5];
    const char *bad[6];
};

/* clang-format off */
static const struct example examples[] = {
    { "SIZE", { "0", "00012", "12345678901234567890" }, { "", "-1", "1k", "123456789012345678901" } },
    { "BODY", { "7bit", "8BITMIME", "BinaryMime" }, { "", "8BIT", "BINARY" } },
    { "SMTPUTF8", { "" }, { "1" } },
    { "AUTH", { "<>", "a@example.org", "e+3Dmc2@example.org" }, { "", "a+b@example.org", "a=b" } },
    { "RET", { "FULL", "hdrs" }, { "", "HEADERS" } },
    { "ENVID", { "QQ314159", "a+2Bb" }, { "", "a+b", "a=b", "a+" } },
    { "NOTIFY", { "NEVER", "success", "SUCCESS,FAILURE,DELAY" }, { "", "NEVER,DELAY", "SUCCESS,", "ALWAYS" } },
    { "ORCPT", { "rfc822;b@example.net", "rfc822;b+2Bc@example.net", "utf-8;b=c" },
      { "", "b@example.net", "rfc822;", ";b", "rfc822;b+c@example.net" } },
    { "REQUIRETLS", { "" }, { "YES" } },
    { "BY", { "120;R", "-5;NT", "0;rt" }, { "", "120", "120;X", ";R", "a;R" } },
    { "HOLDFOR", { "3600" }, { "", "1h" } },
    { "HOLDUNTIL", { "2024-01-01T00:00:00Z" }, { "", "tomorrow", "1704067200" } },
    { "MT-PRIORITY", { "3", "-9", "0" }, { "", "10", "-", "high" } },
    { "SUBMITTER", { "a@example.org" }, { "" } },
    { "MTRK", { "abc:3600" }, { "" } },
    { "RRVS", { "2014-04-03T23:01:00Z", "2014-04-03T23:01:00Z;C" }, { "", "2014" } },
    { "CONPERM", { "" }, { "x" } },
    { "CONNEG", { "", "x" }, { NULL } },
    { "TRANSID", { "<a@b>" }, { "" } },
    { "SOLICIT", { "org.example:ADV" }, { "" } },
    { "XVERP", { "", "+=" }, { NULL } },
    { "PRDR", { "" }, { "x" } },
};
/* clang-format on */

static void every_parameter_accepts_what_its_document_does(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        const struct example *row = &examples[i];
        const struct parameter *parameter = parameter_find(bytes_of(row->keyword));
        assert_non_null(parameter);
        assert_int_equal(parameter_ordinal(parameter), i); /* the table is whole, and in the same order */
        assert_true(parameter->verb == VERB_MAIL || parameter->verb == VERB_RCPT);
        for (size_t k = 0; k < 5 && row->good[k]; k++)
            if (!parameter->accepts(bytes_of(row->good[k])))
                fail_msg("%s=%s is refused", row->keyword, row->good[k]);
        for (size_t k = 0; k < 6 && row->bad[k]; k++)
            if (parameter->accepts(bytes_of(row->bad[k])))
                fail_msg("%s=%s is accepted", row->keyword, row->bad[k]);
    }
    assert_true(sizeof examples / sizeof examples[0] <= 32); /* bits of a set */
}

static void a_parameter_is_found_in_any_case(void **state)
{
    (void)state;
    assert_ptr_equal(parameter_find(BYTES("mt-priority")), parameter_find(BYTES("MT-PRIORITY")));
    assert_null(parameter_find(BYTES("")));
    assert_null(parameter_find(BYTES("SIZ")));
    assert_null(parameter_find(BYTES("SIZES")));
}

static void the_value_of_body_decides_what_offers_it(void **state)
{
    const struct parameter *body = parameter_find(BYTES("BODY"));

    (void)state;
    assert_int_equal(parameter_extension(body, BYTES("8bitmime")), EXTENSION_EIGHTBITMIME);
    assert_int_equal(parameter_extension(body, BYTES("BinaryMime")), EXTENSION_BINARYMIME);
    assert_int_equal(parameter_extension(parameter_find(BYTES("size")), BYTES("1")), EXTENSION_SIZE);
    assert_int_equal(parameter_extension(parameter_find(BYTES("NOTIFY")), BYTES("NEVER")), EXTENSION_DSN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_parameter_accepts_what_its_document_does),
        cmocka_unit_test(a_parameter_is_found_in_any_case),
        cmocka_unit_test(the_value_of_body_decides_what_offers_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
