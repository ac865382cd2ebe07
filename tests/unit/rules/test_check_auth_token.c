/* Bearer tokens: what the error of the server says, and what a JWT says of its time.  The sessions are of
 * November 2023. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/scenarios.h"

/* clang-format off */
#define OFFER { "EHLO c.example", "250-mx\n250-PIPELINING\n250 AUTH PLAIN LOGIN XOAUTH2 OAUTHBEARER", 0 }
#define TLS_ON BANNER, EHLO, TLS, OFFER

static const struct scenario scenarios[] = {
    { "XOAUTH2 as it should be", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH XOAUTH2 dXNlcj1ib2JAZXhhbXBsZS5vcmcBYXV0aD1CZWFyZXIgYWJjAQE=", "235 2.7.0 ok", 0 } },
      "" },
    { "XOAUTH2 refused with an error in JSON", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH XOAUTH2 dXNlcj1ib2JAZXhhbXBsZS5vcmcBYXV0aD1CZWFyZXIgYWJjAQE=", "334 eyJzdGF0dXMiOiI0MDAiLCJzY2hlbWVzIjoiQmVhcmVyIiwic2NvcGUiOiJodHRwczovL21haWwuZ29vZ2xlLmNvbS8ifQ==", 0 }, { "", "535 5.7.8 no", 0 } },
      "4:auth-oauth-error" },
    { "XOAUTH2 refused without a word", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH XOAUTH2 dXNlcj1ib2JAZXhhbXBsZS5vcmcBYXV0aD1CZWFyZXIgYWJjAQE=", "535 5.7.8 no", 0 } },
      "4:auth-failed" },
    { "the error is not answered", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH XOAUTH2 dXNlcj1ib2JAZXhhbXBsZS5vcmcBYXV0aD1CZWFyZXIgYWJjAQE=", "334 eyJzdGF0dXMiOiI0MDAiLCJzY2hlbWVzIjoiQmVhcmVyIiwic2NvcGUiOiJodHRwczovL21haWwuZ29vZ2xlLmNvbS8ifQ==", 0 }, { "QUIT", "501 no", 0 } },
      "4:auth-missing-empty-response 4:auth-interrupted 4:auth-oauth-error" },
    { "OAUTHBEARER refused with an error in JSON", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH OAUTHBEARER bixhPWJvYkBleGFtcGxlLm9yZywBaG9zdD1teAFhdXRoPUJlYXJlciBhYmMBAQ==", "334 eyJzdGF0dXMiOiJpbnZhbGlkX3Rva2VuIn0=", 0 }, { "AQ==", "535 5.7.8 no", 0 } },
      "4:auth-oauth-error" },
    { "OAUTHBEARER as it should be", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH OAUTHBEARER bixhPWJvYkBleGFtcGxlLm9yZywBaG9zdD1teAFhdXRoPUJlYXJlciBhYmMBAQ==", "235 2.7.0 ok", 0 } },
      "" },
    { "an expired token", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH XOAUTH2 dXNlcj1ib2JAZXhhbXBsZS5vcmcBYXV0aD1CZWFyZXIgZXlKaGJHY2lPaUpTVXpJMU5pSjkuZXlKbGVIQWlPakY5LmMybG5ibUYwZFhKbAEB", "334 eyJzdGF0dXMiOiI0MDAiLCJzY2hlbWVzIjoiQmVhcmVyIiwic2NvcGUiOiJodHRwczovL21haWwuZ29vZ2xlLmNvbS8ifQ==", 0 }, { "", "535 5.7.8 no", 0 } },
      "4:auth-oauth-error 4:auth-token-expired" },
    { "an expired token that is taken", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH XOAUTH2 dXNlcj1ib2JAZXhhbXBsZS5vcmcBYXV0aD1CZWFyZXIgZXlKaGJHY2lPaUpTVXpJMU5pSjkuZXlKbGVIQWlPakY5LmMybG5ibUYwZFhKbAEB", "235 2.7.0 ok", 0 } },
      "4:auth-token-expired" },
    { "a token for later", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH OAUTHBEARER bixhPWJvYkBleGFtcGxlLm9yZywBaG9zdD1teAFhdXRoPUJlYXJlciBleUpoYkdjaU9pSlNVekkxTmlKOS5leUp1WW1ZaU9qUXdNREF3TURBd01EQXNJbVY0Y0NJNk5EQXdNREF3TXpZd01IMC5jMmxuYm1GMGRYSmwBAQ==", "535 5.7.8 no", 0 } },
      "4:auth-token-expired" },
    { "a token in its time", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH XOAUTH2 dXNlcj1ib2JAZXhhbXBsZS5vcmcBYXV0aD1CZWFyZXIgZXlKaGJHY2lPaUpTVXpJMU5pSjkuZXlKdVltWWlPakFzSW1WNGNDSTZOREF3TURBd016WXdNSDAuYzJsbmJtRjBkWEpsAQE=", "535 5.7.8 no", 0 } },
      "4:auth-failed" },
    { "separators written out", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH XOAUTH2 dXNlcj1ib2JAZXhhbXBsZS5vcmdeQWF1dGg9QmVhcmVyIGFiY15BXkE=", "535 5.7.8 no", 0 } },
      "4:auth-malformed-response" },
    { "without Bearer", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH XOAUTH2 dXNlcj1ib2JAZXhhbXBsZS5vcmcBYXV0aD1hYmMBAQ==", "535 5.7.8 no", 0 } },
      "4:auth-malformed-response" },
    { "in base64 twice", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH XOAUTH2 ZFhObGNqMWliMkpBWlhoaGJYQnNaUzV2Y21jQllYVjBhRDFDWldGeVpYSWdZV0pqQVFFPQ==", "535 5.7.8 no", 0 } },
      "4:auth-double-base64" },
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
