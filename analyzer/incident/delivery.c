/* Delivered, lost, delayed or in doubt. */
#include "incident/delivery.h"

static enum delivery of_refusal(const struct reply *reply)
{
    return reply->code / 100 == 4 ? DELIVERY_DELAYED : DELIVERY_LOST;
}

/* The refusal that kept the transaction from a message: of MAIL, of the last RCPT, or of DATA. */
static const struct reply *refusal_of(const struct replay *replay, const struct transaction *transaction)
{
    const struct item *mail = replay_command(replay, transaction->mail_command);

    if (transaction->reply && transaction->reply->code >= 400)
        return transaction->reply;
    if (mail && mail->reply && mail->reply->code >= 400)
        return mail->reply;
    if (transaction->accepted_count > 0 || transaction->recipient_count == 0)
        return NULL;
    const struct reply *last = transaction->recipients[transaction->recipient_count - 1].reply;
    return last && last->code >= 400 ? last : NULL;
}

/* LMTP: the server answered for each recipient, and took the message for one at least (RFC 2033 4.2). */
static bool is_taken_for_some(const struct transaction *transaction)
{
    for (size_t i = 0; i < transaction->recipient_count; i++)
        if (transaction->recipients[i].final && transaction->recipients[i].final->code < 400)
            return true;
    return false;
}

/* Behind it the session went on where nobody can look, and the message may have come again there. */
static bool is_hidden_behind(const struct replay *replay, const struct transaction *transaction)
{
    return session_is_sealed(replay->session)
           && transaction + 1 == replay->transactions + replay->transaction_count;
}

enum delivery delivery_of(const struct replay *replay, const struct transaction *transaction, bool is_faulty)
{
    if (transaction->is_accepted || is_taken_for_some(transaction))
        return DELIVERY_DONE;
    if (transaction->message && transaction->verdict == VERDICT_UNDECIDED)
        return DELIVERY_UNSEEN;
    if (is_hidden_behind(replay, transaction))
        return DELIVERY_NONE;
    const struct reply *refusal = refusal_of(replay, transaction);
    if (refusal)
        return of_refusal(refusal);
    if (transaction->message && transaction->verdict == VERDICT_UNANSWERED)
        return replay->session->messages[transaction->message - 1].is_complete ? DELIVERY_DOUBT
                                                                               : DELIVERY_LOST;
    return is_faulty ? DELIVERY_LOST : DELIVERY_NONE;
}

bool delivery_is_harm(enum delivery delivery)
{
    return delivery == DELIVERY_LOST || delivery == DELIVERY_DELAYED || delivery == DELIVERY_DOUBT;
}
