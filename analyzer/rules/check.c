/* What the checks share: raising a finding, and looking things up. */
#include "rules/check.h"

#include <stdarg.h>
#include <stdio.h>

#include "replay/sequence_text.h"

enum { DETAIL_TEXT = 600 };

static struct finding *add_finding(struct analysis *analysis)
{
    void *array = analysis->findings;

    if (analysis->finding_count >= LIMIT_FINDINGS
        || !arena_grow(&analysis->arena, &array, analysis->finding_count, &analysis->finding_cap,
                       sizeof *analysis->findings)) {
        analysis->findings_dropped++;
        return NULL;
    }
    analysis->findings = array;
    struct finding *finding = &analysis->findings[analysis->finding_count++];
    *finding = (struct finding){ 0 };
    return finding;
}

struct finding *check_raise(struct analysis *analysis, enum rule_id rule, size_t index)
{
    const struct item *item = &analysis->session->items[index];
    struct finding *finding = add_finding(analysis);

    if (!finding)
        return NULL;
    finding->rule = rule;
    finding->severity = rule_of(rule)->severity;
    finding->fault = rule_of(rule)->fault;
    finding->confidence = CONFIDENCE_CERTAIN;
    finding->command = check_command_of(analysis->session, index);
    finding->packet = item->at.packet;
    finding->time_ns = item->at.time_ns;
    finding->reply_code = item->reply ? item->reply->code : 0;
    if (item->kind == ITEM_COMMAND && !check_judgement(analysis, index)->is_certain)
        finding->confidence = CONFIDENCE_LIKELY;
    return finding;
}

struct finding *check_raise_form(struct analysis *analysis, enum rule_id rule, size_t index)
{
    struct finding *finding = check_raise(analysis, rule, index);

    if (finding)
        finding->confidence = CONFIDENCE_CERTAIN;
    return finding;
}

struct finding *check_raise_session(struct analysis *analysis, enum rule_id rule, struct moment at)
{
    struct finding *finding = add_finding(analysis);

    if (!finding)
        return NULL;
    finding->rule = rule;
    finding->severity = rule_of(rule)->severity;
    finding->fault = rule_of(rule)->fault;
    finding->confidence = CONFIDENCE_CERTAIN;
    finding->packet = at.packet;
    finding->time_ns = at.time_ns;
    return finding;
}

void check_detail(struct analysis *analysis, struct finding *finding, const char *format, ...)
{
    char text[DETAIL_TEXT];
    va_list args;

    if (!finding)
        return;
    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (len > 0)
        finding->detail = arena_copy(&analysis->arena, bytes_of(text));
}

bool check_is_first(struct analysis *analysis, enum once once)
{
    uint32_t bit = UINT32_C(1) << once;
    bool is_first = !(analysis->told_once & bit);

    analysis->told_once |= bit;
    return is_first;
}

void check_explain_cause(struct analysis *analysis, struct finding *finding)
{
    const struct item *cause = replay_command(&analysis->replay, finding->cause_command);

    if (!cause)
        return;
    finding->cause_rule = rule_of_misorder(analysis->replay.judgements[finding->cause_command - 1].misorder);
    if (cause->reply && cause->reply->code >= 400)
        check_detail(analysis, finding, "It follows from command %u, %s, which was refused with %u.",
                     (unsigned)finding->cause_command, verb_name(cause->as.command.verb),
                     (unsigned)cause->reply->code);
    else
        check_detail(analysis, finding, "It follows from command %u, %s.", (unsigned)finding->cause_command,
                     verb_name(cause->as.command.verb));
}

const struct judgement *check_judgement(const struct analysis *analysis, size_t index)
{
    return &analysis->replay.judgements[analysis->session->items[index].as.command.n - 1];
}

uint32_t check_command_of(const struct session *session, size_t index)
{
    const struct item *item = &session->items[index];
    size_t at = index;

    if (item->kind == ITEM_CONTENT)
        at = item->as.content.command_item;
    else if (item->kind == ITEM_SASL)
        while (at > 0 && session->items[at].kind != ITEM_COMMAND)
            at--;
    return at < session->item_count && session->items[at].kind == ITEM_COMMAND
               ? session->items[at].as.command.n
               : 0;
}

enum rule_id rule_of_misorder(enum misorder misorder)
{
    static const uint8_t rules[MISORDER_COUNT] = {
#define MISORDER(name, id) [MISORDER_##name] = RULE_##name,
#include "replay/misorders.def"
#undef MISORDER
    };

    return (unsigned)misorder < MISORDER_COUNT ? (enum rule_id)rules[misorder] : RULE_NONE;
}

bool check_says_any(const struct reply *reply, const char *const *phrases)
{
    for (size_t i = 0; phrases[i]; i++)
        if (reply_says(reply, bytes_of(phrases[i])))
            return true;
    return false;
}

static uint64_t client_hash(const struct analysis *analysis)
{
    struct history_key key = history_key(check_history(analysis), HISTORY_NONE);

    history_key_add_address(&key, &analysis->session->client.address);
    history_key_add_number(&key, analysis->session->client.port);
    return siphash_value(&key.hash);
}

void check_mark(const struct analysis *analysis, struct history_entry *entry)
{
    entry->bits = client_hash(analysis);
    entry->session = (uint32_t)analysis->session->serial;
}

bool check_is_copy(const struct analysis *analysis, const struct history_entry *entry)
{
    return entry->session != (uint32_t)analysis->session->serial && entry->bits == client_hash(analysis);
}

bool check_was_content(const struct analysis *analysis, size_t index)
{
    const struct session *session = analysis->session;
    const struct item *content = &session->items[index];
    uint32_t at = content->as.content.command_item;
    const struct reply *asked = at < session->item_count ? session->items[at].reply : NULL;

    if (!analysis->replay.has_gaps || session->one_sided != SIDE_NONE)
        return true;
    return (asked && asked->code < 400) || (content->reply && content->reply->code < 300);
}
