/* What a login would have helped, and whether there was one to be had. */
#include "incident/login.h"

enum { PORT_SMTP = 25 };

/* Servers of submission offer AUTH behind STARTTLS alone; on port 25 what is not offered in clear is, as a
 * rule, not there (RFC 6409 3.1).  A server that asks for a login has one to offer. */
enum login login_of(const struct analysis *analysis, const struct judgement *judgement, enum rule_id rule)
{
    bool is_transfer = rule == RULE_RELAY_DENIED && analysis->session->server.port == PORT_SMTP;

    if (!judgement)
        return LOGIN_NONE;
    if (judgement->is_authenticated)
        return LOGIN_DONE;
    if (judgement->offered & extension_bit(EXTENSION_AUTH))
        return LOGIN_OFFERED;
    if (!is_transfer && (judgement->offered & extension_bit(EXTENSION_STARTTLS)))
        return LOGIN_OFFERED;
    return judgement->has_offer ? LOGIN_LACKING : LOGIN_NONE;
}
