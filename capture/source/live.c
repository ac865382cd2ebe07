/* Devices: opened, read in turn, and again when they come back; one that goes away is read to the end.
 *
 * Packets are read where they lie in the kernel's ring (pcap_dispatch; pcap_next_ex would copy each), and
 * live only during their call.  The ring is the queue between the kernel and the program: nothing
 * here may wait for anything but packets. */
#include "source/live.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/timestamp.h"
#include "source/capture_file.h"
#include "source/live_batch.h"
#include "source/live_device.h"

enum { BATCH = 4096, RETRY_MS = 1000 };

struct live {
    struct live_options options;
    char *names; /* joined, and under it each by itself */
    char *single;
    char *filter_given;
    uint16_t *ports;
    struct live_device devices[LIVE_DEVICES];
    size_t device_count;
    struct buf filter;
    uint64_t number;
    char news[256];
    bool has_news;
    int control_fd;  /* to ask for the state of devices */
    int counters_fd; /* /proc/net/dev: what devices saw, whatever the filter */
    uint32_t ups;
    volatile bool is_interrupted;
    struct live_batch batch;
    const struct live_device *reading;
};

static uint64_t monotonic_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

static void note(struct live *live, const char *name, const char *what)
{
    (void)snprintf(live->news, sizeof live->news, "%.64s: %.180s", name, what);
    live->has_news = true;
}

/* Copies of all that the options point to: devices are opened again later. */
static bool copy_options(struct live *live, const struct live_options *options)
{
    struct buf names;
    size_t at[LIVE_DEVICES] = { 0 };

    live->options = *options;
    live->filter_given = options->filter ? strdup(options->filter) : NULL;
    live->options.filter = live->filter_given;
    live->ports = calloc(options->port_count + 1, sizeof *live->ports);
    if (live->ports && options->port_count)
        memcpy(live->ports, options->ports, options->port_count * sizeof *live->ports);
    live->options.ports = live->ports;
    buf_init(&names, LIMIT_KERNEL_FILTER);
    for (size_t i = 0; i < options->device_count && i < LIVE_DEVICES; i++) {
        at[i] = names.len;
        (void)buf_append_text(&names, options->devices[i]);
        (void)buf_append_u8(&names, '\0');
    }
    live->single = names.ok ? (char *)names.ptr : NULL;
    live->names = names.ok ? malloc(names.len + 1) : NULL;
    if (!live->names || !live->ports || (options->filter && !live->filter_given))
        return false;
    for (size_t i = 0; i < names.len; i++)
        live->names[i] = names.ptr[i] ? (char)names.ptr[i] : ',';
    live->names[names.len - 1] = '\0';
    live->device_count = options->device_count < LIVE_DEVICES ? options->device_count : LIVE_DEVICES;
    for (size_t i = 0; i < live->device_count; i++)
        live->devices[i] = (struct live_device){ .name = live->single + at[i], .fd = -1 };
    return true;
}

struct live *live_open(const struct live_options *options, struct err *err)
{
    if (options->filter && !filter_check(options->filter, err))
        return NULL;
    struct live *live = calloc(1, sizeof *live);
    if (live) {
        buf_init(&live->filter, LIMIT_KERNEL_FILTER);
        live->counters_fd = -1;
        live->control_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    }
    bool ok = live && copy_options(live, options);
    if (!ok)
        (void)err_set(err, ERR_NOMEM, 0, "no memory to record with");
    for (size_t i = 0; ok && i < live->device_count; i++)
        ok = live_device_open(&live->devices[i], &live->options, &live->filter, err);
    for (size_t i = 0; ok && i < live->device_count; i++)
        live->devices[i].ring_bytes = live_ring_bytes(live->devices[i].fd);
    if (ok) {
        live->counters_fd = open("/proc/net/dev", O_RDONLY | O_CLOEXEC);
        return live;
    }
    live_free(live);
    return NULL;
}

void live_free(struct live *live)
{
    if (!live)
        return;
    for (size_t i = 0; i < live->device_count; i++)
        if (live->devices[i].pcap)
            pcap_close(live->devices[i].pcap);
    if (live->counters_fd >= 0)
        (void)close(live->counters_fd);
    if (live->control_fd >= 0)
        (void)close(live->control_fd);
    buf_release(&live->filter);
    free(live->ports);
    free(live->filter_given);
    free(live->names);
    free(live->single);
    free(live);
}

/* Of what the device brought before it went down, the newest is in a part of the ring that the kernel hands
 * over when its time is up. */
static void leave_device(const struct live *live, struct live_device *device)
{
    if (!device->closes_ns)
        device->closes_ns = monotonic_ns() + 2 * (uint64_t)live->options.timeout_ms * NS_PER_MS;
}

static void hand_out(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
    struct live *live = (struct live *)(void *)user;
    const struct live_device *device = live->reading;
    uint64_t fraction = (uint64_t)header->ts.tv_usec * (device->is_nano ? 1u : 1000u);
    struct packet packet = { .data = { data, header->caplen },
                             .wire_length = header->len,
                             .time_ns = (uint64_t)header->ts.tv_sec * NS_PER_SECOND + fraction,
                             .dlt = device->dlt,
                             .number = ++live->number };

    live_batch_add(&live->batch, &packet);
}

/* A socket of a device that was down hears no more, and one that was removed comes back as another: both are
 * opened anew once they are up. */
