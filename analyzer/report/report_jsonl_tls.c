/* The `tls` object of a session. */
#include "base/timestamp.h"
#include "report/json_parts.h"
#include "report/report_jsonl.h"
#include "rules/tls_words.h"

/* Whole seconds.  A certificate may name a time that nanoseconds do not reach. */
static json_t *json_of_seconds(uint64_t seconds)
{
    return seconds > UINT64_MAX / NS_PER_SECOND ? json_null() : json_of_time(seconds * NS_PER_SECOND);
}

static json_t *json_of_version(uint16_t version)
{
    char text[TLS_WORD_TEXT];

    return version ? json_of_text(tls_version_name(version, text)) : json_null();
}

static json_t *json_of_cipher(uint16_t cipher)
{
    char text[TLS_WORD_TEXT];

    return cipher ? json_of_text(tls_cipher_name(cipher, text)) : json_null();
}

static json_t *json_of_certificate(const struct tls_certificate *certificate)
{
    if (!certificate)
        return json_null();
    json_t *object = json_object(), *names = json_array();
    for (uint32_t i = 0; i < certificate->name_count; i++)
        (void)json_array_append_new(names, json_of_bytes(certificate->names[i]));
    json_put(object, "subject", json_of_bytes(certificate->subject));
    json_put(object, "issuer", json_of_bytes(certificate->issuer));
    json_put(object, "names", names);
    json_put(object, "not_before", json_of_seconds(certificate->not_before_s));
    json_put(object, "not_after", json_of_seconds(certificate->not_after_s));
    json_put(object, "key_type", json_of_bytes(certificate->key_type));
    json_put(object, "key_bits", json_integer(certificate->key_bits));
    json_put(object, "chain_length", json_integer(certificate->chain_length));
    json_put(object, "self_signed", json_boolean(certificate->is_self_signed));
    return object;
}

static json_t *json_of_alert(const struct tls_alert *alert, const struct report_options *options)
{
    const struct tls_alert_words *words = tls_alert_words(alert->description);
    json_t *object = json_object();

    json_put(object, "from", json_of_text(side_name(alert->from)));
    json_put(object, "level",
             json_of_text(alert->level == 1   ? "warning"
                          : alert->level == 2 ? "fatal"
                                              : NULL));
    json_put(object, "description", json_integer(alert->description));
    json_put(object, "name", json_of_text(words ? words->name : NULL));
    json_put(object, "time", json_of_time(alert->at.time_ns));
    json_put_packet(object, alert->at.packet, options);
    return object;
}

static json_t *json_of_bytes_or_null(struct bytes bytes)
{
    return bytes.len ? json_of_bytes(bytes) : json_null();
}

/* From the first hello to where the handshake was over. */
static json_t *json_of_span(const struct tls_facts *tls)
{
    if (!tls->done_ns || tls->done_ns < tls->first.time_ns)
        return json_null();
    return json_real((double)((tls->done_ns - tls->first.time_ns) / 1000) / 1000.0);
}

static void put_handshake(json_t *object, const struct tls_facts *tls, const struct report_options *options)
{
    static const char *const states[TLS_STATE_COUNT] = {
        [TLS_STATE_BEGUN] = "unfinished", [TLS_STATE_DONE] = "done", [TLS_STATE_LOST] = NULL
    };
    json_t *alerts = json_array();

    for (uint32_t i = 0; i < tls->alert_count; i++)
        (void)json_array_append_new(alerts, json_of_alert(&tls->alerts[i], options));
    json_put(object, "handshake", json_of_text(states[tls->state]));
    json_put(object, "offered_version", json_of_version(tls->offered_version));
    json_put(object, "version", json_of_version(tls->version));
    json_put(object, "cipher", json_of_cipher(tls->cipher));
    json_put(object, "sni", json_of_bytes_or_null(tls->sni));
    json_put(object, "alpn", json_of_bytes_or_null(tls->alpn));
    json_put(object, "resumed", json_boolean(tls->is_resumed));
    json_put(object, "ja3", json_of_bytes_or_null(tls->ja3));
    json_put(object, "ja4", json_of_bytes_or_null(tls->ja4));
    json_put(object, "handshake_ms", json_of_span(tls));
    json_put(object, "alerts", alerts);
    json_put(object, "certificate", json_of_certificate(tls->certificate));
}

/* What a log tells was said inside TLS stands behind it. */
static bool has_handshake(const struct session *session)
{
    for (size_t i = 0; i < session->item_count; i++)
        if (session->items[i].kind == ITEM_TLS)
            return true;
    return false;
}

json_t *report_jsonl_tls(const struct session *session, const struct report_options *options)
{
    if (!session->is_tls && !(session->log && has_handshake(session)))
        return json_null();
    json_t *object = json_object();
    json_put(object, "bytes",
             json_of_pair(session->side[SIDE_CLIENT].tls_bytes, session->side[SIDE_SERVER].tls_bytes));
    json_put(object, "read",
             json_of_text(tls_reading_name(session->tls ? session->tls->reading : TLS_READING_NONE)));
    if (session->tls)
        put_handshake(object, session->tls, options);
    return object;
}
