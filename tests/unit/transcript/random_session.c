/* A seeded maker of sessions. */
#include "random_session.h"

#include <stdlib.h>

struct maker {
    uint64_t state;
    const struct follower *follower;
    struct session *session;
    uint64_t now_ns;
    size_t waiting[64]; /* items without their reply */
    size_t waiting_count;
};

static uint32_t below(struct maker *m, uint32_t n)
{
    m->state = m->state * UINT64_C(6364136223846793005) + 1442695040888963407U;
    return n ? (uint32_t)(m->state >> 33) % n : 0;
}

static bool coin(struct maker *m)
{
    return below(m, 2) == 1;
}

static uint64_t large(struct maker *m)
{
    return (uint64_t)below(m, UINT32_MAX) << below(m, 20);
}

static void must(const void *memory)
{
    if (!memory)
        abort();
}

static struct moment now(struct maker *m)
{
    m->now_ns += below(m, 3000000000U);
    return (struct moment){ m->now_ns, { below(m, 3), 1 + below(m, 100000) } };
}

static struct moment perhaps_later(struct maker *m, struct moment moment)
{
    return coin(m) ? moment : now(m);
}

static struct bytes copy(struct maker *m, struct bytes bytes)
{
    return arena_copy(&m->session->arena, bytes);
}

/* Bytes of a few kinds: words, UTF-8, controls and NULs, anything at all. */
static struct bytes text(struct maker *m, uint32_t most)
{
    static const char *const pieces[] = { "mx.example",
                                          "Gr\xc3\xbc\xc3\x9f"
                                          "e",
                                          "\xf0\x9f\x93\xa7",
                                          "\"quoted\\\"",
                                          "\t\x01\x7f",
                                          " ",
                                          "\xe2\x80\xa8",
                                          "</script>" };
    uint8_t bytes[256];
    size_t len = 0, wanted = below(m, most < 200 ? most : 200);

    bool is_wild = below(m, 4) == 0;
    while (len < wanted) {
        const char *piece = pieces[below(m, sizeof pieces / sizeof pieces[0])];
        if (is_wild) {
            bytes[len++] = (uint8_t)below(m, 256);
            continue;
        }
        size_t piece_len = strlen(piece);
        memcpy(bytes + len, piece, piece_len);
        len += piece_len;
    }
    if (len && below(m, 8) == 0)
        bytes[below(m, (uint32_t)len)] = 0;
    return copy(m, (struct bytes){ bytes, len });
}

static void tell(struct maker *m, enum session_change change, size_t index)
{
    if (m->follower)
        m->follower->changed(m->follower->ctx, m->session, change, index);
}

static struct reply *make_reply(struct maker *m, unsigned class)
{
    struct reply *reply = ARENA_NEW(&m->session->arena, struct reply);

    must(reply);
    reply->code = (uint16_t)(class * 100 + below(m, 100));
    reply->line_count = below(m, 6);
    reply->lines = ARENA_ARRAY(&m->session->arena, struct bytes, reply->line_count);
    must(reply->lines);
    for (uint32_t i = 0; i < reply->line_count; i++)
        reply->lines[i] = text(m, 100);
    if (coin(m))
        reply->enhanced = (struct enhanced_code){ (uint8_t)(2 + below(m, 4)), (uint16_t)below(m, 1000),
                                                  (uint16_t)below(m, 1000) };
    reply->ordinal = ++m->session->reply_count;
    reply->lines_dropped = below(m, 9) ? 0 : below(m, 100);
    reply->is_complete = below(m, 5) > 0;
    reply->has_mixed_codes = coin(m);
    reply->has_odd_line = coin(m);
    reply->has_bare_lf = coin(m);
    reply->is_after_gap = coin(m);
    if (below(m, 10) == 0) {
        reply->is_redacted = true;
        reply->line_count = 0;
    }
    reply->first = now(m);
    reply->at = perhaps_later(m, reply->first);
    return reply;
}

