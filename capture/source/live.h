#ifndef SOURCE_LIVE_H
#define SOURCE_LIVE_H

#include "base/buf.h"
#include "source/source.h"

/* Packets from network devices, through libpcap and the kernel's ring.  Needs CAP_NET_RAW when it is opened,
 * and again when a device that was removed comes back. */

enum { LIVE_DEVICES = 16 };

struct live_options {
    const char *const *devices; /* names of devices, or "any" */
    size_t device_count;        /* 1 to LIVE_DEVICES */
    const char *filter;         /* BPF that the user gave, or NULL */
    const uint16_t *ports;      /* where SMTP is expected */
    size_t port_count;          /* 0: all TCP */
    uint32_t snaplen;
    uint32_t buffer_bytes; /* the kernel's ring, of each device; it may give less */
    int timeout_ms;        /* how long the kernel may gather packets before it hands them over */
    bool is_promiscuous;
};

/* Of all devices since they were opened. */
struct live_counters {
    uint64_t received;       /* that passed the kernel's filter, dropped ones too */
    uint64_t kernel_drops;   /* the ring was full */
    uint64_t device_drops;   /* by the device or its driver */
    uint64_t device_packets; /* that the devices saw, whatever the filter; 0 not known */
    uint32_t devices_down;   /* now */
    uint32_t device_ups;     /* how often one came back */
};

struct live;

/* NULL: err says which device, why, and what would help. */
struct live *live_open(const struct live_options *options, struct err *err);
void live_free(struct live *live);

/* Waits `wait_ms` at most for packets and hands out what is there, a few at a time, borrowed during the call;
 * numbers count over all devices from 1.  False when nothing can come any more (a device that is down comes
 * back, this does not). */
typedef void live_take(void *ctx, const struct packet *packets, size_t count);
bool live_read(struct live *live, int wait_ms, live_take *take, void *ctx) NODISCARD;
/* Ends live_read early: packets of this call that are not handed out come with the next.  For signal
 * handlers. */
void live_interrupt(struct live *live);

void live_count(struct live *live, struct live_counters *out);
/* What happened to a device since the last call ("eth0: down"), in words; false if nothing did. */
bool live_news(struct live *live, char *out, size_t size) NODISCARD;
/* The filter in the kernel, of the first device.  Borrowed. */
const char *live_filter(const struct live *live);
/* Names joined with commas.  Borrowed. */
const char *live_names(const struct live *live);
/* DLT_* of each device, as many as fit; returns how many. */
size_t live_link_types(const struct live *live, int *out, size_t most);
/* The smallest ring that a device was given when it was opened first; 0: not known. */
uint64_t live_ring(const struct live *live);
/* Whether times have nanoseconds, on all devices. */
bool live_is_nano(const struct live *live);

/* live_filter.c: expressions for the kernel, the best first, that pass what may carry SMTP: tagged and
 * tunnelled too, and fragments.  libpcap does not know every primitive for every link type: the caller tries
 * them in turn.  False when there is no further one, or no room in `out`. */
bool live_filter_expression(const struct live_options *options, unsigned choice, struct buf *out) NODISCARD;

/* live_ring.c: octets of the ring behind this socket, as /proc/self/maps shows it; 0: not known. */
uint64_t live_ring_bytes(int fd);

/* Devices that can be recorded from, a line each: name, state, addresses, description. */
bool live_list(struct buf *out, struct err *err) NODISCARD;

#endif
