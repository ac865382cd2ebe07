#ifndef INCIDENT_LOGIN_H
#define INCIDENT_LOGIN_H

#include "rules/rules.h"

/* Whether the client could have logged in when it happened. */
enum login {
    LOGIN_NONE = 0, /* not known */
    LOGIN_OFFERED,  /* AUTH is, or may be once TLS is active */
    LOGIN_LACKING,  /* the server takes none here */
    LOGIN_DONE,     /* it had */
    LOGIN_COUNT
};

/* `judgement` on the command of a finding of this rule; NULL: it is about none. */
enum login login_of(const struct analysis *analysis, const struct judgement *judgement, enum rule_id rule);

#endif
