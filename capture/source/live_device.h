#ifndef SOURCE_LIVE_DEVICE_H
#define SOURCE_LIVE_DEVICE_H

#include "base/buf.h"
#include "source/live.h"

#include <pcap/pcap.h>

/* One of the devices of a live source, which may go away and come back. */
struct live_device {
    const char *name; /* borrowed from the live source's copies */
    pcap_t *pcap;     /* NULL: removed, to be opened again */
    int fd;
    int dlt;
    bool is_nano;
    bool is_down;
    uint64_t ring_bytes;        /* as it was opened first */
    unsigned index;             /* the kernel's number of it, 0 for "any" */
    struct pcap_stat last;      /* counters of 32 bits, as they were read last */
    struct live_counters total; /* of all openings */
    uint64_t retry_ns;
    uint64_t closes_ns; /* it is down or gone, and its ring is read to the end until then; 0: it is not */
};

/* Opens it and sets the first filter that it takes, which goes to `filter` if nothing is there yet.  On
 * failure `err` says what to do, and the device stays closed. */
bool live_device_open(struct live_device *device, const struct live_options *options, struct buf *filter,
                      struct err *err);
/* Counted to the end; it may be opened again. */
void live_device_close(struct live_device *device);
/* Adds to its totals what the kernel has counted since. */
void live_device_count(struct live_device *device);

#endif
