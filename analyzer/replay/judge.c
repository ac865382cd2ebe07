/* The verdict on one command: what the phase and the facts expected, held against what was answered. */
#include "replay/sequence_text.h"
#include "replay/walk.h"

const struct sasl_exchange *walk_exchange(const struct walk *walk, size_t index)
{
    const struct session *session = walk->session;

    for (size_t i = walk->exchange_at; i < session->exchange_count; i++)
        if (session->exchanges[i].command_item >= index)
            return session->exchanges[i].command_item == index ? &session->exchanges[i] : NULL;
    return NULL;
}

static bool is_ungreeted(const struct walk *walk)
{
    return walk->home == PHASE_GREETED || walk->home == PHASE_TLS_GREETED;
}

/* What the last EHLO reply lacks for this command; NONE also where that is not known. */
static enum misorder missing_offer(const struct walk *walk, size_t index)
{
    enum verb verb = walk->session->items[index].as.command.verb;
    enum extension needed = extension_of_verb(verb);

    if (needed == EXTENSION_NONE || !walk->is_offer_known)
        return MISORDER_NONE;
    if (verb == VERB_AUTH && (walk->is_authenticated || !walk->is_auth_known))
        return MISORDER_NONE; /* many servers do not repeat the offer */
    if (verb == VERB_STARTTLS && walk->is_tls)
        return MISORDER_NONE; /* RFC 3207 4.2 forbids to repeat it */
    if (!(walk->offered & extension_bit(needed)))
        return verb == VERB_AUTH       ? MISORDER_AUTH_NOT_OFFERED
               : verb == VERB_STARTTLS ? MISORDER_STARTTLS_NOT_OFFERED
               : verb == VERB_BDAT     ? MISORDER_BDAT_NOT_OFFERED
                                       : MISORDER_NOT_OFFERED;
    const struct sasl_exchange *exchange = verb == VERB_AUTH ? walk_exchange(walk, index) : NULL;
    if (exchange && exchange->mechanism.len && walk->offer
        && !offer_lists_mechanism(walk->offer, exchange->mechanism))
        return MISORDER_AUTH_MECHANISM_NOT_OFFERED;
    return MISORDER_NONE;
}

/* The facts that the table cannot hold, for a verb that needs a greeting or an extension. */
static enum misorder misorder_of_facts(const struct walk *walk, const struct command *command,
                                       const struct judgement *judgement)
{
    bool needs_offer = extension_of_verb(command->verb) != EXTENSION_NONE;

    if (needs_offer && is_ungreeted(walk)) /* a transaction that was opened without EHLO */
        return machine_edge(walk->home, VERB_MAIL)->misorder;
    if (command->verb == VERB_AUTH && walk->is_authenticated)
        return MISORDER_AUTH_AFTER_AUTH;
    if (command->verb == VERB_DATA && walk->is_binarymime)
        return MISORDER_BINARYMIME_DATA; /* RFC 3030 3 */
    if (needs_offer && walk->is_helo)
        return MISORDER_ESMTP_AFTER_HELO;
    return judgement->not_offered;
}

/* The hello that is accepted first tells what the server speaks, whatever it greets with: amavisd speaks
 * both. */
static bool is_lmtp_mismatch(const struct walk *walk, const struct item *item)
{
    enum verb verb = item->as.command.verb;
    bool is_first = walk->spoken == PROTOCOL_NONE;

    if (!verb_is_hello(verb) || (is_first && reply_accepts(item->reply)))
        return false;
    enum protocol spoken = is_first ? walk->session->protocol : walk->spoken;
    return verb == VERB_LHLO ? spoken == PROTOCOL_SMTP : spoken == PROTOCOL_LMTP;
}

