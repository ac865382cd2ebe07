/* What follows from an earlier refusal carries it as its cause, through any length of chain. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/support/scenarios.h"

/* clang-format off */
static const struct scenario scenarios[] = {
    { "MAIL refused, then all that depends on it, to the last line of the message", PROTOCOL_SMTP,
      { BANNER, EHLO, { "MAIL FROM:<a@b>", "550 no", 0 }, PIPED("RCPT TO:<b@c>", "503 no"), PIPED("DATA", "503 no"),
        { "Subject: x", "500 no", STEP_BODY_LINE }, { "", "500 no", STEP_BODY_LINE }, { ".", "500 no", STEP_BODY_LINE } },
      "2:command-refused 5:data-without-354<2" },
    { "behind a refused DATA, a word that nobody knows is no message", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, { "DATA", "503 no", 0 }, { "BOGUS", "500 no", STEP_BODY_LINE }, { "WHAT", "500 no", STEP_BODY_LINE } },
      "3:data-without-rcpt" },
    { "nor is HELP", PROTOCOL_SMTP, { BANNER, EHLO, MAIL, { "DATA", "503 no", 0 }, { "HELP", "214 help", 0 }, RSET },
      "3:data-without-rcpt" },
    { "lines in one flight are, and those that end in a dot", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, { "DATA", "503 no", 0 }, { "hello", "500 no", STEP_BODY_LINE },
        { "there", "500 no", STEP_BODY_LINE | STEP_PIPELINED }, RSET, MAIL, { "DATA", "503 no", 0 },
        { "hello", "500 no", STEP_BODY_LINE }, { ".", "500 no", STEP_BODY_LINE } },
      "3:data-without-rcpt 4:data-without-354<3 8:data-without-rcpt 9:data-without-354<8" },
    { "MAIL refused, and each step taken all the same", PROTOCOL_SMTP,
      { BANNER, EHLO, { "MAIL FROM:<a@b>", "550 no", 0 }, { "RCPT TO:<b@c>", "503 no", 0 }, { "RCPT TO:<c@c>", "503 no", 0 },
        { "DATA", "503 no", 0 } },
      "2:command-refused 3:rcpt-without-mail<2 3:refusal-ignored<2 4:rcpt-without-mail<2 4:refusal-ignored<2 "
      "5:data-without-mail<2 5:refusal-ignored<2" },
    { "behind missing bytes, which may have shown that it sends in groups", PROTOCOL_SMTP,
      { BANNER, EHLO, { "", NULL, STEP_GAP_SERVER }, EHLO, { "MAIL FROM:<a@b>", "550 no", 0 }, { "RCPT TO:<b@c>", "503 no", 0 } },
      "0:capture-loss 3:command-refused" },
    { "all recipients refused, then DATA", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, { "RCPT TO:<b@c>", "550 no", 0 }, PIPED("RCPT TO:<c@c>", "550 no"), PIPED("DATA", "554 no") },
      "3:command-refused 4:command-refused" },
    { "all recipients refused, then DATA, then the next message", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, { "RCPT TO:<b@c>", "550 no", 0 }, PIPED("DATA", "554 no"), { "MAIL FROM:<a@b>", "503 nested", 0 } },
      "3:command-refused 4:message-retained 5:nested-mail<3 5:refusal-ignored<3" },
    { "one recipient of two refused: DATA is in order", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, { "RCPT TO:<b@c>", "550 no", 0 }, RCPT, DATA, { "x", "250 ok", 0 } }, "3:command-refused" },
    { "DATA refused, no RSET, and the next MAIL nested", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, RCPT, { "DATA", "451 no", 0 }, { "NOOP", "250 ok", 0 }, { "MAIL FROM:<a@b>", "503 nested", 0 },
        { "RCPT TO:<c@c>", "250 ok", 0 } },
      "4:message-retained 4:command-refused 6:nested-mail<4 6:refusal-ignored<4" },
    { "AUTH refused, then MAIL: it is refused, and says why", PROTOCOL_SMTP,
      { BANNER, EHLO, TLS, EHLO, { "AUTH PLAIN AGEAYg==", "535 no", 0 }, { "MAIL FROM:<a@b>", "530 authenticate", 0 },
        { "RCPT TO:<c@c>", "503 no", 0 } },
      "4:auth-failed 5:auth-required<4 6:rcpt-without-mail<5 6:refusal-ignored<5" },
    { "EHLO refused, and all that needs it", PROTOCOL_SMTP,
      { BANNER, { "EHLO c", "550 no", 0 }, { "MAIL FROM:<a@b>", "503 hello", 0 }, { "RCPT TO:<c@c>", "503 no", 0 } },
      "1:command-refused 2:no-greeting<1 2:refusal-ignored<1 3:rcpt-without-mail<1 3:refusal-ignored<1" },
    { "a 421 that nobody asked for shifts nothing", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, { NULL, "421 timeout", 0 }, { "RSET", NULL, 0 } }, "0:server-421 0:timeout" },
    { "nor does another code that speaks of a timeout", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, { NULL, "451 4.7.0 Timeout waiting for client input", 0 }, { "RSET", NULL, 0 } },
      "0:server-421 0:timeout" },
    { "but asked for it is a refusal", PROTOCOL_SMTP,
      { BANNER, EHLO, { "MAIL FROM:<a@b>", "451 4.3.0 timeout in a lookup", 0 }, QUIT }, "2:command-refused" },
    { "a second AUTH is wrong in any place, whatever was refused before", PROTOCOL_SMTP,
      { BANNER, EHLO, TLS, EHLO, { "AUTH PLAIN AGEAYg==", "235 ok", 0 }, MAIL, { "DATA", "503 no", 0 }, { "AUTH PLAIN AGEAYg==", "503 no", 0 } },
      "6:data-without-rcpt 7:auth-in-transaction" },
    { "a second EHLO is legal, and drops the transaction", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, RCPT, EHLO, { "RCPT TO:<c@c>", "503 no", 0 } }, "5:rcpt-without-mail" },
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

/* The refusal that followed from that of MAIL may be among what the RST stands behind. */
static void nobody_is_blamed_for_what_a_reset_leaves_open(void **state)
{
    struct analyzer *analyzer = new_analyzer();

    (void)state;
    for (unsigned is_short = 0; is_short < 2; is_short++) {
        struct session *session = SESSION_OF(BANNER, EHLO, { "RCPT TO:<b@c>", NULL, 0 });
        session->closed = CLOSE_RESET;
        session->side[SIDE_SERVER].reset_off_by = is_short ? 26 : 0;
        struct analysis *analysis = analysis_new(analyzer, session);
        assert_int_equal(find_finding(analysis, RULE_RCPT_WITHOUT_MAIL) != NULL, !is_short);
        analysis_free(analysis);
    }
    analyzer_free(analyzer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_scenario_raises_its_findings_and_no_others),
        cmocka_unit_test(a_hole_adds_no_finding),
        cmocka_unit_test(nobody_is_blamed_for_what_a_reset_leaves_open),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
