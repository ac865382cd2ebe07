/* A command line taken apart (RFC 5321 4.1.1), as leniently as servers do. */
#include "smtp/command_line.h"

enum verb command_line_split(struct bytes line, struct bytes *word, struct bytes *argument)
{
    size_t at = 0, end;

    while (at < line.len && ascii_is_blank(line.ptr[at]))
        at++;
    for (end = at; end < line.len && !ascii_is_blank(line.ptr[end]);)
        end++;
    *word = bytes_slice(line, at, end - at);
    *argument = bytes_trim(bytes_from(line, end));
    return verb_parse(*word);
}

bool bdat_argument_parse(struct bytes argument, struct bdat_argument *out)
{
    struct bdat_argument parsed = { 0 };
    size_t digits = 0;

    while (digits < argument.len && ascii_is_digit(argument.ptr[digits]))
        digits++;
    struct bytes rest = bytes_from(argument, digits);
    if (digits == 0 || (rest.len > 0 && !ascii_is_blank(rest.ptr[0])))
        return false;
    rest = bytes_trim(rest);
    parsed.is_last = bytes_equal_nocase(rest, BYTES("LAST"));
    if (rest.len > 0 && !parsed.is_last)
        return false;
    size_t zeros = 0;
    while (zeros + 1 < digits && argument.ptr[zeros] == '0')
        zeros++;
    if (!bytes_to_u64(bytes_slice(argument, zeros, digits - zeros), &parsed.size))
        return false; /* more than any parser holds */
    parsed.is_odd = digits > 20 || parsed.size > INT32_MAX;
    *out = parsed;
    return true;
}
