/* Fields of a decoded message, copied into the session's arena. */
#include <stdio.h>

#include "base/escape.h"
#include "base/limits.h"
#include "sasl/sasl_rows.h"

enum { FIELDS_FIRST = 4 }; /* most messages have no more */

static bool make_room(struct sasl_fields *fields)
{
    struct sasl_step *step = fields->step;
    uint32_t cap = step->field_count ? LIMIT_SASL_FIELDS : FIELDS_FIRST;
    struct sasl_field *grown = ARENA_ARRAY(fields->arena, struct sasl_field, cap);

    if (!grown)
        return false;
    if (step->field_count)
        memcpy(grown, step->fields, step->field_count * sizeof *grown);
    step->fields = grown;
    return true;
}

static bool add(struct sasl_fields *fields, const char *name, struct bytes value, bool is_secret)
{
    struct sasl_step *step = fields->step;

    step->is_secret = step->is_secret || is_secret; /* also of a field that finds no room */
    if (step->field_count >= LIMIT_SASL_FIELDS)
        return true;
    if ((step->field_count == 0 || step->field_count == FIELDS_FIRST) && !make_room(fields))
        return false;
    step->fields[step->field_count++] = (struct sasl_field){
        .name = name, .value = arena_copy(fields->arena, value), .length = value.len, .is_secret = is_secret
    };
    return true;
}

bool sasl_fields_add(struct sasl_fields *fields, const char *name, struct bytes value)
{
    return add(fields, name, value, false);
}

bool sasl_fields_add_secret(struct sasl_fields *fields, const char *name, struct bytes value)
{
    return add(fields, name, value, true);
}

bool sasl_fields_add_text(struct sasl_fields *fields, const char *name, const char *text)
{
    return sasl_fields_add(fields, name, bytes_of(text));
}

bool sasl_fields_add_number(struct sasl_fields *fields, const char *name, uint64_t number)
{
    char text[24], *to = text;
    int len = snprintf(to, sizeof text, "%llu", (unsigned long long)number);

    return sasl_fields_add(fields, name, (struct bytes){ (const uint8_t *)text, (size_t)len });
}

bool sasl_fields_add_hex(struct sasl_fields *fields, const char *name, struct bytes octets)
{
    struct buf text;

    buf_init(&text, LIMIT_SASL_TOKEN);
    (void)escape_hex(octets, &text);
    bool ok = sasl_fields_add(fields, name, buf_bytes(&text));
    buf_release(&text);
    return ok;
}

bool sasl_fields_refuse(const struct sasl_context *context, struct bytes token, struct sasl_fields *out,
                        struct err *err, const char *why)
{
    if (context->from == SIDE_CLIENT && token.len > 0)
        (void)sasl_fields_add_secret(out, "message", token);
    return err_set(err, ERR_INPUT, 0, "%s", why);
}

size_t sasl_decoded_count(const struct sasl_exchange *exchange)
{
    return exchange->step_count < SASL_STEPS_DECODED ? exchange->step_count : SASL_STEPS_DECODED;
}

const struct sasl_field *sasl_step_field(const struct sasl_step *step, const char *name)
{
    for (uint32_t i = 0; i < step->field_count; i++)
        if (step->fields[i].name[0] == name[0] && strcmp(step->fields[i].name, name) == 0)
            return &step->fields[i];
    return NULL;
}
