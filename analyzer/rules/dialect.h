#ifndef RULES_DIALECT_H
#define RULES_DIALECT_H

#include "rules/rules.h"

/* What is known of servers: what each does where they differ, and texts of theirs that mislead. */

enum situation {
    SITUATION_NONE = 0, /* in order */
#define MISORDER(name, id) SITUATION_##name,
#include "replay/misorders.def"
#undef MISORDER
    SITUATION_ANY_MISORDER, /* in the tables: each of those above that has no row of its own */
    SITUATION_SECOND_EHLO,
    SITUATION_ALWAYS_LEGAL, /* RSET, NOOP and the like refused */
    SITUATION_POLICY,       /* 503 for a policy */
    SITUATION_COUNT
};
enum situation situation_of(enum misorder misorder);

/* What the server (a name of smtp/software.h, or NULL) always does there with this code, as a sentence
 * without its beginning; NULL if it is not known for it. */
const char *dialect_of(const char *server, enum situation situation, uint16_t code);
/* What the reply means there, where its text says something else; NULL if it does not. */
const char *dialect_text_of(const char *server, enum situation situation, const struct reply *reply);

#endif
