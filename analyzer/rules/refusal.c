/* Why a server refused: the enhanced code decides where it is specific, texts where they are known, and signs
 * that contradict each other lower the confidence. */
#include "rules/refusal.h"

static const struct reason reasons[REASON_COUNT] = {
    [REASON_NONE] = { RULE_COMMAND_REFUSED, RULE_MESSAGE_REFUSED, "", "", "" },
#define REASON(name, command_rule_, content_rule_, subjects_, words_, advice_)                               \
    [REASON_##name] = { .command_rule = RULE_##command_rule_,                                                \
                        .content_rule = RULE_##content_rule_,                                                \
                        .subjects = (subjects_),                                                             \
                        .words = (words_),                                                                   \
                        .advice = (advice_) },
#include "rules/refusal_reasons.def"
#undef REASON
};

enum trust { TRUST_NONE = 0, TRUST_HINT, TRUST_PERMANENT, TRUST_SPECIFIC };

struct enhanced_row {
    uint16_t subject, first, last;
    uint8_t reason;
    uint8_t trust;
};

static const struct enhanced_row enhanced_rows[] = {
#define ENHANCED(subject, first, last, reason, trust)                                                        \
    { subject, first, last, REASON_##reason, TRUST_##trust },
#include "rules/refusal_enhanced.def"
#undef ENHANCED
};

struct code_row {
    uint16_t code;
    uint8_t step;
    uint8_t reason;
};

static const struct code_row code_rows[] = {
#define CODE(code, step, reason) { code, REFUSAL_##step, REASON_##reason },
#include "rules/refusal_codes.def"
#undef CODE
};

/* Texts so general that any code knows better. */
static const uint64_t weak_reasons = UINT64_C(1) << REASON_POLICY | UINT64_C(1) << REASON_SYSTEM;

const struct reason *reason_of(enum refusal_reason reason)
{
    return &reasons[(unsigned)reason < REASON_COUNT ? reason : REASON_NONE];
}

/* A domain that is not found is the sender's at MAIL; so is a user. */
static enum refusal_reason at_step(enum refusal_reason reason, enum refusal_step step)
{
    bool is_recipient = reason == REASON_RECIPIENT_UNKNOWN || reason == REASON_RECIPIENT_DOMAIN
                        || reason == REASON_RECIPIENT_DISABLED;

    if (is_recipient && step == REFUSAL_MAIL)
        return REASON_SENDER;
    return reason;
}

static enum trust reason_by_enhanced(const struct enhanced_code *code, enum refusal_step step,
                                     enum refusal_reason *out)
{
    if (code->class < 4)
        return TRUST_NONE;
    for (size_t i = 0; i < sizeof enhanced_rows / sizeof enhanced_rows[0]; i++) {
        const struct enhanced_row *row = &enhanced_rows[i];
        if (row->subject != code->subject || code->detail < row->first || code->detail > row->last)
            continue;
        if (row->reason == REASON_RECIPIENTS_LIMIT && step != REFUSAL_RCPT)
            return TRUST_NONE;
        *out = (enum refusal_reason)row->reason;
        if (row->trust != TRUST_PERMANENT)
            return (enum trust)row->trust;
        return code->class == 5 ? TRUST_SPECIFIC : TRUST_HINT;
    }
    return TRUST_NONE;
}

static enum refusal_reason reason_by_code(uint16_t code, enum refusal_step step)
{
    for (size_t i = 0; i < sizeof code_rows / sizeof code_rows[0]; i++)
        if (code_rows[i].code == code && code_rows[i].step == (unsigned)step)
            return (enum refusal_reason)code_rows[i].reason;
    return REASON_NONE;
}

/* The most telling of the signs: the first row of the table, but for what two of them say together. */
static enum refusal_reason reason_by_text(uint64_t signs, uint16_t code)
{
    if (signs & reason_bit(REASON_SENDER_CHECKS)) /* "not authenticated" is said of the message then */
        signs &= ~reason_bit(REASON_LOGIN);
    if ((signs & reason_bit(REASON_RELAY)) && code != 530 && code != 535)
        signs &= ~reason_bit(REASON_LOGIN); /* logging in is one way to be let through */
    for (unsigned i = REASON_NONE + 1; i < REASON_COUNT; i++)
        if (signs & reason_bit((enum refusal_reason)i))
            return (enum refusal_reason)i;
    return REASON_NONE;
}

static bool is_same_finding(enum refusal_reason a, enum refusal_reason b)
{
    return reason_of(a)->command_rule == reason_of(b)->command_rule
           && reason_of(a)->content_rule == reason_of(b)->content_rule;
}

/* Whether the subject of the enhanced code (RFC 3463 3) goes with what the text says. */
static bool subject_fits(const struct enhanced_code *code, enum refusal_reason reason)
{
    if (code->class < 4 || code->subject == 0 || code->subject > 9)
        return true;
    return strchr(reason_of(reason)->subjects, (int)('0' + code->subject)) != NULL;
}

/* No code decides: the text, then what a code hints at. */
static void classify_by_hints(const struct reply *reply, enum refusal_reason text, enum refusal_reason hint,
                              struct refusal *out)
{
    bool is_weak = reason_bit(text) & weak_reasons;

    if (text == REASON_NONE || (is_weak && hint != REASON_NONE && hint != text)) {
        out->reason = hint;
        out->is_by_code = true;
        out->confidence = hint == REASON_NONE ? CONFIDENCE_NONE : CONFIDENCE_POSSIBLE;
        return;
    }
    out->reason = text;
    out->confidence = CONFIDENCE_LIKELY;
    if (!subject_fits(&reply->enhanced, text)) {
        out->other = hint;
        out->confidence = CONFIDENCE_POSSIBLE;
    } else if (hint != REASON_NONE && (is_same_finding(hint, text) || hint == REASON_POLICY)) {
        out->confidence = CONFIDENCE_CERTAIN;
    }
}

struct refusal refusal_classify(const struct reply *reply, enum refusal_step step, uint64_t known)
{
    struct refusal refusal = { 0 };
    struct refusal_signs signs = refusal_signs_of(reply);
    enum refusal_reason code_reason = REASON_NONE;
    enum trust trust = reason_by_enhanced(&reply->enhanced, step, &code_reason);
    enum refusal_reason text = at_step(reason_by_text(signs.reasons & ~known, reply->code), step);

    refusal.list = signs.list;
    code_reason = at_step(code_reason, step);
    if (code_reason == REASON_SENDER && text == REASON_ADDRESS_SYNTAX)
        code_reason = text; /* RFC 3463 3.2: x.1.7 is just that */
    if (reason_bit(code_reason) & known)
        trust = TRUST_NONE;
    if (trust == TRUST_SPECIFIC) {
        bool agrees = text == REASON_NONE || (reason_bit(text) & weak_reasons)
                      || is_same_finding(text, code_reason) || (signs.reasons & reason_bit(code_reason));
        refusal.reason = code_reason;
        refusal.is_by_code = true;
        refusal.other = agrees ? REASON_NONE : text;
        refusal.confidence = agrees ? CONFIDENCE_CERTAIN : CONFIDENCE_POSSIBLE;
        return refusal;
    }
    if (trust == TRUST_NONE)
        code_reason = reason_by_code(reply->code, step);
    classify_by_hints(reply, text, code_reason, &refusal);
    return refusal;
}

struct unit {
    const char *text;
    uint64_t seconds;
};

static const struct unit units[] = {
    { "second", 1 }, { "minute", 60 }, { "hour", 3600 }, { "sec", 1 },
    { "min", 60 },   { "s", 1 },       { "hr", 3600 },
};

static uint64_t unit_at(struct bytes text)
{
    text = bytes_trim(text);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        size_t len = strlen(units[i].text);
        bool is_plural = text.len > len && ascii_upper(text.ptr[len]) == 'S';
        struct bytes rest = bytes_from(text, len + (size_t)is_plural);
        if (bytes_starts_nocase(text, bytes_of(units[i].text))
            && (rest.len == 0 || ascii_upper(rest.ptr[0]) < 'A' || ascii_upper(rest.ptr[0]) > 'Z'))
            return units[i].seconds;
    }
    return 0;
}