static size_t add(struct maker *m, enum item_kind kind)
{
    struct item *item = session_add_item(m->session, kind);

    must(item);
    item->first = now(m);
    item->at = perhaps_later(m, item->first);
    item->replies_seen = below(m, m->session->reply_count + 1);
    item->is_after_gap = below(m, 5) == 0;
    return m->session->item_count - 1;
}

static struct item *item_of(struct maker *m, size_t index)
{
    return &m->session->items[index];
}

static void add_more(struct maker *m, struct item *item, struct reply *reply)
{
    struct reply **more = ARENA_ARRAY(&m->session->arena, struct reply *, item->more_count + (size_t)1);

    must(more);
    if (item->more_count)
        memcpy(more, item->more_replies, item->more_count * sizeof *more);
    more[item->more_count++] = reply;
    item->more_replies = more;
}

static void answer(struct maker *m, size_t index, struct reply *reply)
{
    struct item *item = item_of(m, index);

    if (item->reply)
        add_more(m, item, reply);
    else
        item->reply = reply;
    tell(m, CHANGE_REPLY_ADDED, index);
}

static void answer_waiting(struct maker *m)
{
    for (size_t i = 0; i < m->waiting_count; i++)
        if (below(m, 6))
            answer(m, m->waiting[i], make_reply(m, 2 + below(m, 4)));
    m->waiting_count = 0;
}

static void fill_command(struct maker *m, size_t index, struct bytes line)
{
    struct command *command = &item_of(m, index)->as.command;
    struct command_line parsed = command_line_parse(line);

    command->line = line;
    command->verb = parsed.verb;
    command->word = parsed.word;
    command->argument = parsed.argument;
    command->line_length = line.len + (below(m, 9) ? 0 : below(m, 100000));
    command->line_end = (enum line_end)below(m, LINE_END_COUNT);
    command->has_bare_cr = coin(m);
    command->is_before_greeting = coin(m);
    command->is_pipelined = coin(m);
    command->is_body_line = coin(m);
}

static void add_command(struct maker *m)
{
    static const char *const lines[] = { "EHLO client.example",
                                         "mail FROM:<a@example.org> SIZE=9",
                                         "RSET",
                                         "RCPT TO:<b@example.net>",
                                         "DATA",
                                         "",
                                         "  noop  x ",
                                         "BDAT 5 LAST",
                                         "XYZZY nothing" };
    uint32_t which = below(m, sizeof lines / sizeof lines[0] + 3);
    size_t index = add(m, ITEM_COMMAND);
    bool is_fixed = which < sizeof lines / sizeof lines[0];

    fill_command(m, index, is_fixed ? copy(m, bytes_of(lines[which])) : text(m, 80));
    struct command *command = &item_of(m, index)->as.command;
    if (!is_fixed && below(m, 4) == 0) { /* a credential out of place */
        fill_command(m, index, copy(m, BYTES(RANDOM_SECRET)));
        command->is_secret = true;
    }
    tell(m, CHANGE_ITEM_ADDED, index);
    if (coin(m) && m->waiting_count < sizeof m->waiting / sizeof m->waiting[0])
        m->waiting[m->waiting_count++] = index;
    else
        answer_waiting(m);
}

static void add_fields(struct maker *m, struct sasl_step *step)
{
    step->field_count = below(m, 4);
    step->fields =
        step->field_count ? ARENA_ARRAY(&m->session->arena, struct sasl_field, step->field_count) : NULL;
    for (uint32_t i = 0; i < step->field_count; i++) {
        struct sasl_field *field = &step->fields[i];
        field->is_secret = step->is_secret && i == 0;
        field->name = field->is_secret ? "password" : "username";
        field->value = field->is_secret ? copy(m, BYTES(RANDOM_SECRET)) : text(m, 30);
        field->length = field->value.len;
    }
}

static struct sasl_step make_step(struct maker *m, enum side from, struct moment at, bool is_secret)
{
    struct sasl_step step = { .from = from, .at = at, .is_secret = is_secret };

