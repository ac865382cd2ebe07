#ifndef SUPPORT_TALKS_H
#define SUPPORT_TALKS_H

#include "rules/rules.h"

/* Talks as they are on the wire, through the dialogue to the findings: for what hangs on single octets. */

enum { EXCHANGES_MAX = 20 };

/* What the client sends at once, having seen all that the server said before, and what the server answers. */
struct exchange {
    const char *client; /* "" : nothing; SMTP lines with their ends; behind T_LATE, after twenty seconds */
    const char *server;
};

/* clang-format off */
#define T_LATE "\f"
#define T_LEFT { "", "\f" } /* the server closes: the last exchange */
#define T_HELLO { "", "220 mx.example ESMTP\r\n" }, \
                { "EHLO c.example\r\n", "250-mx.example\r\n250-PIPELINING\r\n250-SIZE 100000\r\n" \
                                        "250-8BITMIME\r\n250-DSN\r\n250-CHUNKING\r\n250 SMTPUTF8\r\n" }
#define T_MAIL { "MAIL FROM:<a@example.org>\r\n", "250 ok\r\n" }
#define T_RCPT { "RCPT TO:<b@example.net>\r\n", "250 ok\r\n" }
#define T_DATA { "DATA\r\n", "354 go\r\n" }
#define T_QUIT { "QUIT\r\n", "221 bye\r\n" }
/* clang-format on */

struct talk {
    const char *name;
    struct exchange exchanges[EXCHANGES_MAX];
    const char *findings; /* "command:id command:id", all of them, in their order */
};

/* Every talk raises its findings and no others.  The client closes, unless the server has left. */
void talks_hold(const struct talk *talks, size_t count);
/* With a hole in it no talk raises what it did not raise whole, but for what tells of loss. */
void talks_hold_with_holes(const struct talk *talks, size_t count);
/* For a closer look; free it with analysis_free. */
struct analysis *talk_analyze(struct analyzer *analyzer, const struct talk *talk);

#endif
