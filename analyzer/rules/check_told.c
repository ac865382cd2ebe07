/* Refusals that a log tells in words of its own: the reply is not there, and neither is its code. */
#include "rules/check.h"
#include "rules/refusal.h"

/* What stands for the code that is not known, so that the text is read as that of a refusal. */
enum { CODE_FOR_GOOD = 550, CODE_FOR_NOW = 450 };

static const char *const words_of_trouble[] = { "connection lost", "temporar", "no such file",
                                                "unavailable service" };

/* Whether the password could be checked at all. */
static bool is_trouble(struct bytes text)
{
    for (size_t i = 0; i < sizeof words_of_trouble / sizeof words_of_trouble[0]; i++)
        if (bytes_find_nocase(text, bytes_of(words_of_trouble[i])) != SIZE_MAX)
            return true;
    return false;
}

static void raise_login(struct analysis *analysis, size_t index, const struct log_refusal *refusal)
{
    struct finding *finding = check_raise(analysis, RULE_AUTH_FAILED, index);

    if (!finding)
        return;
    finding->confidence = CONFIDENCE_LIKELY;
    if (is_trouble(refusal->text)) {
        finding->fault = FAULT_SERVER;
        check_detail(analysis, finding,
                     "The log says that the password could not be checked: it may well be right.");
    } else {
        check_detail(analysis, finding, "The log says that the login was refused.");
    }
}

static void describe(struct analysis *analysis, struct finding *finding, const char *name,
                     const struct log_refusal *refusal)
{
    const struct reason *reason = reason_of((enum refusal_reason)finding->reason);

    check_detail(analysis, finding, "The log says that %s was refused%s%s%s.", name,
                 refusal->is_temporary ? " for now" : "", reason->words[0] ? ": " : "", reason->words);
}

/* A login or TLS is what is missing only if the client had none, which the log may not show. */
static uint64_t impossible_reasons(const struct log_refusal *refusal)
{
    uint64_t known = reason_bit(REASON_LOGIN) | reason_bit(REASON_TLS);

    return refusal->is_temporary ? known : known | reason_bit(REASON_GREYLIST);
}

static void check_command(struct analysis *analysis, size_t index)
{
    const struct item *item = &analysis->session->items[index];
    const struct log_refusal *told =
        item->reply ? NULL : session_log_refusal(analysis->session, item->as.command.n);
    enum refusal_step step = REFUSAL_NONE;

    if (told)
        step = told->is_of_message ? REFUSAL_CONTENT : refusal_step_of(&item->as.command);
    if (told && item->as.command.verb == VERB_AUTH)
        raise_login(analysis, index, told);
    if (step == REFUSAL_NONE)
        return;
    struct bytes line = told->text;
    struct reply reply = { .code = told->is_temporary ? CODE_FOR_NOW : CODE_FOR_GOOD,
                           .lines = &line,
                           .line_count = 1 };
    struct refusal refusal = refusal_classify(&reply, step, impossible_reasons(told));
    const struct reason *reason = reason_of(refusal.reason);
    struct finding *finding =
        check_raise(analysis, step == REFUSAL_CONTENT ? reason->content_rule : reason->command_rule, index);
    if (!finding)
        return;
    finding->confidence =
        refusal.reason && refusal.confidence < CONFIDENCE_LIKELY ? refusal.confidence : CONFIDENCE_LIKELY;
    finding->reason = (uint16_t)refusal.reason;
    describe(analysis, finding, step == REFUSAL_CONTENT ? "the message" : verb_name(item->as.command.verb),
             told);
}

const struct check check_told = { .command = check_command,
                                  .verbs =
                                      1u << VERB_AUTH | 1u << VERB_MAIL | 1u << VERB_RCPT | 1u << VERB_DATA };
