/* What a TLS handshake told, as a part of the event that closes a session. */
#include "transcript/event_write.h"

static json_t *json_of_alerts(const struct tls_facts *tls)
{
    static const struct moment never = { 0 };
    json_t *array = json_array();

    for (uint32_t i = 0; array && i < tls->alert_count; i++) {
        const struct tls_alert *alert = &tls->alerts[i];
        struct event part = event_begin_part();
        event_put_text(&part, "from", side_name(alert->from));
        event_put_u64(&part, "level", alert->level);
        event_put_u64(&part, "description", alert->description);
        event_put_moment(&part, "at", &alert->at, &never);
        json_t *object = event_detach(&part);
        if (!object || json_array_append_new(array, object) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static json_t *json_of_names(const struct tls_certificate *certificate)
{
    json_t *array = json_array();

    for (uint32_t i = 0; array && i < certificate->name_count; i++) {
        json_t *name = event_json_of_bytes(certificate->names[i]);
        if (!name || json_array_append_new(array, name) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static json_t *json_of_certificate(const struct tls_certificate *certificate)
{
    struct event part = event_begin_part();

    event_put_bytes(&part, "subject", certificate->subject);
    event_put_bytes(&part, "issuer", certificate->issuer);
    event_put(&part, "names", json_of_names(certificate));
    event_put_u64(&part, "not_before_s", certificate->not_before_s);
    event_put_u64(&part, "not_after_s", certificate->not_after_s);
    event_put_bytes(&part, "key_type", certificate->key_type);
    event_put_u64(&part, "key_bits", certificate->key_bits);
    event_put_u64(&part, "chain_length", certificate->chain_length);
    event_put_flag(&part, "self_signed", certificate->is_self_signed);
    event_put_flag(&part, "chain_broken", certificate->is_chain_broken);
    event_put_flag(&part, "other_name", certificate->is_other_name);
    return event_detach(&part);
}

json_t *event_json_of_tls(const struct tls_facts *tls)
{
    static const struct moment never = { 0 };
    struct event part = event_begin_part();

    event_put_text(&part, "state", tls_state_name(tls->state));
    if (tls->reading != TLS_READING_NONE)
        event_put_text(&part, "read", tls_reading_name(tls->reading));
    event_put_count(&part, "offered_version", tls->offered_version);
    event_put_count(&part, "version", tls->version);
    event_put_count(&part, "cipher", tls->cipher);
    event_put_flag(&part, "resumed", tls->is_resumed);
    if (tls->sealed_alert != SIDE_NONE)
        event_put_text(&part, "sealed_alert", side_name(tls->sealed_alert));
    event_put_bytes_if(&part, "sni", tls->sni);
    event_put_bytes_if(&part, "alpn", tls->alpn);
    event_put_bytes_if(&part, "ja3", tls->ja3);
    event_put_bytes_if(&part, "ja4", tls->ja4);
    if (tls->done_ns)
        event_put_time(&part, "done", tls->done_ns);
    if (tls->alert_count)
        event_put(&part, "alerts", json_of_alerts(tls));
    if (tls->certificate)
        event_put(&part, "certificate", json_of_certificate(tls->certificate));
    event_put_moment(&part, "first", &tls->first, &never);
    return event_detach(&part);
}
