/* Mistakes that only the octets themselves tell, noted as facts, because what holds a credential is withheld
 * before anybody judges it. */
#include "base/escape.h"
#include "base/limits.h"
#include "sasl/sasl_rows.h"

enum {
    TWICE_LEAST = 8, /* characters: fewer are base64 by chance */
    EQUAL_LEAST = 4  /* octets of a name whose repetition means something; shorter ones are not withheld */
};

static uint32_t bit(enum sasl_slip slip)
{
    return 1u << slip;
}

static bool is_line_end(uint8_t c)
{
    return c == '\r' || c == '\n';
}

static bool ends_line(struct bytes text)
{
    return text.len > 0 && is_line_end(text.ptr[text.len - 1]);
}

/* Line ends, NULs and the octet 0x01 have their place in messages. */
static size_t count_controls(struct bytes text)
{
    size_t count = 0;

    for (size_t i = 0; i < text.len; i++)
        count += (text.ptr[i] < 0x20 && text.ptr[i] > 1 && !is_line_end(text.ptr[i])) || text.ptr[i] == 0x7f;
    return count;
}

/* Octets that no single-byte character set gives to letters. */
static size_t count_c1(struct bytes text)
{
    size_t count = 0;

    for (size_t i = 0; i < text.len; i++)
        count += text.ptr[i] >= 0x80 && text.ptr[i] < 0xa0;
    return count;
}

/* What comes of letters that were never put into base64 and are taken out of it all the same. */
static bool is_noise(struct bytes text)
{
    return !escape_is_utf8(text) && (count_controls(text) > 0 || count_c1(text) > 1);
}

/* Base64 of a text.  A password of random letters decodes to octets that are none: so do those that Amazon
 * SES gives out, which are base64 by nature. */
static bool is_base64_of_text(struct bytes text)
{
    struct buf inner;

    if (ends_line(text))
        text.len -= text.len > 1 && is_line_end(text.ptr[text.len - 2]) ? 2 : 1;
    if (text.len < TWICE_LEAST || text.len % 4 != 0)
        return false;
    buf_init(&inner, LIMIT_SASL_TOKEN);
    bool is_text = base64_decode(text, &inner, NULL) == BASE64_FINE && inner.len > 0
                   && count_controls(buf_bytes(&inner)) == 0 && escape_is_utf8(buf_bytes(&inner));
    if (inner.ptr)
        explicit_bzero(inner.ptr, inner.cap);
    buf_release(&inner);
    return is_text;
}

static const char *const nul_escapes[] = { "\\0", "\\x00", "\\u0000", "%00", "^@", "&#0;", "<NUL>", NULL };

static bool holds_any(struct bytes text, const char *const words[])
{
    for (size_t i = 0; words[i]; i++)
        if (bytes_find_nocase(text, bytes_of(words[i])) != SIZE_MAX)
            return true;
    return false;
}

/* RFC 4616 2 wants two NULs.  Where they lack, something else stands there. */
static uint32_t nul_slips(struct bytes message, uint32_t nul_count)
{
    static const char *const replacement[] = { "\xef\xbf\xbd", NULL };

    if (nul_count >= 2)
        return 0;
    if (holds_any(message, replacement))
        return bit(SASL_SLIP_NUL_AS_U_FFFD);
    if (holds_any(message, nul_escapes))
        return bit(SASL_SLIP_NUL_AS_ESCAPE);
    if (bytes_find(message, '\t') != SIZE_MAX)
        return bit(SASL_SLIP_NUL_AS_TAB);
    if (nul_count == 0 && bytes_find(message, ' ') != SIZE_MAX)
        return bit(SASL_SLIP_NUL_AS_SPACE);
    return nul_count == 0 && bytes_find(message, ':') != SIZE_MAX ? bit(SASL_SLIP_NUL_AS_COLON) : 0;
}

static bool is_address(struct bytes text)
{
    size_t at = bytes_find(text, '@');

    return at != SIZE_MAX && at > 0 && bytes_find(bytes_from(text, at), '.') != SIZE_MAX
           && bytes_find(text, ' ') == SIZE_MAX;
}

static const struct sasl_field *name_before(const struct sasl_context *context, const struct sasl_step *step)
{
    const struct sasl_step *earlier = context->exchange ? context->exchange->steps : step;

    for (; earlier < step; earlier++) {
        const struct sasl_field *name = sasl_step_field(earlier, "username");
        if (name && !name->is_redacted)
            return name;
    }
    return NULL;
}

/* An answer of LOGIN, compared with the name that was given in the steps before. */
static uint32_t place_slips(const struct sasl_context *context, const struct sasl_step *step)
{
    const struct sasl_field *password = sasl_step_field(step, "password");
    const struct sasl_field *answer = password ? password : sasl_step_field(step, "username");
    const struct sasl_field *name = answer ? name_before(context, step) : NULL;

    if (!name)
        return 0;
    if (bytes_equal(name->value, answer->value))
        return !password || name->length >= EQUAL_LEAST ? bit(SASL_SLIP_SAME_AS_NAME) : 0;
    return password && is_address(password->value) && !is_address(name->value)
               ? bit(SASL_SLIP_NAME_AS_PASSWORD)
               : 0;
}

/* The fields of PLAIN and LOGIN; in those of others base64 may have its place. */
static uint32_t field_slips(const struct sasl_step *step)
{
    uint32_t slips = 0;

    for (uint32_t i = 0; i < step->field_count; i++) {
        if (is_base64_of_text(step->fields[i].value))
            slips |= bit(SASL_SLIP_BASE64_TWICE);
        if (ends_line(step->fields[i].value))
            slips |= bit(SASL_SLIP_LINE_END);
    }
    return slips;
}

uint32_t sasl_slips_of(const struct sasl_mechanism *mechanism, const struct sasl_context *context,
                       const struct sasl_step *step)
{
    bool is_plain = mechanism == &sasl_mechanism_plain, is_login = mechanism == &sasl_mechanism_login;
    uint32_t slips = 0;

    if (!mechanism || !mechanism->is_text || step->problem != BASE64_FINE || step->decoded.len == 0)
        return 0;
    if (is_noise(step->decoded))
        return bit(SASL_SLIP_NO_TEXT);
    if (is_base64_of_text(step->decoded))
        slips |= bit(SASL_SLIP_BASE64_TWICE);
    if (ends_line(step->decoded))
        slips |= bit(SASL_SLIP_LINE_END);
    if (is_plain || is_login)
        slips |= field_slips(step);
    if (is_plain)
        slips |= nul_slips(step->decoded, step->nul_count);
    if (is_login)
        slips |= place_slips(context, step);
    return slips;
}
