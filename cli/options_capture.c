/* Options of the recorder. */
#include "base/limits.h"
#include "base/timestamp.h"
#include "cli/option_row.h"

enum {
    TIMEOUT_MOST_MS = 500, /* what the kernel gathers must come out within the two seconds of an end */
    RING_MIB = 128 /* half a second of a million small packets each, in which something else may run */
};

void capture_option_defaults(struct capture_options *capture)
{
    *capture = (struct capture_options){ .snaplen = LIMIT_SNAPLEN,
                                         .buffer_bytes = RING_MIB * MIB,
                                         .timeout_ms = 100,
                                         .rotate_bytes = 64 * MIB,
                                         .rotate_ns = 3600 * NS_PER_SECOND };
}

bool capture_option_device(struct options *options, const struct option_row *row, const char *value)
{
    struct capture_options *capture = &options->capture;

    if (capture->device_count == CAPTURE_DEVICES)
        return option_complain(row, value, "is one device too many");
    capture->devices[capture->device_count++] = value;
    return true;
}

/* Where a flag is kept; NULL for what is none. */
static bool *flag_of(struct capture_options *capture, int argument)
{
    bool *const flags[] = {
        [CAPTURE_LISTS] = &capture->lists_devices,
        [CAPTURE_ALL_PORTS] = &capture->wants_all_ports,
        [CAPTURE_NOT_PROMISCUOUS] = &capture->is_not_promiscuous,
        [CAPTURE_NO_SANDBOX] = &capture->has_no_sandbox,
        [CAPTURE_PLAIN] = &capture->is_plain,
        [CAPTURE_SYNC] = &capture->is_synced,
        [CAPTURE_FOLLOW] = &capture->follows,
        [CAPTURE_PCAP] = &capture->wants_pcap,
        [CAPTURE_PCAP_ON_FINDING] = &capture->wants_pcap_on_finding,
    };

    return flags[argument];
}

bool capture_option_flag(struct options *options, const struct option_row *row, const char *value)
{
    (void)value;
    *flag_of(&options->capture, row->argument) = true;
    return true;
}

bool capture_option_number(struct options *options, const struct option_row *row, const char *value)
{
    struct capture_options *capture = &options->capture;
    uint64_t number;

    if (!bytes_to_u64(bytes_of(value), &number) || number == 0 || number > INT32_MAX / 1024)
        return option_complain(row, value, "is no number from 1 to 2097151");
    if (row->argument == CAPTURE_SNAPLEN && (number < LIMIT_SNAPLEN_LEAST || number > LIMIT_SNAPLEN))
        return option_complain(row, value, "is no length from 128 to 262144: headers alone tell nothing");
    if (row->argument == CAPTURE_SNAPLEN)
        capture->snaplen = (uint32_t)number;
    else if (row->argument == CAPTURE_BUFFER)
        capture->buffer_bytes = number * KIB;
    else if (row->argument == CAPTURE_TIMEOUT)
        capture->timeout_ms = number > TIMEOUT_MOST_MS ? TIMEOUT_MOST_MS : (int)number;
    else if (row->argument == CAPTURE_ROTATE_TIME)
        capture->rotate_ns = number * NS_PER_SECOND;
    else
        capture->keep_ns = number * 86400 * NS_PER_SECOND;
    return true;
}

bool capture_option_size(struct options *options, const struct option_row *row, const char *value)
{
    uint64_t *to =
        row->argument == CAPTURE_ROTATE_BYTES ? &options->capture.rotate_bytes : &options->capture.keep_bytes;
    uint64_t size;

    if (!option_size(row, value, &size))
        return false;
    if (size < 4 * KIB)
        return option_complain(row, value, "is too little; 4K is the least");
    *to = size;
    return true;
}

bool capture_option_text(struct options *options, const struct option_row *row, const char *value)
{
    const char **to = row->argument == CAPTURE_USER       ? &options->capture.user
                      : row->argument == CAPTURE_FINDINGS ? &options->capture.findings
                                                          : &options->capture.metrics;

    *to = value;
    return true;
}

bool capture_option_secrets(struct options *options, const struct option_row *row, const char *value)
{
    struct capture_options *capture = &options->capture;
    struct bytes text = bytes_of(value);

    capture->seal_key = NULL;
    if (bytes_equal(text, BYTES("mask"))) {
        capture->secrets = SECRETS_MASK;
    } else if (bytes_equal(text, BYTES("keep"))) {
        capture->secrets = SECRETS_KEEP;
    } else if (bytes_starts_nocase(text, BYTES("seal=")) && text.len > 5) {
        capture->secrets = SECRETS_SEAL;
        capture->seal_key = value + 5;
    } else {
        return option_complain(row, value, "is none of mask, keep and seal=PUBLICKEY");
    }
    return true;
}

bool capture_option_content(struct options *options, const struct option_row *row, const char *value)
{
    static const char *const names[CONTENT_POLICY_COUNT] = { "none", "headers", "full" };

    for (unsigned i = 0; i < CONTENT_POLICY_COUNT; i++)
        if (strcmp(names[i], value) == 0) {
            options->capture.content = (enum content_policy)i;
            return true;
        }
    return option_complain(row, value, "is none of none, headers and full");
}
