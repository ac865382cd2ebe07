#ifndef RULES_REFUSAL_H
#define RULES_REFUSAL_H

#include "rules/rules.h"

/* Why a server refused, as far as its reply tells: by the enhanced code, the reply code, and known texts. */

enum refusal_reason {
    REASON_NONE = 0,
#define REASON(name, command_rule, content_rule, subjects, words, advice) REASON_##name,
#include "rules/refusal_reasons.def"
#undef REASON
    REASON_COUNT
};

struct reason {
    enum rule_id command_rule; /* the finding for a refused MAIL, RCPT, DATA or BDAT */
    enum rule_id content_rule; /* for a message refused when it was there */
    const char *subjects;
    const char *words;
    const char *advice;
};
/* Never NULL; of REASON_NONE the general findings. */
const struct reason *reason_of(enum refusal_reason reason);

enum block_list {
    BLOCK_LIST_NONE = 0,
#define BLOCK_LIST(name, is_of_domains, title) BLOCK_LIST_##name,
#include "rules/block_lists.def"
#undef BLOCK_LIST
    BLOCK_LIST_COUNT
};
/* Our name of it; NULL for NONE. */
const char *block_list_name(enum block_list list);
bool block_list_is_of_domains(enum block_list list);

/* What the texts of a reply show. */
struct refusal_signs {
    uint64_t reasons; /* a bit a reason: reason_bit */
    enum block_list list;
};
static inline uint64_t reason_bit(enum refusal_reason reason)
{
    return UINT64_C(1) << (unsigned)reason;
}
/* One pass over the text.  What stands in <> or behind @ is an address that the server repeats: no sign. */
struct refusal_signs refusal_signs_of(const struct reply *reply);

enum refusal_step {
    REFUSAL_NONE = 0,
    REFUSAL_CONNECT, /* the greeting, and EHLO or HELO */
    REFUSAL_MAIL,
    REFUSAL_RCPT,
    REFUSAL_DATA, /* DATA, or a BDAT that is not the last */
    REFUSAL_CONTENT,
    REFUSAL_STEP_COUNT
};
/* What a refusal of the command refuses; REFUSAL_NONE for those that are no step of a delivery. */
enum refusal_step refusal_step_of(const struct command *command);

struct refusal {
    enum refusal_reason reason;
    enum refusal_reason other; /* what another sign says against it, or NONE */
    enum block_list list;
    enum confidence confidence; /* that this is the reason; NONE: no sign at all */
    bool is_by_code;            /* the enhanced code or the code says so, not the text alone */
};
/* `known`: reasons that cannot be (a client that is authenticated is not asked to log in), as reason_bits. */
struct refusal refusal_classify(const struct reply *reply, enum refusal_step step, uint64_t known);

/* The seconds that the text asks the client to wait; 0 if it does not say. */
uint64_t refusal_delay_seconds(const struct reply *reply);

#endif
