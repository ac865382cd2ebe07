/* Findings about the messages of PLAIN (RFC 4616): its two NULs, and for whom it is sent. */
#include "rules/auth_case.h"

static const char *stand_in_of(const struct sasl_step *step)
{
    static const struct {
        enum sasl_slip slip;
        const char *text;
    } rows[] = {
        { SASL_SLIP_NUL_AS_U_FFFD, " The replacement character U+FFFD stands where a NUL belongs: the "
                                   "message went through a conversion of character sets that does not let "
                                   "NULs pass." },
        { SASL_SLIP_NUL_AS_ESCAPE, " The NULs are written out, as \\0 or the like: the program or shell "
                                   "took that for letters. printf '%s' does, printf '\\0...' does not." },
        { SASL_SLIP_NUL_AS_TAB, " Tabs stand where the NULs belong." },
        { SASL_SLIP_NUL_AS_SPACE, " Spaces stand where the NULs belong." },
        { SASL_SLIP_NUL_AS_COLON, " It has a colon instead: that is how HTTP wants user name and password." },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (auth_has_slip(step, rows[i].slip))
            return rows[i].text;
    if (step->nul_count == 1)
        return " The one in front, before the user name, is forgotten most often.";
    return step->nul_count == 0 ? " Perhaps it is the user name alone, as LOGIN would have it." : "";
}

static bool check_nuls(const struct auth_case *auth, const struct sasl_step *step)
{
    if (step->problem != BASE64_FINE || step->nul_count == 2 || auth_has_slip(step, SASL_SLIP_NO_TEXT)
        || (auth->is_refused && auth_has_slip(step, SASL_SLIP_BASE64_TWICE)))
        return false;
    struct finding *finding = auth_raise(auth, RULE_AUTH_PLAIN_NUL_COUNT, step);
    if (step->decoded_length == 0)
        check_detail(
            auth->analysis, finding,
            "The message is empty. PLAIN has one message, and it cannot be: base64 of NUL, user name, NUL, "
            "password.");
    else
        check_detail(auth->analysis, finding,
                     "The %s decodes to %llu octets with %u NULs.%s Right is base64 of NUL, user name, "
                     "NUL, password: with \"user\" and \"pass\" 10 octets.",
                     auth_place(auth, step), (unsigned long long)step->decoded_length,
                     (unsigned)step->nul_count, stand_in_of(step));
    return true;
}

static bool is_shown(const struct sasl_field *field)
{
    return field && !field->is_secret && !field->is_redacted;
}

static void check_authzid(const struct auth_case *auth, const struct sasl_step *step)
{
    const struct sasl_field *authzid = sasl_step_field(step, "authzid");
    const struct sasl_field *authcid = sasl_step_field(step, "authcid");

    if (!authzid || authzid->length == 0 || !authcid || authcid->length == 0)
        return;
    struct finding *finding = auth_raise(auth, RULE_AUTH_PLAIN_AUTHZID, step);
    if (!is_shown(authzid) || !is_shown(authcid))
        return;
    if (bytes_equal(authzid->value, authcid->value))
        check_detail(
            auth->analysis, finding,
            "Both names are the same: it asks for nothing that an empty first field would not give, and "
            "some servers refuse it.");
    else
        check_detail(auth->analysis, finding,
                     "The first field names another identity than the second: the password is the "
                     "second's, and the server must allow it to act for the first.");
}

bool auth_check_plain(const struct auth_case *auth)
{
    bool is_reason = false;

    if (!auth_is_mechanism(auth, "PLAIN"))
        return false;
    for (size_t i = 0; i < auth->count; i++) {
        const struct sasl_step *step = &auth->exchange->steps[i];
        bool is_empty = step->from == SIDE_CLIENT && step->is_decoded && step->length == 0;
        if (!is_empty && !auth_is_message(auth, step))
            continue;
        is_reason = check_nuls(auth, step) || is_reason;
        check_authzid(auth, step);
    }
    return is_reason;
}
