/* A credential that was shown once is withheld wherever it comes again in the session: servers repeat it in a
 * reply (sendmail: "501 5.5.4 cannot BASE64 decode '...'"), clients in another command. */
#include "sasl/sasl_rows.h"

enum {
    NEEDLES = 64,
    NEEDLES_MADE = 24,
    EXCHANGES = 8, /* the newest that are over */
    MESSAGES = 32, /* of each: no mechanism has as many; secrets close by count beyond it */
    STRONG_LEAST = 8,
    STRONG_LETTERS_LEAST = 12,
    CLASSES_NO_LETTERS = 4 | 8, /* see class_of */
    NEEDLE_LEAST = 4,           /* shorter ones are found in any text */
    NEEDLE_MOST = 24,           /* a long secret is known by its beginning */
    TOKEN_LEAST = 8,
    LOOKED_AT = 16384 /* bytes of each reply line */
};

struct needle {
    struct bytes text;
    bool is_head;   /* of something longer */
    bool is_strong; /* unlike any word: found inside of others too, and in commands */
    uint8_t next;   /* 1 + index of another that begins with the same octet; 0 none */
};

struct needles {
    struct needle each[NEEDLES];
    size_t count;
    uint8_t first[256]; /* 1 + index of one that begins so, in either case; 0 none */
    bool is_blind;      /* a secret is there of which it is not known what it looks like, decoded */
    uint8_t made[NEEDLES_MADE][NEEDLE_MOST]; /* other forms of what was sent */
    size_t made_count;
    const struct sasl_step *near[SASL_ECHO_ITEMS]; /* whose secrets are among them */
    size_t near_count;
};

_Static_assert(NEEDLES < UINT8_MAX, "indexes are kept in an octet");

/* All but what is behind the counts. */
static void clear(struct needles *needles)
{
    needles->count = 0;
    needles->made_count = 0;
    needles->near_count = 0;
    needles->is_blind = false;
    memset(needles->first, 0, sizeof needles->first);
}

static unsigned class_of(uint8_t c)
{
    return c >= 'a' && c <= 'z' ? 1 : c >= 'A' && c <= 'Z' ? 2 : ascii_is_digit(c) ? 4 : 8;
}

/* Long enough, and of more than one kind of characters, as words are not; of letters alone it has to be
 * longer. */
static bool is_strong(struct bytes text)
{
    unsigned classes = 0;

    for (size_t i = 0; i < text.len; i++)
        classes |= class_of(text.ptr[i]);
    bool is_mixed = (classes & (classes - 1)) != 0;
    return is_mixed && text.len >= (classes & CLASSES_NO_LETTERS ? STRONG_LEAST : STRONG_LETTERS_LEAST);
}

static bool is_known(const struct needles *needles, struct bytes text)
{
    for (uint8_t at = needles->first[text.ptr[0]]; at; at = needles->each[at - 1].next)
        if (bytes_equal(needles->each[at - 1].text, text))
            return true;
    return false;
}

static void add_needle(struct needles *needles, struct bytes secret, size_t most, bool can_be_strong)
{
    struct bytes text = bytes_slice(secret, 0, most > NEEDLE_MOST ? NEEDLE_MOST : most);

    if (secret.len < NEEDLE_LEAST || needles->count == NEEDLES || is_known(needles, text))
        return;
    uint8_t c = text.ptr[0];
    needles->each[needles->count++] = (struct needle){ .text = text,
                                                       .is_head = secret.len > text.len,
                                                       .is_strong = can_be_strong && is_strong(text),
                                                       .next = needles->first[c] };
    needles->first[c] = (uint8_t)needles->count;
    if (ascii_is_letter(c))
        needles->first[c ^ 0x20] = (uint8_t)needles->count;
}

/* Another form of a secret, copied. */
static void add_made(struct needles *needles, struct bytes form, size_t most)
{
    if (needles->made_count == NEEDLES_MADE || form.len == 0)
        return;
    uint8_t *to = needles->made[needles->made_count++];
    form = bytes_slice(form, 0, NEEDLE_MOST);
    memcpy(to, form.ptr, form.len);
    add_needle(needles, (struct bytes){ to, form.len }, most, true);
}

/* Echoes are cut short, or lose their padding: three quarters of a token are enough. */
static void add_token(struct needles *needles, struct bytes token)
{
    add_needle(needles, token, token.len > TOKEN_LEAST ? token.len - token.len / 4 : token.len, true);
}

/* Who uses his name, or a part of it, as his password has shown it all the time. */
static bool is_in_name(const struct sasl_exchange *exchange, struct bytes secret)
{
    for (size_t i = 0; exchange && i < sasl_decoded_count(exchange); i++)
        for (uint32_t k = 0; k < exchange->steps[i].field_count; k++) {
            const struct sasl_field *field = &exchange->steps[i].fields[k];
            if (!field->is_secret && bytes_find_nocase(field->value, secret) != SIZE_MAX)
                return true;
        }
    return false;
}

