/* Devices that overwrite what passes through them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/support/scenarios.h"

/* clang-format off */
static const struct scenario scenarios[] = {
    { "a greeting of asterisks", PROTOCOL_SMTP,
      { { NULL, "220 ****************2****0*0*0***** *0*00", 0 }, EHLO }, "0:middlebox-masking" },
    { "asterisks as an ornament", PROTOCOL_SMTP, { { NULL, "220 ****** mx.example ******", 0 }, EHLO }, "" },
    { "few asterisks", PROTOCOL_SMTP, { { NULL, "220 ***", 0 }, EHLO }, "" },
    { "masked keywords", PROTOCOL_SMTP,
      { BANNER, { "EHLO c", "250-mx\n250-SIZE 1\n250-XXXA\n250 XXXXXXXB", 0 }, MAIL }, "1:starttls-stripped 1:middlebox-masking" },
    { "a keyword of nothing but X", PROTOCOL_SMTP, { BANNER, { "EHLO c", "250-mx\n250 XXXXXXXX", 0 }, MAIL },
      "1:starttls-stripped 1:middlebox-masking" },
    { "keywords that begin with X", PROTOCOL_SMTP,
      { BANNER, { "EHLO c", "250-mx\n250-XCLIENT NAME\n250-XVERP\n250-X-ANONYMOUSTLS\n250-XXX\n250 XEXCH50", 0 }, MAIL }, "" },
    { "EHLO masked on its way to the server", PROTOCOL_SMTP,
      { BANNER, { "EHLO c", "500 5.5.1 Command unrecognized: \"XXXX c\"", 0 }, HELO },
      "1:middlebox-masking 2:helo-fallback<1" },
    { "a client that sends X itself", PROTOCOL_SMTP,
      { BANNER, { "EHLO XXXX", "500 5.5.1 Command unrecognized: \"EHLO XXXX\"", 0 } }, "" },
    { "a masked command, as the server gets it", PROTOCOL_SMTP, { BANNER, { "XXXX c.example", "500 what", 0 }, HELO },
      "1:middlebox-masking" },
    { "other words with X", PROTOCOL_SMTP, { BANNER, { "XEXCH50 1", "500 what", 0 }, { "XXX", "500 what", 0 } },
      "1:command-syntax" },
    { "all of it is told once", PROTOCOL_SMTP,
      { { NULL, "220 ****************2****0*0*0***** *0*00", 0 }, { "XXXX c", "500 what", 0 }, { "XXXX c", "500 what", 0 }, HELO },
      "1:middlebox-masking" },
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
