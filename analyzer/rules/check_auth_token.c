/* Findings about bearer tokens (RFC 7628, and XOAUTH2 of Google and Microsoft): what the server's error says,
 * and what a JWT says of its own time. */
#include "base/timestamp.h"
#include "rules/auth_case.h"

static bool takes_tokens(const struct auth_case *auth)
{
    return auth_is_mechanism(auth, "XOAUTH2") || auth_is_mechanism(auth, "OAUTHBEARER");
}

/* RFC 7628 3.2.2 has words; Google, Microsoft and Dovecot have numbers of HTTP. */
static const char *meaning_of(struct bytes status)
{
    static const struct {
        const char *status, *meaning;
    } rows[] = {
        { "invalid_token", "the token is expired, revoked, damaged or not for this server: fetch a new one" },
        { "insufficient_scope",
          "the token is good, but not for sending mail: ask for the scope that the error names" },
        { "invalid_request", "the message is incomplete or malformed: look at the client" },
        { "400", "the token, or the message, was not accepted: an expired token, one of another user, or a "
                 "wrong scope" },
        { "401", "the token is expired, revoked, damaged or not for this server: fetch a new one" },
        { "403", "the token is good, but not for this: ask for the scope that the error names" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (bytes_equal(status, bytes_of(rows[i].status)))
            return rows[i].meaning;
    return "the token was not accepted";
}

static bool check_error(const struct auth_case *auth, const struct sasl_step *step)
{
    const struct sasl_field *status = step->from == SIDE_SERVER ? sasl_step_field(step, "status") : NULL;

    if (!status)
        return false;
    check_detail(auth->analysis, auth_raise(auth, RULE_AUTH_OAUTH_ERROR, step), "By its status %s.%s",
                 meaning_of(status->value),
                 sasl_step_field(step, "scope")
                     ? " The scope in it is what the server requires, not what the token has."
                     : "");
    return true;
}

/* Seconds since the epoch; 0: none. */
static uint64_t time_of(const struct sasl_step *step, const char *name)
{
    const struct sasl_field *field = sasl_step_field(step, name);
    uint64_t seconds;

    return field && bytes_to_u64(field->value, &seconds) ? seconds : 0;
}

static void tell_times(const struct auth_case *auth, const struct sasl_step *step, const char *what,
                       uint64_t seconds)
{
    struct finding *finding = auth_raise(auth, RULE_AUTH_TOKEN_EXPIRED, step);

    if (finding && !auth->is_refused)
        finding->confidence = CONFIDENCE_LIKELY; /* the clock of the recorder may be the one that is wrong */
    if (seconds < 7200)
        check_detail(auth->analysis, finding, "%s %llu seconds, seen from the time of this login.", what,
                     (unsigned long long)seconds);
    else
        check_detail(auth->analysis, finding, "%s %llu hours, seen from the time of this login.", what,
                     (unsigned long long)(seconds / 3600));
}

static bool check_times(const struct auth_case *auth, const struct sasl_step *step)
{
    uint64_t now = step->at.time_ns / NS_PER_SECOND;

    if (step->from != SIDE_CLIENT)
        return false;
    uint64_t expires = time_of(step, "exp"), begins = time_of(step, "nbf");
    if (expires && expires <= now)
        tell_times(auth, step, "The token expired (exp) before", now - expires);
    else if (begins > now)
        tell_times(auth, step, "The token becomes valid (nbf) only in", begins - now);
    else
        return false;
    return true;
}

bool auth_check_token(const struct auth_case *auth)
{
    bool is_reason = false;

    if (!takes_tokens(auth))
        return false;
    for (size_t i = 0; i < auth->count; i++) {
        is_reason = check_error(auth, &auth->exchange->steps[i]) || is_reason;
        is_reason = check_times(auth, &auth->exchange->steps[i]) || is_reason;
    }
    return is_reason;
}