/* A secret of its own within a message: as it is, and as base64 of it alone. */
static void add_field(struct needles *needles, const struct sasl_exchange *exchange, struct bytes value)
{
    struct buf encoded;

    if (value.len < NEEDLE_LEAST)
        return;
    add_needle(needles, value, NEEDLE_MOST, !is_in_name(exchange, value));
    buf_init(&encoded, NEEDLE_MOST + 4);
    if (base64_encode(bytes_slice(value, 0, NEEDLE_MOST / 4 * 3), &encoded))
        add_made(needles, buf_bytes(&encoded),
                 value.len / 3 * 4); /* what the last octets make, depends on more */
    buf_release(&encoded);
}

static bool is_shown_secret(const struct sasl_step *step)
{
    return step->is_secret && !step->is_redacted;
}

static void add_step(struct needles *needles, const struct sasl_exchange *exchange,
                     const struct sasl_step *step)
{
    bool has_parts = false;

    if (!is_shown_secret(step))
        return;
    add_token(needles, step->text);
    for (uint32_t i = 0; i < step->field_count; i++)
        if (step->fields[i].is_secret && !step->fields[i].is_redacted) {
            add_field(needles, exchange, step->fields[i].value);
            has_parts = true;
        }
    if (!has_parts)
        add_needle(needles, step->decoded, NEEDLE_MOST, true);
    if (step->problem == BASE64_FINE && step->text.len >= NEEDLE_LEAST && step->decoded.len == 0)
        needles->is_blind = true; /* at a ceiling */
}

static void add_command(struct needles *needles, struct bytes line)
{
    struct buf decoded;

    add_token(needles, line);
    buf_init(&decoded, NEEDLE_MOST);
    if (base64_decode_loose(bytes_slice(line, 0, NEEDLE_MOST / 3 * 4), &decoded))
        add_made(needles, buf_bytes(&decoded), NEEDLE_MOST);
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
    if (needle->is_strong)
        return true;
    if (at > 0 && is_word(text.ptr[at]) && is_word(text.ptr[at - 1]))
        return false;
    return needle->is_head || end == text.len || !is_word(text.ptr[end]) || !is_word(text.ptr[end - 1]);
}

static bool holds(const struct needles *needles, struct bytes text, bool needs_strong)
{
    text = bytes_slice(text, 0, LOOKED_AT);
    for (size_t at = 0; at < text.len; at++)
        for (uint8_t i = needles->first[text.ptr[at]]; i; i = needles->each[i - 1].next) {
            const struct needle *needle = &needles->each[i - 1];
            if ((needle->is_strong || !needs_strong) && stands_at(text, at, needle))
                return true;
        }
    return false;
}

