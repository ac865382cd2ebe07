#ifndef DIALOGUE_DIALOGUE_H
#define DIALOGUE_DIALOGUE_H

#include "tcp/flow_table.h"
#include "transcript/session_sink.h"

/* Two byte streams become one transcript: what is command, reply, content or SASL response, and which reply
 * answers which command.  States facts and judges nothing. */

struct dialogue_options {
    struct budget *budget;                 /* borrowed */
    struct session_sink sink;              /* copied */
    struct tls_certificates *certificates; /* borrowed; NULL: those of TLS are not read */
    struct tls_keylog *keylog;             /* borrowed; NULL: what is sealed by TLS stays so */
    bool wants_digests;                    /* of contents and of TLS clients; text output needs none */
    enum { DIALOGUE_KEEP_NONE = 0, DIALOGUE_KEEP_HEADERS, DIALOGUE_KEEP_FULL } keep;
};

struct dialogue;

/* `options` is borrowed and must outlive the dialogue.  `client` is the direction of the client in `flow`.
 * NULL without memory. */
struct dialogue *dialogue_new(const struct dialogue_options *options, const struct flow_info *flow,
                              int client);
/* Nothing but what is said inside TLS can show that it is SMTP: until then it is no session. */
void dialogue_must_show(struct dialogue *dialogue);
/* Asks for what dialogue_data will touch. */
void dialogue_expect(const struct dialogue *dialogue);
void dialogue_data(struct dialogue *dialogue, enum side from, const struct stream_chunk *chunk);
void dialogue_hole(struct dialogue *dialogue, enum side from, const struct stream_hole *hole);
enum dialogue_outcome {
    DIALOGUE_NOTHING = 0, /* no greeting, command or reply was seen */
    DIALOGUE_SESSION,
    DIALOGUE_SEALED /* nothing was seen, because it was TLS from the start */
};
/* The connection has ended: what was begun is closed, the session goes to the sink if it became one, and the
 * dialogue is freed. */
enum dialogue_outcome dialogue_end(struct dialogue *dialogue, const struct flow_info *flow);

#endif
