#ifndef TESTS_CAPTURE_WRITER_H
#define TESTS_CAPTURE_WRITER_H

#include "source/source.h"

/* Captures made octet by octet, for the tests of the source. */

struct image {
    uint8_t *ptr;
    size_t len;
    size_t cap;
    bool is_big; /* byte order of the numbers */
};

void image_release(struct image *image);
void image_add(struct image *image, const void *data, size_t len);
void image_u16(struct image *image, uint16_t value);
void image_u32(struct image *image, uint32_t value);

struct moment {
    uint32_t seconds;
    uint32_t fraction;
};

void pcap_begin(struct image *image, uint32_t magic, uint32_t dlt);
/* Packet `n` of a file has content that test_packet knows. */
void pcap_packet(struct image *image, struct moment at, uint32_t n);
/* A whole microsecond capture of `count` packets, `step` seconds apart. */
void pcap_make(struct image *image, uint32_t first_second, uint32_t step, uint32_t count);

void ng_section(struct image *image);
/* `resolution` is if_tsresol; 0 leaves the option out. */
void ng_interface(struct image *image, uint16_t link_type, uint32_t snaplen, uint8_t resolution);
void ng_packet(struct image *image, uint32_t interface, uint64_t ticks, uint32_t n);

/* How long packet `n` is, and whether `data` is its content. */
size_t packet_length(uint32_t n);
bool packet_is(struct bytes data, uint32_t n);

enum packing { PACK_NONE = 0, PACK_GZIP, PACK_ZSTD, PACK_LZ4, PACK_COUNT };
const char *packing_name(enum packing packing); /* NULL for none */
/* Appends one member or frame. */
void image_pack(struct image *out, enum packing packing, struct bytes plain);

/* A folder for a test, under TMPDIR; removed with all that is in it. */
struct folder {
    char path[128];
};
void folder_make(struct folder *folder);
void folder_remove(const struct folder *folder);
struct place {
    char path[192];
};
struct place folder_put(const struct folder *folder, const char *name, struct bytes content);

static inline struct bytes image_bytes(const struct image *image)
{
    return (struct bytes){ image->ptr, image->len };
}

/* Opens one path without a filter; never NULL. */
struct source *source_over(const char *path);

#endif
