/* A message transferred before. */
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

static struct session *send_once(struct run *run, uint64_t at_s, const char *content, const char *reply)
{
    struct session *session = SESSION_OF(BANNER, EHLO, MAIL, RCPT, DATA, { content, reply, 0 });

    return run_place(run, session, 7, at_s);
}

static void after_a_lost_reply_it_is_a_likely_duplicate(void **state)
{
    struct run run;

    (void)state;
    run_begin(&run, NULL);
    assert_int_equal(run_count(&run, send_once(&run, 0, "Message-ID: <1@x>", NULL), RULE_DUPLICATE_DELIVERY),
                     0);
    assert_int_equal(
        run_count(&run, send_once(&run, 600, "Message-ID: <1@x>", "250 ok"), RULE_DUPLICATE_DELIVERY), 1);
    assert_int_equal(run.last.confidence, CONFIDENCE_LIKELY);
    assert_int_equal(run.last.fault, FAULT_UNDECIDED);
    assert_int_equal(run.last.command, 4);
    assert_true(run_detail_says(&run, "10 minutes before"));
    assert_true(run_detail_says(&run, "was not seen"));
    run_end(&run);
}

static void after_an_accepting_reply_it_is_possible(void **state)
{
    struct run run;

    (void)state;
    run_begin(&run, NULL);
    for (unsigned k = 1; k <= 20; k++)
        assert_int_equal(run_count(&run, send_once(&run, k * 60, "x", "250 ok"), RULE_DUPLICATE_DELIVERY),
                         k == 2 || k == 20);
    assert_int_equal(run.last.confidence, CONFIDENCE_POSSIBLE);
    assert_int_equal(run.last.fault, FAULT_CLIENT);
    /* a notice that is the same every day */
    assert_int_equal(run_count(&run, send_once(&run, 86400, "x", "250 ok"), RULE_DUPLICATE_DELIVERY), 0);
    run_end(&run);
}

static void what_is_no_duplicate(void **state)
{
    struct run run;
    struct session *session;

    (void)state;
    run_begin(&run, NULL);
    assert_int_equal(run_count(&run, send_once(&run, 0, "x", "451 later"), RULE_DUPLICATE_DELIVERY), 0);
    assert_int_equal(run_count(&run, send_once(&run, 60, "x", "250 ok"), RULE_DUPLICATE_DELIVERY), 0);
    assert_int_equal(run_count(&run, send_once(&run, 120, "y", "250 ok"), RULE_DUPLICATE_DELIVERY), 0);
    assert_int_equal(run_count(&run, send_once(&run, 180, "x", NULL), RULE_DUPLICATE_DELIVERY), 0);
    session = SESSION_OF(BANNER, EHLO, MAIL, { "RCPT TO:<c@example.net>", "250 ok", 0 }, DATA,
                         { "x", "250 ok", 0 });
    assert_int_equal(run_count(&run, run_place(&run, session, 7, 240), RULE_DUPLICATE_DELIVERY), 0);
    session = SESSION_OF(BANNER, EHLO, { "MAIL FROM:<c@example.org>", "250 ok", 0 }, RCPT, DATA,
                         { "x", "250 ok", 0 });
    assert_int_equal(run_count(&run, run_place(&run, session, 7, 300), RULE_DUPLICATE_DELIVERY), 0);
    session = send_once(&run, 360, "x", "250 ok");
    session->server.port = 10025; /* a filter hands it on */
    assert_int_equal(run_count(&run, session, RULE_DUPLICATE_DELIVERY), 0);
    run_end(&run);
}

static void one_transfer_seen_twice_is_no_duplicate(void **state)
{
    struct run run;
    struct session *copy;

    (void)state;
    run_begin(&run, NULL);
    assert_int_equal(run_count(&run, send_once(&run, 0, "x", "250 ok"), RULE_DUPLICATE_DELIVERY), 0);
    assert_int_equal(run_count(&run, send_once(&run, 0, "x", "250 ok"), RULE_DUPLICATE_DELIVERY), 0);
    copy = send_once(&run, 17, "x", "250 ok"); /* the same addresses and ports, by another clock */
    copy->client.port = 40001;
    assert_int_equal(run_count(&run, copy, RULE_DUPLICATE_DELIVERY), 0);
    run_end(&run);
}

static void an_incomplete_message_is_not_compared(void **state)
{
    struct run run;
    struct session *session;

    (void)state;
    run_begin(&run, NULL);
    for (unsigned k = 0; k < 3; k++) {
        session = SESSION_OF(BANNER, EHLO, MAIL, RCPT, DATA, { "x", NULL, STEP_UNFINISHED });
        assert_int_equal(run_count(&run, run_place(&run, session, 7, k * 60), RULE_DUPLICATE_DELIVERY), 0);
    }
    run_end(&run);
}

static void refused_recipients_make_no_difference(void **state)
{
    struct run run;
    struct session *session;

    (void)state;
    run_begin(&run, NULL);
    session = SESSION_OF(BANNER, EHLO, MAIL, RCPT, { "RCPT TO:<d@example.net>", "550 no", 0 }, DATA,
                         { "x", "250 ok", 0 });
    assert_int_equal(run_count(&run, run_place(&run, session, 7, 0), RULE_DUPLICATE_DELIVERY), 0);
    assert_int_equal(run_count(&run, send_once(&run, 60, "x", "250 ok"), RULE_DUPLICATE_DELIVERY), 1);
    run_end(&run);
}

/* clang-format off */
static const struct scenario scenarios[] = {
    { "twice in a session", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, RCPT, DATA, { "x", "250 ok", 0 }, MAIL, RCPT, DATA, { "x", "250 ok", 0 }, QUIT },
      "7:duplicate-delivery" },
    { "two messages", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, RCPT, DATA, { "x", "250 ok", 0 }, MAIL, RCPT, DATA, { "y", "250 ok", 0 }, QUIT }, "" },
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
        cmocka_unit_test(after_a_lost_reply_it_is_a_likely_duplicate),
        cmocka_unit_test(after_an_accepting_reply_it_is_possible),
        cmocka_unit_test(what_is_no_duplicate),
        cmocka_unit_test(one_transfer_seen_twice_is_no_duplicate),
        cmocka_unit_test(an_incomplete_message_is_not_compared),
        cmocka_unit_test(refused_recipients_make_no_difference),
        cmocka_unit_test(scenarios_raise_what_they_should),
        cmocka_unit_test(a_hole_adds_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
