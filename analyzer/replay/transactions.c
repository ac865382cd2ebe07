/* The envelopes of a session: which recipients, which content and which final reply belong to which MAIL. */
#include "replay/walk.h"
#include "smtp/path.h"
#include "smtp/queue_id.h"

struct transaction *transaction_current(struct walk *walk)
{
    return walk->transaction ? &walk->out->transactions[walk->transaction - 1] : NULL;
}

static struct transaction *transaction_add(struct walk *walk)
{
    struct replay *out = walk->out;
    void *array = out->transactions;

    walk->transaction = 0;
    if (!arena_grow(walk->arena, &array, out->transaction_count, &out->transaction_cap,
                    sizeof *out->transactions)) {
        out->transactions_dropped++;
        return NULL;
    }
    out->transactions = array;
    struct transaction *transaction = &out->transactions[out->transaction_count++];
    walk->transaction = out->transaction_count;
    return transaction;
}

static void read_parameters(struct bytes parameters, struct transaction *transaction)
{
    struct bytes keyword, value;

    for (size_t at = 0; parameter_next(parameters, &at, &keyword, &value);) {
        if (bytes_equal_nocase(keyword, BYTES("SIZE"))) {
            if (!bytes_to_u64(value, &transaction->declared_size))
                transaction->declared_size = 0;
        } else if (bytes_equal_nocase(keyword, BYTES("BODY"))) {
            transaction->is_binarymime = bytes_equal_nocase(value, BYTES("BINARYMIME"));
            transaction->is_8bitmime =
                transaction->is_binarymime || bytes_equal_nocase(value, BYTES("8BITMIME"));
        } else if (bytes_equal_nocase(keyword, BYTES("SMTPUTF8"))) {
            transaction->is_smtputf8 = true;
        }
    }
}

void transaction_open(struct walk *walk, const struct item *item)
{
    struct transaction *transaction = transaction_add(walk);

    if (!transaction)
        return;
    struct envelope_argument from = envelope_argument_parse(item->as.command.argument, BYTES("FROM"));
    transaction->mail_command = item->as.command.n;
    transaction->mail_from = from.address;
    transaction->size_limit = walk->size_limit;
    if (from.parameters.len)
        read_parameters(from.parameters, transaction);
}

void transaction_add_rcpt(struct walk *walk, const struct item *item)
{
    struct transaction *transaction = transaction_current(walk);

    if (!transaction && reply_accepts(item->reply))
        transaction = transaction_add(walk); /* its MAIL was not captured, or never sent */
    if (!transaction)
        return;
    void *array = transaction->recipients;
    if (!arena_grow(walk->arena, &array, transaction->recipient_count, &transaction->recipient_cap,
                    sizeof *transaction->recipients))
        return;
    transaction->recipients = array;
    struct recipient *recipient = &transaction->recipients[transaction->recipient_count++];
    recipient->command = item->as.command.n;
    recipient->address = envelope_argument_parse(item->as.command.argument, BYTES("TO")).address;
    recipient->reply = item->reply;
    recipient->is_accepted = reply_accepts(item->reply);
    if (recipient->is_accepted)
        transaction->accepted_count++;
    else
        transaction->rcpt_refused++;
}

/* RFC 2033 4.2: one reply for each accepted recipient, in their order; the worst counts for the message. */
static const struct reply *assign_final_replies(struct transaction *transaction, const struct item *item)
{
    const struct reply *worst = item->reply;
    uint32_t next = 0;

    for (size_t i = 0; i < transaction->recipient_count; i++) {
        struct recipient *recipient = &transaction->recipients[i];
        if (!recipient->is_accepted || next > item->more_count)
            continue;
        recipient->final = next ? item->more_replies[next - 1] : item->reply;
        next++;
        if (recipient->final && (!worst || recipient->final->code > worst->code))
            worst = recipient->final;
    }
    return worst;
}

static struct bytes queue_id_of(const struct reply *reply)
{
    struct bytes id = { NULL, 0 };

    for (uint32_t i = 0; i < reply->line_count && id.len == 0; i++)
        id = queue_id_find(reply->lines[i]);
    return id;
}

static enum verdict message_verdict(const struct walk *walk, const struct transaction *transaction)
{
    enum close_kind closed = walk->session->closed;

    if (transaction->reply)
        return reply_accepts(transaction->reply) ? VERDICT_OK : VERDICT_REFUSED;
    if (walk->may_lose_replies || closed == CLOSE_NONE || closed == CLOSE_END_OF_CAPTURE)
        return VERDICT_UNDECIDED;
    return VERDICT_UNANSWERED;
}

/* The item whose replies answer this content: of BDAT each chunk's command has the reply too. */
static const struct item *answered_item(const struct walk *walk, const struct item *content)
{
    return !content->reply && walk_is_bdat(walk, content)
               ? &walk->session->items[content->as.content.command_item]
               : content;
}

void transaction_finish(struct walk *walk, size_t content_item)
{
    const struct item *content = &walk->session->items[content_item];
    struct transaction *transaction = transaction_current(walk);
    const struct item *answered = answered_item(walk, content);
    bool is_final = content->as.content.is_last || reply_refuses(answered->reply);

    if (content->as.content.message >= walk->session->message_count)
        return; /* its message fell to a ceiling */
    if (!transaction)
        transaction = transaction_add(walk);
    if (!transaction)
        return;
    transaction->message = content->as.content.message + 1;
    walk->out->message_transactions[content->as.content.message] = (uint32_t)walk->transaction;
    bool is_stray = answered->reply && walk->out->has_gaps && reply_is_farewell(answered->reply);
    if (is_final && !is_stray) {
        transaction->reply = walk->session->protocol == PROTOCOL_LMTP
                                 ? assign_final_replies(transaction, answered)
                                 : answered->reply;
        transaction->is_accepted = reply_accepts(transaction->reply);
        if (transaction->is_accepted)
            transaction->queue_id = queue_id_of(transaction->reply);
    }
    transaction->verdict = message_verdict(walk, transaction);
}
