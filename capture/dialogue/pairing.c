/* Which reply answers what: in order, and never before the server can have read the question. */
#include "dialogue/state.h"
#include "smtp/extension.h"
#include "smtp/letters.h"

enum {
    PENDING_FIRST = 4, /* MAIL, RCPT and DATA as one group */
    SHORTEST_REPLY = 8 /* "250 OK" */
};

static struct expectation *at(struct dialogue *d, uint32_t i)
{
    return &d->pending[(d->pending_first + i) % d->pending_cap];
}

const struct expectation *pairing_at(const struct dialogue *d, uint32_t i)
{
    return &d->pending[(d->pending_first + i) % d->pending_cap];
}

static bool grow(struct dialogue *d)
{
    uint32_t cap = d->pending_cap ? d->pending_cap * 2 : PENDING_FIRST;

    if (cap > LIMIT_PENDING)
        return false;
    struct expectation *ring = ARENA_ARRAY(&d->session->arena, struct expectation, cap);
    if (!ring)
        return false;
    for (uint32_t i = 0; i < d->pending_count; i++)
        ring[i] = *at(d, i);
    d->pending = ring;
    d->pending_cap = cap;
    d->pending_first = 0;
    return true;
}

void pairing_expect(struct dialogue *d, enum expect_kind kind, uint32_t item, uint64_t end_offset,
                    uint32_t count)
{
    if (d->pending_count == d->pending_cap && !grow(d)) {
        d->session->is_truncated = true;
        return;
    }
    d->pending_count++;
    *at(d, d->pending_count - 1) =
        (struct expectation){ .kind = kind, .item = item, .end_offset = end_offset, .remaining = count };
}

static void pop(struct dialogue *d)
{
    d->pending_first = (d->pending_first + 1) % d->pending_cap;
    d->pending_count--;
    if (d->clear_pending > 0)
        d->clear_pending--;
}

void pairing_drop_first(struct dialogue *d)
{
    pop(d);
}

void pairing_forget_clear(struct dialogue *d)
{
    while (d->clear_pending > 0 && d->pending_count > 0)
        pop(d);
    d->clear_pending = 0;
}

static void add_reply_item(struct dialogue *d, enum item_kind kind, struct reply *reply)
{
    struct item *item = session_add_item(d->session, kind);

    if (!item)
        return;
    item->first = reply->first;
    item->at = reply->at;
    item->reply = reply;
    item->is_after_gap = reply->is_after_gap;
    dialogue_changed(d, CHANGE_ITEM_ADDED, item_index(d, item));
}

static bool offers_chunking(struct bytes line)
{
    return line.len >= LETTERS_PACKED
           && (letters_of(line) == LETTERS("CHUNKING") || ascii_is_blank(line.ptr[0]))
           && bytes_equal_nocase(bytes_trim(line), BYTES("CHUNKING"));
}

/* An EHLO or LHLO that was accepted: what the server offers from here on. */
static void note_hello(struct dialogue *d, enum verb verb, const struct reply *reply)
{
    d->offers_chunking = false;
    d->saw_ehlo = verb != VERB_HELO;
    d->recipients = 0;
    for (uint32_t i = 1; i < reply->line_count && verb != VERB_HELO; i++)
        d->offers_chunking = d->offers_chunking || offers_chunking(reply->lines[i]);
    d->session->protocol = verb == VERB_LHLO ? PROTOCOL_LMTP : PROTOCOL_SMTP;
}

