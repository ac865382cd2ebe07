/* What stood on a terminal: telnet, netcat, openssl s_client and gsasl, where what was typed and what came
 * are told apart by their shape alone.
 *     alice@client:~$ telnet mx.example 25
 *     Trying 198.51.100.11...
 *     220 mx.example ESMTP
 *     EHLO client.example
 * `openssl s_client -starttls smtp` says EHLO and STARTTLS itself, and shows the last line of the answer to
 * EHLO behind the handshake.  A line that begins with Q or R it may take for a command to itself: then "DONE"
 * or "RENEGOTIATING" follows, and the line was never sent (s_client.c).  Around a paste stands prose. */
#include "log/format_rows.h"
#include "log/marks.h"
#include "log/log_width.h"
#include "log/shape.h"

enum { STATE_OPENSSL = 1, STATE_TICKET = 2, STATE_GSASL = 4 };

static const char *const noise[] = { "Trying ",
                                     "Connected to ",
                                     "Escape character is ",
                                     "Connection to ",
                                     "Ncat: ",
                                     "Connecting to ",
                                     "telnet> ",
                                     "^",
                                     "DONE",
                                     "RENEGOTIATING",
                                     "KEYUPDATE",
                                     "read:errno=",
                                     "read R BLOCK",
                                     "depth=",
                                     "verify ",
                                     "---",
                                     "Can't use ",
                                     "Didn't find STARTTLS in server",
                                     "CONNECTED(",
                                     "CONNECTION ",
                                     "Client authentication finished",
                                     "Server authentication finished",
                                     "Enter application data",
                                     "Session finished",
                                     "Enter ",
                                     "Using ",
                                     "gsasl: ",
                                     "nc: ",
                                     "telnet: ",
                                     NULL };

static enum log_claim claim(const struct log_line *line)
{
    static const char *const signs[] = { "Escape character is ",
                                         "CONNECTED(0000",
                                         "CONNECTION ESTABLISHED",
                                         "verify error:num=",
                                         "Trying \xe2\x80\x98",
                                         "Ncat: Version",
                                         ">>> TLS ",
                                         "<<< TLS ",
                                         "SSL_connect:",
                                         "Didn't find STARTTLS in server" };

    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
        if (log_text_starts(line->whole, signs[i]))
            return LOG_CLAIM_STRONG;
    return shape_begins(line->whole) ? LOG_CLAIM_WEAK : LOG_CLAIM_NONE;
}

static bool is_noise(struct bytes text)
{
    for (size_t i = 0; noise[i]; i++)
        if (log_text_starts(text, noise[i]))
            return true;
    return log_text_find(text, ":error:") != SIZE_MAX;
}

/* "alice@client:~$ nc -C mx.example 25": a prompt and a command. */
static bool read_prompt(struct talk *talk, struct bytes text)
{
    static const char *const names[] = { " telnet ",           " nc ",   " ncat ", " netcat ",
                                         " openssl s_client ", " gsasl " };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t at = log_text_find(text, names[i]);
        if (at == SIZE_MAX || at == 0 || !strchr("$#>%", text.ptr[at - 1]))
            continue;
        struct bytes rest = bytes_from(text, at + strlen(names[i])), host = { NULL, 0 }, port = { NULL, 0 };
        while (rest.len > 0) {
            struct bytes word = log_text_word(&rest);
            host = word.ptr[0] == '-' ? host : port;
            port = word.ptr[0] == '-' ? port : word;
        }
        talk_open(talk);
        if (i < 4)
            talk_server(talk, host, marks_port(port));
        return true;
    }
    return false;
}

/* The connection ends, or another begins: what waits gets no answer any more. */
static bool ends_talk(struct bytes text)
{
    return log_text_starts(text, "Connection closed by foreign host") || log_text_starts(text, "closed")
           || log_text_starts(text, "Trying ") || log_text_starts(text, "CONNECTED(");
}

static bool is_hexadecimal(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!memchr("0123456789abcdefABCDEF ", text.ptr[i], 23))
            return false;
    return text.len > 0;
}

