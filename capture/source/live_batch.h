#ifndef SOURCE_LIVE_BATCH_H
#define SOURCE_LIVE_BATCH_H

#include "source/live.h"

/* Packets of a device on their way to whoever takes them, some together.  What lies in the kernel's ring
 * lives only while libpcap hands it out, so the small ones, which are most, are copied; a large one goes by
 * itself. */

enum {
    LIVE_TOGETHER = 16, /* as many as are looked up together (tcp/flow_table.h) */
    LIVE_COPIED_MOST =
        2048 /* octets: a frame of an Ethernet; to read more costs more than to read it alone */
};

struct live_batch {
    live_take *take;
    void *ctx;
    size_t count;
    struct packet packets[LIVE_TOGETHER];
    uint8_t octets[LIVE_TOGETHER][LIVE_COPIED_MOST];
};

/* `packet` is borrowed during the call; it is handed out in this call or a later one, in order. */
void live_batch_add(struct live_batch *batch, const struct packet *packet);
/* Hands out what waits. */
void live_batch_flush(struct live_batch *batch);

#endif
