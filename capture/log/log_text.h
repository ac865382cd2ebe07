#ifndef LOG_LOG_TEXT_H
#define LOG_LOG_TEXT_H

#include "base/buf.h"

/* What readers of several formats look for in a line. */

static inline bool log_text_starts(struct bytes text, const char *prefix)
{
    size_t len = strlen(prefix);

    return text.len >= len && memcmp(text.ptr, prefix, len) == 0;
}
/* Takes the prefix off; false leaves the text as it is. */
bool log_text_skip(struct bytes *text, const char *prefix);
bool log_text_ends(struct bytes text, const char *suffix);
/* Offset of `needle`, case counts; SIZE_MAX if it is not there. */
size_t log_text_find(struct bytes text, const char *needle);
/* What stands between the first `before` and the next `after` behind it; empty if that is not there. */
struct bytes log_text_between(struct bytes text, const char *before, const char *after);
/* What stands behind the first `at` octets, up to the end of the string in double quotes that they begin. */
struct bytes log_text_in_string(struct bytes text, size_t at);
/* Up to the next blank, which is taken off as well. */
struct bytes log_text_word(struct bytes *text);
/* Whether the whole text consists of asterisks, a few at least. */
bool log_text_is_stars(struct bytes text);

/* Three digits and what may follow them: a line of a reply.  `is_last`: no hyphen. */
bool log_text_is_reply(struct bytes text, uint16_t *code, bool *is_last);
/* A line that begins with a verb that is known. */
bool log_text_is_command(struct bytes text);
/* One that prose hardly ever reads as: EHLO with a name, MAIL FROM:, RCPT TO: and the like. */
bool log_text_is_sure_command(struct bytes text);

/* A string in quotes with backslashes, as Python, Ruby and JavaScript write them: `text` begins with the
 * quote. What it stands for is appended; false if it does not end. */
bool log_text_unquote(struct bytes text, struct buf *out);

#endif
