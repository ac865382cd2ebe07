/* The table of incidents: which one a finding belongs to. */
#include "incident/incident.h"

#include "base/limits.h"
#include "incident/kind.h"
#include "incident/note.h"

#include <stdlib.h>

enum { SLOTS = LIMIT_INCIDENTS * 4, VARIANTS = 6 };

/* Incidents of clients that call themselves alike.  Up to VARIANTS networks or identities are incidents of
 * their own; more of them are one: a program that is used in many places, somebody who tries names. */
struct slot {
    uint64_t key; /* 0: free */
    bool is_collapsed;
    size_t count;
    struct incident *variants[VARIANTS];
};

struct incidents {
    struct budget *budget;
    struct traffic traffic;
    struct slot slots[SLOTS];
    struct incident *all[LIMIT_INCIDENTS];
    size_t count;
};

struct incidents *incidents_new(struct budget *budget, struct err *err)
{
    struct incidents *incidents = calloc(1, sizeof *incidents);

    if (!incidents) {
        (void)err_set(err, ERR_NOMEM, 0, "no memory for incidents");
        return NULL;
    }
    incidents->budget = budget;
    traffic_init(&incidents->traffic);
    return incidents;
}

void incidents_free(struct incidents *incidents)
{
    if (!incidents)
        return;
    for (size_t i = 0; i < incidents->count; i++)
        incident_free(incidents->all[i]);
    traffic_release(&incidents->traffic);
    free(incidents);
}

/* Its place, which is free if the key is new; the table is never full. */
static struct slot *slot_of(struct incidents *incidents, uint64_t key)
{
    size_t at = (size_t)key % SLOTS;

    while (incidents->slots[at].key && incidents->slots[at].key != key)
        at = (at + 1) % SLOTS;
    return &incidents->slots[at];
}

static struct incident *add_variant(struct incidents *incidents, struct slot *slot, uint64_t slot_key,
                                    uint64_t key)
{
    struct incident *incident = incident_new(key);

    if (!incident)
        return NULL;
    incidents->all[incidents->count++] = incident;
    slot->key = slot_key;
    slot->variants[slot->count++] = incident;
    return incident;
}

static void forget(struct incidents *incidents, struct incident *incident)
{
    size_t at = 0;

    while (incidents->all[at] != incident)
        at++;
    incidents->count--;
    memmove(incidents->all + at, incidents->all + at + 1,
            (incidents->count - at) * sizeof(struct incident *));
    incident_free(incident);
}

/* Too many networks or identities to tell apart. */
static struct incident *collapse(struct incidents *incidents, struct slot *slot)
{
    struct incident *whole = slot->variants[0];

    for (size_t i = 1; i < slot->count; i++) {
        incident_merge(whole, slot->variants[i]);
        forget(incidents, slot->variants[i]);
    }
    incident_rename(whole, slot->key);
    slot->count = 1;
    slot->is_collapsed = true;
    return whole;
}

/* An incident with this key alone; NULL if there are `most` already. */
static struct incident *single(struct incidents *incidents, uint64_t key, size_t most)
{
    struct slot *slot = slot_of(incidents, key);

    if (slot->key)
        return slot->variants[0];
    return incidents->count < most ? add_variant(incidents, slot, key, key) : NULL;
}

/* When there is no room to tell clients apart: by server, then by finding alone, for which there is always.
 */
static struct incident *coarse(struct incidents *incidents, const struct incident_kind *kind)
{
    struct incident *incident = single(incidents, kind->server, LIMIT_INCIDENTS - RULE_COUNT);

    if (!incident)
        incident = single(incidents, kind->rule, LIMIT_INCIDENTS);
    if (incident)
        incident->is_coarse = true;
    return incident;
}

static struct incident *find(struct incidents *incidents, const struct incident_kind *kind)
{
    struct slot *slot = slot_of(incidents, kind->client);

