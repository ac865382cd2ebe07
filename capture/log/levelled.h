#ifndef LOG_LEVELLED_H
#define LOG_LEVELLED_H

#include "log/marks.h"

/* "DEBUG [key] text", behind the time: how loggers of Node.js write. */

struct levelled {
    struct bytes level;
    struct bytes key; /* empty: none */
    struct bytes text;
};

bool levelled_parse(struct bytes line, struct levelled *out);
void levelled_tell_server(struct talk *talk, struct bytes text);

#endif
