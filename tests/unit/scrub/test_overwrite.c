/* What is left of a text when its secrets are gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "scrub/overwrite.h"

static void expect(const char *text, enum scrub_kind kind, const char *left)
{
    char copy[256];
    size_t len = strlen(text);

    memcpy(copy, text, len + 1);
    if (kind == SCRUB_NONE)
        overwrite_names((uint8_t *)copy, len);
    else
        overwrite((uint8_t *)copy, len, kind);
    assert_string_equal(copy, left);
}

static void the_shape_stays(void **state)
{
    (void)state;
    expect("AUTH PLAIN AGFsaWNl=\r\n", SCRUB_SECRET, "AUTH PLAIN AAAAAAAA=\r\n");
    expect("aHVudGVyMg==\r\n", SCRUB_SECRET, "AAAAAAAAAA==\r\n");
    expect("AUTH hunter2\r\n", SCRUB_SECRET, "AAAA AAAAAAA\r\n");
    expect("535-5.7.8 hunter2\r\n535 no\r\n", SCRUB_REPLY, "535-xxxxxxxxxxxxx\r\n535 xx\r\n");
    expect("Subject: x\r\n.\r\n", SCRUB_CONTENT, "xxxxxxxxxx\r\n.\r\n");
    expect("", SCRUB_SECRET, "");
}

static void words_of_smtp_stay_names_do_not(void **state)
{
    (void)state;
    expect("MAIL FROM:<anna@corp.test> SIZE=123456\r\n", SCRUB_NONE,
           "MAIL FROM:<xxxx@xxxx.xxxx> SIZE=xxxxxx\r\n");
    expect("550 5.1.1 User unknown: anna\r\n", SCRUB_NONE, "550 5.1.1 User unknown: xxxx\r\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_shape_stays),
        cmocka_unit_test(words_of_smtp_stay_names_do_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
