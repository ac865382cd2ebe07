/* The NULs of PLAIN, and for whom it is sent. */
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
    { "no NUL", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH PLAIN dGltc2VjcmV0", "535 5.7.8 no", 0 } },
      "4:auth-plain-nul-count" },
    { "the first NUL forgotten", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH PLAIN dGltAHNlY3JldA==", "535 5.7.8 no", 0 } },
      "4:auth-plain-nul-count" },
    { "a NUL at the end", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH PLAIN AHRpbQBzZWNyZXQA", "535 5.7.8 no", 0 } },
      "4:auth-plain-nul-count" },
    { "written out", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH PLAIN XDB0aW1cMHNlY3JldA==", "535 5.7.8 no", 0 } },
      "4:auth-plain-nul-count" },
    { "tabs", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH PLAIN CXRpbQlzZWNyZXQ=", "535 5.7.8 no", 0 } },
      "4:auth-plain-nul-count" },
    { "U+FFFD", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH PLAIN 77+9dGlt77+9c2VjcmV0", "535 5.7.8 no", 0 } },
      "4:auth-plain-nul-count" },
    { "an empty message", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH PLAIN =", "501 no", 0 } },
      "4:auth-plain-nul-count" },
    { "two, as it should be", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH PLAIN AHRpbQBzZWNyZXQ=", "535 5.7.8 no", 0 } },
      "4:auth-failed" },
    { "two, and it succeeds", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH PLAIN AHRpbQBzZWNyZXQ=", "235 2.7.0 ok", 0 } },
      "" },
    { "a tab in the password", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH PLAIN AHRpbQBzZWMJcmV0", "535 5.7.8 no", 0 } },
      "4:auth-failed" },
    { "an authorization identity", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH PLAIN dGltAHRpbQBzZWNyZXQ=", "235 2.7.0 ok", 0 } },
      "4:auth-plain-authzid" },
    { "another one, refused", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH PLAIN Ym9zcwB0aW0Ac2VjcmV0", "535 5.7.8 no", 0 } },
      "4:auth-plain-authzid 4:auth-failed" },
    { "the user name in the wrong field", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH PLAIN dGltAABzZWNyZXQ=", "535 5.7.8 no", 0 } },
      "4:auth-malformed-response" },
    { "cancelled at the 334", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH PLAIN", "334 ", 0 }, { "*", "501 cancelled", 0 } },
      "4:auth-cancelled" },
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
