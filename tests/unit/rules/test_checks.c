/* Each finding raised by a session that deserves it, and not by its near miss. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/scenarios.h"

/* clang-format off */
static const struct scenario scenarios[] = {
    { "a clean session", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, RCPT, DATA, { "x", "250 ok", 0 }, QUIT }, "" },
    { "a clean pipelined session", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, { "RCPT TO:<b@c>", "250 ok", STEP_PIPELINED }, { "DATA", "354 go", STEP_PIPELINED },
        { "x", "250 ok", 0 }, QUIT }, "" },
    /* order */
    { "no-greeting, refused", PROTOCOL_SMTP, { BANNER, { "MAIL FROM:<a@b>", "503 hello", 0 } }, "1:no-greeting" },
    { "no-greeting, accepted", PROTOCOL_SMTP, { BANNER, MAIL }, "1:no-greeting 1:misorder-accepted" },
    { "nested-mail", PROTOCOL_SMTP, { BANNER, EHLO, MAIL, { "MAIL FROM:<a@b>", "503 nested", 0 } }, "3:nested-mail" },
    { "nested-mail before a refused recipient follows from nothing", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, { "MAIL FROM:<a@b>", "503 nested", 0 }, { "RCPT TO:<c@d>", "550 no", 0 } },
      "3:nested-mail 4:command-refused" },
    { "nested-mail behind refused recipients names the first of them", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, { "RCPT TO:<b@c>", "550 no", 0 }, { "MAIL FROM:<a@b>", "503 nested", 0 } },
      "3:command-refused 4:nested-mail<3" },
    { "MAIL behind RSET", PROTOCOL_SMTP, { BANNER, EHLO, MAIL, RSET, MAIL }, "" },
    { "rcpt-without-mail", PROTOCOL_SMTP, { BANNER, EHLO, { "RCPT TO:<b@c>", "503 no", 0 } }, "2:rcpt-without-mail" },
    { "data-without-mail and data-without-rcpt", PROTOCOL_SMTP,
      { BANNER, EHLO, { "DATA", "503 no", 0 }, MAIL, { "DATA", "554 no", 0 } },
      "2:data-without-mail 4:data-without-rcpt" },
    { "a pipelined group behind a refused MAIL blames nobody twice", PROTOCOL_SMTP,
      { BANNER, EHLO, { "MAIL FROM:<a@b>", "550 no", 0 }, { "RCPT TO:<b@c>", "503 no", STEP_PIPELINED },
        { "DATA", "503 no", STEP_PIPELINED } }, "2:command-refused" },
    { "refusal-ignored", PROTOCOL_SMTP,
      { BANNER, EHLO, { "MAIL FROM:<a@b>", "550 no", 0 }, { "RCPT TO:<b@c>", "503 no", 0 } },
      "2:command-refused 3:rcpt-without-mail<2 3:refusal-ignored<2" },
    { "data-without-354, told once", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, RCPT, { "DATA", "451 no", 0 }, { "Subject: x", "500 no", STEP_BODY_LINE },
        { "", "500 no", STEP_BODY_LINE }, { ".", "500 no", STEP_BODY_LINE } },
      "4:command-refused 5:data-without-354<4" },
    { "message-retained", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, RCPT, { "DATA", "451 no", 0 }, { "MAIL FROM:<a@b>", "503 nested", 0 } },
      "4:message-retained 4:command-refused 5:nested-mail<4 5:refusal-ignored<4" },
    { "a refused RSET is why the next MAIL is nested", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, { "RSET", "500 no", 0 }, { "MAIL FROM:<a@b>", "503 nested", 0 } },
      "4:nested-mail<3 4:refusal-ignored<3" },
    { "a refused DATA is past when the client goes on", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, { "DATA", "554 no", 0 }, RCPT, { "MAIL FROM:<a@b>", "503 nested", 0 } },
      "3:data-without-rcpt 5:nested-mail" },
    { "DATA behind a refused MAIL, and no RCPT", PROTOCOL_SMTP,
      { BANNER, EHLO, { "MAIL FROM:<a@b>", "550 no", 0 }, { "DATA", "503 no", 0 } },
      "2:command-refused 3:data-without-mail" },
    { "BDAT in a transaction without EHLO", PROTOCOL_SMTP,
      { BANNER, MAIL, RCPT, { "BDAT 3 LAST", "503 no", 0 } },
      "1:no-greeting 1:misorder-accepted 3:no-greeting" },
    { "a refused DATA and RSET retain nothing", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, RCPT, { "DATA", "451 no", 0 }, RSET, MAIL }, "4:command-refused" },
    { "AUTH out of its place", PROTOCOL_SMTP,
      { BANNER, { "AUTH PLAIN AGEAYg==", "503 no", 0 }, HELO, { "AUTH PLAIN AGEAYg==", "503 no", 0 } },
      "1:auth-before-ehlo 1:cleartext-credential 3:esmtp-after-helo 3:cleartext-credential" },
    { "auth-after-auth", PROTOCOL_SMTP,
      { BANNER, EHLO, TLS, EHLO, { "AUTH PLAIN AGEAYg==", "235 ok", 0 }, { "AUTH PLAIN AGEAYg==", "503 no", 0 } },
      "5:auth-after-auth" },
    { "starttls-after-auth", PROTOCOL_SMTP,
      { BANNER, EHLO, { "AUTH PLAIN AGEAYg==", "235 ok", 0 }, { "STARTTLS", "220 go", 0 } },
      "2:cleartext-credential 3:starttls-after-auth" },
    { "starttls-no-new-ehlo", PROTOCOL_SMTP,
      { BANNER, EHLO, TLS, { "MAIL FROM:<a@b>", "503 hello", 0 } }, "3:starttls-no-new-ehlo" },
    { "EHLO behind STARTTLS", PROTOCOL_SMTP, { BANNER, EHLO, TLS, EHLO, MAIL }, "" },
    { "quit-in-transaction", PROTOCOL_SMTP, { BANNER, EHLO, MAIL, QUIT }, "3:quit-in-transaction" },
    { "QUIT behind RSET", PROTOCOL_SMTP, { BANNER, EHLO, MAIL, RSET, QUIT }, "" },
    { "command-after-quit", PROTOCOL_SMTP, { BANNER, EHLO, QUIT, { "NOOP", "250 ok", 0 } },
      "3:command-after-quit 3:misorder-accepted" },
    { "command-after-refusal", PROTOCOL_SMTP, { { NULL, "554 no", 0 }, { "EHLO c", "503 no", 0 }, QUIT },
      "0:service-refused 1:command-after-refusal" },
    { "QUIT behind a refusal", PROTOCOL_SMTP, { { NULL, "554 no", 0 }, QUIT }, "0:service-refused" },
    { "lmtp-greeting-mismatch", PROTOCOL_LMTP, { BANNER, { "EHLO c", "500 no", 0 } }, "1:lmtp-greeting-mismatch" },
    /* extensions */
    { "parameters without an offer", PROTOCOL_SMTP,
      { BANNER, BARE, { "MAIL FROM:<a@b> SIZE=3 BODY=8BITMIME", "250 ok", 0 },
        { "RCPT TO:<b@c> NOTIFY=NEVER", "555 no", 0 } },
      "2:extension-not-offered 2:extension-not-offered 3:extension-not-offered" },
    { "parameters with an offer", PROTOCOL_SMTP,
      { BANNER, EHLO, { "MAIL FROM:<a@b> SIZE=3 BODY=8BITMIME", "250 ok", 0 } }, "" },
    { "parameters behind HELO", PROTOCOL_SMTP, { BANNER, HELO, { "MAIL FROM:<a@b> SIZE=3", "250 ok", 0 } },
      "2:extension-not-offered" },
    { "commands without an offer", PROTOCOL_SMTP,
      { BANNER, BARE, { "STARTTLS", "502 no", 0 }, { "ETRN x", "500 no", 0 }, MAIL, RCPT,
        { "BDAT 3 LAST", "500 no", 0 } },
      "2:starttls-not-offered 3:extension-not-offered 6:bdat-not-offered" },
    { "BDAT in the wrong place and without an offer", PROTOCOL_SMTP,
      { BANNER, BARE, { "BDAT 3 LAST", "500 no", 0 } }, "2:bdat-without-mail 2:bdat-not-offered" },
    { "auth-mechanism-not-offered", PROTOCOL_SMTP, { BANNER, EHLO, { "AUTH CRAM-MD5", "504 no", 0 } },
      "2:auth-mechanism-not-offered" },
    { "pipelining-not-offered, told once for a group", PROTOCOL_SMTP,
      { BANNER, BARE, MAIL, { "RCPT TO:<b@c>", "250 ok", STEP_PIPELINED },
        { "RCPT TO:<c@c>", "250 ok", STEP_PIPELINED } }, "3:pipelining-not-offered" },
    { "limits-exceeded by SIZE", PROTOCOL_SMTP, { BANNER, EHLO, { "MAIL FROM:<a@b> SIZE=1001", "552 no", 0 } },
      "2:limits-exceeded" },
    { "SIZE at its limit", PROTOCOL_SMTP, { BANNER, EHLO, { "MAIL FROM:<a@b> SIZE=1000", "250 ok", 0 } }, "" },
    { "limits-exceeded by RCPTMAX and MAILMAX", PROTOCOL_SMTP,
      { BANNER, { "EHLO c", "250-mx\n250 LIMITS RCPTMAX=1 MAILMAX=1", 0 }, MAIL, RCPT, RCPT, RSET, MAIL },
      "4:limits-exceeded 6:limits-exceeded" },
    { "helo-fallback", PROTOCOL_SMTP, { BANNER, { "EHLO c", "502 no", 0 }, HELO }, "2:helo-fallback<1" },
    { "HELO of its own", PROTOCOL_SMTP, { BANNER, HELO }, "" },
    { "requiretls-plaintext", PROTOCOL_SMTP,
      { BANNER, { "EHLO c", "250-mx\n250 REQUIRETLS", 0 }, { "MAIL FROM:<a@b> REQUIRETLS", "250 ok", 0 } },
      "2:requiretls-plaintext" },
    /* server */
    { "unexpected-503", PROTOCOL_SMTP, { BANNER, EHLO, { "MAIL FROM:<a@b>", "503 Bad sequence", 0 } },
      "2:unexpected-503" },
    { "policy-as-503", PROTOCOL_SMTP,
      { BANNER, EHLO, { "MAIL FROM:<a@b>", "503 5.5.1 You must authenticate first", 0 } }, "2:policy-as-503" },
    { "second-ehlo-refused", PROTOCOL_SMTP, { BANNER, EHLO, { "EHLO c", "503 already", 0 } }, "2:second-ehlo-refused" },
    { "a first EHLO refused with 503 is another matter", PROTOCOL_SMTP, { BANNER, { "EHLO c", "503 no", 0 } },
      "1:unexpected-503" },
    { "always-legal-refused", PROTOCOL_SMTP, { BANNER, { "NOOP", "503 no", 0 }, { "RSET", "503 no", 0 } },
      "1:always-legal-refused 2:always-legal-refused" },
    { "VRFY not implemented", PROTOCOL_SMTP, { BANNER, { "VRFY a", "502 no", 0 } }, "" },
    { "wrong-code", PROTOCOL_SMTP, { BANNER, EHLO, { "RCPT TO:<b@c>", "502 no", 0 } },
      "2:rcpt-without-mail 2:wrong-code" },
    { "554 for DATA is right in SMTP and wrong in LMTP", PROTOCOL_LMTP,
      { BANNER, { "LHLO c", "250 mx", 0 }, MAIL, { "DATA", "554 no", 0 } }, "3:data-without-rcpt 3:wrong-code" },
    { "530, 421 and 501 are no wrong codes", PROTOCOL_SMTP,
      { BANNER, EHLO, { "RCPT", "501 no", 0 }, { "RCPT TO:<b@c>", "530 authenticate", 0 } },
      "2:rcpt-without-mail 2:command-syntax 3:rcpt-without-mail 3:auth-required" },
    { "reply-desync, told once", PROTOCOL_SMTP,
      { BANNER, EHLO, { NULL, "250 what", 0 }, { NULL, "250 ever", 0 } }, "0:reply-desync" },
    { "a late 421 is no desync", PROTOCOL_SMTP, { BANNER, EHLO, { NULL, "421 bye", 0 } }, "0:server-421" },
    { "malformed-reply", PROTOCOL_SMTP, { BANNER, EHLO, { "NOOP", "250-a\n550 b", 0 }, { "NOOP", "650 a", 0 } },
      "2:malformed-reply 3:malformed-reply" },
    { "server bytes that are no reply", PROTOCOL_SMTP, { BANNER, { "", NULL, STEP_JUNK } }, "0:malformed-reply" },
    { "enhanced-code-mismatch", PROTOCOL_SMTP, { BANNER, EHLO, { "MAIL FROM:<a@b>", "451 5.3.0 no", 0 } },
      "2:enhanced-code-mismatch 2:command-refused" },
    { "an enhanced code that agrees", PROTOCOL_SMTP, { BANNER, EHLO, { "MAIL FROM:<a@b>", "250 2.1.0 ok", 0 } }, "" },
    { "lmtp-reply-count, too few", PROTOCOL_LMTP,
      { BANNER, { "LHLO c", "250 mx", 0 }, MAIL, RCPT, RCPT, DATA, { "x", "250 one", 0 }, QUIT },
      "5:lmtp-reply-count" },
    { "lmtp-reply-count, too many", PROTOCOL_LMTP,
      { BANNER, { "LHLO c", "250 mx", 0 }, MAIL, RCPT, DATA, { "x", "250 one", 0 }, { NULL, "250 two", 0 } },
      "0:lmtp-reply-count" },
    { "LMTP with the right number", PROTOCOL_LMTP,
      { BANNER, { "LHLO c", "250 mx", 0 }, MAIL, RCPT, RCPT, DATA, { "x", "250 one\r250 two", 0 }, QUIT }, "" },
    { "server-421 and too-many-errors", PROTOCOL_SMTP, { BANNER, EHLO, { "WHAT", "421 4.7.0 too many errors", 0 } },
      "2:server-421 2:too-many-errors" },
    { "tls-required", PROTOCOL_SMTP,
      { BANNER, EHLO, { "MAIL FROM:<a@b>", "530 5.7.0 Must issue a STARTTLS command first", 0 } }, "2:tls-required" },
    { "a text about TLS inside TLS", PROTOCOL_SMTP,
      { BANNER, EHLO, TLS, EHLO, { "MAIL FROM:<a@b>", "554 STARTTLS is fun", 0 } }, "4:command-refused" },
    /* authentication and refusals */
    { "auth-failed is the cause of auth-required", PROTOCOL_SMTP,
      { BANNER, EHLO, TLS, EHLO, { "AUTH LOGIN", "334 VXNlcm5hbWU6", 0 }, { "Ym9i", "334 UGFzc3dvcmQ6", 0 },
        { "eA==", "535 5.7.8 no", 0 }, { "MAIL FROM:<a@b>", "530 5.7.0 Authentication required", 0 } },
      "4:auth-failed 5:auth-required<4" },
    { "auth-cancelled", PROTOCOL_SMTP,
      { BANNER, EHLO, { "AUTH LOGIN", "334 VXNlcm5hbWU6", 0 }, { "*", "501 cancelled", 0 } }, "2:auth-cancelled" },
    { "auth-tls-required", PROTOCOL_SMTP,
      { BANNER, EHLO, { "AUTH LOGIN", "538 Encryption required", 0 } }, "2:auth-tls-required" },
    { "AUTH succeeds inside TLS", PROTOCOL_SMTP,
      { BANNER, EHLO, TLS, EHLO, { "AUTH PLAIN AGEAYg==", "235 ok", 0 } }, "" },
    { "command-refused", PROTOCOL_SMTP, { BANNER, EHLO, MAIL, { "RCPT TO:<b@c>", "550 no", 0 } }, "3:command-refused" },
    { "message-refused", PROTOCOL_SMTP, { BANNER, EHLO, MAIL, RCPT, DATA, { "x", "554 spam", 0 } },
      "4:message-refused" },
    { "message-refused by BDAT", PROTOCOL_SMTP, { BANNER, EHLO, MAIL, RCPT, { "BDAT 3 LAST", "554 spam", 0 } },
      "4:message-refused" },
    { "the empty message of a group without recipients", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, { "RCPT TO:<b@c>", "550 no", STEP_PIPELINED }, { "DATA", "354 go", STEP_PIPELINED },
        { "", "554 no valid recipients", 0 } },
      "3:command-refused 4:data-without-rcpt 4:misorder-accepted" },
    { "early-talker", PROTOCOL_SMTP, { { "EHLO c", "250 mx", STEP_EARLY }, { NULL, "220 mx", 0 } }, "1:early-talker" },
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

