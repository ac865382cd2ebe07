/* What a reply changes.  State moves on the reply, never on the command (RFC 5321 4.1.4). */
#include "replay/sequence_text.h"
#include "replay/walk.h"

static bool is_harmless(enum verb verb)
{
    return verb == VERB_NOOP || verb == VERB_HELP || verb == VERB_VRFY || verb == VERB_EXPN
           || verb == VERB_UNKNOWN;
}

static bool is_mail(enum verb verb)
{
    return verb == VERB_MAIL || verb == VERB_SEND || verb == VERB_SOML || verb == VERB_SAML;
}

static bool bdat_is_last(struct bytes argument)
{
    struct bdat_argument parsed;

    return bdat_argument_parse(argument, &parsed) && parsed.is_last;
}

/* No reply: the state is not known any more, but for QUIT, behind which nothing is due. */
static void move_unanswered(struct walk *walk, const struct command *command)
{
    if (command->verb == VERB_QUIT && !walk->may_lose_replies)
        walk->phase = PHASE_CLOSED;
    else if (!is_harmless(command->verb))
        walk_forget(walk);
    walk->may_be_closed = walk->may_be_closed || command->verb == VERB_QUIT;
}

static void note_auth_in_transaction(struct walk *walk, uint32_t n)
{
    if (phase_is_transaction(walk->phase))
        walk->causes.doubt = n; /* Haraka drops the envelope at 535 */
}

/* What would have ended the transaction (DATA, RSET, EHLO) was refused: it stays open. */
static void move_refused_end(struct walk *walk, uint32_t root)
{
    if (phase_is_transaction(walk->phase) && !walk->causes.still_open)
        walk->causes.still_open = root;
}

/* A refused chunk leaves the state indeterminate (RFC 3030 2); a server that does not know BDAT is left as it
 * was. */
static void move_refused_bdat(struct walk *walk, const struct item *item, uint32_t root)
{
    bool is_unknown = item->reply->code == 500 || item->reply->code == 502;

    if (!phase_is_transaction(walk->phase))
        return;
    move_refused_end(walk, root);
    if (walk->phase == PHASE_BDAT_FAILED || (is_unknown && walk->phase != PHASE_BDAT))
        return;
    walk->causes.bdat = root;
    walk->phase = PHASE_BDAT_FAILED;
}

/* The server says that there is no transaction, where its replies had opened one. */
static void note_lost_envelope(struct walk *walk, const struct item *item, const struct judgement *judgement)
{
    if (judgement->misorder == MISORDER_NONE && judgement->is_sequence_answer
        && sequence_text_of(item->reply) == SEQUENCE_NEED_MAIL)
        walk->is_envelope_lost = true;
}

static void move_refused(struct walk *walk, size_t index, const struct judgement *judgement)
{
    const struct item *item = &walk->session->items[index];
    const struct command *command = &item->as.command;
    uint32_t root = judgement->verdict == VERDICT_CONSEQUENCE ? judgement->cause : command->n;

    if (judgement->is_phase_known && depends_on_envelope(command->verb))
        note_lost_envelope(walk, item, judgement);
    if (verb_is_hello(command->verb)) {
        bool brings_offer = walk->is_helo && command->verb != VERB_HELO; /* another HELO brings nothing */
        if ((walk->home != PHASE_READY || brings_offer) && !walk->causes.greeting)
            walk->causes.greeting = root;
        move_refused_end(walk, root);
    } else if (is_mail(command->verb)) {
        if (phase_is_transaction(walk->phase))
            return;
        walk->causes.no_mail = root;
        transaction_open(walk, item);
    } else if (command->verb == VERB_RCPT) {
        if (phase_is_transaction(walk->phase) && !walk->causes.no_rcpt)
            walk->causes.no_rcpt = root;
        if (judgement->verdict == VERDICT_CONSEQUENCE)
            walk->causes.no_envelope = walk->causes.no_mail;
        transaction_add_rcpt(walk, item);
    } else if (command->verb == VERB_DATA || command->verb == VERB_RSET) {
        if (judgement->misorder != MISORDER_BDAT_DATA_MIX) /* which ends nothing */
            move_refused_end(walk, root);
    } else if (command->verb == VERB_BDAT || command->verb == VERB_BURL) {
        move_refused_bdat(walk, item, root);
    } else if (command->verb == VERB_AUTH) {
        walk->causes.auth = walk->is_authenticated ? 0 : command->n;
        if (item->reply->code / 10 != 50) /* RFC 5321 4.2.3: with those it has done nothing */
            note_auth_in_transaction(walk, command->n);
    }
}

static bool has_binarymime(struct bytes argument)
{
    return bytes_find_nocase(argument, BYTES("BODY=BINARYMIME")) != SIZE_MAX;
}

static void move_mail(struct walk *walk, const struct item *item, const struct judgement *judgement)
{
    const struct transaction *before = transaction_current(walk);
    bool is_nested = judgement->verdict == VERDICT_TOLERATED && phase_is_transaction(judgement->phase)
                     && judgement->misorder != machine_edge(walk->home, VERB_MAIL)->misorder;
    bool had_rcpt = before && before->accepted_count > 0;

    walk_end_transaction(walk);
    walk->phase = PHASE_MAIL;
    walk->is_binarymime = has_binarymime(item->as.command.argument);
    if (is_nested) { /* RFC 5321 3.3 lets it clear the buffers; some servers keep the recipients */
        walk->causes.doubt = item->as.command.n;
        walk->may_keep_rcpt = had_rcpt;
    }
    if (judgement->phase == PHASE_UNKNOWN)
        walk->may_keep_rcpt = walk->may_be_nested = true;
    transaction_open(walk, item);
}

