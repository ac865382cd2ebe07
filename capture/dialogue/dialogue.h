#ifndef DIALOGUE_DIALOGUE_H
#define DIALOGUE_DIALOGUE_H

#include "tcp/flow_table.h"
#include "transcript/session_sink.h"

/* Two byte streams become one transcript: what is command, reply, content or SASL response, and which reply
 * answers which command.  States facts and judges nothing. */

/* What of a message's content goes into the transcript. */
enum dialogue_keep { DIALOGUE_KEEP_NONE = 0, DIALOGUE_KEEP_HEADERS, DIALOGUE_KEEP_FULL };

struct dialogue_options {
    struct budget *budget;                 /* borrowed */
    struct session_sink sink;              /* copied */
    struct tls_certificates *certificates; /* borrowed; NULL: those of TLS are not read */
    bool wants_digests;                    /* SHA-256 of contents; text output needs none */
    enum dialogue_keep keep;
};

struct dialogue;

/* `options` is borrowed and must outlive the dialogue.  `client` is the direction of the client in `flow`.
 * NULL without memory. */
struct dialogue *dialogue_new(const struct dialogue_options *options, const struct flow_info *flow,
                              int client);
/* Asks for what dialogue_data will touch. */
void dialogue_expect(const struct dialogue *dialogue);
void dialogue_data(struct dialogue *dialogue, enum side from, const struct stream_chunk *chunk);
void dialogue_hole(struct dialogue *dialogue, enum side from, const struct stream_hole *hole);
/* The connection has ended: what was begun is closed, the session goes to the sink if it became one (a
 * greeting, a command or a reply was seen), and the dialogue is freed.  True if it became a session. */
bool dialogue_end(struct dialogue *dialogue, const struct flow_info *flow);

#endif
