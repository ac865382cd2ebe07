/* The blocks of pcapng as far as interfaces need them.
 *
 *     type (4), length (4), body, length (4)
 *     section 0x0a0d0d0a: byte order magic (4) ...         interface 1: link type (2), 0 (2), snap length (4)
 * ... enhanced packet 6: interface (4) ...                 packet 2 (old): interface (2), drops (2) ...
 *     simple packet 3: of interface 0 */
#include "source/interfaces.h"

#include "base/limits.h"
#include "source/secrets.h"

#include <pcap/dlt.h>
#include <stdlib.h>

enum {
    BLOCK_INTERFACE = 1,
    BLOCK_PACKET = 2,
    BLOCK_SIMPLE = 3,
    BLOCK_ENHANCED = 6,
    BLOCK_SECRETS = 10,
    HEAD = 16,     /* octets of a block that matter here */
    SMALLEST = 12, /* block */
    LINK_TYPE_RAW = 101,
    /* Packets between here and libpcap: no more than their smallest blocks fill stdio's buffer with. */
    AHEAD = 32768,
};

static const uint32_t BLOCK_SECTION = 0x0a0d0d0au;

struct interfaces {
    bool is_big;  /* byte order of the section */
    bool is_lost; /* a length that cannot be: libpcap will say so */
    uint8_t head[HEAD];
    uint32_t at;      /* offset in the block */
    uint32_t len;     /* of the block, once `at` is 8 */
    bool has_secrets; /* the block may */
    struct secrets secrets;
    bool are_too_many;
    bool has_first;
    uint32_t snaplen; /* of the first interface */
    uint16_t first;   /* link type of the first interface */
    uint64_t packets;
    uint64_t mixed_from; /* packets before the first interface of another link type; UINT64_MAX: none */
    size_t count;        /* interfaces of this section */
    uint16_t link_types[LIMIT_INTERFACES];
    uint16_t ahead[AHEAD]; /* link type of packet n at n % AHEAD, from mixed_from on */
};

struct interfaces *interfaces_new(const struct secret_sink *secrets)
{
    struct interfaces *i = calloc(1, sizeof *i);

    if (!i)
        return NULL;
    i->mixed_from = UINT64_MAX;
    secrets_init(&i->secrets, secrets);
    return i;
}

void interfaces_free(struct interfaces *i)
{
    if (i)
        secrets_release(&i->secrets);
    free(i);
}

bool interfaces_are_too_many(const struct interfaces *i)
{
    return i->are_too_many;
}

uint32_t interfaces_snaplen(const struct interfaces *i)
{
    return i->snaplen;
}

static uint32_t number_at(const struct interfaces *i, size_t at, size_t len)
{
    struct reader r = reader_over((struct bytes){ i->head + at, len });

    if (len == 2)
        return i->is_big ? read_be16(&r) : read_le16(&r);
    return i->is_big ? read_be32(&r) : read_le32(&r);
}

static void take_interface(struct interfaces *i)
{
    uint16_t link_type = (uint16_t)number_at(i, 8, 2);

    if (i->count < LIMIT_INTERFACES)
        i->link_types[i->count++] = link_type;
    else
        i->are_too_many = true;
    if (!i->has_first) {
        i->first = link_type;
        i->snaplen = number_at(i, 12, 4);
        i->has_first = true;
    }
    if (link_type != i->first && i->mixed_from == UINT64_MAX)
        i->mixed_from = i->packets;
}

static void take_packet(struct interfaces *i, uint32_t interface)
{
    i->packets++;
    if (i->packets > i->mixed_from)
        i->ahead[i->packets % AHEAD] = interface < i->count ? i->link_types[interface] : i->first;
}

