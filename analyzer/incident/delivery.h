#ifndef INCIDENT_DELIVERY_H
#define INCIDENT_DELIVERY_H

#include "replay/replay.h"

/* What became of a message, for whoever waits for it. */
enum delivery {
    DELIVERY_NONE = 0, /* no message was meant to be sent, or it cannot be known */
    DELIVERY_DONE,
    DELIVERY_LOST,    /* refused for good, or given up: by this session it did not arrive */
    DELIVERY_DELAYED, /* refused for now (4yz) */
    DELIVERY_DOUBT,   /* transferred whole, and the server ended without a reply */
    DELIVERY_UNSEEN,  /* transferred, and the input does not show what the server said to it */
    DELIVERY_COUNT
};

/* `is_faulty`: a finding of warning or graver is about it, so that giving up was no plan of the client's. */
enum delivery delivery_of(const struct replay *replay, const struct transaction *transaction, bool is_faulty);

/* Lost, delayed or in doubt. */
bool delivery_is_harm(enum delivery delivery);

#endif
