/* The little dialogue of the tests: lockstep unless told otherwise. */
#include "tests/support/session_builder.h"

#include <stdlib.h>

#include "base/siphash.h"

struct builder {
    struct session *session;
    uint64_t now_ns;
    uint64_t packet;
    uint32_t replies;    /* so far */
    uint32_t seen;       /* replies that the client had seen when its group began */
    bool awaits_content; /* after a 354 */
    bool awaits_sasl;    /* after a 334 */
    bool has_greeting;
    size_t data_item;
    unsigned seconds;     /* to pass before the next reply */
    size_t auth_exchange; /* 1 + index */
    bool has_open_chunks;
};

static struct moment now(struct builder *b)
{
    b->now_ns += 1000000;
    b->packet++;
    return (struct moment){ .time_ns = b->now_ns, .packet = { .input = 0, .number = b->packet } };
}

static struct bytes copy(struct builder *b, const char *text, size_t len)
{
    return arena_copy(&b->session->arena, (struct bytes){ (const uint8_t *)text, len });
}

static void must(bool ok)
{
    if (!ok)
        abort(); /* a test without memory, or a wrong script */
}

/* Reads lines up to the end or a CR; returns where the next reply begins, or NULL. */
static const char *add_reply_lines(struct builder *b, struct reply *reply, const char *text)
{
    while (*text && *text != '\r') {
        size_t len = strcspn(text, "\n\r");
        struct reply_line line;
        must(reply_line_parse(copy(b, text, len), &line));
        if (reply->line_count && reply->code != line.code)
            reply->has_mixed_codes = true;
        if (line.is_odd)
            reply->has_odd_line = true;
        if (!reply->line_count) {
            reply->code = line.code;
            if (!enhanced_code_parse(line.text, &reply->enhanced))
                reply->enhanced = (struct enhanced_code){ 0 };
        }
        reply->lines[reply->line_count++] = line.text;
        reply->is_complete = line.is_last;
        text += len + (text[len] == '\n');
    }
    return *text ? text + 1 : NULL;
}

static struct reply *make_reply(struct builder *b, const char **text)
{
    size_t lines = 1;

    for (const char *p = *text; *p; p++)
        lines += *p == '\n';
    struct reply *reply = ARENA_NEW(&b->session->arena, struct reply);
    must(reply != NULL);
    reply->lines = ARENA_ARRAY(&b->session->arena, struct bytes, lines);
    must(reply->lines != NULL);
    reply->first = reply->at = now(b);
    *text = add_reply_lines(b, reply, *text);
    reply->ordinal = ++b->replies;
    b->session->reply_count++;
    return reply;
}

static struct item *add_item(struct builder *b, enum item_kind kind, const struct step *step)
{
    struct item *item = session_add_item(b->session, kind);

    must(item != NULL);
    item->first = item->at = now(b);
    if (!(step->flags & STEP_PIPELINED))
        b->seen = b->replies;
    item->replies_seen = b->seen;
    item->is_after_gap = (step->flags & STEP_AFTER_GAP) != 0;
    return item;
}

static void answer(struct builder *b, struct item *item, const char *text)
{
    b->now_ns += UINT64_C(1000000000) * b->seconds;
    if (!text)
        return;
    item->reply = make_reply(b, &text);
    for (; text; item->more_count++) {
        struct reply *more = make_reply(b, &text);
        struct reply **grown = ARENA_ARRAY(&b->session->arena, struct reply *, item->more_count + 1);
        must(grown != NULL);
        if (item->more_count)
            memcpy(grown, item->more_replies, item->more_count * sizeof(struct reply *));
        grown[item->more_count] = more;
        item->more_replies = grown;
    }
}

static void add_sasl_step(struct builder *b, enum side from, struct bytes text)
{
    if (!b->auth_exchange)
        return;
    struct sasl_step *step = session_add_step(b->session, &b->session->exchanges[b->auth_exchange - 1]);
    must(step != NULL);
    step->from = from;
    step->at = (struct moment){ .time_ns = b->now_ns, .packet = { 0, b->packet } };
    step->text = text;
    step->length = text.len;
}