/* What s_client tells of TLS with -msg, -debug, -state and -tlsextdebug, also between the lines of a content:
 *     >>> TLS 1.2, RecordHeader [length 0005]
 *         17 03 03 00 1d
 *     write to 0x55d7c0 [0x55d7c1] (29 bytes => 29 (0x1D))
 *     0000 - 17 03 03 00 18 ... */
static bool is_trace_of_openssl(struct bytes text)
{
    static const char *const traces[] = { ">>> TLS ",
                                          "<<< TLS ",
                                          ">>> SSL ",
                                          "<<< SSL ",
                                          ">>> ???",
                                          "<<< ???",
                                          "SSL_connect:",
                                          "SSL3 alert ",
                                          "write to 0x",
                                          "read from 0x",
                                          "TLS server extension \"",
                                          "TLS client extension \"" };
    struct bytes rest = text;

    for (size_t i = 0; i < sizeof traces / sizeof traces[0]; i++)
        if (log_text_starts(text, traces[i]))
            return true;
    if (log_text_skip(&rest, "    "))
        return is_hexadecimal(rest);
    return text.len > 7 && is_hexadecimal(bytes_slice(text, 0, 4))
           && log_text_starts(bytes_from(text, 4), " - ");
}

/* Tells which program it is, and skips what it says of itself. */
static bool is_remark(struct log_notes *notes, struct talk *talk, struct bytes text)
{
    if (log_text_starts(text, "CONNECTED(") || log_text_starts(text, "CONNECTION ESTABLISHED")
        || log_text_starts(text, "depth=") || log_text_starts(text, "Didn't find STARTTLS in server")) {
        notes->state |= STATE_OPENSSL;
    } else if (log_text_starts(text, "Post-Handshake New Session Ticket")) {
        notes->state |= STATE_TICKET;
    } else if (log_text_starts(text, "read R BLOCK")) {
        notes->state &= ~(unsigned)STATE_TICKET;
    } else if (log_text_starts(text, "Trying ")) {
        talk_open(talk);
        if (!log_text_starts(text, "Trying \xe2\x80\x98"))
            talk_is_clear(talk);
        talk_server(talk, bytes_slice(text, 7, log_text_find(text, "...") - 7), 0);
        notes->state = log_text_starts(text, "Trying \xe2\x80\x98") ? STATE_GSASL : 0;
    } else if (log_text_skip(&text, "Connected to ")) {
        talk_server(talk, bytes_slice(text, 0, text.len > 0 ? text.len - 1 : 0), 0);
        return true;
    } else if (log_text_starts(text, "Connection closed by foreign host")
               || log_text_starts(text, "closed")) {
        talk_close(talk, SIDE_SERVER, false);
        return true;
    }
    return (notes->state & STATE_TICKET) || is_noise(text);
}

/* With -quiet the traces may be all that tells of s_client. */
static bool is_trace(struct log_notes *notes, struct bytes text)
{
    bool is_first = !(notes->state & STATE_OPENSSL)
                    && (log_text_starts(text, ">>> TLS ") || log_text_starts(text, "SSL_connect:"));

    if (is_first)
        notes->state |= STATE_OPENSSL;
    return (notes->state & STATE_OPENSSL) && is_trace_of_openssl(text);
}

/* The first reply that s_client shows: of implicit TLS a greeting, behind STARTTLS the end of what EHLO was
 * told. */
static void begin_openssl(struct talk *talk, struct bytes text, uint16_t code)
{
    if (code == 220) {
        talk_enter_tls(talk);
        talk_say(talk, SIDE_SERVER, text);
        return;
    }
    talk_imply(talk, BYTES("EHLO"), text);
    talk_imply(talk, BYTES("STARTTLS"), (struct bytes){ NULL, 0 });
    talk_enter_tls(talk);
}

