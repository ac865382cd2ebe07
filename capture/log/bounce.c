/* What servers that could not deliver a mail write of the words of the other server.
 *     <bob@mx.example>: host mx.example[192.0.2.25] said: 550 5.1.1 unknown (in reply to RCPT TO command)
 * is Postfix in a bounce, and with "to=<bob@mx.example>, relay=mx.example[192.0.2.25]:25, ..." before it in
 * its log; bob@mx.example host mx.example [192.0.2.25] SMTP error from remote mail server after RCPT
 * TO:<...>: 550 ... is Exim. */
#include "log/bounce.h"
#include "log/marks.h"

/* A copy for the postmaster has another addressee than the sender of the message. */
static const struct bytes not_to_sender = { (const uint8_t *)" ", 1 };

void bounce_read_head(struct log_reader *reader, struct bytes line)
{
    struct buf *sender = &log_notes(reader)->other;

    if (log_text_starts(line, "Subject: Postmaster")) {
        buf_clear(sender);
        (void)buf_append(sender, not_to_sender);
    }
    if (sender->len > 0 || !log_text_skip(&line, "To: "))
        return;
    struct bytes bracketed = log_text_between(line, "<", ">");
    struct bytes address = bracketed.len > 0 ? bracketed : bytes_trim(line);
    if (bytes_find(address, '@') != SIZE_MAX && bytes_find(address, ' ') == SIZE_MAX)
        (void)buf_append(sender, address);
}

/* "VERB:<address>" */
static struct bytes path_of(struct log_reader *reader, const char *verb, struct bytes address)
{
    struct buf *command = log_scratch(reader);

    buf_clear(command);
    (void)buf_append_text(command, verb);
    (void)buf_append_text(command, ":<");
    (void)buf_append(command, address);
    (void)buf_append_u8(command, '>');
    return buf_bytes(command);
}

void bounce_imply_mail(struct log_reader *reader, struct talk *talk)
{
    struct bytes sender = buf_bytes(&log_notes(reader)->other);

    if (!talk_has_begun(talk) && sender.len > not_to_sender.len)
        talk_imply_accepted(talk, path_of(reader, "MAIL FROM", sender), BYTES("250"));
}

void bounce_imply_recipient(struct log_reader *reader, struct talk *talk, struct bytes address)
{
    struct bytes command = address.len > 0 ? path_of(reader, "RCPT TO", address) : BYTES("RCPT");

    talk_imply(talk, command, (struct bytes){ NULL, 0 });
}

/* Before "said": "relay=mx.example[192.0.2.25]:25, ..." in a log, else what stands behind `mark`. */
static struct bytes host_of_postfix(struct bytes before, const char *mark)
{
    struct bytes relay = log_text_between(before, "relay=", ",");
    size_t at = log_text_find(before, mark);

    return relay.len > 0 || at == SIZE_MAX ? relay : bytes_from(before, at + strlen(mark));
}

static bool find_of_postfix(struct bytes text, struct bounce_quote *out)
{
    static const char login[] = "SASL authentication failed; server ";
    size_t said = log_text_find(text, " said: ");
    struct bytes rest = bytes_from(text, said == SIZE_MAX ? SIZE_MAX : said + 7);
    size_t reason = log_text_find(rest, " (in reply to ");
    struct bytes before = bytes_slice(text, 0, said);

    out->recipient = log_text_between(text, "to=<", ">");
    if (out->recipient.len == 0 && log_text_starts(text, "<"))
        out->recipient = log_text_between(text, "<", ">");
    out->reply = bytes_slice(rest, 0, reason);
    if (rest.len > 0 && log_text_find(before, login) != SIZE_MAX) {
        out->command = BYTES("AUTH");
        out->host = host_of_postfix(before, login);
        if (log_text_ends(out->reply, ")"))
            out->reply.len--;
        return true;
    }
    struct bytes command = bytes_from(rest, reason == SIZE_MAX ? SIZE_MAX : reason + 14);
    out->command = bytes_slice(command, 0, log_text_find(command, " command)"));
    out->host = host_of_postfix(before, "host ");
    return out->command.len < command.len;
}

/* In place of "said": to the connection or to EHLO, it does not tell. */
static bool find_of_refused_connection(struct bytes text, struct bounce_quote *out)
{
    static const char mark[] = " refused to talk to me: ";
    size_t at = log_text_find(text, mark);

    if (at == SIZE_MAX)
        return false;
    out->host = host_of_postfix(bytes_slice(text, 0, at), "host ");
    out->reply = bytes_from(text, at + sizeof mark - 1);
    if (log_text_ends(out->reply, ")"))
        out->reply.len--;
    return true;
}

