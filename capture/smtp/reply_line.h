#ifndef SMTP_REPLY_LINE_H
#define SMTP_REPLY_LINE_H

#include "base/bytes.h"

/* One line of a reply (RFC 5321 4.2), without its line end. */
struct reply_line {
    uint16_t code;     /* 100 to 699, as sent: RFC 5321 knows 2xx to 5xx */
    bool is_last;      /* no hyphen behind the code */
    bool is_odd;       /* something other than SP, hyphen or the end behind the code */
    struct bytes text; /* behind the separator */
};

/* False if the line does not begin with three digits that can be a code followed by what may follow. */
bool reply_line_parse(struct bytes line, struct reply_line *out) NODISCARD;

/* An enhanced status code (RFC 3463) at the start of a reply text; class 0 is none. */
struct enhanced_code {
    uint8_t class;
    uint16_t subject;
    uint16_t detail;
};

/* "5.7.1 text" and the "(#5.7.1)" that qmail puts at the end of a text. */
bool enhanced_code_parse(struct bytes text, struct enhanced_code *out) NODISCARD;

#endif
