/* EXTERNAL (RFC 4422 appendix A). */
#include "messages.h"

static const struct message_row rows[] = {
    { "an identity", SIDE_CLIENT, "base64:ZnJlZEBleGFtcGxlLmNvbQ==", "authzid=fred@example.com", NULL },
    { "nothing", SIDE_CLIENT, "", "", NULL },
    { "a PLAIN message", SIDE_CLIENT, "base64:AHRpbQBwdw==", "message:7", "without NULs" },
    { "Latin-1", SIDE_CLIENT, "base64:Y2Fm6Q==", "message:4", "UTF-8" },
    { "a server that prompts", SIDE_SERVER, "who?", "prompt=who?", NULL },
};

static void messages_read_as_they_say(void **state)
{
    (void)state;
    MESSAGES_HOLD("EXTERNAL", rows);
}

static void the_identity_is_the_one_to_act_as(void **state)
{
    (void)state;
    struct session *session = DECODED({ "AUTH EXTERNAL ZnJlZEBleGFtcGxlLmNvbQ==", "235 ok", 0 });
    struct sasl_result result = sasl_result_of(session, &session->exchanges[0]);

    assert_bytes(result.identity, "fred@example.com");
    assert_bytes(result.authorization_identity, "fred@example.com");
    assert_false(session->exchanges[0].steps[0].is_secret);
    session_free(session);

    session = DECODED({ "AUTH EXTERNAL =", "535 no", 0 });
    assert_int_equal(sasl_result_of(session, &session->exchanges[0]).identity.len, 0);
    assert_null(session->exchanges[0].steps[0].malformed);
    assert_false(session->exchanges[0].steps[0].is_secret);
    session_free(session);

    session = DECODED({ "AUTH EXTERNAL AHRpbQBzZWNyZXQ=", "535 no", 0 });
    assert_nowhere_shown(session, "secret");
    session_free(session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_read_as_they_say),
        cmocka_unit_test(the_identity_is_the_one_to_act_as),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
