/* --verify-password: whether a password that somebody knows produces what was sent. */
#include "rules/auth_case.h"
#include "sasl/sasl_verify.h"

static void tell_match(const struct auth_case *auth, const struct sasl_verification *verified)
{
    struct finding *finding = auth_raise(auth, RULE_AUTH_PASSWORD_MATCH, NULL);
    const char *form =
        verified->is_other_form ? " The name was sent in another form, with or without its domain." : "";

    if (finding && verified->server)
        finding->fault = FAULT_SERVER;
    if (verified->server)
        check_detail(auth->analysis, finding,
                     "The client's proof is right, but the server's own does not fit this password: %s. "
                     "Whoever answered does not know the account: an impostor between, or a server with "
                     "another password.%s",
                     verified->server, form);
    else if (auth->is_refused)
        check_detail(auth->analysis, finding,
                     "What was sent is right for this password, and the server refused it. Look at the "
                     "server: the password it has stored, the form of the name that it wants, a lock on "
                     "the account.%s",
                     form);
    else
        check_detail(auth->analysis, finding, "It is the password that was used.%s", form);
}

static void tell_mismatch(const struct auth_case *auth, const struct sasl_verification *verified)
{
    struct finding *finding = auth_raise(auth, RULE_AUTH_PASSWORD_MISMATCH, NULL);

    if (verified->slip)
        check_detail(auth->analysis, finding,
                     "The password as it was given does not produce what was sent. %s", verified->slip);
    else
        check_detail(
            auth->analysis, finding,
            "Neither does it with a line end behind it, in ISO-8859-1, in base64 or without blanks: the "
            "client used another password.%s",
            verified->is_other_form ? " The name was sent in another form, with or without its domain." : "");
}

bool auth_check_password(const struct auth_case *auth)
{
    struct sasl_verifier *verifier = check_verifier(auth->analysis);

    if (!verifier)
        return false;
    struct sasl_verification verified = sasl_verify(verifier, auth->exchange);
    if (verified.proof == SASL_PROOF_RIGHT && !verified.slip)
        tell_match(auth, &verified);
    else if (verified.proof == SASL_PROOF_RIGHT || verified.proof == SASL_PROOF_WRONG)
        tell_mismatch(auth, &verified);
    else
        return false;
    return verified.proof == SASL_PROOF_WRONG || verified.slip != NULL;
}
