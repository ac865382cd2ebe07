/* Names and their pseudonyms. */
#include "report/pseudonyms.h"

#include "base/limits.h"
#include "base/siphash.h"
#include "smtp/verb.h"

#include <stdlib.h>
#include <sys/random.h>

enum { TABLE = LIMIT_PSEUDONYMS * 2, WORD_LEAST = 3, WORD_MOST = 256 };

enum name_kind { NAME_NONE = 0, NAME_IPV4, NAME_IPV6, NAME_HOST, NAME_USER, NAME_KINDS };

struct name {
    uint64_t hash; /* of kind and name in lower case; 0: free */
    uint32_t number;
};

struct pseudonyms {
    uint64_t key[2];
    struct name table[TABLE];
    uint32_t used;
    uint32_t count[NAME_KINDS];
};

struct pseudonyms *pseudonyms_new(void)
{
    struct pseudonyms *pseudonyms = calloc(1, sizeof *pseudonyms);

    /* Without randomness the table is only slower for names that were chosen to fall together. */
    if (pseudonyms && getrandom(pseudonyms->key, sizeof pseudonyms->key, GRND_NONBLOCK) < 0)
        pseudonyms->key[0] = 1;
    return pseudonyms;
}

void pseudonyms_free(struct pseudonyms *pseudonyms)
{
    free(pseudonyms);
}

static uint64_t hash_of(const struct pseudonyms *pseudonyms, enum name_kind kind, struct bytes name)
{
    struct siphash hash;
    uint8_t lower[WORD_MOST];
    size_t len = name.len < sizeof lower ? name.len : sizeof lower;

    for (size_t i = 0; i < len; i++)
        lower[i] = ascii_upper(name.ptr[i]);
    siphash_start(&hash, pseudonyms->key);
    siphash_add_number(&hash, kind);
    siphash_add_part(&hash, (struct bytes){ lower, len });
    uint64_t value = siphash_value(&hash);
    return value ? value : 1;
}

static struct name *place_of(struct pseudonyms *pseudonyms, uint64_t hash)
{
    size_t at = (size_t)hash % TABLE;

    while (pseudonyms->table[at].hash && pseudonyms->table[at].hash != hash)
        at = (at + 1) % TABLE;
    return &pseudonyms->table[at];
}

/* Its number, from 1; 0 when there is no room for more. */
static uint32_t number_of(struct pseudonyms *pseudonyms, enum name_kind kind, struct bytes text)
{
    uint64_t hash = hash_of(pseudonyms, kind, text);
    struct name *name = place_of(pseudonyms, hash);

    if (name->hash)
        return name->number;
    if (pseudonyms->used == LIMIT_PSEUDONYMS)
        return 0;
    pseudonyms->used++;
    *name = (struct name){ hash, ++pseudonyms->count[kind] };
    return name->number;
}

static void put_ipv4(uint32_t number, struct buf *out)
{
    static const char *const nets[] = { "192.0.2.", "198.51.100.", "203.0.113." };

    if (number && number <= 3 * 254)
        buf_printf(out, "%s%u", nets[(number - 1) / 254], (number - 1) % 254 + 1);
    else
        buf_printf(out, "100.64.%u.%u", number >> 8 & 255, number & 255);
}

static void put_name(struct pseudonyms *pseudonyms, enum name_kind kind, struct bytes text, struct buf *out)
{
    uint32_t number = number_of(pseudonyms, kind, text);

    if (kind == NAME_IPV4)
        put_ipv4(number, out);
    else if (kind == NAME_IPV6)
        buf_printf(out, "2001:db8::%x", number);
    else
        buf_printf(out, kind == NAME_HOST ? "host%u.example" : "user%u", number);
}

static bool is_letter(uint8_t c)
{
    uint8_t upper = ascii_upper(c);

    return (upper >= 'A' && upper <= 'Z') || c >= 0x80;
}

static bool is_name(uint8_t c)
{
    return is_letter(c) || ascii_is_digit(c) || c == '-' || c == '_';
}

/* Words that any session holds. */
static bool is_common(struct bytes word)
{
    static const char *const words[] = { "postmaster", "user",   "example", "localhost", "smtp",
                                         "esmtp",      "login",  "plain",   "from",      "username",
                                         "password",   "octets", "withheld" };

    if (verb_parse(word) != VERB_UNKNOWN)
        return true;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (bytes_equal_nocase(word, bytes_of(words[i])))
            return true;
    return false;
}

void pseudonyms_learn(struct pseudonyms *pseudonyms, struct bytes name)
{
    size_t at = bytes_find(name, '@');
    struct bytes user = bytes_slice(name, 0, at);

    for (size_t i = 0; i < user.len; i++)
        if (!is_name(user.ptr[i]))
            return; /* a host name, an address: found by its look */
    if (user.len >= WORD_LEAST && !is_common(user))
        (void)number_of(pseudonyms, NAME_USER, user);
}

