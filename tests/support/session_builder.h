#ifndef SUPPORT_SESSION_BUILDER_H
#define SUPPORT_SESSION_BUILDER_H

#include "transcript/session.h"

/* Sessions for tests, built from what was said, without packets.  Follows the replies as capture/dialogue
 * does: after a 354 the next step is the content, after a 334 it is a SASL response, BDAT brings its chunk
 * along. */

enum step_flag {
    STEP_PIPELINED = 1 << 0,   /* sent before the reply to the step before it could be seen */
    STEP_BODY_LINE = 1 << 1,   /* content that the server read as commands */
    STEP_AFTER_GAP = 1 << 2,   /* bytes were missing right before it */
    STEP_EARLY = 1 << 3,       /* sent before the greeting */
    STEP_GAP_CLIENT = 1 << 4,  /* no line at all: bytes of the client are missing */
    STEP_GAP_SERVER = 1 << 5,  /* likewise of the server */
    STEP_GAP_CONTENT = 1 << 6, /* likewise inside a content */
    STEP_TLS = 1 << 7,         /* from here on ciphertext */
    STEP_JUNK = 1 << 8,        /* server bytes that are no reply */
    STEP_UNFINISHED = 1 << 9,  /* the session ended inside this content */
    STEP_PRELUDE = 1 << 10,    /* a PROXY header, version 1 */
    STEP_SERVER = 1 << 11,     /* with STEP_TLS: the server sent the first record */
    STEP_PAUSE = 1 << 15,      /* STEP_SECONDS pass before the line rather than before its reply */
};
/* Beside the flags: so many seconds, up to 65535, pass before the reply. */
#define STEP_SECONDS(s) ((unsigned)(s) << 16)

struct step {
    const char *send;  /* the client's line or content; NULL: the greeting, or later a reply to nothing */
    const char *reply; /* "250-a\n250 b", NULL for none; LMTP content: "250 a\r250 b" for two replies */
    unsigned flags;    /* enum step_flag */
};

/* SMTP, closed by FIN, 1 ms from line to line.  The caller may set further facts, and owns the session. */
struct session *session_build(const struct step *steps, size_t count, enum protocol protocol);

#define SESSION_OF(...)                                                                                      \
    session_build((const struct step[]){ __VA_ARGS__ },                                                      \
                  sizeof((const struct step[]){ __VA_ARGS__ }) / sizeof(struct step), PROTOCOL_SMTP)

#endif
