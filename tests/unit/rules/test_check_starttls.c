/* Between the 220 to STARTTLS and the handshake. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/support/scenarios.h"

/* clang-format off */
static const struct scenario scenarios[] = {
    { "commands together with STARTTLS", PROTOCOL_SMTP,
      { BANNER, EHLO, { "STARTTLS", "220 go", 0 }, PIPED("RSET", NULL), PIPED("MAIL FROM:<a@b>", NULL), { "", NULL, STEP_TLS } },
      "3:starttls-injection" },
    { "a command in clear behind the 220, and then the handshake", PROTOCOL_SMTP,
      { BANNER, EHLO, { "STARTTLS", "220 go", 0 }, { "EHLO c", NULL, 0 }, { "", NULL, STEP_TLS } }, "3:starttls-injection" },
    { "a piece of a line before the handshake", PROTOCOL_SMTP,
      { BANNER, EHLO, { "STARTTLS", "220 go", 0 }, { "RSET", NULL, STEP_TLS } }, "2:starttls-injection" },
    { "commands together with STARTTLS, and no handshake", PROTOCOL_SMTP,
      { BANNER, EHLO, { "STARTTLS", "220 go", 0 }, PIPED("EHLO c", NULL) }, "3:starttls-injection" },
    { "a client that goes on in clear, and a capture that ends before the answer", PROTOCOL_SMTP,
      { BANNER, EHLO, { "STARTTLS", "220 go", 0 }, { "EHLO c", NULL, 0 } }, "" },
    { "a client that does not do TLS, and a server that does", PROTOCOL_SMTP,
      { BANNER, EHLO, { "STARTTLS", "220 go", 0 }, { "EHLO c", NULL, 0 }, { "", NULL, STEP_TLS | STEP_SERVER } },
      "3:starttls-injection" },
    { "a client that leaves", PROTOCOL_SMTP,
      { BANNER, EHLO, { "STARTTLS", "220 go", 0 }, { "QUIT", NULL, 0 }, { "", NULL, STEP_TLS | STEP_SERVER } }, "" },
    { "both go on in clear: the capture was decrypted", PROTOCOL_SMTP,
      { BANNER, EHLO, { "STARTTLS", "220 go", 0 }, EHLO, MAIL }, "" },
    { "STARTTLS and its handshake", PROTOCOL_SMTP, { BANNER, EHLO, TLS, EHLO, MAIL }, "" },
    { "commands together with a STARTTLS that is refused", PROTOCOL_SMTP,
      { BANNER, EHLO, { "STARTTLS", "454 no", 0 }, PIPED("MAIL FROM:<a@b>", "250 ok") },
      "2:command-refused 3:pipelining-violation" },
    { "starttls-response-injection", PROTOCOL_SMTP,
      { BANNER, EHLO, { "STARTTLS", "220 go", 0 }, { NULL, "250 fake", 0 }, { "", NULL, STEP_TLS } },
      "2:starttls-response-injection" },
    { "starttls-response-injection of what is no reply", PROTOCOL_SMTP,
      { BANNER, EHLO, { "STARTTLS", "220 go", 0 }, { "", NULL, STEP_JUNK }, { "", NULL, STEP_TLS } },
      "2:starttls-response-injection" },
    { "a server that tires of waiting for the handshake", PROTOCOL_SMTP,
      { BANNER, EHLO, { "STARTTLS", "220 go", 0 }, { NULL, "421 timeout", 0 } }, "0:server-421 0:timeout" },
    { "EHLO missing behind TLS, noticed four commands later", PROTOCOL_SMTP,
      { BANNER, EHLO, TLS, { "NOOP", "250 ok", 0 }, { "VRFY a", "252 ok", 0 }, RSET, { "AUTH PLAIN AGEAYg==", "503 not advertised", 0 },
        { "MAIL FROM:<a@b>", "503 hello", 0 } },
      "6:starttls-no-new-ehlo 7:starttls-no-new-ehlo" },
};

static const struct scenario ended[] = {
    { "a client that does not do TLS after all", PROTOCOL_SMTP,
      { BANNER, EHLO, { "STARTTLS", "220 go", 0 }, { "EHLO c", NULL, 0 } }, "0:connection-lost 3:starttls-injection" },
};
/* clang-format on */

static void closed_by_client(struct session *session)
{
    session->closed = CLOSE_FIN;
    session->closed_by = SIDE_CLIENT;
    session->side[SIDE_CLIENT].fin_ns = session->end_ns;
}

static void every_scenario_raises_its_findings_and_no_others(void **state)
{
    (void)state;
    scenarios_hold(scenarios, sizeof scenarios / sizeof scenarios[0]);
    scenarios_hold_ended(ended, sizeof ended / sizeof ended[0], closed_by_client);
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
