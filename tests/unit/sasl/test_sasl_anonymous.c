/* ANONYMOUS (RFC 4505): the example of its section 4. */
#include "messages.h"

#define LETTERS_32  "abcdefghijklmnopqrstuvwxyz012345"
#define LETTERS_256 LETTERS_32 LETTERS_32 LETTERS_32 LETTERS_32 LETTERS_32 LETTERS_32 LETTERS_32 LETTERS_32

static const struct message_row rows[] = {
    { "the example", SIDE_CLIENT, "base64:c2lyaGM=", "trace=sirhc", NULL },
    { "an address", SIDE_CLIENT, "guest@example.org", "trace=guest@example.org", NULL },
    { "nothing", SIDE_CLIENT, "", "", NULL },
    { "too long", SIDE_CLIENT, LETTERS_256, "trace=" LETTERS_256, "longer than 255" },
    { "NULs", SIDE_CLIENT, "base64:AHRpbQBwdw==", "message:7", "without NULs" },
    { "a server that prompts", SIDE_SERVER, "who?", "prompt=who?", NULL },
};

static void messages_read_as_they_say(void **state)
{
    (void)state;
    MESSAGES_HOLD("ANONYMOUS", rows);
}

static void a_guest_has_no_identity(void **state)
{
    (void)state;
    struct session *session = DECODED({ "AUTH ANONYMOUS", "334 ", 0 }, { "c2lyaGM=", "235 ok", 0 });
    struct sasl_result result = sasl_result_of(session, &session->exchanges[0]);

    assert_int_equal(result.identity.len, 0);
    assert_int_equal(result.authorization_identity.len, 0);
    assert_false(session->exchanges[0].steps[1].is_secret);
    session_free(session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_read_as_they_say),
        cmocka_unit_test(a_guest_has_no_identity),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
