#ifndef INCIDENT_CLIENT_SOFTWARE_H
#define INCIDENT_CLIENT_SOFTWARE_H

#include "transcript/session.h"

/* The program that speaks as the client, as far as the header of a message tells (RFC 5322 3.6.7, RFC
 * 5321 4.4): a server that passes mail on puts its own Received line on top, so that line is asked first,
 * then User-Agent and X-Mailer, which the program that wrote the message sets. */

enum { CLIENT_SOFTWARE_TEXT = 80 }; /* octets of a name at most; longer ones are cut */

/* Of a header, or of its beginning; empty: it does not say.  Borrowed from `header`. */
struct bytes client_software_of_header(struct bytes header);
/* Of the first message of the session whose header was kept and says it; empty: none.  Borrowed from it. */
struct bytes client_software_of(const struct session *session);

#endif
