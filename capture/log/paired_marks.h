#ifndef LOG_PAIRED_MARKS_H
#define LOG_PAIRED_MARKS_H

#include <stddef.h>

#include "base/bytes.h"

/* Pairs of marks that any program may put in front of what is said: ">" and "<", "C:" and "S:", "Command:"
 * and "Response:", behind whatever a logger puts before them. */

/* Which pair a log uses: known by one of its marks. */
struct mark_pair {
    size_t row;     /* of the tables */
    bool is_second; /* the one that it was known by */
    bool is_quoted; /* what is said stands in quotes */
};

struct paired_mark {
    bool is_second;      /* of the two */
    bool is_escaped;     /* "\r\n" in `said` stands for an end of line */
    struct bytes prefix; /* what stands before the mark */
    struct bytes said;   /* what stands behind it, without what stands for its end */
};

/* A mark of any pair, with a command or a reply behind it, in quotes or not. */
bool paired_marks_find_any(struct bytes text, struct mark_pair *pair, struct paired_mark *out);
/* The mark of this pair that comes first in the line, whatever is behind it. */
bool paired_marks_find(struct bytes text, struct mark_pair pair, struct paired_mark *out);
/* Takes off the quotes around what is said, with what a logger puts behind them.  False: there are none. */
bool paired_mark_unquote(struct paired_mark *mark);
/* Whether the first mark stands at what goes out, whoever writes the log. */
bool paired_marks_are_directions(struct mark_pair pair);
/* Whether it reads as a reply, or as a command that prose hardly ever reads as; `is_reply`: which. */
bool paired_marks_has_shape(struct bytes said, bool *is_reply);

#endif
