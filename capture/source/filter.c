/* BPF filters, checked before anything is read. */
#include "source/capture_file.h"

static bool compiles(const char *filter)
{
    struct bpf_program program;
    pcap_t *dead = pcap_open_dead(DLT_EN10MB, 262144);

    if (!dead)
        return false;
    bool ok = pcap_compile(dead, &program, filter, 1, PCAP_NETMASK_UNKNOWN) == 0;
    if (ok)
        pcap_freecode(&program);
    pcap_close(dead);
    return ok;
}

/* libpcap names no position: what compiles is tried word by word. */
static size_t last_good(const char *filter)
{
    char prefix[1024];
    size_t len = strlen(filter), good = 0;

    for (size_t i = 1; i <= len && i < sizeof prefix; i++) {
        if (filter[i] != ' ' && filter[i] != '\0')
            continue;
        memcpy(prefix, filter, i);
        prefix[i] = '\0';
        if (compiles(prefix))
            good = i;
    }
    return good;
}

bool filter_check(const char *filter, struct err *err)
{
    struct bpf_program program;
    pcap_t *dead = pcap_open_dead(DLT_EN10MB, 262144);

    if (!dead)
        return err_set(err, ERR_NOMEM, 0, "no memory for the filter");
    if (pcap_compile(dead, &program, filter, 1, PCAP_NETMASK_UNKNOWN) == 0) {
        pcap_freecode(&program);
        pcap_close(dead);
        return true;
    }
    size_t at = last_good(filter);
    while (filter[at] == ' ')
        at++;
    (void)err_set(err, ERR_USAGE, at, "filter: %s\n  %s\n  %*s^ from here on; see pcap-filter(7)",
                  pcap_geterr(dead), filter, (int)at, "");
    pcap_close(dead);
    return false;
}
