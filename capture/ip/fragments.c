/* Fragments put together (RFC 791 3.2, RFC 8200 4.5).  The first copy of an octet wins.  Datagrams are few
 * and die young: the least recently touched goes when there is no room, so a flood cannot hold the table.  A
 * datagram that was whole is remembered for a moment, so that a copy of its pieces does not begin a new one.
 */
#include "ip/datagram.h"

#include "base/limits.h"
#include "base/timestamp.h"

#include <stdlib.h>

enum { BUCKETS = 1024, NOBODY = UINT16_MAX, LARGEST = 65535 };

struct piece {
    struct piece *next; /* by offset; pieces do not overlap */
    uint32_t offset;
    uint32_t len;
    uint8_t bytes[];
};

struct set {
    struct address source, destination;
    uint32_t id;
    uint8_t protocol;
    bool is_done; /* was whole at last_ns; holds no pieces */
    uint16_t bucket_next;
    uint16_t older, newer; /* by last touch */
    uint32_t piece_count;
    uint32_t total; /* length of the datagram once its last fragment came; 0 before */
    uint64_t last_ns;
    struct piece *pieces;
};

struct fragments {
    struct budget *budget;
    size_t held_bytes;
    uint16_t buckets[BUCKETS];
    uint16_t oldest, newest, unused; /* `unused` is chained through bucket_next */
    struct set sets[LIMIT_FRAGMENT_SETS];
    uint8_t whole[IPV6_HEADER + LARGEST]; /* a header, then the payload */
};

struct fragments *fragments_new(struct budget *budget)
{
    struct fragments *f = calloc(1, sizeof *f);

    if (!f)
        return NULL;
    f->budget = budget;
    budget_force(budget, sizeof *f);
    f->oldest = f->newest = NOBODY;
    for (unsigned i = 0; i < BUCKETS; i++)
        f->buckets[i] = NOBODY;
    for (unsigned i = 0; i < LIMIT_FRAGMENT_SETS; i++)
        f->sets[i].bucket_next = i + 1 < LIMIT_FRAGMENT_SETS ? (uint16_t)(i + 1) : (uint16_t)NOBODY;
    return f;
}

static unsigned bucket_of(const struct datagram *piece)
{
    uint32_t hash = piece->id * 2654435761u;

    for (unsigned i = 0; i < 16; i++)
        hash = (hash ^ piece->source.bytes[i] ^ (uint32_t)piece->destination.bytes[i] << 8) * 16777619u;
    return (hash ^ hash >> 16) % BUCKETS;
}

/* IPv6 names a datagram without its protocol, which later fragments may not repeat (RFC 8200 4.5). */
static bool is_of(const struct set *set, const struct datagram *piece)
{
    return set->id == piece->id && (set->protocol == piece->protocol || piece->source.family == 6)
           && address_equal(&set->source, &piece->source)
           && address_equal(&set->destination, &piece->destination);
}

static void unlink_age(struct fragments *f, struct set *set)
{
    if (set->older == NOBODY)
        f->oldest = set->newer;
    else
        f->sets[set->older].newer = set->newer;
    if (set->newer == NOBODY)
        f->newest = set->older;
    else
        f->sets[set->newer].older = set->older;
}

static void link_newest(struct fragments *f, struct set *set)
{
    uint16_t self = (uint16_t)(set - f->sets);

    set->older = f->newest;
    set->newer = NOBODY;
    if (f->newest == NOBODY)
        f->oldest = self;
    else
        f->sets[f->newest].newer = self;
    f->newest = self;
}

static void give_piece(struct fragments *f, struct piece *piece)
{
    budget_give(f->budget, sizeof *piece + piece->len);
    f->held_bytes -= piece->len;
    free(piece);
}

static void drop_pieces(struct fragments *f, struct set *set)
{
    while (set->pieces) {
        struct piece *next = set->pieces->next;
        give_piece(f, set->pieces);
        set->pieces = next;
    }
    set->piece_count = 0;
}

static void drop_set(struct fragments *f, struct set *set)
{
    struct datagram key = { .source = set->source, .destination = set->destination, .id = set->id };
    uint16_t self = (uint16_t)(set - f->sets), *link = &f->buckets[bucket_of(&key)];

    while (*link != self)
        link = &f->sets[*link].bucket_next;
    *link = set->bucket_next;
    unlink_age(f, set);
    drop_pieces(f, set);
    set->bucket_next = f->unused;
    f->unused = self;
}

void fragments_free(struct fragments *f)
{
    if (!f)
        return;
    while (f->oldest != NOBODY)
        drop_set(f, &f->sets[f->oldest]);
    budget_give(f->budget, sizeof *f);
    free(f);
}

static struct set *find(struct fragments *f, const struct datagram *piece)
{
    for (uint16_t i = f->buckets[bucket_of(piece)]; i != NOBODY; i = f->sets[i].bucket_next)
        if (is_of(&f->sets[i], piece))
            return &f->sets[i];
    return NULL;
}

static void drop_oldest(struct fragments *f, uint64_t *dropped)
{
    struct set *set = &f->sets[f->oldest];

    *dropped += !set->is_done;
    drop_set(f, set);
}

