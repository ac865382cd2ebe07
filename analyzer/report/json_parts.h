#ifndef REPORT_JSON_PARTS_H
#define REPORT_JSON_PARTS_H

#include <jansson.h>

#include "report/report.h"

/* Values as INTERFACE's JSON has them.  Jansson's setters take NULL for "no memory": the object then lacks
 * the key, and dumping goes on. */

json_t *json_of_bytes(struct bytes bytes); /* a string, or {"base64": ...} */
json_t *json_of_text(const char *text);    /* our own text; null for NULL */
json_t *json_of_time(uint64_t time_ns);
json_t *json_of_redacted(uint64_t length);
json_t *json_of_pair(uint64_t client, uint64_t server);
json_t *json_of_endpoint(const struct endpoint *end);
void json_put(json_t *object, const char *key, json_t *value);
void json_put_packet(json_t *object, struct packet_ref packet, const struct report_options *options);
json_t *json_of_reply(const struct reply *reply); /* {"code", "enhanced", "text"}; null for NULL */

#endif
