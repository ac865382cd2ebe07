/* SASL LOGIN, never standardised (draft-murchison-sasl-login): the server prompts for a user name, then for a
 * password; the client answers each.  An answer is labelled by the prompt that it answers, not by its place.
 * Whatever is not certainly a user name is taken for the password. */
#include "base/escape.h"
#include "sasl/sasl_rows.h"

static bool says_any(struct bytes text, const char *const words[])
{
    for (size_t i = 0; words[i]; i++)
        if (bytes_find_nocase(text, bytes_of(words[i])) != SIZE_MAX)
            return true;
    return false;
}

enum login_prompt login_prompt_of(const struct sasl_step *challenge)
{
    static const char *const password_words[] = { "pass", "secret", "kennwort", "contrase", "passe", NULL };
    static const char *const name_words[] = { "user", "login",   "account", "name",
                                              "mail", "usuario", "utilis",  NULL };
    bool is_base64 = challenge->problem == BASE64_FINE && challenge->decoded_length > 0;
    struct bytes text = bytes_slice(is_base64 ? challenge->decoded : challenge->text, 0, 256);

    if (says_any(text, password_words)) /* first: "Password for user:" */
        return LOGIN_PROMPT_PASSWORD;
    return says_any(text, name_words) ? LOGIN_PROMPT_USERNAME : LOGIN_PROMPT_UNKNOWN;
}

/* An initial response is the user name; behind a prompt whose wording tells nothing, the place decides. */
static enum login_prompt asked_for(const struct sasl_context *context)
{
    if (context->is_initial)
        return LOGIN_PROMPT_USERNAME;
    if (context->is_after_gap)
        return LOGIN_PROMPT_PASSWORD;
    enum login_prompt prompt = login_prompt_of(context->prompt);
    if (prompt == LOGIN_PROMPT_UNKNOWN)
        prompt = context->index == 0 && context->prompt->problem == BASE64_FINE ? LOGIN_PROMPT_USERNAME
                                                                                : LOGIN_PROMPT_PASSWORD;
    return prompt;
}

/* The user name given before, inline or to an earlier prompt, or NULL. */
static const struct sasl_field *name_before(const struct sasl_context *context, const struct sasl_step *step)
{
    const struct sasl_step *first = context->exchange->steps;

    for (const struct sasl_step *earlier = first; earlier < step; earlier++)
        if (sasl_step_field(earlier, "username"))
            return sasl_step_field(earlier, "username");
    return NULL;
}

static bool is_text(struct bytes token)
{
    for (size_t i = 0; i < token.len; i++)
        if (token.ptr[i] < 0x20 || token.ptr[i] == 0x7f)
            return false;
    return escape_is_utf8(token);
}

/* A line end behind the name is a common slip, and told by the step's shape. */
static struct bytes without_line_end(struct bytes token)
{
    while (token.len > 0 && (token.ptr[token.len - 1] == '\n' || token.ptr[token.len - 1] == '\r'))
        token.len--;
    return token;
}

/* Two different answers to "Username:" are a name and, it must be feared, a password; what is no text may be
 * a password that was never put into base64. */
static bool is_name_public(const struct sasl_context *context, const struct sasl_step *step,
                           struct bytes token)
{
    const struct sasl_field *earlier = name_before(context, step);

    return step->problem == BASE64_FINE && is_text(without_line_end(token))
           && (!earlier || bytes_equal(earlier->value, token));
}

static bool login_decode(const struct sasl_context *context, struct bytes token, struct sasl_fields *out,
                         struct err *err)
{
    if (context->from == SIDE_SERVER)
        return sasl_fields_add(out, "prompt", token);
    if (token.len == 0)
        return err_set(err, ERR_INPUT, 0, "an empty answer to a LOGIN prompt");
    if (bytes_find(token, 0) != SIZE_MAX) {
        (void)sasl_fields_add_secret(out, "message", token);
        return err_set(err, ERR_INPUT, 0, "NULs in an answer to a LOGIN prompt: a PLAIN message?");
    }
    if (!context->is_initial && !context->prompt) /* only the client was captured */
        return sasl_fields_add_secret(out, "answer", token);
    if (asked_for(context) == LOGIN_PROMPT_PASSWORD)
        return sasl_fields_add_secret(out, "password", token);
    if (!is_name_public(context, out->step, token))
        return sasl_fields_add_secret(out, "username", token);
    return sasl_fields_add(out, "username", token);
}

const struct sasl_mechanism sasl_mechanism_login = { .name = "LOGIN",
                                                     .is_client_first = false,
                                                     .sends_plain_secret = true,
                                                     .is_text = true,
                                                     .decode = login_decode };
