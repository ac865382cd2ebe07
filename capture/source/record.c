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
        || capture->input->streamed != PCAP_HEADER) /* stdio has read on already */
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

/* NULL, with nothing taken, where libpcap must read on. */
static const uint8_t *take(struct capture *capture, struct fields *fields)
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

static void fill(struct capture *capture, const struct fields *fields, const uint8_t *data,
                 struct packet *out)
{
    out->data = (struct bytes){ data, fields->captured };
    out->wire_length = fields->wire;
    out->time_ns =
        fields->seconds * NS_PER_SECOND + (uint64_t)fields->fraction * (uint32_t)capture->record_tick_ns;
    out->dlt = capture->links[0].dlt;
    out->input = capture->index;
    out->number = ++capture->input->facts.packets;
}

static bool takes_all(const struct capture *capture)
{
    return capture->record_most > 0 && !capture->links[0].has_program;
}

bool record_advance(struct capture *capture)
{
    struct fields fields;
    const uint8_t *data = takes_all(capture) ? take(capture, &fields) : NULL;

    if (data)
        fill(capture, &fields, data, &capture->head);
    return data;
}

size_t record_take_near(struct capture *capture, struct packet *out, size_t most)
{
    size_t count = 0, at = 0;
    struct fields fields;

    if (!takes_all(capture))
        return 0;
    struct bytes ahead = input_ahead(capture->input, 0);
    for (; count < most && ahead.len - at >= RECORD_HEADER; count++) {
        memcpy(&fields, ahead.ptr + at, sizeof fields);
        if (!is_plain(capture, &fields) || fields.captured > ahead.len - at - RECORD_HEADER)
            break;
        fill(capture, &fields, ahead.ptr + at + RECORD_HEADER, &out[count]);
        at += RECORD_HEADER + fields.captured;
    }
    input_skip(capture->input, at);
    if (count)
        capture->head = out[count - 1];
    return count;
}
