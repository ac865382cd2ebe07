#ifndef REPLAY_WALK_H
#define REPLAY_WALK_H

#include "replay/farewell.h"
#include "replay/replay.h"

/* Inside analyzer/replay alone: the state of a walk through a session. */

/* n of the command in which an evil has its root; 0 for none. */
struct causes {
    uint32_t greeting;    /* a refused EHLO, HELO or LHLO */
    uint32_t no_mail;     /* why no transaction is open: a refused MAIL, a STARTTLS that dropped it */
    uint32_t no_envelope; /* `no_mail` of the newest RCPT that it made fail: without it DATA lacks more than
                             MAIL */
    uint32_t no_rcpt;     /* the first refused RCPT of the transaction */
    uint32_t still_open;  /* a refused DATA or BDAT that left the transaction open */
    uint32_t bdat;        /* a refused chunk, or a refused mix of DATA and BDAT */
    uint32_t auth;        /* an AUTH that failed */
    uint32_t doubt;       /* an accepted command out of order that may have changed the envelope */
};

struct walk {
    const struct session *session;
    struct arena *arena;
    struct replay *out;
    enum phase phase;
    enum phase home; /* the phase without a transaction: GREETED, TLS_GREETED, READY, or UNKNOWN */
    bool is_auth_known;
    bool is_authenticated;
    bool is_tls;
    bool is_offer_known;
    bool is_helo;
    bool is_inferred;      /* the phase was picked up again behind missing bytes */
    bool is_envelope_lost; /* the server said that it has no transaction, against its own replies */
    bool may_be_nested;    /* the MAIL of the transaction, picked up behind missing bytes */
    bool may_keep_rcpt;    /* a nested MAIL was let pass: the recipients before it may still stand */
    bool may_have_dropped; /* picked up at a STARTTLS that may have dropped a transaction */
    bool is_binarymime;
    bool may_be_closed; /* QUIT was sent, and its reply is missing */
    uint64_t offered;
    uint64_t size_limit; /* announced with SIZE (RFC 1870 4); 0 none */
    const struct reply *offer;
    enum protocol spoken; /* by the first hello that was accepted */
    bool lacks_hello;     /* which may be among what is missing */
    uint32_t greeting_command;
    uint32_t auth_command; /* n of the newest AUTH */
    size_t exchange_at;    /* next of session->exchanges */
    size_t transaction;    /* 1 + index of the current one; 0 none */
    bool may_lose_replies; /* bytes are missing: no reply does not mean none was given */
    struct causes causes;
};

static inline bool reply_accepts(const struct reply *reply)
{
    return reply && reply->code < 400;
}

static inline bool reply_refuses(const struct reply *reply)
{
    return reply && reply->code >= 400;
}

/* Behind a hole in the server's bytes: whether the reply can be the answer to this command at all.  A
 * farewell may have come unasked. */
static inline bool reply_is_implausible(const struct walk *walk, enum verb verb, const struct reply *reply)
{
    if (reply && walk->out->has_gaps && reply_is_farewell(reply))
        return true;
    if (reply && reply->code == 221 && reply->is_after_gap)
        return true; /* a farewell before it may be among what is missing */
    return walk->may_lose_replies && reply && !verb_takes_code(verb, reply->code);
}

static inline bool phase_is_transaction(enum phase phase)
{
    return phase == PHASE_MAIL || phase == PHASE_RCPT || phase == PHASE_BDAT || phase == PHASE_BDAT_FAILED;
}

/* facts.c: what the replies say about the session. */
/* Bytes are missing: what they can have changed is not known any more. */
void walk_forget(struct walk *walk);
/* No transaction is open any more. */
void walk_end_transaction(struct walk *walk);
/* The accepted EHLO, HELO or LHLO becomes the greeting that counts. */
void walk_take_offer(struct walk *walk, const struct item *item);
/* A new beginning, GREETED or TLS_GREETED: what EHLO, AUTH and MAIL had brought is void (RFC 3207 4.2). */
void walk_start_anew(struct walk *walk, enum phase phase);
bool offer_lists_mechanism(const struct reply *offer, struct bytes mechanism);

/* judge.c: the verdict on one command, from what is known before it. */
void judge_command(const struct walk *walk, size_t index, struct judgement *out);
/* The SASL exchange that the AUTH at this item began, or NULL. */
const struct sasl_exchange *walk_exchange(const struct walk *walk, size_t index);

/* RCPT, DATA, BDAT, BURL. */
bool depends_on_envelope(enum verb verb);

/* move.c: what the reply to the command changes. */
void walk_move(struct walk *walk, size_t index, const struct judgement *judgement);
void walk_sasl(struct walk *walk, const struct item *item);
void walk_content(struct walk *walk, size_t index);

/* Whether the content is a chunk of BDAT. */
bool walk_is_bdat(const struct walk *walk, const struct item *content);

/* transactions.c: the envelopes.  What the ceiling does not hold is counted, and the walk goes on. */
void transaction_open(struct walk *walk, const struct item *item);
void transaction_add_rcpt(struct walk *walk, const struct item *item);
void transaction_finish(struct walk *walk, size_t content_item);
struct transaction *transaction_current(struct walk *walk);

#endif
