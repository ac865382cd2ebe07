/* Small readings of text. */
#include "log/log_text.h"

#include "smtp/command_line.h"
#include "smtp/reply_line.h"

bool log_text_skip(struct bytes *text, const char *prefix)
{
    if (!log_text_starts(*text, prefix))
        return false;
    *text = bytes_from(*text, strlen(prefix));
    return true;
}

bool log_text_ends(struct bytes text, const char *suffix)
{
    size_t len = strlen(suffix);

    return text.len >= len && memcmp(text.ptr + text.len - len, suffix, len) == 0;
}

size_t log_text_find(struct bytes text, const char *needle)
{
    size_t len = strlen(needle);
    const uint8_t *hit = text.len ? memmem(text.ptr, text.len, needle, len) : NULL;

    return hit ? (size_t)(hit - text.ptr) : SIZE_MAX;
}

struct bytes log_text_between(struct bytes text, const char *before, const char *after)
{
    size_t begin = log_text_find(text, before);

    if (begin == SIZE_MAX)
        return (struct bytes){ NULL, 0 };
    text = bytes_from(text, begin + strlen(before));
    size_t end = log_text_find(text, after);
    return end == SIZE_MAX ? (struct bytes){ NULL, 0 } : bytes_slice(text, 0, end);
}

struct bytes log_text_in_string(struct bytes text, size_t at)
{
    size_t quotes = 0, end = text.len;

    for (size_t i = 0; i < at; i++)
        quotes += text.ptr[i] == '"' && (i == 0 || text.ptr[i - 1] != '\\');
    while (quotes % 2 && end > at && text.ptr[end - 1] != '"')
        end--;
    return bytes_slice(text, at, (quotes % 2 && end > at ? end - 1 : text.len) - at);
}

struct bytes log_text_word(struct bytes *text)
{
    size_t end = 0;

    while (end < text->len && !ascii_is_blank(text->ptr[end]))
        end++;
    struct bytes word = bytes_slice(*text, 0, end);
    while (end < text->len && ascii_is_blank(text->ptr[end]))
        end++;
    *text = bytes_from(*text, end);
    return word;
}

bool log_text_is_stars(struct bytes text)
{
    size_t stars = 0;

    while (stars < text.len && text.ptr[stars] == '*')
        stars++;
    return stars >= 3 && stars == text.len;
}

bool log_text_is_reply(struct bytes text, uint16_t *code, bool *is_last)
{
    struct reply_line line;

    if (!reply_line_parse(text, &line) || line.is_odd)
        return false;
    *code = line.code;
    *is_last = line.is_last;
    return true;
}

bool log_text_is_command(struct bytes text)
{
    return command_line_parse(text).verb != VERB_UNKNOWN;
}

bool log_text_is_sure_command(struct bytes text)
{
    struct command_line line = command_line_parse(text);

    switch (line.verb) {
    case VERB_EHLO:
    case VERB_HELO:
    case VERB_LHLO:
        return line.argument.len > 0 && bytes_find(line.argument, ' ') == SIZE_MAX;
    case VERB_MAIL:
        return bytes_starts_nocase(line.argument, BYTES("FROM:"));
    case VERB_RCPT:
        return bytes_starts_nocase(line.argument, BYTES("TO:"));
    case VERB_DATA:
    case VERB_RSET:
    case VERB_QUIT:
    case VERB_STARTTLS:
        return line.argument.len == 0 && bytes_equal(line.word, bytes_of(verb_name(line.verb)));
    case VERB_AUTH:
        return bytes_equal(line.word, BYTES("AUTH")) && line.argument.len >= 4 && line.argument.ptr[0] >= 'A'
               && line.argument.ptr[0] <= 'Z' && line.argument.ptr[1] < 'a';
    case VERB_NOOP:
    case VERB_HELP:
    case VERB_VRFY:
    case VERB_EXPN:
    case VERB_ETRN:
    case VERB_ATRN:
    case VERB_TURN:
    case VERB_SEND:
    case VERB_SOML:
    case VERB_SAML:
    case VERB_BDAT:
    case VERB_BURL:
    case VERB_XCLIENT:
    case VERB_XFORWARD:
    case VERB_UNKNOWN:
    case VERB_COUNT:
        break;
    }
    return false;
}

static int hex_value(uint8_t c)
{
    if (ascii_is_digit(c))
        return c - '0';
    c = ascii_upper(c);
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* "\x41": its octet, and how long it is behind the backslash. */
static size_t unescape_hex(struct bytes rest, struct buf *out)
{
    int high = rest.len > 1 ? hex_value(rest.ptr[1]) : -1, low = rest.len > 2 ? hex_value(rest.ptr[2]) : -1;

    if (high < 0 || low < 0)
        return 0;
    (void)buf_append_u8(out, (uint8_t)(high << 4 | low));
    return 3;
}

/* What a backslash begins; returns how many octets behind it were taken. */
static size_t unescape(struct bytes rest, struct buf *out)
{
    static const char letters[] = "rntae0\\'\"#", octets[] = "\r\n\t\a\x1b\0\\'\"#";
    size_t taken = rest.len && rest.ptr[0] == 'x' ? unescape_hex(rest, out) : 0;
    const char *letter = rest.len && rest.ptr[0] ? strchr(letters, rest.ptr[0]) : NULL;

    if (taken || rest.len == 0)
        return taken;
    (void)buf_append_u8(out, letter ? (uint8_t)octets[letter - letters] : rest.ptr[0]);
    return 1;
}

bool log_text_unquote(struct bytes text, struct buf *out)
{
    if (text.len == 0)
        return false;
    for (size_t at = 1; at < text.len; at++) {
        if (text.ptr[at] == text.ptr[0])
            return true;
        if (text.ptr[at] == '\\')
            at += unescape(bytes_from(text, at + 1), out);
        else
            (void)buf_append_u8(out, text.ptr[at]);
    }
    return false;
}