    if (m->session->log && from == SIDE_CLIENT && below(m, 4) == 0) { /* the log leaves it out */
        step.is_secret = false;
        step.is_redacted = step.is_hidden = true;
        return step;
    }
    step.text = is_secret ? copy(m, BYTES(RANDOM_SECRET)) : text(m, 60);
    step.length = step.text.len;
    step.is_decoded = is_secret || from == SIDE_CLIENT || coin(m);
    if (!step.is_decoded)
        return step;
    step.decoded = is_secret ? copy(m, BYTES("\0bob\0" RANDOM_SECRET)) : text(m, 40);
    step.decoded_length = step.decoded.len;
    step.problem = (enum base64_problem)below(m, BASE64_PROBLEM_COUNT);
    step.problem_at = step.problem ? below(m, 60) : 0;
    step.nul_count = below(m, 3);
    step.is_utf8 = coin(m);
    step.has_trailing_newline = coin(m);
    step.slips = below(m, 1u << SASL_SLIP_COUNT) & ~1u;
    step.malformed = coin(m) ? "it has no NULs" : NULL;
    step.secret_ordinal = is_secret ? 1 + below(m, 5) : 0;
    add_fields(m, &step);
    return step;
}

static void add_step(struct maker *m, struct sasl_step step)
{
    struct sasl_step *to =
        session_add_step(m->session, &m->session->exchanges[m->session->exchange_count - 1]);

    must(to);
    *to = step;
}

static void answer_sasl(struct maker *m, size_t index, bool is_last)
{
    struct sasl_exchange *exchange = &m->session->exchanges[m->session->exchange_count - 1];
    struct reply *reply = make_reply(m, is_last ? 2 + 3 * below(m, 2) : 3);

    if (!is_last)
        reply->code = 334;
    else if (reply->code == 334)
        reply->code = 235;
    exchange->last_reply = reply;
    if (!is_last)
        add_step(m, make_step(m, SIDE_SERVER, reply->at, false));
    answer(m, index, reply);
}

static void add_exchange(struct maker *m)
{
    bool has_initial = coin(m);
    unsigned rounds = below(m, 4);

    answer_waiting(m);
    size_t index = add(m, ITEM_COMMAND);
    fill_command(m, index, copy(m, has_initial ? BYTES("AUTH PLAIN " RANDOM_SECRET) : BYTES("auth login")));
    struct sasl_exchange *exchange = session_add_exchange(m->session);
    must(exchange);
    exchange->command_item = (uint32_t)index;
    exchange->mechanism = has_initial ? BYTES("PLAIN") : BYTES("LOGIN");
    if (has_initial) {
        item_of(m, index)->as.command.is_secret = true;
        add_step(m, make_step(m, SIDE_CLIENT, item_of(m, index)->at, true));
    }
    tell(m, CHANGE_ITEM_ADDED, index);
    for (unsigned i = 0; i < rounds; i++) {
        answer_sasl(m, index, false);
        index = add(m, ITEM_SASL);
        struct sasl_step step = make_step(m, SIDE_CLIENT, item_of(m, index)->at, coin(m));
        *item_of(m, index)->as.sasl = step;
        add_step(m, step);
        tell(m, CHANGE_ITEM_ADDED, index);
    }
    if (below(m, 5))
        answer_sasl(m, index, true);
}

static void fill_message(struct maker *m, struct message *message)
{
    message->size = large(m);
    message->wire_size = large(m);
    message->missing_bytes = coin(m) ? large(m) : 0;
    message->is_complete = coin(m);
    message->has_digest = coin(m);
    for (size_t i = 0; message->has_digest && i < sizeof message->sha256; i++)
        message->sha256[i] = (uint8_t)below(m, 256);
    message->bare_cr_count = large(m);
    message->bare_lf_count = large(m);
    message->nul_count = large(m);
    message->longest_line = large(m);
    message->dot_lines = below(m, 100);
    message->first_bare_lf = message->bare_lf_count % 100;
    message->unstuffed_dots = message->dot_lines / 2;
    message->ends_in_dot = coin(m);
    message->head_hash = large(m);
    message->has_8bit = coin(m);
    message->ended_by_variant = coin(m);
    message->variant_count = below(m, 4);
    message->variants =
        ARENA_ARRAY(&m->session->arena, struct eod_variant, message->variant_count + (size_t)1);
    must(message->variants);
    for (uint32_t i = 0; i < message->variant_count; i++)
        message->variants[i] = (struct eod_variant){ (uint8_t)(1 + below(m, 13)), large(m),
                                                     (enum verb)below(m, VERB_COUNT), (uint32_t)i << 5 };
    message->variants_dropped = below(m, 9) ? 0 : below(m, 99);
    message->kept = coin(m) ? text(m, 200) : (struct bytes){ NULL, 0 };
}

