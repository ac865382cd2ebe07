/* Makes programs that use OpenSSL write down the secrets of their TLS connections, as browsers do with
 * SSLKEYLOGFILE: to be loaded in front of them (LD_PRELOAD).  Whoever has the file can read all that was
 * said: see docs/TLS.md.
 *
 * The file is opened when the program starts, before it gives up its rights or its view of the file system,
 * and a line is one write, so that many processes can share it.  It may be a pipe: opened for reading as
 * well, it needs no reader to be there, and where it is full the line is lost, not time.  Without
 * SSLKEYLOGFILE nothing is changed. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include <openssl/ssl.h>

static int keylog_fd = -1;

__attribute__((constructor)) static void open_keylog(void)
{
    const char *path = secure_getenv("SSLKEYLOGFILE");

    if (path && *path)
        keylog_fd = open(path, O_RDWR | O_NONBLOCK | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
}

static void write_line(const SSL *ssl, const char *line)
{
    union {
        const char *given;
        char *taken;
    } text = { .given = line };
    char end[] = "\n";
    const struct iovec parts[] = { { text.taken, strlen(line) }, { end, 1 } };

    (void)ssl;
    if (writev(keylog_fd, parts, 2) < 0)
        return; /* the disk or the pipe is full, or the file is gone: TLS goes on */
}

/* dlsym hands out a data pointer; a union is how ISO C lets it become one to a function. */
static void *find_next(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

static SSL_CTX *with_keylog(SSL_CTX *ctx)
{
    if (ctx && keylog_fd >= 0 && !SSL_CTX_get_keylog_callback(ctx))
        SSL_CTX_set_keylog_callback(ctx, write_line);
    return ctx;
}

SSL_CTX *SSL_CTX_new(const SSL_METHOD *method)
{
    union {
        void *found;
        SSL_CTX *(*call)(const SSL_METHOD *);
    } next = { .found = find_next("SSL_CTX_new") };

    return next.found ? with_keylog(next.call(method)) : NULL;
}

SSL_CTX *SSL_CTX_new_ex(OSSL_LIB_CTX *library, const char *properties, const SSL_METHOD *method)
{
    union {
        void *found;
        SSL_CTX *(*call)(OSSL_LIB_CTX *, const char *, const SSL_METHOD *);
    } next = { .found = find_next("SSL_CTX_new_ex") };

    return next.found ? with_keylog(next.call(library, properties, method)) : NULL;
}
