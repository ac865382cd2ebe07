/* Edits of an order of commands. */
#include "incident/mending.h"

#include "incident/roots.h"

/* What a server answers when all is well. */
uint16_t mending_success(enum verb verb)
{
    static const uint16_t codes[VERB_COUNT] = {
        [VERB_DATA] = 354,    [VERB_AUTH] = 235, [VERB_QUIT] = 221, [VERB_STARTTLS] = 220,
        [VERB_XCLIENT] = 220, [VERB_VRFY] = 252, [VERB_EXPN] = 252
    };

    return codes[verb] ? codes[verb] : 250;
}

bool mending_is_command(const struct sequence_step *step)
{
    return step->kind == STEP_SAID || step->kind == STEP_ADDED;
}

static bool is_accepted(const struct sequence_step *step)
{
    return mending_is_command(step) && step->code < 400;
}

size_t mending_place(const struct mending *m, uint32_t n)
{
    for (size_t i = 0; i < m->due->count; i++)
        if (m->due->steps[i].command == n && m->due->steps[i].kind == STEP_SAID)
            return i;
    return SIZE_MAX;
}

size_t mending_last(const struct mending *m, size_t at, enum verb verb)
{
    for (size_t i = at; i > 0; i--) {
        const struct sequence_step *step = &m->due->steps[i - 1];
        if (mending_is_command(step)
            && (step->verb == verb || (verb == VERB_HELO && verb_is_hello(step->verb))))
            return i - 1;
    }
    return SIZE_MAX;
}

size_t mending_same_later(const struct mending *m, size_t at)
{
    const struct sequence_step *sought = &m->due->steps[at];

    for (size_t i = at + 1; i < m->due->count; i++) {
        const struct sequence_step *step = &m->due->steps[i];
        if (step->kind == STEP_SAID && step->code && step->code < 400 && step->verb == sought->verb
            && bytes_equal_nocase(step->text, sought->text))
            return i;
    }
    return SIZE_MAX;
}

size_t mending_mail_later(const struct mending *m, size_t at)
{
    for (size_t i = at + 1; i < m->due->count; i++) {
        const struct sequence_step *step = &m->due->steps[i];
        bool is_end = verb_is_hello(step->verb) || step->verb == VERB_RSET || step->verb == VERB_DATA
                      || step->verb == VERB_STARTTLS;
        if (is_accepted(step) && step->verb == VERB_MAIL)
            return i;
        if (is_accepted(step) && is_end)
            break;
    }
    return SIZE_MAX;
}

size_t mending_recipients_later(const struct mending *m, size_t at)
{
    size_t last = SIZE_MAX;

    for (size_t i = at + 1; i < m->due->count; i++) {
        const struct sequence_step *step = &m->due->steps[i];
        if (step->kind == STEP_LEFT
            || (mending_is_command(step) && step->verb != VERB_RCPT && step->verb != VERB_NOOP))
            break;
        if (is_accepted(step) && step->verb == VERB_RCPT && step->code)
            last = i;
    }
    return last;
}

static bool insert(struct mending *m, size_t at, struct sequence_step step)
{
    struct sequence *due = m->due;

    if (due->count == SEQUENCE_STEPS)
        return false;
    memmove(due->steps + at + 1, due->steps + at, (due->count - at) * sizeof step);
    due->steps[at] = step;
    due->count++;
    m->is_changed = true;
    return true;
}

void mending_put_message(struct mending *m, size_t at)
{
    (void)insert(m, at,
                 (struct sequence_step){ .kind = STEP_NOTE, .text = BYTES(SEQUENCE_MESSAGE), .code = 250 });
}

void mending_await(struct mending *m, size_t at)
{
    (void)insert(m, at, (struct sequence_step){ .kind = STEP_AWAITED });
}

void mending_copy(struct mending *m, size_t from, size_t at)
{
    struct sequence_step step = m->due->steps[from];

    step.kind = STEP_ADDED;
    step.command = 0;
    step.code = mending_success(step.verb);
    step.code_was = 0;
    (void)insert(m, at, step);
}

void mending_omit(struct mending *m, size_t at)
{
    struct sequence_step *step = &m->due->steps[at];

    bool has_message = at + 1 < m->due->count && step[1].kind == STEP_NOTE && step[1].code;

    step->kind = STEP_OMITTED;
    step->code = 0;
    step->code_was = 0;
    m->is_changed = true;
    if (!has_message)
        return;
    m->due->count--;
    memmove(step + 1, step + 2, (m->due->count - at - 1) * sizeof *step);
}

void mending_accept(struct mending *m, size_t at)
{
    struct sequence_step *step = &m->due->steps[at];
    uint16_t code = mending_success(step->verb), was = step->code;

    if (was == code || (was && was < 400))
        return;
    step->code = code;
    step->code_was = was;
    m->is_changed = true;
    if (step->verb == VERB_STARTTLS)
        (void)mending_insert(m, at + 1, "{tls}");
    if (step->verb == VERB_DATA && was)
        mending_put_message(m, at + 1);
}

/* Whether what the step tells of comes of the finding, though it is not its command itself. */
static bool is_consequence(const struct mending *m, const struct sequence_step *step)
{
    const struct judgement *judgement = roots_judgement(m->analysis, step->command);

    if (step->kind != STEP_SAID || !judgement || step->command == m->finding->command)
        return false;
    if (judgement->cause && judgement->cause == m->finding->command)
        return true;
    for (size_t i = analysis_first_finding(m->analysis, step->command);
         i < m->analysis->finding_count && m->analysis->findings[i].command == step->command; i++)
        if (m->roots[i] == m->index)
            return true;
    return false;
}

void mending_heal_consequences(struct mending *m)
{
    for (size_t i = 0; i < m->due->count; i++)
        if (is_consequence(m, &m->due->steps[i]))
            mending_accept(m, i);
}

void mending_heal(struct mending *m)
{
    size_t at = mending_place(m, m->finding->command);

    if (at != SIZE_MAX)
        mending_accept(m, at);
    mending_heal_consequences(m);
}

static bool is_body_line(const struct mending *m, const struct sequence_step *step)
{
    const struct item *item = replay_command(&m->analysis->replay, step->command);

    return step->kind == STEP_SAID && step->command > m->finding->command && item
           && item->as.command.is_body_line;
}

void mending_drop_consequences(struct mending *m)
{
    for (size_t i = 0; i < m->due->count; i++) {
        const struct sequence_step *step = &m->due->steps[i];
        if (is_body_line(m, step) || (is_consequence(m, step) && step->code >= 400))
            mending_omit(m, i);
    }
}

size_t mending_insert(struct mending *m, size_t at, const char *commands)
{
    struct bytes rest = bytes_of(commands);

    while (rest.len) {
        size_t end = bytes_find(rest, '|');
        at += insert(m, at, mending_filled(m, bytes_slice(rest, 0, end)));
        rest = end == SIZE_MAX ? (struct bytes){ NULL, 0 } : bytes_from(rest, end + 1);
    }
    return at;
}
