/* JavaMail, Jakarta Mail and Angus Mail with mail.debug: what was said stands bare between remarks.
 *     DEBUG SMTP: trying to connect to host "mx.example", port 25, isSSL false
 *     220 mx.example ESMTP
 *     EHLO client.example
 *     DEBUG SMTP: AUTH LOGIN command trace suppressed
 *     DEBUG SMTP: AUTH LOGIN failed
 * Loggers put a time, a thread and the name of the logger in front of it. */
#include "log/format_rows.h"
#include "log/marks.h"
#include "log/shape.h"

enum { AUTH_HIDDEN = 1 };

/* The remark behind "DEBUG SMTP: ", or what a logger made of it. */
static bool take_remark(struct bytes *text)
{
    static const char *const names[] = { "DEBUG SMTP: ", "DEBUG SMTPS: ", "mail.smtp - ",
                                         "mail.smtp : ", "mail.smtp: " };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t at = log_text_find(*text, names[i]);
        if (at == SIZE_MAX)
            continue;
        *text = bytes_from(*text, at + strlen(names[i]));
        return true;
    }
    return false;
}

/* What a logger wrote of the protocol. */
static bool take_protocol(struct bytes *text)
{
    size_t at = log_text_find(*text, "mail.smtp.protocol");
    struct bytes rest = at == SIZE_MAX ? (struct bytes){ NULL, 0 } : bytes_from(*text, at + 18);

    rest = bytes_trim(rest);
    if (!log_text_skip(&rest, "- ") && !log_text_skip(&rest, ": "))
        return false;
    *text = rest;
    return true;
}

static enum log_claim claim(const struct log_line *line)
{
    struct bytes text = line->text;

    if (log_text_starts(text, "DEBUG: JavaMail version")
        || log_text_starts(text, "DEBUG: Jakarta Mail version") || take_remark(&text) || take_protocol(&text))
        return LOG_CLAIM_STRONG;
    return LOG_CLAIM_NONE;
}

static void read_connecting(struct talk *talk, struct bytes text)
{
    struct bytes port = log_text_between(text, "port ", ",");

    talk_open(talk);
    talk_server(talk, log_text_between(text, "host \"", "\""), marks_port(port));
    if (log_text_find(text, "isSSL true") != SIZE_MAX)
        talk_enter_tls(talk);
    else if (log_text_find(text, "isSSL false") != SIZE_MAX)
        talk_is_clear(talk);
}

/* "AUTH LOGIN command trace suppressed", "... succeeded" (which is said of a 235 alone), "... failed". */
static void read_auth(struct log_reader *reader, struct talk *talk, struct bytes text)
{
    struct bytes rest = text;

    (void)log_text_word(&rest);
    struct bytes mechanism = log_text_word(&rest);
    if (log_text_starts(rest, "command trace suppressed")) {
        talk_say_part(talk, bytes_slice(text, 0, (size_t)(mechanism.ptr + mechanism.len - text.ptr)));
        log_notes(reader)->state = AUTH_HIDDEN;
    } else if (log_notes(reader)->state == AUTH_HIDDEN && log_text_starts(rest, "succeeded")) {
        talk_say(talk, SIDE_SERVER, BYTES("235 "));
        log_notes(reader)->state = 0;
    }
}

static void read_remark(struct log_reader *reader, struct talk *talk, struct bytes text)
{
    if (log_text_starts(text, "trying to connect to host "))
        read_connecting(talk, text);
    else if (log_text_starts(text, "AUTH "))
        read_auth(reader, talk, text);
}

/* The exception tells the reply that was not shown. */
static bool read_exception(struct log_reader *reader, struct talk *talk, struct bytes text)
{
    size_t at = log_text_find(text, "AuthenticationFailedException: ");
    uint16_t code;
    bool is_last;

    if (at == SIZE_MAX)
        return false;
    text = bytes_from(text, at + 31);
    if (log_notes(reader)->state == AUTH_HIDDEN && log_text_is_reply(text, &code, &is_last))
        talk_say(talk, SIDE_SERVER, text);
    log_notes(reader)->state = 0;
    return true;
}

static void read(struct log_reader *reader, const struct log_line *line)
{
    struct talk *talk = log_talk(reader, line, BYTES(""));
    struct bytes text = line->whole;

    if (take_remark(&text)) {
        read_remark(reader, talk, text);
        return;
    }
    if (log_text_starts(text, "DEBUG: ") || read_exception(reader, talk, text))
        return;
    if (!take_protocol(&text) && line->stamp.clock != LOG_CLOCK_NONE && talk_mode(talk) != DIALOGUE_CONTENT)
        return; /* a remark of a logger */
    bool is_server = shape_is_server(talk, text);
    if (!is_server && !shape_is_plausible(talk, text))
        return; /* of a stack trace, or of the program around it */
    if (!is_server && log_notes(reader)->state == AUTH_HIDDEN)
        talk_skips_replies(talk);
    log_notes(reader)->state = 0;
    talk_say(talk, is_server ? SIDE_SERVER : SIDE_CLIENT, text);
}

const struct log_format log_format_javamail = {
    .name = "JavaMail", .title = "JavaMail, Jakarta Mail", .claim = claim, .read = read
};