static bool find_of_exim(struct bytes text, struct bounce_quote *out)
{
    static const char mark[] = "SMTP error from remote mail server after ";
    size_t at = log_text_find(text, mark);

    if (at == SIZE_MAX)
        return false;
    struct bytes rest = bytes_from(text, at + sizeof mark - 1);
    (void)log_text_skip(&rest, "pipelined ");
    size_t colon = log_text_find(rest, ": ");
    out->command = bytes_slice(rest, 0, colon);
    out->reply = bytes_from(rest, colon == SIZE_MAX ? SIZE_MAX : colon + 2);
    struct bytes before = bytes_slice(text, 0, at);
    size_t open = bytes_find(before, '['), host = log_text_find(before, " host ");
    if (host == SIZE_MAX)
        host = log_text_find(before, " H=");
    if (open != SIZE_MAX && host != SIZE_MAX)
        out->host = bytes_slice(before, open, bytes_find(bytes_from(before, open), ']') + 1);
    out->recipient = log_text_between(out->command, "RCPT TO:<", ">");
    return colon != SIZE_MAX;
}

bool bounce_quote_find(struct bytes text, struct bounce_quote *out)
{
    struct bounce_quote quote = { .host = { NULL, 0 } };
    uint16_t code;
    bool is_last;

    if (!find_of_postfix(text, &quote) && !find_of_refused_connection(text, &quote)
        && !find_of_exim(text, &quote))
        return false;
    *out = quote;
    return log_text_is_reply(quote.reply, &code, &is_last);
}

/* "550-5.1.1 no 550 5.1.1 such user": a line of its own for each. */
static void say_reply(struct talk *talk, struct bytes text)
{
    while (text.len > 4 && text.ptr[3] == '-') {
        size_t next = 4;
        while (next + 4 < text.len
               && !(text.ptr[next] == ' ' && memcmp(text.ptr + next + 1, text.ptr, 3) == 0
                    && (text.ptr[next + 4] == ' ' || text.ptr[next + 4] == '-')))
            next++;
        if (next + 4 >= text.len)
            break;
        talk_say(talk, SIDE_SERVER, bytes_slice(text, 0, next));
        text = bytes_from(text, next + 1);
    }
    talk_say(talk, SIDE_SERVER, text);
}

/* DATA comes when a recipient was accepted, with 250 or 251. */
static void imply_group(struct log_reader *reader, struct talk *talk, struct bytes recipient)
{
    bounce_imply_mail(reader, talk);
    bounce_imply_recipient(reader, talk, recipient);
    talk_skips_replies(talk);
}

void bounce_say(struct log_reader *reader, struct talk *talk, const struct bounce_quote *quote)
{
    struct bytes command = quote->command, sender = buf_bytes(&log_notes(reader)->other);
    bool is_content = log_text_starts(command, "end of ") || log_text_starts(command, "sending data block");

    if (is_content) {
        imply_group(reader, talk, quote->recipient);
        talk_imply_accepted(talk, BYTES("DATA"), BYTES("354"));
        talk_leave_out_content(talk);
    } else if (bytes_equal(command, BYTES("DATA"))) {
        imply_group(reader, talk, quote->recipient);
        talk_say(talk, SIDE_CLIENT, command);
    } else if (log_text_starts(command, "RCPT TO")) {
        bounce_imply_mail(reader, talk);
        bounce_imply_recipient(reader, talk, quote->recipient);
    } else if (bytes_equal(command, BYTES("MAIL FROM")) && sender.len > not_to_sender.len) {
        talk_imply(talk, path_of(reader, "MAIL FROM", sender), (struct bytes){ NULL, 0 });
    } else if (log_text_is_sure_command(command)) {
        talk_say(talk, SIDE_CLIENT, command);
    } else if (log_text_is_command(command)) {
        talk_say_part(talk, log_text_word(&command));
    }
    say_reply(talk, quote->reply);
}

void bounce_tell_server(struct talk *talk, struct bytes host)
{
    struct bytes address = log_text_between(host, "[", "]");
    size_t close = log_text_find(host, "]:");

    talk_server(talk, address, close == SIZE_MAX ? 0 : marks_port(bytes_from(host, close + 2)));
}