/* A hello of the other protocol came before it, and what became of that is missing. */
static bool may_be_second_protocol(const struct walk *walk, size_t index)
{
    const struct item *items = walk->session->items;
    enum verb verb = items[index].as.command.verb;

    if (!verb_is_hello(verb) || !walk->lacks_hello || walk->spoken != PROTOCOL_NONE
        || !reply_accepts(items[index].reply)) /* the scan is done once: it tells what is spoken */
        return false;
    for (size_t i = 0; i < index; i++)
        if (items[i].kind == ITEM_COMMAND && verb_is_hello(items[i].as.command.verb)
            && (items[i].as.command.verb == VERB_LHLO) != (verb == VERB_LHLO))
            return true;
    return false;
}

/* In a phase that allows the verb: what must be known to say that it is in order, and is not. */
static bool is_undecidable(const struct walk *walk, enum verb verb)
{
    bool needs_offer = extension_of_verb(verb) != EXTENSION_NONE;
    bool is_mail = verb == VERB_MAIL || verb == VERB_SEND || verb == VERB_SOML || verb == VERB_SAML;

    if (walk->home == PHASE_UNKNOWN && (is_mail || needs_offer || verb == VERB_TURN))
        return true;
    if (verb == VERB_AUTH && !walk->is_auth_known)
        return true;
    return needs_offer && !walk->is_offer_known && !is_ungreeted(walk);
}

/* A MAIL picked up behind missing bytes may have been a nested one, whose server kept the recipients; a
 * STARTTLS there may have dropped a transaction.  An AUTH in a transaction may be wrong for want of EHLO as
 * well, or be the second. */
static bool is_cause_hidden(const struct walk *walk, enum misorder misorder)
{
    if (misorder == MISORDER_AUTH_IN_TRANSACTION)
        return walk->home == PHASE_UNKNOWN || (!walk->is_auth_known && walk->causes.still_open);
    if (misorder == MISORDER_RCPT_WITHOUT_MAIL || misorder == MISORDER_DATA_WITHOUT_MAIL
        || misorder == MISORDER_BDAT_WITHOUT_MAIL)
        return walk->may_have_dropped;
    if (misorder
        == MISORDER_NESTED_MAIL) /* the server says that there is no transaction, and why is not known */
        return walk->may_be_nested && walk->is_envelope_lost && !walk->causes.doubt;
    return walk->may_be_nested
           && (misorder == MISORDER_DATA_WITHOUT_RCPT || misorder == MISORDER_BDAT_WITHOUT_RCPT);
}

/* Sets misorder, not_offered and is_phase_known. */
static void find_misorder(const struct walk *walk, size_t index, struct judgement *out)
{
    const struct item *item = &walk->session->items[index];
    const struct command *command = &item->as.command;
    const struct edge *edge = machine_edge(walk->phase, command->verb);

    out->is_phase_known = walk->phase != PHASE_UNKNOWN && !item->is_after_gap;
    if (command->is_body_line || command->verb == VERB_UNKNOWN)
        return; /* no place in the sequence */
    out->not_offered = missing_offer(walk, index);
    if (walk->phase == PHASE_REFUSED || walk->phase == PHASE_CLOSED)
        out->misorder = edge->misorder;
    else if (is_lmtp_mismatch(walk, item) && walk->lacks_hello && reply_accepts(item->reply))
        out->is_phase_known = false;
    else if (is_lmtp_mismatch(walk, item))
        out->misorder = MISORDER_LMTP_GREETING_MISMATCH;
    else if (command->verb == VERB_STARTTLS && walk->is_tls)
        out->misorder = MISORDER_STARTTLS_TWICE;
    else if (command->verb == VERB_AUTH && is_ungreeted(walk) && walk->phase != PHASE_UNKNOWN)
        out->misorder = machine_edge(walk->home, VERB_AUTH)->misorder;
    else if (is_cause_hidden(walk, edge->misorder))
        out->is_phase_known = false;
    else if (edge->kind == EDGE_MISORDERED)
        out->misorder = edge->misorder;
    else if (edge->kind == EDGE_ALLOWED && is_undecidable(walk, command->verb))
        out->is_phase_known = false;
    else if (edge->kind == EDGE_ALLOWED)
        out->misorder = misorder_of_facts(walk, command, out);
    if (out->misorder == MISORDER_ESMTP_AFTER_HELO || !out->is_phase_known)
        out->not_offered = MISORDER_NONE;
    if (item->is_after_gap)
        out->misorder = MISORDER_NONE;
}

