/* A device: opened with what the kernel is to keep for us, counted, and closed. */
#include "source/live_device.h"

#include <net/if.h>

#include "base/limits.h"

static const char *advice_of(int status)
{
    if (status == PCAP_ERROR_PERM_DENIED || status == PCAP_ERROR_PROMISC_PERM_DENIED)
        return "; recording needs CAP_NET_RAW: run it as root, or `setcap cap_net_raw+ep` on the program";
    if (status == PCAP_ERROR_NO_SUCH_DEVICE)
        return "; --list-devices names those that there are";
    if (status == PCAP_ERROR_IFACE_NOT_UP)
        return "; `ip link set DEVICE up` brings it up";
    return "";
}

static bool set_up(const struct live_options *options, pcap_t *pcap, struct err *err, const char *name)
{
    (void)pcap_set_snaplen(pcap, (int)options->snaplen);
    (void)pcap_set_promisc(pcap, options->is_promiscuous && strcmp(name, "any") != 0);
    (void)pcap_set_timeout(pcap, options->timeout_ms);
    (void)pcap_set_buffer_size(pcap, (int)options->buffer_bytes);
    (void)pcap_set_tstamp_precision(pcap, PCAP_TSTAMP_PRECISION_NANO);
    int status = pcap_activate(pcap);
    if (status >= 0)
        return true;
    const char *kind = pcap_statustostr(status), *reason = pcap_geterr(pcap);
    bool says_more = *reason && strcmp(reason, kind) != 0;
    return err_set(err, ERR_IO, 0, "%s: %s%s%.200s%s", name, kind, says_more ? ": " : "",
                   says_more ? reason : "", advice_of(status));
}

static bool try_filter(pcap_t *pcap, const char *expression)
{
    struct bpf_program program;

    if (pcap_compile(pcap, &program, expression, 1, PCAP_NETMASK_UNKNOWN) != 0)
        return false;
    bool ok = pcap_setfilter(pcap, &program) == 0;
    pcap_freecode(&program);
    return ok;
}

static bool set_filter(const struct live_options *options, pcap_t *pcap, struct buf *filter, const char *name,
                       struct err *err)
{
    struct buf text;

    buf_init(&text, LIMIT_KERNEL_FILTER);
    for (unsigned choice = 0; live_filter_expression(options, choice, &text); choice++) {
        (void)buf_append_u8(&text, '\0');
        if (text.ok && try_filter(pcap, (const char *)text.ptr)) {
            if (filter->len == 0)
                (void)buf_append(filter, buf_bytes(&text));
            buf_release(&text);
            return true;
        }
        buf_clear(&text);
    }
    buf_release(&text);
    return err_set(err, ERR_USAGE, 0, "%s: the filter does not fit this device: %.300s", name,
                   pcap_geterr(pcap));
}

bool live_device_open(struct live_device *device, const struct live_options *options, struct buf *filter,
                      struct err *err)
{
    char problem[PCAP_ERRBUF_SIZE];
    pcap_t *pcap = pcap_create(device->name, problem);

    if (!pcap)
        return err_set(err, ERR_IO, 0, "%s: %s", device->name, problem);
    if (!set_up(options, pcap, err, device->name) || !set_filter(options, pcap, filter, device->name, err)
        || pcap_setnonblock(pcap, 1, problem) != 0) {
        pcap_close(pcap);
        return false;
    }
    device->pcap = pcap;
    device->fd = pcap_get_selectable_fd(pcap);
    device->dlt = pcap_datalink(pcap);
    device->is_nano = pcap_get_tstamp_precision(pcap) == PCAP_TSTAMP_PRECISION_NANO;
    device->index = if_nametoindex(device->name);
    device->last = (struct pcap_stat){ 0 };
    return true;
}

/* libpcap's counters have 32 bits and wrap. */
void live_device_count(struct live_device *device)
{
    struct pcap_stat now;

    if (!device->pcap || pcap_stats(device->pcap, &now) != 0)
        return;
    device->total.received += now.ps_recv - device->last.ps_recv;
    device->total.kernel_drops += now.ps_drop - device->last.ps_drop;
    device->total.device_drops += now.ps_ifdrop - device->last.ps_ifdrop;
    device->last = now;
}

void live_device_close(struct live_device *device)
{
    live_device_count(device);
    pcap_close(device->pcap);
    device->pcap = NULL;
    device->fd = -1;
    device->closes_ns = 0;
    device->retry_ns = 0; /* looked at right away */
}
