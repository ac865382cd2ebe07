/* Findings of timing: what was sent before its turn, and what in spite of a refusal that was there to be read
 * (RFC 2920 3.1). */
#include "rules/check.h"
#include "rules/pipe_offers.h"

enum {
    HABIT_COMMANDS = 32, /* looked at to learn how a client works */
    NS_IN_MS = 1000000
};
/* Longer than a segment of a group is ever held back or sent again by the kernel, on a path without loss. */
static const uint64_t group_pause_ns = UINT64_C(1000) * NS_IN_MS;

/* RFC 2920 3.1: these end a group, and so does the verb of any extension that does not say otherwise.  Some
 * clients send XFORWARD in a group, and its document is silent. */
static const bool ends_group[VERB_COUNT] = {
    [VERB_EHLO] = true, [VERB_HELO] = true, [VERB_LHLO] = true,    [VERB_DATA] = true,     [VERB_VRFY] = true,
    [VERB_EXPN] = true, [VERB_TURN] = true, [VERB_QUIT] = true,    [VERB_NOOP] = true,     [VERB_AUTH] = true,
    [VERB_ETRN] = true, [VERB_ATRN] = true, [VERB_XCLIENT] = true, [VERB_STARTTLS] = true,
};

static bool has_offer(const struct reply *ehlo, enum extension extension)
{
    for (uint32_t i = 1; ehlo && i < ehlo->line_count; i++)
        if (extension_parse(ehlo->lines[i]) == extension)
            return true;
    return false;
}

/* RFC 4954 4: an initial response of a mechanism that needs no second one. */
static bool is_one_step(const struct analysis *analysis, size_t index)
{
    const struct sasl_exchange *exchange = session_exchange_of(analysis->session, index);

    return exchange && exchange->step_count > 0 && exchange->steps[0].from == SIDE_CLIENT
           && (bytes_equal(exchange->mechanism, BYTES("PLAIN"))
               || bytes_equal(exchange->mechanism, BYTES("EXTERNAL"))
               || bytes_equal(exchange->mechanism, BYTES("ANONYMOUS")));
}

static bool must_wait_after(const struct analysis *analysis, size_t index)
{
    const struct item *item = &analysis->session->items[index];
    enum verb verb = item->as.command.verb;

    if (verb == VERB_AUTH)
        return !is_one_step(analysis, index);
    if (verb == VERB_STARTTLS) /* accepted, it is an injection */
        return !item->reply || item->reply->code >= 400;
    return ends_group[verb];
}

/* The command right before this one, if nothing else of the client stands between; SIZE_MAX if there is none.
 */
static size_t neighbour(const struct analysis *analysis, size_t index)
{
    while (index-- > 0) {
        enum item_kind kind = analysis->session->items[index].kind;
        if (kind == ITEM_COMMAND)
            return index;
        if (kind != ITEM_REPLY && kind != ITEM_GREETING && kind != ITEM_JUNK)
            break;
    }
    return SIZE_MAX;
}

/* The command that had to be the last of its group when this one was sent; SIZE_MAX if there is none. */
static size_t violated(const struct analysis *analysis, size_t index)
{
    const struct item *item = &analysis->session->items[index];
    size_t before = item->as.command.is_pipelined ? neighbour(analysis, index) : SIZE_MAX;

    if (before == SIZE_MAX || item_saw(item, analysis->session->items[before].reply)
        || analysis->session->items[before].as.command.is_body_line || !must_wait_after(analysis, before))
        return SIZE_MAX;
    return before;
}

/* Where PIPELINING is known to be missing, the whole group is told as such. */
static bool is_told_as_not_offered(const struct analysis *analysis, size_t index, enum verb before)
{
    const struct judgement *judgement = check_judgement(analysis, index);

    return judgement->has_offer && judgement->is_phase_known && !check_is_greeting_verb(before)
           && !(judgement->offered & extension_bit(EXTENSION_PIPELINING));
}

/* In clear behind an accepted STARTTLS: told as an injection. */
static bool is_behind_starttls(const struct analysis *analysis, size_t index)
{
    const struct judgement *judgement = check_judgement(analysis, index);

    return judgement->phase == PHASE_TLS_GREETED && !judgement->is_tls;
}

static bool is_first_chunk(const struct analysis *analysis, uint32_t n)
{
    for (uint32_t back = 1; back < n && back <= HABIT_COMMANDS; back++) {
        const struct command *command = &replay_command(&analysis->replay, n - back)->as.command;
        if (!command->is_pipelined)
            return true;
        if (command->verb == VERB_BDAT)
            return false;
    }
    return true;
}