static void note_accepted(struct dialogue *d, enum verb verb, const struct reply *reply)
{
    switch (verb) {
    case VERB_EHLO:
    case VERB_HELO:
    case VERB_LHLO:
        note_hello(d, verb, reply);
        break;
    case VERB_MAIL:
    case VERB_RSET:
        d->recipients = 0;
        break;
    case VERB_RCPT:
        d->recipients++;
        break;
    case VERB_DATA:
    case VERB_BDAT:
    case VERB_NOOP:
    case VERB_HELP:
    case VERB_VRFY:
    case VERB_EXPN:
    case VERB_QUIT:
    case VERB_AUTH:
    case VERB_STARTTLS:
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
}

static struct sasl_exchange *open_exchange(struct dialogue *d)
{
    struct session *session = d->session;

    return d->has_exchange && session->exchange_count ? &session->exchanges[session->exchange_count - 1]
                                                      : NULL;
}

static void add_challenge(struct dialogue *d, struct reply *reply)
{
    struct session *session = d->session;
    struct sasl_exchange *exchange = open_exchange(d);

    if (!exchange)
        return;
    exchange->last_reply = reply;
    struct sasl_step *step = reply->code == 334 ? session_add_step(session, exchange) : NULL;
    if (step) {
        step->from = SIDE_SERVER;
        step->at = reply->at;
        step->text = reply->line_count ? reply->lines[0] : (struct bytes){ NULL, 0 };
        step->length = step->text.len;
    }
}

/* The reply that decides how the client's next bytes are read. */
static void decide_hold(struct dialogue *d, enum verb verb, const struct reply *reply)
{
    switch (d->hold.reason) {
    case HOLD_DATA:
        d->guesses_content = false;
        if (reply->code / 100 == 3) {
            content_begin(d, d->held_item, false);
            client_resume(d, CLIENT_CONTENT);
        } else {
            d->expects_body_lines = true;
            client_resume(d, CLIENT_COMMANDS);
        }
        break;
    case HOLD_AUTH:
        if (reply->code != 334 && d->server_hole_end > 0 && d->hold.first)
            hold_decide_by_reading(d); /* a 334 before it may be missing, and what is held answer that */
        else
            client_resume(d, reply->code == 334 ? CLIENT_SASL : CLIENT_COMMANDS);
        break;
    case HOLD_STARTTLS: {
        bool is_tls = reply->code == 220 && (!d->hold.first || bytes_are_tls(d->hold.first->chunk.data));
        client_resume(d, is_tls && d->hold.first ? CLIENT_TLS : CLIENT_COMMANDS);
        break;
    }
    case HOLD_BDAT:
        bdat_answered(d, reply);
        break;
    case HOLD_NONE:
    case HOLD_BDAT_REFUSED:
    case HOLD_VARIANT:
    case HOLD_CONTENT_GAP:
    case HOLD_UNSURE:
        (void)verb;
        break;
    }
}

static void add_more(struct dialogue *d, struct item *item, struct reply *reply)
{
    struct reply **more = ARENA_ARRAY(&d->session->arena, struct reply *, item->more_count + 1);

    if (!more)
        return;
    if (item->more_count)
        memcpy(more, item->more_replies, item->more_count * sizeof *more);
    more[item->more_count++] = reply;
    item->more_replies = more;
}

bool pairing_reply_says(const struct reply *reply, struct bytes word)
{
    for (uint32_t i = 0; i < reply->line_count; i++)
        if (bytes_find_nocase(reply->lines[i], word) != SIZE_MAX)
            return true;
    return false;
}

static void answer(struct dialogue *d, struct reply *reply)
{
    struct expectation expected = *at(d, 0);
    struct item *item = &d->session->items[expected.item];
    enum verb verb = expected.kind == EXPECT_COMMAND ? item->as.command.verb : VERB_UNKNOWN;
    bool decides = d->mode == CLIENT_HELD && d->held_item == expected.item && !item->reply;

    if (item->reply)
        add_more(d, item, reply);
    else
        item->reply = reply;
    bool is_of_verb =
        expected.kind == EXPECT_COMMAND && reply->code / 10 == 50; /* RFC 5321 4.2.3: not of a recipient */
    if (expected.remaining > 1 && !is_of_verb)
        at(d, 0)->remaining--;
    else
        pop(d);
    if (expected.kind == EXPECT_COMMAND && reply->code / 100 == 2) {
        note_accepted(d, verb, reply);
        d->may_be_astray = d->may_be_astray && (d->lost_client_bytes || expected.is_uncertain);
    } else if ((verb == VERB_EHLO || verb == VERB_HELO)
               && (pairing_reply_says(reply, BYTES("LHLO")) || pairing_reply_says(reply, BYTES("LMTP"))))
        d->session->protocol = PROTOCOL_LMTP;
    if (expected.kind == EXPECT_SASL || verb == VERB_AUTH)
        add_challenge(d, reply);
    dialogue_changed(d, CHANGE_REPLY_ADDED, expected.item);
    if (decides)
        decide_hold(d, verb, reply);
}

/* A server may refuse a line at an octet that begins no command, and drop the rest of it when that comes
 * (Dovecot, which so answers the end of a chunk that it reads as lines). */
static bool answers_begun_line(const struct dialogue *d, const struct reply *reply, uint64_t acked)
{
    return d->client_line.is_begun && d->mode == CLIENT_COMMANDS && reply->code / 10 == 50
           && acked >= d->client_offset;
}

void pairing_answer_early(struct dialogue *d)
{
    struct reply *reply = d->early;

    d->early = NULL;
    if (d->pending_count == 1)
        answer(d, reply);
    else /* a ceiling was reached */
        add_reply_item(d, ITEM_REPLY, reply);
}

void pairing_leave_early(struct dialogue *d)
{
    struct reply *reply = d->early;

    d->early = NULL;
    if (reply)
        add_reply_item(d, ITEM_REPLY, reply);
}

/* Whether the first question that is open can be answered with 220 otherwise. */
static bool awaits_220(struct dialogue *d)
{
    if (d->pending_count == 0 || at(d, 0)->kind != EXPECT_COMMAND)
        return false;
    enum verb verb = d->session->items[at(d, 0)->item].as.command.verb;
    return verb == VERB_STARTTLS || verb == VERB_XCLIENT;
}

/* The first reply greets, unless it answers something: a server that never greets, a capture that begins
 * later, a greeting that is missing. */
static bool is_greeting(struct dialogue *d, const struct reply *reply)
{
    if (d->has_greeting || reply->ordinal != 1 || (reply->code != 220 && d->server_hole_end > 0))
        return false;
    bool can_greet = reply->code == 220 || reply->code / 100 >= 4;
    if (d->session->is_midstream || !d->flow->side[!d->client_direction].saw_syn)
        return reply->code == 220 && !awaits_220(d);
    return can_greet ? !awaits_220(d) : d->pending_count == 0;
}

static void take_greeting(struct dialogue *d, struct reply *reply)
{
    d->has_greeting = true;
    if (pairing_reply_says(reply, BYTES("LMTP")) && !pairing_reply_says(reply, BYTES("SMTP")))
        d->session->protocol = PROTOCOL_LMTP;
    add_reply_item(d, ITEM_GREETING, reply);
}

/* The server cannot have answered what it had not received, as far as its acknowledgments can be believed. */
static bool can_answer(const struct dialogue *d, const struct expectation *expected,
                       const struct reply *reply, uint64_t acked)
{
    return acked == UINT64_MAX || !d->acks_work || acked >= expected->end_offset || reply->code == 421;
}

/* What is missing of a content may be its end, and questions behind that: where replies are missing since it
 * began, the one to it may be among them. */
static bool may_be_answered(const struct dialogue *d, const struct expectation *expected)
{
    const struct session *session = d->session;

    return expected->kind == EXPECT_CONTENT && d->server_hole_end > d->content.server_said
           && session->messages[session->items[expected->item].as.content.message].missing_bytes > 0;
}

/* What was sent right behind an AUTH is held, and may be a question of its own that the server has read. */
static bool holds_question(struct dialogue *d, uint64_t acked)
{
    return d->hold.reason == HOLD_AUTH && d->hold.first && !d->hold.first->is_hole
           && acked > at(d, 0)->end_offset;
}

/* Behind a hole in the server's bytes: with one question open it is the answer, with several nobody knows.
 * Up to the first reply the greeting is due as well, which no command asks for. */
static bool is_ambiguous(struct dialogue *d, const struct reply *reply, uint64_t acked)
{
    bool may_greet = !d->has_greeting && reply->ordinal == 1;
    bool has_more = d->pending_count > 1 ? acked == UINT64_MAX || acked >= at(d, 1)->end_offset
                                         : holds_question(d, acked);

    if (may_be_answered(d, at(d, 0)))
        return true;
    return at(d, 0)->is_uncertain && (may_greet || has_more);
}

/* Questions cannot be told from each other by counting, until the client begins another flight than its next.
 */
static void lose_count(struct dialogue *d)
{
    d->lost_client_bytes = true;
    d->has_lost = true;
    d->may_be_astray = true;
    d->lost_since = UINT64_MAX;
}

/* What was asked; of a SASL response, the AUTH. */
static enum verb verb_of(const struct dialogue *d, const struct expectation *expected)
{
    const struct item *item = &d->session->items[expected->item];

    if (expected->kind == EXPECT_SASL)
        return VERB_AUTH;
    return expected->kind == EXPECT_COMMAND ? item->as.command.verb : VERB_UNKNOWN;
}

/* The answer to EHLO or LHLO, or the end of one.  postscreen says the same in a greeting whose codes differ.
 */
static bool is_offer(const struct dialogue *d, const struct reply *reply)
{
    bool may_greet = !d->has_greeting && reply->ordinal == 1 && !d->session->is_midstream;

    for (uint32_t i = reply->is_after_gap ? 0 : 1; i < reply->line_count && reply->code == 250 && !may_greet;
         i++)
        if (extension_parse(reply->lines[i]) != EXTENSION_NONE)
            return true;
    return false;
}

/* Whether the reply can be an answer to the question. */
static bool fits(const struct dialogue *d, const struct expectation *expected, const struct reply *reply)
{
    enum verb verb = verb_of(d, expected);

    if (is_offer(d, reply))
        return verb == VERB_EHLO || verb == VERB_LHLO;
    return verb_takes_code(verb, reply->code);
}

/* The first open question to which the reply, which belongs to a few alone, is an answer; UINT32_MAX: none.
 */
static uint32_t find_pending(struct dialogue *d, const struct reply *reply)
{
    for (uint32_t i = 0; i < d->pending_count; i++)
        if (at(d, i)->kind != EXPECT_CONTENT && fits(d, at(d, i), reply))
            return i;
    return UINT32_MAX;
}

/* A hole shows itself, a line that a log lacks does not. */
static bool may_lack_answer(const struct dialogue *d, const struct expectation *expected)
{
    return expected->is_uncertain || d->session->log;
}

/* Questions whose answer is among what is missing, because this cannot be it.  Where it is the end of a
 * content that it answers, the 354 is. */
static void skip_missing_answers(struct dialogue *d, const struct reply *reply)
{
    while (d->pending_count > 0 && may_lack_answer(d, at(d, 0)) && at(d, 0)->kind != EXPECT_CONTENT
           && !fits(d, at(d, 0), reply)) {
        bool is_held = d->mode == CLIENT_HELD && d->held_item == at(d, 0)->item && d->hold.first;
        pop(d);
        if (is_held && d->hold.reason == HOLD_DATA && hold_has_end(d)) {
            content_begin(d, d->held_item, false);
            client_resume(d, CLIENT_CONTENT);
        } else if (is_held) {
            hold_decide_by_reading(d);
        }
    }
}

static bool says_its_question(const struct dialogue *d, const struct reply *reply)
{
    uint16_t code = reply->code;

    return code / 100 == 3 || code == 220 || code == 221 || code == 235 || is_offer(d, reply);
}

bool pairing_takes(const struct dialogue *d, uint32_t i, const struct reply *reply)
{
    return fits(d, pairing_at(d, i), reply);
}

bool pairing_is_named(const struct dialogue *d, uint32_t i, const struct reply *reply)
{
    return says_its_question(d, reply) && pairing_takes(d, i, reply);
}

/* Its answer is among what is missing, and so may be another question of the same kind: neither is known. */
static void drop_answered(struct dialogue *d)
{
    bool is_held = d->mode == CLIENT_HELD && d->held_item == at(d, 0)->item;

    pop(d);
    if (is_held && d->hold.first)
        hold_decide_by_reading(d);
    else if (is_held)
        client_resume(d, CLIENT_COMMANDS);
}

/* The question that the reply names, if the answers to those before it can be missing: a 221 may come out of
 * turn. */
static uint32_t find_named(struct dialogue *d, const struct reply *reply)
{
    uint32_t found = says_its_question(d, reply) ? find_pending(d, reply) : UINT32_MAX;
    bool is_in_turn = reply->code != 221 || found == 0;

    return found != UINT32_MAX && (is_in_turn || may_lack_answer(d, at(d, 0))) ? found : UINT32_MAX;
}

/* What was no command may have been the begin of a line that ends behind it, where what was said before is
 * missing. */
static bool may_be_amid_line(const struct dialogue *d, const struct reply *reply)
{
    bool lacks_begin = d->lost_client_bytes || (d->session->is_midstream && d->session->command_count == 0);

    return reply->code == 500 && d->pending_count == 0 && lacks_begin;
}

/* It answers nothing that is known. */
static void add_stray(struct dialogue *d, struct reply *reply)
{
    pairing_leave_early(d);
    add_reply_item(d, ITEM_REPLY, reply);
    if (d->mode == CLIENT_SASL && reply->code != 334)
        d->mode = CLIENT_COMMANDS; /* the exchange is over, of which only prompts were seen */
}

/* Behind missing bytes a reply is paired only where its code leaves no choice.  A 354 or 334 tells how to
 * read on even when the command that it answers is among what is missing. */
static void take_behind_hole(struct dialogue *d, struct reply *reply)
{
    uint32_t found = find_named(d, reply);

    bool is_of_missing = found != UINT32_MAX && d->lost_client_bytes && at(d, found)->is_uncertain;
    if (found != UINT32_MAX) {
        d->last_named = reply->ordinal;
        while (found-- > 0)
            pop(d);
        if (!is_of_missing) {
            answer(d, reply);
            return;
        }
        drop_answered(d);
    }
    add_stray(d, reply);
    bool is_off = d->pending_count > 1 || !says_its_question(d, reply);
    if (is_off && (!d->lost_client_bytes || may_be_amid_line(d, reply)))
        lose_count(d); /* one of them is answered now, or what came before, and which one is not known */
    if ((reply->code != 354 && reply->code != 334) || d->mode == CLIENT_CONTENT || d->mode == CLIENT_CHUNK
        || d->mode == CLIENT_TLS)
        return;
    if (reply->code == 354)
        content_begin(d, UINT32_MAX, true);
    else
        d->has_exchange = false;
    client_resume(d, reply->code == 354 ? CLIENT_CONTENT : CLIENT_SASL);
}

/* The server takes the variant for the end, unless it is an end that is missing that it answers. */
static void end_at_variant(struct dialogue *d)
{
    if (d->hold.is_mixed) {
        content_go_on(d);
        client_resume(d, CLIENT_CONTENT);
    } else {
        content_end(d, true, d->session->messages[d->content.message].last);
        client_resume(d, CLIENT_COMMANDS);
    }
}

static bool is_open_at(const struct dialogue *d, enum hold_reason reason)
{
    return d->mode == CLIENT_HELD && d->hold.reason == reason && d->pending_count == 0;
}

/* A content ends where the server answers it, if that was not known before; behind a hole that may be at a
 * variant. */
static void end_held_content(struct dialogue *d, const struct reply *reply)
{
    if (is_open_at(d, HOLD_VARIANT))
        end_at_variant(d);
    if (!is_open_at(d, HOLD_CONTENT_GAP))
        return;
    hold_end_content(d, reply->at);
    if (is_open_at(d, HOLD_VARIANT))
        end_at_variant(d);
}

/* An LMTP server that has said goodbye, or what is no report, owes no more reports on the recipients of a
 * content. */
static void skip_missing_reports(struct dialogue *d, const struct reply *reply)
{
    bool is_none = reply->code == 221 || reply->code == 503 || reply->code / 100 == 3;

    while (is_none && d->pending_count > 1 && at(d, 0)->kind == EXPECT_CONTENT
           && d->session->items[at(d, 0)->item].reply)
        pop(d);
}

/* What was read as content because the reply to DATA is missing was refused line by line, perhaps. */
static bool contradicts_guess(struct dialogue *d, const struct reply *reply)
{
    return d->guesses_content && d->pending_count > 0 && at(d, 0)->kind == EXPECT_CONTENT
           && (reply->code / 100 != 2 || reply->code == 221);
}

/* Some servers say nothing to a response that cancels (qpsmtpd): then the reply answers what came behind it.
 */
static bool passes_over_response(struct dialogue *d, const struct reply *reply, uint64_t acked)
{
    return d->mode == CLIENT_HELD && d->pending_count == 1 && at(d, 0)->kind == EXPECT_SASL
           && reply->code / 100 == 2 && !verb_takes_code(VERB_AUTH, reply->code) && acked != UINT64_MAX
           && holds_question(d, acked);
}

/* What is held is read first, where the reply tells how. */
static void settle_hold(struct dialogue *d, const struct reply *reply, uint64_t acked)
{
    given_up_release(d, reply);
    if (d->hold.reason == HOLD_UNSURE)
        unsure_decide(d, acked, reply->code);
    while (d->awaits_behind_hole && d->hold.reason == HOLD_AUTH)
        hold_decide_response(d, reply); /* of several in a row too: each takes a line at least */
    if (passes_over_response(d, reply, acked)) {
        pop(d);
        client_resume(d, CLIENT_COMMANDS);
    }
    end_held_content(d, reply);
}

/* Something is missing somewhere.  Whether that leaves more than one answer to what the reply belongs to, or
 * shows that it belongs to none that is known. */
static bool is_of_missing(struct dialogue *d, const struct reply *reply, uint64_t acked)
{
    bool says_question = says_its_question(d, reply);

    if (contradicts_guess(d, reply))
        lose_count(d);
    if (!says_question)
        skip_missing_answers(d, reply);
    if (d->pending_count == 0)
        return d->lost_client_bytes || reply->code == 334
               || reply->code == 354; /* which tell how to read on */
    const struct expectation *first = at(d, 0);
    if (d->lost_client_bytes || (says_question && first->is_uncertain) || is_ambiguous(d, reply, acked))
        return true;
    return first->kind != EXPECT_CONTENT && !fits(d, first, reply);
}

/* Nothing that is known was asked. */
static void take_unasked(struct dialogue *d, struct reply *reply, uint64_t acked)
{
    if (!d->early && answers_begun_line(d, reply, acked) && !may_be_amid_line(d, reply)) {
        d->early = reply;
        return;
    }
    add_stray(d, reply);
    if (may_be_amid_line(d, reply))
        lose_count(d);
}

void pairing_reply(struct dialogue *d, struct reply *reply, uint64_t acked)
{
    if (is_greeting(d, reply)) {
        if (d->hold.reason == HOLD_UNSURE && d->hold.first) /* it was said before the greeting */
            unsure_decide(d, acked, reply->code);
        take_greeting(d, reply);
        return;
    }
    if (d->hold.reason != HOLD_NONE)
        settle_hold(d, reply, acked);
    if (d->pending_count > 1)
        given_up_drop(d, reply);
    if (d->session->protocol == PROTOCOL_LMTP)
        skip_missing_reports(d, reply);
    if (d->has_lost && is_of_missing(d, reply, acked))
        take_behind_hole(d, reply);
    else if (d->pending_count == 0)
        take_unasked(d, reply, acked);
    else if (!can_answer(d, at(d, 0), reply, acked))
        add_reply_item(d, ITEM_REPLY, reply);
    else
        answer(d, reply);
}

/* What the client sends when it has seen more than now is of a later flight. */
void pairing_client_hole(struct dialogue *d)
{
    d->lost_client_bytes = true;
    d->has_lost = true;
    d->may_be_astray = true;
    d->lost_since = d->server_offset;
}

void pairing_skip_held(struct dialogue *d)
{
    while (d->pending_count > 0 && at(d, 0)->is_uncertain && at(d, 0)->item <= d->held_item)
        pop(d);
}

void pairing_mark_uncertain(struct dialogue *d, uint64_t acked)
{
    if (d->lost_server_bytes && d->pending_count > 0 && acked != UINT64_MAX && acked < d->server_hole_end)
        at(d, d->pending_count - 1)->is_uncertain = true;
}

void pairing_server_hole(struct dialogue *d)
{
    d->has_lost = true;
    d->may_be_astray = true;
    for (uint32_t i = 0; i < d->pending_count; i++)
        at(d, i)->is_uncertain = true;
    if (d->awaits_behind_hole && d->hold.reason == HOLD_AUTH)
        hold_decide_by_reading(d); /* the reply that would have told is missing as well */
}

/* A client that spoke before the greeting and goes on having seen all there was: what it asked first was
 * answered inside the greeting, as some servers do, or not at all. */
void pairing_early_talker_went_on(struct dialogue *d, uint64_t acked)
{
    if (d->has_greeting && d->pending_count == 1 && d->reply_count == 1 && acked != UINT64_MAX
        && acked >= d->server_offset && at(d, 0)->kind == EXPECT_COMMAND
        && d->session->items[at(d, 0)->item].replies_seen == 0)
        pop(d);
}

/* Of the final replies of LMTP, one to a recipient, the first had a line for each: a server that says them in
 * one reply, and the client has read it so and goes on. */
void pairing_reports_were_one(struct dialogue *d, uint64_t acked)
{
    if (d->pending_count != 1 || acked == UINT64_MAX || acked < d->server_offset)
        return;
    const struct item *item = &d->session->items[at(d, 0)->item];
    bool has_one = item->reply && item->more_count == 0;
    if (has_one && item->reply->line_count > 1 && item->reply->line_count == at(d, 0)->remaining + 1)
        pop(d);
}

/* The client had seen the hole in the server's bytes; with one question open, it is enough that it had seen
 * some of it, for that belonged to the answer. */
bool pairing_saw_answer_in_hole(const struct dialogue *d, uint64_t acked)
{
    if (acked == UINT64_MAX)
        return false;
    return acked >= d->server_hole_end || (d->pending_count == 1 && acked > d->server_hole_reply);
}

/* Another flight: whatever was asked in one before has been answered, and counting begins anew.  Where fewer
 * replies came than there were questions, the client had not waited for them. */
static void count_anew(struct dialogue *d, uint64_t acked)
{
    uint32_t seen = dialogue_replies_seen(d, acked), asked = 0;

    while (asked < d->pending_count && d->session->items[at(d, asked)->item].replies_seen < seen)
        asked++;
    uint32_t before = asked ? d->session->items[at(d, 0)->item].replies_seen : 0;
    if (asked && seen - (before > d->last_named ? before : d->last_named) < asked)
        return;
    while (asked-- > 0)
        pop(d);
    d->lost_client_bytes = false;
}

bool pairing_held_was_refused(struct dialogue *d, uint64_t acked)
{
    bool is_later = d->lost_client_bytes && acked > d->lost_since && acked >= d->server_offset;

    if (!is_later || acked == UINT64_MAX || d->lost_server_bytes
        || d->session->items[d->held_item].replies_seen >= dialogue_replies_seen(d, acked))
        return false;
    count_anew(d, acked);
    return !d->lost_client_bytes;
}

/* The client has seen what is missing, and in it the answers to what it had asked, as far as they fit in. */
static void skip_uncertain(struct dialogue *d)
{
    uint64_t due = 0;

    for (; d->pending_count > 0 && at(d, 0)->is_uncertain; due++)
        pop(d);
    if (due > 1 && due * SHORTEST_REPLY > d->server_hole_bytes)
        lose_count(d);
}

void pairing_client_went_on(struct dialogue *d, uint64_t acked)
{
    if (acked == UINT64_MAX)
        return;
    if (acked >= d->server_hole_end)
        skip_uncertain(d);
    if (d->lost_client_bytes && d->lost_since == UINT64_MAX)
        d->lost_since = acked; /* of the flight that the hole is in */
    if (d->lost_client_bytes && acked > d->lost_since && acked >= d->server_offset)
        count_anew(d, acked);
    if (acked < d->server_hole_end)
        return;
    d->lost_server_bytes = false;
    if (!d->server_line.is_begun)
        d->skips_server_line = false; /* the line that the hole may have cut has ended in it */
}
