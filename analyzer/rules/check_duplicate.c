/* A message that a client had transferred before, to the same server with the same envelope. */
#include "base/timestamp.h"
#include "rules/check.h"

/* After an accepting reply: a program that sends twice does so at once or in its next round, and a notice
 * without a date is the same each day without being the same message. */
#define SEEN_WITHIN_NS (3600 * NS_PER_SECOND)
/* RFC 5321 4.5.4.1: clients give up after four to five days. */
#define LOST_WITHIN_NS (5 * 86400 * NS_PER_SECOND)

enum message_count { MESSAGE_TIMES, MESSAGE_WAS_LOST, MESSAGE_COUNTS };
_Static_assert((int)MESSAGE_COUNTS <= (int)HISTORY_COUNTS, "an entry holds them all");

static bool is_delivered(const struct recipient *recipient)
{
    return recipient->is_accepted && !(recipient->final && recipient->final->code >= 400);
}

/* Content is compared by what every format computes, so that all say the same: no digest of the whole, but
 * its head with dates and ids, its size and its shape. */
static struct history_key message_key(const struct analysis *analysis, const struct transaction *transaction,
                                      const struct message *message)
{
    struct history_key key = history_key(check_history(analysis), HISTORY_MESSAGE);

    history_key_add_address(&key, &analysis->session->client.address);
    history_key_add_address(&key, &analysis->session->server.address);
    history_key_add_number(&key, analysis->session->server.port);
    history_key_add(&key, transaction->mail_from);
    for (size_t i = 0; i < transaction->recipient_count; i++)
        if (is_delivered(&transaction->recipients[i]))
            history_key_add(&key, transaction->recipients[i].address);
    history_key_add_number(&key, message->head_hash);
    history_key_add_number(&key, message->size);
    history_key_add_number(&key, message->longest_line);
    history_key_add_number(&key, message->dot_lines << 1 | message->has_8bit);
    return key;
}

static void raise_duplicate(struct analysis *analysis, const struct history_entry *entry,
                            const struct message *message, bool is_lost)
{
    struct finding *finding = check_raise(analysis, RULE_DUPLICATE_DELIVERY, message->first_item);
    char span[HISTORY_SPAN_TEXT];

    if (!finding)
        return;
    finding->confidence = is_lost ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE;
    finding->fault = is_lost ? FAULT_UNDECIDED : FAULT_CLIENT;
    check_detail(analysis, finding,
                 "It was transferred %s before to the same recipients, and %s; %u times so far.",
                 history_span(message->first.time_ns - entry->first_ns, span),
                 is_lost ? "the reply to its end was not seen before the connection ended"
                         : "the server had accepted it",
                 (unsigned)entry->count[MESSAGE_TIMES]);
}

static bool is_taken(const struct transaction *transaction)
{
    return transaction->verdict == VERDICT_OK;
}

/* The message of a transaction, if it was transferred, or may have been; or NULL. */
static const struct message *message_of(const struct analysis *analysis,
                                        const struct transaction *transaction)
{
    const struct message *message =
        transaction->message ? &analysis->session->messages[transaction->message - 1] : NULL;

    if (!message || !message->head_hash || !transaction->mail_command || transaction->accepted_count == 0
        || message->first_item >= analysis->session->item_count
        || (!is_taken(transaction) && transaction->verdict != VERDICT_UNANSWERED))
        return NULL;
    return message;
}

/* Most sessions transfer one message, or none. */
struct expected_message {
    const struct message *message;
    struct history_key key;
};

static void expect(struct analysis *analysis)
{
    const struct replay *replay = &analysis->replay;
    const struct message *message = NULL;
    size_t i = 0;

    for (; i < replay->transaction_count && !message; i++)
        message = message_of(analysis, &replay->transactions[i]);
    struct expected_message *expected = message ? ARENA_NEW(&analysis->arena, struct expected_message) : NULL;
    if (!expected)
        return;
    expected->message = message;
    expected->key = message_key(analysis, &replay->transactions[i - 1], message);
    history_expect(check_history(analysis), &expected->key);
    analysis->expected = expected;
}

/* Transfers that go on at the same time may be one transfer, captured at two places. */
static void check_message(struct analysis *analysis, const struct transaction *transaction,
                          const struct message *message)
{
    struct history_key key = analysis->expected && analysis->expected->message == message
                                 ? analysis->expected->key
                                 : message_key(analysis, transaction, message);
    struct history_entry *entry = history_keep(check_history(analysis), &key);
    if (!entry
        || (entry->count[MESSAGE_TIMES]
            && (message->first.time_ns <= entry->last_ns || check_is_copy(analysis, entry))))
        return;
    bool was_lost = entry->count[MESSAGE_WAS_LOST];
    if (message->first.time_ns - entry->last_ns > (was_lost ? LOST_WITHIN_NS : SEEN_WITHIN_NS))
        *entry = (struct history_entry){ 0 };
    check_mark(analysis, entry);
    if (entry->count[MESSAGE_TIMES]++ == 0)
        entry->first_ns = message->first.time_ns;
    entry->count[MESSAGE_WAS_LOST] = !is_taken(transaction);
    entry->last_ns = is_taken(transaction) ? transaction->reply->at.time_ns : analysis->session->end_ns;
    if (is_taken(transaction) && history_is_due(entry, entry->count[MESSAGE_TIMES], 2))
        raise_duplicate(analysis, entry, message, was_lost);
}

static void check_session(struct analysis *analysis)
{
    const struct replay *replay = &analysis->replay;

    for (size_t i = 0; i < replay->transaction_count; i++) {
        const struct message *message = message_of(analysis, &replay->transactions[i]);
        if (message)
            check_message(analysis, &replay->transactions[i], message);
    }
}

const struct check check_duplicate = { .expect = expect, .session = check_session };
