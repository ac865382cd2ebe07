/* BPF filters, checked before anything is read.  libpcap says what is wrong, this file finds where. */
#include "source/capture_file.h"

#include "base/limits.h"

enum {
    SHOWN = 60,
    CONTEXT = 40
}; /* columns of the filter in a message, and how many of them before the place */

/* A filter on what only other link types have ("type mgt", "ifindex 2") is none the worse for that. */
static const int link_types[] = { DLT_EN10MB, DLT_LINUX_SLL2, DLT_IEEE802_11_RADIO, DLT_RAW, DLT_PPP };

static bool compiles(const char *filter, int link_type, struct err *err)
{
    struct bpf_program program;
    pcap_t *dead = pcap_open_dead(link_type, LIMIT_SNAPLEN);

    if (!dead)
        return err_set(err, ERR_NOMEM, 0, "no memory for the filter");
    bool ok = pcap_compile(dead, &program, filter, 1, PCAP_NETMASK_UNKNOWN) == 0;
    if (ok)
        pcap_freecode(&program);
    else
        (void)err_set(err, ERR_USAGE, 0, "%s", pcap_geterr(dead));
    pcap_close(dead);
    return ok;
}

static bool compiles_anywhere(const char *filter)
{
    for (size_t i = 0; i < sizeof link_types / sizeof link_types[0]; i++)
        if (compiles(filter, link_types[i], NULL))
            return true;
    return false;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The longest beginning, in whole words, that is a filter by itself. */
static size_t last_good(const char *filter)
{
    char prefix[LIMIT_FILTER_SEARCH];
    size_t len = strlen(filter), good = 0;

    for (size_t i = 1; i <= len && i < sizeof prefix; i++) {
        if (filter[i] != '\0' && !is_blank(filter[i]))
            continue;
        memcpy(prefix, filter, i);
        prefix[i] = '\0';
        if (compiles_anywhere(prefix))
            good = i;
    }
    while (is_blank(filter[good]))
        good++;
    return good;
}

bool filter_check(const char *filter, struct err *err)
{
    char shown[SHOWN + 1];
    struct err reason = { 0 };

    if (compiles_anywhere(filter))
        return true;
    (void)compiles(filter, link_types[0], &reason);
    if (reason.code == ERR_NOMEM)
        return err_set(err, ERR_NOMEM, 0, "%s", reason.text);
    size_t at = last_good(filter);
    size_t from = at > CONTEXT ? at - CONTEXT : 0;
    size_t len = strnlen(filter + from, SHOWN);
    for (size_t i = 0; i < len; i++)
        shown[i] = (unsigned char)filter[from + i] < ' ' ? ' ' : filter[from + i];
    shown[len] = '\0';
    return err_set(err, ERR_USAGE, at, "filter: %.200s\n  %s\n  %*s^ from here on; see pcap-filter(7)",
                   reason.text, shown, (int)(at - from), "");
}
