#ifndef BASE_JSON_TEXT_H
#define BASE_JSON_TEXT_H

#include "base/buf.h"

/* A string of JSON, with its quotes and escapes (RFC 8259 7), as Jansson writes it; of what is no UTF-8
 * {"base64": ...}. */
void json_text_append(struct bytes bytes, struct buf *out);
/* Of text of our own in which nothing needs an escape. */
void json_text_append_word(struct bytes bytes, struct buf *out);

#endif
