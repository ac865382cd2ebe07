/* SASL LOGIN, never standardised (draft-murchison-sasl-login): the server prompts for a user name, then for a
 * password; the client answers each.  An answer is labelled by the prompt that it answers, not by its place.
 */
#include "sasl/sasl_rows.h"

enum login_prompt login_prompt_of(const struct sasl_step *challenge)
{
    struct bytes text = challenge->decoded.len ? challenge->decoded : challenge->text;

    if (bytes_find_nocase(text, BYTES("user")) != SIZE_MAX
        || bytes_find_nocase(text, BYTES("login")) != SIZE_MAX
        || bytes_find_nocase(text, BYTES("account")) != SIZE_MAX)
        return LOGIN_PROMPT_USERNAME;
    if (bytes_find_nocase(text, BYTES("pass")) != SIZE_MAX)
        return LOGIN_PROMPT_PASSWORD;
    return LOGIN_PROMPT_UNKNOWN;
}

/* An initial response is the user name; behind a prompt whose wording tells nothing, the place decides. */
static enum login_prompt asked_for(const struct sasl_context *context)
{
    enum login_prompt prompt = context->prompt ? login_prompt_of(context->prompt) : LOGIN_PROMPT_USERNAME;

    if (prompt == LOGIN_PROMPT_UNKNOWN)
        prompt = context->index == 0 ? LOGIN_PROMPT_USERNAME : LOGIN_PROMPT_PASSWORD;
    return prompt;
}

static bool login_decode(const struct sasl_context *context, struct bytes token, struct sasl_fields *out,
                         struct err *err)
{
    if (context->from == SIDE_SERVER)
        return sasl_fields_add(out, "prompt", token);
    if (token.len == 0)
        return err_set(err, ERR_INPUT, 0, "an empty answer to a LOGIN prompt");
    if (asked_for(context) == LOGIN_PROMPT_PASSWORD)
        return sasl_fields_add_secret(out, "password", token);
    return sasl_fields_add(out, "username", token);
}

const struct sasl_mechanism sasl_mechanism_login = {
    .name = "LOGIN", .is_client_first = false, .sends_plain_secret = true, .decode = login_decode
};