/* RFC 3030 2: the replies to MAIL and RCPT come first.  Told where it mattered. */
static void check_early_chunk(struct analysis *analysis, size_t index)
{
    const struct judgement *judgement = check_judgement(analysis, index);

    if (judgement->verdict != VERDICT_CONSEQUENCE || judgement->could_see_cause
        || judgement->not_offered != MISORDER_NONE
        || !is_first_chunk(analysis, analysis->session->items[index].as.command.n)
        || (judgement->misorder != MISORDER_BDAT_WITHOUT_MAIL
            && judgement->misorder != MISORDER_BDAT_WITHOUT_RCPT))
        return;
    struct finding *finding = check_raise(analysis, RULE_PIPELINING_VIOLATION, index);
    if (!finding)
        return;
    finding->severity = SEVERITY_INFO;
    finding->cause_command = judgement->cause;
    check_detail(analysis, finding, "BDAT was sent before the replies to MAIL and RCPT were in.");
}

/* Exim: PIPECONNECT is the leave to send a whole group with EHLO, for a client that has seen it offered
 * before. */
static void raise_violation(struct analysis *analysis, size_t index, const struct item *last)
{
    bool may_send = last->as.command.verb == VERB_EHLO && has_offer(last->reply, EXTENSION_PIPECONNECT);

    if (may_send
        && (last->as.command.is_before_greeting
            || pipe_offers_hold(check_pipe_offers(analysis), analysis->session)))
        return;
    struct finding *finding = check_raise(analysis, RULE_PIPELINING_VIOLATION, index);
    if (!finding)
        return;
    if (may_send)
        finding->confidence = CONFIDENCE_POSSIBLE;
    check_detail(analysis, finding,
                 "It was sent before the reply to command %u, %s, which has to be the last of its group%s.",
                 (unsigned)last->as.command.n, verb_name(last->as.command.verb),
                 may_send ? " but for clients that have seen PIPECONNECT offered before" : "");
}

static void check_violation(struct analysis *analysis, size_t index)
{
    const struct item *item = &analysis->session->items[index];

    if (item->as.command.verb == VERB_BDAT)
        check_early_chunk(analysis, index);
    size_t before = violated(analysis, index);
    if (before == SIZE_MAX)
        return;
    const struct item *last = &analysis->session->items[before];
    enum verb verb = last->as.command.verb;
    if (is_told_as_not_offered(analysis, index, verb) || is_behind_starttls(analysis, index))
        return;
    if (verb == VERB_AUTH && item->as.command.verb == VERB_UNKNOWN)
        (void)check_raise(analysis, RULE_AUTH_PIPELINED, index); /* read as a command */
    else if (violated(analysis, before) == SIZE_MAX)             /* the first of a run */
        raise_violation(analysis, index, last);
}

static void check_early(struct analysis *analysis, size_t index)
{
    bool is_offered = has_offer(analysis->replay.ehlo_reply, EXTENSION_PIPECONNECT);

    if (!analysis->replay.greeting)
        return;
    if (is_offered && pipe_offers_hold(check_pipe_offers(analysis), analysis->session))
        return;
    struct finding *finding = check_raise(analysis, RULE_EARLY_TALKER, index);
    if (!finding || !is_offered)
        return;
    finding->confidence = CONFIDENCE_POSSIBLE;
    check_detail(
        analysis, finding,
        "The server offers PIPECONNECT; whether the client had seen that before is not in this capture.");
}

struct habit {
    bool sends_groups;
    uint64_t turnaround_ns; /* the least that it took from a reply which had to be read; 0 not seen */
};

/* The time from the reply that the client could not do without to this command. */
static uint64_t turnaround_of(const struct analysis *analysis, const struct item *item)
{
    const struct item *before = replay_command(&analysis->replay, item->as.command.n - 1);
    const struct reply *reply = before ? before->reply : analysis->replay.greeting;

    if ((before && !ends_group[before->as.command.verb]) || !item_saw(item, reply)
        || item->first.time_ns < reply->at.time_ns)
        return 0;
    return item->first.time_ns - reply->at.time_ns;
}

static struct habit habit_of(const struct analysis *analysis, uint32_t n)
{
    const struct item *next = replay_command(&analysis->replay, n + 1);
    struct habit habit = { .sends_groups = next && next->as.command.is_pipelined };

    for (uint32_t back = 1; back <= HABIT_COMMANDS && back < n; back++) {
        const struct item *item = replay_command(&analysis->replay, n - back);
        habit.sends_groups = habit.sends_groups || item->as.command.is_pipelined;
        uint64_t turnaround_ns = turnaround_of(analysis, item);
        if (turnaround_ns && (!habit.turnaround_ns || turnaround_ns < habit.turnaround_ns))
            habit.turnaround_ns = turnaround_ns;
    }
    return habit;
}

static uint64_t passed_ns(uint64_t from_ns, uint64_t to_ns)
{
    return to_ns > from_ns ? to_ns - from_ns : 0;
}

/* A kernel acknowledges what its program has not read, and holds back parts of a group until an
 * acknowledgment comes: whether there was time to read, the client's own pace tells. */
static enum confidence confidence_of_ignoring(const struct analysis *analysis, size_t index, uint32_t cause_n)
{
    const struct item *item = &analysis->session->items[index];
    const struct item *cause = replay_command(&analysis->replay, cause_n);

