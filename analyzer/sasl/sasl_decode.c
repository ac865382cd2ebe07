/* The decoding of the steps of an exchange: base64 off, shape, fields, and what of it is a secret. */
#include "base/escape.h"
#include "base/limits.h"
#include "sasl/sasl_rows.h"

bool sasl_reads_as_command(struct bytes line)
{
    struct command_line command = command_line_parse(line);
    struct bytes argument = command.argument;
    bool is_one_word = bytes_find(argument, ' ') == SIZE_MAX && bytes_find(argument, '\t') == SIZE_MAX;

    switch (command.verb) {
    case VERB_MAIL:
        return bytes_starts_nocase(argument, BYTES("FROM:"));
    case VERB_RCPT:
        return bytes_starts_nocase(argument, BYTES("TO:"));
    case VERB_EHLO:
    case VERB_HELO:
    case VERB_LHLO:
        return is_one_word && argument.len > 0;
    case VERB_AUTH: /* with an initial response it holds a credential */
        return is_one_word && sasl_mechanism_find(argument) != NULL;
    case VERB_DATA:
    case VERB_RSET:
    case VERB_QUIT:
    case VERB_NOOP:
    case VERB_STARTTLS:
        return argument.len == 0;
    case VERB_BDAT:
    case VERB_HELP:
    case VERB_VRFY:
    case VERB_EXPN:
    case VERB_ETRN:
    case VERB_ATRN:
    case VERB_TURN:
    case VERB_SEND:
    case VERB_SOML:
    case VERB_SAML:
    case VERB_XCLIENT:
    case VERB_XFORWARD:
    case VERB_BURL:
    case VERB_UNKNOWN:
    case VERB_COUNT:
        break;
    }
    return false;
}

static void note_shape(struct sasl_step *step, struct bytes decoded)
{
    step->decoded_length = decoded.len;
    step->nul_count = 0;
    for (size_t i = 0; i < decoded.len; i++)
        step->nul_count += decoded.ptr[i] == 0;
    step->is_utf8 = escape_is_utf8(decoded);
    step->has_trailing_newline =
        decoded.len > 0 && (decoded.ptr[decoded.len - 1] == '\n' || decoded.ptr[decoded.len - 1] == '\r');
}

/* Base64 off; "=" is the empty initial response (RFC 4954 4), and nowhere else base64.  What does not decode
 * strictly is taken loosely, so that it can be said what was meant. */
static void take_base64_off(const struct sasl_context *context, struct sasl_step *step, struct buf *out)
{
    size_t at = 0;

    if (context->is_initial && bytes_equal(step->text, BYTES("=")))
        return;
    step->problem = base64_decode(step->text, out, &at);
    step->problem_at = at;
    if (step->problem != BASE64_FINE) {
        buf_clear(out);
        if (!base64_decode_loose(step->text, out))
            buf_clear(out);
    }
}

static void decode_fields(const struct sasl_mechanism *mechanism, const struct sasl_context *context,
                          struct sasl_step *step, struct bytes message, struct arena *arena)
{
    struct sasl_fields fields = { arena, step };
    struct err err = { .code = ERR_NONE };

    if (mechanism->decode(context, message, &fields, &err) || err.code != ERR_INPUT)
        return;
    struct bytes why = { (const uint8_t *)err.text, strlen(err.text) + 1 }; /* with its NUL */
    why = arena_copy(arena, why);
    step->malformed = why.len ? (const char *)why.ptr : "the message breaks the grammar of its mechanism";
}

/* A client's message is a secret unless it was read in full and all that it holds is public.  One of a
 * mechanism that is not known may hold anything. */
static bool is_public(const struct sasl_step *step)
{
    for (uint32_t i = 0; i < step->field_count; i++)
        if (step->fields[i].is_secret)
            return false;
    if (step->length == 0 || bytes_equal(step->text, BYTES("=")))
        return true;
    if (step->problem != BASE64_FINE || step->malformed || step->text.len < step->length)
        return false;
    return step->field_count > 0;
}

/* What was meant.  Servers say in clear what is due in base64 ("334 ntlm supported"): blanks tell it. */
static struct bytes content_of(const struct sasl_step *step)
{
    bool is_clear = step->from == SIDE_SERVER && step->problem != BASE64_FINE
                    && bytes_find(bytes_trim(step->text), ' ') != SIZE_MAX;

