/* Times as text and back. */
#include "base/timestamp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after the four above */
#include <cmocka.h>

#define DAY (UINT64_C(86400) * NS_PER_SECOND)

static void times_are_written_in_utc_with_nanoseconds(void **state)
{
    (void)state;
    static const struct {
        uint64_t ns;
        const char *text, *seconds;
    } rows[] = {
        { 0, "1970-01-01T00:00:00.000000000Z", "1970-01-01 00:00:00" },
        { UINT64_C(1700000000123456789), "2023-11-14T22:13:20.123456789Z", "2023-11-14 22:13:20" },
        { UINT64_C(951782400) * NS_PER_SECOND, "2000-02-29T00:00:00.000000000Z", "2000-02-29 00:00:00" },
        { UINT64_C(4107542400) * NS_PER_SECOND - 1, "2100-02-28T23:59:59.999999999Z", "2100-02-28 23:59:59" },
        { UINT64_MAX, "2554-07-21T23:34:33.709551615Z", "2554-07-21 23:34:33" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[TIMESTAMP_TEXT];
        uint64_t back = 0;
        assert_int_equal(timestamp_format(rows[i].ns, text), strlen(rows[i].text));
        assert_string_equal(text, rows[i].text);
        if (rows[i].ns != UINT64_MAX) {
            assert_true(timestamp_parse(bytes_of(text), &back));
            assert_int_equal(back, rows[i].ns);
        }
        assert_int_equal(timestamp_format_seconds(rows[i].ns, text), strlen(rows[i].seconds));
        assert_string_equal(text, rows[i].seconds);
    }
}

static void every_day_of_four_centuries_comes_back(void **state)
{
    (void)state;
    for (uint64_t day = 0; day < 146097; day++) {
        char text[TIMESTAMP_TEXT];
        uint64_t back = 1;
        (void)timestamp_format(day * DAY + 1, text);
        assert_true(timestamp_parse(bytes_of(text), &back));
        assert_int_equal(back, day * DAY + 1);
    }
}

static void forms_of_rfc_3339_and_shorter_ones_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t seconds, ns;
    } rows[] = {
        { "1970-01-02", 86400, 0 },
        { "1970-01-01 00:01", 60, 0 },
        { "1970-01-01T00:00:01", 1, 0 },
        { "1970-01-01T00:00:01.5Z", 1, 500000000 },
        { "1970-01-01t00:00:01.1234567899z", 1, 123456789 },
        { "1970-01-01T02:00:00+01:30", 1800, 0 },
        { "1970-01-01T00:00:00-01:00", 3600, 0 },
        { "1970-01-01T00:00:60Z", 60, 0 }, /* a leap second */
    };
    static const char *const wrong[] = {
        "",
        "1970",
        "1970-1-1",
        "1970-13-01",
        "1970-00-01",
        "1970-01-32",
        "1970-01-01T24:00",
        "1970-01-01T00:60",
        "1970-01-01T00:00:61",
        "1970-01-01T00:00:00.",
        "1970-01-01T00:00:00+1",
        "1970-01-01T00:00:00ZZ",
        "1970-01-01x00:00",
        "1969-12-31",
        "9999-01-01",
        "1970-01-01T00:00:00+01:00",
        "-970-01-01",
        "1970-01-01T",
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t out = 0;
        assert_true(timestamp_parse(bytes_of(rows[i].text), &out));
        assert_int_equal(out, rows[i].seconds * NS_PER_SECOND + rows[i].ns);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        uint64_t out = 77;
        print_message("%s\n", wrong[i]);
        assert_false(timestamp_parse(bytes_of(wrong[i]), &out));
        assert_int_equal(out, 77);
    }
}

static void days_that_no_month_has_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = { "2023-02-29", "2024-02-30", "2023-04-31", "2100-02-29",
                                         "2023-11-31" };
    uint64_t out;

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(timestamp_parse(bytes_of(wrong[i]), &out));
    assert_true(timestamp_parse(BYTES("2024-02-29"), &out));
    assert_true(timestamp_parse(BYTES("2000-02-29"), &out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_written_in_utc_with_nanoseconds),
        cmocka_unit_test(every_day_of_four_centuries_comes_back),
        cmocka_unit_test(forms_of_rfc_3339_and_shorter_ones_are_read),
        cmocka_unit_test(days_that_no_month_has_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
