/* A sequence of frames through one decoder with little memory: length (2), link type (1), cut octets (1),
 * milliseconds since the last (2), frame. */
#include "ip/ip.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/timestamp.h"

enum { LITTLE_MEMORY = 192 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t sum_of(struct bytes b)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < b.len; i++)
        sum += b.ptr[i];
    return sum;
}

/* Every octet that the segment names is read, so that a view into freed memory is caught. */
static void check(const struct segment *segment, const struct ip_frame *frame)
{
    static volatile uint32_t sink;

    sink = sum_of(segment->payload) + sum_of(segment->ip_packet);
    (void)sink;
    if (segment->source.family != segment->destination.family
        || (segment->source.family != 4 && segment->source.family != 6))
        abort();
    if (segment->source.family == 4)
        for (unsigned i = 4; i < 16; i++)
            if (segment->source.bytes[i] || segment->destination.bytes[i])
                abort();
    if (segment->payload.len > segment->ip_packet.len || segment->number != frame->number)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = reader_over((struct bytes){ data, size });
    struct budget budget;
    budget_init(&budget, LITTLE_MEMORY);
    struct ip_decoder *decoder = ip_decoder_new(&budget, NULL);
    struct ip_frame frame = { .number = 0 };

    if (!decoder)
        return 0;
    while (r.ok && reader_left(&r) > 0) {
        size_t length = read_be16(&r);
        uint8_t type = read_u8(&r);
        uint8_t cut = read_u8(&r);
        frame.time_ns += read_be16(&r) * NS_PER_MS;
        if (length > reader_left(&r))
            length = reader_left(&r);
        frame.data = read_bytes(&r, length);
        frame.wire_length = (uint32_t)length + cut;
        frame.dlt = type;
        frame.number++;
        struct segment segment;
        if (ip_decode(decoder, &frame, &segment) == IP_SEGMENT)
            check(&segment, &frame);
    }
    if (budget.peak_bytes > LITTLE_MEMORY)
        abort();
    ip_decoder_free(decoder);
    if (budget.used_bytes != 0)
        abort();
    return 0;
}
