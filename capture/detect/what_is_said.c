/* The first bytes of a payload, and which protocol says such a thing. */
#include "detect/detect_internal.h"

struct sign {
    const char *prefix; /* in upper case, of any case on the wire */
    size_t len;
    enum said said;
};

#define SIGN(prefix, said)                                                                                   \
    {                                                                                                        \
        (prefix), sizeof(prefix) - 1, (said)                                                                 \
    }

/* The first that fits counts. */
static const struct sign signs[] = {
    SIGN("EHLO ", SAID_COMMAND),
    SIGN("HELO ", SAID_COMMAND),
    SIGN("LHLO ", SAID_COMMAND),
    SIGN("EHLO\r", SAID_COMMAND),
    SIGN("HELO\r", SAID_COMMAND),
    SIGN("MAIL FROM:", SAID_COMMAND),
    SIGN("RCPT TO:", SAID_COMMAND),
    SIGN("MAIL FROM :", SAID_COMMAND),
    SIGN("RCPT TO :", SAID_COMMAND),
    SIGN("XCLIENT ", SAID_COMMAND),
    SIGN("XFORWARD ", SAID_COMMAND),
    SIGN("BDAT ", SAID_COMMAND),
    SIGN("VRFY ", SAID_COMMAND),
    SIGN("EXPN ", SAID_COMMAND),
    SIGN("ETRN ", SAID_COMMAND),
    SIGN("250-PIPELINING", SAID_REPLY),
    SIGN("250-SIZE", SAID_REPLY),
    SIGN("250-8BITMIME", SAID_REPLY),
    SIGN("250 2.", SAID_REPLY),
    SIGN("250-ENHANCEDSTATUSCODES", SAID_REPLY),
    SIGN("235 2.7.0", SAID_REPLY),
    SIGN("354 ", SAID_REPLY),
    SIGN("334 ", SAID_REPLY),
    SIGN("221 2.", SAID_REPLY),
    SIGN("503 5.", SAID_REPLY),
    SIGN("550 5.", SAID_REPLY),
    SIGN("554 5.", SAID_REPLY),
    SIGN("220 ", SAID_220),
    SIGN("220-", SAID_220),
    SIGN("PROXY ", SAID_PRELUDE),
    SIGN("\r\n\r\n", SAID_PRELUDE),
    SIGN("CONNECT ", SAID_PRELUDE),
    SIGN("HTTP/1.0 200", SAID_PRELUDE),
    SIGN("HTTP/1.1 200", SAID_PRELUDE),
    SIGN("HTTP/", SAID_OTHER),
    SIGN("GET ", SAID_OTHER),
    SIGN("POST ", SAID_OTHER),
    SIGN("PUT ", SAID_OTHER),
    SIGN("HEAD ", SAID_OTHER),
    SIGN("OPTIONS ", SAID_OTHER),
    SIGN("DELETE ", SAID_OTHER),
    SIGN("PRI * HTTP/2", SAID_OTHER),
    SIGN("SSH-", SAID_OTHER),
    SIGN("+OK", SAID_OTHER),
    SIGN("* OK", SAID_OTHER),
    SIGN("* PREAUTH", SAID_OTHER),
    SIGN("RTSP/", SAID_OTHER),
    SIGN("RFB ", SAID_OTHER),
};

static bool has_smtp_word(struct bytes payload)
{
    struct bytes head = bytes_slice(payload, 0, 512);

    return bytes_find_nocase(head, BYTES("SMTP")) != SIZE_MAX
           || bytes_find_nocase(head, BYTES("LMTP")) != SIZE_MAX;
}

/* A TLS record (RFC 8446 5.1), or an SSH, DNS or other binary message. */
static enum said said_in_binary(struct bytes payload)
{
    if (payload.len >= 3 && payload.ptr[0] >= 0x14 && payload.ptr[0] <= 0x17 && payload.ptr[1] == 3)
        return SAID_OTHER;
    if (payload.len >= 3 && payload.ptr[0] == 5 && payload.ptr[1] >= 1 && payload.ptr[1] <= 8
        && payload.len == (size_t)payload.ptr[1] + 2)
        return SAID_PRELUDE; /* SOCKS 5: version, count of methods, methods (RFC 1928 3) */
    if (payload.len == 2 && payload.ptr[0] == 5)
        return SAID_PRELUDE; /* and the method chosen */
    if (payload.len >= 10 && payload.ptr[0] == 5 && payload.ptr[2] == 0 && payload.ptr[3] >= 1
        && payload.ptr[3] <= 4)
        return SAID_PRELUDE; /* request or reply */
    if (payload.len >= 9 && payload.ptr[0] == 4 && (payload.ptr[1] == 1 || payload.ptr[1] == 2))
        return SAID_PRELUDE; /* SOCKS 4 */
    if (payload.len == 8 && payload.ptr[0] == 0 && payload.ptr[1] == 90)
        return SAID_PRELUDE; /* and its reply */
    return SAID_OTHER;
}

enum said said_by(struct bytes payload)
{
    if (payload.len == 0)
        return SAID_NOTHING;
    uint8_t first = payload.ptr[0];
    if ((first < 0x20 && first != '\r' && first != '\n' && first != '\t') || first >= 0x7f)
        return said_in_binary(payload);
    first = ascii_upper(first);
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        const struct sign *sign = &signs[i];
        if ((uint8_t)sign->prefix[0] != first || payload.len < sign->len
            || ascii_upper(payload.ptr[sign->len - 1]) != (uint8_t)sign->prefix[sign->len - 1]
            || !bytes_starts_nocase(payload, (struct bytes){ (const uint8_t *)sign->prefix, sign->len }))
            continue;
        return sign->said == SAID_220 && has_smtp_word(payload) ? SAID_REPLY : sign->said;
    }
    return SAID_NOTHING;
}