static void check_device(struct live *live, struct live_device *device)
{
    struct err err;

    if (monotonic_ns() < device->retry_ns)
        return;
    device->retry_ns = monotonic_ns() + RETRY_MS * NS_PER_MS;
    struct ifreq request = { .ifr_flags = 0 };
    (void)snprintf(request.ifr_name, sizeof request.ifr_name, "%s", device->name);
    bool is_any = strcmp(device->name, "any") == 0;
    bool is_there = is_any || ioctl(live->control_fd, SIOCGIFFLAGS, &request) == 0;
    bool is_up = is_any || (is_there && (request.ifr_flags & IFF_UP));
    if (device->pcap && (!is_up || device->index != if_nametoindex(device->name)))
        leave_device(live, device);
    if (is_up && !device->pcap)
        is_up = live_device_open(device, &live->options, &live->filter, &err);
    is_up = is_up && !device->closes_ns;
    if (is_up == !device->is_down)
        return;
    device->is_down = !is_up;
    live->ups += is_up;
    note(live, device->name,
         is_up      ? "up again"
         : is_there ? "down; recording goes on when it is up"
                    : "gone; recording goes on when it is back");
}

static int read_batch(struct live *live, struct live_device *device)
{
    live->reading = device;
    int status = pcap_dispatch(device->pcap, BATCH, hand_out, (u_char *)(void *)live);
    live_batch_flush(&live->batch);
    return status;
}

static void read_to_end(struct live *live, struct live_device *device)
{
    bool is_due = monotonic_ns() >= device->closes_ns;
    int status;

    do
        status = read_batch(live, device);
    while (status > 0);
    if (is_due && status != PCAP_ERROR_BREAK) /* after a signal the rest comes with the next call */
        live_device_close(device);
}

static void read_device(struct live *live, struct live_device *device)
{
    if (!device->closes_ns && read_batch(live, device) == PCAP_ERROR) {
        leave_device(live, device);
        device->retry_ns = 0;
    }
    if (device->closes_ns)
        read_to_end(live, device);
}

bool live_read(struct live *live, int wait_ms, live_take *take, void *ctx)
{
    struct pollfd polled[LIVE_DEVICES];

    live->batch.take = take;
    live->batch.ctx = ctx;
    for (size_t i = 0; i < live->device_count; i++) {
        const struct live_device *device = &live->devices[i];
        bool is_polled = device->pcap && !device->closes_ns;
        polled[i] = (struct pollfd){ .fd = is_polled ? device->fd : -1, .events = POLLIN };
    }
    if (!live->is_interrupted)
        (void)poll(polled, live->device_count, wait_ms);
    live->is_interrupted = false;
    for (size_t i = 0; i < live->device_count; i++) {
        struct live_device *device = &live->devices[i];
        if (device->pcap && (polled[i].revents || device->closes_ns))
            read_device(live, device);
        check_device(live, device);
    }
    return live->device_count > 0;
}

void live_interrupt(struct live *live)
{
    live->is_interrupted = true;
    for (size_t i = 0; i < live->device_count; i++)
        if (live->devices[i].pcap)
            pcap_breakloop(live->devices[i].pcap);
}

/* "  eth0: RECEIVED-BYTES PACKETS ... (eight numbers) SENT-BYTES PACKETS ..." */
static uint64_t packets_of_line(const char *line, const char *name)
{
    unsigned long long received = 0, sent = 0;
    char named[64];

    if (sscanf(line, " %63[^:]: %*u %llu %*u %*u %*u %*u %*u %*u %*u %llu", named, &received, &sent) != 3)
        return 0;
    return strcmp(name, "any") == 0 || strcmp(name, named) == 0 ? received + sent : 0;
}

static uint64_t device_packets(const struct live *live)
{
    char text[65536];
    uint64_t sum = 0;
    ssize_t len = live->counters_fd >= 0 ? pread(live->counters_fd, text, sizeof text - 1, 0) : 0;

    text[len > 0 ? len : 0] = '\0';
    for (char *rest = text, *line; (line = strsep(&rest, "\n"));)
        for (size_t i = 0; i < live->device_count; i++)
            sum += packets_of_line(line, live->devices[i].name);
    return sum;
}

void live_count(struct live *live, struct live_counters *out)
{
    *out = (struct live_counters){ .device_packets = device_packets(live), .device_ups = live->ups };
    for (size_t i = 0; i < live->device_count; i++) {
        struct live_device *device = &live->devices[i];
        live_device_count(device);
        out->received += device->total.received;
        out->kernel_drops += device->total.kernel_drops;
        out->device_drops += device->total.device_drops;
        out->devices_down += device->is_down;
    }
}

bool live_news(struct live *live, char *out, size_t size)
{
    if (!live->has_news)
        return false;
    live->has_news = false;
    (void)snprintf(out, size, "%s", live->news);
    return true;
}

const char *live_filter(const struct live *live)
{
    return live->filter.len ? (const char *)live->filter.ptr : "";
}

const char *live_names(const struct live *live)
{
    return live->names;
}

size_t live_link_types(const struct live *live, int *out, size_t most)
{
    size_t count = live->device_count < most ? live->device_count : most;

    for (size_t i = 0; i < count; i++)
        out[i] = live->devices[i].dlt;
    return count;
}

uint64_t live_ring(const struct live *live)
{
    uint64_t least = live->devices[0].ring_bytes;

    for (size_t i = 1; i < live->device_count; i++)
        if (live->devices[i].ring_bytes < least)
            least = live->devices[i].ring_bytes;
    return least;
}

bool live_is_nano(const struct live *live)
{
    for (size_t i = 0; i < live->device_count; i++)
        if (!live->devices[i].is_nano)
            return false;
    return true;
}
