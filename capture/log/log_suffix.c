/* The suffix that nearly all lines of a log share, behind a blank: what a logger knows besides.
 *     [2026-11-24T04:06:21.5+00:00] mailer.DEBUG: smtp: > RCPT TO:<b@c> [] []
 *     debug: [abc1] C: RCPT TO:<b@c> {"tid":"abc1"} */
#include "log/log_prefix.h"

enum { LINES_LEAST = 6, SUFFIX_LEAST = 3 };

static struct bytes without_returns(struct bytes line)
{
    while (line.len > 0 && line.ptr[line.len - 1] == '\r')
        line.len--;
    return line;
}

static size_t shared_end(struct bytes a, struct bytes b)
{
    size_t len = 0;

    while (len < a.len && len < b.len && a.ptr[a.len - 1 - len] == b.ptr[b.len - 1 - len])
        len++;
    return len;
}

static bool ends_so(struct bytes line, struct bytes suffix)
{
    return line.len > suffix.len && shared_end(line, suffix) == suffix.len;
}

/* From the first blank in it on: what stands before may be of a word. */
static struct bytes from_blank(struct bytes suffix)
{
    size_t blank = bytes_find(suffix, ' ');

    return blank == SIZE_MAX ? (struct bytes){ NULL, 0 } : bytes_from(suffix, blank);
}

/* What two lines share, which come one behind the other. */
static struct bytes shared_by(struct bytes a, struct bytes b)
{
    size_t len = shared_end(a, b);

    return from_blank(bytes_from(b, b.len - (len < LOG_PREFIX_MOST ? len : LOG_PREFIX_MOST)));
}

static bool fits_most(struct bytes suffix, struct bytes head)
{
    size_t lines = 0, fitting = 0;

    for (size_t lf; (lf = bytes_find(head, '\n')) != SIZE_MAX; head = bytes_from(head, lf + 1)) {
        struct bytes line = without_returns(bytes_slice(head, 0, lf));
        lines += bytes_trim(line).len > 0;
        fitting += ends_so(line, suffix) && line.ptr[0] != '{'; /* an object of JSON is read as a whole */
    }
    return lines >= LINES_LEAST && fitting * 10 >= lines * 9;
}

void log_suffix_learn(struct log_suffix *suffix, struct bytes head)
{
    enum { PAIRS = 8 };
    struct bytes rest = head, before = { NULL, 0 }, best = { NULL, 0 };
    size_t pairs = 0;

    suffix->len = 0;
    for (size_t lf; pairs < PAIRS && (lf = bytes_find(rest, '\n')) != SIZE_MAX;
         rest = bytes_from(rest, lf + 1), pairs++) {
        struct bytes line = without_returns(bytes_slice(rest, 0, lf));
        struct bytes shared = shared_by(before, line);
        before = line;
        if (shared.len >= SUFFIX_LEAST && shared.len > best.len && fits_most(shared, head))
            best = shared;
    }
    if (best.len > 0)
        memcpy(suffix->text, best.ptr, best.len);
    suffix->len = best.len;
}

struct bytes log_suffix_strip(const struct log_suffix *suffix, struct bytes line)
{
    struct bytes bare = without_returns(line);

    if (suffix->len == 0 || !ends_so(bare, (struct bytes){ suffix->text, suffix->len }))
        return line;
    return bytes_slice(bare, 0, bare.len - suffix->len);
}
