/* Server software by its greeting. */
#include "smtp/software.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after the four above */
#include <cmocka.h>

static const struct {
    const char *text, *name;
} rows[] = {
    { "mx.example ESMTP Postfix (Debian/GNU)", "Postfix" },
    { "mx.example ESMTP Exim 4.96 Tue, 24 Nov 2026 13:00:00 +0000", "Exim" },
    { "mx.example ESMTP OpenSMTPD", "OpenSMTPD" },
    { "mx.example ESMTP Sendmail 8.17.1/8.17.1/Debian; Tue, 24 Nov 2026 13:00:00 GMT", "Sendmail" },
    { "mx.example Microsoft ESMTP MAIL Service ready at Tue, 24 Nov 2026 13:00:00 +0000", "Exchange" },
    { "mx.google.com ESMTP a1-20020a05600c3ac1si123 - gsmtp", "Gmail" },
    { "dovecot.example Dovecot (Debian) ready.", "Dovecot" },
    { "mx.example ESMTP Haraka/3.0.2 ready", "Haraka" },
    { "laptop Python SMTP 1.4.4", "aiosmtpd" },
    { "uprise ESMTP SubEthaSMTP null", "SubEtha SMTP" },
    { "postfix.example ESMTP Exim 4.96", "Exim" }, /* the domain says nothing */
    { "exim.example ESMTP", NULL },
    { "mx.example ESMTP maximum security, no smoxing", NULL },
    { "mx.example ESMTP", NULL },
    { "mx.example", NULL },
    { "", NULL },
};

static void greetings_show_their_software_or_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *name = software_of_greeting(bytes_of(rows[i].text));
        print_message("%s\n", rows[i].text);
        assert_int_equal(name != NULL, rows[i].name != NULL);
        if (name)
            assert_string_equal(name, rows[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(greetings_show_their_software_or_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
