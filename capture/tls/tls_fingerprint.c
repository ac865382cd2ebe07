/* JA3: MD5 of version, ciphers, extensions, groups and point formats, in decimal and as they were sent.
 * JA4: counts in clear, then digests of ciphers and extensions, in hexadecimal and sorted. */
#include "tls/tls_fingerprint.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/evp.h>

#include "base/buf.h"
#include "base/digest.h"

enum { LIST_MOST = 512, TEXT_MOST = 8192, JA4_DIGEST = 12 };
enum {
    EXTENSION_SERVER_NAME = 0,
    EXTENSION_GROUPS = 10,
    EXTENSION_POINT_FORMATS = 11,
    EXTENSION_SIGNATURES = 13,
    EXTENSION_ALPN = 16,
    EXTENSION_VERSIONS = 43
};

struct list {
    uint16_t values[LIST_MOST];
    size_t count;
};

struct offer {
    uint16_t version;         /* of the hello itself */
    uint16_t highest_version; /* with the extension */
    struct list ciphers, extensions, groups, formats, signatures;
    uint8_t alpn[2]; /* first and last octet of the first name */
    bool has_name;
};

/* Values like 0x0a0a are there to be ignored (RFC 8701). */
static bool is_grease(uint16_t value)
{
    return (value & 0x0f0f) == 0x0a0a && value >> 8 == (value & 0xff);
}

static void add(struct list *list, uint16_t value)
{
    if (list->count < LIST_MOST && !is_grease(value))
        list->values[list->count++] = value;
}

static void read_list(struct list *list, struct bytes from)
{
    struct reader r = reader_over(from);

    for (size_t n = from.len / 2; n > 0; n--)
        add(list, read_be16(&r));
}

static struct bytes read_sized(struct reader *r, unsigned length_octets)
{
    size_t len = length_octets == 1 ? read_u8(r) : read_be16(r);

    return read_bytes(r, len);
}

static void read_alpn(struct offer *offer, struct bytes extension)
{
    struct reader r = reader_over(extension);

    (void)read_be16(&r);
    struct bytes name = read_sized(&r, 1);
    if (!r.ok || name.len == 0)
        return;
    offer->alpn[0] = name.ptr[0];
    offer->alpn[1] = name.ptr[name.len - 1];
}

static void read_versions(struct offer *offer, struct bytes extension)
{
    struct reader r = reader_over(extension);
    struct list versions = { .count = 0 };

    read_list(&versions, read_sized(&r, 1));
    offer->highest_version = 0;
    for (size_t i = 0; i < versions.count; i++)
        if (versions.values[i] > offer->highest_version)
            offer->highest_version = versions.values[i];
}

static void read_extension(struct offer *offer, uint16_t type, struct bytes extension)
{
    struct reader r = reader_over(extension);
    struct bytes octets;

    add(&offer->extensions, type);
    switch (type) {
    case EXTENSION_SERVER_NAME:
        offer->has_name = true;
        break;
    case EXTENSION_GROUPS:
        read_list(&offer->groups, read_sized(&r, 2));
        break;
    case EXTENSION_POINT_FORMATS:
        octets = read_sized(&r, 1);
        for (size_t i = 0; i < octets.len; i++)
            add(&offer->formats, octets.ptr[i]);
        break;
    case EXTENSION_SIGNATURES:
        read_list(&offer->signatures, read_sized(&r, 2));
        break;
    case EXTENSION_ALPN:
        read_alpn(offer, extension);
        break;
    case EXTENSION_VERSIONS:
        read_versions(offer, extension);
        break;
    default:
        break;
    }
}

static bool read_offer(struct offer *offer, struct bytes hello)
{
    struct reader r = reader_over(hello);

    offer->version = offer->highest_version = read_be16(&r);
    (void)read_bytes(&r, 32); /* random */
    (void)read_sized(&r, 1);  /* session id */
    read_list(&offer->ciphers, read_sized(&r, 2));
    (void)read_sized(&r, 1); /* compression */
    if (!r.ok)
        return false;
    struct bytes extensions = read_sized(&r, 2);
    r = reader_over(extensions);
    while (r.ok && r.at < extensions.len) {
        uint16_t type = read_be16(&r);
        struct bytes extension = read_sized(&r, 2);
        if (r.ok)
            read_extension(offer, type, extension);
    }
    return r.ok;
}

static void put_list(struct buf *out, const struct list *list, const char *format, char between)
{
    for (size_t i = 0; i < list->count; i++) {
        if (i > 0)
            buf_append_u8(out, (uint8_t)between);
        if (format[1] == 'u')
            buf_append_u64(out, list->values[i]);
        else
            buf_printf(out, "%04x", list->values[i]);
    }
}

