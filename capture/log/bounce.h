#ifndef LOG_BOUNCE_H
#define LOG_BOUNCE_H

#include "log/format.h"

/* Mails in which a server says that it could not deliver one: what they tell beside the words of the other
 * server. */

/* A line of the head of such a mail: it goes to whom the message came from.  Keeps that in
 * log_notes()->other. */
void bounce_read_head(struct log_reader *reader, struct bytes line);
/* MAIL went well, or what comes next would not have been said; nothing where the sender is not known. */
void bounce_imply_mail(struct log_reader *reader, struct talk *talk);
/* RCPT of that address was sent.  It may be empty: only the verb is known. */
void bounce_imply_recipient(struct log_reader *reader, struct talk *talk, struct bytes address);
/* What a line, or a paragraph put into one, quotes of the other server: the command and the reply to it. */
struct bounce_quote {
    struct bytes command;   /* "RCPT TO:<bob@mx.example>", "MAIL FROM", "end of data" */
    struct bytes reply;     /* its lines one behind the other, with blanks between them */
    struct bytes recipient; /* for whom it could not be delivered; empty: not told */
    struct bytes host;      /* its name and address: "mx.example[192.0.2.25]:25" */
};

bool bounce_quote_find(struct bytes text, struct bounce_quote *out);
void bounce_say(struct log_reader *reader, struct talk *talk, const struct bounce_quote *quote);
void bounce_tell_server(struct talk *talk, struct bytes host);

#endif
