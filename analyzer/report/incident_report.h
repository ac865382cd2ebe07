#ifndef REPORT_INCIDENT_REPORT_H
#define REPORT_INCIDENT_REPORT_H

#include "incident/incident.h"
#include "report/pseudonyms.h"
#include "report/report.h"

/* The report on incidents: one file a format, one row in incident_formats.c. */

/* What proves that an input is the one that was read. */
struct input_proof {
    char sha256[2 * DIGEST_SHA256_LEN + 1]; /* hexadecimal; empty where the input cannot be read twice */
    uint64_t first_ns, last_ns;             /* of its packets; 0 not known */
};

struct incident_report {
    const struct report_options *options;
    const struct traffic *traffic;
    struct incident *const *incidents; /* sorted */
    size_t incident_count;
    const struct report_counts *counts;
    const struct report_totals *totals;
    const struct input_proof *proofs; /* one for each input */
    const struct traffic *baseline;   /* of the earlier capture; NULL: not compared */
    const char *baseline_name;        /* or NULL */
    const char *version;
    const char *command_line;      /* how to make this report again */
    const char *filter;            /* or NULL */
    struct pseudonyms *pseudonyms; /* NULL: names and addresses as they are */
};

struct incident_format {
    const char *name;
    /* The whole report, appended to `out`. */
    void (*write)(const struct incident_report *report, struct buf *out);
};

/* NULL if there is no such format. */
const struct incident_format *incident_format_find(const char *name);
/* "text, markdown, html and json". */
const char *incident_format_names(void);

/* How many incidents are of warning or graver, and not gone. */
size_t incident_report_grave(const struct incident_report *report);

/* Whether it is counted among them. */
bool incident_counts(const struct incident *incident);
/* Packets that the recorder is known to have lost. */
uint64_t incident_report_dropped(const struct incident_report *report);

/* Learns the names that the report holds, for its pseudonyms: before it is written. */
void incident_report_learn(const struct incident_report *report);

#endif
