/* What makes two replies, or two names of hosts, alike. */
#include "incident/likeness.h"

static bool is_word(uint8_t c)
{
    return ascii_is_digit(c) || (ascii_upper(c) >= 'A' && ascii_upper(c) <= 'Z') || c >= 0x80;
}

/* Inside a token: host names and addresses of mail hang together by these. */
static bool is_joint(uint8_t c)
{
    return c == '.' || c == '@' || c == '-' || c == '_' || c == ':' || c == '+' || c == '=';
}

static size_t token_end(struct bytes text, size_t at)
{
    while (at < text.len
           && (is_word(text.ptr[at])
               || (is_joint(text.ptr[at]) && at + 1 < text.len && is_word(text.ptr[at + 1]))))
        at++;
    return at;
}

/* Letters of both cases in the middle of a long word: an id in base 62. */
static bool is_mixed(struct bytes word)
{
    unsigned changes = 0;

    for (size_t i = 2; i < word.len; i++)
        changes += (word.ptr[i] >= 'a') != (word.ptr[i - 1] >= 'a');
    return word.len >= 9 && changes >= 4;
}

static void put_word(struct bytes word, struct buf *out)
{
    bool has_digit = false;

    for (size_t i = 0; i < word.len; i++)
        has_digit = has_digit || ascii_is_digit(word.ptr[i]);
    if (has_digit || is_mixed(word))
        buf_append_u8(out, '#');
    else
        for (size_t i = 0; i < word.len; i++)
            buf_append_u8(out, ascii_upper(word.ptr[i]));
}

/* A token with an @ is an address; otherwise word by word, so that "app-01.example" and "app-02.example" are
 * alike and "a.example" and "b.example" are not. */
static void put_token(struct bytes token, struct buf *out)
{
    if (bytes_find(token, '@') != SIZE_MAX) {
        buf_append_u8(out, '@');
        return;
    }
    for (size_t at = 0; at < token.len;) {
        size_t end = at;
        while (end < token.len && is_word(token.ptr[end]))
            end++;
        put_word(bytes_slice(token, at, end - at), out);
        if (end < token.len)
            buf_append_u8(out, token.ptr[end++]);
        at = end;
    }
}

void likeness_of(struct bytes text, struct buf *out)
{
    for (size_t at = 0; at < text.len;) {
        size_t end = token_end(text, at);
        if (end > at) {
            put_token(bytes_slice(text, at, end - at), out);
            at = end;
            continue;
        }
        size_t close = text.ptr[at] == '<' ? bytes_find(bytes_from(text, at), '>') : SIZE_MAX;
        if (close != SIZE_MAX) {
            buf_append_text(out, "<>");
            at += close + 1;
            continue;
        }
        buf_append_u8(out, text.ptr[at++]);
    }
}