/* n of the command but for which this one would be in order; 0 if it is the client's own doing. */
static uint32_t cause_of(const struct walk *walk, enum misorder misorder, enum verb verb)
{
    const struct causes *causes = &walk->causes;

    switch (misorder) {
    case MISORDER_NO_GREETING:
    case MISORDER_AUTH_BEFORE_EHLO:
    case MISORDER_STARTTLS_NO_NEW_EHLO:
    case MISORDER_ESMTP_AFTER_HELO:
        return causes->greeting;
    case MISORDER_RCPT_WITHOUT_MAIL:
        return causes->no_mail;
    case MISORDER_DATA_WITHOUT_MAIL:
    case MISORDER_BDAT_WITHOUT_MAIL:
        return causes->no_envelope;
    case MISORDER_DATA_WITHOUT_RCPT:
    case MISORDER_BDAT_WITHOUT_RCPT:
        return walk->may_keep_rcpt ? causes->doubt : causes->no_rcpt;
    case MISORDER_NESTED_MAIL:
        return walk->is_envelope_lost ? causes->doubt : causes->still_open;
    case MISORDER_AUTH_IN_TRANSACTION:
        return walk->is_authenticated ? 0 : causes->still_open; /* a second one is wrong in any place */
    case MISORDER_STARTTLS_IN_TRANSACTION:
    case MISORDER_ETRN_IN_TRANSACTION:
    case MISORDER_XCLIENT_IN_TRANSACTION:
        return causes->still_open;
    case MISORDER_BDAT_INTERRUPTED:
        return verb == VERB_MAIL ? causes->still_open : 0;
    case MISORDER_BDAT_AFTER_ERROR:
    case MISORDER_RSET_REQUIRED:
        return causes->bdat;
    case MISORDER_NONE:
    case MISORDER_BDAT_DATA_MIX:
    case MISORDER_BDAT_AFTER_LAST:
    case MISORDER_BINARYMIME_DATA:
    case MISORDER_AUTH_AFTER_AUTH:
    case MISORDER_STARTTLS_TWICE:
    case MISORDER_STARTTLS_AFTER_AUTH:
    case MISORDER_COMMAND_AFTER_QUIT:
    case MISORDER_COMMAND_AFTER_REFUSAL:
    case MISORDER_LMTP_GREETING_MISMATCH:
    case MISORDER_NOT_OFFERED:
    case MISORDER_AUTH_NOT_OFFERED:
    case MISORDER_AUTH_MECHANISM_NOT_OFFERED:
    case MISORDER_STARTTLS_NOT_OFFERED:
    case MISORDER_BDAT_NOT_OFFERED:
    case MISORDER_COUNT:
        return 0;
    }
    return 0;
}

/* Where the server's own replies leave two readings of its state, the accepting reply picks one. */
static bool fits_other_reading(const struct walk *walk, enum misorder misorder)
{
    if (misorder == MISORDER_NESTED_MAIL)
        return walk->is_envelope_lost;
    return walk->may_keep_rcpt
           && (misorder == MISORDER_DATA_WITHOUT_RCPT || misorder == MISORDER_BDAT_WITHOUT_RCPT);
}

static enum verdict verdict_without_reply(const struct walk *walk, const struct judgement *judgement)
{
    enum close_kind closed = walk->session->closed;

    if (judgement->is_lost || closed == CLOSE_NONE || closed == CLOSE_END_OF_CAPTURE)
        return VERDICT_UNDECIDED;
    return VERDICT_UNANSWERED;
}

