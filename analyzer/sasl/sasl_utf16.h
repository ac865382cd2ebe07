#ifndef SASL_SASL_UTF16_H
#define SASL_SASL_UTF16_H

#include "base/arena.h"

/* UTF-16, little-endian, as UTF-8 in the arena.  Half a surrogate pair becomes U+FFFD; an odd last octet is
 * dropped.  The empty view without memory. */
struct bytes utf16_to_utf8(struct arena *arena, struct bytes text);

#endif
