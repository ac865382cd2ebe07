/* Options, one row each. */
#include "cli/options.h"

#include "base/limits.h"
#include "cli/messages.h"
#include "cli/option_row.h"
#include "report/incident_report.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

bool option_complain(const struct option_row *row, const char *value, const char *what)
{
    message("--%s: '%s' %s", row->name, value, what);
    return false;
}

static bool set_format(struct options *options, const struct option_row *row, const char *value)
{
    if (options->command == FOR_ANALYZE && (strcmp(value, "show") == 0 || !report_format_find(value)))
        return option_complain(row, value, "is no format; they are text, jsonl and ecs");
    if (options->command == FOR_REPORT && !incident_format_find(value))
        return option_complain(row, value, "is no format; they are text, markdown, html and json");
    options->format = value;
    return true;
}

static bool set_json(struct options *options, const struct option_row *row, const char *value)
{
    (void)row;
    (void)value;
    options->format = "jsonl";
    return true;
}

static bool set_output(struct options *options, const struct option_row *row, const char *value)
{
    (void)row;
    options->output = value;
    return true;
}

static bool set_folder(struct options *options, const struct option_row *row, const char *value)
{
    (void)row;
    options->folder = value;
    return true;
}

static bool set_scrubbed(struct options *options, const struct option_row *row, const char *value)
{
    (void)row;
    options->scrubbed = value;
    return true;
}

static bool set_baseline(struct options *options, const struct option_row *row, const char *value)
{
    (void)row;
    options->baseline = value;
    return true;
}

static bool set_language(struct options *options, const struct option_row *row, const char *value)
{
    enum language language = language_find(value);

    if (language == LANGUAGE_COUNT)
        return option_complain(row, value, "is no language of this program; they are en and ja");
    options->language = language;
    return true;
}

static bool set_filter(struct options *options, const struct option_row *row, const char *value)
{
    (void)row;
    options->filter = value;
    return true;
}

/* -r of tcpdump: its value is an input like those without a letter. */
static bool set_read(struct options *options, const struct option_row *row, const char *value)
{
    (void)options;
    (void)row;
    (void)value;
    return true;
}

static bool set_selector(struct options *options, const struct option_row *row, const char *value)
{
    struct err err;

    if (selectors_add(&options->selectors, (enum selector_kind)row->argument, value, &err))
        return true;
    message("--%s: %s", row->name, err.text);
    return false;
}

static bool set_ports(struct options *options, const struct option_row *row, const char *value)
{
    struct bytes rest = bytes_of(value);

    while (rest.len > 0) {
        size_t comma = bytes_find(rest, ',');
        uint64_t port;
        if (!bytes_to_u64(bytes_slice(rest, 0, comma), &port) || port == 0 || port > UINT16_MAX)
            return option_complain(row, value, "is no list of ports such as 2526,12525");
        if (options->port_count == PORTS_MOST)
            return option_complain(row, value, "holds too many ports");
        options->ports[options->port_count++] = (uint16_t)port;
        rest = comma == SIZE_MAX ? (struct bytes){ NULL, 0 } : bytes_from(rest, comma + 1);
    }
    return true;
}

static bool set_password(struct options *options, const struct option_row *row, const char *value)
{
    if (options->password_count == PASSWORDS_MOST)
        return option_complain(row, value, "is one too many");
    options->passwords[options->password_count++] = value;
    return true;
}

static bool set_keylog(struct options *options, const struct option_row *row, const char *value)
{
    if (options->keylog_count == KEYLOGS_MOST)
        return option_complain(row, value, "is one too many");
    options->keylogs[options->keylog_count++] = value;
    return true;
}

