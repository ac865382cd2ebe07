/* What a recording says of a TLS handshake. */
#include "base/limits.h"
#include "transcript/event_model.h"

static enum tls_state state_of(const json_t *object)
{
    for (unsigned i = TLS_STATE_NONE + 1; i < TLS_STATE_COUNT; i++)
        if (event_text_is(object, "state", tls_state_name((enum tls_state)i)))
            return (enum tls_state)i;
    return TLS_STATE_NONE;
}

static enum tls_reading reading_of(const json_t *object)
{
    for (unsigned i = TLS_READING_NONE + 1; i < TLS_READING_COUNT; i++)
        if (event_text_is(object, "read", tls_reading_name((enum tls_reading)i)))
            return (enum tls_reading)i;
    return TLS_READING_NONE;
}

static struct bytes name_of(const json_t *value, struct arena *arena)
{
    return event_wire_value(value, LIMIT_TLS_NAME, arena).bytes;
}

static void read_alerts(struct tls_facts *tls, const json_t *array, struct arena *arena)
{
    static const struct moment never = { 0 };
    size_t count = json_array_size(array);

    if (count > LIMIT_TLS_ALERTS)
        count = LIMIT_TLS_ALERTS;
    tls->alerts = count ? ARENA_ARRAY(arena, struct tls_alert, count) : NULL;
    for (size_t i = 0; tls->alerts && i < count; i++) {
        const json_t *object = json_array_get(array, i);
        tls->alerts[tls->alert_count++] =
            (struct tls_alert){ .from = event_get_side(object, "from"),
                                .level = (uint8_t)event_get_u64(object, "level", UINT8_MAX),
                                .description = (uint8_t)event_get_u64(object, "description", UINT8_MAX),
                                .at = event_get_moment(object, "at", never) };
    }
}

static void read_names(struct tls_certificate *certificate, const json_t *array, struct arena *arena)
{
    size_t count = json_array_size(array);

    if (count > LIMIT_TLS_NAMES)
        count = LIMIT_TLS_NAMES;
    certificate->names = count ? ARENA_ARRAY(arena, struct bytes, count) : NULL;
    for (size_t i = 0; certificate->names && i < count; i++)
        certificate->names[certificate->name_count++] = name_of(json_array_get(array, i), arena);
}

static struct tls_certificate *read_certificate(const json_t *object, struct arena *arena)
{
    struct tls_certificate *certificate = ARENA_NEW(arena, struct tls_certificate);

    if (!certificate)
        return NULL;
    *certificate = (struct tls_certificate){ .subject = name_of(json_object_get(object, "subject"), arena),
                                             .issuer = name_of(json_object_get(object, "issuer"), arena),
                                             .not_before_s = event_get_u64(object, "not_before_s", INT64_MAX),
                                             .not_after_s = event_get_u64(object, "not_after_s", INT64_MAX),
                                             .key_type = name_of(json_object_get(object, "key_type"), arena),
                                             .key_bits = event_get_u32(object, "key_bits"),
                                             .chain_length = event_get_u32(object, "chain_length"),
                                             .is_self_signed = event_get_flag(object, "self_signed"),
                                             .is_chain_broken = event_get_flag(object, "chain_broken"),
                                             .is_other_name = event_get_flag(object, "other_name") };
    read_names(certificate, json_object_get(object, "names"), arena);
    return certificate;
}

struct tls_facts *event_read_handshake(const json_t *object, struct arena *arena)
{
    static const struct moment never = { 0 };
    struct tls_facts *tls = json_is_object(object) ? ARENA_NEW(arena, struct tls_facts) : NULL;

    if (!tls)
        return NULL;
    *tls =
        (struct tls_facts){ .state = state_of(object),
                            .reading = reading_of(object),
                            .offered_version = (uint16_t)event_get_u64(object, "offered_version", UINT16_MAX),
                            .version = (uint16_t)event_get_u64(object, "version", UINT16_MAX),
                            .cipher = (uint16_t)event_get_u64(object, "cipher", UINT16_MAX),
                            .is_resumed = event_get_flag(object, "resumed"),
                            .sealed_alert = event_get_side(object, "sealed_alert"),
                            .sni = name_of(json_object_get(object, "sni"), arena),
                            .alpn = name_of(json_object_get(object, "alpn"), arena),
                            .ja3 = name_of(json_object_get(object, "ja3"), arena),
                            .ja4 = name_of(json_object_get(object, "ja4"), arena),
                            .done_ns = event_get_time(object, "done"),
                            .first = event_get_moment(object, "first", never) };
    read_alerts(tls, json_object_get(object, "alerts"), arena);
    if (json_is_object(json_object_get(object, "certificate")))
        tls->certificate = read_certificate(json_object_get(object, "certificate"), arena);
    return tls;
}
