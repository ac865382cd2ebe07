/* Findings about the steps of LOGIN: which answer went to which prompt.  Told after a refusal alone, because
 * a login that went well proves the steps right. */
#include "rules/auth_case.h"

static bool asks_name(const struct auth_case *auth, const struct sasl_step *step)
{
    const struct sasl_step *prompt = auth_prompt_of(auth, step);

    return prompt && login_prompt_of(prompt) == LOGIN_PROMPT_USERNAME;
}

static struct finding *raise(const struct auth_case *auth, const struct sasl_step *step,
                             enum confidence confidence)
{
    struct finding *finding = auth_raise(auth, RULE_AUTH_LOGIN_STEP, step);

    if (finding && finding->confidence > confidence)
        finding->confidence = confidence;
    return finding;
}

static bool check_plain_message(const struct auth_case *auth, const struct sasl_step *step)
{
    if (step->nul_count == 0 || step->problem != BASE64_FINE)
        return false;
    check_detail(auth->analysis, raise(auth, step, CONFIDENCE_CERTAIN),
                 "The %s decodes to %llu octets with %u NULs: a message of PLAIN, at a prompt of LOGIN. "
                 "Send AUTH PLAIN with it, or to each prompt its one answer.",
                 auth_place(auth, step), (unsigned long long)step->decoded_length, (unsigned)step->nul_count);
    return true;
}

/* A second "Username:" behind a name that was given: the server did not take it. */
static bool check_asked_again(const struct auth_case *auth, const struct sasl_step *first,
                              const struct sasl_step *again)
{
    bool is_repeated = auth_has_slip(again, SASL_SLIP_SAME_AS_NAME);
    struct finding *finding = raise(auth, again, is_repeated ? CONFIDENCE_POSSIBLE : CONFIDENCE_LIKELY);
    if (finding)
        finding->fault = FAULT_SERVER;
    check_detail(
        auth->analysis, finding, "The user name came %s, and the server asked for it again. %s",
        auth_is_initial(auth, first) ? "with AUTH" : "at the first prompt",
        is_repeated
            ? "The client repeated it, and the password came in its place: that alone is no reason to "
              "refuse."
            : "What the client sent next, believing it was asked for the password, was taken for the name.");
    return !is_repeated;
}

/* What stands in the password's place, or in the name's. */
static bool check_places(const struct auth_case *auth, const struct sasl_step *step)
{
    if (!sasl_step_field(step, "password"))
        return false;
    if (auth_has_slip(step, SASL_SLIP_SAME_AS_NAME))
        check_detail(auth->analysis, raise(auth, step, CONFIDENCE_LIKELY),
                     "What was sent for the password, %llu octets, is the user name once more. The answer "
                     "to \"Password:\" should be base64 of the password.",
                     (unsigned long long)step->decoded_length);
    else if (auth_has_slip(step, SASL_SLIP_NAME_AS_PASSWORD))
        check_detail(auth->analysis, raise(auth, step, CONFIDENCE_LIKELY),
                     "What was sent for the password is an address, and what was sent for the user name is "
                     "none: the two answers are exchanged, most likely.");
    else
        return false;
    return true;
}

/* An answer whose prompt is missing is kept as a secret, though it may be the name: where bytes are missing,
 * a name that is such a secret says nothing. */
static bool check_name(const struct auth_case *auth, const struct sasl_step *step)
{
    if (!auth_has_slip(step, SASL_SLIP_PASSWORD_AS_NAME) || auth->analysis->replay.has_gaps)
        return false;
    check_detail(auth->analysis, raise(auth, step, CONFIDENCE_POSSIBLE),
                 "What was sent for the user name, %llu octets, looks like a password, and is withheld "
                 "therefore. If it is one, the client answered a prompt too early or too late.",
                 (unsigned long long)step->decoded_length);
    return true;
}

bool auth_check_login(const struct auth_case *auth)
{
    const struct sasl_step *named = NULL;

    if (!auth->is_refused || !auth_is_mechanism(auth, "LOGIN"))
        return false;
    for (size_t i = 0; i < auth->count; i++) {
        const struct sasl_step *step = &auth->exchange->steps[i];
        if (!auth_is_message(auth, step))
            continue;
        if (check_plain_message(auth, step) || check_places(auth, step))
            return true;
        if (named && asks_name(auth, step))
            return check_asked_again(auth, named, step);
        if (!named && sasl_step_field(step, "username"))
            named = step;
    }
    return named && check_name(auth, named);
}
