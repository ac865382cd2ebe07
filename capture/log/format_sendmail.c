/* sendmail -v, and its bounces ("Transcript of session follows", which hold the end of a dialogue).
 *     bob@mx.example... Connecting to mx.example. via esmtp...
 *     220 mx.example ESMTP
 *     >>> EHLO client.example
 *     250 HELP
 *     Closing connection to mx.example.             and then it says QUIT
 * and in a bounce
 *     ... while talking to mx.example.:
 *     >>> DATA
 *     <<< 550 5.1.1 No such user
 *     550 5.1.1 bob@mx.example... User unknown      and then it was RCPT that this answered
 * Contents are not shown; ">>> ." stands for their end, though not in a bounce.  Of a group that was
 * pipelined a bounce shows but its last command, DATA, and all replies that refuse.  One that names no
 * recipient may answer DATA or the content. */
#include "log/bounce.h"
#include "log/format_rows.h"
#include "log/marks.h"

enum {
    STATE_OPENED = 1, /* a connection: what comes next is the greeting */
    STATE_DATA,       /* a bounce has shown DATA: replies to a group come next */
    STATE_DATA_SAID,
};

/* An address that no logger has put anything in front of: "mail:bob@mx.example", "x,\"bob@mx.example". */
static bool is_address(struct bytes text)
{
    static const char odd[] = " \t:,\"'=";
    struct bytes local = bytes_slice(text, 0, bytes_find(text, '@'));

    for (size_t i = 0; i < local.len; i++)
        if (local.ptr[i] && strchr(odd, local.ptr[i]))
            return false;
    return bytes_find(text, ' ') == SIZE_MAX;
}

static bool is_connecting(struct bytes text)
{
    size_t dots = log_text_find(text, "... Connecting to ");

    return dots != SIZE_MAX && is_address(bytes_slice(text, 0, dots))
           && log_text_find(text, " via ") != SIZE_MAX;
}

static enum log_claim claim(const struct log_line *line)
{
    struct bytes text = bytes_trim(line->whole);

    if (is_connecting(text) || log_text_starts(text, "... while talking to ")
        || log_text_starts(text, "----- Transcript of session follows -----"))
        return LOG_CLAIM_STRONG;
    return log_text_starts(text, ">>> ") ? LOG_CLAIM_WEAK : LOG_CLAIM_NONE;
}

/* The recipient that a reply is about: "550 5.1.1 bob@mx.example... User unknown"; empty: none. */
static struct bytes recipient_of(struct bytes text)
{
    uint16_t code;
    bool is_last;

    if (!log_text_is_reply(text, &code, &is_last))
        return (struct bytes){ NULL, 0 };
    size_t dots = log_text_find(text, "... ");
    text = bytes_slice(text, 0, dots == SIZE_MAX ? 0 : dots);
    for (size_t blank; (blank = bytes_find(text, ' ')) != SIZE_MAX;)
        text = bytes_from(text, blank + 1);
    if (bytes_find(text, '@') == SIZE_MAX)
        return (struct bytes){ NULL, 0 };
    return text.ptr[0] == '<' ? log_text_between(text, "<", ">") : text;
}

static void say_lines(struct talk *talk, struct bytes lines)
{
    while (lines.len > 0) {
        size_t lf = bytes_find(lines, '\n');
        talk_say(talk, SIDE_SERVER, bytes_slice(lines, 0, lf));
        lines = bytes_from(lines, lf + 1);
    }
}

static void say_data(struct log_notes *notes, struct talk *talk)
{
    if (notes->state != STATE_DATA)
        return;
    talk_say(talk, SIDE_CLIENT, BYTES("DATA"));
    talk_skips_replies(talk);
    notes->state = STATE_DATA_SAID;
}

/* The reply that waits, now that the line behind it is read. */
static void say_waiting(struct log_reader *reader, struct talk *talk, struct bytes next)
{
    struct log_notes *notes = log_notes(reader);
    struct bytes recipient = recipient_of(next);

    if (notes->text.len == 0)
        return;
    if (recipient.len > 0) { /* sendmail waits for the answer to MAIL before it sends the rest */
        bounce_imply_mail(reader, talk);
        bounce_imply_recipient(reader, talk, recipient);
    } else {
        say_data(notes, talk);
    }
    say_lines(talk, buf_bytes(&notes->text));
    buf_clear(&notes->text);
}

