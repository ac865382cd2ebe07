/* Which of its cases a command out of order is. */
#include "incident/settled.h"

#include "incident/roots.h"

static const char *const rows[RULE_COUNT][SETTLED_COUNT] = {
#define SETTLED(rule, settled, explanation) [RULE_##rule][SETTLED_##settled] = explanation,
#include "incident/settled.def"
#undef SETTLED
};

/* The newest MAIL before command n. */
static enum settled settle_mail(const struct analysis *analysis, uint32_t n)
{
    for (uint32_t i = n - 1; i > 0; i--) {
        const struct item *item = replay_command(&analysis->replay, i);
        if (!item || item->as.command.verb != VERB_MAIL)
            continue;
        if (!item->reply)
            return SETTLED_NONE;
        return item->reply->code >= 400 ? SETTLED_REFUSED : SETTLED_ENDED;
    }
    return analysis->session->is_midstream ? SETTLED_NONE : SETTLED_NOT_SENT;
}

static enum settled settle_recipients(const struct analysis *analysis, const struct judgement *judgement)
{
    if (!judgement->transaction)
        return SETTLED_NONE;
    const struct transaction *transaction = &analysis->replay.transactions[judgement->transaction - 1];
    return transaction->recipient_count ? SETTLED_REFUSED : SETTLED_NOT_SENT;
}

enum settled settled_of(const struct analysis *analysis, const struct finding *finding)
{
    const struct judgement *judgement = roots_judgement(analysis, finding->command);

    if (!judgement || analysis->replay.has_gaps)
        return SETTLED_NONE;
    if (finding->rule == RULE_RCPT_WITHOUT_MAIL || finding->rule == RULE_DATA_WITHOUT_MAIL)
        return settle_mail(analysis, finding->command);
    return finding->rule == RULE_DATA_WITHOUT_RCPT ? settle_recipients(analysis, judgement) : SETTLED_NONE;
}

const char *settled_explanation(enum rule_id rule, enum settled settled)
{
    return rows[rule][settled] ? rows[rule][settled] : rule_of(rule)->explanation;
}
