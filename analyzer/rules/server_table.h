#ifndef RULES_SERVER_TABLE_H
#define RULES_SERVER_TABLE_H

#include "base/budget.h"
#include "transcript/session.h"

/* Inside of rules: the servers that held sessions, LIMIT_SERVERS at most. */

struct server_facts {
    struct endpoint end;
    uint64_t sessions;
    uint64_t first_ns;
    uint64_t last_ns;
    bool is_one_sided; /* of one of its sessions the server's packets were not captured */
};

struct server_table;

struct server_table *server_table_new(struct budget *budget);
void server_table_free(struct server_table *table);
void server_table_note(struct server_table *table, const struct session *session);
/* NULL if it held none, or there was no room for it.  Borrowed until the next note. */
const struct server_facts *server_table_find(const struct server_table *table, const struct endpoint *end);
/* Whether there was no room for some server. */
bool server_table_is_full(const struct server_table *table);

#endif