    if (slot->key && slot->is_collapsed)
        return slot->variants[0];
    for (size_t i = 0; slot->key && i < slot->count; i++)
        if (slot->variants[i]->key == kind->fine)
            return slot->variants[i];
    if (slot->count == VARIANTS)
        return collapse(incidents, slot);
    if (incidents->count >= LIMIT_INCIDENTS_FINE)
        return slot->key ? collapse(incidents, slot) : coarse(incidents, kind);
    return add_variant(incidents, slot, kind->client, kind->fine);
}

static bool is_of_capture(enum rule_id rule)
{
    return strcmp(rule_of(rule)->group, "capture") == 0;
}

/* What the capture lacks is nobody's incident: one for all. */
static struct incident *incident_of(struct incidents *incidents, const struct analysis *analysis,
                                    const struct finding *finding)
{
    struct incident_kind kind = kind_of(analysis, finding);
    struct incident *incident =
        is_of_capture(finding->rule) ? single(incidents, kind.rule, LIMIT_INCIDENTS) : find(incidents, &kind);

    if (incident)
        incident->loose_key = kind.loose;
    return incident;
}

static bool may_keep_more(const struct incidents *incidents)
{
    return incidents->count <= LIMIT_INCIDENTS / 4;
}

static bool is_faulty(const struct analysis *analysis)
{
    for (uint32_t i = 0; i < analysis->finding_count; i++)
        if (analysis->findings[i].severity > SEVERITY_INFO)
            return true;
    return false;
}

void incidents_add(struct incidents *incidents, struct analysis *analysis)
{
    uint32_t *roots = roots_of(analysis);
    struct incident **of =
        roots ? ARENA_ARRAY(&analysis->arena, struct incident *, analysis->finding_count) : NULL;

    traffic_add(&incidents->traffic, analysis);
    for (uint32_t i = 0; of && i < analysis->finding_count; i++) {
        if (roots[i] != i)
            continue;
        of[i] = incident_of(incidents, analysis, &analysis->findings[i]);
        if (of[i])
            incident_note(of[i], analysis, roots, i,
                          may_keep_more(incidents) || of[i]->exemplar_count == 0 ? incidents->budget : NULL);
    }
    struct session_incidents noted = { analysis, roots, of, &incidents->traffic, is_faulty(analysis) };
    note_companions(&noted);
    note_refused(&noted);
    note_deliveries(&noted);
    note_stopped(&noted);
}

void incidents_add_attempts(struct incidents *incidents, const struct attempts_row *row,
                            const struct attempts_verdict *verdict)
{
    for (size_t i = 0; i < verdict->count; i++) {
        struct incident_kind kind = kind_of_attempts(&row->server, verdict->findings[i].rule);
        struct incident *incident = single(incidents, kind.server, LIMIT_INCIDENTS - RULE_COUNT);
        if (!incident)
            incident = single(incidents, kind.rule, LIMIT_INCIDENTS);
        if (!incident)
            continue;
        incident->loose_key = kind.loose;
        incident_note_attempts(incident, row, &verdict->findings[i]);
    }
}

const struct traffic *incidents_traffic(const struct incidents *incidents)
{
    return &incidents->traffic;
}

static int by_number(uint64_t a, uint64_t b) /* the larger first */
{
    return (a < b) - (a > b);
}

static int by_weight(const void *left, const void *right)
{
    const struct incident *a = *(struct incident *const *)left, *b = *(struct incident *const *)right;
    const int order[] = {
        by_number(b->comparison == COMPARISON_GONE, a->comparison == COMPARISON_GONE),
        by_number(incident_undelivered(a), incident_undelivered(b)),
        by_number(tally_distinct(&a->clients) * (a->severity > SEVERITY_INFO),
                  tally_distinct(&b->clients) * (b->severity > SEVERITY_INFO)),
        by_number(a->severity, b->severity),
        by_number(roots_stands_apart(b->rule), roots_stands_apart(a->rule)),
        by_number(a->sessions, b->sessions),
        by_number(b->first_ns, a->first_ns),
        by_number(b->rule, a->rule),
        by_number(b->key, a->key),
    };

    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
        if (order[i])
            return order[i];
    return 0;
}

