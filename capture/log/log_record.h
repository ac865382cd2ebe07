#ifndef LOG_LOG_RECORD_H
#define LOG_LOG_RECORD_H

#include "base/buf.h"

/* Records that take several lines, made into one line of JSON (which log_wrap_json reads): what journalctl
 * writes with -o verbose, export and json-pretty, and what other tools write as JSON over several lines. */

enum log_record_kind {
    LOG_RECORD_OF_NONE = 0,
    LOG_RECORD_OF_JSON,
    LOG_RECORD_OF_VERBOSE,
    LOG_RECORD_OF_EXPORT
};

struct log_record {
    enum log_record_kind kind; /* of what is being read */
    size_t depth;              /* of braces and brackets that are open */
    bool is_blob;              /* the value comes in the next line, behind its length */
    struct buf text;           /* what was put together so far */
    struct buf done;           /* the record that ended last */
};

enum log_record_state {
    LOG_RECORD_NONE = 0, /* the line is of no record */
    LOG_RECORD_MORE,     /* it was taken, and others follow */
    LOG_RECORD_DONE      /* it was taken, and `done` holds a record, which ended with it or before it */
};

void log_record_init(struct log_record *record);
void log_record_release(struct log_record *record);
void log_record_clear(struct log_record *record);

enum log_record_state log_record_add(struct log_record *record, struct bytes line);
/* Nothing follows.  True: `done` holds what was being read. */
bool log_record_end(struct log_record *record);

#endif
