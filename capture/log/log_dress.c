/* The ends of lines, as they are shown.
 *     220 mx.example^M            cat -v, an editor
 *     220 mx.example^M$           cat -A
 *     220 mx.example$             cat -e
 *     220 mx.example\r\n          a string of some language
 *     '220 mx.example',           a list of strings
 *     "220 mx.example"            a column of a table */
#include "log/log_dress.h"

#include "log/log_text.h"

/* `text` without `end`, as often as it is there. */
static bool skip_end(struct bytes *text, const char *end)
{
    if (!log_text_ends(*text, end))
        return false;
    while (log_text_ends(*text, end))
        text->len -= strlen(end);
    return true;
}

/* What stands between the quotes, into `out`: a quote is doubled or behind a backslash, a backslash behind
 * another; what else backslashes stand for stays.  False: a quote stands there by itself. */
static bool unquote(struct bytes inner, uint8_t quote, struct buf *out)
{
    buf_clear(out);
    for (size_t i = 0; i < inner.len; i++) {
        uint8_t octet = inner.ptr[i], next = i + 1 < inner.len ? inner.ptr[i + 1] : 0;
        bool is_pair =
            (octet == '\\' && (next == '\\' || next == quote)) || (octet == quote && next == quote);
        if (octet == quote && !is_pair)
            return false;
        i += is_pair;
        (void)buf_append_u8(out, inner.ptr[i]);
    }
    return true;
}

static bool skip_quotes(struct bytes *text, struct buf *out)
{
    struct bytes inner = *text;

    if (log_text_ends(inner, ","))
        inner.len--;
    if (inner.len < 2 || (inner.ptr[0] != '"' && inner.ptr[0] != '\'')
        || inner.ptr[inner.len - 1] != inner.ptr[0]
        || !unquote(bytes_slice(inner, 1, inner.len - 2), inner.ptr[0], out))
        return false;
    *text = buf_bytes(out);
    return true;
}

/* A CR is shown at the ends of those lines that have one. */
static struct bytes without_shown_returns(struct bytes line)
{
    struct bytes shown = line;

    if (log_text_ends(shown, "^M$"))
        shown.len--;
    return skip_end(&shown, "^M") ? shown : line;
}

struct bytes log_dress_strip(struct bytes line, unsigned *worn, struct buf *out)
{
    static const char *const ends[] = { "\\r\\n", "\\n", "$" };
    enum { END_COUNT = sizeof ends / sizeof ends[0], QUOTES = 1U << END_COUNT };
    struct bytes bare = line;

    while (bare.len > 0 && bare.ptr[bare.len - 1] == '\r')
        bare.len--;
    if (bare.len == 0)
        return line;
    struct bytes shown = without_shown_returns(bare);
    if (shown.len < bare.len)
        return shown;
    bool is_quoted = (*worn & QUOTES) && skip_quotes(&bare, out);
    *worn &= is_quoted ? ~0U : ~(unsigned)QUOTES;
    for (size_t i = 0; i < END_COUNT; i++)
        if (!(*worn & 1U << i) || !skip_end(&bare, ends[i]))
            *worn &= ~(1U << i);
    return bare.len < shown.len ? bare : line;
}

struct bytes log_dress_blanks(struct bytes line, struct buf *out)
{
    size_t end = 0;
    bool has_any = false;

    for (; end < line.len && !ascii_is_letter(line.ptr[end]) && !ascii_is_digit(line.ptr[end]); end++)
        has_any = has_any || (end > 0 && line.ptr[end - 1] == 0xc2 && line.ptr[end] == 0xa0);
    if (!has_any)
        return line;
    buf_clear(out);
    for (size_t i = 0; i < end; i++) {
        bool is_unbreaking = i + 1 < end && line.ptr[i] == 0xc2 && line.ptr[i + 1] == 0xa0;
        i += is_unbreaking;
        (void)buf_append_u8(out, is_unbreaking ? ' ' : line.ptr[i]);
    }
    (void)buf_append(out, bytes_from(line, end));
    return buf_bytes(out);
}
