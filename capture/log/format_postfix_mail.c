/* The mails that Postfix sends to the postmaster (notify_classes): Subject tells which side Postfix was.
 *     Subject: Postfix SMTP server: errors from unknown[192.0.2.1]
 *     Transcript of session follows.
 *      Out: 220 mx.example ESMTP Postfix
 *      In:  EHLO client.example
 * Long lines are folded, the rest indented by five blanks.  Contents are left out. */
#include "log/bounce.h"
#include "log/format_rows.h"
#include "log/marks.h"

static const struct log_mark marks[] = {
    { " In:  ", SIDE_CLIENT }, { " Out: ", SIDE_SERVER }, /* as they stand in the mail */
    { "In:  ", SIDE_CLIENT },  { "Out: ", SIDE_SERVER },  /* with the blanks before all lines taken off */
    { NULL, SIDE_NONE },
};

/* A line of a transcript, for which the title may have been cut off. */
static bool is_said(struct bytes text)
{
    uint16_t code;
    bool is_last;

    return marks_skip(marks, &text)
           && (log_text_is_reply(text, &code, &is_last) || log_text_is_sure_command(text));
}

static enum log_claim claim(const struct log_line *line)
{
    if ((log_text_starts(line->whole, " ") && is_said(line->whole))
        || log_text_starts(line->whole, "Transcript of session follows.")
        || log_text_starts(line->whole, "Subject: Postfix SMTP server: errors from ")
        || log_text_starts(line->whole, "Subject: Postfix SMTP client: errors from "))
        return LOG_CLAIM_STRONG;
    return LOG_CLAIM_NONE;
}

/* The line that was read last, with what was folded. */
static void say_waiting(struct log_reader *reader, struct talk *talk)
{
    struct log_notes *notes = log_notes(reader);

    if (notes->side != SIDE_NONE)
        talk_say(talk, notes->side, buf_bytes(&notes->text));
    notes->side = SIDE_NONE;
    buf_clear(&notes->text);
}

static void begin_line(struct log_reader *reader, struct talk *talk, const struct log_mark *mark,
                       struct bytes text)
{
    struct log_notes *notes = log_notes(reader);
    uint16_t code;
    bool is_last;

    if (talk_outward(talk) == SIDE_NONE && mark->side == SIDE_CLIENT
        && log_text_is_reply(text, &code, &is_last))
        talk_set_outward(talk, SIDE_CLIENT); /* the client's side: a server talks in */
    else if (talk_outward(talk) == SIDE_NONE)
        talk_set_outward(talk, SIDE_SERVER);
    bool is_out = mark->side == SIDE_SERVER;
    notes->side = is_out ? talk_outward(talk) : talk_outward(talk) == SIDE_SERVER ? SIDE_CLIENT : SIDE_SERVER;
    (void)buf_append(&notes->text, text);
}

static void read_end(struct log_reader *reader, struct talk *talk, struct bytes text)
{
    say_waiting(reader, talk);
    if (log_text_starts(text, "Session aborted, reason: lost connection"))
        talk_close(talk, SIDE_CLIENT, false);
    log_notes(reader)->is_told = false;
}

static void read(struct log_reader *reader, const struct log_line *line)
{
    struct log_notes *notes = log_notes(reader);
    struct talk *talk = log_talk(reader, line, BYTES(""));
    struct bytes text = line->whole;

    if (log_text_starts(text, "Subject: Postfix SMTP server: errors from ")) {
        talk_open(talk);
        talk_client(talk, log_text_between(text, "[", "]"), 0);
    } else if (log_text_starts(text, "Subject: Postfix SMTP client: errors from ")) {
        talk_open(talk);
        bounce_tell_server(talk, text);
    } else if (log_text_starts(text, "Transcript of session follows.")) {
        notes->is_told = true;
    } else if (notes->is_told || is_said(text)) {
        notes->is_told = true;
        const struct log_mark *mark = marks_skip(marks, &text);
        if (mark) {
            say_waiting(reader, talk);
            begin_line(reader, talk, mark, text);
        } else if (text.len == 0) {
            say_waiting(reader, talk);
        } else if (notes->side != SIDE_NONE) { /* folded: its blanks may be lost */
            (void)buf_append_u8(&notes->text, ' ');
            (void)buf_append(&notes->text, bytes_trim(text));
        } else {
            read_end(reader, talk, text);
        }
    }
}

static void finish(struct log_reader *reader)
{
    say_waiting(reader, log_last_talk(reader));
}

const struct log_format log_format_postfix_mail = { .name = "Postfix transcript",
                                                    .title = "a transcript that Postfix mailed",
                                                    .is_server_side = true,
                                                    .claim = claim,
                                                    .read = read,
                                                    .finish = finish };
