/* Finds out who wrote a log: by one line that is sure, or by several that speak for it. */
#include "log/log_reader_state.h"
#include "log/paired_marks.h"

enum {
    WEAK_LEAST = 2,  /* lines that speak for a format where none is sure: one may be prose */
    WEAK_ENOUGH = 12 /* and so many that no more are waited for */
};

/* The format is known: what was read up to now is read by it. */
static void settle(struct log_reader *reader, const struct log_format *format)
{
    struct bytes rest = buf_bytes(&reader->window);
    uint64_t number = reader->window_from;

    reader->format = format;
    if (reader->wrap == &log_wrap_indent)
        reader->wrap = log_wraps[LOG_WRAP_PLAIN]; /* as far as that line is set in, and no further */
    else if (reader->wrap != log_wraps[LOG_WRAP_PLAIN] || reader->indent == SIZE_MAX)
        reader->indent = 0;
    reader->page = PAGE_UNKNOWN; /* it is told once more */
    talks_begin(reader->talks, reader->input, format->name, format->is_server_side);
    for (size_t lf; (lf = bytes_find(rest, '\n')) != SIZE_MAX; rest = bytes_from(rest, lf + 1), number++)
        if (!reader->is_double_spaced || number % 2 == 1)
            log_unwrap_line(reader, bytes_slice(rest, 1, lf - 1), number, (enum window_mark)rest.ptr[0]);
    buf_clear(&reader->window);
}

/* Room in the window for another line: the older half goes. */
static void make_room(struct log_reader *reader, size_t len)
{
    struct buf *window = &reader->window;

    if (window->len + len < window->max)
        return;
    struct bytes all = buf_bytes(window), rest = bytes_from(all, window->len / 2);
    size_t lf = bytes_find(rest, '\n');
    rest = lf == SIZE_MAX ? (struct bytes){ NULL, 0 } : bytes_from(rest, lf + 1);
    for (size_t i = 0; i < all.len - rest.len; i++)
        reader->window_from += all.ptr[i] == '\n';
    if (rest.len)
        memmove(window->ptr, rest.ptr, rest.len);
    window->len = rest.len;
}

/* "> 250 ok" without any "< EHLO c": a mail that is answered, where the arrow says nothing. */
static bool is_quotation(const struct log_reader *reader)
{
    return reader->saw_quoted_reply && !reader->saw_answer;
}

/* The votes that count: in a mail that is answered, those of its lines are for what is inside the quotation.
 */
static unsigned votes_of(const struct log_reader *reader, size_t wrap, size_t format)
{
    bool needs_quotation = log_wraps[wrap] == &log_wrap_quote || log_wraps[wrap] == &log_wrap_quote_twice;

    if (!is_quotation(reader))
        return needs_quotation ? 0 : reader->votes[wrap][format];
    return reader->votes[wrap][format] - reader->quoted[wrap][format];
}

/* Marks are known behind anything; what goes on in the next line is known inside the wrapping alone. */
static bool is_better_inside(const struct log_reader *reader, size_t wrap, size_t format, unsigned most)
{
    return !log_formats[format + 1] && log_wraps[wrap]->is_wrapping && votes_of(reader, wrap, format) == most;
}

/* What most lines speak for; of equals the first in the tables. */
static const struct log_format *favourite(struct log_reader *reader, unsigned least)
{
    const struct log_format *best = NULL;
    unsigned most = least - 1;

    for (size_t i = 0; log_formats[i]; i++)
        for (size_t wrap = 0; log_wraps[wrap]; wrap++)
            if (votes_of(reader, wrap, i) > most
                || (best == log_formats[i] && is_better_inside(reader, wrap, i, most))) {
                most = votes_of(reader, wrap, i);
                best = log_formats[i];
                reader->wrap = log_wraps[wrap];
            }
    return best;
}

/* The format that is sure of this line, if it is wrapped so; NULL: none, and guesses are counted. */
static const struct log_format *ask(struct log_reader *reader, size_t wrap, struct bytes raw)
{
    struct log_line around = { .number = reader->line_number }, line;
    size_t blanks = log_blanks_before(raw, raw.len);

    if (log_wraps[wrap] != &log_wrap_table && log_wrap_is_row(raw))
        return NULL; /* with its rules it would read as something else */
    if (!log_unwrap(reader, log_wraps[wrap], &raw, &around))
        return NULL;
    bool is_quoted = log_text_starts(raw, ">");
    while (log_unwrap_next(reader, &raw, &around, &line))
        for (size_t i = 0; log_formats[i]; i++) {
            enum log_claim claim = log_formats[i]->claim(&line);
            if (claim == LOG_CLAIM_STRONG)
                return log_formats[i];
            reader->votes[wrap][i] += claim == LOG_CLAIM_WEAK;
            reader->quoted[wrap][i] += claim == LOG_CLAIM_WEAK && is_quoted;
            if (claim == LOG_CLAIM_WEAK && log_wraps[wrap] == &log_wrap_indent && blanks < reader->indent)
                reader->indent = blanks;
        }
    return NULL;
}

static void note_arrow(struct log_reader *reader, struct bytes raw)
{
    struct log_line around = { 0 };
    struct paired_mark mark;
    struct mark_pair pair;
    uint16_t code;
    bool is_last;

    reader->saw_answer = reader->saw_answer || log_text_starts(raw, "<");
    while (!reader->saw_quoted_reply && log_wrap_quote.strip(&raw, &reader->unwrapped, &around)) {
        bool is_marked = paired_marks_find_any(raw, &pair, &mark) && mark.prefix.len == 0;
        reader->saw_quoted_reply =
            log_text_is_reply(is_marked ? mark.said : raw, &code, &is_last) && raw.len > 4;
    }
}

void log_choose(struct log_reader *reader, struct bytes raw, enum window_mark mark)
{
    make_room(reader, raw.len + 2);
    (void)buf_append_u8(&reader->window, (uint8_t)mark);
    (void)buf_append(&reader->window, raw);
    (void)buf_append_u8(&reader->window, '\n');
    raw = page_strip(raw, &reader->page, &reader->stripped);
    if (raw.len == 0)
        return;
    note_arrow(reader, raw);
    for (size_t wrap = 0; log_wraps[wrap]; wrap++) {
        const struct log_format *sure = ask(reader, wrap, raw);
        if (!sure)
            continue;
        reader->wrap = log_wraps[wrap];
        reader->indent = log_blanks_before(raw, raw.len);
        reader->is_sure = true;
        settle(reader, sure);
        return;
    }
    const struct log_format *format = favourite(reader, WEAK_ENOUGH);
    if (format)
        settle(reader, format);
}

void log_choose_at_end(struct log_reader *reader)
{
    const struct log_format *format = reader->format ? NULL : favourite(reader, WEAK_LEAST);

    if (format)
        settle(reader, format);
}
