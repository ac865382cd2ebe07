#ifndef TRANSCRIPT_ATTEMPTS_H
#define TRANSCRIPT_ATTEMPTS_H

#include "base/address.h"
#include "base/budget.h"

/* Connections to SMTP servers that never became a session, counted per server. */
enum attempt_kind {
    ATTEMPT_NONE = 0,
    ATTEMPT_REFUSED,     /* reset in answer to the SYN */
    ATTEMPT_UNANSWERED,  /* SYN without an answer */
    ATTEMPT_NO_GREETING, /* connected, and not a byte from the server */
    ATTEMPT_KIND_COUNT
};

struct attempts_row {
    struct endpoint server;
    uint64_t count[ATTEMPT_KIND_COUNT];
    uint64_t first_ns;
    uint64_t last_ns;
};

struct attempts;

struct attempts *attempts_new(struct budget *budget);
void attempts_free(struct attempts *attempts);
/* Beyond LIMIT_ATTEMPT_SERVERS servers only a total is counted. */
void attempts_add(struct attempts *attempts, const struct endpoint *server, enum attempt_kind kind,
                  uint64_t time_ns, uint64_t count);
/* Sorted by address and port.  Borrowed until the next call. */
const struct attempts_row *attempts_rows(struct attempts *attempts, size_t *count);
/* Connections to servers for which there was no row left. */
uint64_t attempts_beyond(const struct attempts *attempts);

#endif
