#ifndef RULES_ENDING_H
#define RULES_ENDING_H

#include "rules/rules.h"

/* Inside of rules: how a connection ended, and whose turn it was then. */

enum { WAITED_SECONDS = 5 }; /* whoever goes sooner has not waited: something else made him go */

enum turn {
    TURN_UNKNOWN = 0, /* missing bytes, or ciphertext */
    TURN_REPLY,       /* a reply was due: to the item */
    TURN_COMMAND,     /* the server had answered everything */
    TURN_RESPONSE,    /* a SASL response was due */
    TURN_CONTENT      /* the client was to send more of a message */
};

struct ending {
    bool is_seen;  /* somebody ended it */
    bool is_reset; /* by a RST, with no FIN before it */
    enum side by;  /* SIDE_NONE: not known */
    uint64_t at_ns;
    bool is_polite; /* QUIT, 221 or 421 were said, or a greeting that refuses */
    enum turn turn;
    size_t item;       /* TURN_REPLY: the first without a reply; else the last one */
    uint64_t since_ns; /* nothing was said since */
};

struct ending ending_of(const struct analysis *analysis);
/* STARTTLS was accepted, and that was the last word. */
bool ending_is_before_tls(const struct session *session);
/* The end has left traces of octets that are not in the capture: a RST behind the last byte that was seen, or
 * one that answers what came for a side that had closed. */
bool ending_lacks_last(const struct session *session);
/* Whether missing bytes leave open what happened at the end. */
bool ending_is_blurred(const struct analysis *analysis);
/* When the side closed its direction, by FIN or RST; 0: it did not. */
uint64_t ending_left_ns(const struct side_facts *side);
/* What the client had begun to say and not ended, if it is not only in the capture that its end is missing;
 * NULL: nothing. */
const struct unended_line *ending_unended(const struct analysis *analysis);
/* Whether the server answered it, as far as it went. */
bool ending_is_unended_answered(const struct analysis *analysis);
/* For how long the server waited behind that time: until it spoke again, or the connection ended. */
uint64_t ending_waited_seconds(const struct analysis *analysis, uint64_t since_ns);

/* "less than a second", "1 second", "30 seconds". */
enum { SPAN_TEXT = 40 };
const char *ending_span(uint64_t from_ns, uint64_t to_ns, char out[SPAN_TEXT]);

static inline uint64_t ending_seconds(uint64_t from_ns, uint64_t to_ns)
{
    return to_ns > from_ns ? (to_ns - from_ns) / 1000000000u : 0;
}

#endif
