/* Who exists here?  Recipients asked for by VRFY, EXPN or RCPT without any message for them. */
#include "rules/check.h"
#include "rules/refusal.h"

enum {
    TARGETS_MANY = 10, /* a mistake or a test asks for a few */
    TRANSACTIONS_MANY =
        3,            /* a client that gives up a message for one refused recipient does it once or twice */
    HARVEST_LEAST = 5 /* of a list that has aged, hardly all are gone in one message */
};

enum target_count {
    TARGET_DIFFERENT,
    TARGET_REFUSED, /* of the different ones, by RCPT */
    TARGET_QUERIES, /* VRFY and EXPN */
    TARGET_TRANSACTIONS,
    TARGET_CALL_OUTS, /* MAIL FROM:<> and one RCPT: a server that verifies a sender; not counted as targets */
    TARGET_COUNTS
};
_Static_assert((int)TARGET_COUNTS <= (int)HISTORY_COUNTS, "an entry holds them all");

static struct history_entry *entry_of_client(const struct analysis *analysis, uint64_t time_ns)
{
    struct history_key key = history_key(check_history(analysis), HISTORY_TARGET);

    history_key_add_address(&key, &analysis->session->client.address);
    struct history_entry *entry = history_keep(check_history(analysis), &key);
    if (!entry)
        return NULL;
    if (!entry->first_ns)
        entry->first_ns = time_ns;
    entry->last_ns = time_ns;
    return entry;
}

static bool is_first(const struct analysis *analysis, struct bytes target)
{
    struct history_key key = history_key(check_history(analysis), HISTORY_DIFFERENT);

    history_key_add_number(&key, HISTORY_TARGET);
    history_key_add_address(&key, &analysis->session->client.address);
    history_key_add_nocase(&key, target);
    return history_is_first(check_history(analysis), &key);
}

/* A message with many recipients that was given up once is no question, unless most of them do not exist. */
static bool is_asking(const struct history_entry *entry)
{
    return entry->count[TARGET_QUERIES] >= TARGETS_MANY
           || entry->count[TARGET_TRANSACTIONS] >= TRANSACTIONS_MANY
           || 2 * entry->count[TARGET_REFUSED] >= entry->count[TARGET_DIFFERENT];
}

static void tell(struct analysis *analysis, struct history_entry *entry, size_t index)
{
    uint32_t different = entry->count[TARGET_DIFFERENT];
    char span[HISTORY_SPAN_TEXT];

    if (!is_asking(entry) || !history_is_due(entry, different, TARGETS_MANY))
        return;
    struct finding *finding = check_raise(analysis, RULE_USER_ENUMERATION, index);
    if (!finding)
        return;
    bool is_sure = entry->count[TARGET_QUERIES] >= TARGETS_MANY
                   && !history_forgotten(check_history(analysis), HISTORY_DIFFERENT);
    finding->confidence = is_sure ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE;
    check_detail(
        analysis, finding,
        "This client asked for %u different recipients in %s, %u times by VRFY or EXPN and in %u "
        "transactions "
        "without a message. Call-outs that verify a sender (MAIL FROM:<> and one recipient) are not among "
        "them: %u.",
        (unsigned)different, history_span(entry->last_ns - entry->first_ns, span),
        (unsigned)entry->count[TARGET_QUERIES], (unsigned)entry->count[TARGET_TRANSACTIONS],
        (unsigned)entry->count[TARGET_CALL_OUTS]);
}

static void check_command(struct analysis *analysis, size_t index)
{
    const struct item *item = &analysis->session->items[index];
    const struct command *command = &item->as.command;

    if (command->is_body_line || command->argument.len == 0 || !item->reply)
        return;
    struct history_entry *entry = entry_of_client(analysis, item->at.time_ns);
    if (!entry)
        return;
    entry->count[TARGET_QUERIES]++;
    entry->count[TARGET_DIFFERENT] += is_first(analysis, command->argument);
    tell(analysis, entry, index);
}

/* What the client did next with these recipients: nothing, and went on to something else. */
static bool is_given_up(const struct analysis *analysis, const struct transaction *transaction)
{
    uint32_t n = transaction->recipients[transaction->recipient_count - 1].command;
    const struct item *next;

    while ((next = replay_command(&analysis->replay, ++n)) && next->as.command.verb == VERB_NOOP)
        continue;
    if (!next || next->as.command.is_pipelined)
        return false;
    enum verb verb = next->as.command.verb;
    return verb == VERB_RSET || verb == VERB_QUIT || verb == VERB_MAIL || verb_is_hello(verb);
}

static void check_transaction(struct analysis *analysis, const struct transaction *transaction)
{
    const struct recipient *last = &transaction->recipients[transaction->recipient_count - 1];
    size_t index = analysis->replay.command_items[last->command - 1];
    struct history_entry *entry;

    if (!is_given_up(analysis, transaction))
        return;
    entry = entry_of_client(analysis, analysis->session->items[index].at.time_ns);
    if (!entry)
        return;
    if (transaction->mail_from.len == 0 && transaction->recipient_count == 1) {
        entry->count[TARGET_CALL_OUTS]++;
        return;
    }
    entry->count[TARGET_TRANSACTIONS]++;
    for (size_t i = 0; i < transaction->recipient_count; i++) {
        const struct recipient *recipient = &transaction->recipients[i];
        if (!recipient->reply || !recipient->address.len || !is_first(analysis, recipient->address))
            continue;
        entry->count[TARGET_DIFFERENT]++;
        entry->count[TARGET_REFUSED] += recipient->reply->code >= 550 && recipient->reply->code < 560;
    }
    tell(analysis, entry, index);
}

/* Where every recipient was refused there could be no message, which is no sign of anything, unless it is a
 * list of names and none of them exists. */
static bool is_harvest(const struct analysis *analysis, const struct transaction *transaction)
{
    if (transaction->recipient_count < HARVEST_LEAST || analysis->session->message_count > 0)
        return false;
    for (size_t i = 0; i < transaction->recipient_count; i++) {
        const struct reply *reply = transaction->recipients[i].reply;
        if (!reply || reply->code / 100 != 5
            || !(refusal_signs_of(reply).reasons & reason_bit(REASON_RECIPIENT_UNKNOWN)))
            return false;
    }
    return true;
}

static void check_session(struct analysis *analysis)
{
    const struct replay *replay = &analysis->replay;

    if (replay->has_gaps || analysis->session->one_sided != SIDE_NONE)
        return;
    for (size_t i = 0; i < replay->transaction_count; i++) {
        const struct transaction *transaction = &replay->transactions[i];
        if (transaction->message == 0 && transaction->mail_command
            && (transaction->accepted_count > 0 || is_harvest(analysis, transaction)))
            check_transaction(analysis, transaction);
    }
}

const struct check check_target = { .command = check_command,
                                    .verbs = 1u << VERB_VRFY | 1u << VERB_EXPN,
                                    .session = check_session };
