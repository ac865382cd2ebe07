/* The arguments of MAIL and RCPT (RFC 5321 4.1.2), found in what real clients send. */
#include "smtp/path.h"

static size_t skip_blanks(struct bytes b, size_t at)
{
    while (at < b.len && (b.ptr[at] == ' ' || b.ptr[at] == '\t'))
        at++;
    return at;
}

/* The same where quoted strings are in the way. */
static size_t closing_bracket_quoted(struct bytes b, size_t at)
{
    bool quoted = false;

    for (; at < b.len; at++) {
        if (quoted && b.ptr[at] == '\\')
            at++;
        else if (b.ptr[at] == '"')
            quoted = !quoted;
        else if (b.ptr[at] == '>' && !quoted)
            return at;
    }
    return SIZE_MAX;
}

/* Offset of the ">" that closes a path begun right before `at`; SIZE_MAX if none. */
static size_t closing_bracket(struct bytes b, size_t at)
{
    size_t len = bytes_find(bytes_from(b, at), '>');

    if (len == SIZE_MAX || bytes_find(bytes_slice(b, at, len), '"') != SIZE_MAX)
        return closing_bracket_quoted(b, at);
    return at + len;
}

struct envelope_argument envelope_argument_parse(struct bytes argument, struct bytes keyword)
{
    struct envelope_argument out = { 0 };

    if (!bytes_starts_nocase(argument, keyword))
        return out;
    size_t colon = skip_blanks(argument, keyword.len);
    if (colon >= argument.len || argument.ptr[colon] != ':')
        return out;
    out.has_space_before_colon = colon > keyword.len;
    size_t at = skip_blanks(argument, colon + 1);
    out.has_space_after_colon = at > colon + 1;
    size_t end;
    if (at < argument.len && argument.ptr[at] == '<') {
        at++;
        end = closing_bracket(argument, at);
        if (end == SIZE_MAX) /* a quote that is never closed, perhaps */
            end = bytes_find(bytes_from(argument, at), '>') == SIZE_MAX
                      ? argument.len
                      : at + bytes_find(bytes_from(argument, at), '>');
        out.has_brackets = end < argument.len;
    } else {
        for (end = at; end < argument.len && argument.ptr[end] != ' ' && argument.ptr[end] != '\t';)
            end++;
    }
    out.address = bytes_slice(argument, at, end - at);
    out.has_text_behind = out.has_brackets && end + 1 < argument.len && argument.ptr[end + 1] != ' '
                          && argument.ptr[end + 1] != '\t' && argument.ptr[end + 1] != '\r';
    out.parameters = bytes_trim(bytes_from(argument, out.has_brackets ? end + 1 : end));
    out.is_well_formed = out.has_brackets || out.address.len > 0;
    return out;
}

bool parameter_next(struct bytes parameters, size_t *at, struct bytes *keyword, struct bytes *value)
{
    size_t begin = skip_blanks(parameters, *at), end = begin;

    if (begin >= parameters.len)
        return false;
    while (end < parameters.len && parameters.ptr[end] != ' ' && parameters.ptr[end] != '\t')
        end++;
    struct bytes all = bytes_slice(parameters, begin, end - begin);
    size_t equals = bytes_find(all, '=');
    *keyword = equals == SIZE_MAX ? all : bytes_slice(all, 0, equals);
    *value = equals == SIZE_MAX ? (struct bytes){ NULL, 0 } : bytes_from(all, equals + 1);
    *at = end;
    return true;
}
