/* The record layer (RFC 8446 5.1): five octets of header, then a piece of handshake, an alert, or what is
 * sealed. */
#include "tls/tls_observer.h"

#include <stdlib.h>

#include "tls/tls_hello.h"

enum { TYPE_CHANGE_CIPHER = 20, TYPE_ALERT = 21, TYPE_HANDSHAKE = 22, TYPE_DATA = 23 };
enum { HELLO_CLIENT = 1, HELLO_SERVER = 2, CERTIFICATE = 11 };
enum {
    HEADER_BYTES = 5,
    RECORD_MOST = (1 << 14) + 2048, /* RFC 5246 6.2.3 */
    /* Two octets of alert, one of type, sixteen of tag: nothing else in a handshake of TLS 1.3 is as short.
     */
    SEALED_ALERT_BYTES = 19,
};

struct direction {
    uint8_t header[HEADER_BYTES];
    unsigned header_len;
    uint32_t record_len;
    uint32_t record_left;
    struct buf message; /* handshake messages, until they are whole */
    uint8_t alert[2];
    unsigned alert_len;
    bool is_sealed; /* behind its ChangeCipherSpec */
};

struct tls_observer {
    struct budget *budget;
    struct tls_certificates *certificates;
    struct direction direction[2];
    struct tls_session_id session_id;
    struct tls_seen seen;
};

struct tls_observer *tls_observer_new(struct tls_certificates *certificates, struct budget *budget)
{
    struct tls_observer *observer = calloc(1, sizeof *observer);

    if (!observer)
        return NULL;
    budget_force(budget, sizeof *observer);
    observer->budget = budget;
    observer->certificates = certificates;
    buf_init(&observer->direction[0].message, LIMIT_TLS_HANDSHAKE);
    buf_init(&observer->direction[1].message, LIMIT_TLS_HANDSHAKE);
    return observer;
}

void tls_observer_free(struct tls_observer *observer)
{
    if (!observer)
        return;
    buf_release(&observer->direction[0].message);
    buf_release(&observer->direction[1].message);
    if (observer->seen.certificate)
        budget_give(observer->budget, sizeof *observer->seen.certificate);
    free(observer->seen.certificate);
    budget_give(observer->budget, sizeof *observer);
    free(observer);
}

const struct tls_seen *tls_observer_seen(const struct tls_observer *observer)
{
    return &observer->seen;
}

static bool is_over(const struct tls_observer *observer)
{
    return observer->seen.progress == TLS_PROGRESS_DONE || observer->seen.progress == TLS_PROGRESS_LOST;
}

static void lose(struct tls_observer *observer)
{
    if (!is_over(observer))
        observer->seen.progress = TLS_PROGRESS_LOST;
}

void tls_observer_hole(struct tls_observer *observer)
{
    lose(observer);
}

static void take_certificate(struct tls_observer *observer, struct bytes body)
{
    struct tls_seen *seen = &observer->seen;
    const struct tls_seen_certificate *read =
        tls_certificates_read(observer->certificates, body, (struct bytes){ seen->sni, seen->sni_len });

    if (!read)
        return;
    seen->certificate = malloc(sizeof *seen->certificate);
    if (!seen->certificate)
        return;
    budget_force(observer->budget, sizeof *seen->certificate);
    *seen->certificate = *read;
}

static void take_message(struct tls_observer *observer, enum tls_side from, uint8_t type, struct bytes body)
{
    struct tls_seen *seen = &observer->seen;

    if (seen->progress == TLS_PROGRESS_NONE)
        seen->progress = TLS_PROGRESS_BEGUN;
    if (type == HELLO_CLIENT && from == TLS_CLIENT)
        tls_client_hello_read(body, seen, &observer->session_id);
    else if (type == HELLO_SERVER && from == TLS_SERVER)
        tls_server_hello_read(body, seen, &observer->session_id);
    else if (type == CERTIFICATE && from == TLS_SERVER && !seen->certificate && observer->certificates)
        take_certificate(observer, body);
}