/* A content takes its place when it begins, and is told when it ends: gaps come in between. */
static void add_content(struct maker *m)
{
    struct message *message = session_add_message(m->session);

    must(message);
    size_t number = m->session->message_count - 1;
    const struct item *newest = session_command(m->session, m->session->command_count);
    size_t command = newest ? (size_t)(newest - m->session->items) : UINT32_MAX;
    message->first_item = (uint32_t)command;
    message->is_bdat = coin(m);
    size_t index = add(m, ITEM_CONTENT);
    message->last_item = (uint32_t)index;
    if (coin(m)) {
        size_t gap = add(m, ITEM_GAP);
        item_of(m, gap)->as.gap = (struct gap){ SIDE_CLIENT, large(m), coin(m), true };
        tell(m, CHANGE_ITEM_ADDED, gap);
    }
    fill_message(m, message);
    message->first = item_of(m, index)->first;
    message->last = item_of(m, index)->at;
    item_of(m, index)->as.content = (struct content){ .message = (uint32_t)number,
                                                      .command_item = (uint32_t)command,
                                                      .size = message->size,
                                                      .is_last = coin(m),
                                                      .is_complete = message->is_complete,
                                                      .swallowed = (enum verb)(number % VERB_COUNT) };
    tell(m, CHANGE_CONTENT_ENDED, index);
    for (unsigned replies = below(m, 5); replies-- > 0;)
        answer(m, index, make_reply(m, 2 + below(m, 4)));
}

static void add_reply(struct maker *m, enum item_kind kind)
{
    struct reply *reply = make_reply(m, 2 + below(m, 4));
    size_t index = add(m, kind);

    item_of(m, index)->reply = reply;
    tell(m, CHANGE_ITEM_ADDED, index);
}

static void add_gap(struct maker *m)
{
    size_t index = add(m, ITEM_GAP);

    item_of(m, index)->as.gap =
        (struct gap){ coin(m) ? SIDE_CLIENT : SIDE_SERVER, large(m), coin(m), coin(m) };
    tell(m, CHANGE_ITEM_ADDED, index);
}

static void add_junk(struct maker *m)
{
    size_t index = add(m, ITEM_JUNK);

    for (unsigned lines = 1 + below(m, 3); lines-- > 0;) {
        item_of(m, index)->as.junk_length += 1 + below(m, 100);
        tell(m, CHANGE_ITEM_ADDED, index);
    }
}

static void fill_endpoint(struct maker *m, struct endpoint *end)
{
    end->address.family = coin(m) ? 4 : 6;
    for (size_t i = 0; i < (end->address.family == 4 ? 4 : 16); i++)
        end->address.bytes[i] = (uint8_t)below(m, 256);
    end->port = (uint16_t)below(m, 65536);
}

static void add_prelude(struct maker *m)
{
    size_t index = add(m, ITEM_PRELUDE);
    struct prelude *prelude = &item_of(m, index)->as.prelude;

    prelude->kind = (enum prelude_kind)(1 + below(m, PRELUDE_COUNT - 1));
    prelude->text = text(m, 60);
    if (coin(m))
        fill_endpoint(m, &prelude->source);
    if (coin(m))
        fill_endpoint(m, &prelude->target);
    prelude->source.port = (uint16_t)below(m, 65536);
    tell(m, CHANGE_ITEM_ADDED, index);
}

