/* Keys, and boxes: the one file that includes libsodium. */
#include "transcript/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    KEY = crypto_secretbox_KEYBYTES,
    NONCE = crypto_secretbox_NONCEBYTES,
    SEALED_KEY = KEY + crypto_box_SEALBYTES,
    KEY_FILE_MOST = 4096,
};

static const char public_prefix[] = "smtpscope-public-key:", secret_prefix[] = "smtpscope-secret-key:";

struct sealer {
    uint8_t key[KEY];
    char sealed[sodium_base64_ENCODED_LEN(SEALED_KEY, sodium_base64_VARIANT_ORIGINAL)];
};

struct unsealer {
    uint8_t public_key[crypto_box_PUBLICKEYBYTES];
    uint8_t secret_key[crypto_box_SECRETKEYBYTES];
    uint8_t key[KEY]; /* of the recording */
    bool has_key;
};

static bool is_ready(struct err *err)
{
    return sodium_init() >= 0 || err_set(err, ERR_NOMEM, 0, "libsodium cannot be used here");
}

/* PREFIX and 32 octets in base64, perhaps with blanks around. */
static bool parse_key(const char *text, const char *prefix, uint8_t out[32])
{
    size_t len = 0;
    const char *at = strstr(text, prefix);

    return at
           && sodium_base642bin(out, 32, at + strlen(prefix), 44, "\r\n ", &len, NULL,
                                sodium_base64_VARIANT_ORIGINAL)
                  == 0
           && len == 32;
}

static bool read_file(const char *path, char text[KEY_FILE_MOST], struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd >= 0 ? read(fd, text, KEY_FILE_MOST - 1) : -1;
    int error = errno;

    if (fd >= 0)
        (void)close(fd);
    text[len > 0 ? len : 0] = '\0';
    return len >= 0 || err_set(err, ERR_IO, (uint64_t)error, "%s: %s", path, strerror(error));
}

static bool read_public(const char *key, uint8_t out[crypto_box_PUBLICKEYBYTES], struct err *err)
{
    char text[KEY_FILE_MOST];

    if (parse_key(key, public_prefix, out))
        return true;
    if (!read_file(key, text, err))
        return false;
    return parse_key(text, public_prefix, out)
           || err_set(err, ERR_USAGE, 0, "%s: no public key; `smtpscope keygen` makes a pair", key);
}

struct sealer *sealer_new(const char *key, struct err *err)
{
    uint8_t public_key[crypto_box_PUBLICKEYBYTES], sealed[SEALED_KEY];

    if (!is_ready(err) || !read_public(key, public_key, err))
        return NULL;
    struct sealer *sealer = calloc(1, sizeof *sealer);
    if (!sealer) {
        (void)err_set(err, ERR_NOMEM, 0, "no memory for a key");
        return NULL;
    }
    (void)sodium_mlock(sealer->key, sizeof sealer->key); /* not into swap; without the right to: as it is */
    randombytes_buf(sealer->key, sizeof sealer->key);
    if (crypto_box_seal(sealed, sealer->key, sizeof sealer->key, public_key) != 0) {
        sealer_free(sealer);
        (void)err_set(err, ERR_USAGE, 0, "this public key cannot be used");
        return NULL;
    }
    (void)sodium_bin2base64(sealer->sealed, sizeof sealer->sealed, sealed, sizeof sealed,
                            sodium_base64_VARIANT_ORIGINAL);
    return sealer;
}

void sealer_free(struct sealer *sealer)
{
    if (!sealer)
        return;
    (void)sodium_munlock(sealer->key, sizeof sealer->key); /* and wipes it */
    free(sealer);
}

const char *sealer_key(const struct sealer *sealer)
{
    return sealer->sealed;
}

