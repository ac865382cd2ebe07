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
    const char *verb;     /* NULL: the command is whole */
    struct bytes refusal; /* what the log says of the reason; the client may have been told something else */
    bool is_refused;      /* and the reply is not quoted */
    bool is_temporary, is_of_message;
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

/* What an ACL or a filter refused, how the log calls it, and the command that it was. */
static const struct rejection {
    const char *phrase;
    const char *verb; /* followed by the argument; NULL: none is told */
    const char *command;
    bool is_of_message;
} rejections[] = {
    { " rejected RCPT <", "RCPT TO:", NULL, false },
    { " rejected MAIL <", "MAIL FROM:", NULL, false },
    { " rejected DATA: ", NULL, "DATA", false },
    { " rejected after DATA: ", NULL, "DATA", true },
    { " rejected during MIME ACL checks: ", NULL, "DATA", true },
    { " rejected by local_scan(): ", NULL, "DATA", true },
};

static bool read_rejected(struct bytes text, struct event *out)
{
    for (size_t i = 0; i < sizeof rejections / sizeof rejections[0]; i++) {
        const struct rejection *row = &rejections[i];
        size_t at = log_text_find(text, row->phrase);
        if (at == SIZE_MAX)
            continue;
        struct bytes rest =
            bytes_from(text, at + strlen(row->phrase) - 1); /* from the bracket or the blank */
        size_t close = row->verb ? bytes_find(rest, '>') : SIZE_MAX;
        size_t colon = row->verb ? log_text_find(rest, ": ") : 0;
        out->verb = row->verb;
        out->command = row->verb ? bytes_slice(rest, 0, close == SIZE_MAX ? SIZE_MAX : close + 1)
                                 : bytes_of(row->command);
        out->refusal = colon == SIZE_MAX ? (struct bytes){ NULL, 0 }
                                         : bytes_trim(bytes_from(rest, row->verb ? colon + 2 : 0));
        out->is_refused = true;
        out->is_temporary = log_text_ends(bytes_slice(text, 0, at), " temporarily");
        out->is_of_message = row->is_of_message;
        return true;
    }
    return false;
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

/* An event that waits, and its line behind it. */
struct waiting {
    uint64_t number;
    struct log_stamp stamp;
    uint32_t len;
};

static void keep(struct buf *out, const struct log_line *line, struct bytes text)
{
    struct waiting waiting = { .number = line->number, .stamp = line->stamp, .len = (uint32_t)text.len };
    size_t before = out->len;

    if (!buf_append(out, (struct bytes){ (const uint8_t *)&waiting, sizeof waiting })
        || !buf_append(out, text))
        out->len = before; /* beyond LIMIT_LOG_RAW nothing is kept */
}

/* The command of the event, as far as it is quoted, put together. */
static struct bytes command_of(const struct event *event, struct buf *out)
{
    buf_clear(out);
    (void)buf_append_text(out, event->verb ? event->verb : "");
    (void)buf_append(out, event->command);
    return buf_bytes(out);
}

static void say_event(struct log_reader *reader, struct talk *talk, const struct event *event)
{
    struct bytes command = command_of(event, log_scratch(reader));

    talk_skips_replies(talk);
    if (event->verb && event->command.len == 0)
        talk_say_part(talk, command);
    else
        talk_say(talk, SIDE_CLIENT, command);
    if (event->is_refused)
        talk_refused(talk, event->refusal, event->is_temporary, event->is_of_message);
    if (event->reply.len > 0)
        talk_say(talk, SIDE_SERVER, event->reply);
    talk_skips_replies(talk);
}

/* The next event that waits. */
static bool next_event(struct bytes *rest, struct waiting *waiting, struct event *event)
{
    if (rest->len < sizeof *waiting)
        return false;
    memcpy(waiting, rest->ptr, sizeof *waiting);
    bool is_event = read_event(bytes_slice(*rest, sizeof *waiting, waiting->len), event);
    *rest = bytes_from(*rest, sizeof *waiting + waiting->len);
    return is_event;
}

static bool is_verb_of(struct log_reader *reader, const struct event *event, struct bytes verb)
{
    struct bytes command = command_of(event, log_scratch(reader));

    return bytes_equal_nocase(log_text_word(&command), verb)
           || (event->verb && bytes_starts_nocase(bytes_of(event->verb), verb));
}

/* One after the other, and where `list` names all commands, those of which no event tells between them. */
static void say_waiting(struct log_reader *reader, struct bytes list)
{
    static const struct log_line none = { 0 };
    struct log_notes *notes = log_notes(reader);
    struct bytes rest = buf_bytes(&notes->text);
    struct talk *talk = log_talk(reader, &none, buf_bytes(&notes->key));
    struct waiting waiting;
    struct event event;
    bool has_event = next_event(&rest, &waiting, &event);

    while (list.len > 0) {
        size_t comma = bytes_find(list, ',');
        struct bytes verb = bytes_slice(list, 0, comma);
        if (has_event && is_verb_of(reader, &event, verb)) {
            say_event(reader, talk, &event);
            has_event = next_event(&rest, &waiting, &event);
        } else if (log_text_is_command(verb)) {
            talk_say_part(talk, verb);
            talk_skips_replies(talk);
        }
        list = comma == SIZE_MAX ? (struct bytes){ NULL, 0 } : bytes_from(list, comma + 1);
    }
    for (; has_event; has_event = next_event(&rest, &waiting, &event)) {
        log_at(reader, waiting.number, &waiting.stamp);
        say_event(reader, talk, &event);
    }
    buf_clear(&notes->text);
    buf_clear(&notes->key);
}

static void finish(struct log_reader *reader)
{
    say_waiting(reader, (struct bytes){ NULL, 0 });
}

/* One connection at a time waits: with the next one it is said what is known of it. */
static void turn_to(struct log_reader *reader, const struct log_line *line, struct bytes connection)
{
    struct log_notes *notes = log_notes(reader);
    static const struct log_line none = { 0 };

    if (bytes_equal(buf_bytes(&notes->key), connection))
        return;
    finish(reader);
    log_at(reader, line->number, &line->stamp);
    (void)buf_append(&notes->key, connection);
    struct talk *talk = log_talk(reader, &none, connection);
    if (!talk_has_begun(talk))
        talk_client(talk, log_text_between(connection, "[", "]"), 0);
}

static void read(struct log_reader *reader, const struct log_line *line)
{
    struct bytes text = without_process(line->text), connection = connection_of(text);
    static const struct log_line none = { 0 };
    struct event event;
    bool is_event = read_event(text, &event);
    size_t list = log_text_find(text, " C=");

    while (connection.len > 0
           && (connection.ptr[connection.len - 1] == ':' || connection.ptr[connection.len - 1] == ','))
        connection.len--;
    if (connection.len == 0)
        return;
    if (log_text_starts(text, "SMTP connection from [")) {
        finish(reader);
        log_at(reader, line->number, &line->stamp);
        talk_open(log_talk(reader, &none, connection));
        turn_to(reader, line, connection);
    } else if (is_event) {
        turn_to(reader, line, connection);
        keep(&log_notes(reader)->text, line, text);
    } else if (log_text_starts(text, "no MAIL in SMTP connection from ") && list != SIZE_MAX) {
        turn_to(reader, line, connection);
        struct bytes verbs = bytes_from(text, list + 3);
        say_waiting(reader, log_text_word(&verbs));
    }
}

const struct log_format log_format_exim_main = { .name = "Exim log",
                                                 .title = "Exim's mainlog or rejectlog",
                                                 .is_server_side = true,
                                                 .claim = claim,
                                                 .read = read,
                                                 .finish = finish };
