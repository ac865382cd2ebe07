#ifndef SMTP_PATH_H
#define SMTP_PATH_H

#include "base/bytes.h"

/* The argument of MAIL or RCPT (RFC 5321 4.1.2): FROM:<path> parameters.  Views into it. */
struct envelope_argument {
    struct bytes address;    /* without angle brackets; empty for <> */
    struct bytes parameters; /* what follows the path, blanks trimmed */
    bool has_brackets;
    bool has_space_after_colon;
    bool has_space_before_colon;
    bool has_text_behind; /* right behind the closing bracket, without a blank */
    bool is_well_formed;  /* keyword, colon and a path were found */
};

/* Lenient: finds the address in what real clients send.  Keyword is "FROM" or "TO". */
struct envelope_argument envelope_argument_parse(struct bytes argument, struct bytes keyword);

/* Walks the parameters (RFC 5321 4.1.2 Mail-parameters): keyword, optional value.  False at the end.
 * `*at` starts at 0. */
bool parameter_next(struct bytes parameters, size_t *at, struct bytes *keyword, struct bytes *value);

#endif
