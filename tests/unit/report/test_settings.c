/* Of settings of several servers the reader gets those of his. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "report/settings.h"

static const struct row {
    const char *text, *software, *expect;
} rows[] = {
    { "Raise it (Postfix: a, b; Exim: c).", "Postfix", "Raise it (Postfix: a, b)." },
    { "Raise it (Postfix: a, b; Exim: c).", "Exim", "Raise it (Exim: c)." },
    { "Raise it (Postfix: a, b; Exim: c).", "Haraka", "Raise it." },
    { "Raise it (Postfix: a, b; Exim: c).", NULL, "Raise it (Postfix: a, b; Exim: c)." },
    { "One (Exim: a), two (RFC 5321), three (Exim: b; Sendmail: c).", "Sendmail",
      "One, two (RFC 5321), three (Sendmail: c)." },
    { "Look at it (Dovecot, LDAP).", "Postfix", "Look at it (Dovecot, LDAP)." },
    { "(Postfix: a) begins", "Exim", "(Postfix: a) begins" },
    { "No end (Postfix: a", "Exim", "No end (Postfix: a" },
    { "\u4e0a\uff08Postfix: a\u3001b\u3001Exim: c\uff09\u3002", "Postfix",
      "\u4e0a\uff08Postfix: a\u3001b\uff09\u3002" },
    { "\u4e0a\uff08Postfix: a\u3001b\u3001Exim: c\uff09\u3002", "Exim", "\u4e0a\uff08Exim: c\uff09\u3002" },
    { "\u4e0a\uff08Postfix: a\u3001Exim: c\uff09\u3002", "Gmail", "\u4e0a\u3002" },
    { "", "Exim", "" },
};

static void the_settings_of_the_server_are_kept(void **state)
{
    char text[200];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        (void)snprintf(text, sizeof text, "%s", rows[i].text);
        settings_keep(text, rows[i].software);
        assert_string_equal(text, rows[i].expect);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_settings_of_the_server_are_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
