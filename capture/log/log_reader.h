#ifndef LOG_LOG_READER_H
#define LOG_LOG_READER_H

#include "base/budget.h"
#include "base/bytes.h"
#include "transcript/session_sink.h"

/* Text in, transcripts out: debug logs of clients and servers, and pasted terminals.  Which program wrote it,
 * its lines say (formats.c). */

struct log_reader;

struct log_reader_options {
    struct budget *budget;    /* borrowed */
    struct session_sink sink; /* copied */
    bool wants_digests;
    bool is_live;          /* lines are read as they come: none is kept to learn from */
    uint64_t first_serial; /* of the sessions to come */
};

/* NULL without memory. */
struct log_reader *log_reader_new(const struct log_reader_options *options);
void log_reader_free(struct log_reader *reader);

/* An input begins; its number goes into what is read from it. */
void log_reader_begin(struct log_reader *reader, uint32_t input);
/* The next line, without its LF. */
void log_reader_line(struct log_reader *reader, struct bytes line);
/* The input ends, and with it its sessions.  False: there was no dialogue in it. */
bool log_reader_end(struct log_reader *reader) NODISCARD;
/* Which program wrote what was read last: a constant; NULL: not known. */
const char *log_reader_program(const struct log_reader *reader);
/* Whether a line left no doubt of it; else it looked like a dialogue, as lines in a book can. */
bool log_reader_is_sure(const struct log_reader *reader);
/* The programs whose logs are known by name, "a, b, c", NUL-terminated. */
enum { LOG_PROGRAMS_TEXT = 512 };
void log_reader_list(char out[LOG_PROGRAMS_TEXT]);

uint64_t log_reader_sessions(const struct log_reader *reader);
uint64_t log_reader_lost(const struct log_reader *reader); /* for want of memory */

#endif
