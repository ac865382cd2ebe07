/* Pages: "&lt;-  220 mx.example ESMTP<br>". */
#include "log/page.h"

#include "log/log_text.h"

static const struct {
    const char *text;
    char octet; /* NUL: none stands in its place */
} rows[] = {
    { "&lt;", '<' },   { "&gt;", '>' },    { "&amp;", '&' },   { "&quot;", '"' }, { "&#34;", '"' },
    { "&#39;", '\'' }, { "&#039;", '\'' }, { "&#x27;", '\'' }, { "&nbsp;", ' ' }, { "<br>", 0 },
    { "<br/>", 0 },    { "<br />", 0 },    { "<pre>", 0 },     { "</pre>", 0 },   { "<code>", 0 },
    { "</code>", 0 },  { "<p>", 0 },       { "</p>", 0 },
};

enum { ROW_COUNT = sizeof rows / sizeof rows[0] };

/* Takes the entity or tag that `text` begins with off it: its row, or ROW_COUNT. */
static size_t skip_row(struct bytes *text)
{
    size_t row = 0;

    while (row < ROW_COUNT && !log_text_skip(text, rows[row].text))
        row++;
    return row;
}

/* In a page no angle bracket stands for itself. */
static enum page_kind kind_of(struct bytes line)
{
    while (line.len > 0) {
        uint8_t first = line.ptr[0];
        size_t row = first == '&' || first == '<' ? skip_row(&line) : ROW_COUNT;
        if (row < ROW_COUNT && (rows[row].octet == '<' || rows[row].octet == '>'))
            return PAGE_HTML;
        if (row == ROW_COUNT && (first == '<' || first == '>'))
            return PAGE_NONE;
        line = bytes_from(line, row == ROW_COUNT);
    }
    return PAGE_UNKNOWN;
}

struct bytes page_strip(struct bytes line, enum page_kind *kind, struct buf *out)
{
    if (*kind == PAGE_UNKNOWN)
        *kind = kind_of(line);
    if (*kind == PAGE_NONE || (bytes_find(line, '&') == SIZE_MAX && bytes_find(line, '<') == SIZE_MAX))
        return line;
    buf_clear(out);
    while (line.len > 0) {
        size_t row = skip_row(&line);
        if (row == ROW_COUNT) {
            (void)buf_append_u8(out, line.ptr[0]);
            line = bytes_from(line, 1);
        } else if (rows[row].octet) {
            (void)buf_append_u8(out, (uint8_t)rows[row].octet);
        }
    }
    return buf_bytes(out);
}
