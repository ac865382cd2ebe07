#ifndef SOURCE_WIDE_TEXT_H
#define SOURCE_WIDE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

/* Text in UTF-16 (RFC 2781), as PowerShell writes what is redirected: told by its mark. */
bool wide_text_is(struct bytes head, bool *is_big_endian);

/* A code unit that came behind `high`, which is the first half of a pair that waits, or 0: its octets in
 * UTF-8 (RFC 3629), and how many; 0 if it is a first half, which then waits.  A half without its other is
 * "?". */
size_t wide_text_to_utf8(uint16_t unit, uint16_t *high, uint8_t out[4]);

#endif
