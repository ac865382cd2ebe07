/* Headers of messages, and the program that they tell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "incident/client_software.h"

static const struct {
    const char *header, *name;
} rows[] = {
    { "", "" },
    { "\r\nX-Mailer: in the body\r\n", "" },
    { "Subject: x\r\n\r\nUser-Agent: in the body\r\n", "" },
    { "User-Agent: Mutt/2.0.5\r\n\r\n", "Mutt/2.0.5" },
    { "X-MAILER:  PHPMailer 6.8 (https://x)\r\nSubject: x\r\n\r\n", "PHPMailer 6.8 (https://x)" },
    { "Subject: a\r\n User-Agent: folded into the subject\r\nX-Mailer: b\r\n", "b" },
    { "Received: from a (b [192.0.2.1])\r\n\tby mx.example (Postfix) with ESMTPS id 1\r\n\tfor <c@d>; Mon\r\n"
      "User-Agent: Mutt\r\n",
      "Postfix" },
    { "Received: from a by b.example with Microsoft SMTP Server (version=TLS1_2) id 15; Mon\r\n",
      "Microsoft SMTP Server" },
    { "Received: from a by b.example (192.0.2.9) with ESMTP; Mon\r\nUser-Agent: T\r\n", "T" },
    { "Received: by b.example (host.example) with ESMTP; Mon\r\nReceived: by c (Exim 4.96) with SMTP\r\n",
      "" },
    { "Received: from a by b with esmtpsa (TLS1.3) (Exim 4.96)\r\nX-Mailer: M\r\n", "M" },
    { "Received: by\r\n", "" },
    { "Received: by x (", "" },
    { "X-Mailer: two\r\n lines\r\n", "two" },
};

static void the_program_is_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bytes name = client_software_of_header(bytes_of(rows[i].header));
        if (!bytes_equal(name, bytes_of(rows[i].name)))
            fail_msg("%s: %.*s", rows[i].header, (int)name.len, (const char *)name.ptr);
    }
}

static void a_header_may_be_cut_anywhere(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (size_t len = 0; len <= strlen(rows[i].header); len++) {
            uint8_t *exact = malloc(len ? len : 1); /* so that one octet too far is seen */
            assert_non_null(exact);
            memcpy(exact, rows[i].header, len);
            assert_true(client_software_of_header((struct bytes){ exact, len }).len <= CLIENT_SOFTWARE_TEXT);
            free(exact);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_program_is_read),
        cmocka_unit_test(a_header_may_be_cut_anywhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
