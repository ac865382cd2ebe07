/* Link types of the packets of one capture, and the filter for each. */
#include "source/capture_file.h"

#include <stdio.h>

static bool compile(struct capture *capture, struct packet_link *link, pcap_t *pcap)
{
    link->dlt = pcap_datalink(pcap);
    if (!capture->filter)
        return true;
    link->has_program = pcap_compile(pcap, &link->program, capture->filter, 1, PCAP_NETMASK_UNKNOWN) == 0;
    if (!link->has_program)
        input_fail(capture->input, "%s: the filter does not fit its link type: %s", capture->input->path,
                   pcap_geterr(pcap));
    return link->has_program;
}

/* Only libpcap knows which DLT_* a LINKTYPE_* is here: it tells of an empty capture in memory. */
static pcap_t *empty_capture(uint16_t link_type, char problem[PCAP_ERRBUF_SIZE])
{
    struct pcap_file_header header = { .magic = 0xa1b2c3d4u,
                                       .version_major = PCAP_VERSION_MAJOR,
                                       .version_minor = PCAP_VERSION_MINOR,
                                       .snaplen = LIMIT_SNAPLEN,
                                       .linktype = link_type };
    FILE *file = fmemopen(&header, sizeof header, "rb");
    pcap_t *pcap = file ? pcap_fopen_offline(file, problem) : NULL;

    if (!file)
        (void)snprintf(problem, PCAP_ERRBUF_SIZE, "no memory");
    else if (!pcap)
        (void)fclose(file);
    return pcap;
}

static const struct packet_link *add_link(struct capture *capture, uint16_t link_type)
{
    char problem[PCAP_ERRBUF_SIZE];

    if (capture->link_count == LIMIT_LINK_TYPES) {
        input_fail(capture->input, "%s: packet %llu: more than %d link types in one file; split it",
                   capture->input->path, (unsigned long long)capture->input->facts.packets, LIMIT_LINK_TYPES);
        return NULL;
    }
    struct packet_link *link = &capture->links[capture->link_count];
    *link = (struct packet_link){ .link_type = link_type };
    pcap_t *pcap = empty_capture(link_type, problem);
    if (!pcap)
        input_fail(capture->input, "%s: link type %u: %s", capture->input->path, link_type, problem);
    bool ok = pcap && compile(capture, link, pcap);
    if (pcap)
        pcap_close(pcap);
    capture->link_count += ok;
    return ok ? link : NULL;
}

bool packet_link_first(struct capture *capture)
{
    capture->links[0] = (struct packet_link){ .link_type = 0 };
    capture->link_count = 1;
    return compile(capture, &capture->links[0], capture->pcap);
}

const struct packet_link *packet_link_of(struct capture *capture)
{
    const struct interfaces *interfaces = capture->input->interfaces;
    bool is_usual = true;

    if (!interfaces)
        return &capture->links[0];
    uint16_t link_type = interfaces_link_type(interfaces, capture->input->facts.packets, &is_usual);
    if (is_usual)
        return &capture->links[0];
    for (size_t i = 1; i < capture->link_count; i++)
        if (capture->links[i].link_type == link_type)
            return &capture->links[i];
    return add_link(capture, link_type);
}

void packet_link_release_all(struct capture *capture)
{
    for (size_t i = 0; i < capture->link_count; i++)
        if (capture->links[i].has_program)
            pcap_freecode(&capture->links[i].program);
    capture->link_count = 0;
}
