/* What exchanges come to. */
#include "exchanges.h"

static enum sasl_outcome outcome_of(const struct session *session)
{
    return sasl_result_of(session, &session->exchanges[0]).outcome;
}

static void the_final_reply_decides(void **state)
{
    (void)state;
    static const struct {
        const char *response, *reply;
        enum sasl_outcome outcome;
    } rows[] = {
        { "AHRpbQBzZWNyZXQ=", "235 2.7.0 ok", SASL_SUCCESS },
        { "AHRpbQBzZWNyZXQ=", "535 5.7.8 no", SASL_FAILURE },
        { "AHRpbQBzZWNyZXQ=", "454 4.7.0 later", SASL_FAILURE },
        { "AHRpbQBzZWNyZXQ=", "421 4.7.0 closing", SASL_FAILURE },
        { "*", "501 5.7.0 cancelled", SASL_CANCELLED },
        { "*", "535 5.7.0 cancelled", SASL_CANCELLED },
        { "*", NULL, SASL_CANCELLED },
        { "AHRpbQBzZWNyZXQ=", NULL, SASL_ABANDONED },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct session *session =
            DECODED({ "AUTH PLAIN", "334 ", 0 }, { rows[i].response, rows[i].reply, 0 });
        struct sasl_result result = sasl_result_of(session, &session->exchanges[0]);
        assert_int_equal(result.outcome, rows[i].outcome);
        assert_int_equal(result.reply != NULL, rows[i].reply != NULL);
        session_free(session);
    }
}

static void a_refused_auth_is_a_failure_with_its_reply(void **state)
{
    (void)state;
    struct session *session = DECODED({ "AUTH GSSAPI", "504 5.5.4 unknown", 0 });
    struct sasl_result result = sasl_result_of(session, &session->exchanges[0]);

    assert_int_equal(result.outcome, SASL_FAILURE);
    assert_int_equal(result.reply->code, 504);
    assert_int_equal(result.identity.len, 0);
    session_free(session);
}

static void an_exchange_cut_by_the_end_of_the_capture_is_undecided(void **state)
{
    (void)state;
    struct session *session = DECODED({ "AUTH PLAIN", "334 ", 0 });

    assert_int_equal(outcome_of(session), SASL_ABANDONED);
    session->closed = CLOSE_RESET;
    assert_int_equal(outcome_of(session), SASL_ABANDONED);
    session->closed = CLOSE_END_OF_CAPTURE;
    assert_int_equal(outcome_of(session), SASL_UNDECIDED);
    session_free(session);
}

static void missing_bytes_matter_in_the_exchange_alone(void **state)
{
    (void)state;
    struct session *session = DECODED({ "AUTH PLAIN", "334 ", 0 }, { NULL, NULL, STEP_GAP_SERVER });
    assert_int_equal(outcome_of(session), SASL_UNDECIDED);
    session_free(session);
    session = DECODED({ NULL, NULL, STEP_GAP_SERVER }, { "AUTH PLAIN", "334 ", 0 });
    assert_int_equal(outcome_of(session), SASL_ABANDONED);
    session_free(session);
}

static void a_star_that_was_taken_for_an_answer_is_no_cancel(void **state)
{
    (void)state; /* Haraka takes it for a user name */
    struct session *session = DECODED({ "AUTH LOGIN", "334 VXNlcm5hbWU6", 0 }, { "*", "334 UGFzc3dvcmQ6", 0 },
                                      { "c2VjcmV0", "535 no", 0 });
    assert_int_equal(outcome_of(session), SASL_FAILURE);
    session_free(session);
}

static void a_withheld_identity_keeps_its_length(void **state)
{
    (void)state; /* password and name swapped */
    struct session *session =
        DECODED({ "AUTH LOGIN", "334 VXNlcm5hbWU6", 0 }, { "YWxpY2UtU2VjcmV0LTQy", "334 UGFzc3dvcmQ6", 0 },
                { "YWxpY2U=", "535 no", 0 });
    struct sasl_result result = sasl_result_of(session, &session->exchanges[0]);

    assert_true(result.is_identity_secret);
    assert_int_equal(result.identity.len, 0);
    assert_int_equal(result.identity_length, 15);
    session_free(session);
}

