/* The catalogue, and the way of a session through the checks. */
#include "rules/rules.h"

#include <stdlib.h>

#include "rules/check.h"
#include "rules/check_attempts.h"

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

/* A new subject is one file and one row here.  check_refusal stands behind those that say more than it. */
static const struct check *const checks[] = {
    &check_order,      &check_extension, &check_server,  &check_reply,     &check_auth,
    &check_capture,    &check_syntax,    &check_body,    &check_smuggling, &check_unknown,
    &check_pipelining, &check_refusal,   &check_ignored, &check_starttls,  &check_foreign,
    &check_middlebox,  &check_trust,     &check_login,   &check_challenge, &check_target,
    &check_relaying,   &check_stripped,  &check_return,  &check_duplicate, &check_end,
    &check_timing,     &check_stall,     &check_tls,     &check_dialect,
};

enum { CHECK_COUNT = sizeof checks / sizeof checks[0] };

/* The same by what they look at, so that no item passes a check that does not want it. */
struct checks_by_subject {
    const struct check *command[VERB_COUNT][CHECK_COUNT];
    const struct check *reply[CHECK_COUNT];
    const struct check *session[CHECK_COUNT];
    size_t command_count[VERB_COUNT];
    size_t reply_count;
    size_t session_count;
};

struct analyzer {
    struct budget *budget;
    struct checks_by_subject checks;
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

static void sort_checks(struct checks_by_subject *out)
{
    for (size_t c = 0; c < CHECK_COUNT; c++) {
        for (unsigned verb = 0; checks[c]->command && verb < VERB_COUNT; verb++)
            if (!checks[c]->verbs || checks[c]->verbs >> verb & 1)
                out->command[verb][out->command_count[verb]++] = checks[c];
        if (checks[c]->reply)
            out->reply[out->reply_count++] = checks[c];
        if (checks[c]->session)
            out->session[out->session_count++] = checks[c];
    }
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
    sort_checks(&analyzer->checks);
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

static void check_item(struct analysis *analysis, size_t index)
{
    const struct item *item = &analysis->session->items[index];
    const struct checks_by_subject *by = &analysis->owner->checks;

    if (item->kind == ITEM_COMMAND) {
        enum verb verb = item->as.command.verb;
        for (size_t c = 0; c < by->command_count[verb]; c++)
            by->command[verb][c]->command(analysis, index);
    }
    for (size_t c = 0; item->reply && c < by->reply_count; c++) {
        by->reply[c]->reply(analysis, index, item->reply);
        for (uint32_t i = 0; i < item->more_count; i++)
            by->reply[c]->reply(analysis, index, item->more_replies[i]);
    }
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

static bool analyze(struct analysis *analysis)
{
    struct session *session = analysis->session;

    analysis->slow_ns = analysis->owner->slow_ns;
    server_table_note(analysis->owner->servers, session);
    if (!sasl_decode_session(session, analysis->owner->ordinals)
        || !replay_session(session, &analysis->arena, &analysis->replay))
        return false;
    for (size_t i = 0; i < session->item_count; i++)
        check_item(analysis, i);
    for (size_t c = 0; c < analysis->owner->checks.session_count; c++)
        analysis->owner->checks.session[c]->session(analysis);
    if (analysis->finding_count > 1)
        qsort(analysis->findings, analysis->finding_count, sizeof *analysis->findings, compare_findings);
    return true;
}

struct analysis *analysis_new(struct analyzer *analyzer, struct session *session)
{
    struct analysis *analysis = take_idle(analyzer);

    if (!analysis) {
        session_free(session);
        return NULL;
    }
    analysis->session = session;
    if (analyze(analysis))
        return analysis;
    analysis_free(analysis);
    return NULL;
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
    analysis->returned = (struct returned){ 0 };
    analysis->next = owner->idle;
    owner->idle = analysis;
}
