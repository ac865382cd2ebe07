#ifndef DETECT_DETECT_H
#define DETECT_DETECT_H

#include "base/budget.h"
#include "base/bytes.h"
#include "base/err.h"

/* Which connections are SMTP: known ports, what is said, and nDPI (in detect_ndpi.c alone). */

enum detect_verdict {
    DETECT_UNDECIDED = 0,
    DETECT_SMTP,
    DETECT_OTHER,
    DETECT_SEALED, /* TLS from its begin, to which there may be keys: what is said inside will tell */
    DETECT_VERDICT_COUNT
};

struct detect_options {
    const uint16_t *ports; /* added to the known ones */
    size_t port_count;
    /* Whether there are keys for the TLS connection of this client random; an empty one asks whether there
     * are any keys at all.  NULL: there are none. */
    bool (*has_keys)(void *ctx, struct bytes client_random);
    void *ctx;
};

/* One segment with payload, of a connection that is not decided yet. */
struct detect_input {
    struct bytes ip_packet; /* from the IP header on */
    struct bytes payload;
    int64_t offset; /* of it in its stream; negative before what was seen first */
    uint64_t time_ns;
    uint16_t port[2]; /* of direction 0 and 1 */
    int from;         /* direction of this segment */
    int initiator;    /* 0, 1, or -1 not known */
    bool is_midstream;
};

struct detector;
struct detect_state; /* of one connection while it is undecided; small until nDPI is asked */

struct detector *detector_new(const struct detect_options *options, struct budget *budget, struct err *err);
void detector_free(struct detector *detector);

/* `*state` is NULL at first and is freed (and NULL again) when the verdict is not DETECT_UNDECIDED.
 * With DETECT_SMTP, `*client` is the direction of the client: SYN, else what is said, else ports. */
enum detect_verdict detect_feed(struct detector *detector, struct detect_state **state,
                                const struct detect_input *input, int *client);
void detect_state_free(struct detector *detector, struct detect_state *state);
/* Whether a server port is one where SMTP is expected (for counting connections without a session). */
/* A record of TLS (RFC 8446 5.1). */
bool detect_is_tls(struct bytes payload);
bool detect_is_smtp_port(const struct detector *detector, uint16_t port);
/* The ports that are known without being named; returns how many there are, `most` of which are written. */
size_t detect_known_ports(uint16_t *out, size_t most);
/* Version of nDPI, or "none". */
const char *detect_ndpi_version(void);

#endif