static struct set *add_set(struct fragments *f, const struct datagram *piece, uint64_t *dropped)
{
    if (f->unused == NOBODY)
        drop_oldest(f, dropped);
    struct set *set = &f->sets[f->unused];
    uint16_t self = f->unused, *bucket = &f->buckets[bucket_of(piece)];
    f->unused = set->bucket_next;
    *set = (struct set){ .source = piece->source,
                         .destination = piece->destination,
                         .id = piece->id,
                         .protocol = piece->protocol,
                         .bucket_next = *bucket };
    *bucket = self;
    link_newest(f, set);
    return set;
}

/* Takes room for a piece of `set`; older datagrams go if there is none. */
static bool take_room(struct fragments *f, const struct set *set, size_t len, uint64_t *dropped)
{
    while (len > LIMIT_FRAGMENT_BYTES - f->held_bytes
           || !budget_take(f->budget, sizeof(struct piece) + len)) {
        if (&f->sets[f->oldest] == set)
            return false;
        drop_oldest(f, dropped);
    }
    return true;
}

/* Keeps `from`, which no piece holds yet, at `*link`. */
static bool keep(struct fragments *f, struct set *set, struct piece **link, uint32_t offset,
                 struct bytes from)
{
    struct piece *piece = malloc(sizeof *piece + from.len);
    if (!piece) {
        budget_give(f->budget, sizeof *piece + from.len);
        return false;
    }
    *piece = (struct piece){ .next = *link, .offset = offset, .len = (uint32_t)from.len };
    memcpy(piece->bytes, from.ptr, from.len);
    *link = piece;
    set->piece_count++;
    f->held_bytes += from.len;
    return true;
}

/* Fills what is still free of the fragment's range. */
static bool insert(struct fragments *f, struct set *set, const struct datagram *from, uint64_t *dropped)
{
    struct piece **link = &set->pieces;
    size_t at = 0;

    while (at < from->payload.len) {
        uint32_t offset = from->offset + (uint32_t)at;
        while (*link && (*link)->offset + (*link)->len <= offset)
            link = &(*link)->next;
        if (*link && (*link)->offset <= offset) { /* held already */
            at = (*link)->offset + (*link)->len - from->offset;
            continue;
        }
        size_t len = from->payload.len - at;
        if (*link && len > (*link)->offset - offset)
            len = (*link)->offset - offset;
        if (set->piece_count >= LIMIT_FRAGMENTS || !take_room(f, set, len, dropped)
            || !keep(f, set, link, offset, bytes_slice(from->payload, at, len)))
            return false;
        at += len;
    }
    return true;
}

static bool is_whole(const struct set *set)
{
    uint32_t at = 0;

    for (const struct piece *piece = set->pieces; piece && piece->offset == at; piece = piece->next)
        at += piece->len;
    return set->total > 0 && at >= set->total;
}

static void assemble(struct fragments *f, const struct set *set, struct datagram *whole)
{
    uint8_t *payload = f->whole + IPV6_HEADER;
    size_t header = set->source.family == 4 ? IPV4_HEADER : IPV6_HEADER;

    for (const struct piece *piece = set->pieces; piece; piece = piece->next)
        memcpy(payload + piece->offset, piece->bytes, piece->len);
    *whole = (struct datagram){ .source = set->source,
                                .destination = set->destination,
                                .protocol = set->protocol,
                                .packet = { payload - header, header + set->total },
                                .payload = { payload, set->total } };
    if (header == IPV4_HEADER)
        ipv4_write_header(whole, payload - header);
    else
        ipv6_write_header(whole, payload - header);
}

static void expire(struct fragments *f, uint64_t now_ns, uint64_t *dropped)
{
    while (f->oldest != NOBODY && now_ns > f->sets[f->oldest].last_ns
           && now_ns - f->sets[f->oldest].last_ns > LIMIT_FRAGMENT_SECONDS * NS_PER_SECOND)
        drop_oldest(f, dropped);
}

/* The datagram that a piece is of, as the one last touched.  NULL: a copy of one that was whole a moment ago.
 */
static struct set *set_of(struct fragments *f, const struct datagram *piece, uint64_t now_ns,
                          uint64_t *dropped)
{
    struct set *set = find(f, piece);

    if (set && set->is_done) {
        uint64_t apart_ns = now_ns > set->last_ns ? now_ns - set->last_ns : set->last_ns - now_ns;
        if (apart_ns <= LIMIT_FRAGMENT_ECHO_MS * NS_PER_MS)
            return NULL;
        drop_set(f, set);
        set = NULL;
    }
    if (!set)
        set = add_set(f, piece, dropped);
    set->last_ns = now_ns;
    unlink_age(f, set);
    link_newest(f, set);
    return set;
}

bool fragments_add(struct fragments *f, const struct datagram *piece, uint64_t time_ns,
                   struct datagram *whole, uint64_t *dropped)
{
    expire(f, time_ns, dropped);
    if (piece->cut > 0 || piece->payload.len == 0 || piece->offset + piece->payload.len > LARGEST) {
        (*dropped)++; /* cut by the snap length, or larger than any datagram */
        return false;
    }
    struct set *set = set_of(f, piece, time_ns, dropped);
    if (!set)
        return false;
    if (!insert(f, set, piece, dropped)) {
        (*dropped)++;
        drop_set(f, set);
        return false;
    }
    if (piece->offset == 0)
        set->protocol = piece->protocol;
    if (!piece->has_more && set->total == 0)
        set->total = piece->offset + (uint32_t)piece->payload.len;
    if (!is_whole(set))
        return false;
    assemble(f, set, whole);
    drop_pieces(f, set);
    set->is_done = true;
    return true;
}
