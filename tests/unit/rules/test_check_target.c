/* Recipients asked for without a message. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/run.h"
#include "tests/support/scenarios.h"

static struct session *verify(struct run *run, unsigned client, unsigned k, const char *verb)
{
    char line[64];

    (void)snprintf(line, sizeof line, "%s user%u", verb, k);
    return run_place(run, SESSION_OF(BANNER, EHLO, { line, "252 perhaps", 0 }, QUIT), client, k * 60);
}

/* One accepted, one refused, and no message. */
static struct session *probe(struct run *run, unsigned client, unsigned k, const char *end)
{
    char one[64], other[64];

    (void)snprintf(one, sizeof one, "RCPT TO:<user%u@example.net>", 2 * k);
    (void)snprintf(other, sizeof other, "RCPT TO:<user%u@example.net>", 2 * k + 1);
    return run_place(run,
                     SESSION_OF(BANNER, EHLO, MAIL, { one, "250 ok", 0 }, { other, "550 5.1.1 no", 0 },
                                { end, "221 bye", 0 }),
                     client, k * 60);
}

static void many_queries_are_told(void **state)
{
    struct run run;

    (void)state;
    run_begin(&run, NULL);
    for (unsigned k = 1; k <= 20; k++)
        assert_int_equal(run_count(&run, verify(&run, 7, k, k % 2 ? "VRFY" : "EXPN"), RULE_USER_ENUMERATION),
                         k == 10);
    assert_int_equal(run.last.confidence, CONFIDENCE_LIKELY);
    assert_int_equal(run.last.command, 2);
    assert_true(run_detail_says(&run, "10 different recipients in 9 minutes, 10 times by VRFY or EXPN"));
    run_end(&run);
}

static void the_same_query_again_is_a_test(void **state)
{
    struct run run;

    (void)state;
    run_begin(&run, NULL);
    for (unsigned k = 1; k <= 20; k++)
        assert_int_equal(run_count(&run, verify(&run, 7, 1, "VRFY"), RULE_USER_ENUMERATION), 0);
    run_end(&run);
}

static void many_recipients_without_a_message_are_told(void **state)
{
    static const char *const ends[] = { "QUIT", "RSET", "MAIL FROM:<a@b>", "EHLO c" };
    struct run run;
    size_t raised = 0;

    (void)state;
    run_begin(&run, NULL);
    for (unsigned k = 0; k < 20; k++)
        raised += run_count(&run, probe(&run, 7, k, ends[k % 4]), RULE_USER_ENUMERATION);
    assert_int_equal(raised, 1);
    assert_int_equal(run.last.confidence, CONFIDENCE_POSSIBLE);
    assert_true(run_detail_says(&run, "10 different recipients"));
    assert_true(run_detail_says(&run, "in 5 transactions without a message"));
    run_end(&run);
}

static void messages_and_call_outs_are_no_questions(void **state)
{
    struct run run;

    (void)state;
    run_begin(&run, NULL);
    for (unsigned k = 0; k < 40; k++) {
        char line[64];
        (void)snprintf(line, sizeof line, "RCPT TO:<user%u@example.net>", k);
        struct session *call_out = SESSION_OF(BANNER, EHLO, { "MAIL FROM:<>", "250 ok", 0 },
                                              { line, k % 2 ? "250 ok" : "550 no", 0 }, QUIT);
        assert_int_equal(run_count(&run, run_place(&run, call_out, 7, k), RULE_USER_ENUMERATION), 0);
        struct session *message =
            SESSION_OF(BANNER, EHLO, MAIL, { line, "250 ok", 0 }, DATA, { "x", "250 ok", 0 }, QUIT);
        assert_int_equal(run_count(&run, run_place(&run, message, 8, k), RULE_USER_ENUMERATION), 0);
        struct session *refused = SESSION_OF(BANNER, EHLO, MAIL, { line, "550 no", 0 }, QUIT);
        assert_int_equal(run_count(&run, run_place(&run, refused, 9, k), RULE_USER_ENUMERATION), 0);
        struct session *no_data =
            SESSION_OF(BANNER, EHLO, MAIL, { line, "250 ok", 0 }, { "DATA", "451 later", 0 }, QUIT);
        assert_int_equal(run_count(&run, run_place(&run, no_data, 10, k), RULE_USER_ENUMERATION), 0);
        struct session *lost = SESSION_OF(BANNER, EHLO, MAIL, { line, "250 ok", 0 });
        assert_int_equal(run_count(&run, run_place(&run, lost, 11, k), RULE_USER_ENUMERATION), 0);
    }
    run_end(&run);
}

/* A library that gives up a message for one refused recipient. */
static void one_list_given_up_is_no_enumeration(void **state)
{
    struct step steps[] = { BANNER, EHLO, MAIL, RCPT, RCPT,
                            RCPT,   RCPT, RCPT, RCPT, RCPT,
                            RCPT,   RCPT, RCPT, RCPT, { "RCPT TO:<gone@example.net>", "550 no", 0 },
                            QUIT };
    char lines[11][64];
    struct run run;

    (void)state;
    run_begin(&run, NULL);
    for (unsigned k = 0; k < 11; k++) {
        (void)snprintf(lines[k], sizeof lines[k], "RCPT TO:<user%u@example.net>", k);
        steps[3 + k].send = lines[k];
    }
    for (unsigned k = 0; k < 2; k++) {
        struct session *session = session_build(steps, sizeof steps / sizeof steps[0], PROTOCOL_SMTP);
        assert_int_equal(run_count(&run, run_place(&run, session, 7, k * 60), RULE_USER_ENUMERATION), 0);
    }
    run_end(&run);
}

