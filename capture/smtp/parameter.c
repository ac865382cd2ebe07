/* What stands behind the path of MAIL and RCPT: which extension each parameter belongs to, and what its value
 * may be. */
#include "smtp/parameter.h"

static bool value_none(struct bytes value)
{
    return value.len == 0;
}

static bool value_optional(struct bytes value)
{
    (void)value;
    return true;
}

static bool value_any(struct bytes value)
{
    return value.len > 0;
}

static bool value_number(struct bytes value)
{
    size_t digits = 0;

    while (digits < value.len && ascii_is_digit(value.ptr[digits]))
        digits++;
    return digits == value.len && digits > 0 && digits <= 20;
}

static bool is_one_of(struct bytes value, const char *const *words)
{
    for (size_t i = 0; words[i]; i++)
        if (bytes_equal_nocase(value, bytes_of(words[i])))
            return true;
    return false;
}

static bool value_body(struct bytes value)
{
    static const char *const words[] = { "7BIT", "8BITMIME", "BINARYMIME", NULL };

    return is_one_of(value, words);
}

static bool value_ret(struct bytes value)
{
    static const char *const words[] = { "FULL", "HDRS", NULL };

    return is_one_of(value, words);
}

/* NEVER, or a list of the others. */
static bool value_notify(struct bytes value)
{
    static const char *const words[] = { "SUCCESS", "FAILURE", "DELAY", NULL };

    if (bytes_equal_nocase(value, BYTES("NEVER")))
        return true;
    for (size_t comma; (comma = bytes_find(value, ',')) != SIZE_MAX; value = bytes_from(value, comma + 1))
        if (!is_one_of(bytes_slice(value, 0, comma), words))
            return false;
    return is_one_of(value, words);
}

static bool is_hex(struct bytes value, size_t at)
{
    uint8_t c = at < value.len ? ascii_upper(value.ptr[at]) : 0;

    return ascii_is_digit(c) || (c >= 'A' && c <= 'F');
}

/* RFC 3461 4: printable ASCII, but for "+" and "=", which are written as "+" and two hex digits. */
static bool value_xtext(struct bytes value)
{
    for (size_t i = 0; i < value.len; i++) {
        uint8_t c = value.ptr[i];
        if (c <= ' ' || c > '~' || c == '=' || (c == '+' && !(is_hex(value, i + 1) && is_hex(value, i + 2))))
            return false;
    }
    return value.len > 0;
}

/* "rfc822;" and xtext; with "utf-8;" there are other ways to write it (RFC 6533 3). */
static bool value_typed_xtext(struct bytes value)
{
    size_t semicolon = bytes_find(value, ';');

    if (semicolon == SIZE_MAX || semicolon == 0 || semicolon + 1 == value.len)
        return false;
    return bytes_starts_nocase(value, BYTES("utf-8;")) || value_xtext(bytes_from(value, semicolon + 1));
}

static bool value_mailbox(struct bytes value)
{
    return bytes_equal(value, BYTES("<>")) || value_xtext(value);
}

/* "[-]seconds;R" or N, with T behind it or not. */
static bool value_deliver_by(struct bytes value)
{
    size_t semicolon = bytes_find(value, ';'), sign = value.len > 0 && value.ptr[0] == '-';
    struct bytes mode = semicolon == SIZE_MAX ? value : bytes_from(value, semicolon + 1);

    if (semicolon == SIZE_MAX || !value_number(bytes_slice(value, sign, semicolon - sign)))
        return false;
    if (mode.len == 2 && ascii_upper(mode.ptr[1]) == 'T')
        mode.len = 1;
    return bytes_equal_nocase(mode, BYTES("R")) || bytes_equal_nocase(mode, BYTES("N"));
}

static bool value_date(struct bytes value)
{
    return value.len >= 20 && value_number(bytes_slice(value, 0, 4)) && value.ptr[4] == '-'
           && ascii_upper(value.ptr[10]) == 'T';
}

static bool value_priority(struct bytes value)
{
    size_t sign = value.len > 0 && value.ptr[0] == '-';

    return value.len == sign + 1 && ascii_is_digit(value.ptr[sign]);
}

static const struct parameter parameters[] = {
#define PARAMETER(keyword_, extension_, verb_, value)                                                        \
    { .keyword = (keyword_),                                                                                 \
      .extension = EXTENSION_##extension_,                                                                   \
      .verb = VERB_##verb_,                                                                                  \
      .accepts = value_##value },
#include "smtp/parameters.def"
#undef PARAMETER
};

const struct parameter *parameter_find(struct bytes keyword)
{
    for (size_t i = 0; i < sizeof parameters / sizeof parameters[0]; i++)
        if (bytes_equal_nocase(keyword, bytes_of(parameters[i].keyword)))
            return &parameters[i];
    return NULL;
}

unsigned parameter_ordinal(const struct parameter *parameter)
{
    return (unsigned)(parameter - parameters);
}

enum extension parameter_extension(const struct parameter *parameter, struct bytes value)
{
    bool is_binary =
        parameter->extension == EXTENSION_EIGHTBITMIME && bytes_equal_nocase(value, BYTES("BINARYMIME"));

    return is_binary ? EXTENSION_BINARYMIME : parameter->extension;
}
