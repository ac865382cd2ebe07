/* One capture through libpcap. */
#include "source/capture_file.h"

#include "base/limits.h"
#include "base/timestamp.h"

/* The first four octets of Kuznetzov's modified pcap, as a number of this machine. */
static const uint32_t MODIFIED_MAGIC = 0xa1b2cd34u, MODIFIED_MAGIC_SWAPPED = 0x34cdb2a1u;

static const char *stream_problem(const struct capture *capture)
{
    return capture->input->decompressor ? decompressor_problem(capture->input->decompressor) : NULL;
}

/* The record of which only `got` octets are there, by its own header:
 *     seconds, fraction, captured length, length on the wire (4 octets each) [, 8 octets in modified pcap]
 * More captured than was on the wire is a garbled length that ran into the end. */
static bool is_garbled(const struct capture *capture, unsigned long got)
{
    uint8_t lengths[8];
    uint32_t magic;

    memcpy(&magic, capture->input->peeked, sizeof magic);
    uint64_t back = got + (magic == MODIFIED_MAGIC || magic == MODIFIED_MAGIC_SWAPPED ? 16 : 8);
    if (back > capture->input->facts.bytes
        || !input_look_back(capture->input, capture->input->facts.bytes - back, lengths, sizeof lengths))
        return false;
    struct reader r = reader_over((struct bytes){ lengths, sizeof lengths });
    bool is_big = capture->input->peeked[0] == 0xa1;
    uint32_t captured = is_big ? read_be32(&r) : read_le32(&r);
    return captured > (is_big ? read_be32(&r) : read_le32(&r));
}

/* The end of the file cuts a record that makes sense so far; a length that is garbage also runs into it. */
static bool is_torn_record(const struct capture *capture, const char *reason)
{
    unsigned long wanted, got;

    if (capture->input->decompressor || strncmp(reason, "truncated ", 10) != 0)
        return false;
    if (sscanf(reason, "truncated dump file; tried to read %lu captured bytes, only got %lu", &wanted, &got)
        == 2)
        return !is_garbled(capture, got);
    if (sscanf(reason, "truncated pcapng dump file; tried to read %lu bytes", &wanted) == 1)
        return wanted <= LIMIT_SNAPLEN + LIMIT_BLOCK_OPTIONS;
    return true;
}

/* Where damage was met: what was whole before it has been handed out. */
static void note_damage(struct capture *capture, const char *reason)
{
    struct input *input = capture->input;
    unsigned long long packet = (unsigned long long)input->facts.packets + 1;
    const char *problem = stream_problem(capture);

    if (!problem && is_torn_record(capture, reason)) {
        input->facts.is_torn = true;
        (void)snprintf(
            input->facts.problem, sizeof input->facts.problem,
            "%s: packet %llu: torn, as in a capture still being written; what came before it was read",
            input->path, packet);
        return;
    }
    if (!problem && input->interfaces && interfaces_are_too_many(input->interfaces))
        problem = "more interfaces than any capture has";
    const char *way_out = strstr(reason, "different byte orders") ? "; rewrite it with editcap" : "";
    input_fail(input, "%s: packet %llu: %s; what came before it was read%s", input->path, packet,
               problem ? problem : reason, way_out);
}

void capture_close(struct capture *capture)
{
    packet_link_release_all(capture);
    if (capture->pcap) {
        pcap_close(capture->pcap); /* closes the FILE, and with it the descriptor */
        capture->pcap = NULL;
        capture->input->file = NULL;
    }
    input_close(capture->input);
}

static void finish(struct capture *capture)
{
    struct input_facts *facts = &capture->input->facts;

    facts->last_ns = capture->head.time_ns; /* still the one before */
    capture_close(capture);
    capture->is_done = true;
    facts->is_complete = !facts->is_failed && !facts->is_torn;
}

/* Seconds that do not fit are a damaged header: they become 0. */
static uint64_t time_of(const struct pcap_pkthdr *header)
{
    if (header->ts.tv_sec < 0 || header->ts.tv_usec < 0
        || (uint64_t)header->ts.tv_sec > UINT64_MAX / NS_PER_SECOND - 5)
        return 0;
    return (uint64_t)header->ts.tv_sec * NS_PER_SECOND + (uint64_t)header->ts.tv_usec;
}

/* What a file system leaves of a block that was never written; no link has empty packets. */
static bool is_void(const struct pcap_pkthdr *header)
{
    return header->len == 0 && header->caplen == 0 && header->ts.tv_sec == 0 && header->ts.tv_usec == 0;
}

/* What libpcap's answer means: true if there is a packet, else the capture is finished. */
static bool has_packet(struct capture *capture, int result, const struct pcap_pkthdr *header)
{
    if (result == 1 && !is_void(header))
        return true;
    if (result == 1)
        note_damage(capture, "a record of nothing but zeros");
    else if (result == PCAP_ERROR || stream_problem(capture))
        note_damage(capture, pcap_geterr(capture->pcap));
    finish(capture);
    return false;
}

/* The next packet, filtered or not; false at the end, and the capture is finished. */
static bool read_packet(struct capture *capture, struct pcap_pkthdr **header, const u_char **data)
{
    if (capture->record_most && record_next(capture, &capture->record, data)) {
        *header = &capture->record;
        return true;
    }
    capture->record_most = 0;
    int result = pcap_next_ex(capture->pcap, header, data);
    return has_packet(capture, result, *header);
}

void capture_advance(struct capture *capture)
{
    struct input_facts *facts = &capture->input->facts;
    const struct packet_link *link;
    struct pcap_pkthdr *header = NULL;
    const u_char *data = NULL;

    if (record_advance(capture))
        return;
    do {
        if (!read_packet(capture, &header, &data))
            return;
        facts->packets++;
        link = packet_link_of(capture);
        if (!link) {
            finish(capture);
            return;
        }
    } while (link->has_program && pcap_offline_filter(&link->program, header, data) == 0);
    capture->head.data = (struct bytes){ data, header->caplen };
    capture->head.wire_length = header->len;
    capture->head.time_ns = time_of(header);
    capture->head.number = facts->packets;
    capture->head.dlt = link->dlt;
}

static bool open_pcap(struct capture *capture)
{
    struct input *input = capture->input;
    char problem[PCAP_ERRBUF_SIZE];

    capture->pcap =
        pcap_fopen_offline_with_tstamp_precision(input->file, PCAP_TSTAMP_PRECISION_NANO, problem);
    if (!capture->pcap) {
        const char *reason = stream_problem(capture);
        input_fail(input, "%s: %s", input->path, reason ? reason : problem);
        return false;
    }
    int snapshot = pcap_snapshot(capture->pcap);
    input->facts.snaplen = snapshot > 0 ? (uint64_t)snapshot : 0;
    if (input->interfaces)
        input->facts.snaplen = interfaces_snaplen(input->interfaces);
    record_begin(capture);
    return true;
}

void capture_open(struct capture *capture)
{
    struct input *input = capture->input;

    capture->is_done = true;
    if (!input->file && !input_open(input))
        return;
    input->facts.packets = 0;
    if (!open_pcap(capture) || !packet_link_first(capture)) {
        capture_close(capture);
        return;
    }
    capture->is_done = false;
    capture->head.input = capture->index;
    capture_advance(capture);
    input->facts.first_ns = capture->head.time_ns;
}
