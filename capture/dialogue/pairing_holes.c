/* Which reply answers what behind missing bytes: only what leaves no choice. */
#include "dialogue/pairing_parts.h"

enum { SHORTEST_REPLY = 8 }; /* "250 OK" */

/* What is missing of a content may be its end, and questions behind that: where replies are missing since it
 * began, the one to it may be among them. */
static bool may_be_answered(const struct dialogue *d, const struct expectation *expected)
{
    const struct session *session = d->session;

    return expected->kind == EXPECT_CONTENT && d->server_hole_end > d->content.server_said
           && session->messages[session->items[expected->item].as.content.message].missing_bytes > 0;
}

/* Lines behind a chunk, or of one that the server does not know, which it refuses one by one. */
static bool may_refuse_line(const struct dialogue *d, const struct reply *reply, uint64_t acked)
{
    return d->hold.reason == HOLD_BDAT && d->hold.first && reply->code / 10 == 50
           && acked > pairing_at(d, 0)->end_offset;
}

/* Behind a hole in the server's bytes: with one question open it is the answer, with several nobody knows.
 * Up to the first reply the greeting is due as well, which no command asks for. */
static bool is_ambiguous(struct dialogue *d, const struct reply *reply, uint64_t acked)
{
    bool may_greet = !d->has_greeting && reply->ordinal == 1;
    bool has_more = d->pending_count > 1
                        ? acked == UINT64_MAX || acked >= pairing_at(d, 1)->end_offset
                        : pairing_holds_question(d, acked) || may_refuse_line(d, reply, acked);

    if (may_be_answered(d, pairing_at(d, 0)))
        return true;
    return pairing_at(d, 0)->is_uncertain && (may_greet || has_more);
}

/* Questions cannot be told from each other by counting, until the client begins another flight than its next.
 */
void pairing_lose_count(struct dialogue *d)
{
    d->lost_client_bytes = true;
    d->has_lost = true;
    d->may_be_astray = true;
    d->lost_since = UINT64_MAX;
}

static bool may_be_of(struct dialogue *d, uint32_t pending, const struct reply *reply)
{
    return pairing_at(d, pending)->kind != EXPECT_CONTENT && pairing_takes(d, pending, reply);
}

/* The first open question to which the reply, which belongs to a few alone, is an answer; UINT32_MAX: none,
 * or one whose answer may be missing, and another. */
static uint32_t find_pending(struct dialogue *d, const struct reply *reply)
{
    uint32_t found = 0, other;

    while (found < d->pending_count && !may_be_of(d, found, reply))
        found++;
    if (found == d->pending_count)
        return UINT32_MAX;
    if (!pairing_at(d, found)->is_uncertain)
        return found;
    other = found + 1;
    while (other < d->pending_count && !may_be_of(d, other, reply))
        other++;
    return other < d->pending_count ? UINT32_MAX : found;
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
    while (d->pending_count > 0 && may_lack_answer(d, pairing_at(d, 0))
           && pairing_at(d, 0)->kind != EXPECT_CONTENT && !pairing_fits(d, pairing_at(d, 0), reply)) {
        bool is_held = d->mode == CLIENT_HELD && d->held_item == pairing_at(d, 0)->item && d->hold.first;
        pairing_drop_first(d);
        if (is_held && d->hold.reason == HOLD_DATA && hold_has_end(d)) {
            content_begin(d, d->held_item, false);
            client_resume(d, CLIENT_CONTENT);
        } else if (is_held) {
            hold_decide_by_reading(d);
        }
    }
}

/* Its answer is among what is missing, and so may be another question of the same kind: neither is known. */
static void drop_answered(struct dialogue *d)
{
    bool is_held = d->mode == CLIENT_HELD && d->held_item == pairing_at(d, 0)->item;

    pairing_drop_first(d);
    if (is_held && d->hold.first)
        hold_decide_by_reading(d);
    else if (is_held)
        client_resume(d, CLIENT_COMMANDS);
}

/* The question that the reply names, if the answers to those before it can be missing: a 221 may come out of
 * turn. */
static uint32_t find_named(struct dialogue *d, const struct reply *reply)
{
    uint32_t found = pairing_says_its_question(d, reply) ? find_pending(d, reply) : UINT32_MAX;
    bool is_in_turn = reply->code != 221 || found == 0;

    return found != UINT32_MAX && (is_in_turn || may_lack_answer(d, pairing_at(d, 0))) ? found : UINT32_MAX;
}

/* What was no command may have been the begin of a line that ends behind it, where what was said before is
 * missing. */
bool pairing_may_be_amid_line(const struct dialogue *d, const struct reply *reply)
{
    bool lacks_begin = d->lost_client_bytes || (d->session->is_midstream && d->session->command_count == 0);

    return reply->code == 500 && d->pending_count == 0 && lacks_begin;
}

/* Behind missing bytes a reply is paired only where its code leaves no choice.  A 354 or 334 tells how to
 * read on even when the command that it answers is among what is missing. */
