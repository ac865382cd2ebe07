#ifndef SUPPORT_SCENARIOS_H
#define SUPPORT_SCENARIOS_H

#include "rules/rules.h"
#include "tests/support/session_builder.h"

/* Dialogues in tables, each with all the findings that it must raise, and no others. */

enum { STEPS_MAX = 24 };

/* clang-format off */
#define BANNER { NULL, "220 mx ESMTP", 0 }
#define EHLO { "EHLO c.example", "250-mx\n250-PIPELINING\n250-SIZE 1000\n250-CHUNKING\n250-ETRN\n" \
               "250-STARTTLS\n250-AUTH PLAIN LOGIN\n250 8BITMIME", 0 }
#define BARE { "EHLO c.example", "250 mx", 0 }
#define HELO { "HELO c.example", "250 mx", 0 }
#define MAIL { "MAIL FROM:<a@example.org>", "250 ok", 0 }
#define RCPT { "RCPT TO:<b@example.net>", "250 ok", 0 }
#define DATA { "DATA", "354 go", 0 }
#define RSET { "RSET", "250 ok", 0 }
#define QUIT { "QUIT", "221 bye", 0 }
#define PIPED(line, answer) { line, answer, STEP_PIPELINED }
#define TLS  { "STARTTLS", "220 go", 0 }, { "", NULL, STEP_TLS }
/* clang-format on */

struct scenario {
    const char *name;
    enum protocol protocol;
    struct step steps[STEPS_MAX];
    const char *findings; /* "command:id command:id<cause", all of them, in their order */
};

struct analyzer *new_analyzer(void);
/* The first finding of this rule, or NULL. */
const struct finding *find_finding(const struct analysis *analysis, enum rule_id rule);

/* Every scenario raises its findings and no others. */
void scenarios_hold(const struct scenario *scenarios, size_t count);
/* With a hole in it no session raises what it did not raise whole, but for what tells of loss. */
void scenarios_hold_with_holes(const struct scenario *scenarios, size_t count);

/* The same for sessions that `end` gives their end; without it they end with the capture. */
void scenarios_hold_ended(const struct scenario *scenarios, size_t count, void (*end)(struct session *));

#endif
