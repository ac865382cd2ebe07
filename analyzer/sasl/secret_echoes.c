/* Servers that repeat a credential in a reply (sendmail: "501 5.5.4 cannot BASE64 decode '...'"). */
#include "sasl/sasl_rows.h"

enum {
    NEEDLES = 16,
    NEEDLE_LEAST = 4, /* shorter ones are found in any text */
    NEEDLE_MOST = 24, /* a long secret is known by its beginning */
    TOKEN_LEAST = 8,
    LOOKED_AT = 16384 /* bytes of each reply line */
};

struct needle {
    struct bytes text;
    bool is_head; /* of something longer */
};

struct needles {
    struct needle each[NEEDLES];
    size_t count;
    bool begins[256]; /* what any of them begins with */
    bool is_blind;    /* a secret is there of which it is not known what it looks like, decoded */
    uint8_t decoded[SASL_ECHO_ITEMS][NEEDLE_MOST]; /* secrets that were sent as commands */
    size_t decoded_count;
};

static void add_needle(struct needles *needles, struct bytes secret, size_t most)
{
    if (most > NEEDLE_MOST)
        most = NEEDLE_MOST;
    if (secret.len < NEEDLE_LEAST || needles->count == NEEDLES)
        return;
    needles->each[needles->count++] = (struct needle){ bytes_slice(secret, 0, most), secret.len > most };
    needles->begins[ascii_upper(secret.ptr[0])] = true;
}

/* Echoes are cut short, or lose their padding: three quarters of a token are enough. */
static void add_token(struct needles *needles, struct bytes token)
{
    add_needle(needles, token, token.len > TOKEN_LEAST ? token.len - token.len / 4 : token.len);
}

static void add_step(struct needles *needles, const struct sasl_step *step)
{
    bool has_parts = false;

    if (!step->is_secret || step->is_redacted)
        return;
    add_token(needles, step->text);
    for (uint32_t i = 0; i < step->field_count; i++)
        if (step->fields[i].is_secret && !step->fields[i].is_redacted) {
            add_needle(needles, step->fields[i].value, NEEDLE_MOST);
            has_parts = true;
        }
    if (!has_parts)
        add_needle(needles, step->decoded, NEEDLE_MOST);
    if (step->problem == BASE64_FINE && step->text.len >= NEEDLE_LEAST && step->decoded.len == 0)
        needles->is_blind = true; /* at a ceiling */
}

static void add_command(struct needles *needles, struct bytes line)
{
    struct buf decoded;

    add_token(needles, line);
    buf_init(&decoded, NEEDLE_MOST);
    if (base64_decode_loose(bytes_slice(line, 0, NEEDLE_MOST / 3 * 4), &decoded) && decoded.len) {
        uint8_t *to = needles->decoded[needles->decoded_count++];
        memcpy(to, decoded.ptr, decoded.len);
        add_needle(needles, (struct bytes){ to, decoded.len }, NEEDLE_MOST);
    }
    buf_release(&decoded);
}

static bool is_word(uint8_t c)
{
    return ascii_is_digit(c) || (ascii_upper(c) >= 'A' && ascii_upper(c) <= 'Z') || c == '+' || c == '/'
           || c >= 0x80;
}

/* The needle as a word of its own, or the beginning of a longer one. */
static bool stands_at(struct bytes text, size_t at, const struct needle *needle)
{
    size_t end = at + needle->text.len;

    if (!bytes_starts_nocase(bytes_from(text, at), needle->text))
        return false;
    return needle->is_head || end == text.len || !is_word(text.ptr[end]) || !is_word(text.ptr[end - 1]);
}

static bool holds_any(const struct needles *needles, struct bytes text)
{
    text = bytes_slice(text, 0, LOOKED_AT);
    for (size_t at = 0; at < text.len; at++) {
        if (!needles->begins[ascii_upper(text.ptr[at])])
            continue;
        if (at > 0 && is_word(text.ptr[at]) && is_word(text.ptr[at - 1]))
            continue;
        for (size_t i = 0; i < needles->count; i++)
            if (stands_at(text, at, &needles->each[i]))
                return true;
    }
    return false;
}

