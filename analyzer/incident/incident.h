#ifndef INCIDENT_INCIDENT_H
#define INCIDENT_INCIDENT_H

#include "incident/exemplar.h"
#include "incident/login.h"
#include "incident/settled.h"
#include "incident/tally.h"
#include "incident/timeline.h"
#include "incident/traffic.h"
#include "rules/refusal.h"

/* Findings of many sessions grouped by first cause: the same finding and cause, the same server, the same
 * kind of client, the same reply but for numbers, ids and addresses.  Sessions are taken one by one and not
 * kept, but for a few of each incident. */

struct refused_command {
    char verb[12];
    uint16_t code;
    uint64_t count;
};

enum { INCIDENT_REFUSED = 12, INCIDENT_COMPANIONS = 16 };

/* Another finding that comes of the same cause. */
struct companion {
    enum rule_id rule;
    uint64_t count;
    struct bytes detail; /* of the first; empty none */
};

/* How the connection could be protected when it happened. */
enum encryption {
    ENCRYPTION_NONE = 0, /* not known */
    ENCRYPTION_OFFERED,  /* STARTTLS is, and was not used */
    ENCRYPTION_LACKING,  /* the server offers no STARTTLS */
    ENCRYPTION_ACTIVE,   /* it was in TLS */
    ENCRYPTION_COUNT
};

/* How it stands against an earlier capture. */
enum comparison {
    COMPARISON_NONE = 0, /* not compared */
    COMPARISON_NEW,
    COMPARISON_WORSE,
    COMPARISON_SAME,
    COMPARISON_BETTER,
    COMPARISON_GONE, /* only in the earlier one */
    COMPARISON_COUNT
};
const char *comparison_name(enum comparison comparison);

struct incident {
    uint64_t key;       /* the same for the same kind of incident in any capture */
    uint64_t loose_key; /* of the finding and the reply alone */
    char id[17];        /* 16 hex digits of the key */
    enum rule_id rule;
    enum severity severity;     /* the gravest of what it holds; a warning at least where it did harm */
    enum confidence confidence; /* the surest */
    enum fault fault;
    enum refusal_reason reason; /* why the server refused, as the first reply tells it */
    bool is_coarse;             /* several kinds of clients, or servers, for want of room */
    bool is_without_session;    /* connections that became none */
    struct endpoint server;
    const char *server_software; /* or NULL */
    bool is_software_inferred;   /* from the wording of its replies: the greeting does not name it */
    enum encryption encryption;  /* of the first occurrence */
    enum login login;            /* likewise */
    enum settled settled;        /* likewise */
    uint64_t sessions;           /* or connections */
    uint64_t occurrences;        /* findings */
    uint64_t first_ns, last_ns;
    bool is_local; /* times of a log that does not name their zone */
    struct timeline timeline;
    struct tally clients; /* addresses */
    struct tally servers; /* address and port */
    struct tally helos;
    struct tally identities;
    struct tally programs;   /* of the clients, as headers name them */
    struct tally replies;    /* first lines, with their codes */
    uint16_t reply_code;     /* of the first occurrence; 0 none */
    struct bytes reply;      /* its text, with the code; empty none */
    bool is_of_message;      /* it answered the message, not the line before it */
    bool is_told;            /* it is no reply, but what a log says of the refusal */
    struct bytes line;       /* the faulty line of the client; empty none */
    struct bytes cause_line; /* what came first, if it is another command */
    struct bytes cause_reply;
    struct bytes before_line; /* what had been refused before a command out of order; empty nothing */
    struct bytes before_reply;
    struct bytes detail; /* a sentence about the first occurrence; empty none */
    struct companion companions[INCIDENT_COMPANIONS];
    size_t companion_count;
    struct refused_command refused[INCIDENT_REFUSED]; /* only because of it */
    size_t refused_count;
    uint64_t refused_total;
    uint64_t delivery[DELIVERY_COUNT];
    uint64_t recipients_refused;
    uint64_t harmed;  /* sessions with nothing graver than a note in which mail did not arrive */
    uint64_t stopped; /* sessions in which the server accepted nothing, and nothing graver was found */
    struct exemplar *exemplars[LIMIT_EXEMPLARS];
    size_t exemplar_count;
    uint64_t with_missing_bytes; /* sessions */
    uint64_t
        unjudged; /* of what the capture lacks: messages that did not arrive, for a reason left undecided */
    enum comparison comparison;
    uint64_t baseline_sessions; /* of the earlier capture */
    uint64_t last_serial;       /* of the session counted last */
    struct arena arena;
};

struct incidents;

/* `budget` is borrowed. */
struct incidents *incidents_new(struct budget *budget, struct err *err);
void incidents_free(struct incidents *incidents);
void incidents_add(struct incidents *incidents, struct analysis *analysis);
void incidents_add_attempts(struct incidents *incidents, const struct attempts_row *row,
                            const struct attempts_verdict *verdict);
const struct traffic *incidents_traffic(const struct incidents *incidents);
/* Sorted by what matters: messages not delivered, clients hit, severity.  Borrowed; nothing is added after.
 */
struct incident *const *incidents_sorted(struct incidents *incidents, size_t *count);
/* Those of `earlier` that have no like in `incidents` are taken over as gone.  Call before incidents_sorted.
 */
void incidents_compare(struct incidents *incidents, struct incidents *earlier);

/* Messages that did not arrive: lost, delayed or in doubt. */
uint64_t incident_undelivered(const struct incident *incident);

#endif
