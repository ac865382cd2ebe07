/* Postfix with -v or debug_peer_list: smtpd(8) as server, smtp(8) as client, in syslog.
 *     Nov 24 04:06:21 mx postfix/smtpd[147]: connect from unknown[198.51.100.9]
 *     Nov 24 04:06:21 mx postfix/smtpd[147]: < unknown[198.51.100.9]: EHLO client.example
 *     Nov 24 04:06:21 mx postfix/smtp[151]: > mx.example[192.0.2.25]:25: EHLO client.example
 * Contents are not shown.  Without -v there are events alone, and of them the refusals tell what was said:
 *     NOQUEUE: reject: RCPT from unknown[198.51.100.1]: 554 5.7.1 <...>: Relay access denied; from=<...>
 * and of smtp(8)
 *     4ABC: to=<x@y>, relay=mx.example[192.0.2.25]:25, ..., status=bounced (host mx.example[192.0.2.25] said:
 * ... */
#include "log/bounce.h"
#include "log/format_rows.h"
#include "log/marks.h"

static bool is_of(const struct log_line *line, const char *daemon)
{
    return log_text_ends(line->name, daemon);
}

/* "> unknown[198.51.100.9]:25: text": who, and what. */
static bool take_chat(struct bytes text, struct bytes *host, struct bytes *said)
{
    if (text.len < 4 || (text.ptr[0] != '<' && text.ptr[0] != '>') || text.ptr[1] != ' ')
        return false;
    struct bytes rest = bytes_from(text, 2);
    size_t open = bytes_find(rest, '['), close = bytes_find(rest, ']');
    if (open == SIZE_MAX || close == SIZE_MAX || close < open)
        return false;
    *host = bytes_slice(rest, open + 1, close - open - 1);
    rest = bytes_from(rest, close + 1);
    if (log_text_skip(&rest, ":"))
        while (rest.len > 0 && ascii_is_digit(rest.ptr[0]))
            rest = bytes_from(rest, 1);
    (void)log_text_skip(&rest, ":");
    if (!log_text_skip(&rest, " ") && rest.len > 0)
        return false;
    *said = rest;
    return true;
}

static enum log_claim claim(const struct log_line *line)
{
    bool is_server = is_of(line, "/smtpd"), is_client = is_of(line, "/smtp") || is_of(line, "/lmtp");
    struct bytes host, said;

    if (!is_server && !is_client)
        return LOG_CLAIM_NONE;
    struct bounce_quote quote;

    if (take_chat(line->text, &host, &said) || (is_client && bounce_quote_find(line->text, &quote)))
        return LOG_CLAIM_STRONG;
    return is_server
                   && (log_text_starts(line->text, "connect from ")
                       || log_text_find(line->text, ": reject: ") != SIZE_MAX)
               ? LOG_CLAIM_STRONG
               : LOG_CLAIM_NONE;
}

/* Behind the reply, which may hold a "; " of its own, stands what is known of the envelope, in this order. */
static size_t reply_end(struct bytes text)
{
    static const char *const tails[] = { "; from=<", "; to=<", "; proto=" };

    for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
        size_t at = log_text_find(text, tails[i]);
        if (at != SIZE_MAX)
            return at;
    }
    return SIZE_MAX;
}

/* "reject: RCPT from unknown[192.0.2.1]: 554 5.7.1 <x@y>: Relay access denied; from=<a@b> to=<x@y> ...": the
 * command is put together from what the line tells of it. */
static void read_reject(struct log_reader *reader, struct talk *talk, struct bytes text)
{
    struct bytes verb = log_text_word(&text);
    size_t end = log_text_find(text, "]: "), tail = reply_end(text);
    struct buf *command = log_scratch(reader);
    bool is_mail = bytes_equal(verb, BYTES("MAIL")), is_rcpt = bytes_equal(verb, BYTES("RCPT"));
    const char *key = is_mail ? "; from=<" : " to=<";

    if (end == SIZE_MAX || talk_outward(talk) == SIDE_SERVER)
        return; /* the chat tells it already */
    struct bytes reply = bytes_slice(text, end + 3, tail == SIZE_MAX ? SIZE_MAX : tail - end - 3);
    (void)buf_append(command, verb);
    if ((is_mail || is_rcpt) && log_text_find(text, key) != SIZE_MAX) {
        struct bytes address = log_text_between(text, key, ">");
        (void)buf_append_text(command, is_mail ? " FROM:<" : " TO:<");
        (void)buf_append(command, address);
        (void)buf_append_u8(command, '>');
    } else if (!log_text_is_command(verb)) {
        return;
    }
    if (command->len == verb.len && (is_mail || is_rcpt))
        talk_say_part(talk, verb);
    else
        talk_say(talk, SIDE_CLIENT, buf_bytes(command));
    talk_say(talk, SIDE_SERVER, reply);
}

/* Whether the word begins with base64, as far as its look tells: a path begins with a slash, and words have
 * capitals in front alone. */
