/* Base64: what decodes strictly encodes to itself again; the loose way never says less than the strict one.
 */
#include "base/base64.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes text = { data, size };
    struct buf strict, loose, again;
    size_t at = SIZE_MAX;

    buf_init(&strict, 1 << 20);
    buf_init(&loose, 1 << 20);
    buf_init(&again, 1 << 21);
    bool is_fine = base64_decode(text, &strict, &at) == BASE64_FINE;
    bool is_loose = base64_decode_loose(text, &loose);
    if (is_fine) {
        (void)base64_encode(buf_bytes(&strict), &again);
        if (!bytes_equal(buf_bytes(&again), text) || !is_loose
            || !bytes_equal(buf_bytes(&strict), buf_bytes(&loose)))
            abort();
    } else if (at > size) {
        abort();
    }
    buf_release(&strict);
    buf_release(&loose);
    buf_release(&again);
    return 0;
}