static bool holds_any(const struct needles *needles, struct bytes text)
{
    return holds(needles, text, false);
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
    struct needles needles;

    clear(&needles);
    for (size_t back = 1; back <= SASL_ECHO_ITEMS && back <= step; back++)
        if (challenge[-(ptrdiff_t)back].from == SIDE_CLIENT)
            add_step(&needles, exchange, &challenge[-(ptrdiff_t)back]);
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

/* Where a line that was sent as a command is a credential itself. */
static bool is_secret_line(const struct item *item)
{
    enum verb verb = item->as.command.verb;

    return item->kind == ITEM_COMMAND && item->as.command.is_secret
           && (verb == VERB_AUTH || verb == VERB_UNKNOWN || item->as.command.has_bare_cr);
}

static void add_near(struct needles *needles, const struct sasl_exchange *exchange,
                     const struct sasl_step *step)
{
    add_step(needles, exchange, step);
    if (is_shown_secret(step))
        needles->near[needles->near_count++] = step;
}

/* The secrets in the items close by: a step of each at most. */
static void gather_near(const struct session *session, size_t index, struct needles *needles)
{
    for (size_t back = 0; back < SASL_ECHO_ITEMS && back <= index; back++) {
        const struct item *item = &session->items[index - back];
        const struct sasl_exchange *exchange = sasl_exchange_at(session, index - back);
        if (item->kind == ITEM_SASL)
            add_near(needles, exchange, item->as.sasl);
        if (!is_secret_line(item))
            continue;
        if (item->as.command.has_bare_cr)
            needles->is_blind = true; /* which part of it is the credential is anybody's guess */
        else if (item->as.command.verb != VERB_AUTH)
            add_command(needles, bytes_trim(item->as.command.line));
        else if (exchange && exchange->step_count && exchange->steps[0].from == SIDE_CLIENT)
            add_near(needles, exchange, &exchange->steps[0]);
        else /* "AUTH <token>" */
            add_token(needles, item->as.command.argument);
    }
}

/* An item keeps a copy of its step, in which everything lies where it does in the step. */
static bool is_near(const struct needles *needles, const struct sasl_step *step)
{
    for (size_t i = 0; i < needles->near_count; i++) {
        const struct sasl_step *other = needles->near[i];
        if (other->text.ptr == step->text.ptr && other->decoded.ptr == step->decoded.ptr
            && other->fields == step->fields && other->field_count == step->field_count)
            return true;
    }
    return false;
}

/* How many messages of the exchange, at most MESSAGES, the client had sent with the item at `index`: one each
 * item, up to the next command. */
static size_t messages_until(const struct session *session, const struct sasl_exchange *exchange,
                             size_t index)
{
    size_t count = sasl_has_initial(session, exchange);

    for (size_t i = exchange->command_item + 1u;
         i <= index && count < MESSAGES && session->items[i].kind != ITEM_COMMAND; i++)
        count += session->items[i].kind == ITEM_SASL;
    return count;
}

/* Those of the exchanges before, however far away. */
static void gather_exchanges(const struct session *session, size_t index, struct needles *needles)
{
    const struct sasl_exchange *last = sasl_exchange_at(session, index);
    size_t begun = last ? (size_t)(last - session->exchanges) + 1 : 0;
    bool is_blind = needles->is_blind; /* that is a matter of what stands close by */

    for (size_t back = 0; back < EXCHANGES && back < begun; back++) {
        const struct sasl_exchange *exchange = last - back;
        size_t left = messages_until(session, exchange, index);
        for (size_t i = 0; i < exchange->step_count && left > 0; i++)
            if (exchange->steps[i].from == SIDE_CLIENT) {
                if (!is_near(needles, &exchange->steps[i]))
                    add_step(needles, exchange, &exchange->steps[i]);
                left--;
            }
    }
    needles->is_blind = is_blind;
}

static void gather(const struct session *session, size_t index, struct needles *needles)
{
    clear(needles);
    gather_near(session, index, needles);
    gather_exchanges(session, index, needles);
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
    return item->kind == ITEM_SASL || is_secret_line(item);
}

/* The items that count for the one at `index`: SASL_ECHO_ITEMS up to it. */
static size_t window_begin(size_t index)
{
    return index + 1 > SASL_ECHO_ITEMS ? index + 1 - SASL_ECHO_ITEMS : 0;
}

/* What of a command may repeat a credential: nothing of those that have a place for one, or are withheld. */
static struct bytes suspect_text(const struct command *command)
{
    bool is_other = command->verb == VERB_AUTH || command->verb == VERB_DATA || command->verb == VERB_BDAT;

    if (is_other || command->is_body_line || command->is_secret || command->is_redacted)
        return (struct bytes){ NULL, 0 };
    return command->verb == VERB_UNKNOWN ? command->line : command->argument;
}

/* A command in which a credential comes again: nothing of it is judged but that it was sent. */
static void withhold_command(const struct needles *needles, struct command *command)
{
    if (!holds(needles, suspect_text(command), true))
        return;
    command->is_secret = true;
    command->argument = (struct bytes){ NULL, 0 };
}

static void redact_item(const struct needles *needles, struct item *item)
{
    if (needles->count == 0 && !needles->is_blind)
        return;
    if (item->kind == ITEM_COMMAND)
        withhold_command(needles, &item->as.command);
    if (!item->reply)
        return;
    redact_echo(needles, item->reply);
    for (uint32_t i = 0; i < item->more_count; i++)
        redact_echo(needles, item->more_replies[i]);
}

/* Whether there is anything in which a secret could come again. */
static bool can_echo(const struct item *item)
{
    return item->reply || (item->kind == ITEM_COMMAND && suspect_text(&item->as.command).len >= STRONG_LEAST);
}

/* The newest and the oldest secret near an item; SIZE_MAX: there is none. */
struct span {
    size_t oldest;
    size_t newest;
};

static struct span span_at(const struct session *session, size_t index)
{
    struct span span = { SIZE_MAX, SIZE_MAX };

    for (size_t i = window_begin(index); i <= index; i++)
        if (is_secret_item(&session->items[i])) {
            span.oldest = span.oldest == SIZE_MAX ? i : span.oldest;
            span.newest = i;
        }
    return span;
}

/* Needles are made anew only where the secrets near an item, or far, are others than for the one before. */
void sasl_withhold_items(struct session *session, size_t begin, size_t end)
{
    struct needles needles; /* cleared before it is read, for made_for is none */
    struct span made_for = { SIZE_MAX, SIZE_MAX };
    const struct sasl_exchange *made_behind = NULL;

    for (size_t i = begin; i < end; i++) {
        sasl_mark_item(session, i);
        session->has_credential = session->has_credential || is_secret_item(&session->items[i]);
        const struct sasl_exchange *exchange = sasl_exchange_at(session, i);
        if ((!exchange && !session->has_credential) || !can_echo(&session->items[i]))
            continue; /* as in most sessions: older items are not even looked at */
        struct span span = span_at(session, i);
        if (!exchange && span.newest == SIZE_MAX)
            continue;
        if (span.oldest != made_for.oldest || span.newest != made_for.newest || exchange != made_behind) {
            gather(session, i, &needles);
            made_for = span;
            made_behind = exchange;
        }
        redact_item(&needles, &session->items[i]);
    }
}