    return step->decoded.len && !is_clear ? step->decoded : step->text;
}

/* What is equal in equal credentials: the one secret field, or the whole message where it cannot be read. */
static struct bytes essence_of(const struct sasl_step *step)
{
    for (uint32_t i = 0; i < step->field_count; i++)
        if (step->fields[i].is_secret)
            return step->fields[i].value;
    return content_of(step);
}

/* Where the mechanism does not tell: what it looks like. */
static void note_content(struct sasl_step *step, struct arena *arena)
{
    struct sasl_fields fields = { arena, step };
    const char *name = sasl_recognise(step->from, content_of(step));

    if (name)
        (void)sasl_fields_add_text(&fields, "looks-like", name);
}

static void decode_step(struct session *session, const struct sasl_mechanism *mechanism,
                        const struct sasl_context *context, struct sasl_step *step)
{
    struct buf decoded;
    bool is_client = step->from == SIDE_CLIENT;

    step->is_decoded = true;
    step->is_secret = false;
    if (is_client && !context->is_initial
        && (bytes_equal(step->text, BYTES("*")) || sasl_reads_as_command(step->text)))
        return;
    buf_init(&decoded, LIMIT_SASL_TOKEN);
    take_base64_off(context, step, &decoded);
    note_shape(step, buf_bytes(&decoded));
    step->decoded = arena_copy(&session->arena, buf_bytes(&decoded));
    bool is_whole = step->decoded.len == decoded.len && decoded.ok && step->text.len == step->length;
    struct bytes message = is_client || step->problem == BASE64_FINE ? step->decoded : content_of(step);
    if (mechanism && is_whole && (step->problem == BASE64_FINE || message.len > 0))
        decode_fields(mechanism, context, step, message, &session->arena);
    if (is_client) {
        step->is_secret = !is_public(step);
        step->slips = is_whole ? sasl_slips_of(mechanism, context, step) : 0;
    } else if (sasl_proves_server(step->text) || sasl_proves_server(step->decoded)) {
        step->is_secret = true;
    }
    if (!mechanism || step->malformed)
        note_content(step, &session->arena);
    if (decoded.ptr)
        explicit_bzero(decoded.ptr, decoded.cap);
    buf_release(&decoded);
}

void sasl_decode_orphan(struct session *session, struct sasl_step *step)
{
    const struct sasl_context context = { .from = SIDE_CLIENT, .is_after_gap = true };

    decode_step(session, NULL, &context, step);
}

/* Steps of no exchange that is meant to be one. */
static void conceal_step(struct sasl_step *step)
{
    step->is_decoded = true;
    step->is_secret = step->is_secret || step->from == SIDE_CLIENT;
}

/* "AUTH <token>": the name of the mechanism was forgotten.  A name has up to 20 letters, digits, hyphens and
 * underscores (RFC 4422 3.1); letters of one case, in practice. */
static bool is_token_for_name(struct bytes word)
{
    bool has_lower = false, has_upper = false, has_mark = false;

    for (size_t i = 0; i < word.len; i++) {
        uint8_t c = word.ptr[i];
        bool is_letter = ascii_upper(c) >= 'A' && ascii_upper(c) <= 'Z';
        if (!is_letter && !ascii_is_digit(c) && c != '-' && c != '_')
            return true;
        has_lower = has_lower || (is_letter && c >= 'a');
        has_upper = has_upper || (is_letter && c < 'a');
        has_mark = has_mark || c == '-' || c == '_';
    }
    return word.len > 20 || (has_lower && has_upper && !has_mark && word.len >= 8 && word.len % 4 == 0);
}

/* An initial response makes the command line a credential, whatever it holds; "=" holds nothing. */
static void mark_command(struct sasl_exchange *exchange, struct command *command, bool is_known)
{
    struct command_line taken_apart = command_line_parse(command->argument); /* "MECHANISM response" */
    struct bytes response = taken_apart.argument;

    if (command->is_redacted)
        return;
    if (response.len > 0 && !bytes_equal(response, BYTES("=")))
        command->is_secret = true;
    if (!is_known && is_token_for_name(taken_apart.word)) {
        command->is_secret = true;
        exchange->mechanism = (struct bytes){ NULL, 0 };
    }
}

