/* Which reply answers what: in order, and never before the server can have read the question. */
#include "base/timestamp.h"
#include "dialogue/pairing_parts.h"
#include "smtp/extension.h"

bool pairing_reply_says(const struct reply *reply, struct bytes word)
{
    for (uint32_t i = 0; i < reply->line_count; i++)
        if (bytes_find_nocase(reply->lines[i], word) != SIZE_MAX)
            return true;
    return false;
}

/* Whether the first question that is open can be answered with 220 otherwise. */
static bool awaits_220(struct dialogue *d)
{
    if (d->pending_count == 0 || pairing_at(d, 0)->kind != EXPECT_COMMAND)
        return false;
    enum verb verb = d->session->items[pairing_at(d, 0)->item].as.command.verb;
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
    pairing_add_reply_item(d, ITEM_GREETING, reply);
}

/* The server cannot have answered what it had not received, as far as its acknowledgments can be believed. */
static bool can_answer(const struct dialogue *d, const struct expectation *expected,
                       const struct reply *reply, uint64_t acked)
{
    return acked == UINT64_MAX || !d->acks_work || acked >= expected->end_offset || reply->code == 421;
}

/* What was sent right behind an AUTH is held, and may be a question of its own that the server has read. */
bool pairing_holds_question(const struct dialogue *d, uint64_t acked)
{
    return d->hold.reason == HOLD_AUTH && d->hold.first && !d->hold.first->is_hole
           && acked > pairing_at(d, 0)->end_offset;
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
bool pairing_fits(const struct dialogue *d, const struct expectation *expected, const struct reply *reply)
{
    enum verb verb = verb_of(d, expected);

    if (is_offer(d, reply))
        return verb == VERB_EHLO || verb == VERB_LHLO;
    return verb_takes_code(verb, reply->code);
}

bool pairing_says_its_question(const struct dialogue *d, const struct reply *reply)
{
    uint16_t code = reply->code;

    return code / 100 == 3 || code == 220 || code == 221 || code == 235 || is_offer(d, reply);
}

bool pairing_takes(const struct dialogue *d, uint32_t i, const struct reply *reply)
{
    return pairing_fits(d, pairing_at(d, i), reply);
}

bool pairing_is_named(const struct dialogue *d, uint32_t i, const struct reply *reply)
{
    return pairing_says_its_question(d, reply) && pairing_takes(d, i, reply);
}

/* It answers nothing that is known. */
void pairing_add_stray(struct dialogue *d, struct reply *reply)
{
    pairing_leave_early(d);
    pairing_add_reply_item(d, ITEM_REPLY, reply);
    if (d->mode == CLIENT_SASL && reply->code != 334)
        d->mode = CLIENT_COMMANDS; /* the exchange is over, of which only prompts were seen */
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

/* A server to which the variant is none has waited for more of the message, and takes leave. */
static bool has_waited_for_more(const struct dialogue *d, const struct reply *reply)
{
    const struct moment *last = &d->session->messages[d->content.message].last;

    return reply->code == 421
           && reply->first.time_ns >= last->time_ns + LIMIT_PATIENCE_SECONDS * NS_PER_SECOND
           && (pairing_reply_says(reply, BYTES("time")) || pairing_reply_says(reply, BYTES("idle")));
}

/* A content ends where the server answers it, if that was not known before; behind a hole that may be at a
 * variant. */
static void end_held_content(struct dialogue *d, const struct reply *reply)
{
    if (is_open_at(d, HOLD_VARIANT) && has_waited_for_more(d, reply))
        return;
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

    while (is_none && d->pending_count > 1 && pairing_at(d, 0)->kind == EXPECT_CONTENT
           && d->session->items[pairing_at(d, 0)->item].reply)
        pairing_drop_first(d);
}

/* Some servers say nothing to a response that cancels (qpsmtpd): then the reply answers what came behind it.
 */
static bool passes_over_response(struct dialogue *d, const struct reply *reply, uint64_t acked)
{
    return d->mode == CLIENT_HELD && d->pending_count == 1 && pairing_at(d, 0)->kind == EXPECT_SASL
           && reply->code / 100 == 2 && !verb_takes_code(VERB_AUTH, reply->code) && acked != UINT64_MAX
           && pairing_holds_question(d, acked);
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
        pairing_drop_first(d);
        client_resume(d, CLIENT_COMMANDS);
    }
    end_held_content(d, reply);
}

/* Nothing that is known was asked. */
static void take_unasked(struct dialogue *d, struct reply *reply, uint64_t acked)
{
    if (!d->early && pairing_answers_begun_line(d, reply, acked) && !pairing_may_be_amid_line(d, reply)) {
        d->early = reply;
        return;
    }
    pairing_add_stray(d, reply);
    if (pairing_may_be_amid_line(d, reply))
        pairing_lose_count(d);
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
    if (d->has_lost && pairing_is_of_missing(d, reply, acked))
        pairing_take_behind_hole(d, reply);
    else if (d->pending_count == 0)
        take_unasked(d, reply, acked);
    else if (!can_answer(d, pairing_at(d, 0), reply, acked))
        pairing_add_reply_item(d, ITEM_REPLY, reply);
    else
        pairing_answer(d, reply);
}

/* A client that spoke before the greeting and goes on having seen all there was: what it asked first was
 * answered inside the greeting, as some servers do, or not at all. */
void pairing_early_talker_went_on(struct dialogue *d, uint64_t acked)
{
    if (d->has_greeting && d->pending_count == 1 && d->reply_count == 1 && acked != UINT64_MAX
        && acked >= d->server_offset && pairing_at(d, 0)->kind == EXPECT_COMMAND
        && d->session->items[pairing_at(d, 0)->item].replies_seen == 0)
        pairing_drop_first(d);
}

/* Of the final replies of LMTP, one to a recipient, the first had a line for each: a server that says them in
 * one reply, and the client has read it so and goes on. */
void pairing_reports_were_one(struct dialogue *d, uint64_t acked)
{
    if (d->pending_count != 1 || acked == UINT64_MAX || acked < d->server_offset)
        return;
    const struct item *item = &d->session->items[pairing_at(d, 0)->item];
    bool has_one = item->reply && item->more_count == 0;
    if (has_one && item->reply->line_count > 1 && item->reply->line_count == pairing_at(d, 0)->remaining + 1)
        pairing_drop_first(d);
}