bool sealer_seal(const struct sealer *sealer, struct bytes secret, struct buf *out)
{
    size_t len = NONCE + crypto_secretbox_MACBYTES + secret.len;
    uint8_t *box = malloc(len);

    if (!box)
        return false;
    randombytes_buf(box, NONCE);
    bool ok =
        crypto_secretbox_easy(box + NONCE, secret.len ? secret.ptr : box, secret.len, box, sealer->key) == 0
        && base64_encode((struct bytes){ box, len }, out);
    free(box);
    return ok;
}

struct unsealer *unsealer_new(const char *path, struct err *err)
{
    char text[KEY_FILE_MOST];
    struct unsealer *unsealer =
        is_ready(err) && read_file(path, text, err) ? calloc(1, sizeof *unsealer) : NULL;

    if (!unsealer)
        return NULL;
    bool ok = parse_key(text, secret_prefix, unsealer->secret_key)
              && crypto_scalarmult_base(unsealer->public_key, unsealer->secret_key) == 0;
    sodium_memzero(text, sizeof text);
    if (ok)
        return unsealer;
    unsealer_free(unsealer);
    (void)err_set(err, ERR_USAGE, 0, "%s: no secret key, as `smtpscope keygen` makes them", path);
    return NULL;
}

void unsealer_free(struct unsealer *unsealer)
{
    if (!unsealer)
        return;
    sodium_memzero(unsealer, sizeof *unsealer);
    free(unsealer);
}

bool unsealer_take_key(struct unsealer *unsealer, struct bytes text)
{
    uint8_t sealed[SEALED_KEY];
    size_t len = 0;

    unsealer->has_key = text.len > 0
                        && sodium_base642bin(sealed, sizeof sealed, (const char *)text.ptr, text.len, NULL,
                                             &len, NULL, sodium_base64_VARIANT_ORIGINAL)
                               == 0
                        && len == sizeof sealed
                        && crypto_box_seal_open(unsealer->key, sealed, sizeof sealed, unsealer->public_key,
                                                unsealer->secret_key)
                               == 0;
    return unsealer->has_key;
}

bool unsealer_open(const struct unsealer *unsealer, struct bytes sealed, struct buf *out)
{
    struct buf box;
    bool ok = false;

    if (!unsealer->has_key)
        return false;
    buf_init(&box, sealed.len + 1);
    if (base64_decode(sealed, &box, NULL) == BASE64_FINE && box.len >= NONCE + crypto_secretbox_MACBYTES) {
        size_t len = box.len - NONCE - crypto_secretbox_MACBYTES;
        uint8_t *to = buf_reserve(out, len + 1); /* + 1: for an empty one, too, there is a place */
        ok = to
             && crypto_secretbox_open_easy(to, box.ptr + NONCE, box.len - NONCE, box.ptr, unsealer->key) == 0;
        out->len += ok ? len : 0;
    }
    buf_release(&box);
    return ok;
}

bool seal_make_keys(char public_text[SEAL_KEY_TEXT], char secret_text[SEAL_KEY_TEXT], struct err *err)
{
    uint8_t public_key[crypto_box_PUBLICKEYBYTES], secret_key[crypto_box_SECRETKEYBYTES];
    char base64[sodium_base64_ENCODED_LEN(32, sodium_base64_VARIANT_ORIGINAL)];

    if (!is_ready(err))
        return false;
    (void)crypto_box_keypair(public_key, secret_key);
    (void)sodium_bin2base64(base64, sizeof base64, public_key, 32, sodium_base64_VARIANT_ORIGINAL);
    (void)snprintf(public_text, SEAL_KEY_TEXT, "%s%s\n", public_prefix, base64);
    (void)sodium_bin2base64(base64, sizeof base64, secret_key, 32, sodium_base64_VARIANT_ORIGINAL);
    (void)snprintf(secret_text, SEAL_KEY_TEXT, "%s%s\n", secret_prefix, base64);
    sodium_memzero(base64, sizeof base64);
    sodium_memzero(secret_key, sizeof secret_key);
    return true;
}
