#ifndef CLI_OPTION_ROW_H
#define CLI_OPTION_ROW_H

#include "cli/options.h"

/* Inside of options: one row of the table, and setters that stand in files of their own. */
struct option_row {
    const char *name;  /* long form, without "--" */
    char letter;       /* 0: none */
    const char *value; /* what --help calls its value; NULL: it takes none */
    unsigned commands; /* enum command_bit */
    bool (*set)(struct options *options, const struct option_row *row, const char *value);
    int argument; /* of `set` */
    const char *help;
};

/* Tells what is wrong with the value; returns false. */
bool option_complain(const struct option_row *row, const char *value, const char *what);
/* A number with K, M, G or T. */
bool option_size(const struct option_row *row, const char *value, uint64_t *out);

/* options_capture.c */
enum capture_argument {
    CAPTURE_LISTS = 1,
    CAPTURE_ALL_PORTS,
    CAPTURE_NOT_PROMISCUOUS,
    CAPTURE_NO_SANDBOX,
    CAPTURE_PLAIN,
    CAPTURE_SYNC,
    CAPTURE_FOLLOW,
    CAPTURE_PCAP,
    CAPTURE_PCAP_ON_FINDING,
    CAPTURE_SNAPLEN,
    CAPTURE_BUFFER,
    CAPTURE_TIMEOUT,
    CAPTURE_ROTATE_TIME,
    CAPTURE_KEEP_DAYS,
    CAPTURE_ROTATE_BYTES,
    CAPTURE_KEEP_BYTES,
    CAPTURE_USER,
    CAPTURE_FINDINGS,
    CAPTURE_METRICS
};

void capture_option_defaults(struct capture_options *capture);
bool capture_option_device(struct options *options, const struct option_row *row, const char *value);
bool capture_option_flag(struct options *options, const struct option_row *row, const char *value);
bool capture_option_number(struct options *options, const struct option_row *row, const char *value);
bool capture_option_size(struct options *options, const struct option_row *row, const char *value);
bool capture_option_text(struct options *options, const struct option_row *row, const char *value);
bool capture_option_secrets(struct options *options, const struct option_row *row, const char *value);
bool capture_option_content(struct options *options, const struct option_row *row, const char *value);

#endif
