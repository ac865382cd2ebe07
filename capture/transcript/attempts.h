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
    uint64_t longest_ns[ATTEMPT_KIND_COUNT]; /* that one of them was waited for an answer */
    uint64_t retried;                        /* unanswered ones whose SYN was sent more than once */
    uint64_t left_early; /* without a greeting: the client never came, or went within ATTEMPT_PATIENCE_NS */
    uint64_t closed_by_server; /* without a greeting: the server ended it */
    struct address *clients;   /* different ones, LIMIT_ATTEMPT_CLIENTS at most */
    uint32_t client_count;
    bool has_more_clients;
    uint64_t first_ns;
    uint64_t last_ns;
};

/* Whoever goes sooner has not waited for a greeting: a scan, or a health check of the port. */
#define ATTEMPT_PATIENCE_NS (UINT64_C(3) * 1000000000)

struct attempts;

struct attempts *attempts_new(struct budget *budget);
void attempts_free(struct attempts *attempts);
/* Forgets all rows: what follows is counted anew. */
void attempts_clear(struct attempts *attempts);
/* Adds what `more` counts to its server's row, and copies its clients.  Beyond LIMIT_ATTEMPT_SERVERS servers
 * only a total is counted. */
void attempts_add(struct attempts *attempts, const struct attempts_row *more);
/* Sorted by address and port.  Borrowed until the next call. */
const struct attempts_row *attempts_rows(struct attempts *attempts, size_t *count);
/* Connections to servers for which there was no row left. */
uint64_t attempts_beyond(const struct attempts *attempts);

#endif