static void put_hex(char *to, const uint8_t *octets, size_t digits)
{
    static const char hex[] = "0123456789abcdef";

    for (size_t i = 0; i < digits; i++)
        to[i] = hex[i % 2 ? octets[i / 2] & 15 : octets[i / 2] >> 4];
    to[digits] = '\0';
}

static bool make_ja3(const struct offer *offer, struct buf *text, char out[TLS_JA3_TEXT])
{
    const struct list *parts[] = { &offer->ciphers, &offer->extensions, &offer->groups, &offer->formats };
    uint8_t digest[EVP_MAX_MD_SIZE];
    size_t len = 0;

    buf_clear(text);
    buf_append_u64(text, offer->version);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        buf_append_u8(text, ',');
        put_list(text, parts[i], "%u", '-');
    }
    if (!text->ok || EVP_Q_digest(NULL, "MD5", NULL, text->ptr, text->len, digest, &len) != 1)
        return false;
    put_hex(out, digest, TLS_JA3_TEXT - 1);
    return true;
}

static int compare(const void *a, const void *b)
{
    const uint16_t *left = a, *right = b;

    return (*left > *right) - (*left < *right);
}

static void sort(struct list *list)
{
    qsort(list->values, list->count, sizeof list->values[0], compare);
}

static void put_digest(const struct buf *text, char *to)
{
    uint8_t digest[DIGEST_SHA256_LEN] = { 0 };

    if (text->len > 0)
        digest_sha256(buf_bytes(text), digest);
    put_hex(to, digest, JA4_DIGEST);
}

static const char *version_word(uint16_t version)
{
    switch (version) {
    case 0x0304:
        return "13";
    case 0x0303:
        return "12";
    case 0x0302:
        return "11";
    case 0x0301:
        return "10";
    case 0x0300:
        return "s3";
    default:
        return "00";
    }
}

static bool is_plain(uint8_t c)
{
    return ascii_is_digit(c) || (ascii_upper(c) >= 'A' && ascii_upper(c) <= 'Z');
}

/* The first and last letter of ALPN, or where they are none the first and last digit in hexadecimal. */
static void alpn_word(const struct offer *offer, char out[3])
{
    char digits[5];

    put_hex(digits, offer->alpn, 4);
    bool is_text = is_plain(offer->alpn[0]) && is_plain(offer->alpn[1]);
    out[0] = is_text ? (char)offer->alpn[0] : digits[0];
    out[1] = is_text ? (char)offer->alpn[1] : digits[3];
    out[2] = '\0';
}

static unsigned two_digits(size_t count)
{
    return count > 99 ? 99 : (unsigned)count;
}

/* Without the name and ALPN, which change with the peer. */
static void put_extensions(const struct offer *offer, struct buf *text)
{
    struct list sorted = { .count = 0 };

    for (size_t i = 0; i < offer->extensions.count; i++) {
        uint16_t type = offer->extensions.values[i];
        if (type != EXTENSION_SERVER_NAME && type != EXTENSION_ALPN)
            sorted.values[sorted.count++] = type;
    }
    sort(&sorted);
    put_list(text, &sorted, "%x", ',');
    if (offer->signatures.count > 0)
        buf_append_u8(text, '_');
    put_list(text, &offer->signatures, "%x", ',');
}

static bool make_ja4(struct offer *offer, struct buf *text, char out[TLS_JA4_TEXT])
{
    char ciphers[JA4_DIGEST + 1], extensions[JA4_DIGEST + 1], alpn[3];
    size_t cipher_count = offer->ciphers.count;

    buf_clear(text);
    sort(&offer->ciphers);
    put_list(text, &offer->ciphers, "%x", ',');
    put_digest(text, ciphers);
    bool ok = text->ok;
    buf_clear(text);
    put_extensions(offer, text);
    put_digest(text, extensions);
    alpn_word(offer, alpn);
    (void)snprintf(out, TLS_JA4_TEXT, "t%s%c%02u%02u%s_%s_%s", version_word(offer->highest_version),
                   offer->has_name ? 'd' : 'i', two_digits(cipher_count), two_digits(offer->extensions.count),
                   alpn, ciphers, extensions);
    return ok && text->ok;
}

bool tls_fingerprint(struct bytes hello, struct tls_fingerprints *out)
{
    struct offer offer = { .version = 0 };
    struct tls_fingerprints made;
    struct buf text;

    buf_init(&text, TEXT_MOST);
    bool ok =
        read_offer(&offer, hello) && make_ja3(&offer, &text, made.ja3) && make_ja4(&offer, &text, made.ja4);
    buf_release(&text);
    if (ok)
        *out = made;
    return ok;
}
