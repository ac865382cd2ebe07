#ifndef LOG_LOG_DRESS_H
#define LOG_LOG_DRESS_H

#include "base/buf.h"

/* What stands at the ends of all lines of a log, by the tool that showed them: the sign of a line's end, or
 * quotes. */

enum { LOG_DRESS_ANY = 0xff }; /* before the first line */

/* The line without it.  `worn` keeps which of them all lines up to this one have had: what only some end in
 * was said.  A view into it, or into `out`. */
struct bytes log_dress_strip(struct bytes line, unsigned *worn, struct buf *out);

#endif
