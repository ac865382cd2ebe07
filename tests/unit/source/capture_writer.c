/* Written by hand, so that a fault shared with libpcap's writer cannot hide. */
#include "capture_writer.h"

#include <dirent.h>
#include <lz4frame.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

static void *need(void *ptr)
{
    if (!ptr)
        abort();
    return ptr;
}

void image_release(struct image *image)
{
    free(image->ptr);
    *image = (struct image){ 0 };
}

void image_add(struct image *image, const void *data, size_t len)
{
    if (image->len + len > image->cap) {
        image->cap = (image->len + len) * 2;
        image->ptr = need(realloc(image->ptr, image->cap));
    }
    if (len > 0)
        memcpy(image->ptr + image->len, data, len);
    image->len += len;
}

static void add_number(struct image *image, uint32_t value, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        size_t shift = 8 * (image->is_big ? len - 1 - i : i);
        uint8_t octet = (uint8_t)(value >> shift);
        image_add(image, &octet, 1);
    }
}

void image_u16(struct image *image, uint16_t value)
{
    add_number(image, value, 2);
}

void image_u32(struct image *image, uint32_t value)
{
    add_number(image, value, 4);
}

size_t packet_length(uint32_t n)
{
    return 20 + n % 45;
}

static uint8_t octet_of(uint32_t n, size_t at)
{
    return (uint8_t)(n * 31 + at * 7);
}

bool packet_is(struct bytes data, uint32_t n)
{
    if (data.len != packet_length(n))
        return false;
    for (size_t i = 0; i < data.len; i++)
        if (data.ptr[i] != octet_of(n, i))
            return false;
    return true;
}

static void add_content(struct image *image, uint32_t n)
{
    for (size_t i = 0; i < packet_length(n); i++) {
        uint8_t octet = octet_of(n, i);
        image_add(image, &octet, 1);
    }
}

void pcap_begin(struct image *image, uint32_t magic, uint32_t dlt)
{
    image_u32(image, magic);
    image_u16(image, 2);
    image_u16(image, 4);
    image_u32(image, 0);
    image_u32(image, 0);
    image_u32(image, 65535);
    image_u32(image, dlt);
}

void pcap_packet(struct image *image, struct moment at, uint32_t n)
{
    image_u32(image, at.seconds);
    image_u32(image, at.fraction);
    image_u32(image, (uint32_t)packet_length(n));
    image_u32(image, (uint32_t)packet_length(n) + 5);
    add_content(image, n);
}

void pcap_make(struct image *image, uint32_t first_second, uint32_t step, uint32_t count)
{
    pcap_begin(image, 0xa1b2c3d4u, 1);
    for (uint32_t i = 0; i < count; i++)
        pcap_packet(image, (struct moment){ first_second + i * step, 0 }, i + 1);
}

void ng_section(struct image *image)
{
    image_u32(image, 0x0a0d0d0au);
    image_u32(image, 28);
    image_u32(image, 0x1a2b3c4du);
    image_u16(image, 1);
    image_u16(image, 0);
    image_u32(image, 0xffffffffu);
    image_u32(image, 0xffffffffu);
    image_u32(image, 28);
}

void ng_interface(struct image *image, uint16_t link_type, uint32_t snaplen, uint8_t resolution)
{
    static const uint8_t padding[3] = { 0 };
    uint32_t len = resolution ? 32 : 20;

    image_u32(image, 1);
    image_u32(image, len);
    image_u16(image, link_type);
    image_u16(image, 0);
    image_u32(image, snaplen);
    if (resolution) {
        image_u16(image, 9); /* if_tsresol */
        image_u16(image, 1);
        image_add(image, &resolution, 1);
        image_add(image, padding, 3);
        image_u32(image, 0); /* opt_endofopt */
    }
    image_u32(image, len);
}

void ng_packet(struct image *image, uint32_t interface, uint64_t ticks, uint32_t n)
{
    static const uint8_t padding[3] = { 0 };
    uint32_t data = (uint32_t)packet_length(n), padded = (data + 3) & ~3u;

    image_u32(image, 6);
    image_u32(image, 32 + padded);
    image_u32(image, interface);
    image_u32(image, (uint32_t)(ticks >> 32));
    image_u32(image, (uint32_t)ticks);
    image_u32(image, data);
    image_u32(image, data + 5);
    add_content(image, n);
    image_add(image, padding, padded - data);
    image_u32(image, 32 + padded);
}

const char *packing_name(enum packing packing)
{
    static const char *const names[PACK_COUNT] = { NULL, "gzip", "zstd", "lz4" };

    return names[packing];
}

static size_t pack_gzip(uint8_t *to, size_t room, struct bytes plain)
{
    static uint8_t nothing;
    z_stream z = { 0 };

    if (deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        abort();
    uint8_t *copy = need(malloc(plain.len + 1)); /* zlib's next_in is not const */
    if (plain.len > 0)
        memcpy(copy, plain.ptr, plain.len);
    z.next_in = plain.len ? copy : &nothing;
    z.avail_in = (uInt)plain.len;
    z.next_out = to;
    z.avail_out = (uInt)room;
    if (deflate(&z, Z_FINISH) != Z_STREAM_END)
        abort();
    size_t len = room - z.avail_out;
    (void)deflateEnd(&z);
    free(copy);
    return len;
}

void image_pack(struct image *out, enum packing packing, struct bytes plain)
{
    size_t room = plain.len * 2 + 4096, len = 0;
    uint8_t *to = need(malloc(room));
    bool is_plain = packing == PACK_NONE || packing == PACK_COUNT;

    if (packing == PACK_GZIP)
        len = pack_gzip(to, room, plain);
    if (packing == PACK_ZSTD)
        len = ZSTD_compress(to, room, plain.ptr, plain.len, 3);
    if (packing == PACK_LZ4)
        len = LZ4F_compressFrame(to, room, plain.ptr, plain.len, NULL);
    if (len > room)
        abort();
    image_add(out, is_plain ? plain.ptr : to, is_plain ? plain.len : len);
    free(to);
}

void folder_make(struct folder *folder)
{
    const char *parent = getenv("TMPDIR");

    (void)snprintf(folder->path, sizeof folder->path, "%.90s/source_test_XXXXXX", parent ? parent : "/tmp");
    if (!mkdtemp(folder->path))
        abort();
}

void folder_remove(const struct folder *folder)
{
    DIR *dir = need(opendir(folder->path));
    struct dirent *entry;
    char path[512];

    while ((entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        (void)snprintf(path, sizeof path, "%s/%s", folder->path, entry->d_name);
        if (unlink(path) != 0)
            (void)rmdir(path);
    }
    (void)closedir(dir);
    (void)rmdir(folder->path);
}

struct place folder_put(const struct folder *folder, const char *name, struct bytes content)
{
    struct place place;

    (void)snprintf(place.path, sizeof place.path, "%s/%.60s", folder->path, name);
    (void)unlink(place.path); /* some file systems write a truncated file through to the disk */
    FILE *file = need(fopen(place.path, "wb"));
    if (content.len > 0 && fwrite(content.ptr, 1, content.len, file) != content.len)
        abort();
    if (fclose(file) != 0)
        abort();
    return place;
}

struct source *source_over(const char *path)
{
    struct source_options options = { .filter = NULL };

    return need(source_open(&path, 1, &options, NULL));
}
