/* The order as it was, and as it should have been. */
#include "incident/sequence.h"

#include "incident/masked.h"
#include "incident/mending.h"
#include "incident/roots.h"

/* Sessions of so many commands are shown whole; of longer ones what lies around the fault. */
enum { SHORT_SESSION = 16, BEFORE_FAULT = 7, BEHIND_FAULT = 6 };

/* The code that counts: of AUTH the last one, which tells how it ended. */
static uint16_t code_of(const struct analysis *analysis, const struct item *item, uint32_t item_index)
{
    const struct sasl_exchange *exchange =
        item->as.command.verb == VERB_AUTH ? session_exchange_of(analysis->session, item_index) : NULL;
    const struct reply *reply = exchange && exchange->last_reply ? exchange->last_reply : item->reply;

    return reply ? reply->code : 0;
}

struct listing {
    const struct analysis *analysis;
    struct arena *arena;
    struct sequence *list;
};

static void list_command(const struct listing *l, uint32_t n, enum step_kind kind)
{
    const struct item *item = replay_command(&l->analysis->replay, n);

    if (!item || l->list->count == SEQUENCE_STEPS)
        return;
    l->list->steps[l->list->count++] =
        (struct sequence_step){ .kind = kind,
                                .text = masked_command(l->analysis->session, item, l->arena),
                                .code = code_of(l->analysis, item, l->analysis->replay.command_items[n - 1]),
                                .command = n,
                                .verb = item->as.command.verb };
}

static void list_left(const struct listing *l, uint32_t count)
{
    if (count && l->list->count < SEQUENCE_STEPS)
        l->list->steps[l->list->count++] = (struct sequence_step){ .kind = STEP_LEFT, .number = count };
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a && a < b ? a : b;
}

/* From what led to the fault. */
static uint32_t begin_of(const struct replay *replay, const struct finding *finding,
                         const struct judgement *judgement)
{
    uint32_t n = finding->command;
    uint32_t begin = least(finding->cause_command, n > 2 ? n - 2 : 1);

    if (judgement->transaction)
        begin = least(replay->transactions[judgement->transaction - 1].mail_command, begin);
    return n > BEFORE_FAULT && begin < n - BEFORE_FAULT ? n - BEFORE_FAULT : begin;
}

/* The greeting that counts; then, behind what is left out, what led to the fault; the fault; what followed.
 */
static void list_commands(const struct listing *l, const struct finding *finding,
                          const struct judgement *judgement)
{
    const struct replay *replay = &l->analysis->replay;
    uint32_t count = (uint32_t)replay->judgement_count, greeting = judgement->greeting_command;
    uint32_t from = count <= SHORT_SESSION ? 1 : begin_of(replay, finding, judgement);
    uint32_t to = count <= SHORT_SESSION || finding->command + BEHIND_FAULT > count
                      ? count
                      : finding->command + BEHIND_FAULT;

    if (greeting && greeting < from) {
        list_left(l, greeting - 1);
        list_command(l, greeting, STEP_SAID);
        list_left(l, from - greeting - 1);
    } else {
        list_left(l, from - 1);
    }
    for (uint32_t n = from; n <= to; n++)
        list_command(l, n, n == finding->command ? STEP_WRONG : STEP_SAID);
    list_left(l, count - to);
}

/* The list is another one for what the finding at `i` says. */
static bool apply(struct mending *m, uint32_t i, size_t at)
{
    bool was_changed = m->is_changed, wanted_order = m->wants_order;

    m->is_changed = m->wants_order = false;
    m->index = i;
    m->finding = &m->analysis->findings[i];
    m->judgement = roots_judgement(m->analysis, m->finding->command);
    m->verb = m->due->steps[at].verb;
    mending_apply(m, at);
    bool is_other = m->is_changed || m->wants_order;
    m->is_changed = m->is_changed || was_changed;
    m->wants_order = m->wants_order || wanted_order;
    return is_other;
}

static void mend_all(struct mending *m, uint32_t shown, bool is_tls)
{
    for (uint32_t i = 0; i < m->analysis->finding_count; i++) {
        const struct finding *finding = &m->analysis->findings[i];
        size_t at = mending_place(m, finding->command);
        if (!finding->command || (m->roots[i] != i && i != shown) || at == SIZE_MAX
            || mending_is_tls(finding->rule) != is_tls)
            continue;
        bool is_other = apply(m, i, at);
        m->is_of_shown = m->is_of_shown || (is_other && i == shown);
    }
}

/* The faulty line is left out, or answered otherwise, for another cause that was set right. */
static bool is_shown_mended(const struct mending *m, uint32_t shown)
{
    size_t at = mending_place(m, m->analysis->findings[shown].command);

    return at == SIZE_MAX || m->due->steps[at].code_was != 0;
}

/* TLS comes before all else that is put in.  Where only other causes could be set right, their order would
 * pass for the cure of this one. */
static void make_due(struct mending *m, uint32_t shown)
{
    mend_all(m, shown, true);
    mend_all(m, shown, false);
    if (m->is_changed || m->wants_order)
        mending_straighten(m);
    mending_respace(m);
    if (!m->is_changed || (!m->is_of_shown && !is_shown_mended(m, shown)))
        m->due->count = 0;
}

void sequence_make(const struct analysis *analysis, const uint32_t *roots, uint32_t finding,
                   struct arena *arena, struct sequence *was, struct sequence *due)
{
    const struct finding *shown = &analysis->findings[finding];
    const struct judgement *judgement = roots_judgement(analysis, shown->command);
    struct mending mending = { .analysis = analysis, .roots = roots, .arena = arena, .due = due };

    was->count = 0;
    due->count = 0;
    if (!judgement)
        return;
    list_commands(&(struct listing){ analysis, arena, was }, shown, judgement);
    *due = *was;
    for (size_t i = 0; i < due->count; i++)
        if (due->steps[i].kind == STEP_WRONG)
            due->steps[i].kind = STEP_SAID;
    make_due(&mending, finding);
}
