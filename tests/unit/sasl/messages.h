#ifndef TESTS_MESSAGES_H
#define TESTS_MESSAGES_H

#include "exchanges.h"

/* Single messages handed to one mechanism. */
struct message_row {
    const char *name;
    enum side from;
    const char *message;   /* as it is, or "base64:" and what was on the wire */
    const char *fields;    /* "name=value name=value"; a secret is "name:length"; NULL: not looked at */
    const char *malformed; /* part of the complaint; NULL: none */
};

/* Each row reads as it says; each of its truncations, in a heap copy of exact size, and each of its bytes
 * flipped, reads as something, without showing what is malformed of a client. */
void messages_hold(const char *mechanism, unsigned index, const struct message_row *rows, size_t count);

#define MESSAGES_HOLD(mechanism, rows) MESSAGES_HOLD_AT(mechanism, 0, rows)
/* As the message of that index of its side. */
#define MESSAGES_HOLD_AT(mechanism, index, rows)                                                             \
    messages_hold(mechanism, index, rows, sizeof(rows) / sizeof(rows)[0])

/* The fields of a step of the last exchange, in the notation above. */
void assert_fields(const struct session *session, size_t step, const char *expected);

#endif
