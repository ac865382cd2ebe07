/* How credentials are encoded: base64, line breaks, base64 twice, character sets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/scenarios.h"

/* clang-format off */
#define OFFER { "EHLO c.example", "250-mx\n250-PIPELINING\n250 AUTH PLAIN LOGIN CRAM-MD5 EXTERNAL", 0 }
#define TLS_ON BANNER, EHLO, TLS, OFFER

static const struct scenario scenarios[] = {
    { "plain text at a prompt", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH LOGIN", "334 VXNlcm5hbWU6", 0 }, { "bob@example.org", "501 5.5.2 cannot decode", 0 } },
      "4:auth-bad-base64" },
    { "padding lacks", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH PLAIN AHRpbQBzZWNyZXQ", "501 5.5.2 no", 0 } },
      "4:auth-bad-base64" },
    { "a character too many", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH PLAIN AHRpbQBzZWNyZXQ=A", "501 5.5.2 no", 0 } },
      "4:auth-bad-base64" },
    { "the alphabet for URLs", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH PLAIN AHRpbQBzPz8-Pn5-YQ==", "501 5.5.2 no", 0 } },
      "4:auth-bad-base64" },
    { "a blank inside", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH PLAIN AHRpbQ BzZWNyZXQ=", "501 5.5.2 no", 0 } },
      "4:auth-bad-base64" },
    { "padding inside", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH PLAIN AHRpbQA=BzZWNyZXQ=", "501 5.5.2 no", 0 } },
      "4:auth-bad-base64" },
    { "quotes around it", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH LOGIN", "334 VXNlcm5hbWU6", 0 }, { "\"Ym9i\"", "501 no", 0 } },
      "4:auth-bad-base64" },
    { "bits that no decoder needs, and the server minds them", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH LOGIN", "334 VXNlcm5hbWU6", 0 }, { "Ym9iYh==", "501 no", 0 } },
      "4:auth-bad-base64" },
    { "the same, and it does not", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH LOGIN", "334 VXNlcm5hbWU6", 0 }, { "Ym9iYh==", "334 UGFzc3dvcmQ6", 0 }, { "c2VjcmV0", "235 2.7.0 ok", 0 } },
      "" },
    { "wrapped as in mail", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH PLAIN AHRpbUBleGFtcGxlLm9yZwBhLXJhdGhlci1sb25nLXBhc3N3b3JkLW9mLW1hbnktd29yZHMtdG8t", "501 5.5.2 no", 0 }, { "YmUtd3JhcHBlZC1pbi1tYWls", "500 what", STEP_PIPELINED } },
      "4:auth-bad-base64 5:secret-in-command<4" },
    { "as long, on one line", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH PLAIN AHRpbQB4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4", "235 2.7.0 ok", 0 }, { "NOOP", "250 ok", 0 } },
      "" },
    { "= in its place is base64 of nothing", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH EXTERNAL =", "235 2.7.0 ok", 0 } },
      "" },
    { "an empty line in its place, too", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH EXTERNAL", "334 ", 0 }, { "", "235 2.7.0 ok", 0 } },
      "" },
    { "echo without -n, at LOGIN", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH LOGIN", "334 VXNlcm5hbWU6", 0 }, { "Ym9iCg==", "334 UGFzc3dvcmQ6", 0 }, { "c2VjcmV0Cg==", "535 5.7.8 no", 0 } },
      "4:auth-trailing-newline 4:auth-trailing-newline" },
    { "a line break behind the password of PLAIN", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH PLAIN AHRpbQBzZWNyZXQNCg==", "535 5.7.8 no", 0 } },
      "4:auth-trailing-newline" },
    { "a line break behind the user name of PLAIN", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH PLAIN AHRpbQoAc2VjcmV0", "535 5.7.8 no", 0 } },
      "4:auth-trailing-newline" },
    { "a line break inside is no ending", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH PLAIN AHRpbQBzZWMKcmV0", "535 5.7.8 no", 0 } },
      "4:auth-failed" },
    { "PLAIN in base64 twice", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH PLAIN QUhScGJRQnpaV055WlhRPQ==", "535 5.7.8 no", 0 } },
      "4:auth-double-base64" },
    { "LOGIN in base64 twice", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH LOGIN", "334 VXNlcm5hbWU6", 0 }, { "WW05aVFHVjRZVzF3YkdVdWIzSm4=", "334 UGFzc3dvcmQ6", 0 }, { "YzJWamNtVjBOemM9", "535 5.7.8 no", 0 } },
      "4:auth-double-base64 4:auth-double-base64" },
    { "twice, and it succeeds: the password is like that", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH LOGIN", "334 VXNlcm5hbWU6", 0 }, { "Ym9i", "334 UGFzc3dvcmQ6", 0 }, { "YzJWamNtVjBOemM9", "235 2.7.0 ok", 0 } },
      "" },
    { "a password that is base64 by nature, of Amazon SES", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH LOGIN", "334 VXNlcm5hbWU6", 0 }, { "QUtJQUlPU0ZPRE5ON0VYQU1QTEU=", "334 UGFzc3dvcmQ6", 0 }, { "QkNseXV3Uk5sdDhvY2JvRFRKWGVKM0M1QWt1VTNTWnZ1QUZLazl3bGJyY0E=", "535 5.7.8 no", 0 } },
      "4:auth-failed" },
    { "ISO-8859-1", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH PLAIN AGr2cmcAZ2VoZWlt", "535 5.7.8 no", 0 } },
      "4:auth-charset" },
    { "Windows-1251", PROTOCOL_SMTP, { TLS_ON, { "AUTH PLAIN AHRpbQDv4PDu6/w=", "535 5.7.8 no", 0 } }, "4:auth-charset" },
    { "UTF-8", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH PLAIN AGrDtnJnAGdlaGVpbQ==", "535 5.7.8 no", 0 } },
      "4:auth-failed" },
    { "letters that were never encoded, and decode to noise", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH LOGIN", "334 VXNlcm5hbWU6", 0 }, { "passwordpassword", "334 UGFzc3dvcmQ6", 0 }, { "c2VjcmV0", "535 5.7.8 no", 0 } },
      "4:auth-charset" },
};
/* clang-format on */

static void every_scenario_raises_its_findings_and_no_others(void **state)
{
    (void)state;
    scenarios_hold(scenarios, sizeof scenarios / sizeof scenarios[0]);
}

static void a_hole_adds_no_finding(void **state)
{
    (void)state;
    scenarios_hold_with_holes(scenarios, sizeof scenarios / sizeof scenarios[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_scenario_raises_its_findings_and_no_others),
        cmocka_unit_test(a_hole_adds_no_finding),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
