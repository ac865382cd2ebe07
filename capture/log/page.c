/* Pages: "&lt;-  220 mx.example ESMTP<br>". */
#include "log/page.h"

#include "log/log_text.h"

static const struct {
    const char *text;
    char octet;
} entities[] = {
    { "&lt;", '<' },   { "&gt;", '>' },    { "&amp;", '&' },   { "&quot;", '"' }, { "&#34;", '"' },
    { "&#39;", '\'' }, { "&#039;", '\'' }, { "&#x27;", '\'' }, { "&nbsp;", ' ' },
};

enum { ENTITY_COUNT = sizeof entities / sizeof entities[0], TAG_MOST = 1024 };

static const char *const tags[] = {
    "br",   "p",     "pre",   "code",   "div",  "span", "html",       "body",     "head", "title",
    "meta", "style", "table", "tbody",  "tr",   "td",   "th",         "ul",       "ol",   "li",
    "b",    "i",     "em",    "strong", "font", "a",    "blockquote", "!doctype",
};

/* Takes the entity that `text` begins with off it: what it stands for; NUL: it is none. */
static char skip_entity(struct bytes *text)
{
    for (size_t i = 0; i < ENTITY_COUNT; i++)
        if (log_text_skip(text, entities[i].text))
            return entities[i].octet;
    return 0;
}

/* "<br />", "</pre>", "<span class=x>" */
static bool skip_tag(struct bytes *text)
{
    struct bytes rest = *text;

    if (!log_text_skip(&rest, "<"))
        return false;
    (void)log_text_skip(&rest, "/");
    size_t close = bytes_find(bytes_slice(rest, 0, TAG_MOST), '>'), end = 0;
    if (close == SIZE_MAX)
        return false;
    while (end < close && rest.ptr[end] != ' ' && rest.ptr[end] != '/')
        end++;
    for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++)
        if (bytes_equal_nocase(bytes_slice(rest, 0, end), bytes_of(tags[i]))) {
            *text = bytes_from(rest, close + 1);
            return true;
        }
    return false;
}

/* In a page no angle bracket stands for itself. */
static enum page_kind kind_of(struct bytes line)
{
    while (line.len > 0) {
        uint8_t first = line.ptr[0];
        char octet = first == '&' ? skip_entity(&line) : 0;
        if (octet == '<' || octet == '>')
            return PAGE_HTML;
        if (octet || skip_tag(&line))
            continue;
        if (first == '<' || first == '>')
            return PAGE_NONE;
        line = bytes_from(line, 1);
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
        char octet = skip_entity(&line);
        if (octet) {
            (void)buf_append_u8(out, (uint8_t)octet);
        } else if (!skip_tag(&line)) {
            (void)buf_append_u8(out, line.ptr[0]);
            line = bytes_from(line, 1);
        }
    }
    return buf_bytes(out);
}