static void note_sasl_reply(struct builder *b, struct reply *reply)
{
    if (!b->auth_exchange || !reply)
        return;
    b->session->exchanges[b->auth_exchange - 1].last_reply = reply;
    b->awaits_sasl = reply->code == 334;
    if (b->awaits_sasl)
        add_sasl_step(b, SIDE_SERVER, reply->line_count ? reply->lines[0] : (struct bytes){ NULL, 0 });
    else
        b->auth_exchange = 0;
}

static void begin_exchange(struct builder *b, size_t item_index)
{
    struct sasl_exchange *exchange = session_add_exchange(b->session);
    struct bytes argument = b->session->items[item_index].as.command.argument;
    size_t blank = bytes_find(argument, ' ');

    must(exchange != NULL);
    exchange->command_item = (uint32_t)item_index;
    exchange->mechanism = bytes_slice(argument, 0, blank == SIZE_MAX ? argument.len : blank);
    b->auth_exchange = b->session->exchange_count;
    if (blank != SIZE_MAX)
        add_sasl_step(b, SIDE_CLIENT, bytes_from(argument, blank + 1));
}

static struct message *current_message(struct builder *b, bool is_bdat)
{
    struct session *session = b->session;

    if (is_bdat && b->has_open_chunks)
        return &session->messages[session->message_count - 1];
    struct message *message = session_add_message(session);
    must(message != NULL);
    message->is_bdat = is_bdat;
    message->first_item = (uint32_t)b->data_item;
    return message;
}

/* Equal for equal texts; of a chunk only its size is known. */
static uint64_t head_hash_of(const char *text, uint64_t size)
{
    const uint64_t key[2] = { size, 0 };
    struct siphash hash;

    siphash_start(&hash, key);
    siphash_add(&hash, bytes_of(text));
    return siphash_value(&hash) >> 11 | 1;
}

static void add_content(struct builder *b, const struct step *step, bool is_bdat, uint64_t size, bool is_last)
{
    struct item *item = add_item(b, ITEM_CONTENT, step);
    struct message *message = current_message(b, is_bdat);
    bool is_whole = !(step->flags & STEP_UNFINISHED);

    item->as.content = (struct content){ .message = (uint32_t)(b->session->message_count - 1),
                                         .command_item = (uint32_t)b->data_item,
                                         .size = size,
                                         .is_last = is_last && is_whole,
                                         .is_complete = is_whole };
    if (message->size == 0)
        message->first = item->first;
    message->last = item->at;
    message->size += size;
    message->is_complete = is_last && is_whole;
    if (message->is_complete)
        message->head_hash = head_hash_of(is_bdat ? "" : step->send, message->size);
    message->last_item = (uint32_t)(b->session->item_count - 1);
    message->last = item->at;
    b->has_open_chunks = is_bdat && !is_last;
}

static void add_command(struct builder *b, const struct step *step)
{
    struct item *item = add_item(b, ITEM_COMMAND, step);
    struct command *command = &item->as.command;
    size_t index = b->session->item_count - 1;
    struct bdat_argument bdat = { 0 };

    command->line = copy(b, step->send, strlen(step->send));
    command->line_length = command->line.len;
    command->line_end = LINE_END_CRLF;
    struct command_line parsed = command_line_parse(command->line);
    command->verb = parsed.verb;
    command->word = parsed.word;
    command->argument = parsed.argument;
    command->is_pipelined = (step->flags & STEP_PIPELINED) != 0;
    command->is_body_line = (step->flags & STEP_BODY_LINE) != 0;
    command->is_before_greeting = (step->flags & STEP_EARLY) != 0;
    answer(b, item, step->reply);
    struct reply *reply = item->reply;
    if (parsed.verb == VERB_DATA && reply && reply->code == 354)
        b->awaits_content = true;
    if (parsed.verb == VERB_DATA)
        b->data_item = index;
    if (parsed.verb == VERB_AUTH && !command->is_body_line) {
        begin_exchange(b, index);
        note_sasl_reply(b, reply);
    }
    if (parsed.verb == VERB_BDAT && bdat_argument_parse(parsed.argument, &bdat)
        && !(reply && (reply->code == 500 || reply->code == 502))) {
        b->data_item = index;
        add_content(b, step, true, bdat.size, bdat.is_last);
        b->session->items[b->session->item_count - 1].reply = reply;
        b->session->items[b->session->item_count - 1].more_replies = b->session->items[index].more_replies;
        b->session->items[b->session->item_count - 1].more_count = b->session->items[index].more_count;
        if (reply && reply->code >= 400)
            b->has_open_chunks = false;
    }
}

