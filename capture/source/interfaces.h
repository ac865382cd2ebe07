#ifndef SOURCE_INTERFACES_H
#define SOURCE_INTERFACES_H

#include "base/bytes.h"

/* libpcap refuses a pcapng file whose interfaces differ in link type or snap length, as those that mergecap
 * or a capture on several devices writes.  This stands before it: makes all interfaces look alike, and
 * remembers of which link type each packet really is. */

struct interfaces;

struct secret_sink;

/* `secrets` gets those that the file holds: borrowed; NULL: nobody wants them.  NULL without memory. */
struct interfaces *interfaces_new(const struct secret_sink *secrets);
void interfaces_free(struct interfaces *interfaces);

/* The next octets of the file on their way to libpcap, changed in place. */
void interfaces_pass(struct interfaces *interfaces, uint8_t *octets, size_t len);
/* True once there were too many interfaces for any honest file. */
bool interfaces_are_too_many(const struct interfaces *interfaces);
/* What the first interface says its snap length is. */
uint32_t interfaces_snaplen(const struct interfaces *interfaces);
/* LINKTYPE of packet `number`, which libpcap has just handed out; `usual` (that of the first interface) is
 * true if there was no other up to then. */
uint16_t interfaces_link_type(const struct interfaces *interfaces, uint64_t number, bool *is_usual);

#endif
