/* What a refusal means where no message of the exchange explains it: by the code's row, and where that is a
 * plain "not valid", by the mechanism and the public parts of what was sent. */
#include "rules/auth_case.h"
#include "rules/auth_outcomes.h"

/* The form of the name is what is wrong as often as the password. */
static const char *says_of_name(struct bytes identity)
{
    if (identity.len == 0)
        return "535 means that user name and password do not fit.";
    if (bytes_find(identity, '@') == SIZE_MAX && bytes_find(identity, '\\') == SIZE_MAX)
        return "535 means that user name and password do not fit. The name was sent without a domain: many "
               "servers want the full address.";
    return "535 means that user name and password do not fit. The name was sent with its domain: some "
           "servers want it without.";
}

static bool shows(const struct sasl_step *step, const char *name, const char *value)
{
    const struct sasl_field *field = step ? auth_shown_field(step, name) : NULL;

    return field && bytes_equal(field->value, bytes_of(value));
}

static const char *says_of_ntlm(const struct auth_case *auth)
{
    const struct sasl_step *last = auth_step_with(auth, SIDE_CLIENT, "ntlm-version", 0);
    const struct sasl_field *user = last ? auth_shown_field(last, "username") : NULL;

    if (!last)
        return "The exchange ended before NTLM proved anything: the server has this mechanism in its list, "
               "or the client assumed so, and does not carry it out.";
    if (shows(last, "ntlm-version", "anonymous"))
        return "The client sent no name and no proof: it had no credentials at hand, and NTLM calls that "
               "anonymous.";
    if (!shows(last, "ntlm-version", "NTLMv2"))
        return "The proof is of NTLM version 1 or older, which many servers refuse by policy, however right "
               "the password is: let the client use NTLMv2. A server that takes version 1 found it wrong.";
    if (user && bytes_find(user->value, '@') != SIZE_MAX && auth_shown_field(last, "domain"))
        return "The name is a full address, and a domain stands beside it: servers look for one or the "
               "other.";
    if (!auth_shown_field(last, "domain"))
        return "User name and password do not fit. The domain is empty: many servers need it.";
    return "User name, domain and password do not fit. NTLMv2 fails for clocks more than half an hour "
           "apart, too.";
}

static const char *says_of_kerberos(const struct auth_case *auth)
{
    const struct sasl_step *error = auth_step_with(auth, SIDE_SERVER, "error", 0);
    const struct sasl_step *ticket = auth_step_with(auth, SIDE_CLIENT, "service", 0);

    if (shows(error, "error", "KRB_AP_ERR_SKEW"))
        return "The server's clock and the client's are too far apart for Kerberos: set them right.";
    if (shows(error, "error", "KRB_AP_ERR_TKT_EXPIRED"))
        return "The Kerberos ticket has expired: get a new one (kinit).";
    if (ticket && !bytes_starts_nocase(auth_shown_field(ticket, "service")->value, BYTES("smtp/")))
        return "The Kerberos ticket is for another service: right is smtp/ and the full host name of the "
               "server.";
    return "The Kerberos ticket was not accepted: look at the host name in it (the server's full name, as "
           "DNS has it), at the server's keytab, and at the clocks.";
}

/* RFC 5802 7: what a server may say in its last message. */
static const char *says_of_scram(const struct auth_case *auth)
{
    static const struct {
        const char *error, *says;
    } rows[] = {
        { "invalid-proof",
          "The server says invalid-proof: the password does not fit, or the client computed it wrong." },
        { "unknown-user", "The server says unknown-user: it has no account of this name for SCRAM." },
        { "channel-bindings-dont-match", "The channel bindings do not match: client and server do not see "
                                         "the same TLS connection. Something between them ends TLS and "
                                         "begins it anew." },
        { "server-does-support-channel-binding",
          "The client believes that the server has no channel binding, and it has: something between them "
          "removed the -PLUS mechanisms from the offer, or the client did not look." },
        { "unsupported-channel-binding-type", "The server does not know this type of channel binding." },
    };
    const struct sasl_step *last = auth_step_with(auth, SIDE_SERVER, "error", 0);

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (shows(last, "error", rows[i].error))
            return rows[i].says;
    return says_of_name(auth->result.identity);
}

static bool has_sent(const struct auth_case *auth, const char *field)
{
    for (size_t i = 0; i < auth->count; i++)
        if (sasl_step_field(&auth->exchange->steps[i], field))
            return true;
    return false;
}

/* Also of responses that a log hides. */
static size_t responses(const struct auth_case *auth)
{
    size_t count = 0;

    for (size_t i = 0; i < auth->count; i++)
        count += auth->exchange->steps[i].from == SIDE_CLIENT;
    return count;
}

static const char *says_of_login(const struct auth_case *auth)
{
    if (has_sent(auth, "password") || responses(auth) > 1)
        return says_of_name(auth->result.identity);
    return responses(auth) == 1
               ? "The server refused as soon as it had the name, before any password: the name is not one "
                 "that it knows, or not in this form."
               : "The server refused LOGIN itself, before it had a name or a password.";
}

static const char *says_of_external(const struct auth_case *auth)
{
    (void)auth;
    return "EXTERNAL relies on the client certificate of the TLS connection: the server got none, or none "
           "that vouches for this identity.";
}

static const char *says_of_guest(const struct auth_case *auth)
{
    (void)auth;
    return "The server does not take guests, or not with this trace.";
}

static const char *says_of_token(const struct auth_case *auth)
{
    (void)auth;
    return "The token was not accepted: it may have expired, be another user's, or lack the scope for SMTP.";
}

static const char *says_of_one_time(const struct auth_case *auth)
{
    (void)auth;
    return "The one-time password was not accepted: the client's count and the server's may have come apart.";
}

const char *auth_says_of(const struct auth_case *auth, const struct auth_outcome *outcome)
{
    static const struct {
        const char *mechanism;
        const char *(*says)(const struct auth_case *auth);
    } rows[] = {
        { "LOGIN", says_of_login },       { "NTLM", says_of_ntlm },       { "GSSAPI", says_of_kerberos },
        { "EXTERNAL", says_of_external }, { "ANONYMOUS", says_of_guest }, { "XOAUTH2", says_of_token },
        { "OAUTHBEARER", says_of_token }, { "OTP", says_of_one_time },    { "SKEY", says_of_one_time },
    };

    const struct log_facts *log = auth->analysis->session->log;

    if (auth->exchange->mechanism.len == 0
        && !(log && log->is_partial)) /* none, or what stands there is a credential and withheld */
        return "AUTH names no mechanism: it is AUTH, a blank, and one of those that the last EHLO reply "
               "lists.";
    if (!outcome || outcome->code != 535 || outcome->phrase || outcome->subject)
        return outcome ? outcome->says : NULL;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (auth_is_mechanism(auth, rows[i].mechanism))
            return rows[i].says(auth);
    if (auth->mechanism && strncmp(auth->mechanism->name, "SCRAM-", 6) == 0)
        return says_of_scram(auth);
    return says_of_name(auth->result.identity);
}
