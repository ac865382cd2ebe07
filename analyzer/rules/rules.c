/* The catalogue, and the way of a session through the checks. */
#include "rules/rules.h"

#include <stdlib.h>

#include "rules/check.h"
#include "rules/check_attempts.h"
#include "rules/log_limits.h"

static const struct rule rules[RULE_COUNT] = {
#define RULE(name, id_, group_, severity_, fault_, reference_, title_, explanation_, remedy_)                \
    [RULE_##name] = { .id = (id_),                                                                           \
                      .group = (group_),                                                                     \
                      .severity = SEVERITY_##severity_,                                                      \
                      .fault = FAULT_##fault_,                                                               \
                      .reference = (reference_),                                                             \
                      .title = (title_),                                                                     \
                      .explanation = (explanation_),                                                         \
                      .remedy = (remedy_) },
#include "rules/rules.def"
#undef RULE
};

struct analyzer {
    struct budget *budget;
    struct secret_ordinals *ordinals;
    struct history *history;
    struct bytes local_domains;
    struct analysis *idle; /* analyses to be used again */
    struct server_table *servers;
    uint64_t slow_ns;
    struct sasl_verifier *verifier; /* borrowed, or NULL */
};

const char *severity_name(enum severity severity)
{
    static const char *const names[SEVERITY_COUNT] = { "none", "info", "warning", "error" };

    return (unsigned)severity < SEVERITY_COUNT ? names[severity] : "none";
}

const char *confidence_name(enum confidence confidence)
{
    static const char *const names[CONFIDENCE_COUNT] = { "none", "possible", "likely", "certain" };

    return (unsigned)confidence < CONFIDENCE_COUNT ? names[confidence] : "none";
}

const char *fault_name(enum fault fault)
{
    static const char *const names[FAULT_COUNT] = {
        "none", "client", "server", "path", "policy", "undecided"
    };

    return (unsigned)fault < FAULT_COUNT ? names[fault] : "none";
}

const struct rule *rule_of(enum rule_id id)
{
    return (unsigned)id < RULE_COUNT && id != RULE_NONE ? &rules[id] : NULL;
}

enum rule_id rule_find(struct bytes id)
{
    for (unsigned i = RULE_NONE + 1; i < RULE_COUNT; i++)
        if (bytes_equal(id, bytes_of(rules[i].id)))
            return (enum rule_id)i;
    return RULE_NONE;
}

struct analyzer *analyzer_new(struct budget *budget, struct err *err)
{
    struct analyzer *analyzer = calloc(1, sizeof *analyzer);

    if (analyzer) {
        analyzer->budget = budget;
        analyzer->ordinals = secret_ordinals_new(budget);
        analyzer->history = history_new(budget);
        analyzer->servers = server_table_new(budget);
    }
    if (!analyzer || !analyzer->ordinals || !analyzer->history || !analyzer->servers) {
        (void)err_set(err, ERR_NOMEM, 0, "no memory for the analyzer");
        analyzer_free(analyzer);
        return NULL;
    }
    analyzer->slow_ns = ANALYZER_SLOW_NS;
    return analyzer;
}

void analyzer_set_slow(struct analyzer *analyzer, uint64_t slow_ns)
{
    analyzer->slow_ns = slow_ns;
}

void analyzer_judge_attempts(const struct analyzer *analyzer, const struct attempts_row *rows, size_t count,
                             size_t index, struct attempts_verdict *out)
{
    check_attempts(analyzer->servers, rows, count, index, out);
}

void analyzer_free(struct analyzer *analyzer)
{
    if (!analyzer)
        return;
    while (analyzer->idle) {
        struct analysis *next = analyzer->idle->next;
        arena_release(&analyzer->idle->arena);
        free(analyzer->idle);
        analyzer->idle = next;
    }
    secret_ordinals_free(analyzer->ordinals);
    server_table_free(analyzer->servers);
    history_free(analyzer->history);
    free(analyzer);
}

void analyzer_set_local_domains(struct analyzer *analyzer, struct bytes domains)
{
    analyzer->local_domains = domains;
}

struct history *check_history(const struct analysis *analysis)
{
    return analysis->owner->history;
}

struct bytes check_local_domains(const struct analysis *analysis)
{
    return analysis->owner->local_domains;
}

void analyzer_verify(struct analyzer *analyzer, struct sasl_verifier *verifier)
{
    analyzer->verifier = verifier;
}

struct sasl_verifier *check_verifier(const struct analysis *analysis)
{
    return analysis->owner->verifier;
}

static struct analysis *take_idle(struct analyzer *analyzer)
{
    struct analysis *analysis = analyzer->idle;

    if (analysis) {
        analyzer->idle = analysis->next;
        analysis->next = NULL;
        return analysis;
    }
    analysis = calloc(1, sizeof *analysis);
    if (!analysis)
        return NULL;
    analysis->owner = analyzer;
    arena_init(&analysis->arena, analyzer->budget, LIMIT_ANALYSIS_BYTES);
    return analysis;
}

