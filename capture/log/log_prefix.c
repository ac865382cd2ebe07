/* The prefix that nearly all lines of a log share, but for numbers and levels.
 *     2026-11-24 04:06:21,123 DEBUG smtp: send: 'ehlo client.example\r\n'
 *     2026-11-24 04:06:21,125 INFO  smtp: reply: b'250 mx.example\r\n'
 * Two lines begin alike as far as their words are equal or both levels, both have a number or a blank, or the
 * same mark; where they differ within a word, they differ from its beginning. */
#include "log/log_prefix.h"

#include "base/limits.h"
#include "log/session_key.h"

enum {
    SEEDS = 4,      /* lines that are tried as the one to compare with: the first may be prose */
    LINES_LEAST = 6 /* of fewer, what they share says little */
};

static size_t run(struct bytes text, size_t at, bool (*is)(uint8_t))
{
    size_t end = at;

    while (end < text.len && is(text.ptr[end]))
        end++;
    return end - at;
}

static bool is_digit(uint8_t c)
{
    return ascii_is_digit(c);
}

static bool is_blank(uint8_t c)
{
    return ascii_is_blank(c);
}

static bool is_letter(uint8_t c)
{
    return ascii_is_letter(c);
}

/* Words that stand for each other. */
static bool is_level(struct bytes word)
{
    static const char *const levels[] = { "trace",   "debug",  "dbg",     "info", "notice", "note",   "warn",
                                          "warning", "error",  "err",     "crit", "fatal",  "severe", "fine",
                                          "finer",   "finest", "verbose", "am",   "pm" };

    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++)
        if (bytes_equal_nocase(word, bytes_of(levels[i])))
            return true;
    return false;
}

static bool are_alike(struct bytes a, struct bytes b)
{
    return bytes_equal(a, b) || (is_level(a) && is_level(b));
}

/* One step of both lines; false: they differ. */
static bool step(struct bytes a, size_t *i, struct bytes b, size_t *k)
{
    static bool (*const kinds[])(uint8_t) = { is_blank, is_digit, is_letter };

    for (size_t kind = 0; kind < sizeof kinds / sizeof kinds[0]; kind++) {
        size_t of_a = run(a, *i, kinds[kind]), of_b = run(b, *k, kinds[kind]);
        if ((of_a == 0) != (of_b == 0))
            return false;
        if (of_a == 0)
            continue;
        if (kinds[kind] == is_letter && !are_alike(bytes_slice(a, *i, of_a), bytes_slice(b, *k, of_b)))
            return false;
        *i += of_a;
        *k += of_b;
        return true;
    }
    return a.ptr[(*i)++] == b.ptr[(*k)++];
}

/* Numbers and words belong together up to what is neither: a prefix ends behind a blank or a mark, and not
 * within a name as "Net::SMTP". */
static bool is_end(struct bytes text, size_t at)
{
    uint8_t last = at > 0 ? text.ptr[at - 1] : 0, next = at < text.len ? text.ptr[at] : 0;
    bool is_in_name = last == ':' && (next == ':' || (at > 1 && text.ptr[at - 2] == ':'));

    return last && !ascii_is_digit(last) && !ascii_is_letter(last) && !is_in_name;
}

static size_t blanks_before(struct bytes text, size_t at)
{
    size_t blanks = 0;

    while (blanks < at && ascii_is_blank(text.ptr[at - blanks - 1]))
        blanks++;
    return blanks;
}

/* Cuts the prefix to what the line shares with it, if that is anything. */
static void narrow(struct log_prefix *prefix, struct bytes line)
{
    struct bytes text = { prefix->text, prefix->len };
    size_t i = 0, k = 0, end = 0, blanks = prefix->blanks;

    while (i < text.len && k < line.len && step(text, &i, line, &k)) {
        if (!is_end(text, i))
            continue;
        size_t of_line = blanks_before(line, k), of_text = blanks_before(text, i);
        blanks = of_line < of_text ? of_line : of_text;
        blanks = i == text.len && prefix->blanks < blanks ? prefix->blanks : blanks;
        end = i;
    }
    if (end == 0 || blanks_before(text, end) == end)
        return;
    prefix->len = end;
    prefix->blanks = blanks;
}

/* What the lines share with this one, but for those that share nothing. */
static void try_seed(struct log_prefix *prefix, struct bytes seed, struct bytes head)
{
    seed = bytes_slice(seed, 0, LOG_PREFIX_MOST);
    *prefix = (struct log_prefix){ .len = seed.len, .blanks = SIZE_MAX };
    memcpy(prefix->text, seed.ptr, seed.len);
    for (size_t lf; (lf = bytes_find(head, '\n')) != SIZE_MAX; head = bytes_from(head, lf + 1)) {
        struct bytes line = bytes_slice(head, 0, lf);
        if (bytes_trim(line).len > 0)
            narrow(prefix, line);
    }
}

static uint8_t closing_of(uint8_t opening)
{
    static const char pairs[] = "\"\"\'\'<>()[]{}";

    for (size_t i = 0; pairs[i]; i += 2)
        if (opening && (uint8_t)pairs[i] == opening)
            return (uint8_t)pairs[i + 1];
    return 0;
}