static struct tls_certificate *make_certificate(struct maker *m)
{
    struct tls_certificate *certificate = ARENA_NEW(&m->session->arena, struct tls_certificate);

    must(certificate);
    *certificate = (struct tls_certificate){ .subject = text(m, 40),
                                             .issuer = text(m, 40),
                                             .name_count = below(m, 4),
                                             .not_before_s = large(m),
                                             .not_after_s = large(m),
                                             .key_type = text(m, 8),
                                             .key_bits = below(m, 5000),
                                             .chain_length = below(m, 4),
                                             .is_self_signed = coin(m),
                                             .is_chain_broken = coin(m),
                                             .is_other_name = coin(m) };
    certificate->names = ARENA_ARRAY(&m->session->arena, struct bytes, 4);
    must(certificate->names);
    for (uint32_t i = 0; i < certificate->name_count; i++)
        certificate->names[i] = text(m, 20);
    return certificate;
}

static struct tls_facts *make_handshake(struct maker *m)
{
    struct tls_facts *tls = ARENA_NEW(&m->session->arena, struct tls_facts);

    must(tls);
    *tls = (struct tls_facts){ .state = (enum tls_state)(1 + below(m, TLS_STATE_COUNT - 1)),
                               .reading = (enum tls_reading)below(m, TLS_READING_COUNT),
                               .ja3 = text(m, 32),
                               .ja4 = text(m, 36),
                               .done_ns = coin(m) ? now(m).time_ns : 0,
                               .offered_version = (uint16_t)below(m, 65536),
                               .version = (uint16_t)below(m, 65536),
                               .cipher = (uint16_t)below(m, 65536),
                               .is_resumed = coin(m),
                               .sealed_alert = (enum side)below(m, 3),
                               .sni = text(m, 20),
                               .alpn = text(m, 8),
                               .alert_count = below(m, LIMIT_TLS_ALERTS + 1),
                               .first = now(m) };
    tls->alerts = ARENA_ARRAY(&m->session->arena, struct tls_alert, LIMIT_TLS_ALERTS);
    must(tls->alerts);
    for (uint32_t i = 0; i < tls->alert_count; i++)
        tls->alerts[i] = (struct tls_alert){ coin(m) ? SIDE_CLIENT : SIDE_SERVER, (uint8_t)below(m, 256),
                                             (uint8_t)below(m, 256), now(m) };
    if (coin(m))
        tls->certificate = make_certificate(m);
    return tls;
}

static void add_tls(struct maker *m)
{
    size_t index = add(m, ITEM_TLS);

    m->session->is_tls = !m->session->log;
    item_of(m, index)->as.tls =
        (struct tls_start){ .from = (enum side)below(m, 2), .plain_length = coin(m) ? large(m) : 0 };
    if (coin(m))
        m->session->tls = make_handshake(m);
    tell(m, CHANGE_ITEM_ADDED, index);
}

static void fill_side(struct maker *m, struct side_facts *side)
{
    *side = (struct side_facts){ .packets = large(m),
                                 .payload_bytes = large(m),
                                 .missing_bytes = coin(m) ? large(m) : 0,
                                 .retransmitted_bytes = large(m),
                                 .conflicting_bytes = below(m, 3),
                                 .zero_windows = below(m, 3),
                                 .tls_bytes = large(m),
                                 .bare_lf_lines = below(m, 3) };
    if (coin(m))
        return;
    side->last_ns = now(m).time_ns;
    side->fin_ns = coin(m) ? now(m).time_ns : 0;
    side->unacked_bytes = large(m);
    side->unacked_since_ns = now(m).time_ns;
    side->unacked_repeats = below(m, 9);
    side->repeat_length = below(m, 1461);
    side->is_large_acked = coin(m);
    side->is_window_zero = coin(m);
    side->zero_since_ns = now(m).time_ns;
    side->zero_last_ns = now(m).time_ns;
    side->hop_limit_low = (uint8_t)below(m, 256);
    side->hop_limit_high = (uint8_t)below(m, 256);
    side->reset_hop_limit = (uint8_t)below(m, 256);
    side->reset_ns = now(m).time_ns;
    side->reset_off_by = large(m);
    side->segments_after_reset = below(m, 3);
}