bool option_size(const struct option_row *row, const char *value, uint64_t *out)
{
    static const char units[] = "KMGT";
    struct bytes text = bytes_of(value);
    uint64_t number, factor = 1;

    if (text.len > 3 && bytes_equal_nocase(bytes_from(text, text.len - 2), BYTES("iB")))
        text.len -= 2;
    const char *unit = text.len > 1 ? strchr(units, toupper(text.ptr[text.len - 1])) : NULL;
    if (unit && *unit) {
        factor = UINT64_C(1) << (10 * (unsigned)(unit - units + 1));
        text.len--;
    }
    if (!bytes_to_u64(text, &number) || number > (UINT64_C(1) << 50) / factor)
        return option_complain(row, value, "is no size such as 192M or 2G");
    *out = number * factor;
    return true;
}

static bool set_memory(struct options *options, const struct option_row *row, const char *value)
{
    uint64_t size;

    if (!option_size(row, value, &size))
        return false;
    if (size < 4 * MIB || size > (UINT64_C(1) << 40))
        return option_complain(row, value, "is too little or too much; 4M is the least");
    options->memory_bytes = (size_t)size;
    return true;
}

static bool set_number(struct options *options, const struct option_row *row, const char *value)
{
    uint64_t number;

    if (!bytes_to_u64(bytes_of(value), &number) || number == 0)
        return option_complain(row, value, "is no number above 0");
    if (row->letter == 'c')
        options->packet_limit = number;
    else
        options->jobs = number > 1024 ? 1024 : (unsigned)number;
    return true;
}

/* Seconds, with up to nine digits behind a point. */
static bool set_slow(struct options *options, const struct option_row *row, const char *value)
{
    struct bytes text = bytes_of(value);
    size_t point = bytes_find(text, '.');
    struct bytes part = point == SIZE_MAX ? BYTES("0") : bytes_from(text, point + 1);
    uint64_t seconds, fraction;

    if (!bytes_to_u64(bytes_slice(text, 0, point), &seconds) || !bytes_to_u64(part, &fraction)
        || seconds > 86400 || part.len > 9)
        return option_complain(row, value, "is no number of seconds such as 30 or 2.5");
    for (size_t digits = part.len; digits < 9; digits++)
        fraction *= 10;
    options->slow_ns = seconds * UINT64_C(1000000000) + fraction;
    if (options->slow_ns == 0)
        return option_complain(row, value, "must be more than 0");
    return true;
}

static bool set_fail_on(struct options *options, const struct option_row *row, const char *value)
{
    for (unsigned i = SEVERITY_INFO; i < SEVERITY_COUNT; i++) {
        if (strcmp(severity_name((enum severity)i), value) == 0) {
            options->fail_on = (enum severity)i;
            return true;
        }
    }
    return option_complain(row, value, "is no severity; they are info, warning and error");
}

static bool set_when(struct options *options, const struct option_row *row, const char *value)
{
    enum when when = strcmp(value, "always") == 0  ? WHEN_ALWAYS
                     : strcmp(value, "never") == 0 ? WHEN_NEVER
                                                   : WHEN_AUTO;

    if (when == WHEN_AUTO && strcmp(value, "auto") != 0)
        return option_complain(row, value, "is none of auto, always and never");
    if (row->argument)
        options->color = when;
    else
        options->progress = when;
    return true;
}

static bool set_unseal(struct options *options, const struct option_row *row, const char *value)
{
    (void)row;
    options->unseal = value;
    return true;
}

static bool set_local_domains(struct options *options, const struct option_row *row, const char *value)
{
    if (value[strspn(value, " ,")] == '\0' || strchr(value, '@'))
        return option_complain(row, value, "is no list of domains such as example.org,example.net");
    options->local_domains = value;
    return true;
}

enum flag { FLAG_ANONYMOUS, FLAG_SECRETS, FLAG_QUIET, FLAG_HELP, FLAG_VERSION, FLAG_FOLLOW };

static bool set_flag(struct options *options, const struct option_row *row, const char *value)
{
    (void)value;
    switch ((enum flag)row->argument) {
    case FLAG_ANONYMOUS:
        options->is_anonymous = true;
        break;
    case FLAG_SECRETS:
        options->shows_secrets = true;
        break;
    case FLAG_QUIET:
        options->is_quiet = true;
        break;
    case FLAG_HELP:
        options->wants_help = true;
        break;
    case FLAG_VERSION:
        options->wants_version = true;
        break;
    case FLAG_FOLLOW:
        options->follows = true;
        break;
    }
    return true;
}

