/* What was sent before its turn. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/support/scenarios.h"

/* clang-format off */
static const struct scenario scenarios[] = {
    { "MAIL with EHLO", PROTOCOL_SMTP, { BANNER, EHLO, PIPED("MAIL FROM:<a@b>", "250 ok") }, "2:pipelining-violation" },
    { "MAIL with HELO", PROTOCOL_SMTP, { BANNER, HELO, PIPED("MAIL FROM:<a@b>", "250 ok") }, "2:pipelining-violation" },
    { "MAIL behind the reply to EHLO", PROTOCOL_SMTP, { BANNER, EHLO, MAIL }, "" },
    { "a second EHLO in its place", PROTOCOL_SMTP, { BANNER, EHLO, RSET, PIPED("EHLO c.example", "250-mx\n250 PIPELINING"), MAIL },
      "" },
    { "something behind NOOP, told once for a run", PROTOCOL_SMTP,
      { BANNER, EHLO, { "NOOP", "250 ok", 0 }, PIPED("NOOP", "250 ok"), PIPED("NOOP", "250 ok"), PIPED("MAIL FROM:<a@b>", "250 ok") },
      "3:pipelining-violation" },
    { "NOOP and VRFY as the last of their groups", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, PIPED("NOOP", "250 ok"), RSET, PIPED("VRFY a", "252 ok"), QUIT }, "" },
    { "RSET, MAIL, RCPT and DATA in one group", PROTOCOL_SMTP,
      { BANNER, EHLO, RSET, PIPED("MAIL FROM:<a@b>", "250 ok"), PIPED("RCPT TO:<b@c>", "250 ok"), PIPED("DATA", "354 go"),
        { "x", "250 ok", 0 }, QUIT }, "" },
    { "MAIL in the flight of the final dot", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, RCPT, DATA, { "x", "250 ok", 0 }, PIPED("MAIL FROM:<a@b>", "250 ok"), PIPED("RCPT TO:<b@c>", "250 ok"),
        PIPED("DATA", "354 go"), { "x", "250 ok", 0 }, PIPED("QUIT", "221 bye") }, "" },
    { "QUIT with the final dot", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, RCPT, DATA, { "x", "250 ok", 0 }, PIPED("QUIT", "221 bye") }, "" },
    { "the message with its DATA", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, RCPT, DATA, PIPED("x", "250 ok"), QUIT }, "4:pipelining-violation" },
    { "the lines of a message with a DATA that is refused", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, RCPT, { "DATA", "451 no", 0 }, { "Subject: x", "500 no", STEP_PIPELINED | STEP_BODY_LINE },
        { ".", "500 no", STEP_PIPELINED | STEP_BODY_LINE } },
      "4:command-refused 5:data-without-354<4 5:pipelining-violation" },
    { "a farewell on its way is not the reply to wait for", PROTOCOL_SMTP,
      { BANNER, EHLO, { "NOOP", "250 ok", 0 }, { NULL, "421 bye", 0 }, PIPED("QUIT", "221 bye") }, "" },
    { "behind lines of a chunk that were answered", PROTOCOL_SMTP,
      { BANNER, EHLO, { "BDAT 3", "500 what", 0 }, { "abc", "500 what", STEP_BODY_LINE }, { "NOOP", "250 ok", 0 },
        PIPED("NOOP", "250 ok") },
      "2:bdat-without-mail 2:wrong-code" },
    { "something behind QUIT", PROTOCOL_SMTP, { BANNER, EHLO, QUIT, PIPED("NOOP", NULL) }, "3:pipelining-violation" },
    { "ETRN is the last of its group, XFORWARD need not be", PROTOCOL_SMTP,
      { BANNER, { "EHLO c", "250-mx\n250-PIPELINING\n250-ETRN\n250 XFORWARD NAME", 0 }, { "XFORWARD NAME=a", "250 ok", 0 },
        PIPED("MAIL FROM:<a@b>", "250 ok"), RSET, { "ETRN x", "250 ok", 0 }, PIPED("MAIL FROM:<a@b>", "250 ok") },
      "6:pipelining-violation" },
    { "without PIPELINING it is told as that", PROTOCOL_SMTP,
      { BANNER, BARE, { "NOOP", "250 ok", 0 }, PIPED("MAIL FROM:<a@b>", "250 ok") }, "3:pipelining-not-offered" },
    { "before any EHLO nothing is offered", PROTOCOL_SMTP,
      { BANNER, { "NOOP", "250 ok", 0 }, PIPED("EHLO c", "250 mx") }, "2:pipelining-violation" },
    { "AUTH PLAIN with its response, and MAIL", PROTOCOL_SMTP,
      { BANNER, EHLO, TLS, EHLO, { "AUTH PLAIN AGEAYg==", "235 ok", 0 }, PIPED("MAIL FROM:<a@b>", "250 ok") }, "" },
    { "AUTH LOGIN with a user name needs a second step", PROTOCOL_SMTP,
      { BANNER, EHLO, TLS, EHLO, { "AUTH LOGIN Ym9i", "535 no", 0 }, PIPED("MAIL FROM:<a@b>", "250 ok") },
      "4:auth-failed 5:pipelining-violation" },
    { "AUTH PLAIN without a response", PROTOCOL_SMTP,
      { BANNER, EHLO, TLS, EHLO, { "AUTH PLAIN", "535 no", 0 }, PIPED("MAIL FROM:<a@b>", "250 ok") },
      "4:auth-failed 5:pipelining-violation" },
    { "auth-pipelined", PROTOCOL_SMTP,
      { BANNER, EHLO, TLS, EHLO, { "AUTH LOGIN", "334 VXNlcm5hbWU6", 0 }, PIPED("Ym9i", "334 UGFzc3dvcmQ6"),
        PIPED("c2VjcmV0", "235 ok") }, "4:auth-pipelined" },
    { "auth-pipelined at the password", PROTOCOL_SMTP,
      { BANNER, EHLO, TLS, EHLO, { "AUTH LOGIN", "334 VXNlcm5hbWU6", 0 }, { "Ym9i", "334 UGFzc3dvcmQ6", 0 },
        { "c2VjcmV0", "235 ok", 0 } }, "" },
    { "auth-pipelined, and AUTH refused", PROTOCOL_SMTP,
      { BANNER, EHLO, TLS, EHLO, { "AUTH LOGIN", "504 no", 0 }, PIPED("Ym9i", "500 no"), PIPED("c2VjcmV0", "500 no") },
      "4:auth-failed 5:auth-pipelined 5:secret-in-command<4" },
    { "a chunk before the refusals of its recipients", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, { "RCPT TO:<b@c>", "550 no", 0 }, PIPED("BDAT 3", "554 no"), PIPED("BDAT 3 LAST", "554 no"), RSET },
      "3:command-refused 4:pipelining-violation<3" },
    { "a chunk with recipients that are accepted", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, RCPT, PIPED("BDAT 3 LAST", "250 ok"), QUIT }, "" },
    { "early-talker", PROTOCOL_SMTP, { { "EHLO c", "250 mx", STEP_EARLY }, { NULL, "220 mx", 0 } }, "1:early-talker" },
    { "early-talker, a whole group", PROTOCOL_SMTP,
      { { "EHLO c", "250-mx\n250 PIPELINING", STEP_EARLY }, { "MAIL FROM:<a@b>", "250 ok", STEP_EARLY | STEP_PIPELINED },
        { NULL, "220 mx", 0 } }, "1:early-talker 2:pipelining-violation" },
    { "PIPECONNECT: before the greeting a whole group may come", PROTOCOL_SMTP,
      { { "EHLO c", "250-mx\n250-PIPELINING\n250 PIPECONNECT", STEP_EARLY },
        { "MAIL FROM:<a@b>", "250 ok", STEP_EARLY | STEP_PIPELINED }, { NULL, "220 mx", 0 } }, "1:early-talker" },
    { "PIPECONNECT: with EHLO too", PROTOCOL_SMTP,
      { BANNER, { "EHLO c", "250-mx\n250-PIPELINING\n250 PIPECONNECT", 0 }, PIPED("MAIL FROM:<a@b>", "250 ok") },
      "2:pipelining-violation" },
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

