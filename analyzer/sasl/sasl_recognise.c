/* What a message is by its content, whatever mechanism was announced: a PLAIN message at a LOGIN prompt, NTLM
 * behind AUTH GSSAPI, a message whose AUTH was lost.  The answer is a word of ours, never a byte of it. */
#include "base/escape.h"
#include "sasl/sasl_der.h"
#include "sasl/sasl_gss.h"
#include "sasl/sasl_rows.h"

struct opening {
    enum side from; /* NONE: either */
    size_t len;
    const char *octets;
    const char *name;
};

#define ROW(from, octets, name)                                                                              \
    {                                                                                                        \
        SIDE_##from, sizeof(octets) - 1, octets, name                                                        \
    }

/* clang-format off */
static const struct opening openings[] = {
    ROW(NONE,   "NTLMSSP\0\1", "NTLM negotiate"),
    ROW(NONE,   "NTLMSSP\0\2", "NTLM challenge"),
    ROW(NONE,   "NTLMSSP\0\3", "NTLM authenticate"),
    ROW(CLIENT, "user=",       "XOAUTH2"),
    ROW(CLIENT, "n,a=",        "OAUTHBEARER"),
    ROW(CLIENT, "n,,\1",       "OAUTHBEARER"),
    ROW(CLIENT, "n,,n=",       "SCRAM client-first"),
    ROW(CLIENT, "y,,n=",       "SCRAM client-first"),
    ROW(CLIENT, "p=tls-",      "SCRAM client-first"),
    ROW(CLIENT, "c=biws",      "SCRAM client-final"), /* n,, y,, and p=t in base64 */
    ROW(CLIENT, "c=eSws",      "SCRAM client-final"),
    ROW(CLIENT, "c=cD10",      "SCRAM client-final"),
    ROW(SERVER, "r=",          "SCRAM server-first"),
    ROW(SERVER, "v=",          "SCRAM server-final"),
    ROW(SERVER, "e=",          "SCRAM error"),
    ROW(SERVER, "rspauth=",    "DIGEST-MD5 rspauth"),
    ROW(SERVER, "realm=",      "DIGEST-MD5 challenge"),
    ROW(SERVER, "nonce=",      "DIGEST-MD5 challenge"),
    ROW(CLIENT, "username=\"", "DIGEST-MD5 response"),
    ROW(CLIENT, "charset=utf", "DIGEST-MD5 response"),
    ROW(SERVER, "otp-",        "OTP challenge"),
    ROW(SERVER, "{\"",         "JSON"),
    ROW(CLIENT, "eyJ",         "JWT"), /* {" in base64 */
};

/* Messages that are nothing else. */
static const struct opening whole[] = {
    ROW(CLIENT, "*",    "cancel"),
    ROW(CLIENT, "\1",   "OAUTHBEARER dummy"),
};
/* clang-format on */

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static const char *look_up(const struct opening *rows, size_t count, enum side from, struct bytes message)
{
    for (size_t i = 0; i < count; i++) {
        struct bytes octets = { (const uint8_t *)rows[i].octets, rows[i].len };
        bool is_side = rows[i].from == SIDE_NONE || rows[i].from == from;
        if (is_side && bytes_equal(bytes_slice(message, 0, octets.len), octets))
            return rows[i].name;
    }
    return NULL;
}

/* By the object identifier behind 0x60 and a length; the token may be cut short. */
static const char *gss_name(struct bytes message)
{
    size_t length_octets = message.len > 1 && message.ptr[1] >= 0x80 ? message.ptr[1] & 0x7fu : 0;
    struct bytes object, rest = bytes_from(message, 2 + length_octets);

    if (message.len == 0 || message.ptr[0] != DER_APPLICATION || !der_enter(rest, DER_OBJECT, &object))
        return NULL;
    return gss_mechanism_name(object);
}

/* authzid NUL authcid NUL password */
static bool is_plain(struct bytes message)
{
    size_t nuls = 0;

    for (size_t i = 0; i < message.len; i++)
        nuls += message.ptr[i] == 0;
    return nuls == 2 && message.len > 3 && message.ptr[message.len - 1] != 0 && escape_is_utf8(message);
}

/* "<1896.697170952@postoffice.example>" */
static bool is_message_id(struct bytes message)
{
    return message.len > 4 && message.ptr[0] == '<' && message.ptr[message.len - 1] == '>'
           && bytes_find(message, '@') != SIZE_MAX && bytes_find(message, ' ') == SIZE_MAX;
}

const char *sasl_recognise(enum side from, struct bytes message)
{
    const char *name = look_up(openings, COUNT(openings), from, message);

    if (!name)
        name = gss_name(message);
    for (size_t i = 0; !name && i < COUNT(whole); i++)
        if (message.len == whole[i].len)
            name = look_up(&whole[i], 1, from, message);
    if (!name && from == SIDE_CLIENT && is_plain(message))
        name = "PLAIN";
    if (!name && from == SIDE_SERVER && is_message_id(message))
        name = "CRAM-MD5 challenge";
    return name;
}

bool sasl_proves_server(struct bytes message)
{
    struct bytes signature = BYTES("v=");

    return bytes_equal(bytes_slice(message, 0, signature.len), signature)
           || bytes_find_nocase(message, BYTES("rspauth")) != SIZE_MAX || spnego_has_checksum(message);
}
