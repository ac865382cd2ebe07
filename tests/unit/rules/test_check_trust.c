/* Who claims to speak for others, and credentials where nobody asked for them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/support/scenarios.h"

/* clang-format off */
static const struct scenario scenarios[] = {
    { "XCLIENT and XFORWARD without an offer", PROTOCOL_SMTP,
      { BANNER, EHLO, { "XCLIENT ADDR=192.0.2.1", "500 no", 0 }, { "XFORWARD NAME=a", "250 ok", 0 } },
      "2:extension-not-offered 2:xclient-abuse 3:extension-not-offered 3:misorder-accepted 3:xclient-abuse" },
    { "XCLIENT before EHLO, and after HELO", PROTOCOL_SMTP,
      { BANNER, { "XCLIENT ADDR=192.0.2.1", "500 no", 0 }, HELO, { "XCLIENT ADDR=192.0.2.1", "500 no", 0 } },
      "1:no-greeting 1:xclient-abuse 3:esmtp-after-helo 3:xclient-abuse" },
    { "XCLIENT with an offer", PROTOCOL_SMTP,
      { BANNER, { "EHLO c", "250-mx\n250 XCLIENT ADDR", 0 }, { "XCLIENT ADDR=192.0.2.1", "220 mx", 0 }, BARE }, "" },
    { "a password behind a refused AUTH", PROTOCOL_SMTP,
      { BANNER, EHLO, TLS, EHLO, { "AUTH LOGIN", "504 no", 0 }, { "Ym9iYm9iYm9i", "500 no", 0 }, { "c2VjcmV0", "500 no", 0 } },
      "4:auth-failed 5:secret-in-command<4" },
    { "an AUTH that is none", PROTOCOL_SMTP, { BANNER, EHLO, { "AUTH=PLAIN AGEAYg==", "500 no", 0 } }, "2:secret-in-command" },
    { "PASS", PROTOCOL_SMTP, { BANNER, { "USER bob", "500 no", 0 }, { "PASS secret", "500 no", 0 } },
      "1:command-syntax 2:secret-in-command" },
    { "LOGIN of IMAP, and a header of HTTP", PROTOCOL_SMTP,
      { BANNER, { "a1 LOGIN bob secret", "500 no", 0 }, { "NOOP", "250 ok", 0 },
        { "Proxy-Authorization: Basic Ym9iOmJvYg==", "500 no", 0 } }, "1:secret-in-command 3:secret-in-command" },
    { "behind missing bytes a word is withheld, and told as nothing", PROTOCOL_SMTP,
      { BANNER, EHLO, { "", NULL, STEP_GAP_SERVER }, { "XXXXXXXX", "500 no", STEP_AFTER_GAP } }, "0:capture-loss" },
    { "unknown words that are no secrets", PROTOCOL_SMTP,
      { BANNER, EHLO, { "HELLO there", "500 no", 0 }, { "PASS", "500 no", 0 }, { "a1 LOGOUT", "500 no", 0 } },
      "2:command-syntax" },
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

/* A client of this address, whose XCLIENT is offered and accepted. */
static enum confidence confidence_at(const char *address)
{
    struct analyzer *analyzer = new_analyzer();
    struct session *session = SESSION_OF(BANNER, { "EHLO c", "250-mx\n250 XCLIENT ADDR", 0 },
                                         { "XCLIENT ADDR=192.0.2.1", "220 mx", 0 });

    assert_true(address_parse(bytes_of(address), &session->client.address));
    assert_true(address_parse(BYTES("198.51.100.9"), &session->server.address));
    struct analysis *analysis = analysis_new(analyzer, session);
    const struct finding *finding = find_finding(analysis, RULE_XCLIENT_ABUSE);
    enum confidence confidence = finding ? finding->confidence : CONFIDENCE_NONE;
    analysis_free(analysis);
    analyzer_free(analyzer);
    return confidence;
}

static void who_is_near_is_no_stranger(void **state)
{
    static const char *const near[] = { "127.0.0.1",   "10.1.2.3",    "172.16.0.1", "172.31.255.255",
                                        "192.168.1.1", "169.254.1.1", "100.64.0.1", "::1",
                                        "fe80::1",     "fd00::1",     "fc00::1",    "198.51.100.9" };
    static const char *const far[] = { "203.0.113.5", "172.32.0.1",  "172.15.0.1", "192.169.1.1",
                                       "100.128.0.1", "2001:db8::1", "fec0::1" };

    (void)state;
    for (size_t i = 0; i < sizeof near / sizeof near[0]; i++)
        if (confidence_at(near[i]) != CONFIDENCE_NONE)
            fail_msg("%s is a stranger", near[i]);
    for (size_t i = 0; i < sizeof far / sizeof far[0]; i++)
        if (confidence_at(far[i]) != CONFIDENCE_POSSIBLE)
            fail_msg("%s is none", far[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_scenario_raises_its_findings_and_no_others),
        cmocka_unit_test(a_hole_adds_no_finding),
        cmocka_unit_test(who_is_near_is_no_stranger),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