/* `count` names, each refused with that text, and nothing else. */
static size_t harvest(unsigned count, const char *refusal, bool has_message)
{
    struct step steps[] = { BANNER, EHLO, MAIL, RCPT, RCPT, RCPT, RCPT, RCPT, RCPT,
                            RCPT,   RCPT, RCPT, RCPT, QUIT, QUIT, QUIT, QUIT, QUIT };
    static const struct step message[] = { RSET, MAIL, RCPT, DATA, { "x", "250 ok", 0 } };
    char lines[10][64];
    struct run run;

    for (unsigned k = 0; k < count; k++) {
        (void)snprintf(lines[k], sizeof lines[k], "RCPT TO:<user%u@example.net>", k);
        steps[3 + k] = (struct step){ lines[k], refusal, 0 };
    }
    for (unsigned k = 0; has_message && k < 5; k++)
        steps[3 + count + k] = message[k];
    run_begin(&run, NULL);
    struct session *session = session_build(steps, 3 + count + (has_message ? 5 : 1), PROTOCOL_SMTP);
    size_t raised = run_count(&run, run_place(&run, session, 7, 60), RULE_USER_ENUMERATION);
    run_end(&run);
    return raised;
}

static void a_harvest_that_finds_nobody_is_told(void **state)
{
    (void)state;
    assert_int_equal(harvest(10, "550 5.1.1 User unknown", false), 1);
    assert_int_equal(harvest(9, "550 5.1.1 User unknown", false), 0);
    assert_int_equal(harvest(10, "450 4.1.1 User unknown, try later", false), 0);
    assert_int_equal(harvest(10, "554 5.7.1 Client host blocked", false), 0);
    assert_int_equal(harvest(10, "550 5.1.1 User unknown", true), 0);
}

static void one_list_of_strangers_is_enumeration(void **state)
{
    struct step steps[] = { BANNER, EHLO, MAIL, RCPT, RCPT, RCPT, RCPT,
                            RCPT,   RCPT, RCPT, RCPT, RCPT, RCPT, QUIT };
    char lines[10][64];
    struct run run;

    (void)state;
    for (unsigned refused = 4; refused <= 6; refused++) {
        run_begin(&run, NULL);
        for (unsigned k = 0; k < 10; k++) {
            (void)snprintf(lines[k], sizeof lines[k], "RCPT TO:<user%u@example.net>", k);
            steps[3 + k].send = lines[k];
            steps[3 + k].reply = k < refused ? "550 5.1.1 no" : "250 ok";
        }
        struct session *session = session_build(steps, sizeof steps / sizeof steps[0], PROTOCOL_SMTP);
        assert_int_equal(run_count(&run, run_place(&run, session, 7, 0), RULE_USER_ENUMERATION),
                         refused >= 5);
        run_end(&run);
    }
}

static void behind_missing_bytes_nothing_is_said(void **state)
{
    struct run run;

    (void)state;
    run_begin(&run, NULL);
    for (unsigned k = 0; k < 20; k++) {
        char line[64];
        (void)snprintf(line, sizeof line, "RCPT TO:<user%u@example.net>", k);
        struct session *session =
            SESSION_OF(BANNER, EHLO, MAIL, { line, "250 ok", 0 }, { "", NULL, STEP_GAP_CLIENT }, QUIT);
        assert_int_equal(run_count(&run, run_place(&run, session, 7, k), RULE_USER_ENUMERATION), 0);
    }
    run_end(&run);
}

#define VRFY(name)                                                                                           \
    {                                                                                                        \
        "VRFY " name, "252 perhaps", 0                                                                       \
    }

static const struct scenario scenarios[] = {
    { "ten in one session",
      PROTOCOL_SMTP,
      { BANNER, EHLO, VRFY("a"), VRFY("b"), VRFY("c"), VRFY("d"), VRFY("e"), VRFY("f"), VRFY("g"), VRFY("h"),
        VRFY("i"), VRFY("j"), QUIT },
      "11:user-enumeration" },
    { "nine",
      PROTOCOL_SMTP,
      { BANNER, EHLO, VRFY("a"), VRFY("b"), VRFY("c"), VRFY("d"), VRFY("e"), VRFY("f"), VRFY("g"), VRFY("h"),
        VRFY("i"), VRFY("A"), QUIT },
      "" },
};

static void scenarios_raise_what_they_should(void **state)
{
    (void)state;
    scenarios_hold(scenarios, sizeof scenarios / sizeof scenarios[0]);
}

static void a_hole_adds_nothing(void **state)
{
    (void)state;
    scenarios_hold_with_holes(scenarios, sizeof scenarios / sizeof scenarios[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_queries_are_told),
        cmocka_unit_test(the_same_query_again_is_a_test),
        cmocka_unit_test(many_recipients_without_a_message_are_told),
        cmocka_unit_test(messages_and_call_outs_are_no_questions),
        cmocka_unit_test(one_list_given_up_is_no_enumeration),
        cmocka_unit_test(a_harvest_that_finds_nobody_is_told),
        cmocka_unit_test(one_list_of_strangers_is_enumeration),
        cmocka_unit_test(behind_missing_bytes_nothing_is_said),
        cmocka_unit_test(scenarios_raise_what_they_should),
        cmocka_unit_test(a_hole_adds_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