enum { FOR_ALL = FOR_INPUTS | FOR_EXPLAIN | FOR_KEYGEN };

static const struct option_row rows[] = {
    { "format", 0, "FORMAT", FOR_ANALYZE, set_format, 0, "text (default), jsonl, or ecs (Elastic)" },
    { "format", 0, "FORMAT", FOR_REPORT, set_format, 0, "text (default), markdown, html or json" },
    { "json", 0, NULL, FOR_ANALYZE, set_json, 0, "short for --format jsonl" },
    { "interface", 'i', "DEVICE", FOR_CAPTURE, capture_option_device, 0,
      "record from this device, or any; also several" },
    { "read", 'r', "FILE", FOR_INPUTS, set_read, 0, "an input; the same as naming it without a letter" },
    { "output", 'o', "FILE", FOR_CAPTURE | FOR_KEYGEN, set_output, 0,
      "a file, a folder, or - (default): standard output" },
    { "output", 'o', "FILE", FOR_REPORT, set_output, 0, "where the report goes; standard output" },
    { "directory", 'd', "FOLDER", FOR_EXTRACT, set_folder, 0, "where the messages go: new, or empty" },
    { "scrubbed-pcap", 0, "FILE", FOR_EXTRACT, set_scrubbed, 0,
      "the packets of the sessions, secrets overwritten" },
    { "baseline", 0, "INPUT", FOR_REPORT, set_baseline, 0, "an earlier capture: what is new, gone, worse?" },
    { "anonymize", 0, NULL, FOR_EXTRACT, set_flag, FLAG_ANONYMOUS,
      "overwrite addresses, names and content too" },
    { "anonymize", 0, NULL, FOR_REPORT, set_flag, FLAG_ANONYMOUS,
      "pseudonyms for addresses, names and identities" },
    { "lang", 0, "LANGUAGE", FOR_REPORT | FOR_EXPLAIN, set_language, 0, "en (default) or ja" },
    { "list-devices", 'D', NULL, FOR_CAPTURE, capture_option_flag, CAPTURE_LISTS,
      "list the network devices" },
    { "filter", 'f', "EXPRESSION", FOR_INPUTS, set_filter, 0, "only packets that pass; pcap-filter(7)" },
    { "count", 'c', "N", FOR_INPUTS, set_number, 0, "stop after N packets" },
    { "ports", 0, "LIST", FOR_INPUTS, set_ports, 0, "more ports that speak SMTP" },
    { "tls-keylog", 0, "FILE", FOR_INPUTS, set_keylog, 0, "TLS secrets (SSLKEYLOGFILE), to read inside" },
    { "all-ports", 0, NULL, FOR_CAPTURE, capture_option_flag, CAPTURE_ALL_PORTS,
      "find SMTP on any port of a device" },
    { "snapshot-length", 's', "BYTES", FOR_CAPTURE, capture_option_number, CAPTURE_SNAPLEN,
      "octets taken of a packet; 262144" },
    { "buffer-size", 'B', "KIB", FOR_CAPTURE, capture_option_number, CAPTURE_BUFFER,
      "the kernel's ring, of each device, in KiB; 131072" },
    { "timeout", 0, "MS", FOR_CAPTURE, capture_option_number, CAPTURE_TIMEOUT,
      "how long the kernel gathers packets; 100" },
    { "no-promiscuous-mode", 'p', NULL, FOR_CAPTURE, capture_option_flag, CAPTURE_NOT_PROMISCUOUS,
      "only what the device takes anyway" },
    { "user", 'Z', "NAME", FOR_CAPTURE, capture_option_text, CAPTURE_USER,
      "become this user once devices are open" },
    { "no-sandbox", 0, NULL, FOR_CAPTURE, capture_option_flag, CAPTURE_NO_SANDBOX,
      "no seccomp and Landlock" },
    { "rotate-size", 0, "SIZE", FOR_CAPTURE, capture_option_size, CAPTURE_ROTATE_BYTES,
      "in a folder, a new file from this size on; 64M" },
    { "rotate-time", 0, "SECONDS", FOR_CAPTURE, capture_option_number, CAPTURE_ROTATE_TIME,
      "and after this time; 3600" },
    { "no-compression", 0, NULL, FOR_CAPTURE, capture_option_flag, CAPTURE_PLAIN, "closed files stay plain" },
    { "sync", 0, NULL, FOR_CAPTURE, capture_option_flag, CAPTURE_SYNC,
      "to the disk at once, for a power cut" },
    { "keep-bytes", 0, "SIZE", FOR_CAPTURE, capture_option_size, CAPTURE_KEEP_BYTES,
      "of the folder; the oldest files go first" },
    { "keep-days", 0, "N", FOR_CAPTURE, capture_option_number, CAPTURE_KEEP_DAYS, "older files go" },
    { "secrets", 0, "POLICY", FOR_CAPTURE, capture_option_secrets, 0,
      "mask (default), keep, or seal=PUBLICKEY (keygen)" },
    { "content", 0, "POLICY", FOR_CAPTURE | FOR_REPORT, capture_option_content, 0,
      "of messages: none (default), headers or full" },
    { "follow", 0, NULL, FOR_CAPTURE, capture_option_flag, CAPTURE_FOLLOW,
      "show the dialogues as they go on" },
    { "findings", 0, "FILE", FOR_CAPTURE, capture_option_text, CAPTURE_FINDINGS,
      "findings as JSON Lines to FILE or -" },
    { "metrics", 0, "FILE", FOR_CAPTURE, capture_option_text, CAPTURE_METRICS,
      "counters for Prometheus, written anew each 10 s" },
    { "pcap", 0, NULL, FOR_CAPTURE, capture_option_flag, CAPTURE_PCAP,
      "the packets of sessions beside them" },
    { "pcap-on-finding", 0, NULL, FOR_CAPTURE, capture_option_flag, CAPTURE_PCAP_ON_FINDING,
      "only of those with a finding" },
    { "unseal", 0, "FILE", FOR_SHOWN, set_unseal, 0, "the secret key of a sealed recording" },
    { "memory", 0, "SIZE", FOR_INPUTS, set_memory, 0, "most memory for what is read; 192M" },
    { "jobs", 'j', "N", FOR_INPUTS, set_number, 0, "threads; one is used now" },
    { "session", 0, "ID", FOR_SESSIONS, set_selector, SELECT_SESSION, "sessions whose id begins so" },
    { "client", 0, "NET", FOR_SESSIONS, set_selector, SELECT_CLIENT, "from this address or network" },
    { "server", 0, "NET", FOR_SESSIONS, set_selector, SELECT_SERVER, "to this address or network" },
    { "since", 0, "TIME", FOR_SESSIONS, set_selector, SELECT_SINCE, "that went on at this time or later" },
    { "until", 0, "TIME", FOR_SESSIONS, set_selector, SELECT_UNTIL, "that began at this time or before" },
    { "from", 0, "ADDRESS", FOR_SESSIONS, set_selector, SELECT_FROM,
      "with this sender; * and ? as in a shell" },
    { "rcpt", 0, "ADDRESS", FOR_SESSIONS, set_selector, SELECT_RCPT, "with this recipient" },
    { "helo", 0, "NAME", FOR_SESSIONS, set_selector, SELECT_HELO, "whose client calls itself so" },
    { "identity", 0, "NAME", FOR_SESSIONS, set_selector, SELECT_IDENTITY,
      "that logged in, or tried, as this" },
    { "queue-id", 0, "ID", FOR_SESSIONS, set_selector, SELECT_QUEUE_ID, "whose message the server named so" },
    { "code", 0, "CODE", FOR_SESSIONS, set_selector, SELECT_CODE, "with a reply of this code" },
    { "finding", 0, "ID", FOR_SESSIONS, set_selector, SELECT_FINDING, "with this finding" },
    { "verdict", 0, "VERDICT", FOR_SESSIONS, set_selector, SELECT_VERDICT, "with a command judged so" },
    { "local-domains", 0, "LIST", FOR_SESSIONS, set_local_domains, 0,
      "domains the servers take mail for: finds relaying" },
    { "show-secrets", 0, NULL, FOR_SHOWN, set_flag, FLAG_SECRETS, "print passwords and tokens as they are" },
    { "slow", 0, "SECONDS", FOR_SESSIONS, set_slow, 0, "a reply later than this is slow; 10" },
    { "verify-password", 0, "IDENTITY=FILE", FOR_SESSIONS, set_password, 0,
      "does FILE (or -) hold the password that was sent?" },
    { "follow", 0, NULL, FOR_SHOWN, set_flag, FLAG_FOLLOW, "print sessions as they end; wait for more" },
    { "fail-on", 0, "SEVERITY", FOR_SESSIONS, set_fail_on, 0, "exit with 1 at info, warning or error" },
    { "progress", 0, "WHEN", FOR_INPUTS, set_when, 0, "auto (on a terminal), always or never" },
    { "color", 0, "WHEN", FOR_ALL, set_when, 1, "auto (on a terminal), always or never" },
    { "quiet", 'q', NULL, FOR_INPUTS, set_flag, FLAG_QUIET, "no warnings" },
    { "help", 'h', NULL, FOR_ALL, set_flag, FLAG_HELP, "this text" },
    { "version", 'V', NULL, FOR_ALL, set_flag, FLAG_VERSION, "version of the program and its libraries" },
};

