#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include "base/buf.h"
#include "rules/rules.h"
#include "transcript/attempts.h"

/* Renders analyses; one file a format, one row in report.c. */

struct report_options {
    bool shows_secrets;
    bool has_color;
    unsigned columns; /* of text; 80 by default */
    bool has_inputs;  /* several captures: packets are told with their input */
    /* Of the session at hand, set by report_options_for. */
    bool is_log;     /* its lines are told in place of packets */
    bool is_undated; /* when it was, is not known */
};

/* An input as the summary names it. */
struct report_input {
    const char *path;
    const char *format;
    const char *program; /* that wrote it, of a log; or NULL */
    uint64_t packets;
    uint64_t bytes;
    bool is_complete;
    const char *problem; /* or NULL */
};

struct report_totals {
    const struct report_input *inputs;
    size_t input_count;
    uint64_t packets;
    uint64_t tcp_connections;
    uint64_t missing_bytes;
    uint64_t sealed_connections; /* TLS from the start on a port of SMTP's, and nothing could be read */
    int64_t dropped_packets;     /* -1: not known (files) */
};

/* Counts over all sessions that were shown. */
struct word_count {
    char word[32]; /* verbs as sent, in upper case */
    uint64_t count;
};

struct mechanism_count {
    char name[32];
    uint64_t count[SASL_OUTCOME_COUNT];
    uint64_t misplaced; /* of the failures: AUTH itself was out of order, so that no login was tried */
};
/* Logins that were tried and refused. */
uint64_t mechanism_failures(const struct mechanism_count *mechanism);

enum { REPORT_WORDS = 256, REPORT_MECHANISMS = 64 };

struct report_counts {
    uint64_t sessions;
    uint64_t verbs[VERB_COUNT];
    struct word_count words[REPORT_WORDS]; /* other words, sorted; beyond that many: "(other)" */
    size_t word_count;
    uint64_t other_words;
    uint64_t secrets; /* lines with a credential, counted as "?" */
    uint64_t replies[1000];
    uint64_t verdicts[VERDICT_COUNT];
    uint64_t findings[RULE_COUNT];
    struct mechanism_count mechanisms[REPORT_MECHANISMS];
    size_t mechanism_count;
    uint64_t messages;
    uint64_t missing_bytes;
    uint64_t tls_sessions;
    uint64_t sealed_sessions; /* of them: what was said inside could not be read, or not all of it */
    uint64_t wrong_keys;      /* of those: there were keys, and they did not fit */
    struct returned returned;
    enum severity worst; /* of all findings */
};

void report_count(struct report_counts *counts, const struct analysis *analysis);
void report_count_findings(struct report_counts *counts, const struct finding *findings, size_t count);

struct report_format {
    const char *name; /* "text", "jsonl" */
    bool needs_digests;
    /* Each appends to `out`; sessions come in order of their first packet. */
    void (*session)(const struct analysis *analysis, const struct report_options *options, struct buf *out);
    void (*attempts)(const struct attempts_row *row, const struct attempts_verdict *verdict,
                     const struct report_options *options, struct buf *out);
    void (*summary)(const struct report_counts *counts, const struct report_totals *totals,
                    const struct report_options *options, struct buf *out);
};

/* The same for one session. */
struct report_options report_options_for(const struct report_options *options, const struct session *session);

/* NULL if there is no such format. */
const struct report_format *report_format_find(const char *name);
const struct report_format *const *report_formats(void); /* the table, NULL-terminated */

#endif
