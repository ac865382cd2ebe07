/* Fields of a decoded message, copied into the session's arena. */
#include "base/limits.h"
#include "sasl/sasl_rows.h"

static bool add(struct sasl_fields *fields, const char *name, struct bytes value, bool is_secret)
{
    struct sasl_step *step = fields->step;

    if (step->field_count >= LIMIT_SASL_FIELDS)
        return true;
    if (!step->fields)
        step->fields = ARENA_ARRAY(fields->arena, struct sasl_field, LIMIT_SASL_FIELDS);
    if (!step->fields)
        return false;
    step->fields[step->field_count++] = (struct sasl_field){
        .name = name, .value = arena_copy(fields->arena, value), .length = value.len, .is_secret = is_secret
    };
    step->is_secret = step->is_secret || is_secret;
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

const struct sasl_field *sasl_step_field(const struct sasl_step *step, const char *name)
{
    for (uint32_t i = 0; i < step->field_count; i++)
        if (strcmp(step->fields[i].name, name) == 0)
            return &step->fields[i];
    return NULL;
}
