#ifndef TRANSCRIPT_EVENT_GET_H
#define TRANSCRIPT_EVENT_GET_H

#include <jansson.h>

#include "base/buf.h"
#include "transcript/session.h"

/* Inside of event_read: values out of an event.  A recording may hold anything: what is absent, of another
 * type or out of range reads as 0, false, empty or NULL. */

/* At most `most`. */
uint64_t event_get_u64(const json_t *object, const char *key, uint64_t most);
uint32_t event_get_u32(const json_t *object, const char *key);
bool event_get_flag(const json_t *object, const char *key);
/* Views into the event. */
struct bytes event_get_text(const json_t *object, const char *key);
bool event_text_is(const json_t *object, const char *key, const char *text);
uint64_t event_get_time(const json_t *object, const char *key);
struct packet_ref event_get_packet(const json_t *object);
/* {"time", "packet", "input"} at `key`; `otherwise` if it is not there. */
struct moment event_get_moment(const json_t *object, const char *key, struct moment otherwise);
/* False for what is no address; `out` is untouched then. */
bool event_get_endpoint(const json_t *object, const char *key, struct endpoint *out) NODISCARD;
bool event_get_address(const json_t *value, struct address *out) NODISCARD;
/* An index that is written from 1; `otherwise` if it is not there. */
uint32_t event_get_index(const json_t *object, const char *key, uint32_t otherwise);

/* Wire bytes: a string, {"base64": ...} or {"redacted": true, "length": N}. */
struct wire_value {
    struct bytes bytes; /* in the arena, or empty */
    uint64_t length;    /* also of what is withheld */
    bool is_there;
    bool is_redacted;
};

/* What is longer than `most` is cut.  Without memory the bytes are empty, and the arena says so. */
struct wire_value event_wire_value(const json_t *value, size_t most, struct arena *arena);
/* NUL-terminated in the arena; NULL if it is no string, is too long, or without memory. */
const char *event_name_copy(const json_t *value, struct arena *arena);

enum side event_get_side(const json_t *object, const char *key);
enum protocol event_get_protocol(const json_t *object, const char *key);
enum close_kind event_get_close_kind(const json_t *object, const char *key);
enum log_clock event_get_log_clock(const json_t *object, const char *key);
enum prelude_kind event_get_prelude_kind(const json_t *object, const char *key);
enum foreign_protocol event_get_foreign(const json_t *object, const char *key);
enum base64_problem event_get_problem(const json_t *object, const char *key);
enum line_end event_get_line_end(const json_t *object, const char *key);
enum verb event_get_verb(const json_t *object, const char *key);
struct enhanced_code event_get_enhanced(const json_t *object, const char *key);
bool event_get_sha256(const json_t *object, const char *key, uint8_t out[DIGEST_SHA256_LEN]) NODISCARD;

#endif
