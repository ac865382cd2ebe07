#ifndef SMTP_QUEUE_ID_H
#define SMTP_QUEUE_ID_H

#include "base/bytes.h"

/* The queue id in the text of the reply that accepts a message, in the forms of Postfix, Exim, sendmail,
 * OpenSMTPD, Exchange, Gmail and others.  A view into `text`; empty if none is recognised. */
struct bytes queue_id_find(struct bytes text);

#endif
