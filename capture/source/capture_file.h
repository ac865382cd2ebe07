#ifndef SOURCE_CAPTURE_FILE_H
#define SOURCE_CAPTURE_FILE_H

#include <pcap/pcap.h>

#include "source/input.h"

/* A capture among the inputs, with the packet that is next. */
struct capture {
    struct input *input;
    uint32_t index;
    pcap_t *pcap; /* NULL: closed */
    struct bpf_program program;
    bool has_program;
    bool is_done;
    bool is_peeked; /* `head` was read only to learn its time, and is void */
    int dlt;
    struct packet head; /* valid unless is_done */
};

/* Opens and reads the first packet that passes the filter.  A problem ends the capture and stands in its
 * facts. */
void capture_open(struct capture *capture, const char *filter);
/* The next packet, into `head`. */
void capture_advance(struct capture *capture);
void capture_close(struct capture *capture);

/* filter.c: NULL if it compiles, else what is wrong and where. */
bool filter_check(const char *filter, struct err *err) NODISCARD;

#endif
