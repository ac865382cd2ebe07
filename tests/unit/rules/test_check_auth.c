/* How an exchange ended: what each code says, who has to act, and what is told beside it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sasl/sasl_verify.h"
#include "tests/support/scenarios.h"

/* clang-format off */
#define OFFER { "EHLO c.example", "250-mx\n250-STARTTLS\n250 AUTH PLAIN LOGIN CRAM-MD5 EXTERNAL ANONYMOUS XOAUTH2 NTLM SCRAM-SHA-1", 0 }
#define TLS_ON BANNER, EHLO, TLS, OFFER

static const struct scenario scenarios[] = {
    { "454 is about the server, whatever was sent", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH PLAIN AHRpbQBzZWNyZXQK", "454 4.7.0 Temporary authentication failure", 0 } },
      "4:auth-trailing-newline 4:auth-failed" },
    { "454 for bad base64, as some servers say it", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH PLAIN AHRpbQBzZWNyZXQ", "454 4.7.0 Invalid base64 data", 0 } }, "4:auth-bad-base64" },
    { "538, whatever was sent", PROTOCOL_SMTP, { BANNER, OFFER, { "AUTH PLAIN AHRpbQBzZWNyZXQ", "538 5.7.11 no", 0 } },
      "2:auth-tls-required 2:auth-bad-base64 2:cleartext-credential" },
    { "538 outside of TLS", PROTOCOL_SMTP, { BANNER, OFFER, { "AUTH LOGIN", "538 5.7.11 no", 0 } }, "2:auth-tls-required" },
    { "TLS by the enhanced code alone", PROTOCOL_SMTP, { BANNER, OFFER, { "AUTH LOGIN", "535 5.7.11 no", 0 } },
      "2:auth-tls-required" },
    { "a code beside it is about the credential", PROTOCOL_SMTP, { BANNER, OFFER, { "AUTH LOGIN", "535 5.7.8 no", 0 } },
      "2:auth-failed" },
    { "503 in its place is told once", PROTOCOL_SMTP, { BANNER, OFFER, { "AUTH LOGIN", "503 no", 0 } }, "2:unexpected-503" },
    { "530 to AUTH outside of TLS", PROTOCOL_SMTP, { BANNER, OFFER, { "AUTH LOGIN", "530 5.7.0 no", 0 } },
      "2:auth-tls-required" },
    { "504 with a text about encryption", PROTOCOL_SMTP,
      { BANNER, OFFER, { "AUTH LOGIN", "504 5.7.4 Encryption required for requested authentication mechanism", 0 } },
      "2:auth-tls-required" },
    { "504 inside of TLS", PROTOCOL_SMTP, { TLS_ON, { "AUTH LOGIN", "504 5.5.4 no encryption for you", 0 } },
      "4:auth-failed" },
    { "no mechanism", PROTOCOL_SMTP, { TLS_ON, { "AUTH", "501 5.5.4 no", 0 } },
      "4:auth-failed" },
    { "cancelled", PROTOCOL_SMTP,
      { TLS_ON, { "AUTH LOGIN", "334 VXNlcm5hbWU6", 0 }, { "*", "501 5.7.0 cancelled", 0 } }, "4:auth-cancelled" },
    { "AUTH is asked for", PROTOCOL_SMTP, { TLS_ON, { "MAIL FROM:<a@b.example>", "530 5.7.0 no", 0 } },
      "4:auth-required" },
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

static void each_code_says_what_it_means_and_who_has_to_act(void **state)
{
    static const struct {
        const char *reply;
        enum fault fault;
        const char *says;
    } rows[] = {
        { "421 4.7.0 too many errors", FAULT_POLICY, "limit on failed logins" },
        { "421 4.3.2 closing", FAULT_SERVER, "closing the connection" },
        { "432 4.7.12 no", FAULT_POLICY, "password transition" },
        { "435 Unable to authenticate at present", FAULT_SERVER, "could not be checked" },
        { "450 4.7.1 too many AUTH commands", FAULT_POLICY, "rate" },
        { "454 4.7.0 Connection lost to authentication server", FAULT_SERVER, "could not be checked" },
        { "454 4.7.0 Too many login attempts", FAULT_POLICY, "limit" },
        { "500 5.5.2 what", FAULT_UNDECIDED, "HELO instead of EHLO" },
        { "501 5.5.2 cannot decode", FAULT_CLIENT, "could not read" },
        { "502 5.5.1 no", FAULT_UNDECIDED, "has no AUTH" },
        { "504 5.5.4 no", FAULT_CLIENT, "mechanism" },
        { "525 5.7.13 no", FAULT_POLICY, "disabled" },
        { "534 5.7.9 Application-specific password required", FAULT_POLICY, "second factor" },
        { "534 5.7.9 no", FAULT_POLICY, "too weak" },
        { "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant",
          FAULT_POLICY, "switched SMTP AUTH off" },
        { "535 5.7.139 Authentication unsuccessful, basic authentication is disabled", FAULT_POLICY,
          "OAuth" },
        { "535 5.7.139 whatever", FAULT_POLICY, "policy of the tenant" },
        { "535 5.7.3 Authentication unsuccessful", FAULT_UNDECIDED, "second factor" },
        { "535 5.7.7 no", FAULT_PATH, "same TLS connection" },
        { "535 5.7.8 authentication failed: UGFzc3dvcmQ6", FAULT_CLIENT, "last prompt" },
        { "535 5.7.8 no", FAULT_CLIENT, "do not fit" },
        { "535 account locked", FAULT_POLICY, "locked" },
        { "550 5.7.1 not authorized", FAULT_POLICY, "policy" },
        { "554 5.7.8 mechanism not supported", FAULT_CLIENT, "mechanism" },
        { "599 no", FAULT_CLIENT, NULL },
        { "499 no", FAULT_SERVER, "temporary" },
    };
    struct analyzer *analyzer = new_analyzer();

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct analysis *analysis =
            analysis_new(analyzer, SESSION_OF(TLS_ON, { "AUTH PLAIN AHRpbQBzZWNyZXQ=", rows[i].reply, 0 }));
        const struct finding *failed = find_finding(analysis, RULE_AUTH_FAILED);
        print_message("%s\n", rows[i].reply);
        assert_non_null(failed);
        assert_int_equal(failed->fault, rows[i].fault);
        if (rows[i].says)
            assert_true(bytes_find_nocase(failed->detail, bytes_of(rows[i].says)) != SIZE_MAX);
        else
            assert_int_equal(failed->detail.len, 0);
        analysis_free(analysis);
    }
    analyzer_free(analyzer);
}

/* clang-format off */
static const struct {
    const char *name;
    struct step steps[4];
    const char *says;
} by_mechanism[] = {
        { "AUTH EXTERNAL refused", { { "AUTH EXTERNAL =", "535 no", 0 } }, "client certificate" },
        { "AUTH ANONYMOUS", { { "AUTH ANONYMOUS Z3Vlc3Q=", "535 no", 0 } }, "guests" },
        { "XOAUTH2", { { "AUTH XOAUTH2 dXNlcj10aW0BYXV0aD1CZWFyZXIgYWJjAQE=", "535 no", 0 } }, "token" },
        { "LOGIN, the name alone", { { "AUTH LOGIN dGlt", "535 no", 0 } }, "before any password" },
        { "LOGIN itself", { { "AUTH LOGIN", "535 no", 0 } }, "LOGIN itself" },
        { "LOGIN with a bare name", { { "AUTH LOGIN dGlt", "334 UGFzc3dvcmQ6", 0 }, { "c2VjcmV0", "535 no", 0 } }, "without a domain" },
        { "LOGIN with an address", { { "AUTH LOGIN dGltQGV4YW1wbGUub3Jn", "334 UGFzc3dvcmQ6", 0 }, { "c2VjcmV0", "535 no", 0 } }, "with its domain" },
        { "NTLM, the first message alone", { { "AUTH NTLM TlRMTVNTUAABAAAAAYIAAAAAAAAAAAAAAAAAAAAAAAA=", "535 no", 0 } }, "before NTLM proved" },
        { "NTLMv1", { { "AUTH NTLM TlRMTVNTUAABAAAAAYIAAAAAAAAAAAAAAAAAAAAAAAA=", "334 TlRMTVNTUAACAAAAAAAAADAAAAABggAAASNFZ4mrze8AAAAAAAAAAAAAAAAwAAAA", 0 }, { "TlRMTVNTUAADAAAAGAAYAEAAAAAYABgAWAAAAAwADABwAAAACAAIAHwAAAAQABAAhAAAAAAAAACUAAAAAYIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABAgMEBQYHCAkKCwwNDg8QERITFBUWF0QAbwBtAGEAaQBuAFUAcwBlAHIAQwBPAE0AUABVAFQARQBSAA==", "535 no", 0 } }, "version 1" },
        { "NTLM, anonymous", { { "AUTH NTLM TlRMTVNTUAABAAAAAYIAAAAAAAAAAAAAAAAAAAAAAAA=", "334 TlRMTVNTUAACAAAAAAAAADAAAAABggAAASNFZ4mrze8AAAAAAAAAAAAAAAAwAAAA", 0 }, { "TlRMTVNTUAADAAAAAQABAEAAAAAAAAAAQQAAAAAAAABBAAAAAAAAAEEAAAAQABAAQQAAAAAAAABRAAAAAYIAAABDAE8ATQBQAFUAVABFAFIA", "535 no", 0 } }, "anonymous" },
        { "NTLMv2", { { "AUTH NTLM TlRMTVNTUAABAAAAAYIAAAAAAAAAAAAAAAAAAAAAAAA=", "334 TlRMTVNTUAACAAAAAAAAADAAAAABggAAASNFZ4mrze8AAAAAAAAAAAAAAAAwAAAA", 0 }, { "TlRMTVNTUAADAAAAGAAYAEAAAABUAFQAWAAAAAwADACsAAAACAAIALgAAAAQABAAwAAAAAAAAADQAAAAAYIAAIbDUJesnOwQJVR2SlfMzBmqqqqqqqqqqmjNCrhR5RyWqrySe+vvahwBAQAAAAAAAAAAAAAAAAAAqqqqqqqqqqoAAAAAAgAMAEQAbwBtAGEAaQBuAAEADABTAGUAcgB2AGUAcgAAAAAAAAAAAEQAbwBtAGEAaQBuAFUAcwBlAHIAQwBPAE0AUABVAFQARQBSAA==", "535 no", 0 } }, "clocks" },
        { "NTLMv2 without a domain", { { "AUTH NTLM TlRMTVNTUAABAAAAAYIAAAAAAAAAAAAAAAAAAAAAAAA=", "334 TlRMTVNTUAACAAAAAAAAADAAAAABggAAASNFZ4mrze8AAAAAAAAAAAAAAAAwAAAA", 0 }, { "TlRMTVNTUAADAAAAGAAYAEAAAABUAFQAWAAAAAAAAACsAAAACAAIAKwAAAAQABAAtAAAAAAAAADEAAAAAYIAAIbDUJesnOwQJVR2SlfMzBmqqqqqqqqqqmjNCrhR5RyWqrySe+vvahwBAQAAAAAAAAAAAAAAAAAAqqqqqqqqqqoAAAAAAgAMAEQAbwBtAGEAaQBuAAEADABTAGUAcgB2AGUAcgAAAAAAAAAAAFUAcwBlAHIAQwBPAE0AUABVAFQARQBSAA==", "535 no", 0 } }, "domain is empty" },
        { "NTLMv2 with an address and a domain", { { "AUTH NTLM TlRMTVNTUAABAAAAAYIAAAAAAAAAAAAAAAAAAAAAAAA=", "334 TlRMTVNTUAACAAAAAAAAADAAAAABggAAASNFZ4mrze8AAAAAAAAAAAAAAAAwAAAA", 0 }, { "TlRMTVNTUAADAAAAGAAYAEAAAABUAFQAWAAAAAwADACsAAAAHAAcALgAAAAQABAA1AAAAAAAAADkAAAAAYIAAIbDUJesnOwQJVR2SlfMzBmqqqqqqqqqqmjNCrhR5RyWqrySe+vvahwBAQAAAAAAAAAAAAAAAAAAqqqqqqqqqqoAAAAAAgAMAEQAbwBtAGEAaQBuAAEADABTAGUAcgB2AGUAcgAAAAAAAAAAAEQAbwBtAGEAaQBuAFUAcwBlAHIAQAB4AC4AZQB4AGEAbQBwAGwAZQBDAE8ATQBQAFUAVABFAFIA", "535 no", 0 } }, "one or the other" },
        { "SCRAM with an error", { { "AUTH SCRAM-SHA-1 biwsbj11c2VyLHI9YWJj", "334 cj1hYmNkZWYscz1jMkZzZEhOaGJIUT0saT0xMjg=", 0 }, { "Yz1iaXdzLHI9YWJjZGVmLHA9UFlmRk1id2wrY1dqSGkrbHpiS1ExMExkY00wPQ==", "334 ZT1pbnZhbGlkLXByb29m", 0 }, { "", "535 no", 0 } }, "invalid-proof" },
};
/* clang-format on */

static void a_plain_535_is_told_by_mechanism(void **state)
{
    struct analyzer *analyzer = new_analyzer();

    (void)state;
    for (size_t i = 0; i < sizeof by_mechanism / sizeof by_mechanism[0]; i++) {
        struct step script[8] = { TLS_ON };
        size_t count = 5;
        for (size_t k = 0; k < 3 && by_mechanism[i].steps[k].send; k++)
            script[count++] = by_mechanism[i].steps[k];
        struct analysis *analysis = analysis_new(analyzer, session_build(script, count, PROTOCOL_SMTP));
        const struct finding *failed = find_finding(analysis, RULE_AUTH_FAILED);
        print_message("%s\n", by_mechanism[i].name);
        assert_non_null(failed);
        assert_true(bytes_find_nocase(failed->detail, bytes_of(by_mechanism[i].says)) != SIZE_MAX);
        analysis_free(analysis);
    }
    analyzer_free(analyzer);
}

static void an_exchange_that_ends_with_its_connection_is_abandoned(void **state)
{
    struct analyzer *analyzer = new_analyzer();
    struct session *session = SESSION_OF(TLS_ON, { "AUTH LOGIN", "334 VXNlcm5hbWU6", 0 });

    (void)state;
    session->closed_by = SIDE_SERVER;
    struct analysis *analysis = analysis_new(analyzer, session);
    const struct finding *finding = find_finding(analysis, RULE_AUTH_ABANDONED);
    assert_non_null(finding);
    assert_int_equal(finding->fault, FAULT_SERVER);
    analysis_free(analysis);
    session = SESSION_OF(TLS_ON, { "AUTH LOGIN", "334 VXNlcm5hbWU6", 0 }, { "QUIT", NULL, 0 });
    analysis = analysis_new(analyzer, session);
    assert_non_null(find_finding(analysis, RULE_AUTH_INTERRUPTED));
    assert_null(find_finding(analysis, RULE_AUTH_ABANDONED));
    analysis_free(analysis);
    analyzer_free(analyzer);
}

static void a_last_message_without_its_answer_is_told(void **state)
{
    struct analyzer *analyzer = new_analyzer();
    static const struct step script[] = {
        TLS_ON,
        { "AUTH XOAUTH2 dXNlcj1ib2IBYXV0aD1CZWFyZXIgYWJjAQE=", "334 eyJzdGF0dXMiOiI0MDAifQ==", 0 },
    };
    struct session *session = session_build(script, sizeof script / sizeof script[0], PROTOCOL_SMTP);

    (void)state;
    struct analysis *analysis = analysis_new(analyzer, session);
    assert_non_null(find_finding(analysis, RULE_AUTH_MISSING_EMPTY_RESPONSE));
    assert_null(find_finding(analysis, RULE_AUTH_ABANDONED));
    analysis_free(analysis);
    session = session_build(script, sizeof script / sizeof script[0], PROTOCOL_SMTP);
    session->closed = CLOSE_END_OF_CAPTURE; /* the answer may come yet */
    analysis = analysis_new(analyzer, session);
    assert_null(find_finding(analysis, RULE_AUTH_MISSING_EMPTY_RESPONSE));
    analysis_free(analysis);
    analyzer_free(analyzer);
}

static void a_known_password_is_held_against_the_login(void **state)
{
    static const struct {
        const char *password, *reply;
        enum rule_id rule;
        bool is_failed_told;
    } rows[] = {
        { "secret", "235 ok", RULE_AUTH_PASSWORD_MATCH, false },
        { "secret", "535 no", RULE_AUTH_PASSWORD_MATCH, true },
        { "other", "535 no", RULE_AUTH_PASSWORD_MISMATCH, false },
        { "other", "235 ok", RULE_AUTH_PASSWORD_MISMATCH, false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct analyzer *analyzer = new_analyzer();
        struct sasl_verifier *verifier = sasl_verifier_new();
        struct err err;
        assert_true(sasl_verifier_add(verifier, BYTES("tim"), bytes_of(rows[i].password), &err));
        analyzer_verify(analyzer, verifier);
        struct analysis *analysis =
            analysis_new(analyzer, SESSION_OF(TLS_ON, { "AUTH PLAIN AHRpbQBzZWNyZXQ=", rows[i].reply, 0 },
                                              { "AUTH PLAIN AHRvbQBzZWNyZXQ=", rows[i].reply, 0 }));
        const struct finding *first = find_finding(analysis, rows[i].rule);
        const struct finding *failed = find_finding(analysis, RULE_AUTH_FAILED);
        assert_non_null(first);
        assert_int_equal(first->command, 4); /* and none about the other name */
        assert_int_equal(failed && failed->command == 4, rows[i].is_failed_told);
        analysis_free(analysis);
        analyzer_free(analyzer);
        sasl_verifier_free(verifier);
    }
}

/* What is said of a case is the same of a session whose secrets are withheld, and holds none of them. */
static void a_detail_holds_no_secret(void **state)
{
    static const char *const sent[] = {
        "AUTH PLAIN dGltAHNlY3JldDc3", "AUTH PLAIN AHRpbQBzZWNyZXQ3Nwo=",
        "AUTH PLAIN AHRpbQBzZWNyZXQ3", "AUTH PLAIN QUhScGJRQnpaV055WlhRM053PT0=",
        "AUTH PLAIN secret77!",        "AUTH LOGIN c2VjcmV0Nzc=",
    };
    struct analyzer *analyzer = new_analyzer();

    (void)state;
    for (size_t i = 0; i < sizeof sent / sizeof sent[0]; i++) {
        struct analysis *analysis = analysis_new(analyzer, SESSION_OF(TLS_ON, { sent[i], "535 no", 0 }));
        assert_true(analysis->finding_count > 0);
        for (size_t f = 0; f < analysis->finding_count; f++) {
            struct bytes detail = analysis->findings[f].detail;
            assert_int_equal(bytes_find_nocase(detail, BYTES("secret")), SIZE_MAX);
            assert_int_equal(bytes_find_nocase(detail, bytes_of(sent[i] + 11)), SIZE_MAX);
        }
        analysis_free(analysis);
    }
    analyzer_free(analyzer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_scenario_raises_its_findings_and_no_others),
        cmocka_unit_test(a_hole_adds_no_finding),
        cmocka_unit_test(each_code_says_what_it_means_and_who_has_to_act),
        cmocka_unit_test(a_plain_535_is_told_by_mechanism),
        cmocka_unit_test(an_exchange_that_ends_with_its_connection_is_abandoned),
        cmocka_unit_test(a_last_message_without_its_answer_is_told),
        cmocka_unit_test(a_known_password_is_held_against_the_login),
        cmocka_unit_test(a_detail_holds_no_secret),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
