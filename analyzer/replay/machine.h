#ifndef REPLAY_MACHINE_H
#define REPLAY_MACHINE_H

#include <stdbool.h>

#include "smtp/verb.h"

/* The reference order of SMTP as one table, one cell per phase and verb (RFC 5321 4.1.4 and its extensions).
 */

enum phase {
    PHASE_UNKNOWN = 0, /* midstream, or behind missing bytes */
    PHASE_CONNECTED,   /* no greeting from the server yet */
    PHASE_REFUSED,     /* 554, 521 or 421 greeting: only QUIT (RFC 5321 3.1) */
    PHASE_GREETED,     /* 220, but no EHLO or HELO yet; also after XCLIENT */
    PHASE_TLS_GREETED, /* after STARTTLS: EHLO must come again (RFC 3207 4.2) */
    PHASE_READY,       /* EHLO, HELO or LHLO accepted, no mail transaction */
    PHASE_MAIL,        /* transaction open, no recipient accepted */
    PHASE_RCPT,        /* at least one recipient accepted */
    PHASE_BDAT,        /* at least one chunk accepted, LAST still to come (RFC 3030 2) */
    PHASE_BDAT_DONE,   /* LAST accepted: another BDAT is out of order until MAIL or RSET */
    PHASE_BDAT_FAILED, /* a chunk or a mix was refused: RSET must follow */
    PHASE_CLOSED,      /* QUIT sent; a 421 alone closes nothing if the server goes on reading */
    PHASE_COUNT
};
const char *phase_name(enum phase phase); /* "ready" ... */

/* Why a command is out of order; maps one to one to the findings of group `order`. */
enum misorder {
    MISORDER_NONE = 0,
#define MISORDER(name, id) MISORDER_##name,
#include "replay/misorders.def"
#undef MISORDER
    MISORDER_COUNT
};
const char *misorder_id(enum misorder misorder); /* the public id, "nested-mail" */

enum edge_kind {
    EDGE_UNSET = 0,
    EDGE_ALLOWED,
    EDGE_MISORDERED
}; /* UNSET is 0: a forgotten cell fails a test */

struct edge {
    enum edge_kind kind;
    enum phase next; /* on the accepting reply; READY means GREETED where no EHLO was accepted */
    enum misorder misorder;
};

/* Never EDGE_UNSET for a phase other than PHASE_UNKNOWN, where it says that order cannot be known: `next`
 * then tells what an accepting reply makes known again. */
const struct edge *machine_edge(enum phase phase, enum verb verb);

#endif