static void begin(struct log_reader *reader, struct talk *talk, struct bytes text)
{
    uint16_t code = 0;
    bool is_last = false, is_reply = log_text_is_reply(text, &code, &is_last);
    bool is_openssl = log_notes(reader)->state & STATE_OPENSSL;

    if (talk_is_over(talk) && !is_reply)
        return; /* typed when the connection had gone */
    if (is_openssl && is_reply && (code == 220 || (code == 250 && is_last)))
        begin_openssl(talk, text, code);
    else if (shape_begins(text))
        shape_say(talk, text);
    log_notes(reader)->is_told = is_reply && !is_last;
}

/* What may not have been sent waits for the answer: prose around a paste, and lines that openssl takes for
 * commands to itself. */
static void wait_with(struct log_notes *notes, const struct log_line *line)
{
    if (notes->text.len == 0)
        notes->count = line->number;
    if (!buf_append(&notes->text, line->whole) || !buf_append_u8(&notes->text, '\n'))
        buf_clear(&notes->text); /* so much that nobody answered */
}

/* Words behind a path are parameters: with a value, or in capitals. */
static bool has_prose_behind_path(struct bytes text)
{
    size_t close = bytes_find(text, '>');
    struct bytes rest = close == SIZE_MAX ? (struct bytes){ NULL, 0 } : bytes_from(text, close + 1);

    (void)log_text_skip(&rest, " ");
    while (rest.len > 0) {
        struct bytes word = log_text_word(&rest);
        bool is_parameter = bytes_find(word, '=') != SIZE_MAX;
        for (size_t i = 0; i < word.len && !is_parameter; i++)
            if (word.ptr[i] != ascii_upper(word.ptr[i]))
                return true;
    }
    return false;
}

/* With no answer to follow, what waits is believed as far as there is a command among it. */
static bool is_believed(struct bytes text)
{
    struct bytes rest = text;

    (void)log_text_word(&rest);
    return (log_text_is_sure_command(text) && !has_prose_behind_path(text))
           || (log_text_is_command(text) && bytes_find(rest, ' ') == SIZE_MAX);
}

static size_t believed_length(struct bytes waiting)
{
    size_t believed = 0;

    for (size_t at = 0, lf; (lf = bytes_find(bytes_from(waiting, at), '\n')) != SIZE_MAX; at += lf + 1)
        if (is_believed(bytes_slice(waiting, at, lf)))
            believed = at + lf + 1;
    return believed;
}

static void say_waiting(struct log_reader *reader, struct talk *talk, const struct log_line *line,
                        bool is_answered)
{
    struct log_notes *notes = log_notes(reader);
    struct bytes rest = buf_bytes(&notes->text);
    uint64_t number = notes->count;

    if (!is_answered)
        rest = bytes_slice(rest, 0, believed_length(rest));
    for (size_t lf; (lf = bytes_find(rest, '\n')) != SIZE_MAX; rest = bytes_from(rest, lf + 1), number++) {
        struct bytes one = bytes_slice(rest, 0, lf);
        log_at(reader, number, &line->stamp);
        if (one.len > 0 || talk_mode(talk) != DIALOGUE_COMMANDS)
            talk_say(talk, SIDE_CLIENT, one);
    }
    log_at(reader, line->number, &line->stamp);
    buf_clear(&notes->text);
}

/* "DONE", "RENEGOTIATING": the line before it was not sent. */
static bool read_answer_of_openssl(struct log_reader *reader, struct talk *talk, const struct log_line *line)
{
    static const char *const answers[] = { "DONE", "RENEGOTIATING", "KEYUPDATE", "HEARTBEATING" };
    struct buf *waiting = &log_notes(reader)->text;
    bool is_answer = false;

    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++)
        is_answer = is_answer || log_text_starts(line->whole, answers[i]);
    if (!is_answer || !(log_notes(reader)->state & STATE_OPENSSL))
        return false;
    if (waiting->len > 0)
        waiting->len--;
    while (waiting->len > 0 && waiting->ptr[waiting->len - 1] != '\n')
        waiting->len--;
    say_waiting(reader, talk, line, true);
    if (bytes_equal(line->whole, BYTES("DONE")))
        talk_close(talk, SIDE_CLIENT, false);
    return true;
}

/* Right behind a long reply stands what no client says, and the client goes on without an answer to it: the
 * reply was folded there. */
