/* aiosmtpd, whose logger "mail.log" stands at DEBUG.
 *     DEBUG:mail.log:('198.51.100.1', 44131) << b'220 mx.example Python SMTP 1.4.3'
 *     INFO:mail.log:('198.51.100.1', 44131) >> b'EHLO client.example'
 *     DEBUG:mail.log:DATA readline: b'hello\r\n'
 *     DEBUG:mail.log:('198.51.100.1', 44131) << challenge: b'334 '
 * What comes in is marked >>.  Lines of content do not say whose they are: the last to send DATA. */
#include "log/format_rows.h"

static bool is_literal(struct bytes text)
{
    return text.len > 2 && text.ptr[0] == 'b' && (text.ptr[1] == '\'' || text.ptr[1] == '"');
}

/* "('198.51.100.1', 44131) >> b'...'": the peer, the side and the literal. */
static bool take_apart(struct bytes text, struct bytes *peer, enum side *side, struct bytes *literal)
{
    size_t in = log_text_find(text, ") >> "), out = log_text_find(text, ") << "), at = in < out ? in : out;
    size_t open = log_text_find(text, "('");

    if (at == SIZE_MAX || open == SIZE_MAX || open > at)
        return false;
    *peer = bytes_slice(text, open, at + 1 - open);
    *side = in < out ? SIDE_CLIENT : SIDE_SERVER;
    *literal = bytes_from(text, at + 5);
    (void)log_text_skip(literal, "challenge: ");
    return is_literal(*literal);
}

static enum log_claim claim(const struct log_line *line)
{
    struct bytes peer, literal;
    enum side side;

    return take_apart(line->text, &peer, &side, &literal) ? LOG_CLAIM_STRONG : LOG_CLAIM_NONE;
}

static struct bytes said(struct log_reader *reader, struct bytes literal)
{
    struct buf *text = log_scratch(reader);

    (void)log_text_unquote(bytes_from(literal, 1), text);
    while (text->len > 0 && (text->ptr[text->len - 1] == '\n' || text->ptr[text->len - 1] == '\r'))
        text->len--;
    return buf_bytes(text);
}

static void say_lines(struct talk *talk, enum side side, struct bytes text)
{
    size_t lf;

    while ((lf = bytes_find(text, '\n')) != SIZE_MAX) {
        size_t len = lf > 0 && text.ptr[lf - 1] == '\r' ? lf - 1 : lf;
        talk_say(talk, side, bytes_slice(text, 0, len));
        text = bytes_from(text, lf + 1);
    }
    talk_say(talk, side, text);
}

/* "('192.0.2.1', 44131) connection lost", "... aborted AUTH with '*'" */
static void read_remark(struct log_reader *reader, const struct log_line *line)
{
    size_t open = log_text_find(line->text, "('"), close = log_text_find(line->text, ") ");

    if (open == SIZE_MAX || close == SIZE_MAX || close < open)
        return;
    struct talk *talk = log_talk(reader, line, bytes_slice(line->text, open, close + 1 - open));
    struct bytes remark = bytes_from(line->text, close + 2);
    if (bytes_equal(remark, BYTES("connection lost")))
        talk_close(talk, SIDE_NONE, false);
    else if (log_text_starts(remark, "aborted AUTH with ") && talk_mode(talk) == DIALOGUE_SASL)
        talk_say(talk, SIDE_CLIENT, BYTES("*"));
}

static void read(struct log_reader *reader, const struct log_line *line)
{
    struct log_notes *notes = log_notes(reader);
    size_t content = log_text_find(line->text, "DATA readline: b");
    struct bytes peer, literal;
    enum side side;

    if (take_apart(line->text, &peer, &side, &literal)) {
        struct talk *talk = log_talk(reader, line, peer);
        if (!talk_has_begun(talk))
            talk_client(talk, log_text_between(peer, "'", "'"), 0);
        say_lines(talk, side, said(reader, literal));
        buf_clear(&notes->key);
        (void)buf_append(&notes->key, peer);
    } else if (content != SIZE_MAX) {
        struct talk *talk = log_talk(reader, line, buf_bytes(&notes->key));
        if (talk_mode(talk) == DIALOGUE_CONTENT)
            talk_say(talk, SIDE_CLIENT, said(reader, bytes_from(line->text, content + 15)));
    } else {
        read_remark(reader, line);
    }
}

const struct log_format log_format_aiosmtpd = {
    .name = "aiosmtpd", .title = "aiosmtpd", .is_server_side = true, .claim = claim, .read = read
};
