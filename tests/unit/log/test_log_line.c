/* What loggers put in front of a line, and how it comes off. */
#include "log/log_line.h"
#include "log/log_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/timestamp.h"

/* clang-format off */
static const struct stamp_case {
    const char *text, *time; /* NULL: it is none */
    enum log_clock clock;
    bool is_precise;
} stamps[] = {
    { "2026-11-24T04:06:22.586Z x", "2026-11-24T04:06:22.586000000Z", LOG_CLOCK_FULL, true },
    { "2026-11-24 04:02:24\tx", "2026-11-24T04:02:24.000000000Z", LOG_CLOCK_FULL, false },
    { "[2026-11-24 04:02:24] x", "2026-11-24T04:02:24.000000000Z", LOG_CLOCK_FULL, false },
    { "2026/11/24 04:02:24.5 x", "2026-11-24T04:02:24.500000000Z", LOG_CLOCK_FULL, true },
    { "2026-11-24T04:06:22+01:00 x", "2026-11-24T03:06:22.000000000Z", LOG_CLOCK_FULL, false },
    { "2026-11-24T04:06:22,25-0230 x", "2026-11-24T06:36:22.250000000Z", LOG_CLOCK_FULL, true },
    { "2024-02-29 00:00:00 x", "2024-02-29T00:00:00.000000000Z", LOG_CLOCK_FULL, false },
    { "Nov 24 04:06:21 x", "1970-11-24T04:06:21.000000000Z", LOG_CLOCK_OF_YEAR, false },
    { "Nov  4 04:06:21 x", "1970-11-04T04:06:21.000000000Z", LOG_CLOCK_OF_YEAR, false },
    { "Nov 24 2026 04:06:21 x", "2026-11-24T04:06:21.000000000Z", LOG_CLOCK_FULL, false },
    { "04:02:24.857678 x", "1970-01-01T04:02:24.857678000Z", LOG_CLOCK_OF_DAY, true },
    { "1795493199.777175 x", "2026-11-24T04:06:39.777175000Z", LOG_CLOCK_FULL, true },
    { "[2026-11-24 04:02:24]x", "2026-11-24T04:02:24.000000000Z", LOG_CLOCK_FULL, false },
    { "Tue 2026-11-24 04:06:21 CET x", "2026-11-24T03:06:21.000000000Z", LOG_CLOCK_FULL, false },
    { "Tue, 24 Nov 2026 04:06:21 -0500 x", "2026-11-24T09:06:21.000000000Z", LOG_CLOCK_FULL, false },
    { "[Tue Nov 24 04:06:21.5 2026] x", "2026-11-24T04:06:21.500000000Z", LOG_CLOCK_FULL, true },
    { "[24-Nov-2026 04:06:21 UTC] x", "2026-11-24T04:06:21.000000000Z", LOG_CLOCK_FULL, false },
    { "[24/Nov/2026:04:06:21 +0100] x", "2026-11-24T03:06:21.000000000Z", LOG_CLOCK_FULL, false },
    { "220 mx.example ESMTP", NULL, LOG_CLOCK_NONE, false },
    { "2026-13-24 04:02:24 x", NULL, LOG_CLOCK_NONE, false },
    { "24:02:24 x", NULL, LOG_CLOCK_NONE, false },
    { "2026-11-24 04:02:24x", NULL, LOG_CLOCK_NONE, false },
    { "1795493199 x", NULL, LOG_CLOCK_NONE, false },
    { "", NULL, LOG_CLOCK_NONE, false },
};

