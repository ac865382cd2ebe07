#ifndef REPORT_JSON_STREAM_H
#define REPORT_JSON_STREAM_H

#include <jansson.h>

#include "report/report.h"

/* JSON that is written as it comes.  What every session has would cost as a tree several times what it takes
 * to judge it; and what may be long must not stand in memory as one.  What is rare is still built and written
 * by Jansson.
 *
 * A key is plain ASCII; NULL: an element of an array, or the outermost value.  Commas set themselves. */

void json_write_begin(const char *key, char bracket, struct buf *out);
void json_write_end(char bracket, struct buf *out);

void json_write_null(const char *key, struct buf *out);
void json_write_bool(const char *key, bool value, struct buf *out);
void json_write_number(const char *key, uint64_t number, struct buf *out);
void json_write_number_or_null(const char *key, uint64_t number, struct buf *out); /* null for 0 */
void json_write_text(const char *key, const char *text, struct buf *out);          /* null for NULL */
void json_write_bytes(const char *key, struct bytes bytes, struct buf *out); /* as json_of_bytes has them */
void json_write_bytes_or_null(const char *key, struct bytes bytes, struct buf *out); /* null if empty */
/* Takes `value`. */
void json_write_value(const char *key, json_t *value, struct buf *out);
/* What is in `object`, without its braces; takes it. */
void json_write_members(json_t *object, struct buf *out);
/* A value in a line of its own, without a comma ahead of it; takes it. */
void json_write_line(json_t *value, struct buf *out);

#endif
