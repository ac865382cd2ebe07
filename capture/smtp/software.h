#ifndef SMTP_SOFTWARE_H
#define SMTP_SOFTWARE_H

#include "base/bytes.h"

/* The name of the server software that a text (behind the code) shows, or NULL: a greeting, a line of the
 * reply to EHLO (the first one names the domain), any other reply. */
const char *software_of_greeting(struct bytes text);
const char *software_of_hello(struct bytes text, bool is_first);
const char *software_of_reply(struct bytes text);

#endif
