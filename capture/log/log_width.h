#ifndef LOG_LOG_WIDTH_H
#define LOG_LOG_WIDTH_H

#include "base/buf.h"

/* Lines that a terminal, a mail or a tool made fit a width: cut off there, or folded. */

enum {
    LOG_WIDTH_LEAST = 60, /* narrower than that nobody makes logs */
    LOG_WIDTH_KEYS = 128  /* ways in which lines begin */
};

struct log_width {
    size_t columns; /* characters of the longest line; 0: lines are as they were written */
    bool is_folded; /* else cut */
    bool is_soft;   /* folded at blanks, which may be gone */
    bool has_times; /* every line begins with a time */
    size_t indent;  /* blanks in front of what goes on */
    uint32_t keys[LOG_WIDTH_KEYS];
    size_t key_count;
};

/* What the beginning of a log, each line with its LF, tells of it. */
void log_width_learn(struct log_width *width, struct bytes head);
/* Whether `next` goes on where `line` was folded. */
bool log_width_goes_on(const struct log_width *width, struct bytes line, struct bytes next);
/* What goes on is put behind what was joined so far, of which `piece` is the last line. */
void log_width_join(const struct log_width *width, struct buf *line, struct bytes piece, struct bytes next);
/* Whether it may have had more, which is not there. */
bool log_width_is_cut(const struct log_width *width, struct bytes line);

/* Characters of a line, but for CRs at its end. */
size_t log_width_of(struct bytes line);

#endif
