/* What a TLS handshake told, as a part of the event that closes a session. */
#include "transcript/event_write.h"

static void put_alerts(struct event *event, const struct tls_facts *tls)
{
    static const struct moment never = { 0 };

    event_begin_array(event, "alerts");
    for (uint32_t i = 0; i < tls->alert_count; i++) {
        const struct tls_alert *alert = &tls->alerts[i];
        struct event part = event_open_element(event);
        event_put_text(&part, "from", side_name(alert->from));
        event_put_u64(&part, "level", alert->level);
        event_put_u64(&part, "description", alert->description);
        event_put_moment(&part, "at", &alert->at, &never);
        event_close(event, &part);
    }
    event_end_array(event);
}

static void put_certificate(struct event *event, const struct tls_certificate *certificate)
{
    struct event part = event_open(event, "certificate");

    event_put_bytes(&part, "subject", certificate->subject);
    event_put_bytes(&part, "issuer", certificate->issuer);
    event_begin_array(&part, "names");
    for (uint32_t i = 0; i < certificate->name_count; i++)
        event_add_bytes(&part, certificate->names[i]);
    event_end_array(&part);
    event_put_u64(&part, "not_before_s", certificate->not_before_s);
    event_put_u64(&part, "not_after_s", certificate->not_after_s);
    event_put_bytes(&part, "key_type", certificate->key_type);
    event_put_u64(&part, "key_bits", certificate->key_bits);
    event_put_u64(&part, "chain_length", certificate->chain_length);
    event_put_flag(&part, "self_signed", certificate->is_self_signed);
    event_put_flag(&part, "chain_broken", certificate->is_chain_broken);
    event_put_flag(&part, "other_name", certificate->is_other_name);
    event_close(event, &part);
}

void event_put_tls(struct event *event, const char *key, const struct tls_facts *tls)
{
    static const struct moment never = { 0 };
    struct event part = event_open(event, key);

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
        put_alerts(&part, tls);
    if (tls->certificate)
        put_certificate(&part, tls->certificate);
    event_put_moment(&part, "first", &tls->first, &never);
    event_close(event, &part);
}
