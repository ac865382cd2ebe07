#ifndef LOG_FORMAT_H
#define LOG_FORMAT_H

#include "log/log_line.h"
#include "log/log_text.h"
#include "log/talk.h"

/* Inside of capture/log: a format is how one program writes down what was said.  One file each, one row in
 * formats.c. */

enum log_claim {
    LOG_CLAIM_NONE = 0,
    LOG_CLAIM_WEAK,  /* it could be this format; so could others */
    LOG_CLAIM_STRONG /* nothing else writes such a line */
};

struct log_reader;

struct log_format {
    const char *name;    /* "swaks" */
    const char *title;   /* in a list, for people */
    bool is_server_side; /* its times and order are those of the server */
    bool is_of_any;      /* it shows other protocols than SMTP just so */
    enum log_claim (*claim)(const struct log_line *line);
    void (*read)(struct log_reader *reader, const struct log_line *line);
    void (*finish)(struct log_reader *reader); /* NULL: nothing is left at the end */
};

extern const struct log_format *const log_formats[]; /* ends in NULL; what is sure of itself comes first */

/* What a format may keep from line to line, as nothing but it understands. */
struct log_notes {
    enum side side; /* who spoke last, or speaks */
    unsigned state; /* of the format's own */
    uint64_t count;
    bool is_told;
    uint64_t number;        /* of the line that waits */
    struct log_stamp stamp; /* of it, or of what follows where a line of its own tells it */
    struct buf text;        /* what is not complete yet */
    struct buf other;       /* the same of the other side */
    struct buf key;         /* of the talk that the next line belongs to */
};

struct log_notes *log_notes(struct log_reader *reader);
/* The talk of a key within the process that wrote the line; the key may be empty. */
struct talk *log_talk(struct log_reader *reader, const struct log_line *line, struct bytes key);
/* Whether the talk of that key has begun, and is not over. */
bool log_goes_on(struct log_reader *reader, const struct log_line *line, struct bytes key);
/* The same as it gave last: for what is left at the end. */
struct talk *log_last_talk(struct log_reader *reader);
/* A buffer that is empty and stays untouched until the next line. */
struct buf *log_scratch(struct log_reader *reader);
/* What is said from here on stands in another line, at another time, than the one being read. */
void log_at(struct log_reader *reader, uint64_t number, const struct log_stamp *stamp);

#endif
