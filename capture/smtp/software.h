#ifndef SMTP_SOFTWARE_H
#define SMTP_SOFTWARE_H

#include "base/bytes.h"

/* The name of the server software that a greeting text (behind the code) shows, or NULL. */
const char *software_of_greeting(struct bytes text);

#endif