static void add_gap(struct builder *b, const struct step *step)
{
    struct item *item = add_item(b, ITEM_GAP, step);
    enum side side = step->flags & STEP_GAP_SERVER ? SIDE_SERVER : SIDE_CLIENT;

    item->as.gap =
        (struct gap){ .side = side, .length = 100, .in_content = (step->flags & STEP_GAP_CONTENT) != 0 };
    b->session->side[side].missing_bytes += 100;
}

static void add_line(struct builder *b, const struct step *step)
{
    if (b->awaits_content) {
        b->awaits_content = false;
        add_content(b, step, false, strlen(step->send), true);
        answer(b, &b->session->items[b->session->item_count - 1], step->reply);
    } else if (b->awaits_sasl) {
        struct item *item = add_item(b, ITEM_SASL, step);
        b->awaits_sasl = false;
        *item->as.sasl = (struct sasl_step){ .from = SIDE_CLIENT,
                                             .at = item->at,
                                             .text = copy(b, step->send, strlen(step->send)),
                                             .length = strlen(step->send) };
        add_sasl_step(b, SIDE_CLIENT, item->as.sasl->text);
        answer(b, item, step->reply);
        note_sasl_reply(b, item->reply);
    } else {
        add_command(b, step);
    }
}

static void add_step(struct builder *b, const struct step *step)
{
    if (step->flags & STEP_PAUSE)
        b->now_ns += UINT64_C(1000000000) * (step->flags >> 16);
    b->seconds = step->flags & STEP_PAUSE ? 0 : step->flags >> 16;
    if (step->flags & (STEP_GAP_CLIENT | STEP_GAP_SERVER | STEP_GAP_CONTENT)) {
        add_gap(b, step);
    } else if (step->flags & STEP_TLS) {
        enum side from = step->flags & STEP_SERVER ? SIDE_SERVER : SIDE_CLIENT;
        add_item(b, ITEM_TLS, step)->as.tls =
            (struct tls_start){ .from = from, .plain_length = strlen(step->send) };
        b->session->is_tls = true;
        b->session->side[from].tls_bytes += 100;
    } else if (step->flags & STEP_PRELUDE) {
        add_item(b, ITEM_PRELUDE, step)->as.prelude =
            (struct prelude){ .kind = PRELUDE_PROXY_V1, .text = copy(b, step->send, strlen(step->send)) };
    } else if (step->flags & STEP_JUNK) {
        add_item(b, ITEM_JUNK, step)->as.junk_length = 10;
    } else if (!step->send) {
        bool is_first = !b->has_greeting && !b->session->is_midstream;
        struct item *item = add_item(b, is_first ? ITEM_GREETING : ITEM_REPLY, step);
        answer(b, item, step->reply);
        b->has_greeting = true;
    } else {
        add_line(b, step);
    }
}

struct session *session_build(const struct step *steps, size_t count, enum protocol protocol)
{
    struct builder b = { .session = session_new(NULL), .now_ns = UINT64_C(1700000000000000000) };

    must(b.session != NULL);
    b.session->protocol = protocol;
    b.session->start_ns = b.now_ns;
    b.session->one_sided = SIDE_NONE;
    b.session->closed_by = SIDE_CLIENT;
    b.session->closed = CLOSE_FIN;
    b.session->rtt_ns = 200000;
    b.session->is_midstream =
        count && steps[0].send && !(steps[0].flags & (STEP_EARLY | STEP_PRELUDE | STEP_TLS));
    for (size_t i = 0; i < count; i++)
        add_step(&b, &steps[i]);
    b.session->end_ns = b.now_ns;
    session_make_id(b.session);
    return b.session;
}
