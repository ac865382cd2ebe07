/* LOGIN: answers are labelled by the prompts that they answer. */
#include "exchanges.h"

#include <stdio.h>

#include "sasl/sasl_rows.h"

#define ALICE "YWxpY2U="             /* alice */
#define WORD  "YWxpY2UtU2VjcmV0LTQy" /* alice-Secret-42 */
#define USER  "334 VXNlcm5hbWU6"
#define PASS  "334 UGFzc3dvcmQ6"

static void prompts_are_known_by_their_wording(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum login_prompt asks;
    } rows[] = {
        { "VXNlcm5hbWU6", LOGIN_PROMPT_USERNAME },
        { "dXNlcm5hbWU6", LOGIN_PROMPT_USERNAME },
        { "VXNlciBOYW1lAA==", LOGIN_PROMPT_USERNAME },
        { "UGFzc3dvcmQ6", LOGIN_PROMPT_PASSWORD },
        { "cGFzc3dvcmQ6", LOGIN_PROMPT_PASSWORD },
        { "UGFzc3dvcmQA", LOGIN_PROMPT_PASSWORD },
        { "Username:", LOGIN_PROMPT_USERNAME },
        { "Password:", LOGIN_PROMPT_PASSWORD },
        { "UGFzc3dvcmQgZm9yIHVzZXI6", LOGIN_PROMPT_PASSWORD }, /* "Password for user:" */
        { "", LOGIN_PROMPT_UNKNOWN },
        { "Log on", LOGIN_PROMPT_UNKNOWN },
        { "AAAA", LOGIN_PROMPT_UNKNOWN },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char reply[64];
        (void)snprintf(reply, sizeof reply, "334 %s", rows[i].text);
        struct session *session = DECODED({ "AUTH LOGIN", reply, 0 }, { "*", "501 no", 0 });
        print_message("'%s'\n", rows[i].text);
        assert_int_equal(login_prompt_of(&session->exchanges[0].steps[0]), rows[i].asks);
        assert_false(session->exchanges[0].steps[0].is_secret);
        session_free(session);
    }
}

static void the_usual_way_shows_the_name_alone(void **state)
{
    (void)state;
    struct session *session =
        DECODED({ "AUTH LOGIN", USER, 0 }, { ALICE, PASS, 0 }, { WORD, "235 2.7.0 ok", 0 });

    assert_public(session, 0, "prompt", "Username:");
    assert_public(session, 1, "username", "alice");
    assert_secret(session, 3, "password", "alice-Secret-42");
    assert_false(session->exchanges[0].steps[1].is_secret);
    assert_nowhere_shown(session, "Secret-42");
    assert_bytes(sasl_result_of(session, &session->exchanges[0]).identity, "alice");
    session_free(session);
}

static void prompts_in_the_other_order_are_answered_in_it(void **state)
{
    (void)state;
    struct session *session =
        DECODED({ "AUTH LOGIN", PASS, 0 }, { WORD, USER, 0 }, { ALICE, "235 2.7.0 ok", 0 });

    assert_secret(session, 1, "password", "alice-Secret-42");
    assert_public(session, 3, "username", "alice");
    session_free(session);
}

static void a_name_given_inline_is_the_name(void **state)
{
    (void)state;
    struct session *session = DECODED({ "AUTH LOGIN " ALICE, PASS, 0 }, { WORD, "235 ok", 0 });

    assert_public(session, 0, "username", "alice");
    assert_secret(session, 2, "password", "alice-Secret-42");
    assert_true(session->items[2].as.command.is_secret);
    session_free(session);
}

