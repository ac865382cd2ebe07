/* A reply goes to its question, and what comes of it: how the client's next bytes are read. */
#include "dialogue/pairing_parts.h"
#include "smtp/letters.h"

void pairing_add_reply_item(struct dialogue *d, enum item_kind kind, struct reply *reply)
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

void pairing_answer(struct dialogue *d, struct reply *reply)
{
    struct expectation expected = *pairing_at(d, 0);
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
        pairing_at(d, 0)->remaining--;
    else
        pairing_drop_first(d);
    if (expected.may_have_more && expected.remaining <= 1)
        pairing_lose_count(d);
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
bool pairing_answers_begun_line(const struct dialogue *d, const struct reply *reply, uint64_t acked)
{
    return d->client_line.is_begun && d->mode == CLIENT_COMMANDS && reply->code / 10 == 50
           && acked >= d->client_offset;
}

void pairing_answer_early(struct dialogue *d)
{
    struct reply *reply = d->early;

    d->early = NULL;
    if (d->pending_count == 1)
        pairing_answer(d, reply);
    else /* a ceiling was reached */
        pairing_add_reply_item(d, ITEM_REPLY, reply);
}

void pairing_leave_early(struct dialogue *d)
{
    struct reply *reply = d->early;

    d->early = NULL;
    if (reply)
        pairing_add_reply_item(d, ITEM_REPLY, reply);
}
