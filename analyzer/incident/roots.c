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

/* What is known of the findings before one, on the way through them. */
struct walk {
    const struct analysis *analysis;
    uint32_t *roots;
    uint32_t
        *adopted;    /* by command: 1 + the first finding whose cause it is, on which there is none itself */
    uint32_t login;  /* of the newest try to log in; UINT32_MAX none */
    uint32_t demand; /* the first refusal that asked for a login; likewise */
};

static void note_login(struct walk *walk, uint32_t i)
{
    const struct finding *finding = &walk->analysis->findings[i];
    const struct item *item = replay_command(&walk->analysis->replay, finding->command);

    if (item && item->as.command.verb == VERB_AUTH && finding->severity > SEVERITY_INFO
        && !roots_stands_apart(finding->rule))
        walk->login = i;
    if (finding->rule == RULE_AUTH_REQUIRED && walk->demand == UINT32_MAX)
        walk->demand = i;
}

/* What kept the client from being logged in when it mattered: its newest try, else the first refusal that
 * asked for one.  `own` where there is no such thing. */
static uint32_t failed_login(const struct walk *walk, uint32_t own)
{
    const struct finding *finding = &walk->analysis->findings[own];
    const struct judgement *judgement = roots_judgement(walk->analysis, finding->command);

    if (!wants_login(finding) || !judgement || judgement->is_authenticated)
        return own;
    if (walk->login != UINT32_MAX && walk->analysis->findings[walk->login].command < finding->command)
        return roots_telling(walk->analysis, walk->analysis->findings[walk->login].command);
    return walk->demand < own ? walk->demand : own;
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

static uint32_t root_of(struct walk *walk, uint32_t i)
{
    const struct analysis *analysis = walk->analysis;
    const struct finding *finding = &analysis->findings[i];
    uint32_t cause = cause_of(analysis, finding), other = explained_by(analysis, i);

    if (other != UINT32_MAX)
        return other;
    other = failed_login(walk, i);
    if (other != i)
        return walk->roots[other];
    if (cause && cause <= analysis->replay.judgement_count && finding->command) {
        uint32_t earlier = roots_telling(analysis, cause);
        if (earlier != UINT32_MAX)
            return walk->roots[earlier];
        if (walk->adopted[cause])
            return walk->roots[walk->adopted[cause] - 1];
        walk->adopted[cause] = i + 1;
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
    struct walk walk = {
        .analysis = analysis,
        .roots = ARENA_ARRAY(&analysis->arena, uint32_t, analysis->finding_count),
        .adopted = ARENA_ARRAY(&analysis->arena, uint32_t, analysis->replay.judgement_count + 1),
        .login = UINT32_MAX,
        .demand = UINT32_MAX,
    };
    if (!walk.roots || !walk.adopted)
        return NULL;
    for (uint32_t i = 0; i < analysis->finding_count; i++)
        walk.roots[i] = i;
    for (uint32_t i = 0; i < analysis->finding_count; i++) {
        uint32_t root = root_of(&walk, i);
        /* The one that stands for its command may have a cause of its own, and come later in the list. */
        walk.roots[i] = root > i ? root_of(&walk, root) : walk.roots[root];
        note_login(&walk, i);
    }
    for (uint32_t i = 0; i < analysis->finding_count; i++)
        walk.roots[i] = end_of(walk.roots, i, (uint32_t)analysis->finding_count);
    return walk.roots;
}
