#ifndef REPORT_JSON_PARTS_H
#define REPORT_JSON_PARTS_H

#include <jansson.h>

#include "report/report.h"

/* Values as INTERFACE's JSON has them.  Jansson's setters take NULL for "no memory": the object then lacks
 * the key, and dumping goes on. */

json_t *json_of_bytes(struct bytes bytes); /* a string, or {"base64": ...} */
json_t *json_of_text(const char *text);    /* our own text; null for NULL */
json_t *json_of_time(uint64_t time_ns);
/* The same, null where the session has no date. */
json_t *json_of_moment(uint64_t time_ns, const struct report_options *options);
json_t *json_of_redacted(uint64_t length);
json_t *json_of_pair(uint64_t client, uint64_t server);
json_t *json_of_endpoint(const struct endpoint *end);
json_t *json_of_lines(const struct reply *reply); /* the texts, or redacted */
void json_put(json_t *object, const char *key, json_t *value);
void json_put_packet(json_t *object, struct packet_ref packet, const struct report_options *options);
/* {"code", "enhanced", "text"}, and time and packet where `is_full`; null for NULL. */
json_t *json_of_reply(const struct reply *reply, bool is_full, const struct report_options *options);
/* One line, compact, with its LF; takes `object`. */
void json_append_line(json_t *object, struct buf *out);

/* What may be long is written piece by piece, so that no tree of it stands in memory: "{", members, and
 * lists of values; they set their commas themselves.  The values are taken. */
void json_append_value(json_t *value, struct buf *out);
/* Without a comma before it. */
void json_append_dumped(json_t *value, struct buf *out);
void json_append_members(json_t *object, struct buf *out);
void json_begin(const char *key, char bracket, struct buf *out); /* NULL: without a key */

#endif
