/* Deliveries that were refused, and whether they came back and got through: greylisting by its pattern. */
#include "base/timestamp.h"
#include "rules/check.h"
#include "rules/refusal.h"

enum {
    WAIT_LEAST_S =
        30 /* the shortest wait that greylisting is set to in practice is a minute; most ask for five */
};

enum refused_count { REFUSED_TIMES, REFUSED_CODE, REFUSED_IS_GREY, REFUSED_HAS_RETURNED, REFUSED_COUNTS };
_Static_assert((int)REFUSED_COUNTS <= (int)HISTORY_COUNTS, "an entry holds them all");

struct comeback {
    size_t index; /* of the first RCPT that came back from a temporary refusal */
    uint32_t recipients;
    uint32_t times;
    uint32_t code;
    uint64_t wait_ns; /* the longest */
};

/* A temporary refusal for no other reason that the server names: full mailboxes, limits, trouble with the DNS
 * and with the server itself also pass with time. */
static bool may_be_greylisting(const struct reply *reply)
{
    if (reply->code != 450 && reply->code != 451 && reply->code != 421)
        return false;
    enum refusal_reason reason = refusal_classify(reply, REFUSAL_RCPT, 0).reason;
    return reason == REASON_NONE || reason == REASON_GREYLIST || reason == REASON_POLICY;
}

/* A client that comes back writes sender and recipient as before. */
static struct history_key sender_key(const struct analysis *analysis, const struct transaction *transaction)
{
    struct history_key key = history_key(check_history(analysis), HISTORY_REFUSED);

    history_key_add_network(&key, &analysis->session->client.address);
    history_key_add(&key, transaction->mail_from);
    return key;
}

static void note_refused(struct analysis *analysis, const struct history_key *key, const struct reply *reply)
{
    struct history_entry *entry = history_keep(check_history(analysis), key);

    if (!entry)
        return;
    if (entry->count[REFUSED_TIMES] == 0 || entry->count[REFUSED_HAS_RETURNED]) {
        *entry = (struct history_entry){ .first_ns = reply->at.time_ns };
        analysis->returned.refused++;
    }
    entry->count[REFUSED_TIMES]++;
    entry->count[REFUSED_CODE] = reply->code;
    entry->count[REFUSED_IS_GREY] = may_be_greylisting(reply);
    entry->last_ns = reply->at.time_ns;
}

static void note_accepted(struct analysis *analysis, const struct history_key *key, uint32_t rcpt_command,
                          uint64_t time_ns, struct comeback *comeback)
{
    struct history_entry *entry = history_find(check_history(analysis), key);

    if (!entry || entry->count[REFUSED_HAS_RETURNED] || time_ns <= entry->last_ns)
        return;
    entry->count[REFUSED_HAS_RETURNED] = 1;
    analysis->returned.accepted_later++;
    if (!entry->count[REFUSED_IS_GREY] || entry->last_ns >= analysis->session->start_ns
        || time_ns - entry->first_ns < WAIT_LEAST_S * NS_PER_SECOND)
        return;
    if (comeback->recipients++ == 0)
        comeback->index = analysis->replay.command_items[rcpt_command - 1];
    if (time_ns - entry->first_ns > comeback->wait_ns) {
        comeback->wait_ns = time_ns - entry->first_ns;
        comeback->times = entry->count[REFUSED_TIMES];
        comeback->code = entry->count[REFUSED_CODE];
    }
}

static void raise_greylisted(struct analysis *analysis, const struct comeback *comeback)
{
    struct finding *finding = check_raise(analysis, RULE_GREYLISTED, comeback->index);
    char span[HISTORY_SPAN_TEXT];

    if (!finding)
        return;
    finding->confidence = CONFIDENCE_POSSIBLE;
    check_detail(
        analysis, finding,
        "Refused with %u in an earlier session, for the first time %s before, %u times in all; now accepted "
        "(%u recipients): by its pattern, greylisting.",
        (unsigned)comeback->code, history_span(comeback->wait_ns, span), (unsigned)comeback->times,
        (unsigned)comeback->recipients);
}

/* The refusal of DATA itself; NULL if there is none. */
static const struct reply *refused_data(const struct analysis *analysis,
                                        const struct transaction *transaction)
{
    const struct replay *replay = &analysis->replay;
    const struct recipient *last = &transaction->recipients[transaction->recipient_count - 1];
    const struct item *next = replay_command(replay, last->command + 1);

    if (!next || next->as.command.verb != VERB_DATA || !next->reply || next->reply->code < 400
        || replay->judgements[last->command].verdict != VERDICT_REFUSED)
        return NULL;
    return next->reply;
}

/* What refused this recipient, if anything did. */
static const struct reply *refusal_of(const struct analysis *analysis, const struct recipient *recipient,
                                      const struct reply *of_all)
{
    if (!recipient->is_accepted)
        return analysis->replay.judgements[recipient->command - 1].verdict == VERDICT_REFUSED
                   ? recipient->reply
                   : NULL;
    const struct reply *reply = recipient->final ? recipient->final : of_all;
    return reply && reply->code >= 400 ? reply : NULL;
}

static void check_transaction(struct analysis *analysis, const struct transaction *transaction,
                              struct comeback *comeback)
{
    struct history *history = check_history(analysis);
    struct history_key sender = sender_key(analysis, transaction);
    bool may_be_known = history_may_have_begin(history, &sender);
    const struct reply *of_all =
        transaction->message ? transaction->reply : refused_data(analysis, transaction);

    for (size_t i = 0; i < transaction->recipient_count; i++) {
        const struct recipient *recipient = &transaction->recipients[i];
        const struct reply *refusal = refusal_of(analysis, recipient, of_all);
        bool is_accepted = !refusal && recipient->is_accepted && transaction->message && of_all;
        if (!refusal && !(is_accepted && may_be_known))
            continue;
        struct history_key key = sender;
        history_key_add(&key, recipient->address);
        if (refusal) {
            history_mark_begin(history, &sender);
            may_be_known = true;
            note_refused(analysis, &key, refusal);
        } else {
            note_accepted(analysis, &key, recipient->command, of_all->at.time_ns, comeback);
        }
    }
}

static bool is_worth_a_look(const struct analysis *analysis, const struct transaction *transaction)
{
    if (!transaction->mail_command || !transaction->recipient_count)
        return false;
    return transaction->verdict != VERDICT_OK || transaction->rcpt_refused
           || !history_is_empty(check_history(analysis), HISTORY_REFUSED);
}

static void check_session(struct analysis *analysis)
{
    const struct replay *replay = &analysis->replay;
    struct comeback comeback = { 0 };

    for (size_t i = 0; i < replay->transaction_count; i++)
        if (is_worth_a_look(analysis, &replay->transactions[i]))
            check_transaction(analysis, &replay->transactions[i], &comeback);
    if (comeback.recipients)
        raise_greylisted(analysis, &comeback);
}

const struct check check_return = { .session = check_session };