/* One octet of type, three of length. */
static void take_handshake(struct tls_observer *observer, enum tls_side from, struct bytes part)
{
    struct buf *message = &observer->direction[from].message;

    if (!buf_append(message, part)) {
        lose(observer);
        return;
    }
    struct reader r = reader_over(buf_bytes(message));
    size_t taken = 0;
    for (;;) {
        uint8_t type = read_u8(&r);
        size_t high = read_u8(&r), len = high << 16 | read_be16(&r);
        struct bytes body = read_bytes(&r, len);
        if (!r.ok)
            break;
        take_message(observer, from, type, body);
        taken = r.at;
    }
    struct bytes rest = bytes_from(buf_bytes(message), taken);
    if (taken && rest.len)
        memmove(message->ptr, rest.ptr, rest.len);
    message->len = rest.len;
}

static void take_alert(struct tls_observer *observer, enum tls_side from, struct bytes part)
{
    struct direction *direction = &observer->direction[from];
    struct tls_seen *seen = &observer->seen;

    for (size_t i = 0; i < part.len; i++) {
        direction->alert[direction->alert_len++] = part.ptr[i];
        if (direction->alert_len < 2)
            continue;
        direction->alert_len = 0;
        if (seen->alert_count < LIMIT_TLS_ALERTS)
            seen->alerts[seen->alert_count++] =
                (struct tls_seen_alert){ from, direction->alert[0], direction->alert[1] };
    }
}

/* Sealed records.  In TLS 1.2 data is sent when the handshake is over; in TLS 1.3 the client's Finished looks
 * like data, and it is longer than an alert. */
static void take_sealed(struct tls_observer *observer, enum tls_side from, const struct direction *direction)
{
    struct tls_seen *seen = &observer->seen;

    if (seen->version < 0x0304) {
        seen->progress = TLS_PROGRESS_DONE;
        return;
    }
    if (direction->record_len == SEALED_ALERT_BYTES && !seen->has_sealed_alert) {
        seen->has_sealed_alert = true;
        seen->sealed_alert = from;
    } else if (from == TLS_CLIENT && direction->record_len > SEALED_ALERT_BYTES) {
        seen->progress = TLS_PROGRESS_DONE;
    }
}

/* Both directions have changed to the new keys: what fails from here on fails in secret. */
static bool has_changed_both(const struct tls_observer *observer)
{
    return observer->direction[0].is_sealed && observer->direction[1].is_sealed;
}

/* A record begins; its header is whole. */
static void begin_record(struct tls_observer *observer, enum tls_side from)
{
    struct direction *direction = &observer->direction[from];
    uint8_t type = direction->header[0];

    direction->record_len = (uint32_t)direction->header[3] << 8 | direction->header[4];
    direction->record_left = direction->record_len;
    if (type < TYPE_CHANGE_CIPHER || type > TYPE_DATA || direction->header[1] != 3
        || direction->record_len > RECORD_MOST) {
        lose(observer);
        return;
    }
    if (type == TYPE_DATA)
        take_sealed(observer, from, direction);
    else if (type == TYPE_CHANGE_CIPHER && observer->seen.version < 0x0304)
        direction->is_sealed = true;
    else if (type == TYPE_HANDSHAKE && direction->is_sealed && has_changed_both(observer)
             && observer->seen.has_server_hello)
        observer->seen.progress = TLS_PROGRESS_DONE;
}

static size_t take_header(struct tls_observer *observer, enum tls_side from, struct bytes data)
{
    struct direction *direction = &observer->direction[from];
    struct bytes part = bytes_slice(data, 0, HEADER_BYTES - direction->header_len);

    memcpy(direction->header + direction->header_len, part.ptr, part.len);
    direction->header_len += (unsigned)part.len;
    if (direction->header_len == HEADER_BYTES)
        begin_record(observer, from);
    return part.len;
}

bool tls_observer_feed(struct tls_observer *observer, enum tls_side from, struct bytes data)
{
    struct direction *direction = &observer->direction[from];

    while (data.len > 0 && !is_over(observer)) {
        if (direction->header_len < HEADER_BYTES) {
            data = bytes_from(data, take_header(observer, from, data));
        } else {
            struct bytes part = bytes_slice(data, 0, direction->record_left);
            if (direction->header[0] == TYPE_HANDSHAKE && !direction->is_sealed)
                take_handshake(observer, from, part);
            else if (direction->header[0] == TYPE_ALERT && !direction->is_sealed)
                take_alert(observer, from, part);
            direction->record_left -= (uint32_t)part.len;
            data = bytes_from(data, part.len);
        }
        if (direction->record_left == 0 && direction->header_len == HEADER_BYTES)
            direction->header_len = 0;
    }
    return !is_over(observer);
}
