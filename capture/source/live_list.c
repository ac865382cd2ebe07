/* The devices that there are. */
#include <netdb.h>
#include <pcap/pcap.h>
#include <sys/socket.h>

#include "source/live.h"

static const char *state_of(bpf_u_int32 flags)
{
    if (!(flags & PCAP_IF_UP))
        return "down";
    return flags & PCAP_IF_LOOPBACK ? "loopback" : flags & PCAP_IF_RUNNING ? "up" : "no link";
}

static void put_addresses(const pcap_if_t *device, struct buf *out)
{
    for (const pcap_addr_t *at = device->addresses; at; at = at->next) {
        char text[128];
        int family = at->addr ? at->addr->sa_family : AF_UNSPEC;
        socklen_t size = family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
        if ((family == AF_INET || family == AF_INET6)
            && getnameinfo(at->addr, size, text, sizeof text, NULL, 0, NI_NUMERICHOST) == 0)
            buf_printf(out, " %s", text);
    }
}

bool live_list(struct buf *out, struct err *err)
{
    char problem[PCAP_ERRBUF_SIZE];
    pcap_if_t *devices = NULL;

    if (pcap_findalldevs(&devices, problem) != 0)
        return err_set(err, ERR_IO, 0, "%s", problem);
    for (const pcap_if_t *device = devices; device; device = device->next) {
        buf_printf(out, "%-16s %-9s", device->name, state_of(device->flags));
        put_addresses(device, out);
        if (device->description)
            buf_printf(out, "  (%s)", device->description);
        buf_append_u8(out, '\n');
    }
    bool is_any = devices != NULL;
    pcap_freealldevs(devices);
    if (!is_any)
        return err_set(err, ERR_IO, 0, "no device can be recorded from; it needs CAP_NET_RAW, as root has");
    return out->ok;
}
