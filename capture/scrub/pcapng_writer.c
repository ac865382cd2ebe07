/* Blocks of pcapng, in the byte order of this machine, which the section says. */
#include "scrub/pcapng_writer.h"

#include "base/limits.h"

#include <stdlib.h>

enum { BLOCK_SECTION = 0x0a0d0d0a, BLOCK_INTERFACE = 1, BLOCK_PACKET = 6, MAGIC = 0x1a2b3c4d };
enum { OPTION_END = 0, OPTION_APPLICATION = 4, OPTION_RESOLUTION = 9, NANOSECONDS = 9, ETHERNET = 1 };

struct pcapng_writer {
    FILE *file;
    int link_types[LIMIT_LINK_TYPES]; /* by interface */
    unsigned count;
    bool ok;
};

static void put(struct pcapng_writer *writer, const void *octets, size_t len)
{
    writer->ok = writer->ok && fwrite(octets, 1, len, writer->file) == len;
}

static void put_u32(struct pcapng_writer *writer, uint32_t number)
{
    put(writer, &number, sizeof number);
}

static void put_u16(struct pcapng_writer *writer, uint16_t number)
{
    put(writer, &number, sizeof number);
}

static size_t padding(size_t len)
{
    return (4 - len % 4) % 4;
}

static void put_padded(struct pcapng_writer *writer, const void *octets, size_t len)
{
    static const uint8_t zeros[4];

    put(writer, octets, len);
    put(writer, zeros, padding(len));
}

static void put_section(struct pcapng_writer *writer, const char *application)
{
    uint16_t len = (uint16_t)strlen(application);
    uint32_t total = 28 + 4 + len + (uint32_t)padding(len) + 4;

    put_u32(writer, BLOCK_SECTION);
    put_u32(writer, total);
    put_u32(writer, MAGIC);
    put_u16(writer, 1);
    put_u16(writer, 0);
    put_u32(writer, UINT32_MAX); /* the length of the section is not said */
    put_u32(writer, UINT32_MAX);
    put_u16(writer, OPTION_APPLICATION);
    put_u16(writer, len);
    put_padded(writer, application, len);
    put_u32(writer, OPTION_END);
    put_u32(writer, total);
}

struct pcapng_writer *pcapng_writer_take(FILE *file, const char *application)
{
    struct pcapng_writer *writer = calloc(1, sizeof *writer);

    if (!writer) {
        (void)fclose(file);
        return NULL;
    }
    writer->file = file;
    writer->ok = true;
    put_section(writer, application);
    return writer;
}

static void put_interface(struct pcapng_writer *writer, int link_type)
{
    static const uint8_t resolution[1] = { NANOSECONDS };
    enum { TOTAL = 20 + 8 + 4 };

    put_u32(writer, BLOCK_INTERFACE);
    put_u32(writer, TOTAL);
    put_u16(writer, (uint16_t)link_type);
    put_u16(writer, 0);
    put_u32(writer, LIMIT_SNAPLEN);
    put_u16(writer, OPTION_RESOLUTION);
    put_u16(writer, sizeof resolution);
    put_padded(writer, resolution, sizeof resolution);
    put_u32(writer, OPTION_END);
    put_u32(writer, TOTAL);
}

/* Its number; beyond LIMIT_LINK_TYPES the packet is not written. */
static unsigned interface_of(struct pcapng_writer *writer, int link_type)
{
    unsigned i = 0;

    while (i < writer->count && writer->link_types[i] != link_type)
        i++;
    if (i == writer->count && i < LIMIT_LINK_TYPES) {
        writer->link_types[writer->count++] = link_type;
        put_interface(writer, link_type);
    }
    return i;
}

void pcapng_writer_put(struct pcapng_writer *writer, int link_type, struct bytes packet, uint32_t wire_length,
                       uint64_t time_ns)
{
    unsigned interface = interface_of(writer, link_type);
    uint32_t total = 32 + (uint32_t)(packet.len + padding(packet.len));

    if (interface == LIMIT_LINK_TYPES)
        return;
    put_u32(writer, BLOCK_PACKET);
    put_u32(writer, total);
    put_u32(writer, interface);
    put_u32(writer, (uint32_t)(time_ns >> 32));
    put_u32(writer, (uint32_t)time_ns);
    put_u32(writer, (uint32_t)packet.len);
    put_u32(writer, wire_length);
    put_padded(writer, packet.ptr, packet.len);
    put_u32(writer, total);
}

bool pcapng_writer_close(struct pcapng_writer *writer)
{
    if (writer->count == 0)
        (void)interface_of(writer, ETHERNET); /* readers want one, even where there is no packet */
    bool ok = writer->ok;
    ok = fclose(writer->file) == 0 && ok;
    free(writer);
    return ok;
}
