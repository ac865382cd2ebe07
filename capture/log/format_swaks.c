/* swaks: arrows, with tildes inside TLS and asterisks where a reply was not what it wanted.
 *     === Trying mx.example:25...
 *     <-  220 mx.example ESMTP
 *      -> EHLO client.example
 *     <** 503 5.5.1 Error: need MAIL command
 * With --no-send-hints and --no-receive-hints arrows are left out, of one side or of both.
 * The source is the program itself (sub ptrans). */
#include "log/format_rows.h"
#include "log/marks.h"
#include "log/shape.h"

enum { STATE_OPENED = 1, STATE_SENT = 2, STATE_RECEIVED = 4 }; /* arrows that were seen */

static const struct log_mark marks[] = {
    { " -> ", SIDE_CLIENT }, { " ~> ", SIDE_CLIENT }, { "**> ", SIDE_CLIENT }, { "*~> ", SIDE_CLIENT },
    { "<-  ", SIDE_SERVER }, { "<~  ", SIDE_SERVER }, { "<** ", SIDE_SERVER }, { "<~* ", SIDE_SERVER },
    { "-> ", SIDE_CLIENT },  { "~> ", SIDE_CLIENT },  { "<- ", SIDE_SERVER },  { "<~ ", SIDE_SERVER },
    { "=== ", SIDE_NONE },   { "*** ", SIDE_NONE },   { NULL, SIDE_NONE },
};

static bool is_summary(struct bytes text)
{
    uint64_t lines;

    return log_text_ends(text, " lines sent") && bytes_to_u64(bytes_slice(text, 0, text.len - 11), &lines);
}

static enum log_claim claim(const struct log_line *line)
{
    struct bytes text = line->text.len < line->whole.len ? line->text : line->whole;
    const struct log_mark *mark = marks_skip(marks, &text);

    if (!mark)
        return LOG_CLAIM_NONE;
    if (mark->side == SIDE_NONE)
        return log_text_starts(text, "Trying ") || log_text_starts(text, "Connected to ") ? LOG_CLAIM_STRONG
                                                                                          : LOG_CLAIM_NONE;
    bool is_arrow = mark->text[0] == '<' || strchr(mark->text, '~');
    return is_arrow || (mark->text[0] == ' ' && log_text_is_sure_command(text)) ? LOG_CLAIM_WEAK
                                                                                : LOG_CLAIM_NONE;
}

static void read_remark(struct talk *talk, struct bytes text)
{
    if (log_text_skip(&text, "Trying ")) {
        talk_open(talk);
        marks_tell_server(talk, bytes_slice(text, 0, log_text_find(text, "...")));
    } else if (log_text_starts(text, "TLS started")) {
        talk_enter_tls(talk);
    } else if (log_text_starts(text, "Remote host closed connection")) {
        talk_close(talk, SIDE_SERVER, false);
    } else if (log_text_starts(text, "Connection closed with remote host")) {
        talk_close(talk, SIDE_NONE, false);
    }
}

/* A line without an arrow, if one side has none. */
static void read_bare(struct log_reader *reader, struct talk *talk, struct bytes text)
{
    unsigned seen = log_notes(reader)->state;
    uint16_t code;
    bool is_last, is_reply = log_text_is_reply(text, &code, &is_last);
    bool is_server = !(seen & STATE_RECEIVED) && is_reply && shape_is_server(talk, text);
    bool is_client =
        !(seen & STATE_SENT) && talk_has_begun(talk) && !is_server && shape_is_plausible(talk, text);

    if ((seen & STATE_OPENED) && (is_server || is_client) && !is_summary(text))
        talk_say(talk, is_server ? SIDE_SERVER : SIDE_CLIENT, text);
}

static void read(struct log_reader *reader, const struct log_line *line)
{
    struct talk *talk = log_talk(reader, line, BYTES(""));
    struct bytes text = line->whole;
    const struct log_mark *mark = marks_skip(marks, &text);

    if (!mark) {
        text = line->text;
        mark = marks_skip(marks, &text);
    }
    if (!mark) {
        read_bare(reader, talk, line->whole);
        return;
    }
    if (mark->side == SIDE_NONE) {
        log_notes(reader)->state |= STATE_OPENED;
        read_remark(talk, text);
        return;
    }
    log_notes(reader)->state |= mark->side == SIDE_CLIENT ? STATE_SENT : STATE_RECEIVED;
    if (!talk_has_begun(talk) && bytes_find(bytes_of(mark->text), '~') == SIZE_MAX)
        talk_is_clear(talk);
    if (!is_summary(text)) /* in place of the content */
        talk_say(talk, mark->side, text);
}

const struct log_format log_format_swaks = {
    .name = "swaks", .title = "swaks", .claim = claim, .read = read
};
