#ifndef CLI_SELECTORS_H
#define CLI_SELECTORS_H

#include "rules/rules.h"

/* Which sessions are shown.  Different selectors must all hold; of several values of one, any. */

enum selector_kind {
    SELECT_SESSION = 0,
    SELECT_CLIENT,
    SELECT_SERVER,
    SELECT_SINCE,
    SELECT_UNTIL,
    SELECT_FROM,
    SELECT_RCPT,
    SELECT_HELO,
    SELECT_IDENTITY,
    SELECT_QUEUE_ID,
    SELECT_CODE,
    SELECT_FINDING,
    SELECT_VERDICT,
    SELECT_KIND_COUNT
};

enum { SELECTORS_MOST = 64 };

struct selector {
    enum selector_kind kind;
    const char *text;
    struct address_prefix prefix; /* CLIENT, SERVER */
    uint64_t number;              /* SINCE, UNTIL (nanoseconds), CODE */
};

struct selectors {
    struct selector list[SELECTORS_MOST];
    size_t count;
};

/* False for a value that cannot be meant; err says what would do. */
bool selectors_add(struct selectors *selectors, enum selector_kind kind, const char *text,
                   struct err *err) NODISCARD;
bool selectors_match(const struct selectors *selectors, const struct analysis *analysis);
/* Whether it is left out because it is of a log without dates, and a time was asked for. */
bool selectors_miss_date(const struct selectors *selectors, const struct session *session);

#endif