static const struct line_case {
    const char *raw, *text, *name, *source;
} lines[] = {
    { "Nov 24 04:06:21 mx postfix/smtpd[147]: connect from x", "connect from x", "postfix/smtpd", "mx postfix/smtpd[147]:" },
    { "2026-11-24T04:06:21.5+00:00 mx postfix/smtpd[147]: < x", "< x", "postfix/smtpd", "mx postfix/smtpd[147]:" },
    { "<22>Nov 24 04:06:34 courieresmtpd: started", "started", "courieresmtpd", "courieresmtpd:" },
    { "<22>1 2026-11-24T04:06:21.5Z mx postfix/smtpd 147 - [a b=\"c\"] < x", "< x", "postfix/smtpd", "mx postfix/smtpd 147 " },
    { "<22>1 2026-11-24T04:06:21.5Z mx app 147 - - < x", "< x", "app", "mx app 147 " },
    { "2026-11-24 04:06:21 EHLO UTC x", "EHLO UTC x", "", "" },
    { "04:00:11.505447 reply: b'220'", "reply: b'220'", "", "" },
    { "2026-11-24 04:00:32 C: EHLO x", "C: EHLO x", "", "" },
    { "\x1b[?2004l\r220 mx ESMTP\r\r", "220 mx ESMTP", "", "" },
    { "\x1b]0;title\x07" "EHLO x\r", "EHLO x", "", "" },
    { "  % done\r* Connected\r", "* Connected", "", "" },
    { "EHLX\b \bO x", "EHLO x", "", "" },
    { " -> MAIL FROM:<a@b>", " -> MAIL FROM:<a@b>", "", "" },
    { "", "", "", "" },
};
/* clang-format on */

/* A letter or an offset behind the time, or the seconds of the epoch. */
static bool names_zone(const char *text)
{
    static const char *const signs[] = { "Z x",   "+01:00", "-0230", "-0500",
                                         "+0100", "CET",    "UTC",   "1795493199." };

    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
        if (strstr(text, signs[i]))
            return true;
    return false;
}

static void stamps_of_every_kind_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof stamps / sizeof stamps[0]; i++) {
        struct log_stamp stamp = { 0 };
        char text[TIMESTAMP_TEXT];
        size_t len = log_stamp_parse(bytes_of(stamps[i].text), &stamp);
        if (!stamps[i].time) {
            assert_int_equal(len, 0);
            continue;
        }
        assert_int_equal(stamps[i].text[len], 'x');
        (void)timestamp_format(stamp.time_ns, text);
        assert_string_equal(text, stamps[i].time);
        assert_int_equal(stamp.clock, stamps[i].clock);
        assert_int_equal(stamp.is_precise, stamps[i].is_precise);
        assert_int_equal(stamp.has_zone, names_zone(stamps[i].text));
    }
}

/* In a copy of its exact size, so that a sanitizer sees one octet too far. */
static void a_stamp_cut_anywhere_is_none_or_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof stamps / sizeof stamps[0]; i++)
        for (size_t len = 0; len < strlen(stamps[i].text); len++) {
            struct log_stamp stamp;
            uint8_t *copy = malloc(len ? len : 1);
            memcpy(copy, stamps[i].text, len);
            assert_true(log_stamp_parse((struct bytes){ copy, len }, &stamp) <= len);
            free(copy);
        }
}

static void what_stands_in_front_of_a_line_comes_off(void **state)
{
    struct buf clean;

    (void)state;
    buf_init(&clean, 1024);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct log_line line = { .number = 1 };
        log_line_peel(bytes_of(lines[i].raw), &clean, &line);
        assert_true(bytes_equal(line.text, bytes_of(lines[i].text)));
        assert_true(bytes_equal(line.name, bytes_of(lines[i].name)));
        assert_true(bytes_equal(line.source, bytes_of(lines[i].source)));
        assert_int_equal(line.number, 1);
    }
    buf_release(&clean);
}

static void strings_of_programs_lose_their_quotes(void **state)
{
    static const char *const rows[][2] = {
        { "'a\\r\\n'", "a\r\n" }, { "\"say \\\"x\\\"\"", "say \"x\"" }, { "'\\x41\\\\'", "A\\" }, { "''", "" }
    };
    struct buf out;

    (void)state;
    buf_init(&out, 64);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        buf_clear(&out);
        assert_true(log_text_unquote(bytes_of(rows[i][0]), &out));
        assert_true(bytes_equal(buf_bytes(&out), bytes_of(rows[i][1])));
    }
    buf_clear(&out);
    assert_false(log_text_unquote(BYTES("'no end\\"), &out));
    assert_true(bytes_equal(buf_bytes(&out), BYTES("no end")));
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stamps_of_every_kind_are_read),
        cmocka_unit_test(a_stamp_cut_anywhere_is_none_or_whole),
        cmocka_unit_test(what_stands_in_front_of_a_line_comes_off),
        cmocka_unit_test(strings_of_programs_lose_their_quotes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
