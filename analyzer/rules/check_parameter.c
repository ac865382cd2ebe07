/* Findings about the parameters of MAIL and RCPT (RFC 5321 4.1.1.11): their form, and what offers them. */
#include "rules/check.h"
#include "smtp/parameter.h"
#include "smtp/path.h"

static const struct command *command_at(const struct analysis *analysis, size_t index)
{
    return &analysis->session->items[index].as.command;
}

static void raise_form(struct analysis *analysis, size_t index, const struct parameter *parameter,
                       const char *what)
{
    if (!check_is_first(analysis, ONCE_PARAMETER))
        return;
    struct finding *finding = check_raise_form(analysis, RULE_COMMAND_SYNTAX, index);
    check_detail(analysis, finding, "The parameter %s of %s %s.", parameter->keyword,
                 verb_name(command_at(analysis, index)->verb), what);
}

/* CVE-2020-28021: a line end in the value is written into a file of Exim. */
static void check_line_end(struct analysis *analysis, size_t index, struct bytes value)
{
    if (bytes_find_nocase(value, BYTES("+0A")) == SIZE_MAX
        && bytes_find_nocase(value, BYTES("+0D")) == SIZE_MAX)
        return;
    struct finding *finding = check_raise_form(analysis, RULE_EXPLOIT_ATTEMPT, index);
    check_detail(analysis, finding, "MAIL holds a line end, encoded in AUTH= (CVE-2020-28021).");
}

static void check_unknown_parameter(struct analysis *analysis, size_t index)
{
    const struct item *item = &analysis->session->items[index];
    const struct judgement *judgement = check_judgement(analysis, index);
    bool is_refused = item->reply && item->reply->code == 555;
    bool may_be_offered = judgement->offered & extension_bit(EXTENSION_NONE); /* by what is not known here */

    if (!judgement->has_offer || !judgement->is_phase_known || (may_be_offered && !is_refused)
        || !check_is_first(analysis, ONCE_UNKNOWN_PARAMETER))
        return;
    struct finding *finding = check_raise(analysis, RULE_NOT_OFFERED, index);
    check_detail(analysis, finding, "%s has a parameter that belongs to no extension that is known here%s.",
                 verb_name(item->as.command.verb),
                 judgement->is_helo ? ", and HELO can offer none"
                 : is_refused       ? ", and the server refused it"
                                    : " or that the last EHLO reply lists");
    if (finding && !judgement->is_helo && !is_refused)
        finding->confidence = CONFIDENCE_LIKELY;
}

static void check_offer(struct analysis *analysis, size_t index, enum extension needed)
{
    const struct judgement *judgement = check_judgement(analysis, index);

    if (!judgement->has_offer || !judgement->is_phase_known)
        return;
    if (needed == EXTENSION_REQUIRETLS && !judgement->is_tls)
        (void)check_raise(analysis, RULE_REQUIRETLS_PLAINTEXT, index);
    if ((judgement->offered & extension_bit(needed))
        || (needed == EXTENSION_AUTH && judgement->is_authenticated))
        return;
    struct finding *finding = check_raise(analysis, RULE_NOT_OFFERED, index);
    check_detail(analysis, finding, "%s has a parameter of the extension %s, which %s.",
                 verb_name(command_at(analysis, index)->verb), extension_keyword(needed),
                 judgement->is_helo ? "HELO cannot offer" : "the last EHLO reply does not list");
}

static void check_parameter(struct analysis *analysis, size_t index, const struct parameter *parameter,
                            struct bytes value)
{
    enum verb verb = command_at(analysis, index)->verb;

    if (parameter->verb != verb)
        raise_form(analysis, index, parameter, verb == VERB_MAIL ? "belongs to RCPT" : "belongs to MAIL");
    else if (!parameter->accepts(value))
        raise_form(analysis, index, parameter,
                   value.len ? "has a value that its document does not allow" : "lacks its value");
    if (parameter->extension == EXTENSION_AUTH && bytes_find(value, '+') != SIZE_MAX)
        check_line_end(analysis, index, value);
}

/* Nearly always there is the path alone. */
static bool has_parameters(struct bytes argument)
{
    return argument.len > 0
           && (argument.ptr[argument.len - 1] != '>' || bytes_find(argument, ' ') != SIZE_MAX);
}

void check_parameters(struct analysis *analysis, size_t index)
{
    const struct command *command = command_at(analysis, index);
    struct bytes keyword, value;
    enum extension told = EXTENSION_NONE;
    uint32_t seen = 0;

    if (!has_parameters(command->argument) || command->is_body_line
        || analysis->session->items[index].is_after_gap)
        return;
    struct envelope_argument parsed =
        envelope_argument_parse(command->argument, command->verb == VERB_MAIL ? BYTES("FROM") : BYTES("TO"));
    if (!parsed.has_brackets)
        return; /* what follows may be part of an address */
    for (size_t at = 0; parameter_next(parsed.parameters, &at, &keyword, &value);) {
        const struct parameter *parameter = parameter_find(keyword);
        if (!parameter) {
            check_unknown_parameter(analysis, index);
            continue;
        }
        uint32_t bit = UINT32_C(1) << parameter_ordinal(parameter);
        if (seen & bit)
            raise_form(analysis, index, parameter, "stands there twice");
        seen |= bit;
        check_parameter(analysis, index, parameter, value);
        enum extension needed = parameter_extension(parameter, value);
        if (needed != told)
            check_offer(analysis, index, needed);
        told = needed;
    }
}
