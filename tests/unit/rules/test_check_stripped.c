/* STARTTLS masked on the way, or missing where it was offered before. */
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

static struct session *greet(struct run *run, uint64_t at_s, const char *ehlo_reply)
{
    return run_place(run, SESSION_OF(BANNER, { "EHLO c", ehlo_reply, 0 }, MAIL, RSET, QUIT), 7, at_s);
}

static void masks_are_known_by_length_and_by_what_else_is_missing(void **state)
{
    static const struct {
        const char *name, *reply;
        enum confidence confidence; /* NONE: no finding */
    } rows[] = {
        { "plain", "250-mx\n250-XXXXXXXX\n250 8BITMIME", CONFIDENCE_CERTAIN },
        { "stars", "250-mx\n250 ********", CONFIDENCE_CERTAIN },
        { "lettered", "250-mx\n250-XXXXXXXA\n250 8BITMIME", CONFIDENCE_LIKELY },
        { "recognised", "250-mx\n250 STARTTLX", CONFIDENCE_CERTAIN },
        { "all that are as long", "250-mx\n250-XXXXXXXA\n250-XXXXXXXB\n250-XXXXXXXC\n250 8BITMIME",
          CONFIDENCE_CERTAIN },
        { "two, which others explain", "250-mx\n250-XXXXXXXA\n250-XXXXXXXB\n250 8BITMIME",
          CONFIDENCE_POSSIBLE },
        { "the rest is listed", "250-mx\n250-XXXXXXXA\n250-8BITMIME\n250-SMTPUTF8\n250 CHUNKING",
          CONFIDENCE_CERTAIN },
        { "CHUNKING, by its companion", "250-mx\n250-XXXA\n250-BINARYMIME\n250-XXXXXXXB\n250 8bitmime",
          CONFIDENCE_NONE },
        { "another length", "250-mx\n250-XXXXXXXXXX\n250 XXXA", CONFIDENCE_NONE },
        { "STARTTLS is there", "250-mx\n250-XXXXXXXX\n250 STARTTLS", CONFIDENCE_NONE },
        { "another keyword", "250-mx\n250-XFORWARD\n250-DELIVERB\n250 XMESSAGE", CONFIDENCE_NONE },
        { "nothing", "250-mx\n250 8BITMIME", CONFIDENCE_NONE },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct run run;
        run_begin(&run, NULL);
        size_t raised = run_count(&run, greet(&run, 0, rows[i].reply), RULE_STARTTLS_STRIPPED);
        if (raised != (rows[i].confidence != CONFIDENCE_NONE))
            fail_msg("%s: raised %zu times", rows[i].name, raised);
        if (raised && run.last.confidence != rows[i].confidence)
            fail_msg("%s: %s", rows[i].name, confidence_name(run.last.confidence));
        if (raised)
            assert_int_equal(run.last.command, 1);
        run_end(&run);
    }
}

static void an_offer_that_is_gone_is_told_once(void **state)
{
    struct run run;

    (void)state;
    run_begin(&run, NULL);
    for (unsigned k = 0; k < 10; k++)
        assert_int_equal(run_count(&run, greet(&run, k, "250-mx\n250 STARTTLS"), RULE_STARTTLS_STRIPPED), 0);
    for (unsigned k = 1; k <= 12; k++)
        assert_int_equal(run_count(&run, greet(&run, 60 + k, "250-mx\n250 SIZE"), RULE_STARTTLS_STRIPPED),
                         k == 1 || k == 10);
    assert_int_equal(run.last.confidence, CONFIDENCE_POSSIBLE);
    run_end(&run);
}

static void an_offer_that_is_the_exception_is_not_missed(void **state)
{
    struct run run;

    (void)state;
    run_begin(&run, NULL);
    for (unsigned k = 0; k < 20; k++)
        assert_int_equal(run_count(&run,
                                   greet(&run, k, k % 4 == 3 ? "250-mx\n250 STARTTLS" : "250-mx\n250 SIZE"),
                                   RULE_STARTTLS_STRIPPED),
                         0);
    run_end(&run);
    /* one that began before the offer was seen, and ended later */
    run_begin(&run, NULL);
    assert_int_equal(run_count(&run, greet(&run, 60, "250-mx\n250 STARTTLS"), RULE_STARTTLS_STRIPPED), 0);
    assert_int_equal(run_count(&run, greet(&run, 0, "250-mx\n250 SIZE"), RULE_STARTTLS_STRIPPED), 0);
    run_end(&run);
}

static void where_no_offer_is_due_none_is_missed(void **state)
{
    struct run run;
    struct session *session;

    (void)state;
    run_begin(&run, NULL);
    assert_int_equal(
        run_count(&run, greet(&run, 0, "250-mx\n250-STARTTLS\n250 AUTH PLAIN"), RULE_STARTTLS_STRIPPED), 0);
    session = SESSION_OF(BANNER, EHLO, TLS, BARE, MAIL, RSET, QUIT);
    assert_int_equal(run_count(&run, run_place(&run, session, 7, 10), RULE_STARTTLS_STRIPPED), 0);
    session = SESSION_OF(BANNER, HELO, MAIL, RSET, QUIT);
    assert_int_equal(run_count(&run, run_place(&run, session, 7, 20), RULE_STARTTLS_STRIPPED), 0);
    session = SESSION_OF(BANNER, EHLO, { "AUTH PLAIN AGEAYg==", "235 ok", 0 }, BARE, MAIL, RSET, QUIT);
    assert_int_equal(run_count(&run, run_place(&run, session, 7, 30), RULE_STARTTLS_STRIPPED), 0);
    session = SESSION_OF(BANNER, { "AUTH PLAIN AGEAYg==", "235 ok", 0 }, BARE, MAIL, RSET, QUIT);
    assert_int_equal(run_count(&run, run_place(&run, session, 7, 35), RULE_STARTTLS_STRIPPED), 0);
    session = greet(&run, 40, "250-mx\n250 SIZE"); /* another port has other offers */
    session->server.port = 587;
    assert_int_equal(run_count(&run, session, RULE_STARTTLS_STRIPPED), 0);
    session = greet(&run, 50, "250-mx\n250 SIZE"); /* part of the reply is missing */
    session->items[1].reply->is_after_gap = true;
    assert_int_equal(run_count(&run, session, RULE_STARTTLS_STRIPPED), 0);
    run_end(&run);
}

#define MASKED                                                                                               \
    {                                                                                                        \
        "EHLO c", "250-mx\n250-XXXXXXXX\n250 8BITMIME", 0                                                    \
    }

static const struct scenario scenarios[] = {
    { "masked",
      PROTOCOL_SMTP,
      { BANNER, MASKED, MAIL, RSET, QUIT },
      "1:starttls-stripped 1:middlebox-masking" },
    { "not masked", PROTOCOL_SMTP, { BANNER, BARE, MAIL, RSET, QUIT }, "" },
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
        cmocka_unit_test(masks_are_known_by_length_and_by_what_else_is_missing),
        cmocka_unit_test(an_offer_that_is_gone_is_told_once),
        cmocka_unit_test(an_offer_that_is_the_exception_is_not_missed),
        cmocka_unit_test(where_no_offer_is_due_none_is_missed),
        cmocka_unit_test(scenarios_raise_what_they_should),
        cmocka_unit_test(a_hole_adds_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
