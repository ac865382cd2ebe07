/* Whose a packet is: connections and sessions by their two ends, whatever the direction. */
#include <stdlib.h>

#include "cli/evidence_parts.h"

/* The same for both directions. */
static unsigned bucket_of(const struct endpoint *a, const struct endpoint *b)
{
    uint64_t sum = (uint64_t)a->port * b->port + a->port + b->port;

    for (unsigned i = 0; i < sizeof a->address.bytes; i++)
        sum = sum * 31 + (uint64_t)(a->address.bytes[i] ^ b->address.bytes[i]);
    return (unsigned)((sum * UINT64_C(0xff51afd7ed558ccd)) >> 50) % BUCKETS;
}

static bool same_end(const struct endpoint *a, const struct endpoint *b)
{
    return a->port == b->port && address_equal(&a->address, &b->address);
}

static bool is_between(const struct kept *kept, const struct endpoint *a, const struct endpoint *b)
{
    return (same_end(&kept->from, a) && same_end(&kept->to, b))
           || (same_end(&kept->from, b) && same_end(&kept->to, a));
}

struct tracked *connections_find(const struct connections *connections, const struct endpoint *a,
                                 const struct endpoint *b)
{
    struct tracked *at = connections->sessions[bucket_of(a, b)];

    while (at && !(same_end(&at->client, a) && same_end(&at->server, b))
           && !(same_end(&at->client, b) && same_end(&at->server, a)))
        at = at->next;
    return at;
}

struct tracked *connections_begin(struct connections *connections, const struct endpoint *client,
                                  const struct endpoint *server)
{
    struct tracked *owner = connections_find(connections, client, server);

    if (!owner) {
        owner = calloc(1, sizeof *owner);
        if (!owner)
            return NULL;
        struct tracked **bucket = &connections->sessions[bucket_of(client, server)];
        owner->next = *bucket;
        *bucket = owner;
    }
    owner->client = *client;
    owner->server = *server;
    return owner;
}

void connections_leave(struct connections *connections, struct tracked *owner)
{
    struct tracked **link = &connections->sessions[bucket_of(&owner->client, &owner->server)];

    while (*link && *link != owner)
        link = &(*link)->next;
    if (*link)
        *link = owner->next;
}

void tracked_free(struct tracked *owner)
{
    free(owner->masks);
    free(owner);
}

void connections_wait(struct connections *connections, struct kept *kept)
{
    struct kept **bucket = &connections->pending[bucket_of(&kept->from, &kept->to)];

    kept->in_flow = *bucket;
    *bucket = kept;
}

void connections_give_up(struct connections *connections, struct kept *kept)
{
    struct kept **link = &connections->pending[bucket_of(&kept->from, &kept->to)];

    while (*link && *link != kept)
        link = &(*link)->in_flow;
    if (*link)
        *link = kept->in_flow;
}

/* The bucket has the newest first. */
struct kept *connections_take_waiting(struct connections *connections, const struct tracked *owner)
{
    struct kept **link = &connections->pending[bucket_of(&owner->client, &owner->server)], *found = NULL;

    while (*link) {
        struct kept *kept = *link;
        if (!is_between(kept, &owner->client, &owner->server)) {
            link = &kept->in_flow;
            continue;
        }
        *link = kept->in_flow;
        kept->in_flow = found;
        found = kept;
    }
    return found;
}
