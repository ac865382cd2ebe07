/* What the server says that the client did wrong, and the findings that show it. */
#include "rules/slip.h"

enum { SHOWN_BY = 3 };

struct slip {
    enum refusal_reason reason;
    bool is_fault; /* the reason alone makes it the client's fault */
    enum rule_id shown_by[SHOWN_BY];
};

static const struct slip slips[] = {
    { REASON_PARAMETER, true, { RULE_COMMAND_SYNTAX, RULE_NOT_OFFERED, RULE_BDAT_LENGTH_ANOMALY } },
    { REASON_ADDRESS_SYNTAX,
      true,
      { RULE_COMMAND_SYNTAX, RULE_NOT_OFFERED, RULE_NON_ASCII_WITHOUT_SMTPUTF8 } },
    { REASON_HELO_NAME, true, { RULE_HELO_ANOMALY, RULE_NONE, RULE_NONE } },
    { REASON_PIPELINING, true, { RULE_PIPELINING_NOT_OFFERED, RULE_PIPELINING_VIOLATION, RULE_NONE } },
    { REASON_SIZE, false, { RULE_LIMITS_EXCEEDED, RULE_NONE, RULE_NONE } },
};

static const struct slip *slip_of(enum refusal_reason reason)
{
    for (size_t i = 0; i < sizeof slips / sizeof slips[0]; i++)
        if (slips[i].reason == reason)
            return &slips[i];
    return NULL;
}

bool slip_is_of(enum refusal_reason reason)
{
    const struct slip *slip = slip_of(reason);

    return slip && slip->is_fault;
}

bool slip_is_shown(const struct analysis *analysis, uint32_t n, enum refusal_reason reason)
{
    const struct slip *slip = slip_of(reason);

    if (slip && analysis->replay.has_gaps)
        return true; /* what shows it may be missing */
    for (size_t i = analysis->finding_count; slip && i-- > 0 && analysis->findings[i].command == n;)
        for (size_t k = 0; k < SHOWN_BY; k++)
            if (slip->shown_by[k] == analysis->findings[i].rule)
                return true;
    return false;
}
