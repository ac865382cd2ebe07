#ifndef INCIDENT_TRAFFIC_H
#define INCIDENT_TRAFFIC_H

#include "incident/delivery.h"
#include "incident/tally.h"
#include "rules/rules.h"

/* What all sessions were, faulty or not: so that "no incident" is a statement too. */

/* Latencies in buckets, eight to each doubling from a microsecond on: within nine percent. */
enum { LATENCY_PER_DOUBLING = 8, LATENCY_BUCKETS = 33 * LATENCY_PER_DOUBLING };

struct latency {
    uint32_t bucket[LATENCY_BUCKETS];
    uint64_t count;
    uint64_t worst_ns;
};

/* The verbs by their number, and these. */
enum {
    LATENCY_GREETING = VERB_COUNT, /* from the first packet */
    LATENCY_RESPONSE,              /* to a response of AUTH */
    LATENCY_END_OF_DATA,
    LATENCY_KINDS
};
const char *latency_name(unsigned kind); /* "MAIL", "greeting", "end of data" ... */

struct traffic {
    uint64_t sessions;
    uint64_t
        faulty; /* with a finding of warning or graver, or in which mail did not arrive for a lesser one */
    uint64_t not_judged; /* not faulty as far as could be seen, which was not to the end */
    uint64_t lmtp;
    uint64_t local;         /* of logs that do not name the zone of their times */
    uint64_t harmed_serial; /* of the session in which harm was noted last */
    uint64_t tls;
    uint64_t sealed;           /* of them: what was said inside could not be read, or not all of it */
    uint64_t starttls_refused; /* sessions in which it was offered and refused */
    uint64_t midstream;
    uint64_t one_sided;
    uint64_t unfinished; /* still going on when the capture ended */
    uint64_t with_missing_bytes;
    uint64_t first_ns, last_ns; /* of all sessions */
    uint64_t delivery[DELIVERY_COUNT];
    uint64_t recipients_refused;
    uint64_t accepted_later; /* deliveries that had been refused before */
    struct latency latency[LATENCY_KINDS];
    struct tally software; /* of servers */
    struct tally programs; /* of clients, as headers name them */
    struct tally clients;
    struct tally servers;
    struct tally starttls_servers; /* those that refused it */
    struct tally starttls_replies; /* and what they said, with its code */
    struct arena arena;
};

void traffic_init(struct traffic *traffic);
void traffic_release(struct traffic *traffic);
void traffic_add(struct traffic *traffic, const struct analysis *analysis);

/* Sessions that were judged to their end and had no fault. */
uint64_t traffic_faultless(const struct traffic *traffic);
/* The latency that so many of a hundred replies did not exceed; 0 without any. */
uint64_t latency_percentile(const struct latency *latency, unsigned percent);
/* The lower bound of a bucket. */
uint64_t latency_bound_ns(unsigned bucket);

#endif