/* The checks stand in the code one behind the other, so that whole-program optimization makes plain calls of
 * those that there are: a table of them costs a guess of the processor for each command and each check. */
static void check_command_item(struct analysis *analysis, size_t index)
{
    enum verb verb = analysis->session->items[index].as.command.verb;

#define CHECK(subject)                                                                                       \
    if (check_##subject.command && (!check_##subject.verbs || check_##subject.verbs >> verb & 1))            \
        check_##subject.command(analysis, index);
#include "rules/checks.def"
#undef CHECK
}

static void check_reply_of_item(struct analysis *analysis, size_t index, const struct reply *reply)
{
#define CHECK(subject)                                                                                       \
    if (check_##subject.reply)                                                                               \
        check_##subject.reply(analysis, index, reply);
#include "rules/checks.def"
#undef CHECK
}

static void check_item(struct analysis *analysis, size_t index)
{
    const struct item *item = &analysis->session->items[index];

    if (item->kind == ITEM_COMMAND)
        check_command_item(analysis, index);
    if (item->reply)
        check_reply_of_item(analysis, index, item->reply);
    for (uint32_t i = 0; item->reply && i < item->more_count; i++)
        check_reply_of_item(analysis, index, item->more_replies[i]);
}

static void check_whole(struct analysis *analysis)
{
#define CHECK(subject)                                                                                       \
    if (check_##subject.session)                                                                             \
        check_##subject.session(analysis);
#include "rules/checks.def"
#undef CHECK
}

static void expect_whole(struct analysis *analysis)
{
#define CHECK(subject)                                                                                       \
    if (check_##subject.expect)                                                                              \
        check_##subject.expect(analysis);
#include "rules/checks.def"
#undef CHECK
}

static int compare_findings(const void *left, const void *right)
{
    const struct finding *a = left, *b = right;

    if (a->command != b->command)
        return a->command < b->command ? -1 : 1;
    if (a->rule != b->rule)
        return a->rule < b->rule ? -1 : 1;
    if (a->packet.number != b->packet.number)
        return a->packet.number < b->packet.number ? -1 : 1;
    return (a->time_ns > b->time_ns) - (a->time_ns < b->time_ns);
}

static bool decode(struct analysis *analysis)
{
    server_table_note(analysis->owner->servers, analysis->session);
    return sasl_decode_session(analysis->session, analysis->owner->ordinals);
}

static bool replay(struct analysis *analysis)
{
    return replay_session(analysis->session, &analysis->arena, &analysis->replay);
}

static bool expect(struct analysis *analysis)
{
    expect_whole(analysis);
    return true;
}

static bool check(struct analysis *analysis)
{
    for (size_t i = 0; i < analysis->session->item_count; i++)
        check_item(analysis, i);
    check_whole(analysis);
    if (analysis->session->log)
        log_limits_apply(analysis);
    if (analysis->finding_count > 1)
        qsort(analysis->findings, analysis->finding_count, sizeof *analysis->findings, compare_findings);
    return true;
}

/* The way of a session.  Only the last step reads what other sessions have left, and leaves something itself:
 * that is over for one session before it begins for the next. */
static bool (*const steps[])(struct analysis *) = { decode, replay, expect, check };

static struct analysis *begin(struct analyzer *analyzer, struct session *session)
{
    struct analysis *analysis = take_idle(analyzer);

    if (!analysis) {
        session_free(session);
        return NULL;
    }
    analysis->session = session;
    analysis->slow_ns = analyzer->slow_ns;
    return analysis;
}

void analyses_new(struct analyzer *analyzer, struct session *const sessions[], size_t count,
                  struct analysis *out[])
{
    for (size_t i = 0; i < count; i++)
        out[i] = begin(analyzer, sessions[i]);
    for (size_t step = 0; step < sizeof steps / sizeof steps[0]; step++)
        for (size_t i = 0; i < count; i++)
            if (out[i] && !steps[step](out[i])) {
                analysis_free(out[i]);
                out[i] = NULL;
            }
}

struct analysis *analysis_new(struct analyzer *analyzer, struct session *session)
{
    struct analysis *analysis;

    analyses_new(analyzer, &session, 1, &analysis);
    return analysis;
}

void analysis_free(struct analysis *analysis)
{
    if (!analysis)
        return;
    struct analyzer *owner = analysis->owner;
    session_free(analysis->session);
    analysis->session = NULL;
    arena_clear(&analysis->arena);
    analysis->replay = (struct replay){ 0 };
    analysis->findings = NULL;
    analysis->finding_count = 0;
    analysis->finding_cap = 0;
    analysis->findings_dropped = 0;
    analysis->told_once = 0;
    analysis->expected = NULL;
    analysis->returned = (struct returned){ 0 };
    analysis->next = owner->idle;
    owner->idle = analysis;
}

size_t analysis_first_finding(const struct analysis *analysis, uint32_t command)
{
    size_t low = 0, high = analysis->finding_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (analysis->findings[middle].command < command)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