/* The quote that the prefix opens and does not close, or the bracket that it ends in; 0: none. */
static uint8_t opening_in(struct bytes prefix)
{
    uint8_t last = prefix.len ? prefix.ptr[prefix.len - 1] : 0;
    bool is_open = false;

    for (size_t i = 0; i < prefix.len; i++)
        is_open = is_open != (prefix.ptr[i] == '"');
    if (is_open)
        return '"';
    return closing_of(last) && last != '"' ? last : 0;
}

/* Within quotes: a quote is doubled or behind a backslash, as a backslash and a tab are. */
static struct bytes unquote(struct bytes inner, uint8_t quote, struct buf *out)
{
    buf_clear(out);
    for (size_t i = 0; i < inner.len; i++) {
        uint8_t octet = inner.ptr[i], next = i + 1 < inner.len ? inner.ptr[i + 1] : 0;
        bool is_pair =
            (octet == quote && next == quote) || (octet == '\\' && (next == quote || next == '\\'));
        bool is_tab = octet == '\\' && next == 't';
        i += is_pair || is_tab;
        (void)buf_append_u8(out, is_tab ? '\t' : inner.ptr[i]);
    }
    return buf_bytes(out);
}

/* What stands between the quote or bracket in front and the one at the end.  False: there is none at the end.
 */
static bool take_inner(struct bytes *text, uint8_t opening, struct buf *scratch)
{
    uint8_t closing = closing_of(opening);
    struct bytes inner = *text;

    while (inner.len > 0 && (inner.ptr[inner.len - 1] == '\r' || ascii_is_blank(inner.ptr[inner.len - 1])))
        inner.len--;
    if (inner.len == 0 || inner.ptr[inner.len - 1] != closing)
        return false;
    inner.len--;
    *text = closing == opening ? unquote(inner, opening, scratch) : inner;
    return true;
}

bool log_prefix_strip(const struct log_prefix *prefix, struct bytes *line, struct buf *scratch)
{
    struct bytes text = { prefix->text, prefix->len }, rest;
    size_t i = 0, k = 0;

    while (i < text.len && k < line->len && step(text, &i, *line, &k))
        continue;
    if (prefix->len == 0 || i < text.len || !is_end(text, i))
        return false;
    size_t blanks = blanks_before(*line, k);
    rest = bytes_from(*line, k - (blanks > prefix->blanks ? blanks - prefix->blanks : 0));
    if (prefix->opening && !take_inner(&rest, prefix->opening, scratch))
        return false;
    if (text.ptr[text.len - 1] == '=' && rest.len > 1
        && rest.ptr[0] == '"') { /* quoted where it has blanks */
        struct bytes inner = bytes_from(rest, 1);
        rest = take_inner(&inner, '"', scratch) ? inner : rest;
    }
    *line = rest;
    return true;
}

/* What tells sessions apart in what is in front of the line, or may do so. */
static uint64_t id_in(struct bytes whole, struct bytes stripped)
{
    struct bytes id = { NULL, 0 };
    uint64_t hash = 0;

    if (session_key_find(bytes_slice(whole, 0, whole.len - stripped.len), &id) == SESSION_KEY_NONE)
        return 0;
    for (size_t i = 0; i < id.len; i++)
        hash = hash * 257 + id.ptr[i] + 1;
    return hash;
}

/* Whether nearly all lines begin and end so, and what is taken off tells no sessions apart. */
static bool fits_most(const struct log_prefix *prefix, struct bytes head)
{
    struct buf scratch;
    size_t lines = 0, fitting = 0;
    uint64_t first_id = 0;
    bool is_of_one = true;

    buf_init(&scratch, LIMIT_LOG_LINE);
    for (size_t lf; (lf = bytes_find(head, '\n')) != SIZE_MAX; head = bytes_from(head, lf + 1)) {
        struct bytes whole = bytes_slice(head, 0, lf), line = whole;
        lines += bytes_trim(whole).len > 0;
        if (bytes_trim(whole).len == 0 || !log_prefix_strip(prefix, &line, &scratch))
            continue;
        uint64_t id = id_in(whole, line);
        first_id = fitting == 0 ? id : first_id;
        is_of_one = is_of_one && id == first_id;
        fitting++;
    }
    buf_release(&scratch);
    return is_of_one && lines >= LINES_LEAST && fitting * 10 >= lines * 9;
}

void log_prefix_learn(struct log_prefix *prefix, struct bytes head)
{
    struct bytes rest = head;
    size_t seeds = 0;

    for (size_t lf; seeds < SEEDS && (lf = bytes_find(rest, '\n')) != SIZE_MAX;
         rest = bytes_from(rest, lf + 1)) {
        struct bytes seed = bytes_slice(rest, 0, lf);
        if (bytes_trim(seed).len == 0)
            continue;
        seeds++;
        try_seed(prefix, seed, head);
        prefix->opening = opening_in((struct bytes){ prefix->text, prefix->len });
        if (fits_most(prefix, head))
            return;
    }
    prefix->len = 0;
}
