#ifndef LOG_LOG_WRAP_H
#define LOG_LOG_WRAP_H

#include "log/log_line.h"

/* What all lines of a log are wrapped in: by a collector of logs, or by the mail or page that it was pasted
 * into. */

struct log_wrap {
    const char *name;
    bool is_total;    /* a line without it is not of the log */
    bool is_wrapping; /* no program writes so itself */
    /* Takes it off: `text` becomes what is inside, with an LF between lines if it is several, in `scratch` or
     * in place; `around` gets the time and the process, where the wrapping tells them.  False, and nothing is
     * touched: this line is not wrapped so. */
    bool (*strip)(struct bytes *text, struct buf *scratch, struct log_line *around);
};

enum { LOG_WRAP_PLAIN = 0 }; /* the first is none: it has no strip */

extern const struct log_wrap *const log_wraps[]; /* ends in NULL */

/* One row a file. */
extern const struct log_wrap log_wrap_json;

/* "> ", which some programs use as an arrow. */
extern const struct log_wrap log_wrap_quote;
extern const struct log_wrap log_wrap_quote_twice;
/* A line in a table: behind a vertical rule, or between two. */
extern const struct log_wrap log_wrap_table;
bool log_wrap_is_row(struct bytes text);
/* What is the same in front of all lines: log_prefix.h.  It has no strip, as each log has its own. */
extern const struct log_wrap log_wrap_prefix;
/* Blanks, of which each line may have more of its own. */
extern const struct log_wrap log_wrap_indent;

#endif