static bool is_learned(struct pseudonyms *pseudonyms, struct bytes word)
{
    return word.len >= WORD_LEAST && place_of(pseudonyms, hash_of(pseudonyms, NAME_USER, word))->hash;
}

/* An IP address at the begin of the text; 0: none. */
static size_t address_at(struct bytes text, enum name_kind *kind)
{
    size_t len = 0, colons = 0;
    struct address address;

    while (len < text.len && len < ADDRESS_TEXT
           && (ascii_is_digit(text.ptr[len]) || text.ptr[len] == '.' || text.ptr[len] == ':'
               || (ascii_upper(text.ptr[len]) >= 'A' && ascii_upper(text.ptr[len]) <= 'F'))) {
        colons += text.ptr[len] == ':';
        len++;
    }
    /* Behind an IPv4 address may stand a port, behind any a full stop. */
    if (colons == 1 && bytes_find(text, ':') < len)
        len = bytes_find(text, ':');
    while (len > 0 && (text.ptr[len - 1] == '.' || text.ptr[len - 1] == ':'))
        len--;
    if (len < 3 || !address_parse(bytes_slice(text, 0, len), &address))
        return 0;
    *kind = address.family == 4 ? NAME_IPV4 : NAME_IPV6;
    return len;
}

/* A host name of two labels or more whose last one is of letters, as top-level domains are. */
static size_t host_at(struct bytes text)
{
    size_t len = 0, label = 0, dots = 0;

    while (len < text.len && (is_name(text.ptr[len]) || text.ptr[len] == '.')) {
        if (text.ptr[len] == '.') {
            if (len + 1 >= text.len || !is_name(text.ptr[len + 1]))
                break;
            dots++;
            label = len + 1;
        }
        len++;
    }
    if (dots == 0 || len - label < 2)
        return 0;
    for (size_t i = label; i < len; i++)
        if (!is_letter(text.ptr[i]) && !(ascii_upper(text.ptr[label]) == 'X' && is_name(text.ptr[i])))
            return 0; /* a number of a version; xn-- is a name */
    return len;
}

/* The local part in front of an @, quoted or not; 0: there is none. */
static size_t local_at(struct bytes text)
{
    size_t len = 0;

    if (text.ptr[0] == '"') {
        size_t close = bytes_find(bytes_from(text, 1), '"');
        return close != SIZE_MAX && close + 2 < text.len && text.ptr[close + 2] == '@' ? close + 2 : 0;
    }
    while (len < text.len && text.ptr[len] > ' ' && !memchr("<>@:;,()[]\"\\", text.ptr[len], 12))
        len++;
    return len > 0 && len < text.len && text.ptr[len] == '@' ? len : 0;
}

/* What follows the @: a host name, an address in brackets, or a bare name. */
static size_t put_domain(struct pseudonyms *pseudonyms, struct bytes text, struct buf *out)
{
    size_t len = host_at(text);

    while (len == 0 && text.len > 0 && len < text.len && is_name(text.ptr[len]))
        len++;
    if (len)
        put_name(pseudonyms, NAME_HOST, bytes_slice(text, 0, len), out);
    return len;
}

static size_t put_word(struct pseudonyms *pseudonyms, struct bytes text, struct buf *out)
{
    size_t len = 0;

    while (len < text.len && is_name(text.ptr[len]))
        len++;
    struct bytes word = bytes_slice(text, 0, len);
    if (is_learned(pseudonyms, word))
        put_name(pseudonyms, NAME_USER, word, out);
    else
        (void)buf_append(out, word);
    return len;
}

/* One name, or one character, from the begin of the text; how much it took. */
static size_t put_next(struct pseudonyms *pseudonyms, struct bytes text, struct buf *out)
{
    enum name_kind kind = NAME_NONE;
    size_t len = local_at(text);

    if (len) {
        if (!is_common(bytes_slice(text, 0, len)))
            put_name(pseudonyms, NAME_USER, bytes_slice(text, 0, len), out);
        else
            (void)buf_append(out, bytes_slice(text, 0, len));
        buf_append_u8(out, '@');
        return len + 1 + put_domain(pseudonyms, bytes_from(text, len + 1), out);
    }
    len = address_at(text, &kind);
    if (!len && (len = host_at(text)) > 0)
        kind = NAME_HOST;
    if (len) {
        put_name(pseudonyms, kind, bytes_slice(text, 0, len), out);
        return len;
    }
    if (is_name(text.ptr[0]))
        return put_word(pseudonyms, text, out);
    buf_append_u8(out, text.ptr[0]);
    return 1;
}

void pseudonyms_text(struct pseudonyms *pseudonyms, struct bytes text, struct buf *out)
{
    while (text.len)
        text = bytes_from(text, put_next(pseudonyms, text, out));
}
