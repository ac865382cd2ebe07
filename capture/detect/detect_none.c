/* Built without nDPI: it has no opinion. */
#include "detect/detect_internal.h"

struct opinion *opinion_open(void)
{
    return NULL;
}

void opinion_close(struct opinion *opinion)
{
    (void)opinion;
}

size_t opinion_flow_bytes(void)
{
    return 0;
}

void *opinion_flow_open(void)
{
    return NULL;
}

void opinion_flow_close(void *flow)
{
    (void)flow;
}

enum detect_verdict opinion_ask(struct opinion *opinion, void *flow, const struct detect_input *input)
{
    (void)opinion;
    (void)flow;
    (void)input;
    return DETECT_UNDECIDED;
}

const char *detect_ndpi_version(void)
{
    return "none";
}
