/* User names that are withheld because they may be passwords, and those that are not. */
#include "exchanges.h"

struct row {
    const char *name, *user, *password, *reply;
    bool is_shown;
};

static const struct row rows[] = {
    { "plain failure", "alice", "Secret-42", "535 no", true },
    { "an address", "alice@example.com", "Secret-42", "535 no", true },
    { "a name with digits, a strong password", "JSmith01", "Hunter2!x", "535 no", true },
    { "swapped", "alice-Secret-42", "alice", "535 no", false },
    { "swapped, and repeated", "alice-Secret-42", "alice", "535 no user alice-Secret-42", false },
    { "swapped, address", "summer", "alice@example.com", "535 no", false },
    { "twice the same", "Secret42x", "Secret42x", "535 no", false },
    { "the password is part of the name", "tiger@example.com", "tiger", "535 no", false },
    { "swapped, and it succeeded: so it was the name", "alice-Secret-42", "alice", "235 ok", true },
    { "swapped, never answered", "alice-Secret-42", "alice", NULL, false },
    { "swapped, temporary failure", "alice-Secret-42", "alice", "454 later", false },
};

static const char *encoded(const char *text, struct buf *out)
{
    buf_clear(out);
    assert_true(base64_encode(bytes_of(text), out) && buf_append_u8(out, 0));
    return (const char *)out->ptr;
}

static void names_that_look_like_passwords_are_withheld(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf user, password;
        print_message("%s\n", rows[i].name);
        buf_init(&user, 1024);
        buf_init(&password, 1024);
        struct session *session = DECODED({ "AUTH LOGIN", "334 VXNlcm5hbWU6", 0 },
                                          { encoded(rows[i].user, &user), "334 UGFzc3dvcmQ6", 0 },
                                          { encoded(rows[i].password, &password), rows[i].reply, 0 });
        struct sasl_result result = sasl_result_of(session, &session->exchanges[0]);
        assert_int_equal(result.is_identity_secret, !rows[i].is_shown);
        assert_int_equal(session->exchanges[0].steps[1].is_secret, !rows[i].is_shown);
        assert_int_equal(session->items[3].as.sasl->is_secret, !rows[i].is_shown);
        if (!rows[i].is_shown)
            assert_nowhere_shown(session, rows[i].user);
        session_free(session);
        buf_release(&user);
        buf_release(&password);
    }
}

static void a_password_tried_before_is_known_again(void **state)
{
    (void)state; /* first alice and hunter, then hunter alone at "Username:" */
    struct session *session =
        DECODED({ "AUTH PLAIN AGFsaWNlAGh1bnRlcg==", "535 no", 0 }, { "AUTH LOGIN", "334 VXNlcm5hbWU6", 0 },
                { "aHVudGVy", "334 UGFzc3dvcmQ6", 0 }, { "*", "501 cancelled", 0 });

    assert_nowhere_shown(session, "hunter");
    assert_bytes(sasl_result_of(session, &session->exchanges[0]).identity, "alice");
    session_free(session);
}

static void swapped_parts_of_plain_are_withheld(void **state)
{
    (void)state; /* NUL alice-Secret-42 NUL alice */
    struct session *session = DECODED({ "AUTH PLAIN AGFsaWNlLVNlY3JldC00MgBhbGljZQ==", "535 no", 0 });

    assert_nowhere_shown(session, "Secret-42");
    session_free(session);
}

static void what_was_judged_when_recorded_is_not_judged_again(void **state)
{
    (void)state;
    const struct step steps[] = { { NULL, "220 mx", 0 },
                                  { "AUTH LOGIN", "334 VXNlcm5hbWU6", 0 },
                                  { "SlNtaXRoMDE=", "334 UGFzc3dvcmQ6", 0 },
                                  { "SHVudGVyMiF4", "535 no", 0 } };
    struct session *session = session_build(steps, 4, PROTOCOL_SMTP);
    struct sasl_field *password;

    assert_true(sasl_decode_exchange(session, &session->exchanges[0], NULL));
    password = &session->exchanges[0].steps[3].fields[0];
    password->value = (struct bytes){ NULL, 0 }; /* as a recording without secrets has it */
    password->is_redacted = true;
    assert_true(sasl_decode_session(session, NULL));
    assert_bytes(sasl_result_of(session, &session->exchanges[0]).identity, "JSmith01");
    session_free(session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_that_look_like_passwords_are_withheld),
        cmocka_unit_test(a_password_tried_before_is_known_again),
        cmocka_unit_test(swapped_parts_of_plain_are_withheld),
        cmocka_unit_test(what_was_judged_when_recorded_is_not_judged_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
