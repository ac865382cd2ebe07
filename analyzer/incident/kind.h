#ifndef INCIDENT_KIND_H
#define INCIDENT_KIND_H

#include "rules/rules.h"

/* What makes two findings one incident, as hashes that are the same in every run. */
struct incident_kind {
    uint64_t fine;   /* rule, cause, reply, server, name of the client, its network, identity */
    uint64_t client; /* without network and identity */
    uint64_t server; /* rule and server alone */
    uint64_t rule;
    uint64_t loose; /* rule, cause and reply: what two captures with other addresses have in common */
};

struct incident_kind kind_of(const struct analysis *analysis, const struct finding *finding);
struct incident_kind kind_of_attempts(const struct endpoint *server, enum rule_id rule);

/* The reply that the finding is about, or NULL. */
const struct reply *kind_reply(const struct analysis *analysis, const struct finding *finding);
/* Who logged in, or tried to, before this finding; empty if nobody, or if it must not be shown. */
struct bytes kind_identity(const struct analysis *analysis);

#endif
