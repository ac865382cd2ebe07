#ifndef LOG_PAGE_H
#define LOG_PAGE_H

#include "base/buf.h"

/* Text that was copied out of a page in HTML, or written for one. */

enum page_kind { PAGE_UNKNOWN = 0, PAGE_NONE, PAGE_HTML };

/* A line without its entities and the tags that stand around lines.  Which kind of text it is of, the first
 * angle bracket tells, plain or as an entity, and `kind` keeps it.  Views into the line or into `out`. */
struct bytes page_strip(struct bytes line, enum page_kind *kind, struct buf *out);

#endif
