/* The certificates that were read last, by the message that held them and the name that was asked for. */
#include "tls/tls_certificate.h"

#include <stdlib.h>

#include <openssl/provider.h>

#include "tls/tls_x509.h"

enum { PLACES = 64, REMEMBERED_BYTES = 16384 /* a longer message is read each time */ };

struct place {
    uint8_t *key; /* the name, then the message */
    size_t sni_len;
    size_t len;
    bool is_readable;
    struct tls_seen_certificate certificate;
};

struct tls_certificates {
    struct budget *budget;
    OSSL_LIB_CTX *library;
    OSSL_PROVIDER *nothing; /* keeps the provider by default, which would decode keys, from being loaded */
    struct place *places[PLACES];
    struct tls_seen_certificate last; /* of a message that is not remembered */
};

struct tls_certificates *tls_certificates_new(struct budget *budget, struct err *err)
{
    struct tls_certificates *certificates = calloc(1, sizeof *certificates);

    if (certificates)
        certificates->budget = budget;
    else
        (void)err_set(err, ERR_NOMEM, 0, "no memory to read certificates");
    return certificates;
}

/* Not before there is one to be read: it takes as long as a thousand packets. */
static bool open_library(struct tls_certificates *certificates)
{
    if (!certificates->library)
        certificates->library = OSSL_LIB_CTX_new();
    if (certificates->library && !certificates->nothing)
        certificates->nothing = OSSL_PROVIDER_load(certificates->library, "null");
    return certificates->nothing != NULL;
}

static void forget(struct tls_certificates *certificates, struct place *place)
{
    if (!place)
        return;
    budget_give(certificates->budget, sizeof *place + place->len);
    free(place->key);
    free(place);
}

void tls_certificates_free(struct tls_certificates *certificates)
{
    if (!certificates)
        return;
    for (size_t i = 0; i < PLACES; i++)
        forget(certificates, certificates->places[i]);
    if (certificates->nothing)
        (void)OSSL_PROVIDER_unload(certificates->nothing);
    OSSL_LIB_CTX_free(certificates->library);
    free(certificates);
}

/* The end of a leaf is its signature, as good as random; all of it is compared before it is believed. */
static size_t place_of(struct bytes message)
{
    struct bytes sample = bytes_slice(message, message.len > 256 ? message.len - 256 : 0, 256);
    uint64_t hash = message.len;

    for (size_t i = 0; i < sample.len; i++)
        hash = (hash ^ sample.ptr[i]) * UINT64_C(0x100000001b3);
    return (hash ^ hash >> 32) % PLACES;
}

static bool holds(const struct place *place, struct bytes message, struct bytes sni)
{
    return place && place->sni_len == sni.len && place->len == sni.len + message.len
           && bytes_equal((struct bytes){ place->key, sni.len }, sni)
           && bytes_equal((struct bytes){ place->key + sni.len, message.len }, message);
}

static struct place *make_place(struct tls_certificates *certificates, struct bytes message, struct bytes sni)
{
    size_t len = sni.len + message.len;

    if (len > REMEMBERED_BYTES || len == 0 || !budget_take(certificates->budget, sizeof(struct place) + len))
        return NULL;
    struct place *place = malloc(sizeof *place);
    uint8_t *key = malloc(len);
    if (!place || !key) {
        free(place);
        free(key);
        budget_give(certificates->budget, sizeof *place + len);
        return NULL;
    }
    if (sni.len)
        memcpy(key, sni.ptr, sni.len);
    if (message.len)
        memcpy(key + sni.len, message.ptr, message.len);
    *place = (struct place){ .key = key, .sni_len = sni.len, .len = len };
    return place;
}

const struct tls_seen_certificate *tls_certificates_read(struct tls_certificates *certificates,
                                                         struct bytes message, struct bytes sni)
{
    struct place **place = &certificates->places[place_of(message)];

    if (!open_library(certificates))
        return NULL;
    if (!holds(*place, message, sni)) {
        forget(certificates, *place);
        *place = make_place(certificates, message, sni);
        if (!*place)
            return tls_x509_read(certificates->library, message, sni, &certificates->last)
                       ? &certificates->last
                       : NULL;
        (*place)->is_readable = tls_x509_read(certificates->library, message, sni, &(*place)->certificate);
    }
    return (*place)->is_readable ? &(*place)->certificate : NULL;
}
