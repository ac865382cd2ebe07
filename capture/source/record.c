/* Packets of classic pcap, where they lie in the file:
 *
 *     seconds, fraction, captured length, length on the wire    4 octets each, in the order of the magic
 *     octets of the packet
 *
 * Only what leaves no question is read here.  At anything else (the end, damage, another byte order) nothing
 * is taken, and libpcap, which reads the same stream, goes on from there. */
#include "source/capture_file.h"

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

/* Seconds, fraction, captured length, length on the wire. */
static bool is_plain(const struct capture *capture, const uint32_t fields[])
{
    return fields[0] <= INT32_MAX && fields[1] <= INT32_MAX && fields[2] > 0
           && fields[2] <= capture->record_most;
}

/* Whether another one lies behind it, whole. */
static bool is_next_near(const struct capture *capture, struct bytes behind)
{
    uint32_t fields[RECORD_HEADER / sizeof(uint32_t)];

    if (behind.len < RECORD_HEADER)
        return false;
    memcpy(fields, behind.ptr, sizeof fields);
    return is_plain(capture, fields) && fields[2] <= behind.len - RECORD_HEADER;
}

bool record_next(struct capture *capture, struct pcap_pkthdr *header, const uint8_t **data)
{
    uint32_t fields[RECORD_HEADER / sizeof(uint32_t)];
    struct bytes ahead = input_ahead(capture->input, RECORD_HEADER);

    if (ahead.len < RECORD_HEADER)
        return false;
    memcpy(fields, ahead.ptr, sizeof fields);
    uint32_t seconds = fields[0], fraction = fields[1], captured = fields[2];
    if (!is_plain(capture, fields))
        return false;
    if (ahead.len - RECORD_HEADER < captured)
        ahead = input_ahead(capture->input, RECORD_HEADER + captured);
    if (ahead.len < RECORD_HEADER + captured)
        return false;
    input_skip(capture->input, RECORD_HEADER + captured);
    header->ts.tv_sec = seconds;
    header->ts.tv_usec = (suseconds_t)fraction * capture->record_tick_ns;
    header->caplen = captured;
    header->len = fields[3];
    *data = ahead.ptr + RECORD_HEADER;
    capture->is_next_near = is_next_near(capture, bytes_from(ahead, RECORD_HEADER + captured));
    return true;
}
