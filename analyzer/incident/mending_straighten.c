/* What is left out of order when each fault has been set right: one mended fault makes another visible, and
 * what was put in asks for something before it as well. */
#include "incident/mending.h"
#include "incident/roots.h"

/* How things stand before a command, if all goes as the order says. */
struct standing {
    bool is_known;
    bool is_greeted, is_helo;
    bool is_open, has_recipient;
    bool is_authenticated, is_tls;
};

/* As the server saw it before the first command from `at` on: at the begin, and behind what the list leaves
 * out. */
static void look_up(struct standing *now, const struct mending *m, size_t at)
{
    while (at < m->due->count && !m->due->steps[at].command)
        at++;
    const struct judgement *judgement =
        at < m->due->count ? roots_judgement(m->analysis, m->due->steps[at].command) : NULL;

    if (!judgement)
        return;
    *now = (struct standing){ .is_known = judgement->is_phase_known,
                              .is_greeted = judgement->greeting_command != 0,
                              .is_helo = judgement->is_helo,
                              .is_open = judgement->phase == PHASE_MAIL || judgement->phase == PHASE_RCPT,
                              .has_recipient = judgement->phase == PHASE_RCPT,
                              .is_authenticated = judgement->is_authenticated,
                              .is_tls = judgement->is_tls };
}

static void greet(struct standing *now, bool is_helo)
{
    now->is_known = now->is_greeted = true;
    now->is_helo = is_helo;
    now->is_open = now->has_recipient = false;
}

/* What an accepted command changes. */
static void go_on(struct standing *now, const struct sequence_step *step)
{
    switch ((unsigned)step->verb) {
    case VERB_EHLO:
    case VERB_HELO:
    case VERB_LHLO:
        greet(now, step->verb == VERB_HELO);
        return;
    case VERB_STARTTLS:
    case VERB_XCLIENT:
        *now = (struct standing){ .is_known = true, .is_tls = now->is_tls || step->verb == VERB_STARTTLS };
        return;
    case VERB_AUTH:
        now->is_authenticated = now->is_authenticated || step->code == 235;
        return;
    case VERB_MAIL: /* whatever came before, now a transaction is open */
        now->is_greeted = now->is_greeted || !now->is_known;
        now->is_known = now->is_open = true;
        now->has_recipient = false;
        return;
    case VERB_RCPT:
        now->has_recipient = true;
        return;
    case VERB_BDAT:
        if (bytes_find_nocase(step->text, BYTES("LAST")) == SIZE_MAX)
            return;
        now->is_open = now->has_recipient = false;
        return;
    case VERB_DATA:
    case VERB_RSET:
        now->is_open = now->has_recipient = false;
        return;
    default:
        return;
    }
}

static bool put(struct mending *m, size_t at, const char *command)
{
    return mending_insert(m, at, command) > at;
}

static bool drop(struct mending *m, size_t at)
{
    mending_omit(m, at);
    return true;
}

/* To before the MAIL of the open transaction. */
static bool move_up(struct mending *m, size_t at)
{
    size_t mail = mending_last(m, at, VERB_MAIL);

    if (mail == SIZE_MAX || m->due->count == SEQUENCE_STEPS)
        return false;
    mending_copy(m, at, mail);
    if (m->due->steps[mail].verb == VERB_STARTTLS)
        at += mending_insert(m, mail + 1, "{tls}|EHLO {helo}") - mail - 1;
    return drop(m, at + 1);
}

static bool greet_before(struct mending *m, const struct standing *now, size_t at, bool needs_ehlo)
{
    return (!now->is_greeted || (needs_ehlo && now->is_helo)) && put(m, at, "EHLO {helo}");
}

/* A MAIL that came too late comes here, or one that did not come at all. */
static bool open_before(struct mending *m, size_t at)
{
    size_t later = mending_mail_later(m, at);

    if (later == SIZE_MAX || m->due->count == SEQUENCE_STEPS)
        return put(m, at, "MAIL FROM:<{mail}>");
    mending_copy(m, later, at);
    return drop(m, later + 1);
}

/* To behind the recipients of its transaction that come too late for it. */
static bool move_down(struct mending *m, size_t at)
{
    size_t last = mending_recipients_later(m, at);

    if (last == SIZE_MAX || m->due->count == SEQUENCE_STEPS)
        return false;
    mending_copy(m, at, last + 1);
    if (m->due->steps[at].verb == VERB_DATA)
        mending_put_message(m, last + 2);
    return drop(m, at);
}

static bool mend_content(struct mending *m, const struct standing *now, size_t at)
{
    if (!now->is_open)
        return mending_mail_later(m, at) != SIZE_MAX ? drop(m, at) : open_before(m, at);
    if (now->has_recipient)
        return false;
    if (move_down(m, at))
        return true;
    return m->due->steps[at].code >= 400 ? drop(m, at) : put(m, at, "RCPT TO:<{rcpt}>");
}

/* A greeting that names nobody is refused (RFC 5321 4.1.1.1). */
static bool name_greeting(struct mending *m, size_t at)
{
    const struct sequence_step *step = &m->due->steps[at];

    if (bytes_find(bytes_trim(step->text), ' ') != SIZE_MAX || m->due->count == SEQUENCE_STEPS)
        return false;
    (void)put(m, at + 1, step->verb == VERB_LHLO ? "LHLO " SEQUENCE_HOST : "EHLO " SEQUENCE_HOST);
    return drop(m, at);
}

/* Whether the list is another one now: something was put before the command, or it was left out. */
static bool mend_step(struct mending *m, const struct standing *now, size_t at)
{
    switch ((unsigned)m->due->steps[at].verb) {
    case VERB_EHLO:
    case VERB_HELO:
    case VERB_LHLO:
        return name_greeting(m, at);
    case VERB_MAIL:
        return greet_before(m, now, at, false) || (now->is_open && put(m, at, "RSET"));
    case VERB_RCPT:
        return !now->is_open && open_before(m, at);
    case VERB_DATA:
    case VERB_BDAT:
        return mend_content(m, now, at);
    case VERB_AUTH:
        return now->is_authenticated ? drop(m, at)
                                     : greet_before(m, now, at, true) || (now->is_open && move_up(m, at));
    case VERB_STARTTLS:
        return now->is_tls ? drop(m, at) : greet_before(m, now, at, true) || (now->is_open && move_up(m, at));
    default:
        return false;
    }
}

/* The first step that is out of order is set right; false if there is none. */
static bool mend_next(struct mending *m)
{
    const struct sequence *due = m->due;
    struct standing now = { .is_known = false };

    look_up(&now, m, 0);
    for (size_t i = 0; i < due->count; i++) {
        const struct sequence_step *step = &due->steps[i];
        if (step->kind == STEP_LEFT)
            look_up(&now, m, i);
        if (!mending_is_command(step) || !step->code)
            continue;
        if (now.is_known && mend_step(m, &now, i))
            return true;
        if (step->code < 400)
            go_on(&now, step);
    }
    return false;
}

void mending_straighten(struct mending *m)
{
    /* Each turn puts something in, for which there is an end of room, or leaves something out. */
    for (size_t turns = 0; turns < (size_t)SEQUENCE_STEPS * 2 && mend_next(m); turns++)
        ;
}
