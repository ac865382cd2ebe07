/* Packets of classic pcap, where they lie in the file:
 *
 *     seconds, fraction, captured length, length on the wire    4 octets each, in the order of the magic
 *     octets of the packet
 *
 * Only what leaves no question is read here.  At anything else (the end, damage, another byte order) nothing
 * is taken, and libpcap, which reads the same stream, goes on from there. */
#include "source/capture_file.h"

#include <assert.h>

#include "base/timestamp.h"

enum { RECORD_HEADER = 16 };

/* In the byte order of this machine; the second one counts nanoseconds. */
static const uint32_t MAGIC_MICRO = 0xa1b2c3d4u, MAGIC_NANO = 0xa1b23c4du;
/* Before 2.4, libpcap may have to exchange the two lengths. */
static const uint16_t VERSION[] = { PCAP_VERSION_MAJOR, PCAP_VERSION_MINOR };

void record_begin(struct capture *capture)
{
    const uint8_t *head = capture->input->peeked;
    int snapshot = pcap_snapshot(capture->pcap);
    uint32_t magic;

    capture->record_most = 0;
    memcpy(&magic, head, sizeof magic);
    if (capture->input->kind != INPUT_PCAP || snapshot <= 0 || (magic != MAGIC_MICRO && magic != MAGIC_NANO)
        || memcmp(head + sizeof magic, VERSION, sizeof VERSION) != 0
        || capture->input->streamed != sizeof capture->input->peeked) /* stdio has read on already */
        return;
    capture->record_most = snapshot < LIMIT_SNAPLEN ? (uint32_t)snapshot : LIMIT_SNAPLEN;
    capture->record_tick_ns = magic == MAGIC_NANO ? 1 : 1000;
}

/* The header of a record. */
struct fields {
    uint32_t seconds;
    uint32_t fraction;
    uint32_t captured;
    uint32_t wire;
};

static_assert(sizeof(struct fields) == RECORD_HEADER, "as it stands in the file");

static bool is_plain(const struct capture *capture, const struct fields *fields)
{
    return fields->seconds <= INT32_MAX && fields->fraction <= INT32_MAX
           && fields->captured - 1 < capture->record_most; /* not 0, which no link has */
}

/* Whether another one lies behind it, whole. */
static bool is_next_near(const struct capture *capture, const uint8_t *behind, size_t len)
{
    struct fields fields;

    if (len < RECORD_HEADER)
        return false;
    memcpy(&fields, behind, sizeof fields);
    return is_plain(capture, &fields) && fields.captured <= len - RECORD_HEADER;
}

/* NULL, with nothing taken, where libpcap must read on. */
static inline const uint8_t *take(struct capture *capture, struct fields *fields)
{
    struct bytes ahead = input_ahead(capture->input, RECORD_HEADER);

    if (ahead.len < RECORD_HEADER)
        return NULL;
    memcpy(fields, ahead.ptr, sizeof *fields);
    if (!is_plain(capture, fields))
        return NULL;
    size_t len = RECORD_HEADER + (size_t)fields->captured;
    if (ahead.len < len)
        ahead = input_ahead(capture->input, len);
    if (ahead.len < len)
        return NULL;
    input_skip(capture->input, len);
    capture->is_next_near = is_next_near(capture, ahead.ptr + len, ahead.len - len);
    return ahead.ptr + RECORD_HEADER;
}

bool record_next(struct capture *capture, struct pcap_pkthdr *header, const uint8_t **data)
{
    struct fields fields;

    *data = take(capture, &fields);
    if (!*data)
        return false;
    header->ts.tv_sec = fields.seconds;
    header->ts.tv_usec = (suseconds_t)fields.fraction * capture->record_tick_ns;
    header->caplen = fields.captured;
    header->len = fields.wire;
    return true;
}

bool record_advance(struct capture *capture)
{
    struct fields fields;
    const uint8_t *data = take(capture, &fields);

    if (!data)
        return false;
    capture->head.data = (struct bytes){ data, fields.captured };
    capture->head.wire_length = fields.wire;
    capture->head.time_ns =
        fields.seconds * NS_PER_SECOND + (uint64_t)fields.fraction * (uint32_t)capture->record_tick_ns;
    capture->head.number = ++capture->input->facts.packets;
    capture->head.dlt = capture->links[0].dlt;
    return true;
}
