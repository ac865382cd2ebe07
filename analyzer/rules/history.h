#ifndef RULES_HISTORY_H
#define RULES_HISTORY_H

#include "base/address.h"
#include "base/siphash.h"
#include "rules/history_table.h"
#include "smtp/extension.h"
#include "transcript/session.h"

/* What is known from the sessions before: a bounded memory over the run, fed session by session in the order
 * in which they end.  Things are known by keyed hashes of what they are, so nothing from the wire is kept,
 * and nobody can choose what falls together.  The key is random and decides no output. */

enum history_kind {
    HISTORY_NONE = 0,
    HISTORY_DIFFERENT,  /* that a thing was seen with its owner: what makes counts of different things */
    HISTORY_LOGIN,      /* by client: its refused and accepted credentials */
    HISTORY_CREDENTIAL, /* by client, identity and secret: how often it was refused */
    HISTORY_TARGET,     /* by client: recipients asked for without a message */
    HISTORY_RELAYING,   /* by client: relaying that was denied, or let pass */
    HISTORY_HOST,       /* by address: a server that takes mail for the local domains */
    HISTORY_OFFER,      /* by server and extension: since when it was offered */
    HISTORY_NONCE,      /* by server and nonce: where it was used */
    HISTORY_REFUSED,    /* by network of the client, sender and recipient: refused, and come back */
    HISTORY_MESSAGE,    /* by server, envelope and content: transferred before */
    HISTORY_KIND_COUNT
};

struct history;
struct history *history_new(struct budget *budget); /* NULL without memory */
void history_free(struct history *history);

/* The name of one thing, put together from its parts. */
struct history_key {
    enum history_kind kind;
    struct siphash hash;
};
struct history_key history_key(const struct history *history, enum history_kind kind);
void history_key_add(struct history_key *key, struct bytes part);
void history_key_add_nocase(struct history_key *key, struct bytes part); /* ASCII case makes no difference */
void history_key_add_number(struct history_key *key, uint64_t number);
void history_key_add_address(struct history_key *key, const struct address *address);
/* The network that one organisation's machines share: /24 of IPv4, /64 of IPv6. */
void history_key_add_network(struct history_key *key, const struct address *address);

/* It will be looked for: what that takes has time to come. */
void history_expect(const struct history *history, const struct history_key *key);
/* NULL if it is not remembered.  Entries are void when the next one of their kind is kept. */
struct history_entry *history_find(struct history *history, const struct history_key *key);
/* Remembers it from now on; NULL without memory. */
struct history_entry *history_keep(struct history *history, const struct history_key *key);
/* Whether this key (of kind HISTORY_DIFFERENT) comes for the first time. */
bool history_is_first(struct history *history, const struct history_key *key);
bool history_is_empty(const struct history *history, enum history_kind kind);
/* A key that others begin with, as a network and a sender those of deliveries: whether any of them may have
 * been kept (of all kinds together).  A no is sure, and costs less than to finish the key and to look for it.
 */
void history_mark_begin(struct history *history, const struct history_key *begin);
bool history_may_have_begin(const struct history *history, const struct history_key *begin);

/* Whether `count` is worth a finding: at `threshold`, and again only when it is ten times what was told. */
bool history_is_due(struct history_entry *entry, uint32_t count, uint32_t threshold);

/* Things of this kind that had to be forgotten: what is counted of them may be too much or too little. */
uint64_t history_forgotten(const struct history *history, enum history_kind kind);

/* What is known of a server's offer of this extension (by address and port; of PIPECONNECT by client as well,
 * for the leave is that of a client that has seen it).  The counts are free; NULL without memory. */
struct history_entry *history_of_offer(struct history *history, const struct session *session,
                                       enum extension extension);
/* An EHLO reply of that time made it. */
void history_note_offer(struct history_entry *entry, uint64_t time_ns);
/* Whether it was made before that time, in a session that ended before. */
bool history_saw_offer(struct history *history, const struct session *session, enum extension extension,
                       uint64_t before_ns);

/* "45 seconds", "12 minutes", "3 hours", "5 days". */
enum { HISTORY_SPAN_TEXT = 32 };
const char *history_span(uint64_t span_ns, char out[HISTORY_SPAN_TEXT]);

#endif