static void a_security_layer_is_what_the_client_chose(void **state)
{
    (void)state;
    static const struct {
        const char *auth, *challenge, *response, *reply;
        enum sasl_layer layer;
    } rows[] = {
        { "AUTH DIGEST-MD5",
          "334 "
          "bm9uY2U9Im4iLHFvcD0iYXV0aCxhdXRoLWludCxhdXRoLWNvbmYiLGFsZ29yaXRobT1tZDUtc2Vzcw==",
          "dXNlcm5hbWU9InUiLG5vbmNlPSJuIixjbm9uY2U9ImMiLG5jPTAwMDAwMDAxLHFvcD1hdXRoLWludCxkaWdlc3QtdX"
          "JpPSJzbXRwL2giLHJlc3BvbnNlPTAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAw",
          "235 ok", SASL_LAYER_INTEGRITY },
        { "AUTH DIGEST-MD5",
          "334 "
          "bm9uY2U9Im4iLHFvcD0iYXV0aCxhdXRoLWludCxhdXRoLWNvbmYiLGFsZ29yaXRobT1tZDUtc2Vzcw==",
          "dXNlcm5hbWU9InUiLG5vbmNlPSJuIixjbm9uY2U9ImMiLG5jPTAwMDAwMDAxLHFvcD1hdXRoLWNvbmYsZGlnZXN0LX"
          "VyaT0ic210cC9oIixyZXNwb25zZT0wMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMA==",
          "235 ok", SASL_LAYER_CONFIDENTIALITY },
        { "AUTH DIGEST-MD5",
          "334 "
          "bm9uY2U9Im4iLHFvcD0iYXV0aCxhdXRoLWludCxhdXRoLWNvbmYiLGFsZ29yaXRobT1tZDUtc2Vzcw==",
          "dXNlcm5hbWU9InUiLG5vbmNlPSJuIixjbm9uY2U9ImMiLG5jPTAwMDAwMDAxLHFvcD1hdXRoLGRpZ2VzdC11cmk9In"
          "NtdHAvaCIscmVzcG9uc2U9MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA=",
          "235 ok", SASL_LAYER_NONE },
        { "AUTH DIGEST-MD5",
          "334 "
          "bm9uY2U9Im4iLHFvcD0iYXV0aCxhdXRoLWludCxhdXRoLWNvbmYiLGFsZ29yaXRobT1tZDUtc2Vzcw==",
          "dXNlcm5hbWU9InUiLG5vbmNlPSJuIixjbm9uY2U9ImMiLG5jPTAwMDAwMDAxLGRpZ2VzdC11cmk9InNtdHAvaCIscm"
          "VzcG9uc2U9MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA=",
          "235 ok", SASL_LAYER_NONE },
        { "AUTH DIGEST-MD5",
          "334 "
          "bm9uY2U9Im4iLHFvcD0iYXV0aCxhdXRoLWludCxhdXRoLWNvbmYiLGFsZ29yaXRobT1tZDUtc2Vzcw==",
          "dXNlcm5hbWU9InUiLG5vbmNlPSJuIixjbm9uY2U9ImMiLG5jPTAwMDAwMDAxLHFvcD1hdXRoLWNvbmYsZGlnZXN0LX"
          "VyaT0ic210cC9oIixyZXNwb25zZT0wMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMA==",
          "535 no", SASL_LAYER_NONE },
        { "AUTH GSSAPI",
          "334 "
          "BQQF/wAMAAAAAAAAAAAAAQcAEABDQ0NDQ0NDQ0NDQ0M=",
          "BQQE/wAMAAAAAAAAAAAAAQEAAABhbGljZUNDQ0NDQ0NDQ0NDQw==", "235 ok", SASL_LAYER_NONE },
        { "AUTH GSSAPI",
          "334 "
          "BQQF/wAMAAAAAAAAAAAAAQcAEABDQ0NDQ0NDQ0NDQ0M=",
          "BQQE/wAMABwAAAAAAAAAAUNDQ0NDQ0MCACAAYWxpY2VDQ0NDQw==", "235 ok", SASL_LAYER_INTEGRITY },
        { "AUTH GSSAPI",
          "334 "
          "BQQF/wAMAAAAAAAAAAAAAQcAEABDQ0NDQ0NDQ0NDQ0M=",
          "BQQG/wAAABwAAAAAAAAAAVNTU1NTU1NTU1NTU1NTU1NTU1NTU1NTU1NTU1NTU1NTU1NTU1NTU1NTU1NT", "235 ok",
          SASL_LAYER_UNKNOWN },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct session *session =
            DECODED({ rows[i].auth, rows[i].challenge, 0 }, { rows[i].response, rows[i].reply, 0 });
        assert_int_equal(sasl_result_of(session, &session->exchanges[0]).layer, rows[i].layer);
        session_free(session);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_final_reply_decides),
        cmocka_unit_test(a_refused_auth_is_a_failure_with_its_reply),
        cmocka_unit_test(an_exchange_cut_by_the_end_of_the_capture_is_undecided),
        cmocka_unit_test(missing_bytes_matter_in_the_exchange_alone),
        cmocka_unit_test(a_star_that_was_taken_for_an_answer_is_no_cancel),
        cmocka_unit_test(a_withheld_identity_keeps_its_length),
        cmocka_unit_test(a_security_layer_is_what_the_client_chose),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