    if (!cause || !item_saw(item, cause->reply) || item->as.command.is_pipelined)
        return CONFIDENCE_NONE;
    if (turnaround_of(analysis, item)) /* right behind a reply that nobody can do without */
        return CONFIDENCE_LIKELY;
    uint64_t waited_ns = passed_ns(cause->reply->at.time_ns, item->first.time_ns);
    struct habit habit = habit_of(analysis, item->as.command.n);
    if (habit.sends_groups)
        return waited_ns >= group_pause_ns + 2 * analysis->session->rtt_ns ? CONFIDENCE_LIKELY
                                                                           : CONFIDENCE_NONE;
    return waited_ns >= (habit.turnaround_ns ? habit.turnaround_ns / 2 : NS_IN_MS) ? CONFIDENCE_LIKELY
                                                                                   : CONFIDENCE_POSSIBLE;
}

enum confidence check_ignored_cause(const struct analysis *analysis, size_t index)
{
    return confidence_of_ignoring(analysis, index, check_judgement(analysis, index)->cause);
}

/* What the refused command was needed for; 0 if nothing was refused.  A server may take the message of
 * nobody. */
static uint32_t refused_cause(const struct analysis *analysis, const struct judgement *judgement)
{
    bool lacks_rcpt = judgement->misorder == MISORDER_DATA_WITHOUT_RCPT
                      || judgement->misorder == MISORDER_BDAT_WITHOUT_RCPT;

    if (judgement->verdict == VERDICT_CONSEQUENCE)
        return judgement->cause;
    if (judgement->verdict != VERDICT_TOLERATED || !lacks_rcpt || !judgement->transaction)
        return 0;
    const struct transaction *open = &analysis->replay.transactions[judgement->transaction - 1];
    return open->rcpt_refused && !open->accepted_count ? open->recipients[0].command : 0;
}

/* The client had the refusal, and time to read it, and went on all the same. */
static void check_ignored_refusal(struct analysis *analysis, size_t index)
{
    uint32_t cause_n = refused_cause(analysis, check_judgement(analysis, index));
    const struct item *cause = replay_command(&analysis->replay, cause_n);

    if (!cause || !cause->reply || cause->reply->code < 400)
        return;
    enum confidence confidence = confidence_of_ignoring(analysis, index, cause_n);
    struct finding *finding =
        confidence == CONFIDENCE_NONE ? NULL : check_raise(analysis, RULE_REFUSAL_IGNORED, index);
    if (!finding)
        return;
    finding->confidence = confidence;
    finding->cause_command = cause_n;
    check_explain_cause(analysis, finding);
}

static void check_command(struct analysis *analysis, size_t index)
{
    const struct command *command = &analysis->session->items[index].as.command;

    enum verdict verdict = check_judgement(analysis, index)->verdict;

    if ((verdict == VERDICT_CONSEQUENCE || verdict == VERDICT_TOLERATED) && !analysis->replay.has_gaps)
        check_ignored_refusal(analysis, index);
    if (!command->is_pipelined && !command->is_before_greeting)
        return;
    if (analysis->replay.has_gaps || analysis->session->foreign != FOREIGN_NONE)
        return;
    if (command->is_pipelined)
        check_violation(analysis, index);
    if (command->is_before_greeting && command->n == 1)
        check_early(analysis, index);
}

/* RFC 4954 4: each response waits for its 334.  Told at the first of an exchange. */
static void check_exchange(struct analysis *analysis, const struct sasl_exchange *exchange)
{
    const struct session *session = analysis->session;
    const struct reply *asked = session->items[exchange->command_item].reply;

    for (size_t i = exchange->command_item + 1; i < session->item_count; i++) {
        const struct item *item = &session->items[i];
        if (item->kind == ITEM_REPLY)
            continue;
        if (item->kind != ITEM_SASL || !asked || asked->code != 334)
            return;
        if (!item_saw(item, asked)) {
            (void)check_raise(analysis, RULE_AUTH_PIPELINED, i);
            return;
        }
        asked = item->reply;
    }
}

/* DATA ends a group: its content waits for the 354. */
static void check_content(struct analysis *analysis, const struct message *message)
{
    const struct session *session = analysis->session;

    if (message->is_bdat || message->first_item >= session->item_count
        || message->last_item >= session->item_count)
        return;
    const struct item *data = &session->items[message->first_item],
                      *content = &session->items[message->last_item];
    if (content->kind != ITEM_CONTENT || content->as.content.command_item != message->first_item
        || !data->reply || item_saw(content, data->reply))
        return;
    check_detail(analysis, check_raise(analysis, RULE_PIPELINING_VIOLATION, message->last_item),
                 "The message was sent before the 354 that asks for it.");
}

static void check_session(struct analysis *analysis)
{
    const struct session *session = analysis->session;

    pipe_offers_note(check_pipe_offers(analysis), &analysis->replay);
    if (analysis->replay.has_gaps || session->foreign != FOREIGN_NONE)
        return;
    for (size_t i = 0; i < session->exchange_count; i++)
        check_exchange(analysis, &session->exchanges[i]);
    for (size_t i = 0; i < session->message_count; i++)
        check_content(analysis, &session->messages[i]);
}

const struct check check_pipelining = { .command = check_command, .session = check_session };
