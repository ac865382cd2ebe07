/* Which answer of LOGIN went to which prompt. */
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
    { "a name and a password", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH LOGIN", "334 VXNlcm5hbWU6", 0 }, { "Ym9i", "334 UGFzc3dvcmQ6", 0 }, { "c2VjcmV0", "535 5.7.8 no", 0 } },
      "4:auth-failed" },
    { "the user name twice", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH LOGIN", "334 VXNlcm5hbWU6", 0 }, { "cm9iZXJ0", "334 UGFzc3dvcmQ6", 0 }, { "cm9iZXJ0", "535 5.7.8 no", 0 } },
      "4:auth-login-step" },
    { "the user name for the password, and it is right", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH LOGIN", "334 VXNlcm5hbWU6", 0 }, { "cm9iZXJ0", "334 UGFzc3dvcmQ6", 0 }, { "cm9iZXJ0", "235 2.7.0 ok", 0 } },
      "" },
    { "exchanged", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH LOGIN", "334 VXNlcm5hbWU6", 0 }, { "WHE3LnNlY3JldCE=", "334 UGFzc3dvcmQ6", 0 }, { "Ym9iQGV4YW1wbGUub3Jn", "535 5.7.8 no", 0 } },
      "4:auth-login-step" },
    { "an address is no password of an address", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH LOGIN", "334 VXNlcm5hbWU6", 0 }, { "Ym9iQGV4YW1wbGUub3Jn", "334 UGFzc3dvcmQ6", 0 }, { "cGFzc0BleGFtcGxlLm9yZw==", "535 5.7.8 no", 0 } },
      "4:auth-failed" },
    { "a message of PLAIN", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH LOGIN", "334 VXNlcm5hbWU6", 0 }, { "AGJvYgBzZWNyZXQ=", "334 UGFzc3dvcmQ6", 0 }, { "c2VjcmV0", "535 5.7.8 no", 0 } },
      "4:auth-login-step" },
    { "asked again for the name, and the password given", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH LOGIN Ym9i", "334 VXNlcm5hbWU6", 0 }, { "c2VjcmV0", "334 UGFzc3dvcmQ6", 0 }, { "c2VjcmV0", "535 5.7.8 no", 0 } },
      "4:auth-login-step" },
    { "asked again for the name, and given it again", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH LOGIN Ym9i", "334 VXNlcm5hbWU6", 0 }, { "Ym9i", "334 UGFzc3dvcmQ6", 0 }, { "c2VjcmV0", "535 5.7.8 no", 0 } },
      "4:auth-login-step 4:auth-failed" },
    { "a name with AUTH, and the password asked for", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH LOGIN Ym9i", "334 UGFzc3dvcmQ6", 0 }, { "c2VjcmV0", "535 5.7.8 no", 0 } },
      "4:auth-failed" },
    { "a password for the name, by its looks", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH LOGIN", "334 VXNlcm5hbWU6", 0 }, { "VHIwdWI0ZG9yJjM=", "334 UGFzc3dvcmQ6", 0 }, { "Ym9i", "535 5.7.8 no", 0 } },
      "4:auth-login-step" },
    { "the same, and it succeeds", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH LOGIN", "334 VXNlcm5hbWU6", 0 }, { "VHIwdWI0ZG9yJjM=", "334 UGFzc3dvcmQ6", 0 }, { "Ym9i", "235 2.7.0 ok", 0 } },
      "" },
    { "asked again for the name, and it succeeds", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH LOGIN Ym9i", "334 VXNlcm5hbWU6", 0 }, { "Ym9i", "334 UGFzc3dvcmQ6", 0 }, { "c2VjcmV0", "235 ok", 0 } },
      "" },
    { "a message of PLAIN that the server bears", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH LOGIN", "334 VXNlcm5hbWU6", 0 }, { "AGJvYgBzZWNyZXQ=", "235 ok", 0 } }, "4:auth-malformed-response" },
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
