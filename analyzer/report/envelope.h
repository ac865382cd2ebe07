#ifndef REPORT_ENVELOPE_H
#define REPORT_ENVELOPE_H

#include "report/report.h"

/* What stands beside an extracted message. */

enum { EXTRACTED_NAME = 56 };

struct extracted {
    char name[EXTRACTED_NAME];
    uint8_t sha256[DIGEST_SHA256_LEN]; /* of what was written */
    bool is_whole;
    bool is_duplicate; /* the same content was written before */
};

/* A line of JSON: file, digest, session, envelope, what the server answered. */
void envelope_line(const struct analysis *analysis, uint32_t message, const struct extracted *extracted,
                   struct buf *out);

#endif