static void fill_end(struct maker *m)
{
    struct session *session = m->session;

    session->end_ns = now(m).time_ns;
    session->one_sided = (enum side)below(m, 3);
    session->closed = (enum close_kind)below(m, CLOSE_COUNT);
    session->closed_by = (enum side)below(m, 3);
    session->rtt_ns = coin(m) ? below(m, 1000000000) : 0;
    session->silent_ns = coin(m) ? large(m) : 0;
    if (coin(m))
        session->unended = (struct unended_line){ 1 + below(m, 99), (enum verb)below(m, VERB_COUNT),
                                                  (enum unended_end)below(m, UNENDED_COUNT), now(m) };
    session->is_open = below(m, 5) == 0;
    session->is_truncated = below(m, 5) == 0;
    session->items_dropped = session->is_truncated ? below(m, 100) : 0;
    if (below(m, 4) == 0) {
        session->foreign = (enum foreign_protocol)(1 + below(m, FOREIGN_COUNT - 1));
        session->foreign_from = (enum side)below(m, 2);
    }
    fill_side(m, &session->side[SIDE_CLIENT]);
    fill_side(m, &session->side[SIDE_SERVER]);
}

static void add_some(struct maker *m)
{
    switch (below(m, 12)) {
    case 0:
        add_exchange(m);
        break;
    case 1:
        add_content(m);
        break;
    case 2:
        add_reply(m, ITEM_REPLY);
        break;
    case 3:
        add_gap(m);
        break;
    case 4:
        add_junk(m);
        break;
    default:
        add_command(m);
    }
}

/* A session that was read from a log, one in four. */
static struct log_facts *make_log(struct maker *m)
{
    if (below(m, 4))
        return NULL;
    struct log_facts *log = ARENA_NEW(&m->session->arena, struct log_facts);
    must(log);
    *log = (struct log_facts){ .program = text(m, 12),
                               .server_name = text(m, 20),
                               .clock = (enum log_clock)below(m, LOG_CLOCK_COUNT),
                               .is_precise = coin(m),
                               .has_zone = coin(m),
                               .is_server_side = coin(m),
                               .is_partial = coin(m),
                               .is_in_clear = coin(m) };
    return log;
}

static void add_log_refusals(struct maker *m)
{
    for (unsigned i = m->session->log ? below(m, 3) : 0; i > 0; i--) {
        struct log_refusal refusal = {
            .command = 1 + below(m, 9), .is_temporary = coin(m), .is_of_message = coin(m), .text = text(m, 40)
        };
        must(session_add_log_refusal(m->session, refusal) ? m : NULL);
    }
}

struct session *random_session(uint32_t seed, const struct follower *follower)
{
    struct maker m = { .state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1,
                       .follower = follower,
                       .session = session_new(NULL),
                       .now_ns = UINT64_C(1700000000000000000) };
    struct session *session = m.session;

    must(session);
    for (unsigned i = 0; i < 8; i++)
        (void)below(&m, 2);
    session->serial = 1 + below(&m, 1000);
    session->start_ns = now(&m).time_ns;
    session->first_packet = (struct packet_ref){ below(&m, 3), below(&m, 100) };
    session->is_midstream = coin(&m);
    session->protocol = coin(&m) ? PROTOCOL_SMTP : PROTOCOL_LMTP;
    session->log = make_log(&m);
    add_log_refusals(&m);
    fill_endpoint(&m, &session->client);
    fill_endpoint(&m, &session->server);
    session_make_id(session);
    tell(&m, CHANGE_OPENED, 0);
    if (below(&m, 4) == 0)
        add_prelude(&m);
    if (below(&m, 8))
        add_reply(&m, ITEM_GREETING);
    for (unsigned steps = below(&m, 40); steps-- > 0;)
        add_some(&m);
    if (below(&m, 4) == 0)
        add_tls(&m);
    fill_end(&m);
    return session;
}
