/* The table of auth_outcomes.def, and the row that fits a reply. */
#include "rules/auth_outcomes.h"

#include "replay/sequence_text.h"

static const struct auth_outcome outcomes[] = {
#define AUTH_OUTCOME(code_, subject_, detail_, phrase_, fault_, says_)                                       \
    { (code_), (subject_), (detail_), (phrase_), FAULT_##fault_, (says_) },
#include "rules/auth_outcomes.def"
#undef AUTH_OUTCOME
};

const struct auth_outcome *auth_outcomes(size_t *count)
{
    *count = sizeof outcomes / sizeof outcomes[0];
    return outcomes;
}

const struct auth_outcome *auth_outcome_of(const struct reply *reply)
{
    for (size_t i = 0; i < sizeof outcomes / sizeof outcomes[0]; i++) {
        const struct auth_outcome *row = &outcomes[i];
        if (row->code != reply->code)
            continue;
        if (row->subject
            && (row->subject != reply->enhanced.subject || row->detail != reply->enhanced.detail))
            continue;
        if (!row->phrase || reply_says(reply, bytes_of(row->phrase)))
            return row;
    }
    return NULL;
}
