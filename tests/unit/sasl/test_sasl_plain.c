/* PLAIN (RFC 4616): the example of its section 4, and what clients get wrong. */
#include "exchanges.h"

static void the_examples_of_rfc_4616_decode(void **state)
{
    (void)state;
    struct session *session = DECODED({ "AUTH PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm", "235 2.7.0 ok", 0 });
    assert_public(session, 0, "authzid", "");
    assert_public(session, 0, "authcid", "tim");
    assert_secret(session, 0, "password", "tanstaaftanstaaf");
    assert_nowhere_shown(session, "tanstaaf");
    session_free(session);

    session = DECODED({ "AUTH PLAIN", "334 ", 0 }, { "VXJzZWwAS3VydAB4aXBqM3BsbXE=", "235 2.7.0 ok", 0 });
    assert_public(session, 1, "authzid", "Ursel");
    assert_public(session, 1, "authcid", "Kurt");
    assert_secret(session, 1, "password", "xipj3plmq");
    assert_false(session->exchanges[0].steps[0].is_secret);
    assert_nowhere_shown(session, "xipj3plmq");
    session_free(session);
}

static void a_message_without_exactly_two_nuls_shows_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *name, *sent;
        uint32_t nuls;
    } rows[] = {
        { "as in HTTP", "dGltOnRhbnN0YWFm", 0 },
        { "leading NUL forgotten", "dGltAHRhbnN0YWFm", 1 },
        { "a NUL at the end", "AHRpbQB0YW5zdGFhZgA=", 3 },
        { "base64 twice", "QUhScGJRQjBZVzV6ZEdGaFpnPT0=", 0 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct session *session = DECODED({ "AUTH PLAIN", "334 ", 0 }, { rows[i].sent, "535 no", 0 });
        const struct sasl_step *step = &session->exchanges[0].steps[1];
        print_message("%s\n", rows[i].name);
        assert_int_equal(step->nul_count, rows[i].nuls);
        assert_non_null(step->malformed);
        assert_true(step->is_secret);
        assert_nowhere_shown(session, "tanstaaf");
        assert_nowhere_shown(session, "tim");
        session_free(session);
    }
}

static void an_identity_in_the_place_of_authzid_is_one(void **state)
{
    (void)state;
    struct session *session = DECODED({ "AUTH PLAIN dGltAABzZWNyZXQ=", "235 ok", 0 });
    struct sasl_result result = sasl_result_of(session, &session->exchanges[0]);

    assert_bytes(result.identity, "tim");
    assert_bytes(result.authorization_identity, "tim");
    assert_non_null(session->exchanges[0].steps[0].malformed);
    assert_secret(session, 0, "password", "secret");
    session_free(session);
}

static void a_newline_behind_the_password_is_told_by_shape(void **state)
{
    (void)state;
    struct session *session = DECODED({ "AUTH PLAIN AHRpbQBzZWNyZXQK", "535 no", 0 });

    assert_true(session->exchanges[0].steps[0].has_trailing_newline);
    assert_nowhere_shown(session, "secret");
    session_free(session);
}

static void base64_without_padding_still_names_who_tried(void **state)
{
    (void)state;
    struct session *session = DECODED({ "AUTH PLAIN AHRpbQBzZWNyZXQK"
                                        "MQ",
                                        "501 5.5.2 bad base64", 0 });
    struct sasl_result result = sasl_result_of(session, &session->exchanges[0]);

    assert_int_equal(session->exchanges[0].steps[0].problem, BASE64_BAD_LENGTH);
    assert_bytes(result.identity, "tim");
    assert_nowhere_shown(session, "secret");
    session_free(session);
}

static void empty_messages_hold_no_secret(void **state)
{
    (void)state;
    struct session *session = DECODED({ "AUTH PLAIN =", "501 no", 0 });

    assert_false(session->exchanges[0].steps[0].is_secret);
    assert_false(session->items[2].as.command.is_secret);
    assert_int_equal(session->exchanges[0].steps[0].problem, BASE64_FINE);
    session_free(session);
    session = DECODED({ "AUTH PLAIN", "334 ", 0 }, { "=", "501 no", 0 });
    assert_int_equal(session->exchanges[0].steps[1].problem,
                     BASE64_PAD_INSIDE); /* RFC 4954 4: with AUTH only */
    session_free(session);
    session = DECODED({ "AUTH PLAIN", "334 ", 0 }, { "", "501 no", 0 });
    assert_false(session->exchanges[0].steps[1].is_secret);
    assert_non_null(session->exchanges[0].steps[1].malformed);
    session_free(session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_of_rfc_4616_decode),
        cmocka_unit_test(a_message_without_exactly_two_nuls_shows_nothing),
        cmocka_unit_test(an_identity_in_the_place_of_authzid_is_one),
        cmocka_unit_test(a_newline_behind_the_password_is_told_by_shape),
        cmocka_unit_test(base64_without_padding_still_names_who_tried),
        cmocka_unit_test(empty_messages_hold_no_secret),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