enum { ROWS = sizeof rows / sizeof rows[0] };

/* One option a line; the help of one whose name is too long stands under it. */
void options_print(enum command_bit command)
{
    static const char indent[] = "\n                              ";

    for (size_t i = 0; i < ROWS; i++) {
        const struct option_row *row = &rows[i];
        char left[64];
        if (!(row->commands & (unsigned)command))
            continue;
        (void)snprintf(left, sizeof left, "--%s%s%s", row->name, row->value ? " " : "",
                       row->value ? row->value : "");
        char letter[] = "      ";
        if (row->letter)
            (void)snprintf(letter, sizeof letter, "  -%c, ", row->letter);
        (void)printf("%s%-24s%s %s\n", letter, left, strlen(left) > 24 ? indent : "", row->help);
    }
}

/* How many letters must change: to suggest the option that was meant. */
static unsigned distance(const char *a, const char *b)
{
    size_t la = strlen(a), lb = strlen(b);
    unsigned row[64];

    if (la > 40 || lb > 40)
        return 99;
    for (size_t k = 0; k <= lb; k++)
        row[k] = (unsigned)k;
    for (size_t i = 1; i <= la; i++) {
        unsigned corner = row[0];
        row[0] = (unsigned)i;
        for (size_t k = 1; k <= lb; k++) {
            unsigned change = corner + (a[i - 1] != b[k - 1]);
            corner = row[k];
            unsigned least = row[k] < row[k - 1] ? row[k] : row[k - 1];
            row[k] = change < least + 1 ? change : least + 1;
        }
    }
    return row[lb];
}