/* RFC 4468 orders BURL as BDAT, but servers that offer it do not always know it; then it was not its place
 * that was refused. */
static bool is_unknown_burl(const struct item *item)
{
    return item->as.command.verb == VERB_BURL && item->reply
           && (item->reply->code == 500 || item->reply->code == 502);
}

/* Another fault of the client's own: the command would be out of order even if nothing had been refused. */
static bool is_wrong_anyway(const struct walk *walk, const struct item *item, const struct judgement *out)
{
    const struct command *command = &item->as.command;
    enum misorder other = misorder_of_facts(walk, command, out);

    return other != MISORDER_NONE && other != out->misorder && !cause_of(walk, other, command->verb);
}

/* Whether it would be, is not known: the offer is missing. */
static bool may_be_wrong_anyway(const struct walk *walk, enum verb verb)
{
    return extension_of_verb(verb) != EXTENSION_NONE && !walk->is_offer_known && !is_ungreeted(walk);
}

static enum verdict verdict_out_of_order(const struct walk *walk, const struct item *item,
                                         struct judgement *out)
{
    if (reply_accepts(item->reply)) {
        if (!fits_other_reading(walk, out->misorder))
            return VERDICT_TOLERATED;
        out->misorder = out->misorder == MISORDER_NESTED_MAIL
                            ? machine_edge(walk->home, VERB_MAIL)->misorder /* by the other reading */
                            : MISORDER_NONE;
        if (out->misorder != MISORDER_NONE)
            return VERDICT_TOLERATED;
        return walk->home == PHASE_UNKNOWN ? VERDICT_UNDECIDED : VERDICT_OK;
    }
    out->cause = is_wrong_anyway(walk, item, out) ? 0 : cause_of(walk, out->misorder, item->as.command.verb);
    if (!out->cause)
        return VERDICT_MISORDERED;
    if (!may_be_wrong_anyway(walk, item->as.command.verb))
        return VERDICT_CONSEQUENCE;
    out->cause = 0;
    out->misorder = MISORDER_NONE;
    return VERDICT_UNDECIDED;
}

bool depends_on_envelope(enum verb verb)
{
    return verb == VERB_RCPT || verb == VERB_DATA || verb == VERB_BDAT || verb == VERB_BURL;
}

/* MAIL 530 after AUTH 535: the refusal asks for what had failed before. */
static bool asks_for_authentication(const struct reply *reply)
{
    return reply->code == 530 || reply->code == 535 || reply_says(reply, BYTES("authenticat"));
}

/* Bytes are missing amid an exchange: what ended it may be the end of another. */
static bool exchange_has_gap(const struct walk *walk, size_t index)
{
    const struct item *end = walk->session->items + walk->session->item_count;
    const struct item *item = walk->session->items + index + 1;
    bool has_gap = false;

    for (; item < end && (item->kind == ITEM_SASL || item->kind == ITEM_GAP); item++) {
        if (has_gap && item->kind == ITEM_SASL)
            return true;
        has_gap = item->kind == ITEM_GAP;
    }
    return false;
}

/* The client has responded, and what the server said to it is not in the capture. */
static bool has_open_response(const struct walk *walk, size_t index)
{
    const struct item *end = walk->session->items + walk->session->item_count;

    for (const struct item *item = walk->session->items + index + 1; item < end && item->kind == ITEM_SASL;
         item++)
        if (!item->reply)
            return session_lacks_end(walk->session, SIDE_SERVER);
    return false;
}

/* An AUTH is judged by how its exchange ended. */
static enum verdict verdict_of_exchange(const struct walk *walk, size_t index)
{
    const struct sasl_exchange *exchange = walk_exchange(walk, index);
    enum close_kind closed = walk->session->closed;
    bool may_go_on = walk->out->has_gaps || closed == CLOSE_NONE || closed == CLOSE_END_OF_CAPTURE
                     || has_open_response(walk, index);

