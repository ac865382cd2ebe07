/* sendEmail -v, Perl: a reply of several lines stands in one, joined by commas.
 *     Nov 24 04:06:21 host sendemail[147]: DEBUG => Connecting to mx.example:25
 *     Nov 24 04:06:21 host sendemail[147]: SUCCESS => Received: <tab>250-mx.example, 250 HELP
 *     Nov 24 04:06:21 host sendemail[147]: INFO => Sending: <tab>MAIL FROM:<a@b>
 *     Nov 24 04:06:21 host sendemail[147]: DEBUG => evalSMTPresponse() - Found SMTP error code: 535
 *     Nov 24 04:06:21 host sendemail[147]: Email was sent successfully! ...
 * A reply that ends the run is not shown but for its code, from the second -v on; QUIT is not shown either.
 */
#include "log/format_rows.h"
#include "log/marks.h"

static const char sending[] = "INFO => Sending: \t", received[] = " => Received: \t";

static enum log_claim claim(const struct log_line *line)
{
    bool is_known =
        log_text_starts(line->text, sending) || log_text_find(bytes_slice(line->text, 0, 32), received) < 16;

    return is_known ? LOG_CLAIM_STRONG : LOG_CLAIM_NONE;
}

/* Where the next line of the same reply begins, if this is not its last: behind a comma and a blank. */
static size_t next_line(struct bytes text)
{
    for (size_t i = 4; i + 5 < text.len && text.ptr[3] == '-'; i++)
        if (text.ptr[i] == ',' && text.ptr[i + 1] == ' ' && memcmp(text.ptr + i + 2, text.ptr, 3) == 0
            && (text.ptr[i + 5] == '-' || text.ptr[i + 5] == ' '))
            return i;
    return SIZE_MAX;
}

static void say_reply(struct talk *talk, struct bytes text)
{
    for (size_t comma; (comma = next_line(text)) != SIZE_MAX; text = bytes_from(text, comma + 2))
        talk_say(talk, SIDE_SERVER, bytes_slice(text, 0, comma));
    talk_say(talk, SIDE_SERVER, text);
}

/* The code of a reply that is not shown, as the run ends with it. */
static void say_code(struct log_reader *reader, struct talk *talk)
{
    struct buf *code = &log_notes(reader)->text;

    if (code->len == 0)
        return;
    talk_cut_next_reply(talk);
    talk_say(talk, SIDE_SERVER, buf_bytes(code));
    buf_clear(code);
}

static void read(struct log_reader *reader, const struct log_line *line)
{
    static const char code[] = "Found SMTP error code: ";
    struct talk *talk = log_talk(reader, line, BYTES(""));
    struct log_notes *notes = log_notes(reader);
    struct bytes text = line->text;
    size_t reply = log_text_find(text, received), found = log_text_find(text, code);

    if (log_text_skip(&text, "DEBUG => Connecting to ")) {
        marks_open(talk, text, false);
    } else if (log_text_skip(&text, sending)) {
        talk_say(talk, SIDE_CLIENT, text);
    } else if (reply != SIZE_MAX) {
        buf_clear(&notes->text);
        say_reply(talk, bytes_from(text, reply + sizeof received - 1));
    } else if (found != SIZE_MAX) {
        buf_clear(&notes->text);
        (void)buf_append(&notes->text, bytes_slice(text, found + sizeof code - 1, 3));
    } else if (log_text_find(text, "ERROR => ") != SIZE_MAX) {
        say_code(reader, talk);
        talk_skips_replies(talk);
    } else if (log_text_starts(text, "Email was sent successfully!")) {
        talk_imply(talk, BYTES("QUIT"), (struct bytes){ NULL, 0 });
    }
}

const struct log_format log_format_sendemail = {
    .name = "sendEmail", .title = "sendEmail", .claim = claim, .read = read
};
