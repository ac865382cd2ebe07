#ifndef LOG_SESSION_KEY_H
#define LOG_SESSION_KEY_H

#include "base/bytes.h"

/* Which session a line belongs to, where what a logger puts in front of it says so in brackets. */

enum session_key_kind {
    SESSION_KEY_NONE = 0,
    SESSION_KEY_WEAK, /* it could as well be a thread, or the number of the line */
    SESSION_KEY_SURE
};

/* The id in `prefix`, the last if there are several: "[12:1]", "<jda6fsgn>", "(192.0.2.9:4000)".  `out` is a
 * view into it, untouched if there is none. */
enum session_key_kind session_key_find(struct bytes prefix, struct bytes *out);

#endif
