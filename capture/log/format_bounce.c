/* Mails of Postfix and Exim that say why a message could not be delivered.  They quote the reply and name the
 * command; bounce.h has how.
 *     <bob@mx.example>: host mx.example[192.0.2.25] said: 550 5.1.1
 *         <bob@mx.example>: no such user (in reply to RCPT TO command)
 * and
 *       bob@mx.example
 *         host mx.example [192.0.2.25]
 *         SMTP error from remote mail server after RCPT TO:<bob@mx.example>:
 *         550 5.1.1 no such user
 * One paragraph for each recipient, of which long lines are folded; once more in quoted-printable, where a
 * "=" at the end says so (RFC 2045 section 6.7). */
#include "log/bounce.h"
#include "log/format_rows.h"

enum { STATE_MESSAGE = 1 }; /* what was told last was said of a message, and for all of its recipients */

static bool begins_paragraph(struct bytes text)
{
    return log_text_starts(text, "<")
           && (log_text_find(text, ">: host ") != SIZE_MAX
               || log_text_find(text, ">: SASL authentication failed; server ") != SIZE_MAX);
}

static enum log_claim claim(const struct log_line *line)
{
    struct bytes text = bytes_trim(line->whole);

    if (begins_paragraph(text) || log_text_starts(text, "SMTP error from remote mail server after "))
        return LOG_CLAIM_STRONG;
    return LOG_CLAIM_NONE;
}

static void say_quote(struct log_reader *reader, struct talk *talk, const struct bounce_quote *quote)
{
    struct log_notes *notes = log_notes(reader);
    bool is_of_message = !log_text_starts(quote->command, "RCPT TO");
    bool is_same_host = bytes_equal(quote->host, buf_bytes(&notes->key));

    if (is_same_host && is_of_message && notes->state == STATE_MESSAGE)
        return; /* told again for another recipient */
    if (!is_same_host || notes->state == STATE_MESSAGE)
        talk_close(talk, SIDE_NONE, false); /* another connection, of which the beginning is not told */
    bounce_tell_server(talk, quote->host);
    bounce_say(reader, talk, quote);
    notes->state = is_of_message ? STATE_MESSAGE : 0;
    buf_clear(&notes->key);
    (void)buf_append(&notes->key, quote->host);
}

static void end_paragraph(struct log_reader *reader, struct talk *talk)
{
    struct log_notes *notes = log_notes(reader);
    struct bounce_quote quote;

    log_at(reader, notes->number, &notes->stamp);
    if (notes->text.len > 0 && bounce_quote_find(buf_bytes(&notes->text), &quote))
        say_quote(reader, talk, &quote);
    buf_clear(&notes->text);
}

static void read(struct log_reader *reader, const struct log_line *line)
{
    static const struct log_line none = { 0 };
    struct log_notes *notes = log_notes(reader);
    struct talk *talk = log_talk(reader, &none, BYTES(""));
    struct bytes text = bytes_trim(line->whole);

    if (text.len == 0 || begins_paragraph(text))
        end_paragraph(reader, talk);
    if (text.len == 0)
        return;
    bounce_read_head(reader, text);
    if (notes->text.len == 0)
        notes->number = line->number;
    if (log_text_ends(buf_bytes(&notes->text), "="))
        notes->text.len--;
    else if (notes->text.len > 0)
        (void)buf_append_u8(&notes->text, ' ');
    (void)buf_append(&notes->text, text);
}

static void finish(struct log_reader *reader)
{
    end_paragraph(reader, log_last_talk(reader));
}

const struct log_format log_format_bounce = {
    .name = "bounce", .title = "a bounce of Postfix or Exim", .claim = claim, .read = read, .finish = finish
};
