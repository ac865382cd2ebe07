#include "messages.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/escape.h"
#include "base/limits.h"

/* What a message was read as. */
struct reading {
    struct arena arena;
    struct sasl_step step;
    struct err err;
};

/* Who hears a message, and when. */
struct listener {
    const struct sasl_mechanism *mechanism;
    unsigned index;
};

static void read_message(const struct listener *listener, enum side from, struct bytes message,
                         struct reading *out)
{
    const struct sasl_mechanism *mechanism = listener->mechanism;
    struct sasl_exchange exchange = { .mechanism = bytes_of(mechanism->name) };
    struct sasl_context context = { .from = from, .index = listener->index, .exchange = &exchange };
    uint8_t *exact = malloc(message.len ? message.len : 1);

    assert_non_null(exact);
    if (message.len)
        memcpy(exact, message.ptr, message.len);
    *out = (struct reading){ .step = { .from = from } };
    arena_init(&out->arena, NULL, MIB);
    struct sasl_fields fields = { &out->arena, &out->step };
    bool is_fine = mechanism->decode(&context, (struct bytes){ message.len ? exact : NULL, message.len },
                                     &fields, &out->err);
    assert_true(is_fine || out->err.code == ERR_INPUT);
    assert_true(!is_fine || out->err.code == ERR_NONE);
    free(exact);
}

static void write_fields(const struct sasl_step *step, struct buf *out)
{
    for (uint32_t i = 0; i < step->field_count; i++) {
        const struct sasl_field *field = &step->fields[i];
        assert_true(!field->is_secret || step->is_secret);
        assert_int_equal(field->length, field->value.len);
        (void)buf_printf(out, i ? " %s" : "%s", field->name);
        if (field->is_secret)
            (void)buf_printf(out, ":%llu", (unsigned long long)field->length);
        else
            (void)(buf_append_u8(out, '=') && escape_text(field->value, out));
    }
    assert_true(buf_append_u8(out, 0));
}

static void assert_step_reads(const struct sasl_step *step, const char *expected)
{
    struct buf text;

    buf_init(&text, 65536);
    write_fields(step, &text);
    assert_string_equal((const char *)text.ptr, expected);
    buf_release(&text);
}

void assert_fields(const struct session *session, size_t step, const char *expected)
{
    assert_true(session->exchange_count > 0);
    assert_true(step < session->exchanges[session->exchange_count - 1].step_count);
    assert_step_reads(&session->exchanges[session->exchange_count - 1].steps[step], expected);
}

static void whole_reads(const struct listener *listener, const struct message_row *row, struct bytes message)
{
    struct reading reading;

    print_message("%s\n", row->name);
    read_message(listener, row->from, message, &reading);
    if (row->fields)
        assert_step_reads(&reading.step, row->fields);
    if (!row->malformed && reading.err.code)
        fail_msg("complains: %s", reading.err.text);
    if (row->malformed && !strstr(reading.err.text, row->malformed))
        fail_msg("\"%s\" does not say \"%s\"", reading.err.text, row->malformed);
    arena_release(&reading.arena);
}

/* A damaged message: whatever it is read as, it hangs together. */
static void reads_somehow(const struct listener *listener, enum side from, struct bytes message)
{
    struct reading reading;
    struct buf text;

    read_message(listener, from, message, &reading);
    buf_init(&text, 1 << 20);
    write_fields(&reading.step, &text);
    buf_release(&text);
    arena_release(&reading.arena);
}

static void damaged_reads(const struct listener *listener, const struct message_row *row,
                          struct bytes message, uint8_t *octets)
{
    static const uint8_t masks[] = { 0x01, 0x10, 0x80, 0xff };

    for (size_t len = 0; len < message.len; len++)
        reads_somehow(listener, row->from, bytes_slice(message, 0, len));
    for (size_t i = 0; i < message.len; i++)
        for (size_t k = 0; k < sizeof masks; k++) {
            octets[i] ^= masks[k];
            reads_somehow(listener, row->from, message);
            octets[i] ^= masks[k];
        }
}

static void take_message(const char *text, struct buf *out)
{
    struct bytes given = bytes_of(text), mark = BYTES("base64:");

    if (!bytes_starts_nocase(given, mark))
        assert_true(buf_append(out, given));
    else
        assert_int_equal(base64_decode(bytes_from(given, mark.len), out, NULL), BASE64_FINE);
}

void messages_hold(const char *mechanism, unsigned index, const struct message_row *rows, size_t count)
{
    const struct listener listener = { sasl_mechanism_find(bytes_of(mechanism)), index };

    assert_non_null(listener.mechanism);
    for (size_t i = 0; i < count; i++) {
        struct buf message;
        buf_init(&message, 65536);
        take_message(rows[i].message, &message);
        whole_reads(&listener, &rows[i], buf_bytes(&message));
        damaged_reads(&listener, &rows[i], buf_bytes(&message), message.ptr);
        buf_release(&message);
    }
}
