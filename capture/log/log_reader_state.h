#ifndef LOG_LOG_READER_STATE_H
#define LOG_LOG_READER_STATE_H

#include "log/format.h"
#include "log/log_prefix.h"
#include "log/log_reader.h"
#include "log/log_record.h"
#include "log/log_width.h"
#include "log/log_wrap.h"
#include "log/page.h"

/* Inside of the reader of logs.  A line's way: what was folded is put together (log_fit.c), its format is
 * looked for until it is known (log_choose.c), and then it is read (log_unwrap.c). */

enum {
    FORMATS_MOST = 64,
    WRAPS_MOST = 16,
};

/* What stands in front of each line in the window. */
enum window_mark {
    WINDOW_WHOLE = '=',
    WINDOW_CUT = '/', /* it may have had more */
    WINDOW_NONE = '-' /* it was put behind the one before it */
};

/* Lines on their way from the input to the format. */
struct fitted {
    struct log_width width;
    struct log_prefix prefix;
    struct log_suffix suffix;
    bool is_learning; /* what the width is: the first lines are kept until it is known */
    struct buf head;  /* they, each with its LF */
    struct buf line;  /* what was folded, put together so far */
    struct buf piece; /* the last line of it */
    uint64_t pieces;  /* 0: none waits */
};

struct log_reader {
    struct session_sink sink;
    struct fitted fitted;
    bool is_live;     /* what comes is told at once */
    uint64_t dropped; /* sessions that are of another protocol, or of a book */
    struct talks *talks;
    const struct log_format *format; /* NULL: not known yet */
    const struct log_wrap *wrap;     /* of that format's lines */
    struct log_notes notes;
    struct buf window;    /* lines that were read before it was known, each with its LF */
    uint64_t window_from; /* number of the first of them */
    uint64_t line_number; /* of the last line */
    uint64_t sessions_before;
    uint32_t input;
    bool is_sure; /* that this is the format */
    enum page_kind page;
    bool is_double_spaced; /* each second line has been blank up to now */
    unsigned worn;         /* by all lines: log_dress.h */
    bool is_padded;        /* each line that is not blank has ended in blanks */
    size_t indent;         /* of all lines, pasted from where it was set in; SIZE_MAX: not known */
    unsigned votes[WRAPS_MOST][FORMATS_MOST];  /* weak claims of the lines so far */
    unsigned quoted[WRAPS_MOST][FORMATS_MOST]; /* those of lines that begin with ">" within the wrapping */
    bool saw_quoted_reply, saw_answer;         /* "> 250", "< ..." */
    struct log_record record;                  /* of several lines, being read */
    struct buf blanked;
    struct buf undressed;
    struct buf clean;
    struct buf stripped; /* of what a page adds */
    struct buf unwrapped;
    struct buf scratch;
    struct buf key;
};

/* log_fit.c: lines as they come, and the end of them. */
void log_fit_line(struct log_reader *reader, struct bytes line);
void log_fit_end(struct log_reader *reader);

/* log_choose.c */
/* Another line by which the format may be known. */
void log_choose(struct log_reader *reader, struct bytes raw, enum window_mark mark);
/* There are no more. */
void log_choose_at_end(struct log_reader *reader);

/* log_unwrap.c */
/* Blanks that a line is set in by, `most` at most. */
size_t log_blanks_before(struct bytes line, size_t most);
/* The next line of what one wrapped line holds, with the time and the process that the wrapping tells, where
 * the line itself does not.  False: there is none. */
bool log_unwrap_next(struct log_reader *reader, struct bytes *text, const struct log_line *around,
                     struct log_line *out);
/* Takes the wrapping off.  False, and nothing is touched: there is none. */
bool log_unwrap(struct log_reader *reader, const struct log_wrap *wrap, struct bytes *text,
                struct log_line *around);
/* A line of the format that is known. */
void log_unwrap_line(struct log_reader *reader, struct bytes raw, uint64_t number, enum window_mark mark);

#endif
