#ifndef SOURCE_CAPTURE_FILE_H
#define SOURCE_CAPTURE_FILE_H

#include <pcap/pcap.h>

#include "base/limits.h"
#include "source/input.h"

/* One link type of a capture: nearly all have one only. */
struct packet_link {
    uint16_t link_type; /* LINKTYPE_* in the file; unused for the first */
    int dlt;
    struct bpf_program program;
    bool has_program;
};

/* A capture among the inputs, with the packet that is next. */
struct capture {
    struct input *input;
    uint32_t index;
    pcap_t *pcap;                               /* NULL: closed */
    const char *filter;                         /* borrowed from the source, or NULL */
    struct packet_link links[LIMIT_LINK_TYPES]; /* that of libpcap first */
    size_t link_count;
    uint32_t record_most;   /* octets of a packet that record_next reads; 0: libpcap reads all */
    int32_t record_tick_ns; /* nanoseconds in a unit of a record's fraction of a second */
    struct pcap_pkthdr record;
    bool is_done;
    bool is_peeked;     /* `head` was read only to learn its time, and is void */
    struct packet head; /* valid unless is_done */
};

/* Opens and reads the first packet that passes the filter.  A problem ends the capture and stands in its
 * facts. */
void capture_open(struct capture *capture);
/* The next packet, into `head`. */
void capture_advance(struct capture *capture);
void capture_close(struct capture *capture);

/* record.c: packets of plain pcap without libpcap and its copy through stdio. */
void record_begin(struct capture *capture);
/* False, with nothing taken, where libpcap must read on.  `data` is borrowed until the next packet. */
bool record_next(struct capture *capture, struct pcap_pkthdr *header, const uint8_t **data) NODISCARD;
/* The same into `head`, where nothing is filtered. */
bool record_advance(struct capture *capture) NODISCARD;
/* Those behind `head` that are in memory already, up to `most`; the last one is `head` then.  How many. */
size_t record_take_near(struct capture *capture, struct packet *out, size_t most) NODISCARD;

/* packet_link.c: the link of the packet just read; NULL, with a note in the facts, if its link type cannot be
 * filtered. */
const struct packet_link *packet_link_of(struct capture *capture);
/* The first link, that of libpcap.  False as above. */
bool packet_link_first(struct capture *capture) NODISCARD;
void packet_link_release_all(struct capture *capture);

/* filter.c: false if it does not compile; `err` says what is wrong and where. */
bool filter_check(const char *filter, struct err *err) NODISCARD;

#endif
