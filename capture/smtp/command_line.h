#ifndef SMTP_COMMAND_LINE_H
#define SMTP_COMMAND_LINE_H

#include "smtp/verb.h"

/* A command line without its line end, taken apart.  Views into it. */
struct command_line {
    enum verb verb;
    struct bytes word;     /* the first word, as sent; empty for an empty line */
    struct bytes argument; /* what follows, without the blanks around it */
};

/* Leading blanks are skipped; never fails.  Inline, for every command of a capture passes here, and the parts
 * are on their way to another struct. */
static inline struct command_line command_line_parse(struct bytes line)
{
    size_t at = 0, end;

    while (at < line.len && ascii_is_blank(line.ptr[at]))
        at++;
    for (end = at; end < line.len && !ascii_is_blank(line.ptr[end]);)
        end++;
    struct bytes word = bytes_slice(line, at, end - at);
    return (struct command_line){
        .verb = verb_parse(word),
        .word = word,
        .argument = bytes_trim(bytes_from(line, end)),
    };
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
