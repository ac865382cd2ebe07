#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include <stdio.h>

#include "rules/rules.h"
#include "transcript/attempts.h"

/* Renders analyses; one file a format, one row in report.c. */

struct report_options {
    bool shows_secrets;
    bool has_color;
    unsigned columns;              /* of text; 80 by default */
    bool lists_all;                /* text: sessions without findings too (the default) */
};

/* An input as the summary names it. */
struct report_input {
    const char *path;
    const char *format;
    uint64_t packets;
    uint64_t bytes;
    bool is_complete;
    const char *problem;           /* or NULL */
};

struct report_totals {
    const struct report_input *inputs;
    size_t input_count;
    uint64_t packets;
    uint64_t tcp_connections;
    uint64_t missing_bytes;
    int64_t dropped_packets;       /* -1: not known (files) */
};

struct report_state;               /* running counts: kept by report.c for every format */

struct report_format {
    const char *name;              /* "text", "jsonl" */
    bool needs_digests;
    /* Renders one session into `out`; sessions come in order of their first packet. */
    bool (*session)(const struct analysis *analysis, const struct report_options *options, struct buf *out);
    bool (*attempts)(const struct attempts_row *row, const struct report_options *options, struct buf *out);
    bool (*summary)(const struct report_state *state, const struct report_totals *totals,
                    const struct report_options *options, struct buf *out);
};

const struct report_format *report_format_find(const char *name);
const struct report_format *const *report_formats(void); /* the table, NULL-terminated */

/* Counts over all sessions that were shown. */
struct report_counts {
    uint64_t sessions;
    uint64_t commands[VERB_COUNT];
    uint64_t replies[1000];
    uint64_t verdicts[VERDICT_COUNT];
    uint64_t findings[RULE_COUNT];
    uint64_t messages;
    uint64_t missing_bytes;
    enum severity worst;
};

#endif
