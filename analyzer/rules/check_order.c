/* Findings of order: what the reference machine says is out of its place, and what comes of it. */
#include "rules/check.h"
#include "rules/ending.h"

static bool is_transaction(enum phase phase)
{
    return phase == PHASE_MAIL || phase == PHASE_RCPT || phase == PHASE_BDAT || phase == PHASE_BDAT_FAILED;
}

/* Behind a reply that is lost, and inside a pipelined group, nothing can be held against the client. */
static bool is_blameless(const struct analysis *analysis, size_t index)
{
    const struct item *item = &analysis->session->items[index];
    const struct judgement *judgement = check_judgement(analysis, index);

    if (judgement->is_lost)
        return true;
    if (judgement->misorder == MISORDER_COMMAND_AFTER_REFUSAL && !item_saw(item, analysis->replay.greeting))
        return true;
    if (!item->reply)
        return item->as.command.is_pipelined || judgement->verdict == VERDICT_UNDECIDED
               || analysis->replay.has_gaps || ending_lacks_last(analysis->session)
               || session_lacks_end(analysis->session, SIDE_SERVER);
    if (judgement->verdict == VERDICT_CONSEQUENCE) /* what shows how the client works may be missing */
        return analysis->replay.has_gaps || check_ignored_cause(analysis, index) == CONFIDENCE_NONE;
    return false;
}

/* A nested MAIL after every recipient was refused: the refusals are why the transaction was left behind. */
static uint32_t cause_of_nesting(const struct analysis *analysis, size_t index,
                                 const struct judgement *judgement)
{
    uint32_t command = analysis->session->items[index].as.command.n;
    const struct transaction *open =
        judgement->transaction ? &analysis->replay.transactions[judgement->transaction - 1] : NULL;

    if (judgement->misorder != MISORDER_NESTED_MAIL || !open || open->accepted_count || !open->rcpt_refused
        || open->recipients[0].command > command)
        return 0;
    return open->recipients[0].command;
}

static void raise_misorder(struct analysis *analysis, size_t index, enum misorder misorder)
{
    const struct judgement *judgement = check_judgement(analysis, index);
    struct finding *finding = check_raise(analysis, rule_of_misorder(misorder), index);

    if (!finding)
        return;
    finding->cause_command = judgement->cause;
    if (!finding->cause_command)
        finding->cause_command = cause_of_nesting(analysis, index, judgement);
    if (finding->cause_command)
        check_explain_cause(analysis, finding);
}

/* A word that the server does not know may be just that.  Content begins with the name of a field, or comes
 * in one flight, or ends in a dot. */
static bool is_content(const struct analysis *analysis, const struct command *line)
{
    const struct item *next = replay_command(&analysis->replay, line->n + 1);

    if (line->is_pipelined || (line->word.len > 1 && bytes_find(line->word, ':') == line->word.len - 1))
        return true;
    return next && next->as.command.is_body_line
           && (next->as.command.is_pipelined || bytes_equal(next->as.command.line, BYTES(".")));
}

/* The lines of a message sent although DATA was refused: told once, at the first of them. */
static void check_body_line(struct analysis *analysis, size_t index)
{
    const struct item *item = &analysis->session->items[index];
    const struct item *before = replay_command(&analysis->replay, item->as.command.n - 1);

    if (analysis->replay.has_gaps || !before || before->as.command.verb != VERB_DATA
        || before->as.command.is_body_line || !before->reply || before->reply->code < 400
        || !is_content(analysis, &item->as.command))
        return;
    struct finding *finding = check_raise(analysis, RULE_DATA_WITHOUT_354, index);
    if (!finding)
        return;
    uint32_t root = analysis->replay.judgements[before->as.command.n - 1].cause;
    finding->cause_command = root ? root : before->as.command.n;
    check_explain_cause(analysis, finding);
}

static void check_command(struct analysis *analysis, size_t index)
{
    const struct item *item = &analysis->session->items[index];
    const struct judgement *judgement = check_judgement(analysis, index);
    enum verb verb = item->as.command.verb;

    if (item->as.command.is_body_line)
        check_body_line(analysis, index);
    if (judgement->misorder != MISORDER_NONE && !is_blameless(analysis, index))
        raise_misorder(analysis, index, judgement->misorder);
    if (judgement->not_offered != MISORDER_NONE && judgement->not_offered != judgement->misorder
        && judgement->phase != PHASE_REFUSED && judgement->phase != PHASE_CLOSED)
        raise_misorder(analysis, index, judgement->not_offered);
    if (verb == VERB_STARTTLS && judgement->is_authenticated && judgement->misorder == MISORDER_NONE
        && judgement->is_phase_known)
        (void)check_raise(analysis, RULE_STARTTLS_AFTER_AUTH, index);
    if (verb == VERB_QUIT && is_transaction(judgement->phase) && judgement->is_phase_known
        && judgement->is_certain && !judgement->is_lost)
        (void)check_raise(analysis, RULE_QUIT_IN_TRANSACTION, index);
}

const struct check check_order = { .command = check_command };