static bool waits_for_nothing(const struct log_notes *notes, enum dialogue_mode mode, struct bytes text)
{
    return mode == DIALOGUE_COMMANDS && notes->text.len > 0 && notes->count == notes->number + 1
           && log_text_is_sure_command(text) && !log_text_is_command(buf_bytes(&notes->text));
}

static void say_client(struct log_reader *reader, struct talk *talk, const struct log_line *line)
{
    struct log_notes *notes = log_notes(reader);
    enum dialogue_mode mode = talk_mode(talk);
    struct bytes text = line->whole;
    bool is_sure = mode == DIALOGUE_CONTENT || mode == DIALOGUE_SASL || log_text_is_sure_command(text);

    if ((notes->state & STATE_OPENSSL) && text.len > 0 && text.ptr[0] && strchr("QRKkB", text.ptr[0]))
        is_sure = false;
    if (mode == DIALOGUE_CONTENT && notes->text.len > 0)
        say_waiting(reader, talk, line, true); /* openssl would have answered to it by now */
    if (waits_for_nothing(notes, mode, text))
        buf_clear(&notes->text);
    if (notes->text.len == 0 && text.len == 0 && mode == DIALOGUE_COMMANDS)
        return; /* more likely of the paste than typed */
    if ((notes->state & STATE_GSASL) && notes->is_told)
        is_sure = false; /* gsasl speaks when a greeting has begun: what is left of it comes first */
    if (notes->text.len > 0 || !is_sure)
        wait_with(notes, line);
    else
        talk_say(talk, SIDE_CLIENT, text);
}

/* `is_told`: the reply goes on. */
static void say_server(struct log_reader *reader, struct talk *talk, const struct log_line *line)
{
    struct log_notes *notes = log_notes(reader);
    uint16_t code = 0;
    bool is_last = true;

    (void)log_text_is_reply(line->whole, &code, &is_last);
    bool is_greeting = code == 220 && !notes->is_told && !talk_asked_for_tls(talk);

    bool goes_on = (notes->state & STATE_GSASL) && notes->is_told;

    notes->is_told = !is_last;
    if (is_greeting) {
        buf_clear(&notes->text); /* what stood between two pastes */
        talk_open(talk);
    }
    if (!goes_on)
        say_waiting(reader, talk, line, true);
    talk_say(talk, SIDE_SERVER, line->whole);
    if (goes_on && is_last)
        say_waiting(reader, talk, line, true);
}

static void read(struct log_reader *reader, const struct log_line *line)
{
    struct log_notes *notes = log_notes(reader);
    struct talk *talk = log_talk(reader, line, BYTES(""));
    struct bytes text = line->whole;
    bool is_content = talk_mode(talk) == DIALOGUE_CONTENT;

    if (is_trace(notes, text) || read_answer_of_openssl(reader, talk, line))
        return;
    if (!is_content && ends_talk(text))
        say_waiting(reader, talk, line, false);
    if (!is_content && (read_prompt(talk, text) || is_remark(notes, talk, text)))
        return;
    bool is_server = shape_is_server(talk, text);
    if (is_server)
        notes->number = text.len >= LOG_WIDTH_LEAST ? line->number : 0;
    if (!talk_has_begun(talk)) {
        begin(reader, talk, text);
        return;
    }
    if (!is_server && talk_is_over(talk))
        return; /* back at the shell */
    if (!is_server && (notes->state & STATE_GSASL) && !shape_is_plausible(talk, text))
        return; /* what the program tells its user */
    if (is_server)
        say_server(reader, talk, line);
    else
        say_client(reader, talk, line);
}

static void finish(struct log_reader *reader)
{
    static const struct log_line none = { 0 };

    say_waiting(reader, log_last_talk(reader), &none, false);
}

const struct log_format log_format_terminal = { .name = "terminal",
                                                .is_of_any = true,
                                                .title = "a terminal (telnet, nc, openssl s_client, gsasl)",
                                                .claim = claim,
                                                .read = read,
                                                .finish = finish };
