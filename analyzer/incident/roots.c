/* From findings to first causes. */
#include "incident/roots.h"

#include "incident/explained.h"
#include "rules/refusal.h"

bool roots_stands_apart(enum rule_id rule)
{
    const char *group = rule_of(rule)->group;

    return strcmp(group, "security") == 0 || strcmp(group, "capture") == 0;
}

const struct judgement *roots_judgement(const struct analysis *analysis, uint32_t command)
{
    return command > 0 && command <= analysis->replay.judgement_count
               ? &analysis->replay.judgements[command - 1]
               : NULL;
}

/* What another explains last, then security; then the graver; then the one that stands first in the
 * catalogue.
 */
static bool tells_more(const struct analysis *analysis, uint32_t a, uint32_t b)
{
    const struct finding *left = &analysis->findings[a], *right = &analysis->findings[b];
    bool is_explained = explained_by(analysis, a) != UINT32_MAX;

    if (is_explained != (explained_by(analysis, b) != UINT32_MAX))
        return !is_explained;
    if (roots_stands_apart(left->rule) != roots_stands_apart(right->rule))
        return !roots_stands_apart(left->rule);
    return left->severity > right->severity;
}

uint32_t roots_telling(const struct analysis *analysis, uint32_t command)
{
    uint32_t best = UINT32_MAX;

    for (uint32_t i = (uint32_t)analysis_first_finding(analysis, command);
         i < analysis->finding_count && analysis->findings[i].command == command; i++)
        if (best == UINT32_MAX || tells_more(analysis, i, best))
            best = i;
    return best;
}

/* n of the earlier command that the finding is a consequence of; 0 none. */
static uint32_t cause_of(const struct analysis *analysis, const struct finding *finding)
{
    const struct judgement *judgement = roots_judgement(analysis, finding->command);
    uint32_t cause = finding->cause_command;

    /* Out of order by the client's own doing: what was refused before it was only the occasion. */
    if (judgement && judgement->verdict == VERDICT_MISORDERED
        && strcmp(rule_of(finding->rule)->group, "order") == 0)
        return 0;
    if (!cause && judgement && judgement->verdict == VERDICT_CONSEQUENCE)
        cause = judgement->cause;
    return cause && (finding->command == 0 || cause < finding->command) ? cause : 0;
}

/* Whether the finding says that the server wanted a login. */
static bool wants_login(const struct finding *finding)
{
    return finding->rule == RULE_RELAY_DENIED || finding->rule == RULE_AUTH_REQUIRED
           || finding->rule == RULE_OPEN_RELAY_ATTEMPT || finding->reason == REASON_LOGIN;
}

/* What kept the client from being logged in when it mattered, as an index: of its newest try the most telling
 * finding; else the first refusal that asked for a login.  `own` where there is no such thing. */
static uint32_t failed_login(const struct analysis *analysis, uint32_t own)
{
    const struct finding *finding = &analysis->findings[own];
    const struct judgement *judgement = roots_judgement(analysis, finding->command);

    if (!wants_login(finding) || !judgement || judgement->is_authenticated)
        return own;
    for (uint32_t n = finding->command - 1; n > 0; n--) {
        const struct item *item = replay_command(&analysis->replay, n);
        uint32_t telling =
            item && item->as.command.verb == VERB_AUTH ? roots_telling(analysis, n) : UINT32_MAX;
        if (telling != UINT32_MAX && !roots_stands_apart(analysis->findings[telling].rule)
            && analysis->findings[telling].severity > SEVERITY_INFO)
            return telling;
    }
    for (uint32_t i = 0; i < own && finding->rule != RULE_AUTH_REQUIRED; i++)
        if (analysis->findings[i].rule == RULE_AUTH_REQUIRED)
            return i;
    return own;
}

/* The first fault of a client whose faults became too many. */
static uint32_t first_fault(const struct analysis *analysis, uint32_t own)
{
    for (uint32_t i = 0; i < analysis->finding_count; i++) {
        const struct finding *finding = &analysis->findings[i];
        if (i != own && finding->command && finding->severity > SEVERITY_INFO
            && finding->rule != RULE_TOO_MANY_ERRORS && !roots_stands_apart(finding->rule))
            return i;
    }
    return own;
}

/* `adopted`, by command: 1 + the first finding whose cause is that command, on which there is none itself. */
static uint32_t root_of(const struct analysis *analysis, const uint32_t *roots, uint32_t *adopted, uint32_t i)
{
    const struct finding *finding = &analysis->findings[i];
    uint32_t cause = cause_of(analysis, finding), other = explained_by(analysis, i);

    if (other != UINT32_MAX)
        return other;
    other = failed_login(analysis, i);
    if (other != i)
        return roots[other];
    if (cause && cause <= analysis->replay.judgement_count && finding->command) {
        uint32_t earlier = roots_telling(analysis, cause);
        if (earlier != UINT32_MAX)
            return roots[earlier];
        if (adopted[cause])
            return roots[adopted[cause] - 1];
        adopted[cause] = i + 1;
    }
    if (finding->rule == RULE_TOO_MANY_ERRORS)
        return first_fault(analysis, i);
    if (finding->command == 0 || roots_stands_apart(finding->rule))
        return i;
    return roots_telling(analysis, finding->command);
}

/* Where the chain from `i` ends: the first that points to itself. */
static uint32_t end_of(const uint32_t *roots, uint32_t i, uint32_t count)
{
    for (uint32_t steps = 0; roots[i] != i && steps < count; steps++)
        i = roots[i];
    return i;
}

uint32_t *roots_of(struct analysis *analysis)
{
    if (analysis->finding_count == 0)
        return NULL;
    uint32_t *roots = ARENA_ARRAY(&analysis->arena, uint32_t, analysis->finding_count);
    uint32_t *adopted = ARENA_ARRAY(&analysis->arena, uint32_t, analysis->replay.judgement_count + 1);
    if (!roots || !adopted)
        return NULL;
    for (uint32_t i = 0; i < analysis->finding_count; i++)
        roots[i] = i;
    for (uint32_t i = 0; i < analysis->finding_count; i++) {
        uint32_t root = root_of(analysis, roots, adopted, i);
        /* The one that stands for its command may have a cause of its own, and come later in the list. */
        roots[i] = root > i ? root_of(analysis, roots, adopted, root) : roots[root];
    }
    for (uint32_t i = 0; i < analysis->finding_count; i++)
        roots[i] = end_of(roots, i, (uint32_t)analysis->finding_count);
    return roots;
}
