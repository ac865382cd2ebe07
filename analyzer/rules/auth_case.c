/* What the findings about authentication share. */
#include "rules/auth_case.h"

struct finding *auth_raise(const struct auth_case *auth, enum rule_id rule, const struct sasl_step *step)
{
    struct finding *finding = check_raise(auth->analysis, rule, auth->index);

    if (!finding)
        return NULL;
    finding->reply_code = auth->result.reply ? auth->result.reply->code : 0;
    if (step) {
        finding->packet = step->at.packet;
        finding->time_ns = step->at.time_ns;
    }
    return finding;
}

bool auth_is_initial(const struct auth_case *auth, const struct sasl_step *step)
{
    return auth->has_initial && step == auth->exchange->steps;
}

bool auth_is_message(const struct auth_case *auth, const struct sasl_step *step)
{
    if (step->from != SIDE_CLIENT || !step->is_decoded || step->length == 0)
        return false;
    return auth_is_initial(auth, step)
           || (!bytes_equal(step->text, BYTES("*")) && !sasl_reads_as_command(step->text));
}

bool auth_has_slip(const struct sasl_step *step, enum sasl_slip slip)
{
    return step->slips & 1u << slip;
}

bool auth_is_mechanism(const struct auth_case *auth, const char *name)
{
    return auth->mechanism && strcmp(auth->mechanism->name, name) == 0;
}

const struct sasl_step *auth_prompt_of(const struct auth_case *auth, const struct sasl_step *step)
{
    return step > auth->exchange->steps && step[-1].from == SIDE_SERVER ? step - 1 : NULL;
}

const char *auth_place(const struct auth_case *auth, const struct sasl_step *step)
{
    return auth_is_initial(auth, step) ? "initial response" : "response";
}

const struct sasl_field *auth_shown_field(const struct sasl_step *step, const char *name)
{
    const struct sasl_field *field = sasl_step_field(step, name);

    return field && !field->is_secret && !field->is_redacted ? field : NULL;
}

const struct sasl_step *auth_step_with(const struct auth_case *auth, enum side side, const char *name,
                                       size_t at)
{
    for (size_t i = at; i < auth->count; i++)
        if (auth->exchange->steps[i].from == side && auth_shown_field(&auth->exchange->steps[i], name))
            return &auth->exchange->steps[i];
    return NULL;
}
