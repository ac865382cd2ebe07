/* The usual ways in which the right password becomes a wrong one. */
#include "base/base64.h"
#include "base/escape.h"
#include "sasl/sasl_verify_rows.h"

static bool with_lf(struct bytes password, struct sasl_secret *out)
{
    sasl_secret_add(out, password);
    sasl_secret_add_text(out, "\n");
    return true;
}

static bool with_crlf(struct bytes password, struct sasl_secret *out)
{
    sasl_secret_add(out, password);
    sasl_secret_add_text(out, "\r\n");
    return true;
}

static bool is_ascii(struct bytes password)
{
    for (size_t i = 0; i < password.len; i++)
        if (password.ptr[i] > 0x7f)
            return false;
    return true;
}

/* From UTF-8; only characters up to U+00FF have a place in it. */
static bool in_latin1(struct bytes password, struct sasl_secret *out)
{
    if (is_ascii(password) || !escape_is_utf8(password))
        return false;
    for (size_t i = 0; i < password.len; i++) {
        uint8_t c = password.ptr[i];
        if (c > 0x7f) {
            if (c > 0xc3 || i + 1 >= password.len)
                return false;
            c = (uint8_t)(c << 6 | (password.ptr[++i] & 0x3f));
        }
        sasl_secret_add(out, (struct bytes){ &c, 1 });
    }
    return true;
}

/* From ISO-8859-1. */
static bool in_utf8(struct bytes password, struct sasl_secret *out)
{
    if (escape_is_utf8(password))
        return false;
    for (size_t i = 0; i < password.len; i++) {
        uint8_t c = password.ptr[i];
        const uint8_t two[2] = { (uint8_t)(0xc0 | c >> 6), (uint8_t)(0x80 | (c & 0x3f)) };
        sasl_secret_add(out, c > 0x7f ? (struct bytes){ two, 2 } : (struct bytes){ &c, 1 });
    }
    return true;
}

static bool in_base64(struct bytes password, struct sasl_secret *out)
{
    struct buf text;

    buf_init(&text, SASL_SECRET_MOST);
    bool ok = base64_encode(password, &text);
    if (ok)
        sasl_secret_add(out, buf_bytes(&text));
    if (text.ptr)
        explicit_bzero(text.ptr, text.cap);
    buf_release(&text);
    return ok;
}

/* What SASLprep (RFC 4013 2.1, 2.2) does to a few characters that get into passwords by copying them: spaces
 * of other kinds become one, soft hyphens and marks of no width vanish. */
static const struct {
    const char *from, *to;
} prepared[] = {
    { "\xc2\xa0", " " },     { "\xe2\x80\x80", " " }, { "\xe2\x80\x82", " " }, { "\xe2\x80\x83", " " },
    { "\xe2\x80\x89", " " }, { "\xe2\x80\xaf", " " }, { "\xe3\x80\x80", " " }, { "\xc2\xad", "" },
    { "\xe2\x80\x8b", "" },  { "\xe2\x80\x8d", "" },  { "\xef\xbb\xbf", "" },
};

/* U+FF01 to U+FF5E are the full-width forms of ASCII: NFKC makes them narrow. */
static size_t prepare_one(struct bytes rest, struct sasl_secret *out)
{
    for (size_t i = 0; i < sizeof prepared / sizeof prepared[0]; i++) {
        struct bytes from = bytes_of(prepared[i].from);
        if (bytes_equal(bytes_slice(rest, 0, from.len), from)) {
            sasl_secret_add_text(out, prepared[i].to);
            return from.len;
        }
    }
    if (rest.len >= 3 && rest.ptr[0] == 0xef && (rest.ptr[1] == 0xbc || rest.ptr[1] == 0xbd)) {
        unsigned low = (rest.ptr[1] & 3u) << 6 | (rest.ptr[2] & 0x3fu);
        if (low >= 1 && low <= 0x5e) {
            const uint8_t narrow = (uint8_t)(low + 0x20);
            sasl_secret_add(out, (struct bytes){ &narrow, 1 });
            return 3;
        }
    }
    sasl_secret_add(out, bytes_slice(rest, 0, 1));
    return 1;
}

static bool in_saslprep(struct bytes password, struct sasl_secret *out)
{
    if (is_ascii(password))
        return false;
    for (size_t at = 0; at < password.len;)
        at += prepare_one(bytes_from(password, at), out);
    return !bytes_equal(sasl_secret_bytes(out), password);
}

static bool trimmed(struct bytes password, struct sasl_secret *out)
{
    struct bytes inner = bytes_trim(password);

    sasl_secret_add(out, inner);
    return inner.len > 0 && inner.len < password.len;
}

static const struct {
    bool (*make)(struct bytes password, struct sasl_secret *out);
    const char *slip;
} variants[SASL_VARIANTS] = {
    { NULL, NULL },
    { with_lf, "It does with a line feed behind the password: the client sent the line end along (echo "
               "without -n, or a file read with its last line end)." },
    { with_crlf, "It does with CR and LF behind the password: the client sent the line end along." },
    { in_latin1, "It does with the password in ISO-8859-1: the client did not encode it in UTF-8." },
    { in_utf8, "It does with the password in UTF-8; the one given is in ISO-8859-1." },
    { in_base64, "It does with the password in base64: the client encoded it twice." },
    { in_saslprep,
      "It does with the password prepared by SASLprep (spaces and widths made plain); one of the two sides "
      "does not prepare it." },
    { trimmed, "It does without the blanks around the password." },
};

bool sasl_variant(size_t at, struct bytes password, struct sasl_secret *out, const char **slip)
{
    *out = (struct sasl_secret){ .len = 0 };
    *slip = variants[at].slip;
    if (variants[at].make)
        return variants[at].make(password, out) && !out->is_full;
    sasl_secret_add(out, password);
    return !out->is_full;
}
