/* From the first record of TLS on: what the handshake shows goes into the session.  With keys the dialogue
 * goes on inside; without them the rest is counted. */
#include "dialogue/state.h"

enum { GUESSED_BYTES = 4096 /* said inside TLS without a word of SMTP: it is something else */ };

static bool asks_for_tls(const struct dialogue *d, uint32_t pending)
{
    const struct item *item = &d->session->items[pairing_at(d, pending)->item];

    return item->kind == ITEM_COMMAND && item->as.command.verb == VERB_STARTTLS;
}

/* STARTTLS was answered in clear, and what was asked before it, though the answers are missing. */
static void drop_answered_in_clear(struct dialogue *d)
{
    uint32_t answered = d->pending_count;

    while (answered > 0 && !asks_for_tls(d, answered - 1))
        answered--;
    while (answered-- > 0)
        pairing_drop_first(d);
}

/* RFC 3207 4.2: all that was known is void. */
static void open_inside(struct dialogue *d)
{
    drop_answered_in_clear(d);
    d->is_open = true;
    d->is_server_tls = true;
    d->mode = CLIENT_COMMANDS;
    line_clear(&d->client_line);
    line_clear(&d->server_line);
    d->building = NULL;
    d->skips_server_line = false;
    d->skips = SKIP_NONE;
    d->offers_chunking = false;
    d->saw_ehlo = false;
    d->has_exchange = false;
    d->recipients = 0;
    d->open_bdat = 0;
    d->clear_pending = d->pending_count;
    if (d->session->is_midstream && d->session->reply_count == 0)
        unsure_begin(d);
}

static enum side side_of(enum tls_side from)
{
    return from == TLS_CLIENT ? SIDE_CLIENT : SIDE_SERVER;
}

static void take_plain(void *ctx, enum tls_side from, const struct stream_chunk *plain)
{
    struct dialogue *d = ctx;

    if (!d->is_open)
        open_inside(d);
    d->guessed_bytes += plain->data.len;
    if (d->is_guess && !d->saw_smtp && d->guessed_bytes > GUESSED_BYTES)
        d->is_other = true;
    else
        dialogue_take(d, side_of(from), plain);
}

static void take_plain_hole(void *ctx, enum tls_side from, const struct stream_hole *hole)
{
    struct dialogue *d = ctx;

    if (!d->is_open)
        open_inside(d);
    dialogue_take_hole(d, side_of(from), hole);
}

void tls_begin(struct dialogue *d, struct moment first)
{
    struct session *session = d->session;
    const struct tls_options options = { .certificates = d->options->certificates,
                                         .keylog = d->options->keylog,
                                         .budget = d->options->budget,
                                         .skips_fingerprints = !d->options->wants_digests };
    const struct tls_sink sink = { .ctx = d, .data = take_plain, .hole = take_plain_hole };

    session->tls = ARENA_NEW(&session->arena, struct tls_facts);
    if (!session->tls)
        return;
    *session->tls = (struct tls_facts){ .sealed_alert = SIDE_NONE, .first = first };
    d->tls = tls_observer_new(&options, &sink);
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
    for (unsigned i = 0; tls->alerts && i < seen->alert_count; i++) {
        const struct tls_seen_alert *alert = &seen->alerts[i];
        tls->alerts[tls->alert_count++] =
            (struct tls_alert){ .from = side_of(alert->from),
                                .level = alert->level,
                                .description = alert->description,
                                .at = { .time_ns = alert->time_ns,
                                        .packet = { alert->input, alert->number } } };
    }
}

void tls_end(struct dialogue *d)
{
    static const enum tls_state states[] = { [TLS_PROGRESS_NONE] = TLS_STATE_NONE,
                                             [TLS_PROGRESS_BEGUN] = TLS_STATE_BEGUN,
                                             [TLS_PROGRESS_DONE] = TLS_STATE_DONE,
                                             [TLS_PROGRESS_LOST] = TLS_STATE_LOST };

    static const enum tls_reading readings[] = { [TLS_READ_NONE] = TLS_READING_NONE,
                                                 [TLS_READ_WHOLE] = TLS_READING_WHOLE,
                                                 [TLS_READ_PART] = TLS_READING_PART,
                                                 [TLS_READ_WRONG] = TLS_READING_WRONG };

    if (!d->tls)
        return;
    const struct tls_seen *seen = tls_observer_seen(d->tls);
    struct tls_facts *tls = d->session->tls;
    tls->state = states[seen->progress];
    tls->reading = d->is_other ? TLS_READING_PART : readings[seen->read];
    tls->offered_version = seen->offered_version;
    tls->version = seen->version;
    tls->cipher = seen->cipher;
    tls->done_ns = seen->done_ns;
    tls->is_resumed = seen->is_resumed;
    if (seen->has_sealed_alert)
        tls->sealed_alert = seen->sealed_alert == TLS_CLIENT ? SIDE_CLIENT : SIDE_SERVER;
    tls->sni = arena_copy(&d->session->arena, (struct bytes){ seen->sni, seen->sni_len });
    tls->alpn = arena_copy(&d->session->arena, (struct bytes){ seen->alpn, seen->alpn_len });
    tls->ja3 = arena_copy(&d->session->arena, bytes_of(seen->client.ja3));
    tls->ja4 = arena_copy(&d->session->arena, bytes_of(seen->client.ja4));
    copy_alerts(d, seen);
    if (seen->certificate)
        tls->certificate = copy_certificate(d, seen->certificate);
    tls_observer_free(d->tls);
    d->tls = NULL;
}

/* It could be read, and cannot any more. */
static void close_inside(struct dialogue *d, enum side from, const struct stream_chunk *chunk)
{
    struct item *item =
        d->is_open ? dialogue_add_item(d, ITEM_TLS, moment_of(chunk), moment_of(chunk)) : NULL;

    tls_end(d);
    if (!item)
        return;
    item->as.tls = (struct tls_start){ .from = from };
    dialogue_changed(d, CHANGE_ITEM_ADDED, item_index(d, item));
}

void tls_read(struct dialogue *d, enum side from, const struct stream_chunk *chunk)
{
    d->session->side[from].tls_bytes += chunk->data.len;
    if (!d->tls)
        return;
    bool goes_on = tls_observer_feed(d->tls, from == SIDE_CLIENT ? TLS_CLIENT : TLS_SERVER, chunk);
    if (!goes_on || d->is_other)
        close_inside(d, from, chunk);
}

void tls_hole(struct dialogue *d, enum side from, const struct stream_hole *hole)
{
    const struct stream_chunk at = { .time_ns = hole->time_ns, .input = hole->input, .number = hole->number };

    if (d->tls && !tls_observer_hole(d->tls, from == SIDE_CLIENT ? TLS_CLIENT : TLS_SERVER, hole))
        close_inside(d, from, &at);
}

void tls_finish(struct dialogue *d)
{
    const struct stream_chunk end = { .time_ns = d->flow->last_ns, .acked = UINT64_MAX };

    if (d->tls)
        tls_observer_finish(d->tls, &end);
}
