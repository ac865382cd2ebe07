/* From STARTTLS on: what the handshake shows goes into the session, and the rest is counted. */
#include "dialogue/state.h"

void tls_begin(struct dialogue *d, struct moment first)
{
    struct session *session = d->session;

    session->tls = ARENA_NEW(&session->arena, struct tls_facts);
    if (!session->tls)
        return;
    *session->tls = (struct tls_facts){ .sealed_alert = SIDE_NONE, .first = first };
    d->tls = tls_observer_new(d->options->certificates, d->options->budget);
}

static struct bytes copy_text(struct dialogue *d, const struct tls_text *text)
{
    return arena_copy(&d->session->arena, (struct bytes){ text->text, text->len });
}

static struct tls_certificate *copy_certificate(struct dialogue *d, const struct tls_seen_certificate *seen)
{
    struct arena *arena = &d->session->arena;
    struct tls_certificate *certificate = ARENA_NEW(arena, struct tls_certificate);

    if (!certificate)
        return NULL;
    *certificate = (struct tls_certificate){ .subject = copy_text(d, &seen->subject),
                                             .issuer = copy_text(d, &seen->issuer),
                                             .not_before_s = seen->not_before_s,
                                             .not_after_s = seen->not_after_s,
                                             .key_type = copy_text(d, &seen->key_type),
                                             .key_bits = seen->key_bits,
                                             .chain_length = seen->chain_length,
                                             .is_self_signed = seen->is_self_signed,
                                             .is_chain_broken = seen->is_chain_broken,
                                             .is_other_name = seen->is_other_name };
    certificate->names = seen->name_count ? ARENA_ARRAY(arena, struct bytes, seen->name_count) : NULL;
    for (unsigned i = 0; certificate->names && i < seen->name_count; i++)
        certificate->names[certificate->name_count++] = copy_text(d, &seen->names[i]);
    return certificate;
}

static void copy_alerts(struct dialogue *d, const struct tls_seen *seen)
{
    struct tls_facts *tls = d->session->tls;

    tls->alerts =
        seen->alert_count ? ARENA_ARRAY(&d->session->arena, struct tls_alert, seen->alert_count) : NULL;
    for (unsigned i = 0; tls->alerts && i < seen->alert_count; i++)
        tls->alerts[tls->alert_count++] =
            (struct tls_alert){ .from = seen->alerts[i].from == TLS_CLIENT ? SIDE_CLIENT : SIDE_SERVER,
                                .level = seen->alerts[i].level,
                                .description = seen->alerts[i].description,
                                .at = d->tls_alert_at[i] };
}

void tls_end(struct dialogue *d)
{
    static const enum tls_state states[] = { [TLS_PROGRESS_NONE] = TLS_STATE_NONE,
                                             [TLS_PROGRESS_BEGUN] = TLS_STATE_BEGUN,
                                             [TLS_PROGRESS_DONE] = TLS_STATE_DONE,
                                             [TLS_PROGRESS_LOST] = TLS_STATE_LOST };

    if (!d->tls)
        return;
    const struct tls_seen *seen = tls_observer_seen(d->tls);
    struct tls_facts *tls = d->session->tls;
    tls->state = states[seen->progress];
    tls->offered_version = seen->offered_version;
    tls->version = seen->version;
    tls->cipher = seen->cipher;
    tls->is_resumed = seen->is_resumed;
    if (seen->has_sealed_alert)
        tls->sealed_alert = seen->sealed_alert == TLS_CLIENT ? SIDE_CLIENT : SIDE_SERVER;
    tls->sni = arena_copy(&d->session->arena, (struct bytes){ seen->sni, seen->sni_len });
    tls->alpn = arena_copy(&d->session->arena, (struct bytes){ seen->alpn, seen->alpn_len });
    copy_alerts(d, seen);
    if (seen->certificate)
        tls->certificate = copy_certificate(d, seen->certificate);
    tls_observer_free(d->tls);
    d->tls = NULL;
}

void tls_read(struct dialogue *d, enum side from, const struct stream_chunk *chunk)
{
    d->session->side[from].tls_bytes += chunk->data.len;
    if (!d->tls)
        return;
    unsigned told = tls_observer_seen(d->tls)->alert_count;
    bool goes_on = tls_observer_feed(d->tls, from == SIDE_CLIENT ? TLS_CLIENT : TLS_SERVER, chunk->data);
    for (; told < tls_observer_seen(d->tls)->alert_count; told++)
        d->tls_alert_at[told] = moment_of(chunk);
    if (!goes_on)
        tls_end(d);
}

void tls_hole(struct dialogue *d)
{
    if (!d->tls)
        return;
    tls_observer_hole(d->tls);
    tls_end(d);
}
