#ifndef LOG_LOG_PREFIX_H
#define LOG_LOG_PREFIX_H

#include "base/buf.h"

/* What a logger puts in front of all lines alike: times of any form, levels, names, numbers, marks; and what
 * it puts behind them, which is the same in each: " [] []". */

enum { LOG_PREFIX_MOST = 160 }; /* octets */

struct log_suffix {
    uint8_t text[LOG_PREFIX_MOST];
    size_t len; /* 0: there is none */
};

struct log_prefix {
    uint8_t text[LOG_PREFIX_MOST]; /* as one of the lines has it */
    size_t len;                    /* 0: there is none */
    size_t blanks;                 /* at its end, in every line */
    uint8_t opening; /* what it ends in: a quote or a bracket, which lines end in as well; 0: none */
};

/* From the beginning of a log, each line with its LF. */
void log_prefix_learn(struct log_prefix *prefix, struct bytes head);
/* Takes it off, and the quotes around what follows; false, and nothing is touched: the line does not begin
 * so. A view into the line, or into `scratch`. */
bool log_prefix_strip(const struct log_prefix *prefix, struct bytes *line, struct buf *scratch);

void log_suffix_learn(struct log_suffix *suffix, struct bytes head);
/* The line without it, if it is there. */
struct bytes log_suffix_strip(const struct log_suffix *suffix, struct bytes line);

#endif
