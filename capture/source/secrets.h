#ifndef SOURCE_SECRETS_H
#define SOURCE_SECRETS_H

#include "base/buf.h"
#include "source/source.h"

/* What pcapng files hold of TLS secrets: Decryption Secrets Blocks, and comments on a section, into which
 * people paste a key log.  libpcap hands out neither. */

struct secrets {
    const struct secret_sink *sink; /* borrowed; NULL: nobody wants them */
    bool is_wanted;                 /* what is in the block at hand */
    bool is_comments;               /* the options of a section */
    bool is_big;
    uint64_t left; /* octets of the secrets that are still to come */
    struct buf text;
};

void secrets_init(struct secrets *secrets, const struct secret_sink *sink);
void secrets_release(struct secrets *secrets);
/* A block of either kind begins; `head` are its first 16 octets. */
void secrets_begin(struct secrets *secrets, bool is_section, bool is_big, const uint8_t head[16]);
/* More of its body, behind the head; its end is `is_last`. */
void secrets_add(struct secrets *secrets, struct bytes part, bool is_last);

#endif