/* A STARTTLS that is accepted makes it an injection. */
static void what_follows_starttls_waits_for_its_reply(void **state)
{
    struct analyzer *analyzer = new_analyzer();

    (void)state;
    for (unsigned is_short = 0; is_short < 2; is_short++) {
        struct session *session = SESSION_OF(BANNER, EHLO, { "STARTTLS", NULL, 0 }, PIPED("NOOP", NULL));
        session->closed = CLOSE_RESET;
        session->side[SIDE_SERVER].reset_off_by = is_short ? 37 : 0;
        struct analysis *analysis = analysis_new(analyzer, session);
        assert_int_equal(find_finding(analysis, RULE_PIPELINING_VIOLATION) != NULL, !is_short);
        analysis_free(analysis);
    }
    analyzer_free(analyzer);
}

static enum confidence confidence_of(struct analyzer *analyzer, struct session *session, enum rule_id rule)
{
    struct analysis *analysis = analysis_new(analyzer, session);
    const struct finding *finding = find_finding(analysis, rule);
    enum confidence confidence = finding ? finding->confidence : CONFIDENCE_NONE;

    analysis_free(analysis);
    return confidence;
}

static struct session *early_session(uint64_t start_ns)
{
    struct session *session =
        SESSION_OF({ "EHLO c", "250-mx\n250-PIPELINING\n250 PIPECONNECT", STEP_EARLY },
                   { "MAIL FROM:<a@b>", "250 ok", STEP_EARLY | STEP_PIPELINED }, { NULL, "220 mx", 0 });

