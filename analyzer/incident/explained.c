/* Which finding of a session explains another. */
#include "incident/explained.h"

#include "incident/kind.h"
#include "replay/sequence_text.h"

enum scope {
    SCOPE_COMMAND = 1, /* about the same command, or both about the session as a whole */
    SCOPE_TRANSACTION,
    SCOPE_EARLIER, /* about the session as a whole, or a command before */
    SCOPE_GAP,     /* about a command before, and nothing between that opens a session or a transaction */
    SCOPE_SESSION
};

static const struct explained_row {
    enum rule_id rule;
    const char *phrase;
    enum scope scope;
    enum rule_id by;
} rows[] = {
#define EXPLAINED(rule, phrase, scope, by) { RULE_##rule, phrase, SCOPE_##scope, RULE_##by },
#include "incident/explained.def"
#undef EXPLAINED
};

static uint32_t transaction_of(const struct analysis *analysis, uint32_t command)
{
    return command > 0 && command <= analysis->replay.judgement_count
               ? analysis->replay.judgements[command - 1].transaction
               : 0;
}

/* Commands from behind `first` to before `last`. */
static bool opens_between(const struct analysis *analysis, uint32_t first, uint32_t last)
{
    for (uint32_t n = first + 1; n < last; n++) {
        enum verb verb = replay_command(&analysis->replay, n)->as.command.verb;
        if (verb == VERB_MAIL || verb_is_hello(verb))
            return true;
    }
    return false;
}

static bool is_within(const struct analysis *analysis, enum scope scope, uint32_t a, uint32_t b)
{
    uint32_t transaction = transaction_of(analysis, a);

    switch (scope) {
    case SCOPE_COMMAND:
        return a == b;
    case SCOPE_TRANSACTION:
        return transaction && transaction == transaction_of(analysis, b);
    case SCOPE_EARLIER:
        return b < a;
    case SCOPE_GAP:
        return b && b < a && !opens_between(analysis, b, a);
    case SCOPE_SESSION:
        return true;
    }
    return false;
}

static uint32_t find(const struct analysis *analysis, const struct explained_row *row, uint32_t command)
{
    for (uint32_t i = 0; i < analysis->finding_count; i++)
        if (analysis->findings[i].rule == row->by
            && is_within(analysis, row->scope, command, analysis->findings[i].command))
            return i;
    return UINT32_MAX;
}

uint32_t explained_by(const struct analysis *analysis, uint32_t finding)
{
    const struct finding *explained = &analysis->findings[finding];
    uint32_t found = UINT32_MAX;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0] && found == UINT32_MAX; i++) {
        if (rows[i].rule != explained->rule)
            continue;
        const struct reply *reply = rows[i].phrase[0] ? kind_reply(analysis, explained) : NULL;
        if (!rows[i].phrase[0] || (reply && reply_says(reply, bytes_of(rows[i].phrase))))
            found = find(analysis, &rows[i], explained->command);
    }
    return found;
}