static void end_group(struct log_reader *reader, struct talk *talk)
{
    struct log_notes *notes = log_notes(reader);

    say_waiting(reader, talk, (struct bytes){ NULL, 0 });
    say_data(notes, talk);
    notes->state = 0;
}

/* Whether the line is one of the replies behind DATA in a bounce. */
static bool read_group(struct log_reader *reader, struct talk *talk, struct bytes text)
{
    struct log_notes *notes = log_notes(reader);
    uint16_t code;
    bool is_last = true;

    if (notes->state < STATE_DATA)
        return false;
    if (log_text_skip(&text, "<<< ")) {
        if (notes->count == 0)
            say_waiting(reader, talk, (struct bytes){ NULL, 0 });
        (void)buf_append(&notes->text, text);
        (void)buf_append_u8(&notes->text, '\n');
        notes->count = log_text_is_reply(text, &code, &is_last) && !is_last; /* more lines of it come */
        return true;
    }
    say_waiting(reader, talk, text);
    if (log_text_starts(text, ">>> ") || log_text_starts(text, "--") || log_text_starts(text, "... "))
        end_group(reader, talk);
    return false;
}

static void read_remark(struct log_reader *reader, struct talk *talk, struct bytes text)
{
    if (is_connecting(text)) {
        struct bytes host = log_text_between(text, "... Connecting to ", " via ");
        talk_open(talk);
        host = bytes_slice(host, 0, bytes_find(host, ' ')); /* " port 2525" */
        if (host.len > 1 && host.ptr[host.len - 1] == '.')
            host.len--;
        log_notes(reader)->state = STATE_OPENED;
        talk_server(talk, host, 0);
    } else if (log_text_skip(&text, "... while talking to ")) {
        talk_open(talk);
        size_t end = text.len;
        while (end > 0 && (text.ptr[end - 1] == ':' || text.ptr[end - 1] == '.'))
            end--;
        talk_server(talk, bytes_slice(text, 0, end), 0);
        log_notes(reader)->is_told = true; /* a bounce */
    } else if (log_text_starts(text, "----- Original message") || log_text_starts(text, "--")) {
        log_notes(reader)->is_told = false;
    } else if (!talk_has_begun(talk)) {
        bounce_read_head(reader, text);
    }
}

/* "AUTH dialogue" is said in place of what holds a credential. */
static void say_client(struct log_reader *reader, struct talk *talk, struct bytes text)
{
    if (log_notes(reader)->is_told && log_text_starts(text, "RCPT "))
        bounce_imply_mail(reader, talk);
    if (bytes_equal(text, BYTES(".")) && talk_mode(talk) == DIALOGUE_CONTENT)
        talk_leave_out_content(talk);
    else if (bytes_equal(text, BYTES("AUTH dialogue")))
        talk_say_part(talk, BYTES("AUTH"));
    else
        talk_say(talk, SIDE_CLIENT, text);
}

static void read(struct log_reader *reader, const struct log_line *line)
{
    struct talk *talk = log_talk(reader, line, BYTES(""));
    struct bytes text = line->whole;
    uint16_t code;
    bool is_last, is_bounce = log_notes(reader)->is_told;

    (void)log_text_skip(&text, "050 "); /* as VERB has it */
    if (read_group(reader, talk, text))
        return;
    if (is_bounce && bytes_equal_nocase(text, BYTES(">>> DATA")))
        log_notes(reader)->state = STATE_DATA;
    else if (log_text_skip(&text, ">>> "))
        say_client(reader, talk, text);
    else if (log_text_skip(&text, "<<< "))
        talk_say(talk, SIDE_SERVER, text);
    else if (!is_bounce && log_text_is_reply(text, &code, &is_last)
             && (talk_has_begun(talk) || log_notes(reader)->state == STATE_OPENED || code == 220))
        talk_say(talk, SIDE_SERVER, text);
    else
        read_remark(reader, talk, bytes_trim(text));
}

static void finish(struct log_reader *reader)
{
    if (log_notes(reader)->state >= STATE_DATA)
        end_group(reader, log_last_talk(reader));
}

const struct log_format log_format_sendmail = {
    .name = "sendmail", .title = "sendmail -v", .claim = claim, .read = read, .finish = finish
};
