/* Steps decoded once, as they come or all at the end; base64 strictly; what cannot be read is a secret. */
#include "exchanges.h"

#include <stdio.h>
#include <stdlib.h>

#include "sasl/sasl_rows.h"

static void commands_in_place_of_a_response_are_told_from_credentials(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        bool is_command;
    } rows[] = {
        { "QUIT", true },
        { "quit", true },
        { "MAIL FROM:<a@b.example>", true },
        { "RSET", true },
        { "EHLO client", true },
        { "rcpt to:<a@b.example>", true },
        { "STARTTLS", true },
        { "AUTH LOGIN", true },
        { "", false },
        { "*", false },
        { "c2VjcmV0", false },
        { "AUTH PLAIN AHRpbQB0", false },
        { "help me 42", false },
        { "AUTH c2VjcmV0", false },
        { "DATA secret", false },
        { "EHLO my secret", false },
        { "MAIL secret", false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(sasl_reads_as_command(bytes_of(rows[i].line)), rows[i].is_command);
}

static void a_command_or_a_star_holds_no_secret(void **state)
{
    (void)state;
    static const char *const lines[] = { "*", "QUIT", "MAIL FROM:<a@example.org>" };

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct session *session = DECODED({ "AUTH PLAIN", "334 ", 0 }, { lines[i], "501 no", 0 });
        assert_true(session->exchanges[0].steps[1].is_decoded);
        assert_false(session->exchanges[0].steps[1].is_secret);
        assert_bytes(session->items[3].as.sasl->text, lines[i]);
        assert_false(session->items[3].as.sasl->is_secret);
        session_free(session);
    }
}

static void every_way_to_break_base64_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum base64_problem problem;
        uint64_t at;
    } rows[] = {
        { "c2Vjcm!0", BASE64_BAD_BYTE, 6 },        { "c2Vjcm-_", BASE64_URL_ALPHABET, 6 },
        { "c2Vj cmV0", BASE64_BLANK, 4 },          { "c2VjcmV", BASE64_BAD_LENGTH, 7 },
        { "c2Vj=mV0", BASE64_PAD_INSIDE, 5 },      { "c2VjcmV1d===", BASE64_BAD_LENGTH, 12 },
        { "c2VjcmV1dR==", BASE64_LOOSE_BITS, 12 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct session *session = DECODED({ "AUTH PLAIN", "334 ", 0 }, { rows[i].text, "501 no", 0 });
        const struct sasl_step *step = &session->exchanges[0].steps[1];
        print_message("%s\n", rows[i].text);
        assert_int_equal(step->problem, rows[i].problem);
        assert_int_equal(step->problem_at, rows[i].at);
        assert_true(step->is_secret);
        session_free(session);
    }
}

static void of_an_unknown_mechanism_sizes_alone_are_told(void **state)
{
    (void)state;
    struct session *session = DECODED({ "AUTH X-NEW YWxpY2U=", "334 Zm9v", 0 }, { "c2VjcmV0", "235 ok", 0 });
    const struct sasl_step *steps = session->exchanges[0].steps;

    assert_bytes(session->exchanges[0].mechanism, "X-NEW");
    assert_true(steps[0].is_secret && steps[2].is_secret);
    assert_false(steps[1].is_secret);
    assert_int_equal(steps[0].decoded_length, 5);
    assert_int_equal(steps[2].decoded_length, 6);
    assert_int_equal(steps[0].field_count + steps[2].field_count, 0);
    session_free(session);
}

static void a_token_in_the_place_of_the_mechanism_is_hidden(void **state)
{
    (void)state;
    static const char *const tokens[] = { "AHRpbQBzZWNyZXQx", "AHRpbQBzZWNyZXQ=", "c2VjcmV0",
                                          "AHRpbQB0YW5zdGFhZnRhbnN0YWFm" };
    static const char *const names[] = { "DIGEST-MD5", "Digest-Md5", "scram-sha-256-plus", "XOAUTH2",
                                         "ntlm" };

    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++) {
        char line[64];
        (void)snprintf(line, sizeof line, "AUTH %s", tokens[i]);
        struct session *session = DECODED({ line, "504 no", 0 });
        assert_true(session->items[2].as.command.is_secret);
        assert_int_equal(session->exchanges[0].mechanism.len, 0);
        session_free(session);
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char line[64];
        (void)snprintf(line, sizeof line, "AUTH %s", names[i]);
        struct session *session = DECODED({ line, "504 no", 0 });
        assert_false(session->items[2].as.command.is_secret);
        assert_bytes(session->exchanges[0].mechanism, names[i]);
        session_free(session);
    }
}

