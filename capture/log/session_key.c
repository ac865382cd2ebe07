/* What may stand in brackets in front of a line, and what of it is the id of a session.
 *     Mon 2026-11-23 10:00:01: [12:1] --> 220 mx.example          MDaemon
 *     192.0.2.9 [00000A1C] 10:00:01 >>> 220 mx.example            IceWarp
 *     [23-Nov-2026 10:00:01 +0000]: <jda6fsgn> Recv: 220 ...      Roundcube
 * Levels, times, places in the source and elapsed times stand there as well. */
#include "log/session_key.h"

#include <string.h>

#include "base/address.h"

enum { KEY_LEAST = 2, KEY_MOST = 64, LETTERS_LEAST = 6 };

/* What the octets of a text in brackets are. */
struct shape {
    size_t digits, upper, lower, dots, colons, others;
};

static struct shape shape_of(struct bytes text)
{
    struct shape shape = { 0 };

    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        if (ascii_is_digit(c))
            shape.digits++;
        else if (c >= 'A' && c <= 'Z')
            shape.upper++;
        else if (c >= 'a' && c <= 'z')
            shape.lower++;
        else if (c == '.')
            shape.dots++;
        else if (c == ':')
            shape.colons++;
        else if (!c || !strchr("-_#/", c))
            shape.others++;
    }
    return shape;
}

/* "192.0.2.9", "192.0.2.9:4000", "[2001:db8::9]:4000" without its first bracket. */
static bool is_endpoint(struct bytes text)
{
    struct address address;
    size_t colon = text.len;

    if (address_parse(text, &address))
        return true;
    while (colon > 0 && text.ptr[colon - 1] != ':')
        colon--;
    return colon > 0 && address_parse(bytes_slice(text, 0, colon - 1), &address);
}

/* "smtp.c:123", "SmtpClient:123": a place in the source, another for each line. */
static bool is_place(struct bytes text, const struct shape *shape)
{
    size_t colon = bytes_find(text, ':');

    return shape->colons == 1 && colon > 2 && shape->digits == text.len - colon - 1
           && shape->upper + shape->lower > 2;
}

/* "12ms", "3s": a duration. */
static bool is_duration(struct bytes text, const struct shape *shape)
{
    return shape->digits > 0 && text.ptr[text.len - 1] == 's' && shape->lower <= 2
           && shape->digits + shape->lower == text.len;
}

/* "10:00:01", "2026-11-23" */
static bool is_time(struct bytes text, const struct shape *shape)
{
    bool is_number = shape->upper + shape->lower == 0;
    bool is_date = text.len > 7 && text.ptr[4] == '-' && text.ptr[7] == '-';

    return is_number && (shape->colons == 2 || is_date);
}

static enum session_key_kind kind_of(struct bytes text)
{
    struct shape shape = shape_of(text);

    if (text.len < KEY_LEAST || text.len > KEY_MOST || shape.others > 0)
        return SESSION_KEY_NONE;
    if (is_endpoint(text))
        return SESSION_KEY_SURE;
    if (shape.dots > 0 || is_place(text, &shape) || is_duration(text, &shape) || is_time(text, &shape))
        return SESSION_KEY_NONE;
    if (shape.digits == text.len)
        return SESSION_KEY_WEAK;
    if (shape.digits > 0)
        return SESSION_KEY_SURE;
    return shape.upper == text.len && text.len >= LETTERS_LEAST ? SESSION_KEY_WEAK : SESSION_KEY_NONE;
}

enum session_key_kind session_key_find(struct bytes prefix, struct bytes *out)
{
    static const char opening[] = "[<({", closing[] = "]>)}";
    enum session_key_kind found = SESSION_KEY_NONE;

    for (size_t i = 0; i < prefix.len; i++) {
        const char *open = prefix.ptr[i] ? strchr(opening, prefix.ptr[i]) : NULL;
        if (!open)
            continue;
        struct bytes rest = bytes_from(prefix, i + 1);
        size_t end = bytes_find(rest, (uint8_t)closing[open - opening]);
        if (end == SIZE_MAX)
            continue;
        struct bytes inside = bytes_slice(rest, 0, end);
        enum session_key_kind kind = kind_of(inside);
        if (kind == SESSION_KEY_NONE || kind < found)
            continue;
        found = kind;
        *out = inside;
    }
    return found;
}
