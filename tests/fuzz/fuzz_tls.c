/* Both sides of a handshake, in pieces: a side (or a hole), two octets of length, the bytes.  Cut into single
 * octets they must show the same.  Seeds are handshakes of OpenSSL with itself. */
#include "tls/tls_observer.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool feed_bytes(struct tls_observer *observer, enum tls_side from, struct bytes data)
{
    return tls_observer_feed(observer, from, &(struct stream_chunk){ .data = data, .acked = UINT64_MAX });
}

static struct tls_observer *watch(struct tls_certificates *certificates, struct bytes file, size_t step)
{
    struct tls_observer *observer =
        tls_observer_new(&(struct tls_options){ .certificates = certificates }, NULL);
    struct reader r = reader_over(file);

    while (observer && r.ok && r.at < file.len) {
        uint8_t side = read_u8(&r);
        size_t len = read_be16(&r);
        struct bytes part = bytes_slice(file, r.at, len);
        r.at += part.len;
        if (side == 2)
            (void)tls_observer_hole(observer, TLS_CLIENT, &(struct stream_hole){ .length = 1 });
        for (size_t at = 0; at < part.len; at += step)
            (void)feed_bytes(observer, side == 1 ? TLS_SERVER : TLS_CLIENT, bytes_slice(part, at, step));
    }
    return observer;
}

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void compare(const struct tls_seen *a, const struct tls_seen *b)
{
    must(a->progress == b->progress && a->offered_version == b->offered_version && a->version == b->version);
    must(a->cipher == b->cipher && a->is_resumed == b->is_resumed && a->alert_count == b->alert_count);
    must(a->has_sealed_alert == b->has_sealed_alert && a->sni_len == b->sni_len
         && a->alpn_len == b->alpn_len);
    must(a->alert_count <= LIMIT_TLS_ALERTS && (a->certificate != NULL) == (b->certificate != NULL));
    if (!a->certificate)
        return;
    const struct tls_seen_certificate *one = a->certificate, *other = b->certificate;
    must(one->subject.len == other->subject.len && one->name_count == other->name_count);
    must(one->name_count <= LIMIT_TLS_NAMES && one->chain_length <= LIMIT_TLS_CERTIFICATES);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes file = { data, size };
    struct tls_certificates *certificates = tls_certificates_new(NULL, NULL);
    struct tls_observer *whole = watch(certificates, file, SIZE_MAX / 2),
                        *pieces = watch(certificates, file, 1);

    if (whole && pieces)
        compare(tls_observer_seen(whole), tls_observer_seen(pieces));
    tls_observer_free(whole);
    tls_observer_free(pieces);
    tls_certificates_free(certificates);
    return 0;
}
