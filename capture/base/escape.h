#ifndef BASE_ESCAPE_H
#define BASE_ESCAPE_H

#include "base/buf.h"

/* For a terminal or a log: printable ASCII and valid UTF-8 of printable characters stay; every control
 * character, C1 character, bidirectional override and invalid byte becomes \xHH or \u{HEX}, tab \t, CR \r,
 * LF \n, NUL \0, backslash stays single. */
bool escape_text(struct bytes bytes, struct buf *out);
/* True for well-formed UTF-8 (RFC 3629), NULs included. */
bool escape_is_utf8(struct bytes bytes);
/* Lower-case hexadecimal. */
bool escape_hex(struct bytes bytes, struct buf *out);

#endif
