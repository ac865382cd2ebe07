/* Which octets of which connection are overwritten. */
#include "scrub/scrubber.h"

#include "base/limits.h"
#include "base/siphash.h"
#include "scrub/checksum.h"
#include "scrub/overwrite.h"

#include <stdlib.h>

enum { SLOTS = LIMIT_SCRUB_SESSIONS * 2, TCP_HEADER_LEAST = 20, TCP_HEADER_MOST = 60, CHECKSUM_AT = 16 };

#define SLACK_NS                                                                                             \
    (UINT64_C(2) * 1000000000) /* what belongs to a connection may come shortly before or behind it */

/* Octets of one side, told by time at first, then by their sequence numbers. */
struct window {
    uint64_t from_ns, until_ns;
    uint32_t low, high; /* sequence numbers; `high` is behind the last octet */
    uint32_t next;      /* of the same session; 0 none, else 1 + index */
    enum scrub_kind kind;
    bool is_client;
    bool is_placed; /* low and high are known */
};

struct chosen {
    struct endpoint client, server;
    uint64_t start_ns, end_ns;
    uint32_t windows; /* the first; 0 none */
    uint32_t same;    /* another connection of the same ports; 0 none */
    bool is_forgotten;
};

struct scrubber {
    bool is_anonymous;
    struct chosen *sessions;
    uint32_t session_count;
    struct window *windows;
    uint32_t window_count;
    uint32_t slots[SLOTS];     /* 1 + index of a session, by the hash of its ends */
    uint32_t addresses[SLOTS]; /* see address_number */
    struct address *known;
    uint32_t known_count;
};

struct scrubber *scrubber_new(bool is_anonymous)
{
    struct scrubber *scrubber = calloc(1, sizeof *scrubber);

    if (!scrubber)
        return NULL;
    scrubber->is_anonymous = is_anonymous;
    scrubber->sessions = calloc(LIMIT_SCRUB_SESSIONS, sizeof *scrubber->sessions);
    scrubber->windows = calloc(LIMIT_SCRUB_WINDOWS, sizeof *scrubber->windows);
    scrubber->known = calloc(SLOTS, sizeof *scrubber->known);
    if (scrubber->sessions && scrubber->windows && scrubber->known)
        return scrubber;
    scrubber_free(scrubber);
    return NULL;
}

void scrubber_free(struct scrubber *scrubber)
{
    if (!scrubber)
        return;
    free(scrubber->sessions);
    free(scrubber->windows);
    free(scrubber->known);
    free(scrubber);
}

static uint64_t hash_of(const struct endpoint *a, const struct endpoint *b)
{
    static const uint64_t key[2] = { 1, 2 }; /* at most LIMIT_SCRUB_SESSIONS are looked up */
    struct siphash hash;

    siphash_start(&hash, key);
    siphash_add_part(&hash, (struct bytes){ a->address.bytes, sizeof a->address.bytes });
    siphash_add_part(&hash, (struct bytes){ b->address.bytes, sizeof b->address.bytes });
    siphash_add_number(&hash, (uint64_t)a->port << 16 | b->port);
    return siphash_value(&hash);
}

static bool is_between(const struct chosen *session, const struct endpoint *a, const struct endpoint *b)
{
    return address_equal(&session->client.address, &a->address) && session->client.port == a->port
           && address_equal(&session->server.address, &b->address) && session->server.port == b->port;
}

/* The place of a pair of ends: of a session between them, or free. */
static uint32_t *slot_of(struct scrubber *scrubber, const struct endpoint *client,
                         const struct endpoint *server)
{
    size_t at = (size_t)hash_of(client, server) % SLOTS;

    while (scrubber->slots[at] && !is_between(&scrubber->sessions[scrubber->slots[at] - 1], client, server))
        at = (at + 1) % SLOTS;
    return &scrubber->slots[at];
}

uint32_t scrubber_add(struct scrubber *scrubber, const struct endpoint *client, const struct endpoint *server,
                      uint64_t start_ns, uint64_t end_ns)
{
    uint32_t *slot = slot_of(scrubber, client, server);

    if (scrubber->session_count == LIMIT_SCRUB_SESSIONS)
        return UINT32_MAX;
    scrubber->sessions[scrubber->session_count] = (struct chosen){
        .client = *client, .server = *server, .start_ns = start_ns, .end_ns = end_ns, .same = *slot
    };
    *slot = ++scrubber->session_count;
    return *slot - 1;
}