static void move_rcpt(struct walk *walk, const struct item *item, const struct judgement *judgement)
{
    /* Whether a transaction is open without MAIL, the next reply tells. */
    walk->is_envelope_lost = judgement->misorder == MISORDER_RCPT_WITHOUT_MAIL;
    if (walk->is_envelope_lost)
        walk->causes.doubt = item->as.command.n;
    walk->causes.still_open = 0; /* the client itself goes on with the transaction */
    if (walk->phase != PHASE_UNKNOWN)
        walk->phase = machine_edge(walk->phase, VERB_RCPT)->next;
    transaction_add_rcpt(walk, item);
}

static void move_bdat(struct walk *walk, const struct item *item)
{
    if (!bdat_is_last(item->as.command.argument)) {
        walk->phase = PHASE_BDAT;
        walk->causes.still_open = 0;
        return;
    }
    size_t transaction = walk->transaction;
    walk_end_transaction(walk);
    walk->transaction = transaction; /* until its content has been seen */
    if (walk->phase == PHASE_READY)
        walk->phase = PHASE_BDAT_DONE;
}

static void move_auth(struct walk *walk, const struct item *item)
{
    note_auth_in_transaction(walk, item->as.command.n);
    if (item->reply->code >= 300)
        return;
    walk->is_auth_known = true;
    walk->is_authenticated = true;
    walk->causes.auth = 0;
}

/* RFC 3207 4.2; Postfix XCLIENT_README: both begin anew, and the 220 to XCLIENT is its greeting. */
static void move_anew(struct walk *walk, const struct item *item, enum phase next)
{
    bool dropped_envelope = phase_is_transaction(walk->phase);
    bool was_unknown = walk->phase == PHASE_UNKNOWN;
    bool has_login = bytes_find_nocase(item->as.command.argument, BYTES("LOGIN=")) != SIZE_MAX;

    walk_start_anew(walk, next);
    walk->may_have_dropped = was_unknown;
    if (dropped_envelope)
        walk->causes.no_mail = walk->causes.no_envelope = item->as.command.n;
    if (item->as.command.verb == VERB_XCLIENT && has_login)
        walk->is_auth_known = false;
}

static void move_accepted(struct walk *walk, size_t index, const struct judgement *judgement)
{
    const struct item *item = &walk->session->items[index];
    enum verb verb = item->as.command.verb;

    if (verb_is_hello(verb))
        walk_take_offer(walk, item);
    else if (is_mail(verb))
        move_mail(walk, item, judgement);
    else if (verb == VERB_RCPT)
        move_rcpt(walk, item, judgement);
    else if (verb == VERB_BDAT || verb == VERB_BURL)
        move_bdat(walk, item);
    else if (verb == VERB_RSET && walk->phase != PHASE_REFUSED && walk->phase != PHASE_CLOSED)
        walk_end_transaction(walk);
    else if (verb == VERB_AUTH)
        move_auth(walk, item);
    else if (verb == VERB_STARTTLS || verb == VERB_XCLIENT)
        move_anew(walk, item, machine_edge(walk->phase, verb)->next);
    else if (verb == VERB_QUIT)
        walk->phase = PHASE_CLOSED;
}

void walk_move(struct walk *walk, size_t index, const struct judgement *judgement)
{
    const struct item *item = &walk->session->items[index];

    if (item->as.command.verb == VERB_AUTH)
        walk->auth_command = item->as.command.n;
    if (!item->reply || judgement->is_lost)
        move_unanswered(walk, &item->as.command);
    else if (item->is_after_gap && item->as.command.verb == VERB_UNKNOWN)
        walk_forget(walk); /* the end of a command that may have changed anything */
    else if (reply_refuses(item->reply))
        move_refused(walk, index, judgement);
    else
        move_accepted(walk, index, judgement);
}

void walk_sasl(struct walk *walk, const struct item *item)
{
    if (!item->reply) { /* where none can be missing, it was not accepted */
        walk->is_auth_known = walk->is_auth_known && (walk->is_authenticated || !walk->may_lose_replies);
    } else if (item->reply->code == 235) {
        walk->is_auth_known = true;
        walk->is_authenticated = true;
        walk->causes.auth = 0;
    } else if (reply_refuses(item->reply) && !walk->is_authenticated) {
        walk->causes.auth = walk->auth_command;
    }
}

/* Content ends its transaction whatever the reply to it is (RFC 5321 4.1.1.4). */
void walk_content(struct walk *walk, size_t index)
{
    const struct item *item = &walk->session->items[index];
    bool is_bdat = walk_is_bdat(walk, item);

    transaction_finish(walk, index);
    if (!is_bdat && item->reply)
        walk_end_transaction(walk);
    else if (item->as.content.is_last && walk->phase != PHASE_BDAT_FAILED)
        walk->transaction = 0;
    if (!is_bdat && !item->reply)
        walk_forget(walk); /* whether the server took it for the end is not known */
}
