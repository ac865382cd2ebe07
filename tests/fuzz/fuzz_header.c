/* The header of a message: the program that it names must lie inside, and be short. */
#include "incident/client_software.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes name = client_software_of_header((struct bytes){ data, size });

    if (name.len > CLIENT_SOFTWARE_TEXT
        || (name.len && (name.ptr < data || name.ptr + name.len > data + size)))
        abort();
    return 0;
}
