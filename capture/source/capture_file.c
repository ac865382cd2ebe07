/* One capture through libpcap. */
#include "source/capture_file.h"

#include "base/limits.h"
#include "base/timestamp.h"

static const char *stream_problem(const struct capture *capture)
{
    return capture->input->decompressor ? decompressor_problem(capture->input->decompressor) : NULL;
}

/* The end of the file cuts a record that makes sense so far; a length that is garbage also runs into it. */
static bool is_torn_record(const struct capture *capture, const struct pcap_pkthdr *header,
                           const char *reason)
{
    unsigned long wanted;

    if (capture->input->decompressor || strncmp(reason, "truncated ", 10) != 0)
        return false;
    if (sscanf(reason, "truncated dump file; tried to read %lu captured bytes", &wanted) == 1)
        return header->caplen <= header->len;
    if (sscanf(reason, "truncated pcapng dump file; tried to read %lu bytes", &wanted) == 1)
        return wanted <= LIMIT_SNAPLEN + LIMIT_BLOCK_OPTIONS;
    return true;
}

static const char *way_out(const char *reason)
{
    if (strstr(reason, "an interface has a type"))
        return "; libpcap reads one link type a file: give the captures that it was merged from";
    if (strstr(reason, "an interface has a snapshot length") || strstr(reason, "different byte orders"))
        return "; rewrite it with editcap -F pcap";
    return "";
}

/* Where damage was met: what was whole before it has been handed out. */
static void note_damage(struct capture *capture, const struct pcap_pkthdr *header, const char *reason)
{
    struct input *input = capture->input;
    unsigned long long packet = (unsigned long long)input->facts.packets + 1;
    const char *problem = stream_problem(capture);

    if (!problem && is_torn_record(capture, header, reason)) {
        input->facts.is_torn = true;
        (void)snprintf(
            input->facts.problem, sizeof input->facts.problem,
            "%s: packet %llu: torn, as in a capture still being written; what came before it was read",
            input->path, packet);
        return;
    }
    input_fail(input, "%s: packet %llu: %s%s; what came before it was read", input->path, packet,
               problem ? problem : reason, problem ? "" : way_out(reason));
}

void capture_close(struct capture *capture)
{
    if (capture->has_program)
        pcap_freecode(&capture->program);
    capture->has_program = false;
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
            if (result == PCAP_ERROR || stream_problem(capture))
                note_damage(capture, header, pcap_geterr(capture->pcap));
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
    capture->dlt = pcap_datalink(capture->pcap);
    return true;
}

static bool compile_filter(struct capture *capture, const char *filter)
{
    if (!filter)
        return true;
    capture->has_program =
        pcap_compile(capture->pcap, &capture->program, filter, 1, PCAP_NETMASK_UNKNOWN) == 0;
    if (!capture->has_program)
        input_fail(capture->input, "%s: the filter does not fit its link type: %s", capture->input->path,
                   pcap_geterr(capture->pcap));
    return capture->has_program;
}

void capture_open(struct capture *capture, const char *filter)
{
    struct input *input = capture->input;

    capture->is_done = true;
    if (!input->file && !input_open(input))
        return;
    input->facts.packets = 0;
    if (!open_pcap(capture) || !compile_filter(capture, filter)) {
        capture_close(capture);
        return;
    }
    capture->is_done = false;
    capture->head.dlt = capture->dlt;
    capture->head.input = capture->index;
    capture_advance(capture);
}