/* In clear, or under base64. */
static bool challenge_holds_any(const struct needles *needles, struct bytes text)
{
    struct buf decoded;

    if (holds_any(needles, text))
        return true;
    buf_init(&decoded, LOOKED_AT);
    (void)base64_decode(bytes_slice(text, 0, LOOKED_AT), &decoded, NULL);
    bool does_hold = holds_any(needles, buf_bytes(&decoded));
    buf_release(&decoded);
    return does_hold;
}

void sasl_redact_echoing_challenge(const struct sasl_exchange *exchange, size_t step)
{
    struct sasl_step *challenge = &exchange->steps[step];
    struct needles needles = { .count = 0 };

    for (size_t back = 1; back <= SASL_ECHO_ITEMS && back <= step; back++)
        if (challenge[-(ptrdiff_t)back].from == SIDE_CLIENT)
            add_step(&needles, &challenge[-(ptrdiff_t)back]);
    if (!needles.is_blind && (needles.count == 0 || !challenge_holds_any(&needles, challenge->text)))
        return;
    challenge->is_secret = true;
    challenge->is_redacted = true;
    challenge->text = challenge->decoded = (struct bytes){ NULL, 0 };
    for (uint32_t i = 0; i < challenge->field_count; i++) {
        challenge->fields[i].is_redacted = true;
        challenge->fields[i].value = (struct bytes){ NULL, 0 };
    }
}

static void gather(const struct session *session, size_t index, struct needles *needles)
{
    for (size_t back = 0; back < SASL_ECHO_ITEMS && back <= index; back++) {
        const struct item *item = &session->items[index - back];
        if (item->kind == ITEM_SASL)
            add_step(needles, item->as.sasl);
        if (item->kind != ITEM_COMMAND || !item->as.command.is_secret)
            continue;
        const struct sasl_exchange *exchange = sasl_exchange_at(session, index - back);
        if (item->as.command.verb != VERB_AUTH)
            add_command(needles, bytes_trim(item->as.command.line));
        else if (exchange && exchange->step_count && exchange->steps[0].from == SIDE_CLIENT)
            add_step(needles, &exchange->steps[0]);
        else /* "AUTH <token>" */
            add_token(needles, item->as.command.argument);
    }
}

static void redact_echo(const struct needles *needles, struct reply *reply)
{
    bool is_echo = needles->is_blind;

    for (uint32_t i = 0; i < reply->line_count && !is_echo; i++)
        is_echo = reply->code == 334 ? challenge_holds_any(needles, reply->lines[i])
                                     : holds_any(needles, reply->lines[i]);
    if (!is_echo)
        return;
    reply->is_redacted = true;
    reply->line_count = 0;
}

static bool is_secret_item(const struct item *item)
{
    return item->kind == ITEM_SASL || (item->kind == ITEM_COMMAND && item->as.command.is_secret);
}

/* The items that count for the one at `index`: SASL_ECHO_ITEMS up to it. */
static size_t window_begin(size_t index)
{
    return index + 1 > SASL_ECHO_ITEMS ? index + 1 - SASL_ECHO_ITEMS : 0;
}

static void redact_item(const struct needles *needles, const struct item *item)
{
    if (!item->reply || (needles->count == 0 && !needles->is_blind))
        return;
    redact_echo(needles, item->reply);
    for (uint32_t i = 0; i < item->more_count; i++)
        redact_echo(needles, item->more_replies[i]);
}

/* Needles are made anew only where the secrets near an item are others than near the one before. */
void sasl_redact_echoes(const struct session *session, size_t begin, size_t end)
{
    struct needles needles = { .count = 0 };
    size_t oldest = window_begin(begin), newest = SIZE_MAX, made_for_oldest = SIZE_MAX,
           made_for_newest = SIZE_MAX;

    for (size_t i = oldest; i < end; i++) {
        if (is_secret_item(&session->items[i]))
            newest = i;
        if (i < begin || newest == SIZE_MAX || newest < window_begin(i))
            continue;
        while (oldest < window_begin(i) || !is_secret_item(&session->items[oldest]))
            oldest++;
        if (oldest != made_for_oldest || newest != made_for_newest) {
            needles = (struct needles){ .count = 0 };
            gather(session, i, &needles);
            made_for_oldest = oldest;
            made_for_newest = newest;
        }
        redact_item(&needles, &session->items[i]);
    }
}
