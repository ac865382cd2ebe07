#ifndef SCRUB_SCRUBBER_H
#define SCRUB_SCRUBBER_H

#include "ip/ip.h"

/* Packets of chosen sessions with what is secret in them overwritten, at the same length, and their checksums
 * mended.  The packets are read twice: first to learn which octets of which stream are meant, so that copies
 * of them that were sent again are overwritten too, then to be written. */
struct scrubber;

enum scrub_kind {
    SCRUB_NONE = 0,
    SCRUB_SECRET,  /* all but line ends, blanks and "=": the shape stays */
    SCRUB_REPLY,   /* all behind the code */
    SCRUB_CONTENT, /* all but line ends and dots */
};

/* `is_anonymous`: addresses, and every word that is none of SMTP's own, go too.  NULL without memory. */
struct scrubber *scrubber_new(bool is_anonymous);
void scrubber_free(struct scrubber *scrubber);

/* A connection whose packets are wanted.  UINT32_MAX at the ceiling. */
uint32_t scrubber_add(struct scrubber *scrubber, const struct endpoint *client, const struct endpoint *server,
                      uint64_t start_ns, uint64_t end_ns);
/* What one side sent in packets of this time, both ends included.  False at the ceiling: the connection must
 * then not be written. */
bool scrubber_hide(struct scrubber *scrubber, uint32_t session, bool is_client, enum scrub_kind kind,
                   uint64_t from_ns, uint64_t until_ns) NODISCARD;
/* The connection is not to be written after all. */
void scrubber_forget(struct scrubber *scrubber, uint32_t session);

/* The first reading. */
void scrubber_learn(struct scrubber *scrubber, const struct segment *segment);
/* The second: true if the packet is wanted.  `packet` is the one in which the segment's views lie, and is
 * overwritten in `copy`, as long.  A segment put together from fragments is not wanted: it lies in no packet.
 */
bool scrubber_take(struct scrubber *scrubber, const struct segment *segment, struct bytes packet,
                   uint8_t *copy);

#endif
