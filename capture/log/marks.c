/* Marks in front of lines, and endpoints as logs write them. */
#include "log/marks.h"

static bool skip_mark(const char *mark, struct bytes *text)
{
    size_t len = strlen(mark);

    if (log_text_skip(text, mark))
        return true;
    if (len < 2 || mark[len - 1] != ' ' || text->len >= len)
        return false;
    while (len > 0 && mark[len - 1] == ' ')
        len--;
    if (text->len < len || memcmp(text->ptr, mark, len) != 0 || bytes_trim(bytes_from(*text, len)).len > 0)
        return false;
    *text = (struct bytes){ NULL, 0 };
    return true;
}

const struct log_mark *marks_skip(const struct log_mark *marks, struct bytes *text)
{
    for (; marks->text; marks++)
        if (skip_mark(marks->text, text))
            return marks;
    return NULL;
}

uint16_t marks_port(struct bytes digits)
{
    uint64_t port;

    return bytes_to_u64(digits, &port) && port <= UINT16_MAX ? (uint16_t)port : 0;
}

void marks_tell_server(struct talk *talk, struct bytes text)
{
    size_t colon = text.len;

    while (colon > 0 && ascii_is_digit(text.ptr[colon - 1]))
        colon--;
    bool has_port = colon > 1 && text.ptr[colon - 1] == ':' && colon < text.len;
    struct bytes host = has_port ? bytes_slice(text, 0, colon - 1) : text;
    bool is_bare_ipv6 = bytes_find(host, ':') != SIZE_MAX && host.ptr[0] != '[';
    if (is_bare_ipv6)
        talk_server(talk, text, 0);
    else
        talk_server(talk, host, has_port ? marks_port(bytes_from(text, colon)) : 0);
}

void marks_open(struct talk *talk, struct bytes server, bool is_tls)
{
    talk_open(talk);
    marks_tell_server(talk, server);
    if (is_tls)
        talk_enter_tls(talk);
    else
        talk_is_clear(talk);
}