    if (!exchange || !exchange->last_reply)
        return VERDICT_OK;
    if (exchange->last_reply->code == 334 && may_go_on)
        return VERDICT_UNDECIDED;
    if (walk->may_lose_replies && exchange_has_gap(walk, index))
        return VERDICT_UNDECIDED;
    return reply_refuses(exchange->last_reply) ? VERDICT_REFUSED : VERDICT_OK;
}

static enum verdict verdict_in_order(const struct walk *walk, size_t index, struct judgement *out)
{
    const struct item *item = &walk->session->items[index];
    const struct reply *reply = item->reply;
    enum verb verb = item->as.command.verb;

    if (reply_accepts(reply))
        return verb == VERB_AUTH ? verdict_of_exchange(walk, index) : VERDICT_OK;
    out->is_sequence_answer =
        reply->code == 503 || (reply->code >= 500 && sequence_text_of(reply) != SEQUENCE_NONE);
    if (out->is_sequence_answer && walk->causes.doubt && depends_on_envelope(verb)) {
        out->cause = walk->causes.doubt;
        return VERDICT_CONSEQUENCE;
    }
    if (out->is_sequence_answer) /* of a nested MAIL the envelope is in doubt, too */
        return walk->may_be_nested && depends_on_envelope(verb) ? VERDICT_UNDECIDED : VERDICT_CONTRADICTED;
    if (verb != VERB_AUTH && walk->causes.auth && !walk->is_authenticated && asks_for_authentication(reply))
        out->cause = walk->causes.auth;
    return VERDICT_REFUSED;
}

/* The reply that refused what this command depends on. */
static const struct reply *refusal_of(const struct walk *walk, uint32_t n)
{
    const struct item *item = replay_command(walk->out, n);

    return item ? item->reply : NULL;
}

void judge_command(const struct walk *walk, size_t index, struct judgement *out)
{
    const struct item *item = &walk->session->items[index];

    out->phase = walk->phase;
    out->offered = walk->offered;
    out->has_offer = walk->is_offer_known;
    out->is_helo = walk->is_helo;
    out->is_tls = walk->is_tls;
    out->is_authenticated = walk->is_authenticated;
    out->is_certain = !walk->is_inferred;
    out->greeting_command = walk->greeting_command;
    out->transaction = (uint32_t)walk->transaction;
    find_misorder(walk, index, out);
    if (is_unknown_burl(item) && out->misorder != out->not_offered) {
        out->misorder = out->not_offered;
        out->is_phase_known = out->is_phase_known && walk->is_offer_known;
    }
    if (!item->reply || reply_is_implausible(walk, item->as.command.verb, item->reply)) {
        out->is_lost = walk->may_lose_replies || item->reply;
        out->verdict = verdict_without_reply(walk, out);
    } else if (out->misorder != MISORDER_NONE) {
        out->verdict = verdict_out_of_order(walk, item, out);
    } else if (out->is_phase_known) {
        out->verdict = verdict_in_order(walk, index, out);
    } else if (machine_edge(walk->phase, item->as.command.verb)->kind == EDGE_ALLOWED && !item->is_after_gap
               && extension_of_verb(item->as.command.verb) == EXTENSION_NONE && item->reply->code != 503
               && walk->phase == PHASE_UNKNOWN && !walk->may_be_closed
               && !may_be_second_protocol(walk, index)) {
        out->verdict = verdict_in_order(walk, index, out); /* legal in every phase */
    } else {
        out->verdict = VERDICT_UNDECIDED;
    }
    if (out->cause)
        out->could_see_cause = item_saw(item, refusal_of(walk, out->cause));
    if (out->cause && out->verdict == VERDICT_CONSEQUENCE)
        walk->out->judgements[out->cause - 1].consequences++;
}