void pairing_take_behind_hole(struct dialogue *d, struct reply *reply)
{
    uint32_t found = find_named(d, reply);

    bool is_of_missing = found != UINT32_MAX && d->lost_client_bytes && pairing_at(d, found)->is_uncertain;
    if (found != UINT32_MAX) {
        d->last_named = reply->ordinal;
        while (found-- > 0)
            pairing_drop_first(d);
        if (!is_of_missing) {
            pairing_answer(d, reply);
            return;
        }
        drop_answered(d);
    }
    pairing_add_stray(d, reply);
    bool is_off = d->pending_count > 1 || !pairing_says_its_question(d, reply);
    if (is_off && (!d->lost_client_bytes || pairing_may_be_amid_line(d, reply)))
        pairing_lose_count(
            d); /* one of them is answered now, or what came before, and which one is not known */
    if ((reply->code != 354 && reply->code != 334) || d->mode == CLIENT_CONTENT || d->mode == CLIENT_CHUNK
        || d->mode == CLIENT_TLS)
        return;
    if (reply->code == 354)
        content_begin(d, UINT32_MAX, true);
    else
        d->has_exchange = false;
    client_resume(d, reply->code == 354 ? CLIENT_CONTENT : CLIENT_SASL);
}

/* What was read as content because the reply to DATA is missing was refused line by line, perhaps. */
static bool contradicts_guess(struct dialogue *d, const struct reply *reply)
{
    return d->guesses_content && d->pending_count > 0 && pairing_at(d, 0)->kind == EXPECT_CONTENT
           && (reply->code / 100 != 2 || reply->code == 221);
}

/* A server that refuses what is legal at any time, while it owes other answers, has more likely refused
 * something else. */
static bool is_hardly_of_first(struct dialogue *d, const struct reply *reply)
{
    const struct expectation *first = pairing_at(d, 0);
    const struct item *item = &d->session->items[first->item];

    if (d->pending_count < 2 || first->kind != EXPECT_COMMAND || reply->code < 400 || reply->code == 421)
        return false;
    enum verb verb = item->as.command.verb;
    return verb == VERB_NOOP || verb == VERB_RSET || verb == VERB_QUIT;
}

/* Something is missing somewhere.  Whether that leaves more than one answer to what the reply belongs to, or
 * shows that it belongs to none that is known. */
bool pairing_is_of_missing(struct dialogue *d, const struct reply *reply, uint64_t acked)
{
    bool says_question = pairing_says_its_question(d, reply);

    if (contradicts_guess(d, reply))
        pairing_lose_count(d);
    if (!says_question)
        skip_missing_answers(d, reply);
    if (d->pending_count == 0)
        return d->lost_client_bytes || reply->code == 334
               || reply->code == 354; /* which tell how to read on */
    const struct expectation *first = pairing_at(d, 0);
    if (d->lost_client_bytes || (says_question && first->is_uncertain) || is_ambiguous(d, reply, acked))
        return true;
    return is_hardly_of_first(d, reply) || (first->kind != EXPECT_CONTENT && !pairing_fits(d, first, reply));
}

/* What the client sends when it has seen more than now is of a later flight. */
void pairing_client_hole(struct dialogue *d)
{
    pairing_lose_count(d);
    d->lost_since = d->server_offset;
}

void pairing_skip_held(struct dialogue *d)
{
    while (d->pending_count > 0 && pairing_at(d, 0)->is_uncertain && pairing_at(d, 0)->item <= d->held_item)
        pairing_drop_first(d);
}

/* Whether a recipient of the transaction, which began behind the content before, may have been accepted of
 * which that is not seen. */
static bool may_lack_recipient(const struct dialogue *d)
{
    unsigned contents = 0;

    for (size_t i = d->session->item_count; i-- > 0 && contents < 2;) {
        const struct item *item = &d->session->items[i];
        enum verb verb = item->kind == ITEM_COMMAND ? item->as.command.verb : VERB_UNKNOWN;
        if ((item->kind == ITEM_GAP && !item->as.gap.in_content) || (verb == VERB_RCPT && !item->reply))
            return true;
        if (verb == VERB_MAIL || verb == VERB_LHLO)
            return false;
        contents += item->kind == ITEM_CONTENT;
    }
    return contents < 2; /* its begin is missing */
}

void pairing_doubt_reports(struct dialogue *d)
{
    if (d->has_lost && d->session->protocol == PROTOCOL_LMTP && d->pending_count > 0 && may_lack_recipient(d))
        pairing_at(d, d->pending_count - 1)->may_have_more = true;
}

void pairing_mark_uncertain(struct dialogue *d, uint64_t acked)
{
    if (d->lost_server_bytes && d->pending_count > 0 && acked != UINT64_MAX && acked < d->server_hole_end)
        pairing_at(d, d->pending_count - 1)->is_uncertain = true;
}

void pairing_server_hole(struct dialogue *d)
{
    d->has_lost = true;
    d->may_be_astray = true;
    for (uint32_t i = 0; i < d->pending_count; i++)
        pairing_at(d, i)->is_uncertain = true;
    if (d->awaits_behind_hole && d->hold.reason == HOLD_AUTH)
        hold_decide_by_reading(d); /* the reply that would have told is missing as well */
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

    while (asked < d->pending_count && d->session->items[pairing_at(d, asked)->item].replies_seen < seen)
        asked++;
    uint32_t before = asked ? d->session->items[pairing_at(d, 0)->item].replies_seen : 0;
    if (asked && seen - (before > d->last_named ? before : d->last_named) < asked)
        return;
    while (asked-- > 0)
        pairing_drop_first(d);
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

    for (; d->pending_count > 0 && pairing_at(d, 0)->is_uncertain; due++)
        pairing_drop_first(d);
    if (due > 1 && due * SHORTEST_REPLY > d->server_hole_bytes)
        pairing_lose_count(d);
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
