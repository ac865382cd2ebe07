#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "cli/selectors.h"
#include "transcript/event_json.h"
#include "report/words.h"

/* The command line, from a table: what --help prints cannot drift from what is understood. */

enum command_bit {
    FOR_ANALYZE = 1,
    FOR_SHOW = 2,
    FOR_CAPTURE = 4,
    FOR_EXPLAIN = 8,
    FOR_REPORT = 16,
    FOR_EXTRACT = 32,
    FOR_KEYGEN = 64,
    FOR_SHOWN = FOR_ANALYZE | FOR_SHOW,
    FOR_SESSIONS = FOR_SHOWN | FOR_REPORT | FOR_EXTRACT,
    FOR_INPUTS = FOR_SESSIONS | FOR_CAPTURE,
};

enum when { WHEN_AUTO = 0, WHEN_ALWAYS, WHEN_NEVER };

enum { PORTS_MOST = 64, PASSWORDS_MOST = 64, KEYLOGS_MOST = 64, CAPTURE_DEVICES = 16 };

/* What is recorded, from where, and where it goes. */
struct capture_options {
    const char *devices[CAPTURE_DEVICES];
    size_t device_count;
    bool lists_devices;
    bool wants_all_ports;
    bool is_not_promiscuous;
    uint32_t snaplen;
    uint64_t buffer_bytes; /* of the kernel's ring */
    int timeout_ms;
    uint64_t rotate_bytes;
    uint64_t rotate_ns;
    bool is_plain; /* closed files stay as they are */
    bool is_synced;
    uint64_t keep_bytes;
    uint64_t keep_ns;
    enum secrets_policy secrets;
    const char *seal_key; /* a public key, or the file that holds it */
    enum content_policy content;
    const char *user;
    bool has_no_sandbox;
    bool follows;
    const char *findings;
    const char *metrics;
    bool wants_pcap;
    bool wants_pcap_on_finding;
};

struct options {
    enum command_bit command;
    const char *const *inputs;
    size_t input_count;
    const char *format;
    const char *output;
    const char *folder;       /* of extract; NULL: no messages */
    const char *scrubbed;     /* file for packets without secrets; NULL: none */
    const char *baseline;     /* an earlier capture; NULL: none */
    const char *command_line; /* as it was given, for a shell; NULL: not kept */
    enum language language;
    bool is_anonymous;
    bool keeps_content; /* contents are wanted whole: set by extract */
    const char *filter;
    char joined_filter[4096]; /* what stood behind -- */
    struct capture_options capture;
    const char *unseal; /* the file of a secret key */
    struct selectors selectors;
    const char *local_domains;
    uint16_t ports[PORTS_MOST];
    size_t port_count;
    const char *passwords[PASSWORDS_MOST]; /* IDENTITY=FILE */
    size_t password_count;
    const char *keylogs[KEYLOGS_MOST]; /* --tls-keylog */
    size_t keylog_count;
    size_t memory_bytes;
    uint64_t packet_limit; /* -c; 0: all */
    unsigned jobs;
    enum severity fail_on; /* SEVERITY_NONE: off */
    uint64_t slow_ns;      /* --slow; 0: as the analyzer has it */
    enum when progress;
    enum when color;
    bool shows_secrets;
    bool is_quiet;
    bool follows;
    bool wants_help;
    bool wants_version;
};

/* `argv` is permuted so that the inputs stand together.  False: a message was printed. */
bool options_parse(int argc, char **argv, struct options *out) NODISCARD;
/* The options that `command` takes, for --help. */
void options_print(enum command_bit command);

#endif
