/* The reference order: what RFC 5321 4.1.4 and the extensions (RFC 2033, 3030, 3207, 4954, 1985, XCLIENT)
 * allow in each phase, and where an accepting reply leads, also the reply that accepts what was out of order.
 */
#include "replay/machine.h"

/* `next` READY of a verb other than EHLO, HELO and LHLO is "no mail transaction": GREETED or TLS_GREETED
 * again where no EHLO was accepted.  What facts decide (offers, authentication, TLS) is added by replay.c. */
/* clang-format off */
#define GO(phase_next) { .kind = EDGE_ALLOWED, .next = PHASE_##phase_next }
#define BAD(name, phase_next) \
    { .kind = EDGE_MISORDERED, .next = PHASE_##phase_next, .misorder = MISORDER_##name }
#define OPEN(phase_next) { .kind = EDGE_UNSET, .next = PHASE_##phase_next }

#define GREETINGS [VERB_EHLO] = GO(READY), [VERB_HELO] = GO(READY), [VERB_LHLO] = GO(READY)
/* RFC 5321 4.1.4: NOOP, HELP, EXPN, VRFY and RSET may be used at any time; an unknown word has no place. */
#define HARMLESS(here) \
    [VERB_NOOP] = GO(here), [VERB_HELP] = GO(here), [VERB_VRFY] = GO(here), [VERB_EXPN] = GO(here), \
    [VERB_UNKNOWN] = GO(here)
#define MAILS(cell) \
    [VERB_MAIL] = cell, [VERB_SEND] = cell, [VERB_SOML] = cell, [VERB_SAML] = cell
#define WITHOUT_MAIL(here) \
    [VERB_RCPT] = BAD(RCPT_WITHOUT_MAIL, RCPT), [VERB_DATA] = BAD(DATA_WITHOUT_MAIL, here), \
    [VERB_BDAT] = BAD(BDAT_WITHOUT_MAIL, BDAT), [VERB_BURL] = BAD(BDAT_WITHOUT_MAIL, BDAT)
/* Before an EHLO: all that needs one, with the finding that tells which one is missing. */
#define UNGREETED(finding, auth_finding, here) \
    MAILS(BAD(finding, MAIL)), WITHOUT_MAIL(here), [VERB_RSET] = GO(here), [VERB_QUIT] = GO(CLOSED), \
    [VERB_AUTH] = BAD(auth_finding, here), [VERB_STARTTLS] = BAD(finding, TLS_GREETED), \
    [VERB_ETRN] = BAD(finding, here), [VERB_ATRN] = BAD(finding, here), [VERB_TURN] = BAD(finding, here), \
    [VERB_XCLIENT] = BAD(finding, GREETED), [VERB_XFORWARD] = BAD(finding, here)
/* No transaction, and greeted. */
#define IDLE(here) \
    MAILS(GO(MAIL)), [VERB_RSET] = GO(READY), [VERB_QUIT] = GO(CLOSED), [VERB_AUTH] = GO(here), \
    [VERB_STARTTLS] = GO(TLS_GREETED), [VERB_ETRN] = GO(here), [VERB_ATRN] = GO(here), \
    [VERB_TURN] = GO(here), [VERB_XCLIENT] = GO(GREETED), [VERB_XFORWARD] = GO(here)
/* Inside a transaction (RFC 4954 4, RFC 1985 5, XCLIENT_README; RFC 3207 is silent on STARTTLS). */
#define IN_TRANSACTION(here) \
    [VERB_RSET] = GO(READY), [VERB_QUIT] = GO(CLOSED), [VERB_AUTH] = BAD(AUTH_IN_TRANSACTION, here), \
    [VERB_STARTTLS] = BAD(STARTTLS_IN_TRANSACTION, TLS_GREETED), \
    [VERB_ETRN] = BAD(ETRN_IN_TRANSACTION, here), [VERB_ATRN] = BAD(ETRN_IN_TRANSACTION, here), \
    [VERB_TURN] = BAD(ETRN_IN_TRANSACTION, here), [VERB_XCLIENT] = BAD(XCLIENT_IN_TRANSACTION, GREETED), \
    [VERB_XFORWARD] = BAD(XCLIENT_IN_TRANSACTION, here)
/* Nothing is due any more; should the server go on all the same, it is followed. */
#define NEVER(finding, here) \
    [VERB_EHLO] = BAD(finding, READY), [VERB_HELO] = BAD(finding, READY), [VERB_LHLO] = BAD(finding, READY), \
    MAILS(BAD(finding, MAIL)), [VERB_RCPT] = BAD(finding, RCPT), [VERB_DATA] = BAD(finding, here), \
    [VERB_BDAT] = BAD(finding, BDAT), [VERB_BURL] = BAD(finding, BDAT), [VERB_RSET] = BAD(finding, here), \
    [VERB_NOOP] = BAD(finding, here), [VERB_HELP] = BAD(finding, here), [VERB_VRFY] = BAD(finding, here), \
    [VERB_EXPN] = BAD(finding, here), [VERB_AUTH] = BAD(finding, here), \
    [VERB_STARTTLS] = BAD(finding, TLS_GREETED), [VERB_ETRN] = BAD(finding, here), \
    [VERB_ATRN] = BAD(finding, here), [VERB_TURN] = BAD(finding, here), [VERB_XCLIENT] = BAD(finding, GREETED), \
    [VERB_XFORWARD] = BAD(finding, here), [VERB_UNKNOWN] = GO(here)

static const struct edge edges[PHASE_COUNT][VERB_COUNT] = {
    /* Order is not knowable; the cells tell which accepting replies make it known again. */
    [PHASE_UNKNOWN] = {
        GREETINGS, HARMLESS(UNKNOWN), [VERB_RSET] = GO(READY), [VERB_QUIT] = GO(CLOSED), MAILS(OPEN(MAIL)),
        [VERB_STARTTLS] = OPEN(TLS_GREETED), [VERB_XCLIENT] = OPEN(GREETED),
    },
    /* Talking early is a matter of pipelining: the server reads it behind its greeting. */
    [PHASE_CONNECTED] = {
        GREETINGS, HARMLESS(CONNECTED), UNGREETED(NO_GREETING, AUTH_BEFORE_EHLO, CONNECTED),
    },
    [PHASE_REFUSED] = {
        NEVER(COMMAND_AFTER_REFUSAL, REFUSED), [VERB_QUIT] = GO(CLOSED), /* RFC 5321 3.1 */
    },
    [PHASE_GREETED] = {
        GREETINGS, HARMLESS(GREETED), UNGREETED(NO_GREETING, AUTH_BEFORE_EHLO, GREETED),
    },
    [PHASE_TLS_GREETED] = {
        GREETINGS, HARMLESS(TLS_GREETED), UNGREETED(STARTTLS_NO_NEW_EHLO, STARTTLS_NO_NEW_EHLO, TLS_GREETED),
    },
    [PHASE_READY] = {
        GREETINGS, HARMLESS(READY), IDLE(READY), WITHOUT_MAIL(READY),
    },
    [PHASE_MAIL] = {
        GREETINGS, HARMLESS(MAIL), IN_TRANSACTION(MAIL), MAILS(BAD(NESTED_MAIL, MAIL)), [VERB_RCPT] = GO(RCPT),
        [VERB_DATA] = BAD(DATA_WITHOUT_RCPT, MAIL), [VERB_BDAT] = BAD(BDAT_WITHOUT_RCPT, BDAT),
        [VERB_BURL] = BAD(BDAT_WITHOUT_RCPT, BDAT),
    },
    [PHASE_RCPT] = {
        GREETINGS, HARMLESS(RCPT), IN_TRANSACTION(RCPT), MAILS(BAD(NESTED_MAIL, MAIL)), [VERB_RCPT] = GO(RCPT),
        [VERB_DATA] = GO(RCPT), [VERB_BDAT] = GO(BDAT), [VERB_BURL] = GO(BDAT),
    },
    [PHASE_BDAT] = { /* RFC 3030 2 */
        GREETINGS, HARMLESS(BDAT), IN_TRANSACTION(BDAT), MAILS(BAD(BDAT_INTERRUPTED, MAIL)),
        [VERB_RCPT] = BAD(BDAT_INTERRUPTED, BDAT), [VERB_DATA] = BAD(BDAT_DATA_MIX, BDAT),
        [VERB_BDAT] = GO(BDAT), [VERB_BURL] = GO(BDAT),
    },
    [PHASE_BDAT_DONE] = { /* RFC 3030 2: another BDAT behind LAST is illegal until RSET or MAIL */
        GREETINGS, HARMLESS(BDAT_DONE), IDLE(BDAT_DONE), [VERB_RCPT] = BAD(RCPT_WITHOUT_MAIL, RCPT),
        [VERB_DATA] = BAD(DATA_WITHOUT_MAIL, BDAT_DONE), [VERB_BDAT] = BAD(BDAT_AFTER_LAST, BDAT),
        [VERB_BURL] = BAD(BDAT_AFTER_LAST, BDAT),
    },
    [PHASE_BDAT_FAILED] = { /* RFC 3030 2: indeterminate, RSET must follow; EHLO does the same (RFC 5321 4.1.4) */
        GREETINGS, HARMLESS(BDAT_FAILED), IN_TRANSACTION(BDAT_FAILED), MAILS(BAD(RSET_REQUIRED, MAIL)),
        [VERB_RCPT] = BAD(RSET_REQUIRED, BDAT_FAILED), [VERB_DATA] = BAD(RSET_REQUIRED, BDAT_FAILED),
        [VERB_BDAT] = BAD(BDAT_AFTER_ERROR, BDAT), [VERB_BURL] = BAD(BDAT_AFTER_ERROR, BDAT),
    },
    [PHASE_CLOSED] = {
        NEVER(COMMAND_AFTER_QUIT, CLOSED), [VERB_QUIT] = BAD(COMMAND_AFTER_QUIT, CLOSED),
    },
};
/* clang-format on */

const struct edge *machine_edge(enum phase phase, enum verb verb)
{
    return &edges[(unsigned)phase < PHASE_COUNT ? phase : PHASE_UNKNOWN]
                 [(unsigned)verb < VERB_COUNT ? verb : VERB_UNKNOWN];
}

const char *phase_name(enum phase phase)
{
    static const char *const names[PHASE_COUNT] = {
        [PHASE_UNKNOWN] = "unknown",
        [PHASE_CONNECTED] = "connected",
        [PHASE_REFUSED] = "refused",
        [PHASE_GREETED] = "greeted",
        [PHASE_TLS_GREETED] = "tls-greeted",
        [PHASE_READY] = "ready",
        [PHASE_MAIL] = "mail",
        [PHASE_RCPT] = "rcpt",
        [PHASE_BDAT] = "bdat",
        [PHASE_BDAT_DONE] = "bdat-done",
        [PHASE_BDAT_FAILED] = "bdat-failed",
        [PHASE_CLOSED] = "closed",
    };

    return (unsigned)phase < PHASE_COUNT ? names[phase] : "unknown";
}

const char *misorder_id(enum misorder misorder)
{
    static const char *const ids[MISORDER_COUNT] = {
#define MISORDER(name, id) [MISORDER_##name] = (id),
#include "replay/misorders.def"
#undef MISORDER
    };

    return (unsigned)misorder < MISORDER_COUNT ? ids[misorder] : NULL;
}