static void items_hold_the_decoded_steps(void **state)
{
    (void)state;
    struct session *session = DECODED({ "AUTH LOGIN", "334 VXNlcm5hbWU6", 0 },
                                      { "YWxpY2U=", "334 UGFzc3dvcmQ6", 0 }, { "c2VjcmV0", "235 ok", 0 });

    assert_true(session->items[3].as.sasl->is_decoded);
    assert_false(session->items[3].as.sasl->is_secret);
    assert_true(session->items[4].as.sasl->is_secret);
    assert_int_equal(session->items[4].as.sasl->field_count, 1);
    session_free(session);
}

static const struct step script[] = {
    { NULL, "220 mx", 0 },
    { "EHLO c", "250 AUTH", 0 },
    { "AUTH LOGIN", "334 VXNlcm5hbWU6", 0 },
    { "YWxpY2U=", "334 UGFzc3dvcmQ6", 0 },
    { "c2VjcmV0IQ==", "535 bad c2VjcmV0IQ==", 0 },
    { "c2VjcmV0IQ==", "500 what? secret!", 0 },
    { "AUTH PLAIN AHRpbQBzZWNyZXQh", "235 ok", 0 },
};

static void assert_same(const struct session *a, const struct session *b)
{
    assert_int_equal(a->exchange_count, b->exchange_count);
    for (size_t i = 0; i < a->exchange_count; i++) {
        assert_int_equal(a->exchanges[i].step_count, b->exchanges[i].step_count);
        for (size_t k = 0; k < a->exchanges[i].step_count; k++) {
            const struct sasl_step *x = &a->exchanges[i].steps[k], *y = &b->exchanges[i].steps[k];
            assert_true(x->is_decoded && y->is_decoded);
            assert_int_equal(x->is_secret, y->is_secret);
            assert_int_equal(x->field_count, y->field_count);
            assert_int_equal(x->secret_ordinal, y->secret_ordinal);
            for (uint32_t f = 0; f < x->field_count; f++)
                assert_int_equal(x->fields[f].is_secret, y->fields[f].is_secret);
        }
    }
    for (size_t i = 0; i < a->item_count; i++) {
        const struct item *x = &a->items[i], *y = &b->items[i];
        assert_int_equal(x->reply && x->reply->is_redacted, y->reply && y->reply->is_redacted);
        if (x->kind == ITEM_COMMAND)
            assert_int_equal(x->as.command.is_secret, y->as.command.is_secret);
        if (x->kind == ITEM_SASL)
            assert_int_equal(x->as.sasl->is_secret, y->as.sasl->is_secret);
    }
}

/* A recorder sees the items one by one; here of a session that is there already. */
static void decoding_item_by_item_or_twice_says_the_same(void **state)
{
    (void)state;
    struct session *whole = session_build(script, sizeof script / sizeof script[0], PROTOCOL_SMTP);
    struct session *parts = session_build(script, sizeof script / sizeof script[0], PROTOCOL_SMTP);
    struct secret_ordinals *a = secret_ordinals_new(NULL), *b = secret_ordinals_new(NULL);

    assert_true(sasl_decode_session(whole, a));
    for (size_t i = 0; i < parts->item_count; i++)
        assert_true(sasl_decode_item(parts, i, b) && sasl_decode_item(parts, i, b));
    assert_same(whole, parts);
    assert_true(whole->items[5].as.command.is_secret);
    assert_true(whole->items[4].reply->is_redacted && whole->items[5].reply->is_redacted);
    uint32_t fields = whole->exchanges[0].steps[1].field_count;
    assert_true(sasl_decode_session(parts, b) && sasl_decode_session(whole, a));
    assert_same(whole, parts);
    assert_int_equal(whole->exchanges[0].steps[1].field_count, fields);
    assert_nowhere_shown(whole, "secret!");
    secret_ordinals_free(a);
    secret_ordinals_free(b);
    session_free(whole);
    session_free(parts);
}

static void equal_passwords_are_known_across_mechanisms(void **state)
{
    (void)state;
    struct session *session =
        DECODED({ "AUTH LOGIN", "334 VXNlcm5hbWU6", 0 }, { "YWxpY2U=", "334 UGFzc3dvcmQ6", 0 },
                { "c2VjcmV0", "535 no", 0 }, { "AUTH PLAIN AHRpbQBzZWNyZXQ=", "535 no", 0 },
                { "AUTH PLAIN AHRpbQBzZWNyZXQh", "235 ok", 0 });
    uint32_t first = session->exchanges[0].steps[3].secret_ordinal;

    assert_true(first > 0);
    assert_int_equal(session->exchanges[1].steps[0].secret_ordinal, first);
    assert_int_not_equal(session->exchanges[2].steps[0].secret_ordinal, first);
    session_free(session);
}

