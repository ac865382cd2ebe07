/* smtp-cli --verbose: the code of a line in brackets, its text in quotes; whether more lines follow is not
 * shown. [220] 'mx.example ESMTP' > EHLO client.example [250] 'mx.example' [250] 'PIPELINING' The source is
 * the program itself (get_one_line, send_line).  Contents are not shown. */
#include "log/format_rows.h"
#include "log/marks.h"

enum { HEAD = 7 /* "[250] '" */ };

static bool is_reply(struct bytes text)
{
    if (text.len <= HEAD || text.ptr[0] != '[' || !log_text_starts(bytes_from(text, 4), "] '")
        || !log_text_ends(text, "'"))
        return false;
    return text.ptr[1] >= '2' && text.ptr[1] <= '5' && ascii_is_digit(text.ptr[2])
           && ascii_is_digit(text.ptr[3]);
}

static enum log_claim claim(const struct log_line *line)
{
    return is_reply(line->text) ? LOG_CLAIM_STRONG : LOG_CLAIM_NONE;
}

/* The line that waits: the last, unless another of the same code comes before the client says something. */
static void say_waiting(struct log_reader *reader, struct talk *talk, struct bytes code)
{
    struct log_notes *notes = log_notes(reader);
    struct buf *text = &notes->text;

    if (text->len > 3 && code.len == 3 && memcmp(text->ptr, code.ptr, 3) == 0)
        text->ptr[3] = '-';
    if (text->len > 0)
        talk_say(talk, SIDE_SERVER, buf_bytes(text));
    buf_clear(text);
}

static void read(struct log_reader *reader, const struct log_line *line)
{
    struct talk *talk = log_talk(reader, line, BYTES(""));
    struct bytes text = line->text;

    if (is_reply(text)) {
        struct buf *waiting = &log_notes(reader)->text;
        say_waiting(reader, talk, bytes_slice(text, 1, 3));
        (void)buf_append(waiting, bytes_slice(text, 1, 3));
        (void)buf_append_u8(waiting, ' ');
        (void)buf_append(waiting, bytes_slice(text, HEAD, text.len - HEAD - 1));
    } else if (log_text_skip(&text, "> ")) {
        say_waiting(reader, talk, BYTES(""));
        talk_say(talk, SIDE_CLIENT, text);
    } else if (log_text_starts(text, "Connection from ")) {
        say_waiting(reader, talk, BYTES(""));
        talk_open(talk);
        size_t to = log_text_find(text, " to ");
        if (to != SIZE_MAX)
            marks_tell_server(talk, bytes_from(text, to + 4));
    } else if (log_text_starts(text, "Using cipher: ")) {
        say_waiting(reader, talk, BYTES(""));
        talk_enter_tls(talk);
    }
}

static void finish(struct log_reader *reader)
{
    say_waiting(reader, log_last_talk(reader), BYTES(""));
}

const struct log_format log_format_smtp_cli = {
    .name = "smtp-cli", .title = "smtp-cli", .claim = claim, .read = read, .finish = finish
};
