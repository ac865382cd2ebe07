/* OTP (RFC 2444 section 4, RFC 2243) and SKEY (RFC 2222 section 7.3). */
#include "messages.h"

static const struct message_row first_rows[] = {
    { "a name", SIDE_CLIENT, "base64:AHRpbQ==", "authzid= authcid=tim", NULL },
    { "two names", SIDE_CLIENT, "base64:Ym9iAHRpbQ==", "authzid=bob authcid=tim", NULL },
    { "no NUL", SIDE_CLIENT, "tim", "message:3", "NUL" },
    { "a PLAIN message", SIDE_CLIENT, "base64:AHRpbQBzZWNyZXQ=", "message:11", "NUL" },
    { "an empty name", SIDE_CLIENT, "base64:Ym9iAA==", "authzid=bob", "empty" },
    { "nothing", SIDE_CLIENT, "", "", "empty" },
    { "the challenge of the example", SIDE_SERVER, "otp-md5 499 ke1234 ext",
      "algorithm=otp-md5 sequence=499 seed=ke1234", NULL },
    { "one without extensions", SIDE_SERVER, "otp-sha1 12 xx0001",
      "algorithm=otp-sha1 sequence=12 seed=xx0001", NULL },
    { "one of SKEY", SIDE_SERVER, "12 xx0001", "", "otp-algorithm" },
    { "no seed", SIDE_SERVER, "otp-md5 499", "", "otp-algorithm" },
    { "go ahead", SIDE_SERVER, "", "", NULL },
};

static const struct message_row second_rows[] = {
    { "hexadecimal", SIDE_CLIENT, "hex:5BF0 75D9 959D 036F", "response:19 response-type=hex", NULL },
    { "words", SIDE_CLIENT, "word:BOND FOGY DRAB NE RISE MART", "response:27 response-type=word", NULL },
    { "a new chain", SIDE_CLIENT, "init-hex:5bf075d9959d036f:md5 499 ke1235:3712dcb4aa5316c1",
      "response:48 response-type=init-hex", NULL },
    { "a new chain in words", SIDE_CLIENT, "init-word:A B C D E F:md5 1 s:G",
      "response:21 response-type=init-word", NULL },
    { "a password", SIDE_CLIENT, "hunter2", "message:7", "init-word" },
    { "another kind", SIDE_CLIENT, "secret:hunter2", "message:14", "init-word" },
};

static const struct message_row skey_rows[] = {
    { "a name", SIDE_CLIENT, "tim", "authcid=tim", NULL },
    { "two names", SIDE_CLIENT, "base64:Ym9iAHRpbQ==", "message:7", "NUL" },
    { "a challenge", SIDE_SERVER, "99 ke1234", "sequence=99 seed=ke1234", NULL },
};

static void messages_read_as_they_say(void **state)
{
    (void)state;
    MESSAGES_HOLD("OTP", first_rows);
    MESSAGES_HOLD_AT("OTP", 1, second_rows);
    MESSAGES_HOLD("SKEY", skey_rows);
}

static void the_example_of_rfc_2444_reads(void **state)
{
    (void)state;
    struct session *session = DECODED({ "AUTH OTP AHRpbQ==", "334 b3RwLW1kNSA0OTkga2UxMjM0IGV4dA==", 0 },
                                      { "aGV4OjViZjA3NWQ5OTU5ZDAzNmY=", "235 ok", 0 });
    const struct sasl_exchange *exchange = &session->exchanges[0];

    assert_int_equal(exchange->step_count, 3);
    for (size_t i = 0; i < exchange->step_count; i++) {
        assert_null(exchange->steps[i].malformed);
        assert_int_equal(exchange->steps[i].is_secret, i == 2);
    }
    assert_bytes(sasl_result_of(session, exchange).identity, "tim");
    assert_nowhere_shown(session, "5bf075d9959d036f");
    session_free(session);
}

static void an_answer_to_a_challenge_is_a_password(void **state)
{
    (void)state;
    struct session *session =
        DECODED({ "AUTH SKEY", "334 OTkga2UxMjM0", 0 }, { "aHVudGVyMg==", "535 no", 0 });

    assert_secret(session, 1, "response", "hunter2");
    assert_nowhere_shown(session, "hunter2");
    session_free(session);

    session = DECODED({ "AUTH SKEY", "334 ", 0 }, { "aHVudGVyMg==", "535 no", STEP_AFTER_GAP });
    assert_nowhere_shown(session, "hunter2"); /* the name may have been lost before it */
    session_free(session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_read_as_they_say),
        cmocka_unit_test(the_example_of_rfc_2444_reads),
        cmocka_unit_test(an_answer_to_a_challenge_is_a_password),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
