#ifndef TRANSCRIPT_EVENT_WRITE_H
#define TRANSCRIPT_EVENT_WRITE_H

#include "transcript/event_json.h"
#include "transcript/event_put.h"

/* Inside of event_json: one function a kind of event.  Each appends its line or lines to `out`. */

/* What an item event begins with. */
struct event event_begin_item(struct buf *out, const char *type, const struct session *session, size_t index);
bool event_write_item(const struct session *session, size_t index, enum secrets_policy secrets,
                      struct buf *out);
bool event_write_content(const struct session *session, size_t index, struct buf *out);
/* messages[index] by itself, where no item shows it. */
bool event_write_message(const struct session *session, size_t index, struct buf *out);

/* A reply that answers items[index], in as many events as its length asks for. */
bool event_write_reply(const struct session *session, size_t index, const struct reply *reply,
                       struct buf *out);
/* The greeting, or a reply that answers nothing. */
bool event_write_reply_item(const struct session *session, size_t index, struct buf *out);

/* The exchange that AUTH at items[index] began, or NULL. */
const struct sasl_exchange *event_exchange_begun_at(const struct session *session, size_t index);
/* The exchange whose newest reply this is, sent in answer to items[index]; NULL if it is of none. */
const struct sasl_exchange *event_exchange_of_reply(const struct session *session, size_t index,
                                                    const struct reply *reply);
/* A line sent in answer to a 334: that there was one, and how long; what it said comes with its exchange. */
bool event_write_response(const struct session *session, size_t index, struct buf *out);
bool event_write_exchange(const struct session *session, const struct sasl_exchange *exchange,
                          enum secrets_policy secrets, struct buf *out);
/* Whether the line of a command may not be written. */
bool event_hides_command(const struct command *command, enum secrets_policy secrets);
/* Whether the text of a step may not be written. */
bool event_hides_step(const struct sasl_step *step, enum secrets_policy secrets);

/* What the clear part of a handshake told; NULL without memory. */
void event_put_tls(struct event *event, const char *key, const struct tls_facts *tls);

/* "crlf", "lf"; NULL for no line end. */
const char *event_line_end_name(enum line_end end);

#endif