/* The head of a block is complete. */
static void take_head(struct interfaces *i)
{
    uint32_t type = number_at(i, 0, 4);

    i->has_secrets = type == BLOCK_SECRETS || type == BLOCK_SECTION;
    if (i->has_secrets)
        secrets_begin(&i->secrets, type == BLOCK_SECTION, i->is_big, i->head);
    if (type == BLOCK_INTERFACE)
        take_interface(i);
    if (type == BLOCK_ENHANCED)
        take_packet(i, number_at(i, 8, 4));
    if (type == BLOCK_PACKET)
        take_packet(i, number_at(i, 8, 2));
    if (type == BLOCK_SIMPLE)
        take_packet(i, 0);
}

/* libpcap holds the link type of a further interface against the DLT_* that it has made of the first one.  Of
 * the types that are read, only this is another number. */
static uint16_t wanted_link_type(const struct interfaces *i)
{
    return i->first == LINK_TYPE_RAW ? DLT_RAW : i->first;
}

/* What libpcap is to see at this offset of an interface: the first link type, and one snap length for all. */
static uint8_t disguised(const struct interfaces *i, uint8_t octet)
{
    if (i->at >= 12)
        return (uint8_t)((uint32_t)LIMIT_SNAPLEN >> 8 * (i->is_big ? 15 - i->at : i->at - 12));
    if (i->at >= 10 || !i->has_first)
        return octet;
    bool is_high = (i->at == 8) == i->is_big;
    return (uint8_t)(wanted_link_type(i) >> (is_high ? 8 : 0));
}

/* Lengths are padded to four octets, whatever the writer says; libpcap reads them so. */
static void take_length(struct interfaces *i)
{
    i->len = number_at(i, 4, 4);
    i->is_lost = i->len < SMALLEST || i->len % 4 != 0;
}

static void start_section(struct interfaces *i)
{
    i->is_big = i->head[8] == 0x1a;
    i->count = 0;
    take_length(i);
}

/* One octet of the head of a block. */
static void take_octet(struct interfaces *i, uint8_t *octet)
{
    i->head[i->at] = *octet;
    if (i->at >= 8 && number_at(i, 0, 4) == BLOCK_INTERFACE)
        *octet = disguised(i, *octet);
    i->at++;
    bool is_section = number_at(i, 0, 4) == BLOCK_SECTION; /* reads the same in both orders */
    if (i->at == 8 && !is_section)
        take_length(i);
    if (i->at == 8 && is_section)
        i->len = UINT32_MAX; /* until its byte order is known */
    if (i->at == 12 && is_section)
        start_section(i);
    if (i->at == HEAD)
        take_head(i);
    if (i->at == i->len && i->at >= SMALLEST)
        i->at = 0;
}

/* The head of a block that is only looked at, all at once; false if it has to go octet by octet. */
static bool take_whole_head(struct interfaces *i, const uint8_t *octets, size_t len)
{
    if (i->at > 0 || len < HEAD)
        return false;
    memcpy(i->head, octets, HEAD);
    uint32_t type = number_at(i, 0, 4), block_len = number_at(i, 4, 4);
    if (type == BLOCK_INTERFACE || type == BLOCK_SECTION || block_len <= HEAD || block_len % 4 != 0)
        return false;
    i->len = block_len;
    i->at = HEAD;
    take_head(i);
    return true;
}

void interfaces_pass(struct interfaces *i, uint8_t *octets, size_t len)
{
    for (size_t at = 0; at < len && !i->is_lost;) {
        if (take_whole_head(i, octets + at, len - at))
            at += HEAD;
        if (i->at < HEAD) {
            take_octet(i, &octets[at++]);
            continue;
        }
        size_t left = i->len - i->at, n = len - at < left ? len - at : left;
        if (i->has_secrets)
            secrets_add(&i->secrets, (struct bytes){ octets + at, n }, n == left);
        at += n;
        i->at += (uint32_t)n;
        if (i->at == i->len)
            i->at = 0;
    }
}

uint16_t interfaces_link_type(const struct interfaces *i, uint64_t number, bool *is_usual)
{
    uint16_t link_type = number > i->mixed_from ? i->ahead[number % AHEAD] : i->first;

    *is_usual = number <= i->mixed_from || link_type == i->first;
    return link_type;
}
