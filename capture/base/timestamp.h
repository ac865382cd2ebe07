#ifndef BASE_TIMESTAMP_H
#define BASE_TIMESTAMP_H

#include "base/bytes.h"

#define NS_PER_SECOND UINT64_C(1000000000)
#define NS_PER_MS     UINT64_C(1000000)

enum { TIMESTAMP_TEXT = 36 };

/* RFC 3339 in UTC with nanoseconds, NUL-terminated: 2026-11-24T13:00:00.123456789Z.  Returns its length. */
size_t timestamp_format(uint64_t time_ns, char out[TIMESTAMP_TEXT]);
/* "2026-11-24 13:00:00", for people. */
size_t timestamp_format_seconds(uint64_t time_ns, char out[TIMESTAMP_TEXT]);
/* RFC 3339, a date, or a date and time without zone (UTC).  False leaves `out` untouched. */
bool timestamp_parse(struct bytes text, uint64_t *out) NODISCARD;

#endif
