/* Whether a client went on in spite of a refusal that was there to be read, and had the time to read it. */
#include "rules/check.h"

enum {
    HABIT_COMMANDS = 32, /* looked at to learn how a client works */
    NS_IN_MS = 1000000
};
/* Longer than a segment of a group is ever held back or sent again by the kernel, on a path without loss. */
static const uint64_t group_pause_ns = UINT64_C(1000) * NS_IN_MS;

struct habit {
    bool sends_groups;
    uint64_t turnaround_ns; /* the least that it took from a reply which had to be read; 0 not seen */
};

/* The reply right before the command, if the client could not do without it; else NULL. */
static const struct reply *awaited_reply(const struct analysis *analysis, const struct item *item)
{
    const struct item *before = replay_command(&analysis->replay, item->as.command.n - 1);
    const struct reply *reply = before ? before->reply : analysis->replay.greeting;

    return (!before || check_ends_group(before->as.command.verb)) && item_saw(item, reply) ? reply : NULL;
}

/* The time from there to this command; 0 also where packets were captured out of their order. */
static uint64_t turnaround_of(const struct analysis *analysis, const struct item *item)
{
    const struct reply *reply = awaited_reply(analysis, item);

    return reply && item->first.time_ns > reply->at.time_ns ? item->first.time_ns - reply->at.time_ns : 0;
}

/* Sent without waiting.  The lines of a message or chunk come at once, whoever sends them. */
static bool is_of_group(const struct command *command)
{
    return (command->is_pipelined || command->is_before_greeting) && !command->is_body_line;
}

static struct habit habit_of(const struct analysis *analysis, uint32_t n)
{
    const struct item *next = replay_command(&analysis->replay, n + 1);
    struct habit habit = { .sends_groups = next && is_of_group(&next->as.command) };

    for (uint32_t back = 1; back <= HABIT_COMMANDS && back < n; back++) {
        const struct item *item = replay_command(&analysis->replay, n - back);
        habit.sends_groups = habit.sends_groups || is_of_group(&item->as.command);
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
    if (awaited_reply(analysis, item)) /* right behind a reply that nobody can do without */
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
    enum verdict verdict = check_judgement(analysis, index)->verdict;

    if ((verdict == VERDICT_CONSEQUENCE || verdict == VERDICT_TOLERATED) && !analysis->replay.has_gaps)
        check_ignored_refusal(analysis, index);
}

const struct check check_ignored = { .command = check_command };