bool scrubber_hide(struct scrubber *scrubber, uint32_t session, bool is_client, enum scrub_kind kind,
                   uint64_t from_ns, uint64_t until_ns)
{
    if (scrubber->window_count == LIMIT_SCRUB_WINDOWS)
        return false;
    scrubber->windows[scrubber->window_count] =
        (struct window){ .from_ns = from_ns < until_ns ? from_ns : until_ns,
                         .until_ns = from_ns < until_ns ? until_ns : from_ns,
                         .next = scrubber->sessions[session].windows,
                         .kind = kind,
                         .is_client = is_client };
    scrubber->sessions[session].windows = ++scrubber->window_count;
    return true;
}

void scrubber_forget(struct scrubber *scrubber, uint32_t session)
{
    scrubber->sessions[session].is_forgotten = true;
}

/* The session that a segment belongs to, by its ends and its time; NULL none. */
static struct chosen *session_of(struct scrubber *scrubber, const struct segment *segment, bool *is_client)
{
    const struct endpoint from = { segment->source, segment->source_port };
    const struct endpoint to = { segment->destination, segment->destination_port };

    for (unsigned way = 0; way < 2; way++) {
        uint32_t index = *slot_of(scrubber, way ? &to : &from, way ? &from : &to);
        for (; index; index = scrubber->sessions[index - 1].same) {
            struct chosen *session = &scrubber->sessions[index - 1];
            if (session->is_forgotten || segment->time_ns + SLACK_NS < session->start_ns
                || segment->time_ns > session->end_ns + SLACK_NS)
                continue;
            *is_client = !way;
            return session;
        }
    }
    return NULL;
}

static bool is_after(uint32_t a, uint32_t b) /* in the order of sequence numbers */
{
    return (int32_t)(a - b) > 0;
}

void scrubber_learn(struct scrubber *scrubber, const struct segment *segment)
{
    bool is_client;
    const struct chosen *session = session_of(scrubber, segment, &is_client);
    uint32_t end = segment->seq + (uint32_t)segment->payload.len;

    for (uint32_t i = session && segment->payload.len ? session->windows : 0; i;
         i = scrubber->windows[i - 1].next) {
        struct window *window = &scrubber->windows[i - 1];
        if (window->is_client != is_client || segment->time_ns < window->from_ns
            || segment->time_ns > window->until_ns)
            continue;
        if (!window->is_placed || is_after(window->low, segment->seq))
            window->low = segment->seq;
        if (!window->is_placed || is_after(end, window->high))
            window->high = end;
        window->is_placed = true;
    }
}

/* Overwrites what the window covers of the segment's octets. */
static void apply(const struct window *window, const struct segment *segment, uint8_t *payload)
{
    int64_t from = (int32_t)(window->low - segment->seq), until = (int32_t)(window->high - segment->seq);

    from = from < 0 ? 0 : from;
    until = until > (int64_t)segment->payload.len ? (int64_t)segment->payload.len : until;
    if (from < until)
        overwrite(payload + from, (size_t)(until - from), window->kind);
}

/* Where the TCP header begins, by what the segment says stands in it; NULL if it cannot be found. */
static const uint8_t *tcp_header(const struct segment *segment)
{
    for (size_t len = TCP_HEADER_LEAST; len <= TCP_HEADER_MOST; len += 4) {
        const uint8_t *at = segment->payload.ptr - len;
        struct reader reader = reader_over((struct bytes){ at, len });
        if (at < segment->ip_packet.ptr)
            return NULL;
        uint16_t source = read_be16(&reader), destination = read_be16(&reader);
        uint32_t seq = read_be32(&reader);
        if (source == segment->source_port && destination == segment->destination_port && seq == segment->seq
            && (size_t)(at[12] >> 4) * 4 == len)
            return at;
    }
    return NULL;
}

