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
    struct tls_keylog *keylog;             /* borrowed; NULL: what is sealed by TLS stays so */
    struct digest_pool *digests;           /* borrowed; NULL: each dialogue makes its own */
    bool wants_digests;                    /* SHA-256 of contents, and of TLS hellos; text needs none */
    const struct log_facts *log;           /* borrowed; of what is read from a log, NULL: from packets */
    enum dialogue_keep keep;
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
/* How the client's next line would be read. */
enum dialogue_mode {
    DIALOGUE_COMMANDS = 0,
    DIALOGUE_WAITS, /* that depends on a reply which has not come */
    DIALOGUE_SASL,
    DIALOGUE_CONTENT
};
enum dialogue_mode dialogue_mode(const struct dialogue *dialogue);

/* For dialogues read from logs, which leave out what the wire has. */
/* The rest of the content, and its end; returns how many octets stand for it. */
uint64_t dialogue_skip_content(struct dialogue *dialogue, struct moment at);
/* The octets of a chunk that BDAT has announced. */
uint64_t dialogue_skip_chunk(struct dialogue *dialogue, struct moment at);
/* What the server says first is the answer to what the client says first. */
void dialogue_leave_out_greeting(struct dialogue *dialogue);
/* The replies to what was asked so far. */
void dialogue_skip_replies(struct dialogue *dialogue);
/* The newest command, or the message that it announced, was refused, and the log has no reply. */
void dialogue_tell_refusal(struct dialogue *dialogue, struct bytes text, bool is_temporary,
                           bool is_of_message);
/* The client's next line holds a credential, or an argument, that is left out. */
void dialogue_hide_next(struct dialogue *dialogue);
/* Of the server's next reply only the last lines are shown. */
void dialogue_cut_next_reply(struct dialogue *dialogue);
/* A handshake: what follows was said inside TLS. */
void dialogue_enter_tls(struct dialogue *dialogue, struct moment at);

enum dialogue_outcome {
    DIALOGUE_NOTHING = 0, /* no greeting, command or reply was seen */
    DIALOGUE_SESSION,
    DIALOGUE_SEALED /* nothing was seen, because it was TLS from the start */
};
/* The connection has ended: what was begun is closed, the session goes to the sink if it became one, and the
 * dialogue is freed. */
enum dialogue_outcome dialogue_end(struct dialogue *dialogue, const struct flow_info *flow);

#endif
