/* The frame of RFC 4954 around every mechanism, and messages that break a grammar. */
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
    { "QUIT at a prompt", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH LOGIN", "334 VXNlcm5hbWU6", 0 }, { "QUIT", "501 no", 0 } },
      "4:auth-interrupted" },
    { "MAIL at a prompt", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH PLAIN", "334 ", 0 }, { "MAIL FROM:<a@b.example>", "535 no", 0 } },
      "4:auth-interrupted" },
    { "a password that reads like no command", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH LOGIN", "334 VXNlcm5hbWU6", 0 }, { "Ym9i", "334 UGFzc3dvcmQ6", 0 }, { "REFUQQ==", "235 2.7.0 ok", 0 } },
      "" },
    { "a blank for an empty initial response", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH EXTERNAL ", "501 5.5.4 no", 0 } },
      "4:auth-empty-initial-response" },
    { "a blank that the server bears", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH PLAIN ", "334 ", 0 }, { "AHRpbQBzZWNyZXQ=", "235 2.7.0 ok", 0 } },
      "" },
    { "= behind a 334", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH EXTERNAL", "334 ", 0 }, { "=", "501 no", 0 } },
      "4:auth-empty-initial-response" },
    { "an initial response where the server begins", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH CRAM-MD5 dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw", "501 5.7.0 no", 0 } },
      "4:auth-initial-response-refused" },
    { "LOGIN without it", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH LOGIN Ym9i", "501 no initial response", 0 } },
      "4:auth-initial-response-refused" },
    { "LOGIN with a name that is refused", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH LOGIN Ym9i", "535 5.7.8 no", 0 } },
      "4:auth-failed" },
    { "too long for a command", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH PLAIN AHRpbQB4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4", "500 5.5.2 line too long", 0 } },
      "4:auth-initial-response-refused" },
    { "as long, and refused for the password", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH PLAIN AHRpbQB4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4", "535 5.7.8 no", 0 } },
      "4:auth-failed" },
    { "as long, behind a 334", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH PLAIN", "334 ", 0 }, { "AHRpbQB4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4", "235 2.7.0 ok", 0 } },
      "" },
    { "refused with 500 5.5.6", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH PLAIN", "334 ", 0 }, { "AHRpbQB4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4", "500 5.5.6 too long", 0 } },
      "4:auth-line-too-long" },
    { "a prompt that is no base64", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH PLAIN", "334 Log on", 0 }, { "AHRpbQBzZWNyZXQ=", "235 2.7.0 ok", 0 } },
      "4:auth-prompt-odd" },
    { "a prompt of other words", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH LOGIN", "334 V2hvIGFyZSB5b3U/", 0 }, { "Ym9i", "334 UGFzc3dvcmQ6", 0 }, { "c2VjcmV0", "235 2.7.0 ok", 0 } },
      "4:auth-prompt-odd" },
    { "a prompt as in the draft", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH LOGIN", "334 VXNlciBOYW1lAA==", 0 }, { "Ym9i", "334 cGFzc3dvcmQ6", 0 }, { "c2VjcmV0", "235 2.7.0 ok", 0 } },
      "" },
    { "a 334 without its space", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH PLAIN", "334", 0 }, { "AHRpbQBzZWNyZXQ=", "235 2.7.0 ok", 0 } },
      "4:auth-prompt-odd" },
    { "a 334 of two lines", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH PLAIN", "334-\n334 ", 0 }, { "AHRpbQBzZWNyZXQ=", "235 2.7.0 ok", 0 } },
      "4:auth-prompt-odd" },
    { "a challenge of CRAM-MD5 without brackets", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH CRAM-MD5", "334 MTg5Ni42OTcxQHg=", 0 }, { "dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw", "235 2.7.0 ok", 0 } },
      "4:auth-prompt-odd 4:weak-mechanism" },
    { "a digest in upper case", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH CRAM-MD5", "334 PDE4OTYuNjk3MUB4Pg==", 0 }, { "dGltIEI5MTNBNjAyQzdFREE3QTQ5NUI0RTZFNzMzNEQzODkw", "535 5.7.8 no", 0 } },
      "4:auth-malformed-response 4:weak-mechanism" },
    { "a password in place of the digest", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH CRAM-MD5", "334 PDE4OTYuNjk3MUB4Pg==", 0 }, { "dGltIHNlY3JldA==", "535 5.7.8 no", 0 } },
      "4:auth-malformed-response 4:weak-mechanism" },
    { "a digest", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH CRAM-MD5", "334 PDE4OTYuNjk3MUB4Pg==", 0 }, { "dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw", "535 5.7.8 no", 0 } },
      "4:auth-failed 4:weak-mechanism" },
    { "bytes are missing in it: what came behind them may be a piece", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH LOGIN", "334 VXNlcm5hbWU6", 0 }, { "", NULL, STEP_GAP_CLIENT }, { "b@d", "535 no", 0 } },
      "0:capture-loss" },
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