/* "00:05:00", as milter-greylist says it; 0 if it is none. */
static uint64_t clock_at(struct bytes text)
{
    static const uint64_t weights[8] = { 36000, 3600, 0, 600, 60, 0, 10, 1 };
    uint64_t seconds = 0;

    if (text.len < 8)
        return 0;
    for (size_t i = 0; i < 8; i++) {
        bool is_colon = weights[i] == 0;
        if (is_colon ? text.ptr[i] != ':' : !ascii_is_digit(text.ptr[i]))
            return 0;
        seconds += is_colon ? 0 : weights[i] * (uint64_t)(text.ptr[i] - '0');
    }
    return seconds;
}

static uint64_t delay_in(struct bytes text)
{
    for (size_t at = 0; at < text.len; at++) {
        size_t digits = 0;
        uint64_t number = 0;
        while (digits < text.len - at && ascii_is_digit(text.ptr[at + digits]))
            digits++;
        if (digits == 0)
            continue;
        struct bytes rest = bytes_from(text, at + digits);
        uint64_t seconds = clock_at(bytes_from(text, at)), unit = unit_at(rest);
        if (seconds)
            return seconds;
        if (unit && digits <= 6 && bytes_to_u64(bytes_slice(text, at, digits), &number))
            return number * unit;
        at += digits;
    }
    return 0;
}

uint64_t refusal_delay_seconds(const struct reply *reply)
{
    uint64_t seconds = 0;

    for (uint32_t i = 0; i < reply->line_count && !seconds; i++)
        seconds = delay_in(reply->lines[i]);
    return seconds;
}

enum refusal_step refusal_step_of(const struct command *command)
{
    struct bdat_argument chunk;

    switch ((unsigned)command->verb) {
    case VERB_EHLO:
    case VERB_HELO:
    case VERB_LHLO:
        return REFUSAL_CONNECT;
    case VERB_MAIL:
        return REFUSAL_MAIL;
    case VERB_RCPT:
        return REFUSAL_RCPT;
    case VERB_DATA:
        return REFUSAL_DATA;
    case VERB_BDAT:
        return bdat_argument_parse(command->argument, &chunk) && chunk.is_last ? REFUSAL_CONTENT
                                                                               : REFUSAL_DATA;
    default:
        return REFUSAL_NONE;
    }
}
