#ifndef INCIDENT_EXEMPLAR_H
#define INCIDENT_EXEMPLAR_H

#include "incident/sequence.h"
#include "rules/rules.h"

/* A session of an incident, as evidence: what was said, line by line, with all that is secret left out, and
 * what lies far from the cause folded. */

enum dialogue_kind {
    DIALOGUE_NONE = 0,
    DIALOGUE_SENT,     /* text: a line of the client */
    DIALOGUE_ANSWERED, /* text: a line of a reply, with its code */
    DIALOGUE_SECRET,   /* a line of the client that holds a credential; number: its octets */
    DIALOGUE_CONTENT,  /* number: octets of a message, or of a chunk */
    DIALOGUE_GAP,      /* number: octets that the capture lacks */
    DIALOGUE_JUNK,     /* number: octets of the server that are no reply */
    DIALOGUE_TLS,      /* from here on ciphertext; number: 1 if it could be read */
    DIALOGUE_PRELUDE,  /* text: the header of a proxy */
    DIALOGUE_FOLDED,   /* number: items left out here */
    DIALOGUE_CLOSED,   /* the connection ended; text: how */
    DIALOGUE_KIND_COUNT
};

enum dialogue_mark { MARK_NONE = 0, MARK_CAUSE, MARK_FAULT, MARK_CONSEQUENCE };

struct dialogue_line {
    enum dialogue_kind kind;
    enum side from;
    enum dialogue_mark mark;
    enum rule_id rule; /* what stands under it; RULE_NONE nothing */
    bool is_refusal;
    bool is_early; /* sent before the reply to what came before it */
    uint64_t number;
    uint64_t time_ns;
    struct packet_ref packet;
    struct bytes text;    /* from the wire: to be escaped */
    struct bytes meaning; /* what a message of AUTH says: "username: alice" */
};

struct exemplar {
    struct arena arena;
    uint64_t serial;
    char session[17];
    uint64_t start_ns;
    struct endpoint client;
    struct endpoint server;
    struct bytes client_name, server_name; /* for people: what addresses the input has */
    struct bytes helo;
    struct bytes identity; /* who logged in, or tried to; empty none */
    uint64_t missing_bytes;
    bool is_local; /* its times are those of a log that does not name their zone */
    bool is_log;   /* read from one */
    bool is_lmtp;
    bool is_midstream;
    enum side one_sided;
    uint32_t command; /* n of the faulty command, 0: the session as a whole */
    uint32_t cause;   /* n of the command that came first, or 0 */
    struct dialogue_line *lines;
    size_t line_count;
    struct sequence was;
    struct sequence due; /* empty: nothing to set right about the order */
};

/* Of the finding with this index; `roots` as of roots_of.  NULL without memory, or if the budget is spent. */
struct exemplar *exemplar_new(const struct analysis *analysis, const uint32_t *roots, uint32_t finding,
                              struct budget *budget);
void exemplar_free(struct exemplar *exemplar);

#endif
