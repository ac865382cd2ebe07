/* Refusals that were there to be read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/support/scenarios.h"

/* clang-format off */
static const struct scenario scenarios[] = {
    { "refusal-ignored", PROTOCOL_SMTP,
      { BANNER, EHLO, { "MAIL FROM:<a@b>", "550 no", 0 }, { "RCPT TO:<b@c>", "503 no", 0 } },
      "2:command-refused 3:rcpt-without-mail<2 3:refusal-ignored<2" },
    { "refusal-ignored, and the server takes the message of nobody", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, { "RCPT TO:<b@c>", "550 no", 0 }, DATA, { "x", "554 no", 0 } },
      "3:command-refused 4:data-without-rcpt 4:refusal-ignored<3 4:misorder-accepted" },
    { "one group after a refusal ignores nothing", PROTOCOL_SMTP,
      { BANNER, EHLO, { "MAIL FROM:<a@b>", "550 no", 0 }, PIPED("RCPT TO:<b@c>", "503 no"), PIPED("DATA", "503 no") },
      "2:command-refused" },
    { "a group acknowledged by the kernel", PROTOCOL_SMTP,
      { BANNER, EHLO, { "MAIL FROM:<a@b>", "550 no", 0 }, PIPED("RCPT TO:<b@c>", "503 no"), { "RCPT TO:<c@c>", "503 no", 0 },
        PIPED("RCPT TO:<d@c>", "503 no"), PIPED("DATA", "503 no") },
      "2:command-refused" },
    { "a client that did not wait for the greeting either", PROTOCOL_SMTP,
      { { "EHLO c", "250 mx", STEP_EARLY }, BANNER, { "MAIL FROM:<a@b>", "550 no", 0 }, { "RCPT TO:<b@c>", "503 no", 0 } },
      "1:early-talker 2:command-refused" },
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

static enum confidence confidence_of(struct analyzer *analyzer, struct session *session, enum rule_id rule)
{
    struct analysis *analysis = analysis_new(analyzer, session);
    const struct finding *finding = find_finding(analysis, rule);
    enum confidence confidence = finding ? finding->confidence : CONFIDENCE_NONE;

    analysis_free(analysis);
    return confidence;
}

/* A client that waits for each reply, EHLO 1 ms after the greeting; RCPT comes `passed_ns` after the refusal.
 */
static struct session *ignoring_session(uint64_t passed_ns)
{
    struct session *session =
        SESSION_OF(BANNER, EHLO, { "MAIL FROM:<a@b>", "550 no", 0 }, { "RCPT TO:<b@c>", "503 no", 0 });

    session->items[3].first.time_ns = session->items[2].reply->at.time_ns + passed_ns;
    return session;
}

static void whether_there_was_time_to_read_the_pace_of_the_client_tells(void **state)
{
    struct analyzer *analyzer = new_analyzer();

    (void)state;
    assert_int_equal(confidence_of(analyzer, ignoring_session(1000000), RULE_REFUSAL_IGNORED),
                     CONFIDENCE_LIKELY);
    assert_int_equal(confidence_of(analyzer, ignoring_session(500000), RULE_REFUSAL_IGNORED),
                     CONFIDENCE_LIKELY);
    assert_int_equal(confidence_of(analyzer, ignoring_session(499999), RULE_REFUSAL_IGNORED),
                     CONFIDENCE_POSSIBLE);
    analyzer_free(analyzer);
}

/* A client that sends groups is held to more than its kernel can explain. */
static enum confidence confidence_after_group(struct analyzer *analyzer, uint64_t pause_ns, uint64_t rtt_ns)
{
    struct session *session = SESSION_OF(BANNER, EHLO, { "MAIL FROM:<a@b>", "550 no", 0 },
                                         PIPED("RCPT TO:<b@c>", "503 no"), { "RCPT TO:<c@c>", "503 no", 0 });

    session->items[4].first.time_ns += pause_ns;
    session->rtt_ns = rtt_ns;
    return confidence_of(analyzer, session, RULE_REFUSAL_IGNORED);
}

static void a_pause_between_two_groups_is_time_to_read(void **state)
{
    struct analyzer *analyzer = new_analyzer();

    (void)state;
    assert_int_equal(confidence_after_group(analyzer, 0, 1000000), CONFIDENCE_NONE);
    assert_int_equal(confidence_after_group(analyzer, UINT64_C(2000000000), 1000000), CONFIDENCE_LIKELY);
    assert_int_equal(confidence_after_group(analyzer, UINT64_C(2000000000), 900000000), CONFIDENCE_NONE);
    analyzer_free(analyzer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_scenario_raises_its_findings_and_no_others),
        cmocka_unit_test(a_hole_adds_no_finding),
        cmocka_unit_test(whether_there_was_time_to_read_the_pace_of_the_client_tells),
        cmocka_unit_test(a_pause_between_two_groups_is_time_to_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
