/* Refused deliveries that come back: greylisting by its pattern, and the counts of the summary. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/timestamp.h"
#include "tests/support/run.h"
#include "tests/support/scenarios.h"

#define AT_RCPT(reply)                                                                                       \
    {                                                                                                        \
        "RCPT TO:<b@example.net>", reply, 0                                                                  \
    }

static struct session *refused(struct run *run, unsigned client, uint64_t at_s, const char *reply)
{
    return run_place(run, SESSION_OF(BANNER, EHLO, MAIL, AT_RCPT(reply), QUIT), client, at_s);
}

static struct session *taken(struct run *run, unsigned client, uint64_t at_s, const char *mail,
                             const char *rcpt)
{
    return run_place(run,
                     SESSION_OF(BANNER, EHLO, { mail, "250 ok", 0 }, { rcpt, "250 ok", 0 }, DATA,
                                { "x", "250 ok", 0 }, QUIT),
                     client, at_s);
}

static const char mail[] = "MAIL FROM:<a@example.org>";
static const char rcpt[] = "RCPT TO:<b@example.net>";

static void a_delivery_that_comes_back_was_greylisted(void **state)
{
    struct run run;

    (void)state;
    run_begin(&run, NULL);
    assert_int_equal(run_count(&run, refused(&run, 7, 0, "450 4.2.0 come again"), RULE_GREYLISTED), 0);
    assert_int_equal(run.returned.refused, 1);
    assert_int_equal(run_count(&run, refused(&run, 8, 60, "451 come again"), RULE_GREYLISTED), 0);
    assert_int_equal(run.returned.refused, 0); /* the same delivery, from the same network */
    assert_int_equal(run_count(&run, taken(&run, 9, 360, mail, rcpt), RULE_GREYLISTED), 1);
    assert_int_equal(run.returned.accepted_later, 1);
    assert_int_equal(run.last.confidence, CONFIDENCE_POSSIBLE);
    assert_int_equal(run.last.command, 3);
    assert_true(run_detail_says(
        &run, "Refused with 451 in an earlier session, for the first time 6 minutes before, 2 times"));
    assert_int_equal(run_count(&run, taken(&run, 9, 400, mail, rcpt), RULE_GREYLISTED), 0);
    assert_int_equal(run.returned.accepted_later, 0);
    run_end(&run);
}

static void other_reasons_are_no_greylisting(void **state)
{
    static const char *const replies[] = { "550 5.1.1 no",
                                           "452 4.2.2 mailbox full",
                                           "451 4.3.0 queue trouble",
                                           "450 4.1.8 lookup failed",
                                           "451 try later, too many connections",
                                           "450 4.7.1 rate limit",
                                           "421 4.4.2 timeout",
                                           "451 4.4.3 DNS lookup failed" };

    (void)state;
    for (size_t i = 0; i < sizeof replies / sizeof replies[0]; i++) {
        struct run run;
        run_begin(&run, NULL);
        (void)run_count(&run, refused(&run, 7, 0, replies[i]), RULE_GREYLISTED);
        assert_int_equal(run.returned.refused, 1);
        if (run_count(&run, taken(&run, 7, 600, mail, rcpt), RULE_GREYLISTED))
            fail_msg("%s", replies[i]);
        assert_int_equal(run.returned.accepted_later, 1);
        run_end(&run);
    }
}