static void the_end_of_a_connection_is_told(void **state)
{
    struct analyzer *analyzer = new_analyzer();
    static const struct {
        enum close_kind closed;
        enum side closed_by;
        enum fault fault;
        bool is_raised;
    } rows[] = {
        { CLOSE_FIN, SIDE_CLIENT, FAULT_CLIENT, true },
        { CLOSE_RESET, SIDE_SERVER, FAULT_SERVER, true },
        { CLOSE_FIN, SIDE_NONE, FAULT_UNDECIDED, true },
        { CLOSE_TIMEOUT, SIDE_NONE, FAULT_NONE, false },
        { CLOSE_END_OF_CAPTURE, SIDE_NONE, FAULT_NONE, false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct session *session = SESSION_OF(BANNER, EHLO);
        session->closed = rows[i].closed;
        session->closed_by = rows[i].closed_by;
        struct analysis *analysis = analysis_new(analyzer, session);
        const struct finding *lost = find_finding(analysis, RULE_CONNECTION_LOST);
        assert_int_equal(lost != NULL, rows[i].is_raised);
        if (lost)
            assert_int_equal(lost->fault, rows[i].fault);
        analysis_free(analysis);
    }
    struct analysis *polite = analysis_new(analyzer, SESSION_OF(BANNER, EHLO, QUIT));
    assert_null(find_finding(polite, RULE_CONNECTION_LOST));
    analysis_free(polite);
    analyzer_free(analyzer);
}

static void an_exchange_without_end_is_abandoned(void **state)
{
    struct analyzer *analyzer = new_analyzer();
    struct session *session = SESSION_OF(BANNER, EHLO, { "AUTH LOGIN", "334 VXNlcm5hbWU6", 0 });
    struct analysis *analysis = analysis_new(analyzer, session);

    (void)state;
    assert_non_null(find_finding(analysis, RULE_AUTH_ABANDONED));
    analysis_free(analysis);
    session = SESSION_OF(BANNER, EHLO, { "AUTH LOGIN", "334 VXNlcm5hbWU6", 0 });
    session->closed = CLOSE_END_OF_CAPTURE;
    analysis = analysis_new(analyzer, session);
    assert_null(find_finding(analysis, RULE_AUTH_ABANDONED));
    analysis_free(analysis);
    analyzer_free(analyzer);
}

static void missing_bytes_are_told_with_their_number(void **state)
{
    struct analyzer *analyzer = new_analyzer();
    struct analysis *analysis =
        analysis_new(analyzer, SESSION_OF(BANNER, EHLO, { "", NULL, STEP_GAP_SERVER }, QUIT));
    const struct finding *loss = find_finding(analysis, RULE_CAPTURE_LOSS);

    (void)state;
    assert_non_null(loss);
    assert_int_equal(loss->fault, FAULT_UNDECIDED);
    assert_int_equal(loss->command, 0);
    assert_true(bytes_equal(loss->detail, BYTES("Missing: 0 octets of the client, 100 of the server.")));
    analysis_free(analysis);
    analyzer_free(analyzer);
}

static void a_server_that_hangs_up_early_is_told(void **state)
{
    struct analyzer *analyzer = new_analyzer();
    struct session *session = SESSION_OF(BANNER, EHLO, { NULL, "421 4.4.2 timeout exceeded", 0 });
    struct analysis *analysis = analysis_new(analyzer, session);

    (void)state;
    assert_non_null(find_finding(analysis, RULE_TIMEOUT));
    analysis_free(analysis);
    session = SESSION_OF(BANNER, EHLO, { NULL, "421 4.4.2 timeout exceeded", 0 });
    session->items[2].reply->at.time_ns += UINT64_C(301000000000);
    session->items[2].at = session->items[2].first = session->items[2].reply->at;
    analysis = analysis_new(analyzer, session);
    assert_null(find_finding(analysis, RULE_TIMEOUT));
    analysis_free(analysis);
    analyzer_free(analyzer);
}

static void findings_carry_their_evidence(void **state)
{
    struct analyzer *analyzer = new_analyzer();
    struct analysis *analysis =
        analysis_new(analyzer, SESSION_OF(BANNER, EHLO, MAIL, RCPT, { "DATA", "451 no", 0 },
                                          { "MAIL FROM:<a@b>", "503 nested", 0 }, QUIT));
    const struct finding *nested = find_finding(analysis, RULE_NESTED_MAIL);

    (void)state;
    assert_non_null(nested);
    assert_int_equal(nested->command, 5);
    assert_int_equal(nested->reply_code, 503);
    assert_int_equal(nested->cause_command, 4);
    assert_int_equal(nested->severity, SEVERITY_ERROR);
    assert_int_equal(nested->confidence, CONFIDENCE_CERTAIN);
    assert_int_equal(nested->packet.number, session_command(analysis->session, 5)->at.packet.number);
    assert_true(
        bytes_equal(nested->detail, BYTES("It follows from command 4, DATA, which was refused with 451.")));
    assert_int_equal(find_finding(analysis, RULE_REFUSAL_IGNORED)->confidence, CONFIDENCE_LIKELY);
    analysis_free(analysis);
    analyzer_free(analyzer);
}

/* What the wire says must not get into our own sentences. */
static void no_finding_repeats_a_secret(void **state)
{
    struct analyzer *analyzer = new_analyzer();
    struct analysis *analysis = analysis_new(
        analyzer, SESSION_OF(BANNER, BARE, { "AUTH PLAIN AGEAc2VjcmV0", "535 AGEAc2VjcmV0 no", 0 },
                             { "MAIL FROM:<a@b> AUTH=secret", "530 secret", 0 }));

    (void)state;
    assert_true(analysis->finding_count > 0);
    for (size_t i = 0; i < analysis->finding_count; i++) {
        assert_int_equal(bytes_find_nocase(analysis->findings[i].detail, BYTES("secret")), SIZE_MAX);
        assert_int_equal(bytes_find_nocase(analysis->findings[i].detail, BYTES("AGEA")), SIZE_MAX);
    }
    analysis_free(analysis);
    analyzer_free(analyzer);
}

static void findings_beyond_the_ceiling_are_counted(void **state)
{
    enum { COUNT = LIMIT_FINDINGS + 10 };
    struct step *steps = calloc(COUNT, sizeof *steps);
    struct analyzer *analyzer = new_analyzer();

    (void)state;
    assert_non_null(steps);
    steps[0] = (struct step)BANNER;
    for (size_t i = 1; i < COUNT; i++)
        steps[i] = (struct step){ "RCPT TO:<a@b>", "503 no", 0 };
    struct session *session = session_build(steps, COUNT, PROTOCOL_SMTP);
    session->closed = CLOSE_END_OF_CAPTURE;
    struct analysis *analysis = analysis_new(analyzer, session);
    assert_int_equal(analysis->finding_count, LIMIT_FINDINGS);
    assert_int_equal(analysis->findings_dropped, COUNT - 1 - LIMIT_FINDINGS);
    analysis_free(analysis);
    analyzer_free(analyzer);
    free(steps);
}

static void an_analyzer_is_used_again_and_may_be_freed_at_once(void **state)
{
    struct analyzer *analyzer = new_analyzer();

    (void)state;
    struct analysis *first =
        analysis_new(analyzer, SESSION_OF(BANNER, { "RCPT TO:<a@b>", "503 no", 0 }, QUIT));
    struct analysis *second = analysis_new(analyzer, SESSION_OF(BANNER, EHLO, QUIT));
    assert_int_equal(first->finding_count, 1);
    assert_int_equal(second->finding_count, 0);
    analysis_free(first);
    struct analysis *third = analysis_new(analyzer, SESSION_OF(BANNER, EHLO, QUIT));
    assert_ptr_equal(third, first);
    assert_int_equal(third->finding_count, 0);
    analysis_free(third);
    analysis_free(second);
    analysis_free(NULL);
    analyzer_free(analyzer);
    analyzer_free(NULL);
}

static void without_memory_the_session_is_let_go(void **state)
{
    (void)state;
    for (size_t limit = 0; limit < 200000; limit += 3001) {
        struct budget budget;
        struct err err;
        budget_init(&budget, limit);
        struct analyzer *analyzer = analyzer_new(&budget, &err);
        if (!analyzer)
            continue;
        struct analysis *analysis =
            analysis_new(analyzer, SESSION_OF(BANNER, EHLO, MAIL, RCPT, DATA, { "x", "554 no", 0 }, QUIT));
        analysis_free(analysis);
        analyzer_free(analyzer);
        assert_int_equal(budget.used_bytes, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_scenario_raises_its_findings_and_no_others),
        cmocka_unit_test(a_hole_adds_no_finding),
        cmocka_unit_test(the_end_of_a_connection_is_told),
        cmocka_unit_test(an_exchange_without_end_is_abandoned),
        cmocka_unit_test(missing_bytes_are_told_with_their_number),
        cmocka_unit_test(a_server_that_hangs_up_early_is_told),
        cmocka_unit_test(findings_carry_their_evidence),
        cmocka_unit_test(no_finding_repeats_a_secret),
        cmocka_unit_test(findings_beyond_the_ceiling_are_counted),
        cmocka_unit_test(an_analyzer_is_used_again_and_may_be_freed_at_once),
        cmocka_unit_test(without_memory_the_session_is_let_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