    session->start_ns = start_ns;
    return session;
}

static void pipeconnect_may_be_used_once_it_was_seen(void **state)
{
    struct analyzer *analyzer = new_analyzer();
    uint64_t now_ns = UINT64_C(1700000000000000000);

    (void)state;
    assert_int_equal(confidence_of(analyzer, early_session(now_ns), RULE_EARLY_TALKER), CONFIDENCE_POSSIBLE);
    assert_int_equal(confidence_of(analyzer, early_session(now_ns + 1000000000), RULE_EARLY_TALKER),
                     CONFIDENCE_NONE);
    assert_int_equal(confidence_of(analyzer, early_session(now_ns - 1), RULE_EARLY_TALKER),
                     CONFIDENCE_POSSIBLE);
    struct session *other = early_session(now_ns + 1000000000);
    other->client.address = (struct address){ 4, { 192, 0, 2, 9 } };
    assert_int_equal(confidence_of(analyzer, other, RULE_EARLY_TALKER), CONFIDENCE_POSSIBLE);
    struct session *grouped =
        SESSION_OF(BANNER, { "EHLO c", "250-mx\n250 PIPECONNECT", 0 }, PIPED("MAIL FROM:<a@b>", "250 ok"));
    grouped->start_ns = now_ns + 1000000000;
    assert_int_equal(confidence_of(analyzer, grouped, RULE_PIPELINING_VIOLATION), CONFIDENCE_NONE);
    analyzer_free(analyzer);
}

/* The reply to AUTH may be 334, and make a response of what was sent behind it. */
static void what_follows_an_open_auth_is_not_told(void **state)
{
    static const enum close_kind closes[] = { CLOSE_FIN, CLOSE_END_OF_CAPTURE };
    struct analyzer *analyzer = new_analyzer();

    (void)state;
    for (size_t i = 0; i < sizeof closes / sizeof closes[0]; i++) {
        struct session *session =
            SESSION_OF(BANNER, EHLO, { "AUTH LOGIN", NULL, 0 }, { "NOOP", NULL, STEP_PIPELINED });
        session->closed = closes[i];
        bool is_told = confidence_of(analyzer, session, RULE_PIPELINING_VIOLATION) != CONFIDENCE_NONE;
        assert_int_equal(is_told, closes[i] == CLOSE_FIN);
    }
    analyzer_free(analyzer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_scenario_raises_its_findings_and_no_others),
        cmocka_unit_test(a_hole_adds_no_finding),
        cmocka_unit_test(what_follows_starttls_waits_for_its_reply),
        cmocka_unit_test(what_follows_an_open_auth_is_not_told),
        cmocka_unit_test(pipeconnect_may_be_used_once_it_was_seen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
