#ifndef LOG_LOG_LINE_H
#define LOG_LOG_LINE_H

#include "base/buf.h"
#include "transcript/session.h"

/* One line of a log, with what loggers put in front of it taken off. */

struct log_stamp {
    uint64_t time_ns; /* since the epoch, as far as `clock` goes */
    enum log_clock clock;
    bool is_precise; /* it has fractions of a second */
    bool has_zone;   /* it says which zone it is of, or counts from the epoch: time_ns is UTC */
};

struct log_line {
    uint64_t number;     /* within its input, from 1 */
    struct bytes whole;  /* without its end and without escape sequences of a terminal */
    struct bytes text;   /* the same behind time stamp and header of syslog */
    struct bytes name;   /* of the program, as syslog has it: "postfix/smtpd"; empty: no such header */
    struct bytes source; /* host, program and process: equal for lines of one process; empty: none */
    struct log_stamp stamp;
    bool is_of_page; /* HTML, in which the ends of lines may be lost */
};

/* `raw` is a line without its LF.  Views into it, or into `clean`, which takes a copy where escape sequences
 * were taken out. */
void log_line_peel(struct bytes raw, struct buf *clean, struct log_line *out);

/* A time stamp at the beginning of `text`: RFC 3339 and its relatives, the one of syslog (RFC 3164), a time
 * of day, seconds since the epoch with six decimals, each bare or in brackets.  Returns its length with the
 * blanks behind it, 0 if there is none. */
size_t log_stamp_parse(struct bytes text, struct log_stamp *out);

#endif