static void what_a_recording_kept_is_left_as_it_is(void **state)
{
    (void)state;
    struct session *session = session_build(script, sizeof script / sizeof script[0], PROTOCOL_SMTP);
    struct sasl_step *step = &session->exchanges[0].steps[1];
    struct sasl_field field = { .name = "username", .value = BYTES("bob"), .length = 3 };

    step->is_decoded = true;
    step->fields = &field;
    step->field_count = 1;
    assert_true(sasl_decode_session(session, NULL));
    assert_ptr_equal(session->exchanges[0].steps[1].fields, &field);
    assert_int_equal(session->exchanges[0].steps[1].field_count, 1);
    session_free(session);
}

static void endless_exchanges_are_decoded_up_to_a_ceiling(void **state)
{
    (void)state;
    enum { ROUNDS = 2000 };
    struct step *steps = calloc(ROUNDS + 2, sizeof *steps);
    assert_non_null(steps);
    steps[0] = (struct step){ NULL, "220 mx", 0 };
    steps[1] = (struct step){ "AUTH LOGIN", "334 VXNlcm5hbWU6", 0 };
    for (size_t i = 0; i < ROUNDS; i++)
        steps[i + 2] = (struct step){ "c2VjcmV0", "334 VXNlcm5hbWU6", 0 };
    struct session *session = session_build(steps, ROUNDS + 2, PROTOCOL_SMTP);
    for (size_t i = 0; i < session->item_count; i++)
        assert_true(sasl_decode_item(session, i, NULL));
    assert_true(sasl_decode_session(session, NULL));
    for (size_t i = SASL_STEPS_DECODED; i < session->exchanges[0].step_count; i++) {
        const struct sasl_step *step = &session->exchanges[0].steps[i];
        assert_true(step->is_decoded && step->field_count == 0);
        assert_true(step->is_secret || step->from == SIDE_SERVER);
    }
    for (size_t i = SASL_STEPS_DECODED; i < session->item_count; i++)
        assert_true(session->items[i].as.sasl->is_secret);
    session_free(session);
    free(steps);
}

static void without_memory_everything_is_secret_and_nothing_fails(void **state)
{
    (void)state;
    for (size_t spare = 0; spare < 400; spare += 7) {
        struct session *session = session_build(script, sizeof script / sizeof script[0], PROTOCOL_SMTP);
        session->arena.max_bytes = session->arena.total_bytes; /* what is left of the newest chunk, no more */
        while (session->arena.left > spare)
            (void)arena_copy(&session->arena, (struct bytes){ (const uint8_t *)"x", 1 });
        assert_true(sasl_decode_session(session, NULL));
        assert_nowhere_shown(session, "secret!");
        session_free(session);
    }
}

/* What stands in a 334, and what a LOGIN prompt or a CRAM-MD5 challenge is read as. */
static void what_a_server_says_in_clear_is_read_as_it_is(void **state)
{
    (void)state;
    static const struct {
        const char *auth, *reply, *field, *value;
        bool is_clear;
    } rows[] = {
        { "AUTH LOGIN", "334 VXNlcm5hbWU6", "prompt", "Username:", false },
        { "AUTH LOGIN", "334 Username:", "prompt", "Username:", true },
        { "AUTH LOGIN", "334 Log on", "prompt", "Log on", true }, /* would decode, too */
        { "AUTH LOGIN", "334 VXNlcm5hbWU6 ", "prompt", "Username:", true },
        { "AUTH LOGIN", "334 UGFzc3dvcmQ", "prompt", "Password", true }, /* padding lacks */
        { "AUTH CRAM-MD5", "334 <1.2@mx.example>", "challenge", "<1.2@mx.example>", true },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        print_message("%s\n", rows[i].reply);
        struct session *session = DECODED({ rows[i].auth, rows[i].reply, 0 }, { "*", "501 no", 0 });
        assert_public(session, 0, rows[i].field, rows[i].value);
        assert_int_equal(session->exchanges[0].steps[0].problem != BASE64_FINE, rows[i].is_clear);
        session_free(session);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_in_place_of_a_response_are_told_from_credentials),
        cmocka_unit_test(a_command_or_a_star_holds_no_secret),
        cmocka_unit_test(every_way_to_break_base64_is_named),
        cmocka_unit_test(of_an_unknown_mechanism_sizes_alone_are_told),
        cmocka_unit_test(a_token_in_the_place_of_the_mechanism_is_hidden),
        cmocka_unit_test(items_hold_the_decoded_steps),
        cmocka_unit_test(decoding_item_by_item_or_twice_says_the_same),
        cmocka_unit_test(equal_passwords_are_known_across_mechanisms),
        cmocka_unit_test(what_a_recording_kept_is_left_as_it_is),
        cmocka_unit_test(endless_exchanges_are_decoded_up_to_a_ceiling),
        cmocka_unit_test(without_memory_everything_is_secret_and_nothing_fails),
        cmocka_unit_test(what_a_server_says_in_clear_is_read_as_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
