/* A frame of any link layer.  The first two octets choose the row of the table. */
#include "link/link.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct link_type *row_of(unsigned number)
{
    const struct link_type *const *types = link_types();
    size_t count = 0;

    while (types[count])
        count++;
    return types[number % count];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = reader_over((struct bytes){ data, size });
    const struct link_type *type = row_of(read_be16(&r));
    struct bytes frame = read_rest(&r);
    struct link_payload out;
    struct err err = { .code = ERR_NONE };

    if (!link_decode(type, frame, &out, &err)) {
        if (err.code == ERR_NONE || err.text[0] == '\0')
            abort(); /* a refusal without a reason */
        return 0;
    }
    if (out.ethertype != LINK_ETHERTYPE_IPV4 && out.ethertype != LINK_ETHERTYPE_IPV6)
        abort();
    if (out.payload.len > 0
        && (out.payload.ptr < frame.ptr || out.payload.ptr + out.payload.len > frame.ptr + frame.len))
        abort();
    return 0;
}
