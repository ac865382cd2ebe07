/* nDPI, with only the protocols that matter switched on: with all of them a call costs ten times as much. The
 * one file that includes it, because its interface changes between releases. */
#include "detect/detect_internal.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wundef"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wcast-qual"
#include <ndpi_api.h>
#include <ndpi_main.h>
#include <ndpi_typedefs.h>
#pragma GCC diagnostic pop

#include <stdlib.h>

struct opinion {
    struct ndpi_detection_module_struct *module;
};

struct opinion *opinion_open(void)
{
    struct opinion *opinion = calloc(1, sizeof *opinion);
    NDPI_PROTOCOL_BITMASK wanted;

    if (!opinion)
        return NULL;
#ifdef NDPI_HAS_PREFS
    opinion->module = ndpi_init_detection_module(ndpi_no_prefs);
#else
    opinion->module = ndpi_init_detection_module(NULL);
#endif
    if (!opinion->module) {
        free(opinion);
        return NULL;
    }
    NDPI_BITMASK_RESET(wanted);
    NDPI_BITMASK_ADD(wanted, NDPI_PROTOCOL_MAIL_SMTP);
    NDPI_BITMASK_ADD(wanted, NDPI_PROTOCOL_MAIL_POP);
    NDPI_BITMASK_ADD(wanted, NDPI_PROTOCOL_MAIL_IMAP);
    NDPI_BITMASK_ADD(wanted, NDPI_PROTOCOL_FTP_CONTROL);
    NDPI_BITMASK_ADD(wanted, NDPI_PROTOCOL_HTTP);
    NDPI_BITMASK_ADD(wanted, NDPI_PROTOCOL_TLS);
    ndpi_set_protocol_detection_bitmask2(opinion->module, &wanted);
    ndpi_finalize_initialization(opinion->module);
    return opinion;
}

void opinion_close(struct opinion *opinion)
{
    if (!opinion)
        return;
    ndpi_exit_detection_module(opinion->module);
    free(opinion);
}

size_t opinion_flow_bytes(void)
{
    return ndpi_detection_get_sizeof_ndpi_flow_struct();
}

void *opinion_flow_open(void)
{
    void *flow = ndpi_flow_malloc(opinion_flow_bytes());

    return flow ? memset(flow, 0, opinion_flow_bytes()) : NULL;
}

void opinion_flow_close(void *flow)
{
    ndpi_flow_free(flow);
}

static ndpi_protocol process(struct opinion *opinion, void *flow, const struct detect_input *input)
{
    unsigned short len =
        input->ip_packet.len > UINT16_MAX ? UINT16_MAX : (unsigned short)input->ip_packet.len;
    uint64_t time_ms = input->time_ns / 1000000;

#ifdef NDPI_TAKES_FIVE
    return ndpi_detection_process_packet(opinion->module, flow, input->ip_packet.ptr, len, time_ms);
#else
    return ndpi_detection_process_packet(opinion->module, flow, input->ip_packet.ptr, len, time_ms, NULL);
#endif
}

enum detect_verdict opinion_ask(struct opinion *opinion, void *flow, const struct detect_input *input)
{
    ndpi_protocol protocol = process(opinion, flow, input);

    if (protocol.master_protocol == NDPI_PROTOCOL_UNKNOWN && protocol.app_protocol == NDPI_PROTOCOL_UNKNOWN)
        return DETECT_UNDECIDED;
    return protocol.app_protocol == NDPI_PROTOCOL_MAIL_SMTP
                   || protocol.master_protocol == NDPI_PROTOCOL_MAIL_SMTP
               ? DETECT_SMTP
               : DETECT_OTHER;
}

const char *detect_ndpi_version(void)
{
    return ndpi_revision();
}
