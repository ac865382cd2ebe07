/* Three libraries behind one function: fill a buffer with plain octets. */
#include "source/decompress.h"

#include <lz4frame.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

enum { STORED_BUFFER = 64 * 1024, GZIP_WINDOW = 15 + 16 };

static const uint32_t LZ4_MAGIC = 0x184d2204u, LZ4_LEGACY_MAGIC = 0x184c2102u;

struct decompressor {
    enum compression compression;
    ptrdiff_t (*read)(void *ctx, void *to, size_t len);
    void *ctx;
    const char *problem;
    bool is_inside; /* of a member or frame that has not ended */
    bool is_padded; /* nothing but zeros since a gzip member ended */
    bool has_begun; /* a first step was made */
    bool at_end;    /* of the stored octets */
    size_t at;
    size_t len;
    z_stream gzip;
    ZSTD_DStream *zstd;
    LZ4F_dctx *lz4;
    uint8_t stored[STORED_BUFFER];
};

const char *compression_name(enum compression compression)
{
    static const char *const names[] = { NULL, "gzip", "zstd", "lz4" };

    return names[compression];
}

/* Skippable frames (RFC 8878 3.1.2) belong to zstd and to lz4: what follows decides, else zstd, whose tools
 * write them. */
enum compression compression_of(struct bytes head)
{
    struct reader r = reader_over(head);
    bool saw_skippable = false;

    if (head.len >= 2 && head.ptr[0] == 0x1f && head.ptr[1] == 0x8b)
        return COMPRESSION_GZIP;
    for (uint32_t magic = read_le32(&r); r.ok; magic = read_le32(&r)) {
        if (magic == ZSTD_MAGICNUMBER)
            return COMPRESSION_ZSTD;
        if (magic == LZ4_MAGIC || magic == LZ4_LEGACY_MAGIC)
            return COMPRESSION_LZ4;
        if ((magic & ZSTD_MAGIC_SKIPPABLE_MASK) != ZSTD_MAGIC_SKIPPABLE_START)
            return COMPRESSION_NONE;
        saw_skippable = true;
        (void)read_bytes(&r, read_le32(&r));
    }
    return saw_skippable ? COMPRESSION_ZSTD : COMPRESSION_NONE;
}

struct decompressor *decompressor_new(enum compression compression,
                                      ptrdiff_t (*read)(void *ctx, void *to, size_t len), void *ctx)
{
    struct decompressor *d = calloc(1, sizeof *d);
    bool ok = d != NULL;

    if (!d)
        return NULL;
    d->compression = compression;
    d->read = read;
    d->ctx = ctx;
    if (compression == COMPRESSION_GZIP)
        ok = inflateInit2(&d->gzip, GZIP_WINDOW) == Z_OK;
    else if (compression == COMPRESSION_ZSTD)
        ok = (d->zstd = ZSTD_createDStream()) != NULL;
    else
        ok = !LZ4F_isError(LZ4F_createDecompressionContext(&d->lz4, LZ4F_VERSION));
    if (ok)
        return d;
    decompressor_free(d);
    return NULL;
}

void decompressor_free(struct decompressor *d)
{
    if (!d)
        return;
    if (d->compression == COMPRESSION_GZIP)
        (void)inflateEnd(&d->gzip);
    (void)ZSTD_freeDStream(d->zstd);
    (void)LZ4F_freeDecompressionContext(d->lz4);
    free(d);
}

const char *decompressor_problem(const struct decompressor *d)
{
    return d->problem;
}

static void refill(struct decompressor *d)
{
    ptrdiff_t n = d->at_end ? 0 : d->read(d->ctx, d->stored, sizeof d->stored);

    d->at = 0;
    d->len = n > 0 ? (size_t)n : 0;
    if (n == 0)
        d->at_end = true;
    if (n < 0) {
        d->at_end = true;
        d->problem = "read error";
    }
}

/* Each takes stored octets and returns how many plain ones it made; false where the stream is damaged.  They
 * may take the last stored octet and still hold plain ones back. */
static bool step_gzip(struct decompressor *d, uint8_t *to, size_t len, size_t *made)
{
    d->gzip.next_in = d->stored + d->at;
    d->gzip.avail_in = (uInt)(d->len - d->at);
    d->gzip.next_out = to;
    d->gzip.avail_out = (uInt)len;
    int result = inflate(&d->gzip, Z_NO_FLUSH);
    d->at = d->len - d->gzip.avail_in;
    *made = len - d->gzip.avail_out;
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
        return false;
    d->is_inside = result != Z_STREAM_END;
    if (result == Z_STREAM_END) {
        d->is_padded = true;          /* tapes pad with zeros behind the last member, as gzip(1) knows */
        (void)inflateReset(&d->gzip); /* another member may follow (RFC 1952 2.2) */
    }
    return true;
}

static bool step_zstd(struct decompressor *d, uint8_t *to, size_t len, size_t *made)
{
    ZSTD_inBuffer in = { d->stored, d->len, d->at };
    ZSTD_outBuffer out = { to, len, 0 };
    size_t result = ZSTD_decompressStream(d->zstd, &out, &in);

    d->at = in.pos;
    *made = out.pos;
    if (ZSTD_getErrorCode(result) == ZSTD_error_frameParameter_windowTooLarge)
        d->problem = "it needs more than 128 MiB to unpack (zstd --long); unpack it with zstd -dc --long=31";
    if (ZSTD_isError(result))
        return false;
    d->is_inside = result != 0;
    return true;
}

static bool step_lz4(struct decompressor *d, uint8_t *to, size_t len, size_t *made)
{
    struct reader r = reader_over((struct bytes){ d->stored + d->at, d->len - d->at });
    size_t taken = d->len - d->at;
    size_t result;

    if (!d->is_inside && read_le32(&r) == LZ4_LEGACY_MAGIC) {
        d->problem = "the legacy format of lz4 is not read; unpack it with lz4 -dc";
        return false;
    }
    *made = len;
    result = LZ4F_decompress(d->lz4, to, made, d->stored + d->at, &taken, NULL);
    if (LZ4F_isError(result)) {
        *made = 0;
        return false;
    }
    d->at += taken;
    d->is_inside = result != 0;
    return true;
}

static void skip_padding(struct decompressor *d)
{
    while (d->is_padded && d->at < d->len && d->stored[d->at] == 0)
        d->at++;
    d->is_padded = d->is_padded && d->at == d->len;
}

size_t decompressor_read(struct decompressor *d, void *to, size_t len)
{
    static bool (*const steps[])(struct decompressor *, uint8_t *, size_t, size_t *) = {
        [COMPRESSION_GZIP] = step_gzip, [COMPRESSION_ZSTD] = step_zstd, [COMPRESSION_LZ4] = step_lz4
    };
    size_t made = 0;

    if (len > (size_t)1 << 30)
        len = (size_t)1 << 30;
    while (made == 0 && !d->problem && len > 0) {
        if (d->at == d->len)
            refill(d);
        skip_padding(d);
        bool is_last = d->at == d->len && d->at_end;
        if (d->at == d->len && !is_last)
            continue;
        if (is_last && !d->is_inside)
            break;
        bool was_inside = d->is_inside;
        bool ok = steps[d->compression](d, to, len, &made);
        if (!ok && !d->problem)
            d->problem = was_inside || !d->has_begun ? "compressed data is damaged"
                                                     : "something else follows the compressed data";
        else if (is_last && made == 0 && !d->problem)
            d->problem = "compressed data ends early";
        d->has_begun = true;
    }
    return made;
}