/* The item of the next response, or NULL; tells of bytes missing on the way to it. */
static struct item *next_response(struct session *session, size_t *at, bool *is_after_gap)
{
    while (++*at < session->item_count) {
        struct item *item = &session->items[*at];
        if (item->kind == ITEM_COMMAND)
            break;
        *is_after_gap = *is_after_gap || item->kind == ITEM_GAP || item->is_after_gap;
        if (item->kind == ITEM_SASL)
            return item;
    }
    *at = session->item_count;
    return NULL;
}

bool sasl_has_initial(const struct session *session, const struct sasl_exchange *exchange)
{
    const struct command *command = &session->items[exchange->command_item].as.command;
    const struct sasl_step *first = exchange->steps;

    return exchange->step_count > 0 && first->from == SIDE_CLIENT
           && (command->is_redacted || command_line_parse(command->argument).argument.len > 0);
}

/* A login that went well with a password like its user name is nobody's business. */
static void forget_places(struct sasl_exchange *exchange)
{
    for (size_t i = 0; i < exchange->step_count; i++)
        exchange->steps[i].slips &= ~(1u << SASL_SLIP_SAME_AS_NAME | 1u << SASL_SLIP_NAME_AS_PASSWORD);
}

static bool succeeded(const struct sasl_exchange *exchange)
{
    return exchange->last_reply && exchange->last_reply->code / 100 == 2;
}

/* The items of responses hold copies of their steps. */
static void copy_to_items(struct session *session, const struct sasl_exchange *exchange, size_t count,
                          bool has_initial)
{
    size_t at = exchange->command_item;
    bool is_after_gap = false;

    for (size_t i = has_initial; i < count; i++) {
        if (exchange->steps[i].from != SIDE_CLIENT)
            continue;
        struct item *item = next_response(session, &at, &is_after_gap);
        if (!item)
            return;
        if (item->as.sasl->length == exchange->steps[i].length && !item->as.sasl->is_redacted)
            *item->as.sasl = exchange->steps[i];
    }
}

bool sasl_decode_steps(struct session *session, struct sasl_exchange *exchange,
                       struct secret_ordinals *ordinals, bool is_over)
{
    const struct sasl_mechanism *mechanism = sasl_mechanism_find(exchange->mechanism);
    size_t count = exchange->step_count, at = exchange->command_item;
    struct sasl_context context = { .exchange = exchange };
    unsigned said[2] = { 0, 0 };

    if (at >= session->item_count || session->items[at].kind != ITEM_COMMAND)
        return true;
    bool has_initial = sasl_has_initial(session, exchange);
    mark_command(exchange, &session->items[at].as.command, mechanism != NULL);
    for (; count > SASL_STEPS_DECODED && !exchange->steps[count - 1].is_decoded; count--)
        conceal_step(&exchange->steps[count - 1]);
    count = count < SASL_STEPS_DECODED ? count : SASL_STEPS_DECODED;
    for (size_t i = 0; i < count; i++) {
        struct sasl_step *step = &exchange->steps[i];
        context.from = step->from;
        context.is_initial = has_initial && i == 0;
        context.index = said[step->from == SIDE_SERVER]++;
        context.prompt = i > 0 && step[-1].from == SIDE_SERVER ? &step[-1] : NULL;
        if (step->from == SIDE_CLIENT && !context.is_initial)
            (void)next_response(session, &at, &context.is_after_gap);
        if (step->is_decoded || step->is_hidden)
            continue;
        decode_step(session, mechanism, &context, step);
        if (step->is_secret)
            step->secret_ordinal = secret_ordinal(ordinals, essence_of(step));
        if (step->from == SIDE_SERVER)
            sasl_redact_echoing_challenge(exchange, i);
    }
    is_over = is_over || (exchange->last_reply && exchange->last_reply->code != 334);
    if (succeeded(exchange))
        forget_places(exchange);
    else if (is_over)
        sasl_withhold_shifted(session, exchange);
    copy_to_items(session, exchange, count, has_initial);
    return true;
}

bool sasl_decode_exchange(struct session *session, struct sasl_exchange *exchange,
                          struct secret_ordinals *ordinals)
{
    return sasl_decode_steps(session, exchange, ordinals, false);
}
