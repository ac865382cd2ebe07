/* The wrappings, in the order in which they are tried, and those that are but a few octets in front.
 *     2026-11-24T04:06:21.586Z stdout F 220 mx.example    containers (CRI)
 *     mail-1  | 220 mx.example                            docker compose
 *     [pod/mail-0/smtp] 220 mx.example                    kubectl logs --prefix
 *     Nov 24 04:06:21 mx app[147]: 220 mx.example         a logger, around what has no such header
 *     > 220 mx.example                                    a mail that is answered
 *     | 220 mx.example |                                  a table
 *       12  220 mx.example                                numbered lines */
#include "log/log_wrap.h"

#include "log/log_text.h"

static const struct log_wrap plain = { .name = "plain" };

static size_t blanks_in(struct bytes text)
{
    size_t blanks = 0;

    while (blanks < text.len && ascii_is_blank(text.ptr[blanks]))
        blanks++;
    return blanks;
}

static bool strip_stream(struct bytes *text, struct buf *scratch, struct log_line *around)
{
    struct log_stamp stamp;
    size_t len = log_stamp_parse(*text, &stamp);
    struct bytes rest = bytes_from(*text, len);

    (void)scratch;
    if (len == 0 || (!log_text_skip(&rest, "stdout ") && !log_text_skip(&rest, "stderr "))
        || (!log_text_skip(&rest, "F ") && !log_text_skip(&rest, "P ")))
        return false;
    around->stamp = stamp;
    *text = rest;
    return true;
}

/* What stands before " | ", or in the brackets: it tells processes apart. */
static bool strip_column(struct bytes *text, struct buf *scratch, struct log_line *around)
{
    size_t bar = log_text_find(bytes_slice(*text, 0, 64), " | "), end = bar;
    struct log_line line = { .number = 0 };

    if (log_text_starts(*text, "[pod/")) {
        end = log_text_find(*text, "] ");
        bar = end == SIZE_MAX ? end : end - 1;
    }
    if (bar == SIZE_MAX || bar == 0)
        return false;
    struct bytes name = bytes_trim(bytes_slice(*text, 0, end));
    if (bytes_find(name, ' ') != SIZE_MAX)
        return false;
    around->source = name;
    *text = bytes_from(*text, bar + 3);
    log_line_peel(*text, scratch, &line);
    if (line.name.len == 0) /* else it is the one of a header of syslog */
        *text = bytes_from(*text, log_stamp_parse(*text, &around->stamp));
    return true;
}

static bool strip_header(struct bytes *text, struct buf *scratch, struct log_line *around)
{
    struct log_line line = { .number = 0 };

    log_line_peel(*text, scratch, &line);
    if (line.text.len == line.whole.len)
        return false;
    *around = line;
    *text = line.text;
    return true;
}

static bool strip_quote(struct bytes *text, struct buf *scratch, struct log_line *around)
{
    (void)scratch;
    (void)around;
    if (!log_text_skip(text, ">"))
        return false;
    (void)log_text_skip(text, " ");
    return true;
}

static bool strip_quote_twice(struct bytes *text, struct buf *scratch, struct log_line *around)
{
    struct bytes rest = *text;

    if (!log_text_skip(&rest, "> >") && !log_text_skip(&rest, ">>"))
        return false;
    (void)log_text_skip(&rest, " ");
    *text = rest;
    (void)scratch;
    (void)around;
    return true;
}

/* What stands behind a rule, up to the same at the end, if it is there; empty: it is no row of a table. */
static struct bytes between_rules(struct bytes text)
{
    static const char *const rules[] = { "|", "\xe2\x94\x82", "\xe2\x94\x83", "\xe2\x95\x91" };

    text = bytes_trim(text);
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        struct bytes rest = text;
        if (!log_text_skip(&rest, rules[i]))
            continue;
        bool is_closed = log_text_ends(rest, rules[i]);
        return bytes_slice(rest, 0, rest.len - (is_closed ? strlen(rules[i]) : 0));
    }
    return (struct bytes){ NULL, 0 };
}

bool log_wrap_is_row(struct bytes text)
{
    return between_rules(text).len > 0;
}

/* A cell is filled up with blanks. */
static bool strip_table(struct bytes *text, struct buf *scratch, struct log_line *around)
{
    struct bytes cell = between_rules(*text);

    (void)scratch;
    (void)around;
    if (cell.len == 0)
        return false;
    (void)log_text_skip(&cell, " ");
    while (cell.len > 0 && ascii_is_blank(cell.ptr[cell.len - 1]))
        cell.len--;
    *text = cell;
    return true;
}

/* A number at the beginning may be that of a process: one of a line is set in, or has a mark behind it. */
static bool strip_number(struct bytes *text, struct buf *scratch, struct log_line *around)
{
    size_t blanks = blanks_in(*text), end = blanks;

    (void)scratch;
    (void)around;
    while (end < text->len && ascii_is_digit(text->ptr[end]))
        end++;
    if (end == blanks || end - blanks > 6 || end >= text->len)
        return false;
    uint8_t mark = text->ptr[end];
    bool is_marked = mark == ':' || mark == '|' || mark == '.' || mark == ')' || mark == '\t';
    if (!is_marked && (blanks == 0 || mark != ' '))
        return false;
    *text = bytes_from(*text, end + 1);
    if (mark != ' ')
        (void)log_text_skip(text, " ");
    return true;
}

static bool strip_indent(struct bytes *text, struct buf *scratch, struct log_line *around)
{
    size_t blanks = blanks_in(*text);

    (void)scratch;
    (void)around;
    *text = bytes_from(*text, blanks);
    return blanks > 0;
}

static const struct log_wrap stream = {
    .name = "stream", .is_total = true, .is_wrapping = true, .strip = strip_stream
};
static const struct log_wrap column = {
    .name = "column", .is_total = true, .is_wrapping = true, .strip = strip_column
};
static const struct log_wrap header = { .name = "header", .strip = strip_header };
static const struct log_wrap number = { .name = "number", .is_total = true, .strip = strip_number };
const struct log_wrap log_wrap_indent = { .name = "indent", .strip = strip_indent };
const struct log_wrap log_wrap_prefix = { .name = "prefix", .is_total = true };
const struct log_wrap log_wrap_quote = {
    .name = "quote", .is_total = true, .is_wrapping = true, .strip = strip_quote
};
const struct log_wrap log_wrap_quote_twice = {
    .name = "quote twice", .is_total = true, .is_wrapping = true, .strip = strip_quote_twice
};
const struct log_wrap log_wrap_table = {
    .name = "table", .is_total = true, .is_wrapping = true, .strip = strip_table
};

const struct log_wrap *const log_wraps[] = {
    &plain,
    &log_wrap_json,
    &stream,
    &column,
    &header,
    &log_wrap_quote,
    &log_wrap_quote_twice,
    &log_wrap_table,
    &log_wrap_prefix,
    &number,
    &log_wrap_indent,
    NULL,
};
