/* One capture through libpcap. */
#include "source/capture_file.h"

#include "base/limits.h"
#include "base/timestamp.h"

/* Where damage was met: what was whole before it has been handed out. */
static void note_damage(struct capture *capture, const char *reason)
{
    struct input *input = capture->input;
    const char *compressed = input->decompressor ? decompressor_problem(input->decompressor) : NULL;
    unsigned long long packet = (unsigned long long)input->facts.packets + 1;

    if (compressed) {
        input_fail(input, "%s: packet %llu: %s; what came before it was read", input->path, packet,
                   compressed);
        return;
    }
    if (!input->decompressor && strncmp(reason, "truncated ", 10) == 0) {
        input->facts.is_torn = true;
        (void)snprintf(
            input->facts.problem, sizeof input->facts.problem,
            "%s: packet %llu: torn, as in a capture still being written; what came before it was read",
            input->path, packet);
        return;
    }
    const char *hint = strstr(reason, "an interface has a type") || strstr(reason, "snapshot length")
                           ? "; split it by interface, as with editcap or tshark"
                           : "; what came before it was read";
    input_fail(input, "%s: packet %llu: %s%s", input->path, packet, reason, hint);
}

void capture_close(struct capture *capture)
{
    if (capture->has_program)
        pcap_freecode(&capture->program);
    capture->has_program = false;
    capture->input->facts.bytes = input_position(capture->input);
    if (capture->pcap) {
        pcap_close(capture->pcap); /* closes the FILE, and with it the descriptor */
        capture->pcap = NULL;
        capture->input->file = NULL;
        capture->input->fd = -1;
    }
    input_close(capture->input);
}

static void finish(struct capture *capture)
{
    struct input_facts *facts = &capture->input->facts;
    const char *compressed =
        capture->input->decompressor ? decompressor_problem(capture->input->decompressor) : NULL;

    if (compressed && !facts->is_failed)
        note_damage(capture, compressed);
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

void capture_advance(struct capture *capture)
{
    struct input_facts *facts = &capture->input->facts;

    for (;;) {
        struct pcap_pkthdr *header;
        const u_char *data;
        int result = pcap_next_ex(capture->pcap, &header, &data);
        if (result != 1) {
            if (result == PCAP_ERROR)
                note_damage(capture, pcap_geterr(capture->pcap));
            finish(capture);
            return;
        }
        facts->packets++;
        if (capture->has_program && pcap_offline_filter(&capture->program, header, data) == 0)
            continue;
        capture->head.data = (struct bytes){ data, header->caplen };
        capture->head.wire_length = header->len;
        capture->head.time_ns = time_of(header);
        capture->head.number = facts->packets;
        return;
    }
}

void capture_open(struct capture *capture, const char *filter)
{
    struct input *input = capture->input;
    char problem[PCAP_ERRBUF_SIZE];

    if (input->fd < 0 && !input_open(input)) {
        capture->is_done = true;
        return;
    }
    input->facts.packets = 0;
    capture->pcap =
        pcap_fopen_offline_with_tstamp_precision(input->file, PCAP_TSTAMP_PRECISION_NANO, problem);
    if (!capture->pcap) {
        const char *compressed = input->decompressor ? decompressor_problem(input->decompressor) : NULL;
        input_fail(input, "%s: %s", input->path, compressed ? compressed : problem);
        input_close(input);
        capture->is_done = true;
        return;
    }
    int snapshot = pcap_snapshot(capture->pcap);
    input->facts.snaplen = snapshot > 0 ? (uint64_t)snapshot : 0;
    capture->dlt = pcap_datalink(capture->pcap);
    if (filter) {
        if (pcap_compile(capture->pcap, &capture->program, filter, 1, PCAP_NETMASK_UNKNOWN) != 0) {
            input_fail(input, "%s: the filter does not fit its link type: %s", input->path,
                       pcap_geterr(capture->pcap));
            capture_close(capture);
            capture->is_done = true;
            return;
        }
        capture->has_program = true;
    }
    capture->head.dlt = capture->dlt;
    capture->head.input = capture->index;
    capture_advance(capture);
}
