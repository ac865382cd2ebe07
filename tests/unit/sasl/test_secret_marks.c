/* Credentials that were sent as commands. */
#include "exchanges.h"

static const struct command *last_command(const struct session *session)
{
    for (size_t i = session->item_count; i-- > 0;)
        if (session->items[i].kind == ITEM_COMMAND)
            return &session->items[i].as.command;
    return NULL;
}

static void tokens_behind_a_refused_auth_are_secrets(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        bool is_secret;
    } rows[] = {
        { "c2VjcmV0", true },        { "AHRpbQBzZWNyZXQ=", true },
        { "AHRpbQBzZWNyZXQ", true }, { "AHRpbQBzZW-_", true },
        { "  c2VjcmV0  ", true },    { "c2Vj", false },
        { "FOOBAR", false },         { "hello world", false },
        { "WHATEVERELSE!", false },  { "XUNKNOWNVERBS", false },
        { "NOOP", false },           { "", false },
        { "secret1!", true },        { "bob@example.org", true },
        { "exit", false },           { "secret1 more", false },
        { "Subject:x1", false },     { "a1b2c", false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct session *session =
            DECODED({ "AUTH LOGIN", "503 5.5.1 not now", 0 }, { rows[i].line, "500 what", 0 });
        print_message("'%s'\n", rows[i].line);
        assert_int_equal(last_command(session)->is_secret, rows[i].is_secret);
        session_free(session);
    }
}

static void what_was_pipelined_behind_auth_is_secret_even_if_short(void **state)
{
    (void)state;
    struct session *session = DECODED({ "AUTH LOGIN", "503 no", 0 }, { "Ym9i", "500 what", STEP_PIPELINED },
                                      { "cHc=", "500 what", STEP_PIPELINED },
                                      { "MAIL FROM:<a@b.example>", "530 no", STEP_PIPELINED });

    assert_true(session->items[3].as.command.is_secret);
    assert_true(session->items[4].as.command.is_secret);
    assert_false(session->items[5].as.command.is_secret);
    session_free(session);
}

static void the_lines_of_a_wrapped_token_are_all_secret(void **state)
{
    (void)state;
    struct session *session = DECODED(
        { "AUTH PLAIN", "334 ", 0 },
        { "AHV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1", "535 no", 0 },
        { "dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1", "500 what", 0 }, { "dQ==", "500 what", 0 });

    assert_true(session->items[4].as.command.is_secret);
    assert_true(session->items[5].as.command.is_secret);
    session_free(session);
}

static void a_password_in_clear_behind_a_refused_answer_is_secret(void **state)
{
    (void)state;
    struct session *session = DECODED({ "AUTH LOGIN", "334 VXNlcm5hbWU6", 0 }, { "dGlt", "535 no", 0 },
                                      { "secret1!", "500 what", 0 });

    assert_true(last_command(session)->is_secret);
    session_free(session);
}

static void far_from_any_auth_words_are_words(void **state)
{
    (void)state;
    struct session *session = DECODED({ "c2VjcmV0", "500 what", 0 });
    assert_false(last_command(session)->is_secret);
    session_free(session);
    session = DECODED({ "AUTH LOGIN", "503 no", 0 }, { "RSET", "250 ok", 0 }, { "c2VjcmV0", "500 what", 0 });
    assert_false(last_command(session)->is_secret);
    session_free(session);
    session = DECODED({ "AUTH LOGIN", "503 no", 0 }, { "c2VjcmV0c2VjcmV0", "500 what", STEP_BODY_LINE });
    assert_false(last_command(session)->is_secret);
    session_free(session);
}

static void where_the_auth_may_be_lost_tokens_are_secrets(void **state)
{
    (void)state;
    struct session *session = DECODED({ NULL, NULL, STEP_GAP_CLIENT }, { "c2VjcmV0", "235 ok", 0 });
    assert_true(last_command(session)->is_secret);
    session_free(session);
    session = DECODED({ "c2VjcmV0", "235 ok", STEP_AFTER_GAP });
    assert_true(last_command(session)->is_secret);
    session_free(session);
    session = SESSION_OF({ "c2VjcmV0", "235 2.7.0 ok", 0 }, { "MAIL FROM:<a@b.example>", "250 ok", 0 });
    assert_true(session->is_midstream);
    assert_true(sasl_decode_session(session, NULL));
    assert_true(session->items[0].as.command.is_secret);
    session_free(session);
}

static void a_response_without_its_auth_is_secret(void **state)
{
    (void)state; /* the 334 answers what was lost */
    struct session *session = SESSION_OF({ NULL, "220 mx", 0 }, { NULL, NULL, STEP_GAP_CLIENT });
    static const char *const texts[] = { "c2VjcmV0", "RSET" };

    for (size_t i = 0; i < 2; i++) {
        struct item *item = session_add_item(session, ITEM_SASL);
        assert_non_null(item);
        *item->as.sasl = (struct sasl_step){ .text = bytes_of(texts[i]), .length = bytes_of(texts[i]).len };
    }
    assert_true(sasl_decode_session(session, NULL));
    assert_true(session->items[2].as.sasl->is_decoded && session->items[2].as.sasl->is_secret);
    assert_true(session->items[3].as.sasl->is_decoded && !session->items[3].as.sasl->is_secret);
    session_free(session);
}

static void garbled_auth_commands_are_secrets(void **state)
{
    (void)state;
    static const char *const lines[] = { "AUTH=PLAIN AHRpbQBzZWNyZXQ=",
                                         "AUTHPLAIN AHRpbQBzZWNyZXQ=",
                                         "auth: c2VjcmV0",
                                         "PASS secret",
                                         "Authorization: Basic c2VjcmV0",
                                         "proxy-authorization: Basic c2VjcmV0",
                                         "a1 LOGIN bob secret" };

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct session *session = DECODED({ lines[i], "500 what", 0 });
        assert_true(last_command(session)->is_secret);
        session_free(session);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_behind_a_refused_auth_are_secrets),
        cmocka_unit_test(what_was_pipelined_behind_auth_is_secret_even_if_short),
        cmocka_unit_test(the_lines_of_a_wrapped_token_are_all_secret),
        cmocka_unit_test(a_password_in_clear_behind_a_refused_answer_is_secret),
        cmocka_unit_test(far_from_any_auth_words_are_words),
        cmocka_unit_test(where_the_auth_may_be_lost_tokens_are_secrets),
        cmocka_unit_test(a_response_without_its_auth_is_secret),
        cmocka_unit_test(garbled_auth_commands_are_secrets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
