/* What a first line shows that is no SMTP: scanners, browsers, health checks and clients with the wrong port.
 */
#include "dialogue/state.h"

struct sign {
    const char *prefix;
    enum foreign_protocol protocol;
};

/* The first that fits counts. */
static const struct sign client_signs[] = {
    { "GET ", FOREIGN_HTTP },
    { "HEAD ", FOREIGN_HTTP },
    { "POST ", FOREIGN_HTTP },
    { "PUT ", FOREIGN_HTTP },
    { "DELETE ", FOREIGN_HTTP },
    { "PATCH ", FOREIGN_HTTP },
    { "TRACE ", FOREIGN_HTTP },
    { "CONNECT ", FOREIGN_HTTP },
    { "PROPFIND ", FOREIGN_HTTP },
    { "PRI * HTTP/2.0", FOREIGN_HTTP },
    { "OPTIONS sip:", FOREIGN_SIP },
    { "INVITE sip:", FOREIGN_SIP },
    { "REGISTER sip:", FOREIGN_SIP },
    { "OPTIONS rtsp:", FOREIGN_RTSP },
    { "OPTIONS / RTSP/", FOREIGN_RTSP },
    { "DESCRIBE rtsp:", FOREIGN_RTSP },
    { "OPTIONS ", FOREIGN_HTTP },
    { "SSH-", FOREIGN_SSH },
    { "CAPABILITIES", FOREIGN_NNTP },
    { "MODE READER", FOREIGN_NNTP },
    { "CAPA", FOREIGN_POP3 },
    { "APOP ", FOREIGN_POP3 },
    { "STLS", FOREIGN_POP3 },
    { "USER ", FOREIGN_POP3_OR_FTP },
    { "PASS ", FOREIGN_POP3_OR_FTP },
    { "FEAT", FOREIGN_FTP },
    { "SYST", FOREIGN_FTP },
    { "PASV", FOREIGN_FTP },
    { "<?xml ", FOREIGN_XMPP },
    { "<stream:stream", FOREIGN_XMPP },
    { "NICK ", FOREIGN_IRC },
    { "JRMI", FOREIGN_JAVA_RMI },
};

static const struct sign server_signs[] = {
    { "HTTP/", FOREIGN_HTTP },  { "<!DOCTYPE", FOREIGN_HTTP }, { "<html", FOREIGN_HTTP },
    { "SSH-", FOREIGN_SSH },    { "+OK", FOREIGN_POP3 },       { "* OK", FOREIGN_IMAP },
    { "* BYE", FOREIGN_IMAP },  { "* PREAUTH", FOREIGN_IMAP }, { "RTSP/", FOREIGN_RTSP },
    { "SIP/2.0", FOREIGN_SIP },
};

static enum foreign_protocol by_sign(const struct sign *signs, size_t count, struct bytes line)
{
    for (size_t i = 0; i < count; i++)
        if (bytes_starts_nocase(line, bytes_of(signs[i].prefix)))
            return signs[i].protocol;
    return FOREIGN_NONE;
}

/* "a001 LOGIN name password": a tag, and a command that no SMTP line has behind its first word. */
static bool is_imap(struct bytes line)
{
    static const char *const commands[] = { "CAPABILITY", "LOGIN ", "STARTTLS", "LOGOUT", "AUTHENTICATE " };
    size_t blank = bytes_find(line, ' ');

    if (blank == SIZE_MAX || blank == 0 || blank > 8)
        return false;
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (bytes_starts_nocase(bytes_from(line, blank + 1), bytes_of(commands[i])))
            return true;
    return false;
}

/* "*1": an array of Redis, with nothing but its count. */
static bool is_redis(struct bytes line)
{
    uint64_t count;

    return line.len >= 2 && line.ptr[0] == '*' && bytes_to_u64(bytes_from(line, 1), &count);
}

static uint8_t byte_at(struct bytes line, size_t at)
{
    return at < line.len ? line.ptr[at] : 0;
}

static enum foreign_protocol of_binary(struct bytes line)
{
    uint8_t first = byte_at(line, 0), second = byte_at(line, 1), third = byte_at(line, 2);

    if (first == 0xff && second >= 0xf0) /* RFC 854: IAC and a command */
        return FOREIGN_TELNET;
    if ((first & 0x80) && third == 1 && (byte_at(line, 3) == 3 || byte_at(line, 3) == 0))
        return FOREIGN_TLS; /* SSL 2: length, CLIENT-HELLO, version */
    if (first >= 0x80)      /* letters of some charset, or a mark of byte order: a client that means SMTP */
        return FOREIGN_NONE;
    if (first == 5 && second >= 1 && line.len == (size_t)second + 2)
        return FOREIGN_SOCKS; /* RFC 1928 3 */
    if (first == 4 && (second == 1 || second == 2) && line.len >= 8)
        return FOREIGN_SOCKS;
    if (first == 3 && second == 0) /* RFC 1006 6: TPKT */
        return FOREIGN_RDP;
    if (first == 0 && bytes_find_nocase(bytes_slice(line, 0, 9), BYTES("SMB")) != SIZE_MAX)
        return FOREIGN_SMB;
    return FOREIGN_BINARY;
}

static enum foreign_protocol of_client(struct bytes line)
{
    uint8_t first = byte_at(line, 0);

    if (line.len == 0)
        return FOREIGN_NONE;
    if ((first < 0x20 && first != '\t' && first != '\r') || first >= 0x80)
        return of_binary(line);
    if (is_imap(line))
        return FOREIGN_IMAP;
    return is_redis(line) ? FOREIGN_REDIS
                          : by_sign(client_signs, sizeof client_signs / sizeof client_signs[0], line);
}

void foreign_note(struct dialogue *d, enum side from, struct bytes line)
{
    struct session *session = d->session;

    if (session->foreign != FOREIGN_NONE || session->is_midstream || d->lost_client_bytes
        || d->lost_server_bytes)
        return;
    session->foreign = from == SIDE_CLIENT
                           ? of_client(line)
                           : by_sign(server_signs, sizeof server_signs / sizeof server_signs[0], line);
    if (session->foreign != FOREIGN_NONE)
        session->foreign_from = from;
}
