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
        cmocka_unit_test(a_challenge_that_repeats_the_answer_before_it_is_withheld),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
