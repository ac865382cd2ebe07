/* Exim's mainlog and rejectlog, which hold events, no dialogue: what they quote of the client is a command,
 * and the reply to it where they quote that. 2026-11-24 04:06:29 H=(client.example) [198.51.100.1] F=<a@b>
 * rejected RCPT <x@y>: relay not permitted 2026-11-24 04:06:13 SMTP protocol error in "AUTH GSSAPI" H=(c)
 * [198.51.100.1] GSSAPI ... not supported 2026-11-24 04:06:15 login authenticator failed for (c)
 * [198.51.100.1]: 535 Incorrect authentication data All else that was said is left out. */
#include "log/format_rows.h"
#include "log/marks.h"

struct event {
    struct bytes command; /* its beginning; empty: only the verb is known */
    struct bytes reply;
    const char *verb; /* NULL: the command is whole */
};

static bool read_quoted(struct bytes text, struct event *out)
{
    if (!log_text_skip(&text, "SMTP protocol error in \"") && !log_text_skip(&text, "SMTP syntax error in \"")
        && !log_text_skip(
            &text, "SMTP protocol synchronization error (input sent without waiting for greeting): ")) {
        return false;
    }
    size_t quote = log_text_find(text, "\" H=");
    if (quote == SIZE_MAX)
        return false;
    out->command = bytes_slice(text, 0, quote);
    return true;
}

static bool read_rejected(struct bytes text, struct event *out)
{
    size_t at = log_text_find(text, " rejected RCPT <");

    if (at == SIZE_MAX)
        return false;
    out->verb = "RCPT TO:";
    text = bytes_from(text, at + 15);
    size_t close = bytes_find(text, '>');
    out->command = bytes_slice(text, 0, close == SIZE_MAX ? SIZE_MAX : close + 1);
    return true;
}

static bool read_authenticator(struct bytes text, struct event *out)
{
    size_t failed = log_text_find(text, " authenticator failed for "), reply = log_text_find(text, ": 5");

    if (failed == SIZE_MAX || reply == SIZE_MAX)
        return false;
    out->verb = "AUTH";
    out->reply = bytes_from(text, reply + 2);
    size_t set_id = log_text_find(out->reply, " (set_id=");
    out->reply = bytes_slice(out->reply, 0, set_id);
    return true;
}

static bool read_event(struct bytes text, struct event *out)
{
    *out = (struct event){ .verb = NULL };
    return read_quoted(text, out) || read_rejected(text, out) || read_authenticator(text, out);
}

/* "[57] " of log_selector +pid, and an id of a message. */
static struct bytes without_process(struct bytes text)
{
    size_t close = text.len > 0 && text.ptr[0] == '[' ? log_text_find(text, "] ") : SIZE_MAX;

    return close != SIZE_MAX && close < 12 ? bytes_from(text, close + 2) : text;
}

static enum log_claim claim(const struct log_line *line)
{
    struct event event;

    if (line->stamp.clock != LOG_CLOCK_FULL)
        return LOG_CLAIM_NONE;
    struct bytes text = without_process(line->text);
    if (read_event(text, &event) || log_text_starts(text, "SMTP connection from "))
        return LOG_CLAIM_STRONG;
    return log_text_find(text, " <= ") != SIZE_MAX && log_text_find(text, " P=esmtp") != SIZE_MAX
               ? LOG_CLAIM_WEAK
               : LOG_CLAIM_NONE;
}

/* The connection: its address and port where the log has them. */
static struct bytes connection_of(struct bytes text)
{
    size_t open = bytes_find(text, '['), end = open;

    if (open == SIZE_MAX)
        return (struct bytes){ NULL, 0 };
    while (end < text.len && text.ptr[end] != ' ')
        end++;
    return bytes_slice(text, open, end - open);
}

static void say_event(struct log_reader *reader, struct talk *talk, const struct event *event)
{
    struct buf *command = log_scratch(reader);

    (void)buf_append_text(command, event->verb ? event->verb : "");
    (void)buf_append(command, event->command);
    talk_skips_replies(talk);
    if (event->verb && event->command.len == 0)
        talk_say_part(talk, buf_bytes(command));
    else
        talk_say(talk, SIDE_CLIENT, buf_bytes(command));
    if (event->reply.len > 0)
        talk_say(talk, SIDE_SERVER, event->reply);
    talk_skips_replies(talk);
}

static void read(struct log_reader *reader, const struct log_line *line)
{
    struct bytes text = without_process(line->text), connection = connection_of(text);
    struct event event;
    bool is_event = read_event(text, &event);

    if (connection.len == 0 || (!is_event && !log_text_starts(text, "SMTP connection ")))
        return;
    while (connection.len > 0
           && (connection.ptr[connection.len - 1] == ':' || connection.ptr[connection.len - 1] == ','))
        connection.len--;
    struct talk *talk = log_talk(reader, line, connection);
    if (!is_event) {
        if (log_text_starts(text, "SMTP connection from ["))
            talk_open(talk);
        else
            talk_close(talk, SIDE_NONE, false);
        talk_client(talk, log_text_between(connection, "[", "]"), 0);
        return;
    }
    talk_client(talk, log_text_between(connection, "[", "]"), 0);
    say_event(reader, talk, &event);
}

const struct log_format log_format_exim_main = { .name = "Exim log",
                                                 .title = "Exim's mainlog or rejectlog",
                                                 .is_server_side = true,
                                                 .claim = claim,
                                                 .read = read };
