#ifndef SOURCE_DECOMPRESS_H
#define SOURCE_DECOMPRESS_H

#include "base/bytes.h"

/* gzip, zstd and lz4 as streams; members and frames one behind the other are one stream. */

enum compression { COMPRESSION_NONE = 0, COMPRESSION_GZIP, COMPRESSION_ZSTD, COMPRESSION_LZ4 };

const char *compression_name(enum compression compression); /* "gzip" ...; NULL for none */
/* By the first octets; those of a skippable frame (as pzstd begins with) are passed over. */
enum compression compression_of(struct bytes head);

struct decompressor;

/* `read` gives stored octets: as read(2), from `ctx`.  NULL without memory. */
struct decompressor *decompressor_new(enum compression compression,
                                      ptrdiff_t (*read)(void *ctx, void *to, size_t len), void *ctx);
void decompressor_free(struct decompressor *decompressor);
/* Up to `len` octets; 0 at the end, or where the stream is damaged. */
size_t decompressor_read(struct decompressor *decompressor, void *to, size_t len);
/* Why the stream ended early; NULL if it did not. */
const char *decompressor_problem(const struct decompressor *decompressor);

#endif
