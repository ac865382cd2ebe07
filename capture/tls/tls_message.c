/* Messages of a handshake, and alerts, put together from records. */
#include <stdlib.h>

#include "tls/tls_state.h"

enum message_type {
    HELLO_CLIENT = 1,
    HELLO_SERVER = 2,
    NEW_SESSION_TICKET = 4,
    END_OF_EARLY_DATA = 5,
    ENCRYPTED_EXTENSIONS = 8,
    CERTIFICATE = 11,
    FINISHED = 20,
    KEY_UPDATE = 24
};

/* TLS 1.3 has a context in front of the list, and extensions behind each certificate (RFC 8446 4.4.2):
 * without them it is the list of older versions. */
static bool make_plain_list(struct bytes body, struct buf *out)
{
    struct reader r = reader_over(body);

    (void)read_bytes(&r, read_u8(&r));
    (void)read_bytes(&r, 3);
    buf_append(out, BYTES("\0\0\0")); /* its length is not looked at */
    while (r.ok && r.at < body.len) {
        size_t begin = r.at, high = read_u8(&r), len = high << 16 | read_be16(&r);
        (void)read_bytes(&r, len);
        if (!r.ok)
            break;
        buf_append(out, bytes_slice(body, begin, r.at - begin));
        len = read_be16(&r);
        (void)read_bytes(&r, len);
    }
    return r.ok && out->ok;
}

static void keep_certificate(struct tls_observer *observer, struct bytes list)
{
    struct tls_seen *seen = &observer->seen;
    const struct tls_seen_certificate *read = tls_certificates_read(
        observer->options.certificates, list, (struct bytes){ seen->sni, seen->sni_len });

    if (!read)
        return;
    seen->certificate = malloc(sizeof *seen->certificate);
    if (!seen->certificate)
        return;
    budget_force(observer->options.budget, sizeof *seen->certificate);
    *seen->certificate = *read;
}

static void take_certificate(struct tls_observer *observer, struct bytes body)
{
    struct buf list;

    if (observer->seen.certificate || !observer->options.certificates)
        return;
    if (observer->seen.version < TLS_VERSION_13) {
        keep_certificate(observer, body);
        return;
    }
    buf_init(&list, LIMIT_TLS_HANDSHAKE);
    if (make_plain_list(body, &list))
        keep_certificate(observer, buf_bytes(&list));
    buf_release(&list);
}

static void take_finished(struct tls_observer *observer, enum tls_side from)
{
    bool is_old = observer->seen.version < TLS_VERSION_13;

    if (is_old ? observer->direction[!from].is_sealed : from == TLS_CLIENT)
        observer->seen.progress = TLS_PROGRESS_DONE;
    if (!is_old)
        tls_inside_end_epoch(observer, from);
}

static void take_client_message(struct tls_observer *observer, uint8_t type, struct bytes body)
{
    struct tls_seen *seen = &observer->seen;

    if (type == HELLO_CLIENT) {
        tls_client_hello_read(body, seen, &observer->hellos);
        if (!observer->options.skips_fingerprints && !seen->client.ja3[0])
            (void)!tls_fingerprint(body, &seen->client);
    } else if (type == END_OF_EARLY_DATA) {
        tls_inside_end_epoch(observer, TLS_CLIENT);
    }
}

static void take_server_message(struct tls_observer *observer, uint8_t type, struct bytes body)
{
    if (type == HELLO_SERVER)
        tls_server_hello_read(body, &observer->seen, &observer->hellos);
    else if (type == ENCRYPTED_EXTENSIONS && observer->seen.version >= TLS_VERSION_13)
        tls_encrypted_extensions_read(body, &observer->seen);
    else if (type == NEW_SESSION_TICKET && observer->seen.version < TLS_VERSION_13)
        tls_ticket_read(body, &observer->hellos);
    else if (type == CERTIFICATE)
        take_certificate(observer, body);
}

static void take_message(struct tls_observer *observer, enum tls_side from, uint8_t type, struct bytes body)
{
    if (observer->seen.progress == TLS_PROGRESS_NONE)
        observer->seen.progress = TLS_PROGRESS_BEGUN;
    if (from == TLS_CLIENT)
        take_client_message(observer, type, body);
    else
        take_server_message(observer, type, body);
    if (type == FINISHED && observer->has_keys)
        take_finished(observer, from);
    else if (type == KEY_UPDATE && observer->has_keys)
        tls_schedule_update(observer, from);
}

/* One octet of type, three of length. */
void tls_take_handshake(struct tls_observer *observer, enum tls_side from, struct bytes part)
{
    struct buf *message = &observer->direction[from].message;

    if (observer->direction[from].reading.skips_messages)
        return;
    if (!buf_append(message, part)) {
        tls_observer_lose(observer);
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

void tls_take_alert(struct tls_observer *observer, enum tls_side from, struct bytes part)
{
    struct tls_direction *direction = &observer->direction[from];
    struct tls_seen *seen = &observer->seen;

    for (size_t i = 0; i < part.len; i++) {
        direction->alert[direction->alert_len++] = part.ptr[i];
        if (direction->alert_len < 2)
            continue;
        direction->alert_len = 0;
        if (seen->alert_count < LIMIT_TLS_ALERTS)
            seen->alerts[seen->alert_count++] = (struct tls_seen_alert){ .from = from,
                                                                         .level = direction->alert[0],
                                                                         .description = direction->alert[1],
                                                                         .time_ns = observer->chunk->time_ns,
                                                                         .input = observer->chunk->input,
                                                                         .number = observer->chunk->number };
    }
}
