/* The first bytes of a payload, and which protocol says such a thing. */
#include "detect/detect_internal.h"

struct sign {
    const char *prefix; /* any case */
    enum said said;
};

/* The first that fits counts. */
static const struct sign signs[] = {
    { "EHLO ", SAID_COMMAND },
    { "HELO ", SAID_COMMAND },
    { "LHLO ", SAID_COMMAND },
    { "EHLO\r", SAID_COMMAND },
    { "HELO\r", SAID_COMMAND },
    { "MAIL FROM:", SAID_COMMAND },
    { "RCPT TO:", SAID_COMMAND },
    { "MAIL FROM :", SAID_COMMAND },
    { "RCPT TO :", SAID_COMMAND },
    { "XCLIENT ", SAID_COMMAND },
    { "XFORWARD ", SAID_COMMAND },
    { "BDAT ", SAID_COMMAND },
    { "VRFY ", SAID_COMMAND },
    { "EXPN ", SAID_COMMAND },
    { "ETRN ", SAID_COMMAND },
    { "250-PIPELINING", SAID_REPLY },
    { "250-SIZE", SAID_REPLY },
    { "250-8BITMIME", SAID_REPLY },
    { "250 2.", SAID_REPLY },
    { "250-ENHANCEDSTATUSCODES", SAID_REPLY },
    { "235 2.7.0", SAID_REPLY },
    { "354 ", SAID_REPLY },
    { "334 ", SAID_REPLY },
    { "221 2.", SAID_REPLY },
    { "503 5.", SAID_REPLY },
    { "550 5.", SAID_REPLY },
    { "554 5.", SAID_REPLY },
    { "220 ", SAID_220 },
    { "220-", SAID_220 },
    { "PROXY ", SAID_PRELUDE },
    { "\r\n\r\n", SAID_PRELUDE },
    { "CONNECT ", SAID_PRELUDE },
    { "HTTP/1.0 200", SAID_PRELUDE },
    { "HTTP/1.1 200", SAID_PRELUDE },
    { "HTTP/", SAID_OTHER },
    { "GET ", SAID_OTHER },
    { "POST ", SAID_OTHER },
    { "PUT ", SAID_OTHER },
    { "HEAD ", SAID_OTHER },
    { "OPTIONS ", SAID_OTHER },
    { "DELETE ", SAID_OTHER },
    { "PRI * HTTP/2", SAID_OTHER },
    { "SSH-", SAID_OTHER },
    { "+OK", SAID_OTHER },
    { "* OK", SAID_OTHER },
    { "* PREAUTH", SAID_OTHER },
    { "RTSP/", SAID_OTHER },
    { "RFB ", SAID_OTHER },
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
        if ((uint8_t)signs[i].prefix[0] != first || !bytes_starts_nocase(payload, bytes_of(signs[i].prefix)))
            continue;
        return signs[i].said == SAID_220 && has_smtp_word(payload) ? SAID_REPLY : signs[i].said;
    }
    return SAID_NOTHING;
}
