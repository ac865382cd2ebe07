#include "exchanges.h"

#include "base/buf.h"

enum { SCRIPT_MOST = 64 };

struct session *exchange_session(const struct step *steps, size_t count)
{
    struct step script[SCRIPT_MOST] = { { NULL, "220 mx.example ESMTP", 0 },
                                        { "EHLO client.example", "250-mx.example\n250 AUTH PLAIN LOGIN",
                                          0 } };

    assert_true(count <= SCRIPT_MOST - 2);
    memcpy(script + 2, steps, count * sizeof *steps);
    struct session *session = session_build(script, count + 2, PROTOCOL_SMTP);
    struct secret_ordinals *ordinals = secret_ordinals_new(NULL);
    assert_non_null(ordinals);
    assert_true(sasl_decode_session(session, ordinals));
    secret_ordinals_free(ordinals);
    return session;
}

void assert_bytes(struct bytes is, const char *expected)
{
    assert_int_equal(is.len, strlen(expected));
    if (is.len)
        assert_memory_equal(is.ptr, expected, is.len);
}

const struct sasl_field *field_of(const struct session *session, size_t step, const char *name)
{
    assert_true(session->exchange_count > 0);
    const struct sasl_exchange *exchange = &session->exchanges[session->exchange_count - 1];
    assert_true(step < exchange->step_count);
    for (uint32_t i = 0; i < exchange->steps[step].field_count; i++)
        if (strcmp(exchange->steps[step].fields[i].name, name) == 0)
            return &exchange->steps[step].fields[i];
    return NULL;
}

void assert_public(const struct session *session, size_t step, const char *name, const char *value)
{
    const struct sasl_field *field = field_of(session, step, name);

    assert_non_null(field);
    assert_false(field->is_secret);
    assert_bytes(field->value, value);
}

void assert_secret(const struct session *session, size_t step, const char *name, const char *value)
{
    const struct sasl_field *field = field_of(session, step, name);

    assert_non_null(field);
    assert_true(field->is_secret);
    assert_bytes(field->value, value);
    assert_true(session->exchanges[session->exchange_count - 1].steps[step].is_secret);
}

static void assert_not_in(struct bytes shown, const char *text)
{
    struct buf base64;

    assert_true(bytes_find_nocase(shown, bytes_of(text)) == SIZE_MAX);
    buf_init(&base64, 4096);
    assert_true(base64_encode(bytes_of(text), &base64));
    size_t whole = base64.len / 4 * 4 - (bytes_of(text).len % 3 ? 4 : 0); /* what a longer text would share */
    if (whole >= 4)
        assert_true(bytes_find_nocase(shown, bytes_slice(buf_bytes(&base64), 0, whole)) == SIZE_MAX);
    buf_release(&base64);
}

static void assert_step_hides(const struct sasl_step *step, const char *text)
{
    assert_true(step->is_decoded);
    if (!step->is_secret) {
        assert_not_in(step->text, text);
        assert_not_in(step->decoded, text);
    }
    if (step->malformed)
        assert_not_in(bytes_of(step->malformed), text);
    for (uint32_t i = 0; i < step->field_count; i++)
        if (!step->fields[i].is_secret)
            assert_not_in(step->fields[i].value, text);
}

static void assert_reply_hides(const struct reply *reply, const char *text)
{
    for (uint32_t i = 0; reply && i < reply->line_count; i++)
        assert_not_in(reply->lines[i], text);
}

void assert_nowhere_shown(const struct session *session, const char *text)
{
    for (size_t i = 0; i < session->exchange_count; i++) {
        const struct sasl_exchange *exchange = &session->exchanges[i];
        struct sasl_result result = sasl_result_of(session, exchange);
        assert_not_in(result.identity, text);
        assert_not_in(result.authorization_identity, text);
        assert_not_in(exchange->mechanism, text);
        for (size_t k = 0; k < exchange->step_count; k++)
            assert_step_hides(&exchange->steps[k], text);
    }
    for (size_t i = 0; i < session->item_count; i++) {
        const struct item *item = &session->items[i];
        assert_reply_hides(item->reply, text);
        if (item->kind == ITEM_COMMAND && !item->as.command.is_secret)
            assert_not_in(item->as.command.line, text);
        if (item->kind == ITEM_SASL)
            assert_step_hides(item->as.sasl, text);
    }
}
