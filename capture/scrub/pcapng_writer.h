#ifndef SCRUB_PCAPNG_WRITER_H
#define SCRUB_PCAPNG_WRITER_H

#include <stdio.h>

#include "base/bytes.h"

/* A capture in pcapng (draft-ietf-opsawg-pcapng): one section, an interface for each link type, times in
 * nanoseconds. */
struct pcapng_writer;

/* Takes the file, which is closed by pcapng_writer_close.  NULL without memory (the file is closed). */
struct pcapng_writer *pcapng_writer_take(FILE *file, const char *application);
void pcapng_writer_put(struct pcapng_writer *writer, int link_type, struct bytes packet, uint32_t wire_length,
                       uint64_t time_ns);
/* False if anything could not be written. */
bool pcapng_writer_close(struct pcapng_writer *writer) NODISCARD;

#endif
