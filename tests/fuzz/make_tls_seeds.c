/* make_tls_seeds FOLDER: the seeds of fuzz_tls_inside, one connection of OpenSSL with itself each. */
#include <stdio.h>

#include <openssl/ssl.h>

#include "tls_talk.h"

static const struct {
    const char *name;
    struct tls_talk_options options;
} rows[] = {
    { "tls13", { .version = TLS1_3_VERSION, .messages = 3 } },
    { "tls13-updates", { .version = TLS1_3_VERSION, .messages = 4, .updates_keys = true, .padding = 64 } },
    { "tls13-retry", { .version = TLS1_3_VERSION, .messages = 2, .groups = "P-521" } },
    { "tls13-early",
      { .version = TLS1_3_VERSION,
        .flags = SSL_OP_NO_ANTI_REPLAY,
        .is_resumed = true,
        .has_early_data = true,
        .messages = 2 } },
    { "tls13-chacha",
      { .version = TLS1_3_VERSION,
        .ciphers = "TLS_CHACHA20_POLY1305_SHA256",
        .is_resumed = true,
        .messages = 2 } },
    { "tls12-gcm", { .version = TLS1_2_VERSION, .messages = 3 } },
    { "tls12-cbc", { .version = TLS1_2_VERSION, .ciphers = "ECDHE-ECDSA-AES256-SHA384", .messages = 3 } },
    { "tls12-ccm", { .version = TLS1_2_VERSION, .ciphers = "ECDHE-ECDSA-AES128-CCM8", .messages = 3 } },
    { "tls12-renegotiation",
      { .version = TLS1_2_VERSION,
        .flags = SSL_OP_ALLOW_CLIENT_RENEGOTIATION,
        .renegotiates = true,
        .messages = 3 } },
    { "tls10", { .version = TLS1_VERSION, .ciphers = "ECDHE-ECDSA-AES128-SHA", .messages = 3 } },
    { "tls10-mac-first",
      { .version = TLS1_VERSION,
        .ciphers = "AES128-SHA",
        .flags = SSL_OP_NO_ENCRYPT_THEN_MAC,
        .messages = 3 } },
};

static void put(FILE *file, int kind, struct bytes part)
{
    if (kind >= 0)
        (void)fputc(kind, file);
    (void)fputc((int)(part.len >> 8 & 0xff), file);
    (void)fputc((int)(part.len & 0xff), file);
    (void)fwrite(part.ptr, 1, part.len, file);
}

static bool write_seed(const char *path, const struct tls_talk *talk, bool has_hole)
{
    FILE *file = fopen(path, "wb");

    if (!file)
        return false;
    put(file, -1, buf_bytes(&talk->keylog));
    for (size_t i = 0; i < talk->count; i++) {
        const struct tls_talk_piece *piece = &talk->pieces[i];
        bool is_hole = has_hole && i == talk->handshake_pieces + 2;
        put(file, (int)piece->from + (is_hole ? 2 : 0),
            bytes_slice(buf_bytes(&talk->octets[piece->from]), piece->at, piece->len));
    }
    return fclose(file) == 0;
}

int main(int argc, char **argv)
{
    for (size_t i = 0; argc == 2 && i < sizeof rows / sizeof rows[0]; i++) {
        char path[512];
        struct tls_talk talk;
        if (!tls_talk(&rows[i].options, &talk)) {
            (void)fprintf(stderr, "%s: no such connection\n", rows[i].name);
            return 1;
        }
        (void)snprintf(path, sizeof path, "%s/%s", argv[1], rows[i].name);
        bool ok = write_seed(path, &talk, false);
        (void)snprintf(path, sizeof path, "%s/%s-hole", argv[1], rows[i].name);
        ok = ok && write_seed(path, &talk, true);
        tls_talk_release(&talk);
        if (!ok)
            return 1;
    }
    return argc == 2 ? 0 : 2;
}
