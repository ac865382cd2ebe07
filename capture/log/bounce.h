#ifndef LOG_BOUNCE_H
#define LOG_BOUNCE_H

#include "log/format.h"

/* Mails in which a server says that it could not deliver one: what they tell beside the words of the other
 * server. */

/* A line of the head of such a mail: it goes to whom the message came from.  Keeps that in log_notes()->other. */
void bounce_read_head(struct log_reader *reader, struct bytes line);
/* MAIL went well, or what comes next would not have been said; nothing where the sender is not known. */
void bounce_imply_mail(struct log_reader *reader, struct talk *talk);
/* RCPT of that address was sent.  It may be empty: only the verb is known. */
void bounce_imply_recipient(struct log_reader *reader, struct talk *talk, struct bytes address);

#endif
