#ifndef SMTP_COMMAND_LINE_H
#define SMTP_COMMAND_LINE_H

#include "smtp/verb.h"

/* A command line without its line end, taken apart.  Views into it. */
struct command_line {
    enum verb verb;
    struct bytes word;     /* the first word, as sent; empty for an empty line */
    struct bytes argument; /* what follows, without the blanks around it */
};

/* Leading blanks are skipped; never fails. */
enum verb command_line_split(struct bytes line, struct bytes *word, struct bytes *argument);

static inline struct command_line command_line_parse(struct bytes line)
{
    struct command_line parsed;

    parsed.verb = command_line_split(line, &parsed.word, &parsed.argument);
    return parsed;
}

/* Of a line that has half an end, or has it spelt out: QUIT of "QUIT\\r\\n" with its two backslashes. */
static inline enum verb command_line_begun_verb(struct bytes line)
{
    struct bytes begin = bytes_slice(line, 0, bytes_find(line, '\\'));

    return command_line_parse(bytes_slice(begin, 0, bytes_find(begin, '\r'))).verb;
}

/* The chunk size of BDAT (RFC 3030 2).  False if it is not "<digits> [LAST]"; `is_odd` tells of a sign,
 * leading zeros beyond 20 digits, overflow or trailing text, with which parsers disagree. */
struct bdat_argument {
    uint64_t size;
    bool is_last;
    bool is_odd;
};
bool bdat_argument_parse(struct bytes argument, struct bdat_argument *out) NODISCARD;

#endif
