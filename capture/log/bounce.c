#include "log/bounce.h"

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
