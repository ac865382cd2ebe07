/* ssmtp -v: arrows in brackets.  Of a reply only the last line is shown, a password not at all.
 *     [<-] 250 HELP
 *     [->] MAIL FROM:<a@b>
 * The source is ssmtp.c (smtp_read, smtp_write). */
#include "log/format_rows.h"
#include "log/marks.h"

static const struct log_mark marks[] = {
    { "[->] ", SIDE_CLIENT },
    { "[<-] ", SIDE_SERVER },
    { NULL, SIDE_NONE },
};

static enum log_claim claim(const struct log_line *line)
{
    struct bytes text = line->text;

    return marks_skip(marks, &text) ? LOG_CLAIM_STRONG : LOG_CLAIM_NONE;
}

static void read(struct log_reader *reader, const struct log_line *line)
{
    struct talk *talk = log_talk(reader, line, BYTES(""));
    struct bytes text = line->text;
    const struct log_mark *mark = marks_skip(marks, &text);

    if (!mark)
        return;
    if (mark->side == SIDE_SERVER)
        talk_cut_next_reply(talk);
    talk_say(talk, mark->side, text);
}

const struct log_format log_format_ssmtp = {
    .name = "ssmtp", .title = "ssmtp", .claim = claim, .read = read
};
