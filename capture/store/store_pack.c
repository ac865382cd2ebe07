/* A closed file becomes a compressed one: written beside it, made durable, renamed.  At no moment is there
 * none. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "store/store_internal.h"

enum {
    LEVEL = 1, /* three times as fast as the usual 3, and a tenth larger */
    PIECE = 131072
};

struct packer {
    ZSTD_CCtx *context;
    uint8_t in[PIECE], out[PIECE];
};

static bool write_out(int to, const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(to, bytes, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        bytes += n;
        len -= (size_t)n;
    }
    return true;
}

static bool pack_piece(struct packer *packer, size_t len, ZSTD_EndDirective end, int to)
{
    ZSTD_inBuffer in = { packer->in, len, 0 };
    size_t left;

    do {
        ZSTD_outBuffer out = { packer->out, sizeof packer->out, 0 };
        left = ZSTD_compressStream2(packer->context, &out, &in, end);
        if (ZSTD_isError(left) || !write_out(to, packer->out, out.pos))
            return false;
    } while (end == ZSTD_e_end ? left > 0 : in.pos < in.size);
    return true;
}

static bool pack_stream(int from, int to, const atomic_bool *stop)
{
    struct packer *packer = malloc(sizeof *packer);
    bool ok = packer != NULL, is_more = ok;

    if (!packer)
        return false;
    packer->context = ZSTD_createCCtx();
    ok = packer->context != NULL;
    if (ok) {
        (void)ZSTD_CCtx_setParameter(packer->context, ZSTD_c_compressionLevel, LEVEL);
        (void)ZSTD_CCtx_setParameter(packer->context, ZSTD_c_checksumFlag, 1);
    }
    while (ok && is_more && !*stop) {
        ssize_t n = read(from, packer->in, sizeof packer->in);
        is_more = n > 0;
        ok = n >= 0 && pack_piece(packer, (size_t)n, is_more ? ZSTD_e_continue : ZSTD_e_end, to);
    }
    ZSTD_freeCCtx(packer->context);
    free(packer);
    return ok && !is_more;
}

/* Nothing was written to it: its recorder was killed, or has not even locked it. */
static bool is_empty(int file)
{
    struct stat status;

    return fstat(file, &status) == 0 && status.st_size == 0;
}

bool store_pack(int folder, const char *name, const atomic_bool *stop)
{
    char part[STORE_NAME + 16], packed[STORE_NAME + 8];
    int from = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

    if (from < 0 || flock(from, LOCK_EX | LOCK_NB) != 0) { /* it is being written */
        if (from >= 0)
            (void)close(from);
        return false;
    }
    if (is_empty(from)) {
        (void)unlinkat(folder, name, 0);
        (void)close(from);
        return false;
    }
    (void)snprintf(part, sizeof part, ".%s.part",
                   name); /* hidden: no reader of the folder takes it for a file */
    (void)snprintf(packed, sizeof packed, "%s.zst", name);
    (void)unlinkat(folder, part, 0);
    int to = openat(folder, part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    bool ok = to >= 0 && pack_stream(from, to, stop) && fdatasync(to) == 0;
    if (to >= 0)
        ok = close(to) == 0 && ok;
    (void)close(from);
    ok = ok && renameat(folder, part, folder, packed) == 0;
    (void)unlinkat(folder, ok ? name : part, 0);
    return ok;
}
