#ifndef LOG_LOG_DRESS_H
#define LOG_LOG_DRESS_H

#include "base/buf.h"

/* What stands at the ends of all lines of a log, by the tool that showed them: the sign of a line's end, or
 * quotes. */

enum { LOG_DRESS_ANY = 0xff }; /* before the first line */

/* The line without it.  `worn` keeps which of them all lines up to this one have had: what only some end in
 * was said.  A view into it, or into `out`. */
struct bytes log_dress_strip(struct bytes line, unsigned *worn, struct buf *out);

/* The line with blanks in place of those that do not break (U+00A0, in UTF-8), in front of its first letter
 * or digit: a page has them where two blanks were.  A view into it, or into `out`. */
struct bytes log_dress_blanks(struct bytes line, struct buf *out);

#endif
