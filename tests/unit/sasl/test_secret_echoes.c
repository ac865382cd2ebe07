/* Servers that repeat what they were sent. */
#include "exchanges.h"

struct row {
    const char *name, *reply;
    bool is_redacted;
};

static const struct row rows[] = {
    { "as sendmail does", "501 5.5.4 cannot BASE64 decode 'AHRpbQBUYW5zdGFhZg=='", true },
    { "in upper case", "501 5.5.4 CANNOT DECODE AHRPBQBUYW5ZDGFHZG==", true },
    { "without its padding", "501 no <AHRpbQBUYW5zdGFhZg>", true },
    { "cut short", "501 no AHRpbQBUYW5zdGF", true },
    { "decoded", "535 wrong password: Tanstaaf", true },
    { "in the second line", "535-5.7.8 no\n535 5.7.8 (Tanstaaf)", true },
    { "the name alone", "535 5.7.8 user tim unknown", false },
    { "inside a longer word", "535 5.7.8 Tanstaafians are not welcome", false },
    { "usual words", "535 5.7.8 Error: authentication failed", false },
};

static void replies_that_repeat_a_secret_are_withheld(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct session *session = DECODED({ "AUTH PLAIN AHRpbQBUYW5zdGFhZg==", rows[i].reply, 0 });
        const struct reply *reply = session->items[2].reply;
        print_message("%s\n", rows[i].name);
        assert_int_equal(reply->is_redacted, rows[i].is_redacted);
        assert_int_equal(reply->line_count == 0, rows[i].is_redacted);
        assert_true(reply->code >= 500);
        session_free(session);
    }
}

static void long_tokens_are_known_by_their_beginning(void **state)
{
    (void)state;
    struct session *session = DECODED({ "AUTH X-TOKEN", "334 ", 0 },
                                      { "ZXlKaGJHY2lPaUpJVXpJMU5pSjkuZXlKcGMzTWlPaUp0WlNKOS5zaWduYXR1cmU=",
                                        "501 cannot decode ZXlKaGJHY2lPaUpJVXpJMU5pSjkuZXlK...", 0 });

    assert_true(session->items[3].reply->is_redacted);
    session_free(session);
}

static void later_replies_are_looked_at_too(void **state)
{
    (void)state;
    struct session *session = DECODED({ "AUTH LOGIN", "503 no", 0 }, { "c2VjcmV0IQ==", "500 what", 0 },
                                      { "NOOP", "250 ok, but what is c2VjcmV0IQ==", 0 });

    assert_false(session->items[3].reply->is_redacted);
    assert_true(session->items[4].reply->is_redacted);
    session_free(session);
    session = DECODED({ "AUTH LOGIN", "503 no", 0 }, { "c2VjcmV0IQ==", "500 what is secret!?", 0 });
    assert_true(session->items[3].reply->is_redacted);
    session_free(session);
}

/* Behind more items than are looked back upon, in replies and in commands, and two exchanges back. */
static void what_was_shown_long_before_is_known(void **state)
{
    (void)state;
    struct session *session =
        DECODED({ "AUTH PLAIN AHRpbQBUYW5zdGFhZg==", "535 no", 0 }, { "AUTH LOGIN", "334 VXNlcm5hbWU6", 0 },
                { "dGlt", "334 UGFzc3dvcmQ6", 0 }, { "QWxhZGRpbjE3", "535 no", 0 }, { "NOOP", "250 ok", 0 },
                { "NOOP", "250 ok", 0 }, { "NOOP", "250 ok", 0 }, { "NOOP", "250 ok", 0 },
                { "NOOP", "250 ok", 0 }, { "NOOP", "250 ok", 0 }, { "NOOP", "250 ok", 0 },
                { "NOOP", "250 ok", 0 }, { "NOOP", "250 what is Tanstaaf", 0 },
                { "VRFY QWxhZGRpbjE3", "252 ok", 0 }, { "NOOP QWxhZGRp", "250 ok", 0 });
    const struct item *last = &session->items[session->item_count - 1];

    assert_true(last[-2].reply->is_redacted);
    assert_true(last[-1].as.command.is_secret);
    assert_false(last[-3].reply->is_redacted);
    assert_nowhere_shown(session, "QWxhZGRpbjE3");
    session_free(session);
}

/* A secret close by does not hide one of an exchange before. */
static void two_exchanges_are_looked_for_at_once(void **state)
{
    (void)state;
    struct session *session = DECODED(
        { "AUTH PLAIN AHRpbQBUYW5zdGFhZg==", "535 no", 0 }, { "NOOP", "250 ok", 0 }, { "NOOP", "250 ok", 0 },
        { "NOOP", "250 ok", 0 }, { "NOOP", "250 ok", 0 }, { "NOOP", "250 ok", 0 }, { "NOOP", "250 ok", 0 },
        { "NOOP", "250 ok", 0 }, { "NOOP", "250 ok", 0 },
        { "AUTH PLAIN AHRpbQBBbGFkZGluMTc=", "535 neither that nor Tanstaaf", 0 });

    assert_true(session->items[session->item_count - 1].reply->is_redacted);
    session_free(session);
}

/* Without AUTH, by its look alone. */
static void what_is_no_command_is_looked_for_too(void **state)
{
    (void)state;
    struct session *session = DECODED({ "PASS Hunter2!xyz", "500 unknown", 0 },
                                      { "NOOP", "250 ok, and what is PASS Hunter2!xyz", 0 });

    assert_true(session->items[3].reply->is_redacted);
    session_free(session);
}

static void the_shortest_that_is_like_no_word_is_found_in_commands(void **state)
{
    (void)state;
    struct session *session =
        DECODED({ "AUTH PLAIN AHRpbQBUYW5zdDRhZg==", "535 no", 0 }, { "VRFY Tanst4af", NULL, 0 });

    assert_true(session->items[3].as.command.is_secret);
    session_free(session);
}

static void a_challenge_that_repeats_the_answer_before_it_is_withheld(void **state)
{
    (void)state;
    static const char *const challenges[] = { "334 YWxpY2UtU2VjcmV0LTQy",                 /* as it was sent */
                                              "334 eW91IHNhaWQgYWxpY2UtU2VjcmV0LTQyIQ==", /* "you said ..." */
                                              "334 alice-Secret-42" };

    for (size_t i = 0; i < sizeof challenges / sizeof challenges[0]; i++) {
        struct session *session = DECODED({ "AUTH LOGIN", "334 UGFzc3dvcmQ6", 0 },
                                          { "YWxpY2UtU2VjcmV0LTQy", challenges[i], 0 }, { "*", "501 no", 0 });
        assert_true(session->items[3].reply->is_redacted);
        assert_true(session->exchanges[0].steps[2].is_redacted);
        assert_nowhere_shown(session, "Secret-42");
        session_free(session);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replies_that_repeat_a_secret_are_withheld),
        cmocka_unit_test(long_tokens_are_known_by_their_beginning),
        cmocka_unit_test(later_replies_are_looked_at_too),
        cmocka_unit_test(two_exchanges_are_looked_for_at_once),
        cmocka_unit_test(what_is_no_command_is_looked_for_too),
        cmocka_unit_test(the_shortest_that_is_like_no_word_is_found_in_commands),
        cmocka_unit_test(what_was_shown_long_before_is_known),
        cmocka_unit_test(a_challenge_that_repeats_the_answer_before_it_is_withheld),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
