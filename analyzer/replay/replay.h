#ifndef REPLAY_REPLAY_H
#define REPLAY_REPLAY_H

#include "base/arena.h"
#include "replay/machine.h"
#include "smtp/extension.h"
#include "transcript/session.h"

/* Walks a session through the reference machine: what was expected, compared with what was answered.
 *
 * Behind missing bytes, and where the capture begins midstream, order is not knowable, and verdicts are
 * `undecided`, until an event makes it known again:
 *   a 220 greeting              everything
 *   EHLO, HELO, LHLO accepted   the phase, the offers; not whether the client is authenticated
 *   RSET accepted               no transaction is open; whether EHLO was said stays unknown
 *   MAIL accepted               a transaction is open (and whether EHLO was said stays unknown)
 *   the reply to end of data    no transaction is open
 *   235                         the client is authenticated
 *   220 to STARTTLS or XCLIENT  everything
 * What missing bytes cannot have changed stays known: an EHLO that was accepted, an authentication. */

enum verdict {
    VERDICT_NONE = 0,
    VERDICT_OK,
    VERDICT_REFUSED,
    VERDICT_MISORDERED,
    VERDICT_TOLERATED,
    VERDICT_CONSEQUENCE,
    VERDICT_CONTRADICTED,
    VERDICT_UNANSWERED,
    VERDICT_UNDECIDED,
    VERDICT_COUNT
};
const char *verdict_name(enum verdict verdict);

/* One for each command, by n - 1. */
struct judgement {
    enum verdict verdict;
    uint32_t cause;            /* n of the command that is the cause; 0 none */
    uint32_t consequences;     /* commands of that verdict whose cause this one is */
    enum misorder misorder;    /* why it was out of order, if it was */
    enum misorder not_offered; /* MISORDER_*NOT_OFFERED, also where `misorder` tells something nearer */
    enum phase phase;          /* before the command, as the server's replies had it */
    bool is_phase_known;
    bool is_certain;         /* false where the phase was inferred rather than seen */
    bool could_see_cause;    /* the client had the whole reply of the cause when it sent this */
    uint64_t offered;        /* extension_bit()s of the last accepted EHLO or LHLO; 0 after HELO; that of
                              * EXTENSION_NONE: something that is not known here */
    bool has_offer;          /* what is offered is known: by an EHLO or LHLO reply, or nothing after HELO */
    bool is_helo;            /* the greeting that counts was HELO */
    bool is_sequence_answer; /* refused with 503, or with a text that speaks of order */
    bool is_lost;            /* no reply, and missing bytes may be why */
    bool is_tls;
    bool is_authenticated;
    uint32_t greeting_command; /* n of the EHLO, HELO or LHLO that counts; 0 none, or not captured */
    uint32_t transaction;      /* 1 + index in replay->transactions that it belongs to; 0 none */
};

struct recipient {
    uint32_t command; /* n of its RCPT */
    struct bytes address;
    const struct reply *reply; /* to the RCPT */
    const struct reply *final; /* LMTP: to the content */
    bool is_accepted;
};

/* A mail transaction (RFC 5321 3.3), from its accepted or refused MAIL on. */
struct transaction {
    uint32_t mail_command; /* n of the MAIL; 0 if it was not captured */
    struct bytes mail_from;
    struct recipient *recipients;
    size_t recipient_count;
    size_t recipient_cap;
    size_t accepted_count;
    uint64_t declared_size; /* SIZE parameter; 0 none */
    bool is_8bitmime;
    bool is_binarymime;
    bool is_smtputf8;
    uint32_t message;          /* 1 + index in session->messages; 0: no content was transferred */
    const struct reply *reply; /* to the end of data, or BDAT LAST; LMTP: the worst */
    bool is_accepted;
    enum verdict verdict; /* of the message: OK, REFUSED, UNANSWERED, UNDECIDED */
    struct bytes queue_id;
    uint64_t size_limit;   /* what the server announced with SIZE when MAIL was sent; 0 none */
    uint64_t rcpt_refused; /* RCPTs that the server refused */
};

struct replay {
    const struct session *session;
    struct judgement *judgements;
    size_t judgement_count;
    struct transaction *transactions;
    size_t transaction_count;
    size_t transaction_cap;
    uint64_t transactions_dropped;  /* beyond the arena's ceiling */
    uint32_t *command_items;        /* by n - 1: the index of the command in session->items */
    uint32_t *message_transactions; /* by index in session->messages: 1 + index of its transaction; 0 none */
    struct bytes helo;              /* argument of the last accepted (else last) EHLO, HELO or LHLO */
    const struct reply *ehlo_reply; /* of the last accepted EHLO or LHLO, or NULL */
    const struct reply *greeting;   /* or NULL */
    struct moment greeting_at;
    uint32_t answered_line;      /* n of the first line of a message that was answered as a command; 0 none */
    const char *server_software; /* or NULL */
    enum phase last_phase;
    bool has_gaps; /* bytes are missing that matter, or items were dropped */
};

/* The item of command `n` (from 1), or NULL; at no cost, unlike session_command. */
const struct item *replay_command(const struct replay *replay, uint32_t n);
/* The transaction of a message (index in session->messages), or NULL. */
const struct transaction *replay_transaction_of(const struct replay *replay, uint32_t message);

/* Everything that it makes lives in `arena`.  False only without memory. */
bool replay_session(const struct session *session, struct arena *arena, struct replay *out) NODISCARD;

#endif