/* The same number for the same address, in order of appearance. */
static uint32_t address_number(struct scrubber *scrubber, const struct address *address)
{
    const struct endpoint end = { *address, 0 };
    size_t at = (size_t)hash_of(&end, &end) % SLOTS;

    while (scrubber->addresses[at] && !address_equal(&scrubber->known[scrubber->addresses[at] - 1], address))
        at = (at + 1) % SLOTS;
    if (!scrubber->addresses[at]) {
        scrubber->known[scrubber->known_count] = *address;
        scrubber->addresses[at] = ++scrubber->known_count;
    }
    return scrubber->addresses[at];
}

/* An address of RFC 5737 or RFC 3849 in its place, in the header and the two checksums that cover it. */
static void rename_address(struct scrubber *scrubber, const struct address *address, uint8_t *at,
                           uint8_t *ip_sum, uint8_t *tcp_sum)
{
    static const uint8_t ipv4[4] = { 198, 18, 0, 0 }, ipv6[16] = { 0x20, 0x01, 0x0d, 0xb8 };
    uint32_t number = address_number(scrubber, address);
    size_t len = address->family == 4 ? 4 : 16;
    uint8_t before[16];

    memcpy(before, at, len);
    memcpy(at, len == 4 ? ipv4 : ipv6, len);
    at[len - 1] = (uint8_t)number;
    at[len - 2] = (uint8_t)(number >> 8);
    at[len == 4 ? 1 : len - 3] = (uint8_t)(len == 4 ? 18 + (number >> 16 & 1) : number >> 16);
    if (ip_sum)
        checksum_follow(ip_sum, before, at, len);
    if (tcp_sum)
        checksum_follow(tcp_sum, before, at, len);
}

/* Headers in front of the innermost one are gone over too: hardware addresses, the ends of tunnels. */
static void rename_ends(struct scrubber *scrubber, const struct segment *segment, struct bytes packet,
                        uint8_t *copy)
{
    size_t at = (size_t)(segment->ip_packet.ptr - packet.ptr);
    bool is_ipv4 = segment->source.family == 4;
    const uint8_t *tcp = segment->payload.len ? tcp_header(segment) : NULL;
    size_t header = is_ipv4 ? (size_t)(copy[at] & 15) * 4 : 40;
    uint8_t *tcp_sum = tcp                                           ? copy + (tcp - packet.ptr) + CHECKSUM_AT
                       : at + header + CHECKSUM_AT + 2 <= packet.len ? copy + at + header + CHECKSUM_AT
                                                                     : NULL;
    uint8_t *ip_sum = is_ipv4 ? copy + at + 10 : NULL;
    size_t source = at + (is_ipv4 ? 12 : 8), len = is_ipv4 ? 4 : 16;

    if (source + 2 * len > packet.len)
        return;
    rename_address(scrubber, &segment->source, copy + source, ip_sum, tcp_sum);
    rename_address(scrubber, &segment->destination, copy + source + len, ip_sum, tcp_sum);
    if (at >= 12 && at <= 18 + 4) /* Ethernet, with a tag or two */
        memset(copy, 0, 12);
}

bool scrubber_take(struct scrubber *scrubber, const struct segment *segment, struct bytes packet,
                   uint8_t *copy)
{
    bool is_client;
    const struct chosen *session = session_of(scrubber, segment, &is_client);
    const uint8_t *begin = segment->ip_packet.ptr;

    if (!session || begin < packet.ptr || begin >= packet.ptr + packet.len)
        return false;
    memcpy(copy, packet.ptr, packet.len);
    if (segment->payload.len) {
        uint8_t *payload = copy + (segment->payload.ptr - packet.ptr);
        for (uint32_t i = session->windows; i; i = scrubber->windows[i - 1].next) {
            const struct window *window = &scrubber->windows[i - 1];
            if (window->is_client == is_client && window->is_placed)
                apply(window, segment, payload);
        }
        if (scrubber->is_anonymous)
            overwrite_names(payload, segment->payload.len);
        const uint8_t *tcp = tcp_header(segment);
        if (!tcp)
            return false; /* its checksum could not be mended */
        checksum_follow(copy + (tcp - packet.ptr) + CHECKSUM_AT, segment->payload.ptr, payload,
                        segment->payload.len);
    }
    if (scrubber->is_anonymous)
        rename_ends(scrubber, segment, packet, copy);
    size_t at = (size_t)(begin - packet.ptr);
    checksum_renew(copy + at, packet.len - at);
    return true;
}