static bool is_token(struct bytes word)
{
    enum { TOKEN_LEAST = 8 };
    bool is_odd = false;
    size_t len = 0;

    for (; len < word.len; len++) {
        uint8_t octet = word.ptr[len];
        bool is_lower = octet >= 'a' && octet <= 'z', is_upper = octet >= 'A' && octet <= 'Z';
        bool is_other = (octet >= '0' && octet <= '9') || octet == '+' || octet == '/' || octet == '=';
        if (!is_lower && !is_upper && !is_other)
            break;
        is_odd = is_odd || is_other || (is_upper && len > 0);
    }
    return is_odd && len >= TOKEN_LEAST && word.ptr[0] != '/';
}

/* Up to the first token: a challenge as a rule, which tells nothing here, but nobody knows what servers put
 * there. */
static struct bytes without_tokens(struct bytes text)
{
    struct bytes rest = text;

    while (rest.len > 0) {
        size_t at = text.len - rest.len;
        if (is_token(log_text_word(&rest)))
            return bytes_trim(bytes_slice(text, 0, at));
    }
    return text;
}

/* "warning: unknown[192.0.2.1]: SASL LOGIN authentication failed: UGFzc3dvcmQ6": the reply had this text
 * behind a code that is not told. */
static void read_login(struct talk *talk, struct bytes text, size_t at)
{
    struct bytes mechanism = bytes_from(text, at), line;
    uint8_t command[64] = "AUTH ";

    if (talk_outward(talk) == SIDE_SERVER)
        return; /* the chat tells it already */
    (void)log_text_skip(&mechanism, "]: SASL ");
    struct bytes name = log_text_word(&mechanism);
    struct bytes told = bytes_slice(mechanism, 0, log_text_find(mechanism, ", sasl_username="));
    if (name.len > sizeof command - 5)
        return;
    memcpy(command + 5, name.ptr, name.len);
    line = (struct bytes){ command, 5 + name.len };
    talk_say_part(talk, line);
    talk_refused(talk, without_tokens(bytes_trim(told)), false, false);
    talk_skips_replies(talk);
}

static void read_server_event(struct log_reader *reader, struct talk *talk, struct bytes text)
{
    size_t reject = log_text_find(text, ": reject: "), login = log_text_find(text, "]: SASL ");

    if (log_text_starts(text, "connect from ")) {
        talk_open(talk);
        talk_client(talk, log_text_between(text, "[", "]"), 0);
    } else if (log_text_starts(text, "disconnect from ")) {
        talk_close(talk, SIDE_NONE, false);
    } else if (log_text_starts(text, "lost connection after ")) {
        talk_close(talk, SIDE_CLIENT, false);
    } else if (log_text_starts(text, "timeout after ")) {
        talk_close(talk, SIDE_SERVER, false);
    } else if (log_text_find(text, "TLS connection established from ") != SIZE_MAX) {
        talk_enter_tls(talk);
    } else if (login != SIZE_MAX && log_text_find(text, " authentication failed") != SIZE_MAX) {
        read_login(talk, text, login);
    } else if (reject != SIZE_MAX) {
        read_reject(reader, talk, bytes_from(text, reject + 10));
    }
}

/* Of each message that could not be delivered what the server said, unless the chat has told it. */
static void read_quote(struct log_reader *reader, const struct log_line *line,
                       const struct bounce_quote *quote)
{
    if (talk_outward(log_talk(reader, line, BYTES(""))) == SIDE_CLIENT)
        return;
    struct talk *talk = log_talk(reader, line, bytes_slice(line->text, 0, bytes_find(line->text, ':')));
    bounce_tell_server(talk, quote->host);
    bounce_say(reader, talk, quote);
}

static void read_client_event(struct talk *talk, struct bytes text)
{
    if (log_text_skip(&text, "smtp_connect_addr: trying: ")) {
        talk_open(talk);
        talk_server(talk, log_text_between(text, "[", "]"), 0);
    } else if (log_text_find(text, "TLS connection established to ") != SIZE_MAX) {
        talk_enter_tls(talk);
    }
}

static void read(struct log_reader *reader, const struct log_line *line)
{
    bool is_server = is_of(line, "/smtpd"), is_client = is_of(line, "/smtp") || is_of(line, "/lmtp");
    struct bounce_quote quote;
    struct bytes host, said;

    if (!is_server && !is_client)
        return;
    struct talk *talk = log_talk(reader, line, BYTES(""));
    if (take_chat(line->text, &host, &said)) {
        bool is_out = line->text.ptr[0] == '>';
        if (is_server)
            talk_client(talk, host, 0);
        else
            talk_server(talk, host, 0);
        if (!is_server && bytes_equal(said, BYTES(".")))
            talk_leave_out_content(talk);
        else
            talk_say(talk, is_out == is_server ? SIDE_SERVER : SIDE_CLIENT, said);
        talk_set_outward(talk, is_server ? SIDE_SERVER : SIDE_CLIENT);
    } else if (is_server) {
        read_server_event(reader, talk, line->text);
    } else if (bounce_quote_find(line->text, &quote)) {
        read_quote(reader, line, &quote);
    } else {
        read_client_event(talk, line->text);
    }
}

const struct log_format log_format_postfix = {
    .name = "Postfix", .title = "Postfix", .is_server_side = true, .claim = claim, .read = read
};
