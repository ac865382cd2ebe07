#ifndef SCRUB_CHECKSUM_H
#define SCRUB_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/* Checksums of the internet (RFC 1071). */

/* RFC 1624: follows a change of `len` octets that begin at an even place; a wrong one stays wrong. */
void checksum_follow(uint8_t *checksum, const uint8_t *before, const uint8_t *after, size_t len);
/* Computes those of an IP packet and of TCP in it anew, as far as the packet is there whole and TCP follows
 * its header at once; otherwise leaves them. */
void checksum_renew(uint8_t *ip_packet, size_t len);

#endif