static void report_unknown(const char *name, enum command_bit command)
{
    const struct option_row *nearest = NULL;
    unsigned least = 4;

    for (size_t i = 0; i < ROWS; i++) {
        unsigned far = distance(name, rows[i].name);
        if (far < least && (rows[i].commands & (unsigned)command)) {
            least = far;
            nearest = &rows[i];
        }
    }
    if (nearest)
        message("unknown option --%s; did you mean --%s?", name, nearest->name);
    else
        message("unknown option --%s; --help lists them", name);
}

static const struct option_row *find_long(const char *name, size_t len, enum command_bit command)
{
    for (size_t i = 0; i < ROWS; i++)
        if (strlen(rows[i].name) == len && memcmp(rows[i].name, name, len) == 0
            && (rows[i].commands & (unsigned)command))
            return &rows[i];
    return NULL;
}

static const struct option_row *find_short(char letter, enum command_bit command)
{
    for (size_t i = 0; i < ROWS; i++)
        if (rows[i].letter == letter && letter && (rows[i].commands & (unsigned)command))
            return &rows[i];
    return NULL;
}

struct walk {
    int argc;
    char **argv;
    int at;
    int kept; /* inputs so far, moved to the front of argv */
    struct options *options;
};

/* Sets an option whose value is `attached`, or the next argument. */
static bool apply(struct walk *walk, const struct option_row *row, const char *attached)
{
    if (!row->value) {
        if (attached) {
            message("--%s takes no value", row->name);
            return false;
        }
        return row->set(walk->options, row, "");
    }
    if (!attached) {
        if (walk->at + 1 >= walk->argc) {
            message("--%s needs a value: %s", row->name, row->value);
            return false;
        }
        attached = walk->argv[++walk->at];
    }
    if (row->letter == 'r') { /* an input */
        for (size_t i = 0; i < (size_t)walk->argc; i++)
            if (attached == walk->argv[i]) {
                walk->argv[walk->kept++] = walk->argv[i];
                return true;
            }
        message("-r: write the file behind a blank");
        return false;
    }
    return row->set(walk->options, row, attached);
}