/* Mail that did not arrive, whatever the finding is worth by itself.  What is greylisted comes back by
 * design: it counts where more was put off than came back. */
static bool did_harm(const struct incident *incident, const struct traffic *traffic)
{
    const uint64_t *count = incident->delivery;
    bool is_greylisting = incident->rule == RULE_GREYLISTED;

    return count[DELIVERY_LOST] + count[DELIVERY_DOUBT] + incident->stopped > 0
           || count[DELIVERY_DELAYED] > (is_greylisting ? traffic->accepted_later : 0)
           || (incident->recipients_refused && !is_greylisting);
}

struct incident *const *incidents_sorted(struct incidents *incidents, size_t *count)
{
    for (size_t i = 0; i < incidents->count; i++)
        if (incidents->all[i]->severity == SEVERITY_INFO
            && did_harm(incidents->all[i], &incidents->traffic)) {
            incidents->all[i]->severity = SEVERITY_WARNING;
            incidents->traffic.faulty += incidents->all[i]->harmed;
        }
    if (incidents->count)
        qsort(incidents->all, incidents->count, sizeof incidents->all[0], by_weight);
    *count = incidents->count;
    return incidents->all;
}

/* More by half, and not by chance of a few. */
static enum comparison weigh(const struct incident *now, const struct incident *then,
                             const struct incidents *a, const struct incidents *b)
{
    double rate = (double)now->sessions * (double)(b->traffic.sessions + 1);
    double before = (double)then->sessions * (double)(a->traffic.sessions + 1);

    if (rate > before * 1.5 && now->sessions > then->sessions + 1)
        return COMPARISON_WORSE;
    return before > rate * 1.5 && then->sessions > now->sessions + 1 ? COMPARISON_BETTER : COMPARISON_SAME;
}

static struct incident *like(const struct incidents *incidents, const struct incident *sought, bool is_loose)
{
    for (size_t i = 0; i < incidents->count; i++) {
        struct incident *incident = incidents->all[i];
        if (incident->comparison == COMPARISON_NONE
            && (is_loose ? incident->loose_key == sought->loose_key : incident->key == sought->key))
            return incident;
    }
    return NULL;
}

static void pair(struct incidents *incidents, struct incidents *earlier, bool is_loose)
{
    for (size_t i = 0; i < earlier->count; i++) {
        struct incident *then = earlier->all[i];
        struct incident *now = then->comparison ? NULL : like(incidents, then, is_loose);
        if (!now)
            continue;
        now->comparison = weigh(now, then, incidents, earlier);
        now->baseline_sessions = then->sessions;
        then->comparison = COMPARISON_SAME; /* it has its like */
    }
}

void incidents_compare(struct incidents *incidents, struct incidents *earlier)
{
    size_t kept = 0;

    pair(incidents, earlier, false);
    pair(incidents, earlier, true);
    for (size_t i = 0; i < incidents->count; i++)
        if (incidents->all[i]->comparison == COMPARISON_NONE)
            incidents->all[i]->comparison = COMPARISON_NEW;
    for (size_t i = 0; i < earlier->count; i++) {
        struct incident *then = earlier->all[i];
        bool is_gone = then->comparison == COMPARISON_NONE && incidents->count < LIMIT_INCIDENTS;
        if (is_gone) {
            then->comparison = COMPARISON_GONE;
            then->baseline_sessions = then->sessions;
            incidents->all[incidents->count++] = then;
        } else {
            earlier->all[kept++] = then;
        }
    }
    earlier->count = kept;
}

uint64_t incident_undelivered(const struct incident *incident)
{
    return incident->delivery[DELIVERY_LOST] + incident->delivery[DELIVERY_DELAYED]
           + incident->delivery[DELIVERY_DOUBT];
}

const char *comparison_name(enum comparison comparison)
{
    static const char *const names[COMPARISON_COUNT] = { "", "new", "worse", "same", "better", "gone" };

    return (unsigned)comparison < COMPARISON_COUNT ? names[comparison] : "";
}