static void another_delivery_is_no_return(void **state)
{
    static const struct {
        unsigned client;
        uint64_t at_s;
        const char *mail, *rcpt;
        bool is_counted;
    } rows[] = {
        { 7, 5, mail, rcpt, true }, /* at once: no greylisting waits so short */
        { 7, 600, "MAIL FROM:<c@example.org>", rcpt, false },
        { 7, 600, mail, "RCPT TO:<c@example.net>", false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct run run;
        run_begin(&run, NULL);
        (void)run_count(&run, refused(&run, 7, 0, "451 later"), RULE_GREYLISTED);
        struct session *session = taken(&run, rows[i].client, rows[i].at_s, rows[i].mail, rows[i].rcpt);
        assert_int_equal(run_count(&run, session, RULE_GREYLISTED), 0);
        assert_int_equal(run.returned.accepted_later, rows[i].is_counted);
        run_end(&run);
    }
    struct run run; /* another network */
    run_begin(&run, NULL);
    (void)run_count(&run, refused(&run, 7, 0, "451 later"), RULE_GREYLISTED);
    struct session *session = taken(&run, 7, 600, mail, rcpt);
    session->client.address.bytes[2]++;
    assert_int_equal(run_count(&run, session, RULE_GREYLISTED), 0);
    assert_int_equal(run.returned.accepted_later, 0);
    run_end(&run);
}

static void refusals_at_data_and_after_the_dot_count(void **state)
{
    struct run run;
    struct session *session;

    (void)state;
    run_begin(&run, NULL);
    session = SESSION_OF(BANNER, EHLO, MAIL, RCPT, { "DATA", "451 later", 0 }, QUIT);
    assert_int_equal(run_count(&run, run_place(&run, session, 7, 0), RULE_GREYLISTED), 0);
    assert_int_equal(run.returned.refused, 1);
    assert_int_equal(run_count(&run, taken(&run, 7, 300, mail, rcpt), RULE_GREYLISTED), 1);
    session = SESSION_OF(BANNER, EHLO, MAIL, RCPT, DATA, { "x", "451 later", 0 }, QUIT);
    assert_int_equal(run_count(&run, run_place(&run, session, 7, 1000), RULE_GREYLISTED), 0);
    assert_int_equal(run.returned.refused, 1);
    assert_int_equal(run_count(&run, taken(&run, 7, 1300, mail, rcpt), RULE_GREYLISTED), 1);
    run_end(&run);
}

static void of_lmtp_each_recipient_has_its_own_reply(void **state)
{
    struct run run;
    struct step steps[] = {
        BANNER, { "LHLO c", "250 mx", 0 },       MAIL, RCPT, { "RCPT TO:<c@example.net>", "250 ok", 0 },
        DATA,   { "x", "250 ok\r451 later", 0 }, QUIT
    };

    (void)state;
    run_begin(&run, NULL);
    struct session *session = session_build(steps, sizeof steps / sizeof steps[0], PROTOCOL_LMTP);
    (void)run_count(&run, run_place(&run, session, 7, 0), RULE_GREYLISTED);
    assert_int_equal(run.returned.refused, 1);
    steps[6].reply = "250 ok\r250 ok";
    session = session_build(steps, sizeof steps / sizeof steps[0], PROTOCOL_LMTP);
    assert_int_equal(run_count(&run, run_place(&run, session, 7, 300), RULE_GREYLISTED), 1);
    assert_int_equal(run.last.command, 4);
    assert_int_equal(run.returned.accepted_later, 1);
    run_end(&run);
}

static void many_recipients_are_told_once(void **state)
{
    struct step steps[] = { BANNER,
                            EHLO,
                            MAIL,
                            { "RCPT TO:<x@example.net>", "451 later", 0 },
                            { "RCPT TO:<y@example.net>", "451 later", 0 },
                            QUIT };
    struct step again[] = { BANNER,
                            EHLO,
                            MAIL,
                            { "RCPT TO:<x@example.net>", "250 ok", 0 },
                            { "RCPT TO:<y@example.net>", "250 ok", 0 },
                            DATA,
                            { "x", "250 ok", 0 },
                            QUIT };
    struct run run;

    (void)state;
    run_begin(&run, NULL);
    struct session *session = session_build(steps, sizeof steps / sizeof steps[0], PROTOCOL_SMTP);
    (void)run_count(&run, run_place(&run, session, 7, 0), RULE_GREYLISTED);
    assert_int_equal(run.returned.refused, 2);
    session = session_build(again, sizeof again / sizeof again[0], PROTOCOL_SMTP);
    assert_int_equal(run_count(&run, run_place(&run, session, 7, 300), RULE_GREYLISTED), 1);
    assert_int_equal(run.returned.accepted_later, 2);
    assert_true(run_detail_says(&run, "2 recipients"));
    run_end(&run);
}

/* A connection that is kept for long: the client did not go and come back. */
static void within_one_session_nothing_comes_back(void **state)
{
    struct run run;
    struct session *session = SESSION_OF(BANNER, EHLO, MAIL, AT_RCPT("451 later"), RSET, MAIL, RCPT, DATA,
                                         { "x", "250 ok", 0 }, QUIT);

    (void)state;
    run_begin(&run, NULL);
    for (size_t i = 4; i < session->item_count; i++) {
        session->items[i].at.time_ns += 600 * NS_PER_SECOND;
        session->items[i].first.time_ns += 600 * NS_PER_SECOND;
        session->items[i].reply->at.time_ns += 600 * NS_PER_SECOND;
    }
    assert_int_equal(run_count(&run, run_place(&run, session, 7, 0), RULE_GREYLISTED), 0);
    assert_int_equal(run.returned.refused, 1);
    assert_int_equal(run.returned.accepted_later, 1);
    run_end(&run);
}

/* clang-format off */
static const struct scenario scenarios[] = {
    { "refused and accepted in one session is no greylisting", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, { "RCPT TO:<b@example.net>", "451 later", 0 }, RSET, MAIL, RCPT, DATA,
        { "x", "250 ok", 0 }, QUIT },
      "3:command-refused" },
};
/* clang-format on */

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
        cmocka_unit_test(a_delivery_that_comes_back_was_greylisted),
        cmocka_unit_test(other_reasons_are_no_greylisting),
        cmocka_unit_test(another_delivery_is_no_return),
        cmocka_unit_test(refusals_at_data_and_after_the_dot_count),
        cmocka_unit_test(of_lmtp_each_recipient_has_its_own_reply),
        cmocka_unit_test(many_recipients_are_told_once),
        cmocka_unit_test(within_one_session_nothing_comes_back),
        cmocka_unit_test(scenarios_raise_what_they_should),
        cmocka_unit_test(a_hole_adds_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