static bool parse_long(struct walk *walk, const char *text)
{
    const char *equals = strchr(text, '=');
    size_t len = equals ? (size_t)(equals - text) : strlen(text);
    const struct option_row *row = find_long(text, len, walk->options->command);

    if (row)
        return apply(walk, row, equals ? equals + 1 : NULL);
    char name[48];
    (void)snprintf(name, sizeof name, "%.*s", (int)len, text);
    report_unknown(name, walk->options->command);
    return false;
}

static bool parse_short(struct walk *walk, const char *letters)
{
    for (; *letters; letters++) {
        const struct option_row *row = find_short(*letters, walk->options->command);
        if (!row) {
            message("unknown option -%c; --help lists them", *letters);
            return false;
        }
        if (row->value)
            return apply(walk, row, letters[1] ? letters + 1 : NULL);
        if (!apply(walk, row, NULL))
            return false;
    }
    return true;
}

/* What stands behind "--" is a filter, as tcpdump has it. */
static bool take_filter(struct walk *walk)
{
    char *joined = walk->options->joined_filter;
    size_t len = 0;

    for (int i = walk->at + 1; i < walk->argc; i++) {
        int n = snprintf(joined + len, sizeof walk->options->joined_filter - len, "%s%s", len ? " " : "",
                         walk->argv[i]);
        if (n < 0 || (size_t)n >= sizeof walk->options->joined_filter - len) {
            message("the filter behind -- is too long");
            return false;
        }
        len += (size_t)n;
    }
    walk->at = walk->argc;
    if (len)
        walk->options->filter = joined;
    return true;
}

bool options_parse(int argc, char **argv, struct options *out)
{
    struct walk walk = { .argc = argc, .argv = argv, .options = out };

    out->memory_bytes = (size_t)192 * MIB;
    out->format = "text";
    out->jobs = 1;
    capture_option_defaults(&out->capture);
    for (walk.at = 0; walk.at < argc; walk.at++) {
        char *text = argv[walk.at];
        bool ok = true;
        if (strcmp(text, "--") == 0)
            ok = take_filter(&walk);
        else if (strncmp(text, "--", 2) == 0)
            ok = parse_long(&walk, text + 2);
        else if (text[0] == '-' && text[1])
            ok = parse_short(&walk, text + 1);
        else
            argv[walk.kept++] = text;
        if (!ok)
            return false;
    }
    out->inputs = (const char *const *)argv;
    out->input_count = (size_t)walk.kept;
    return true;
}