static void a_password_given_where_the_name_is_asked_again_is_hidden(void **state)
{
    (void)state;
    struct session *session =
        DECODED({ "AUTH LOGIN " ALICE, USER, 0 }, { WORD, PASS, 0 }, { "*", "501 cancelled", 0 });

    assert_public(session, 0, "username", "alice");
    assert_secret(session, 2, "username", "alice-Secret-42");
    assert_nowhere_shown(session, "Secret-42");
    session_free(session);
    session = DECODED({ "AUTH LOGIN " ALICE, USER, 0 }, { ALICE, PASS, 0 }, { WORD, "235 ok", 0 });
    assert_public(session, 2, "username", "alice");
    assert_bytes(sasl_result_of(session, &session->exchanges[0]).identity, "alice");
    session_free(session);
}

static void behind_unknown_wording_the_place_decides(void **state)
{
    (void)state;
    struct session *session =
        DECODED({ "AUTH LOGIN", "334 Zm9vOg==", 0 }, { ALICE, "334 YmFyOg==", 0 }, { WORD, "235 ok", 0 });

    assert_public(session, 1, "username", "alice");
    assert_secret(session, 3, "password", "alice-Secret-42");
    session_free(session);
}

static void behind_a_prompt_that_cannot_be_read_all_is_secret(void **state)
{
    (void)state;
    struct session *session = DECODED({ "AUTH LOGIN", "334 Log on", 0 }, { WORD, "535 no", 0 });

    assert_secret(session, 1, "password", "alice-Secret-42");
    session_free(session);
}

static void what_is_no_base64_is_secret(void **state)
{
    (void)state;
    static const char *const answers[] = { "alice-Secret-42",
                                           "alice-Secret-42=",
                                           "YWxpY2UtU2VjcmV0LTQ",
                                           "YWxpY2UtU2VjcmV0LTQy ",
                                           "\"YWxpY2UtU2VjcmV0LTQy\"",
                                           "help alice-Secret-42",
                                           "AUTH PLAIN YWxpY2UtU2VjcmV0LTQy" };

    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        struct session *session = DECODED({ "AUTH LOGIN", USER, 0 }, { answers[i], "535 no", 0 });
        print_message("%s\n", answers[i]);
        assert_true(session->exchanges[0].steps[1].is_secret);
        assert_nowhere_shown(session, "Secret");
        session_free(session);
    }
}

static void a_plain_message_is_not_a_name(void **state)
{
    (void)state;
    struct session *session =
        DECODED({ "AUTH LOGIN", USER, 0 }, { "AGFsaWNlAGFsaWNlLVNlY3JldC00Mg==", "535 no", 0 });

    assert_non_null(session->exchanges[0].steps[1].malformed);
    assert_int_equal(session->exchanges[0].steps[1].nul_count, 2);
    assert_nowhere_shown(session, "Secret-42");
    session_free(session);
}

static void behind_missing_bytes_no_answer_is_a_name(void **state)
{
    (void)state;
    /* The name and the second prompt are lost: the password follows "Username:". */
    struct session *session =
        DECODED({ "AUTH LOGIN", USER, 0 }, { NULL, NULL, STEP_GAP_CLIENT }, { WORD, "235 2.7.0 ok", 0 });

    assert_nowhere_shown(session, "Secret-42");
    session_free(session);
    session = DECODED({ "AUTH LOGIN", USER, 0 }, { WORD, "235 2.7.0 ok", STEP_AFTER_GAP });
    assert_nowhere_shown(session, "Secret-42");
    session_free(session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prompts_are_known_by_their_wording),
        cmocka_unit_test(the_usual_way_shows_the_name_alone),
        cmocka_unit_test(prompts_in_the_other_order_are_answered_in_it),
        cmocka_unit_test(a_name_given_inline_is_the_name),
        cmocka_unit_test(a_password_given_where_the_name_is_asked_again_is_hidden),
        cmocka_unit_test(behind_unknown_wording_the_place_decides),
        cmocka_unit_test(behind_a_prompt_that_cannot_be_read_all_is_secret),
        cmocka_unit_test(what_is_no_base64_is_secret),
        cmocka_unit_test(a_plain_message_is_not_a_name),
        cmocka_unit_test(behind_missing_bytes_no_answer_is_a_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
