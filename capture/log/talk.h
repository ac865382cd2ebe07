#ifndef LOG_TALK_H
#define LOG_TALK_H

#include "base/err.h"
#include "dialogue/dialogue.h"
#include "log/log_line.h"

/* Sessions as they are read from a log: what was said, line by line, becomes the two streams of a dialogue.
 * Several go on at once, told apart by a key (process, connection, queue id ...). */

struct talk;
struct talks;

struct talks_options {
    struct budget *budget;    /* borrowed */
    struct session_sink sink; /* copied */
    bool wants_digests;
    uint64_t first_serial; /* of the sessions to come */
};

/* NULL without memory. */
struct talks *talks_new(const struct talks_options *options);
void talks_free(struct talks *talks);
/* Another input, or another program in it: `program` names the sessions to come. */
void talks_begin(struct talks *talks, uint32_t input, const char *program, bool is_server_side);
/* What is said from here on is said in this line. */
void talks_at_line(struct talks *talks, uint64_t number, const struct log_stamp *stamp);
/* This line was cut off: of what is said in it, the rest is missing. */
void talks_cut_line(struct talks *talks, uint64_t number);
/* Everything that goes on ends here. */
void talks_finish(struct talks *talks);
uint64_t talks_sessions(const struct talks *talks); /* that ended, so far */
uint64_t talks_serial(const struct talks *talks);   /* the next */
uint64_t talks_lost(const struct talks *talks);     /* for want of memory */

/* The talk of this key; begun if there is none.  Never NULL: without memory, one that nothing comes of. */
struct talk *talks_find(struct talks *talks, struct bytes key);

/* Whether the talk of this key has begun, and is not over. */
bool talks_go_on(const struct talks *talks, struct bytes key);

/* What is known of a connection, told before anything is said on it. */
void talk_open(struct talk *talk); /* a new connection: what went on before has ended */
void talk_server(struct talk *talk, struct bytes host, uint16_t port); /* 0: not known */
void talk_client(struct talk *talk, struct bytes host, uint16_t port);
void talk_is_clear(struct talk *talk);   /* it begins without TLS */
void talk_is_servers(struct talk *talk); /* the server wrote it */

/* One line, without its end.  A reply amid a content ends it: the log has left out the rest. */
void talk_say(struct talk *talk, enum side side, struct bytes text);
/* A line of the client's of which this is all that the log shows: a credential is left out. */
void talk_say_part(struct talk *talk, struct bytes text);
/* The content ends here, and the log does not show it; nothing, where none goes on. */
void talk_leave_out_content(struct talk *talk);
/* A command that the log leaves out, and that this program is known to send here.  `reply` is what is seen of
 * the answer, empty if nothing is. */
void talk_imply(struct talk *talk, struct bytes command, struct bytes reply);
/* The same, of one that the server must have taken, as what the log shows would not be there else: with the
 * code that says so (RFC 5321 section 4.3.2 has one for each command but RCPT). */
void talk_imply_accepted(struct talk *talk, struct bytes command, struct bytes code);
/* Of the reply that comes next, or goes on, lines are left out. */
void talk_cut_next_reply(struct talk *talk);
/* The command that was said last, or its message, was refused: so the log says, and has no reply. */
void talk_refused(struct talk *talk, struct bytes text, bool is_temporary, bool is_of_message);
/* Replies are left out from here on, or have been. */
void talk_skips_replies(struct talk *talk);
void talk_enter_tls(struct talk *talk);
/* `by` may be SIDE_NONE. */
void talk_close(struct talk *talk, enum side by, bool is_reset);

enum dialogue_mode talk_mode(const struct talk *talk);
bool talk_has_begun(const struct talk *talk);     /* something was said since it was opened */
bool talk_is_over(const struct talk *talk);       /* the server said 221, or it was closed */
bool talk_asked_for_tls(const struct talk *talk); /* and has had no answer to it */
/* Who speaks in lines that are marked as going out, where that differs from log to log; SIDE_NONE: not known
 * yet.
 */
enum side talk_outward(const struct talk *talk);
void talk_set_outward(struct talk *talk, enum side side);
/* What the client sent since the last 354: nothing, so far. */
bool talk_content_is_empty(const struct talk *talk);

#endif
