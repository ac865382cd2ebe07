/* JSON that a peer sent inside of SASL: claims of tokens, errors of OAuth.  The one file of the room that
 * knows Jansson; what it reads is bounded in size here and in depth (2048) there. */
#include "sasl/sasl_json.h"

#include <jansson.h>

#include "base/limits.h"
#include "sasl/sasl_rows.h"

static struct bytes string_of(const json_t *value)
{
    return (struct bytes){ (const uint8_t *)json_string_value(value), json_string_length(value) };
}

static bool add_list(struct sasl_fields *out, const char *field, const json_t *list)
{
    struct buf joined;

    buf_init(&joined, LIMIT_SASL_JSON);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *value = json_array_get(list, i);
        if (json_is_string(value) && (joined.len == 0 || buf_append_u8(&joined, ' ')))
            (void)buf_append(&joined, string_of(value));
    }
    bool ok = sasl_fields_add(out, field, buf_bytes(&joined));
    buf_release(&joined);
    return ok;
}

static bool add_value(struct sasl_fields *out, const char *field, const json_t *value)
{
    if (json_is_string(value))
        return sasl_fields_add(out, field, string_of(value));
    if (json_is_array(value))
        return add_list(out, field, value);
    if (!json_is_number(value))
        return true;
    double number = json_number_value(value); /* times may have a fraction (RFC 7519 2, NumericDate) */
    return number < 0 || number > 1e15 || sasl_fields_add_number(out, field, (uint64_t)number);
}

bool sasl_json_add(struct sasl_fields *out, struct bytes text, const struct json_member *rows)
{
    json_t *object = text.len > 0 && text.len <= LIMIT_SASL_JSON
                         ? json_loadb((const char *)text.ptr, text.len, 0, NULL)
                         : NULL;
    bool ok = json_is_object(object);

    for (; ok && rows->name; rows++)
        ok = add_value(out, rows->field, json_object_get(object, rows->name));
    json_decref(object);
    return ok;
}
