/* How the fault of each finding is set right: the edits that sequence.def names. */
#include "incident/kind.h"
#include "incident/login.h"
#include "incident/mending.h"
#include "replay/sequence_text.h"
#include "rules/refusal.h"

#define TLS_COMMANDS "STARTTLS|{tls}|EHLO {helo}"

static bool offers(const struct mending *m, enum extension extension)
{
    return (m->judgement->offered & extension_bit(extension)) != 0;
}

/* Where something new stands: behind the greeting that was in force, or right before `at`. */
static size_t place_of_start(const struct mending *m, size_t at)
{
    size_t greeting = mending_last(m, at, VERB_HELO);

    return greeting == SIZE_MAX ? at : greeting + 1;
}

/* What has to come before it does; if the same was accepted later, this one came too early. */
static void in_order(struct mending *m, size_t at, const char *commands)
{
    (void)commands;
    m->wants_order = true;
    if (m->judgement->verdict == VERDICT_MISORDERED && mending_same_later(m, at) != SIZE_MAX) {
        mending_omit(m, at);
        mending_heal_consequences(m);
    } else {
        mending_heal(m);
    }
}

/* The commands come before it. */
static void before(struct mending *m, size_t at, const char *commands)
{
    (void)mending_insert(m, at, commands);
    mending_heal(m);
}

/* In its place. */
static void instead(struct mending *m, size_t at, const char *commands)
{
    mending_omit(m, at);
    (void)mending_insert(m, at + 1, commands);
    mending_heal_consequences(m);
}

/* It does not come at all. */
static void leave_out(struct mending *m, size_t at, const char *commands)
{
    (void)commands;
    mending_omit(m, at);
    mending_heal_consequences(m);
}

/* Likewise, nor does what depends on it: what was refused before is given up. */
static void give_up(struct mending *m, size_t at, const char *commands)
{
    (void)commands;
    mending_omit(m, at);
    mending_drop_consequences(m);
}

/* It was in order, and refused: what depends on it must not follow. */
static void give_up_after(struct mending *m, size_t at, const char *commands)
{
    (void)at;
    (void)commands;
    mending_drop_consequences(m);
}

/* The greeting before it is another one. */
static void greeting(struct mending *m, size_t at, const char *commands)
{
    size_t place = mending_last(m, at, VERB_HELO);

    if (place != SIZE_MAX && m->due->steps[place].kind == STEP_SAID)
        instead(m, place, commands);
    mending_heal(m);
}

/* It comes before the newest command with this verb, and the commands behind it. */
static void move_before(struct mending *m, size_t at, enum verb verb, const char *commands)
{
    size_t place = mending_last(m, at, verb), count = m->due->count;

    if (place != SIZE_MAX && !m->has_tls) {
        mending_copy(m, at, place);
        (void)mending_insert(m, place + 1, commands);
    }
    m->has_tls = m->has_tls || m->verb == VERB_STARTTLS;
    leave_out(m, at + m->due->count - count, commands);
}

static void before_mail(struct mending *m, size_t at, const char *commands)
{
    move_before(m, at, VERB_MAIL, commands);
}

static void before_auth(struct mending *m, size_t at, const char *commands)
{
    move_before(m, at, VERB_AUTH, commands);
}

/* The reply before it is waited for. */
static void await(struct mending *m, size_t at, const char *commands)
{
    (void)commands;
    mending_await(m, at);
    mending_heal(m);
}

/* The command was right; the server should have accepted it. */
static void answer(struct mending *m, size_t at, const char *commands)
{
    (void)at;
    (void)commands;
    mending_heal(m);
}

/* It was in order; this should have followed. */
static void after(struct mending *m, size_t at, const char *commands)
{
    (void)mending_insert(m, at + 1, commands);
}

/* Likewise, when the session is over. */
static void later(struct mending *m, size_t at, const char *commands)
{
    struct sequence *due = m->due;

    (void)at;
    mending_drop_consequences(m);
    if (due->count && due->steps[due->count - 1].kind == STEP_NOTE)
        return; /* said already, of another recipient */
    if (mending_last(m, due->count, VERB_QUIT) == SIZE_MAX)
        (void)mending_insert(m, due->count, "QUIT");
    (void)mending_insert(m, due->count, commands);
}

/* give_up where recipients had been tried, else in_order. */
static void recipient(struct mending *m, size_t at, const char *commands)
{
    uint32_t n = m->judgement->transaction;
    const struct transaction *transaction = n ? &m->analysis->replay.transactions[n - 1] : NULL;

    if (transaction && transaction->recipient_count > 0
        && transaction->recipients[0].command < m->finding->command)
        give_up(m, at, commands);
    else
        in_order(m, at, commands);
}

/* The greeting of the other protocol, once. */
static void other_greeting(struct mending *m, size_t at, const char *commands)
{
    enum verb other = m->verb == VERB_LHLO ? VERB_EHLO : VERB_LHLO;
    size_t last = mending_last(m, at, VERB_HELO);

    if (last != SIZE_MAX && m->due->steps[last].verb == other)
        leave_out(m, at, commands);
    else
        instead(m, at, other == VERB_EHLO ? "EHLO {helo}" : "LHLO {helo}");
}

/* The greeting with the full name of the host, and so wherever one was put in. */
static void name_host(struct mending *m, size_t at, const char *commands)
{
    instead(m, at, commands);
    for (size_t i = 0; i < m->due->count; i++)
        if (m->due->steps[i].kind == STEP_ADDED && m->due->steps[i].verb == VERB_EHLO)
            m->due->steps[i].text = m->due->steps[at + 1].text;
}

/* Greetings whose name the server refused come with another one; returns where the step at `at` is then. */
static size_t rename_greetings(struct mending *m, size_t at, const char *commands)
{
    size_t last = mending_last(m, at, VERB_HELO);
    const struct sequence_step *refused = last == SIZE_MAX ? NULL : &m->due->steps[last];
    bool is_name = refused && (refused->code == 501 || refused->code == 504 || refused->code == 550);

    for (size_t i = last; is_name && i != SIZE_MAX; i = mending_last(m, i, VERB_HELO))
        if (m->due->steps[i].kind == STEP_SAID && m->due->steps[i].code >= 500)
            mending_omit(m, i);
    return is_name ? mending_insert(m, last + 1, commands) + at - last - 1 : at;
}

/* The command that came without a greeting is in_order once there is one. */
static void introduce(struct mending *m, size_t at, const char *commands)
{
    in_order(m, rename_greetings(m, at, commands), "");
}

/* TLS first, as it can be had, whatever the answer is then. */
static void secure(struct mending *m, size_t at, const char *commands)
{
    (void)commands;
    if (m->has_tls || m->judgement->is_tls)
        return;
    if (m->judgement->has_offer && !offers(m, EXTENSION_STARTTLS))
        (void)mending_insert(m, 0, SEQUENCE_FROM_START);
    else
        (void)mending_insert(m, place_of_start(m, at), TLS_COMMANDS);
    m->has_tls = true;
}

/* STARTTLS was offered, tried and refused. */
static void answer_starttls(struct mending *m, size_t at)
{
    size_t starttls = mending_last(m, at, VERB_STARTTLS);

    if (starttls == SIZE_MAX || m->has_tls)
        return;
    mending_accept(m, starttls);
    m->has_tls = true;
}

/* TLS first, and it is accepted. */
static void tls(struct mending *m, size_t at, const char *commands)
{
    if (m->finding->rule == RULE_TLS_REQUIRED && m->finding->fault == FAULT_SERVER)
        answer_starttls(m, at);
    else
        secure(m, at, commands);
    mending_heal(m);
}

/* Refused in its order. */
static void refused(struct mending *m, size_t at, const char *commands)
{
    if (m->finding->reason == REASON_STARTTLS) {
        answer_starttls(m, at + 1);
        mending_heal(m);
    } else if (m->finding->reason == REASON_HELO_NAME) {
        (void)rename_greetings(m, m->due->count, commands);
        mending_heal(m);
    } else {
        give_up_after(m, at, commands);
    }
}

/* A login first where the client could have had one, else give_up_after. */
static void login(struct mending *m, size_t at, const char *commands)
{
    if (login_of(m->analysis, m->judgement, m->finding->rule) != LOGIN_OFFERED) {
        give_up_after(m, at, commands);
        return;
    }
    if (offers(m, EXTENSION_STARTTLS))
        secure(m, at, commands);
    if (!m->has_login)
        (void)mending_insert(m, place_of_start(m, mending_place(m, m->finding->command)), "AUTH {mechanism}");
    m->has_login = true;
    mending_heal(m);
}

/* Refused for the name in the greeting: another one has to be said; for the address or its name in DNS:
 * there is nothing to say. */
static void name(struct mending *m, size_t at, const char *commands)
{
    const struct reply *reply = kind_reply(m->analysis, m->finding);
    bool is_name = reply && (reply_says(reply, BYTES("helo")) || reply_says(reply, BYTES("ehlo")));

    if (m->finding->reason != REASON_CLIENT_NAME || (!is_name && !verb_is_hello(m->verb)))
        give_up_after(m, at, commands);
    else
        greeting(m, verb_is_hello(m->verb) ? at + 1 : at, "EHLO <full-host-name>");
}

/* The reason is written as a 503; what would have helped is that of the reason. */
static void policy(struct mending *m, size_t at, const char *commands)
{
    if (m->finding->reason == REASON_LOGIN)
        login(m, at, commands);
    else if (m->finding->reason == REASON_TLS)
        tls(m, at, commands);
    else
        name(m, at, commands);
}

/* STARTTLS first where it is offered; what was accepted in TLS came too early here. */
static void offer(struct mending *m, size_t at, const char *commands)
{
    if (m->judgement->is_tls || !offers(m, EXTENSION_STARTTLS) || mending_same_later(m, at) != SIZE_MAX) {
        leave_out(m, at, commands);
        return;
    }
    secure(m, at, commands);
    mending_heal(m);
}

/* Whether the client logs in with another command than that at `at`. */
static bool logs_in_elsewhere(const struct mending *m, size_t at)
{
    for (size_t i = 0; i < m->due->count; i++)
        if (i != at && m->due->steps[i].verb == VERB_AUTH && m->due->steps[i].code == 235)
            return true;
    return m->has_login;
}

/* `instead` where it was refused and something is offered; nobody logs in twice. */
static void mechanism(struct mending *m, size_t at, const char *commands)
{
    if (m->due->steps[at].code < 400 || !offers(m, EXTENSION_AUTH))
        return;
    (logs_in_elsewhere(m, at) ? leave_out : instead)(m, at, commands);
    m->has_login = true;
}

/* What the device on the path had taken away is offered: what was refused for want of it is accepted, and
 * where the server demanded TLS there is TLS. */
static void unmask(struct mending *m, size_t at, const char *commands)
{
    bool wants_tls = false;

    for (uint32_t i = 0; i < m->analysis->finding_count; i++)
        wants_tls =
            wants_tls || (m->roots[i] == m->index && m->analysis->findings[i].rule == RULE_TLS_REQUIRED);
    if (wants_tls && !m->has_tls) {
        (void)mending_insert(m, at + 1, commands);
        m->has_tls = true;
    }
    mending_heal_consequences(m);
}

/* `before` where the client is at fault.  Nobody logs in twice: where another login succeeds, this one was
 * needless. */
static void credential(struct mending *m, size_t at, const char *commands)
{
    if (m->finding->fault != FAULT_CLIENT)
        return;
    bool succeeds = logs_in_elsewhere(m, SIZE_MAX);
    m->has_login = true;
    (succeeds ? leave_out : before)(m, at, commands);
}

/* `after` where the client is at fault. */
static void patience(struct mending *m, size_t at, const char *commands)
{
    if (m->finding->fault == FAULT_CLIENT)
        after(m, at, commands);
}

/* `after` a command that transfers content. */
static void content(struct mending *m, size_t at, const char *commands)
{
    if (m->verb == VERB_DATA || m->verb == VERB_BDAT)
        after(m, at, commands);
}

/* `instead` where the line holds an address. */
static void rewrite(struct mending *m, size_t at, const char *commands)
{
    const struct item *item = replay_command(&m->analysis->replay, m->finding->command);

    if ((m->verb != VERB_MAIL && m->verb != VERB_RCPT)
        || bytes_find(mending_address(item->as.command.argument), '@') == SIZE_MAX)
        return;
    m->is_respaced = true;
    instead(m, at, commands);
}

static const struct order_row {
    void (*edit)(struct mending *m, size_t at, const char *commands);
    const char *commands;
} rows[RULE_COUNT] = {
#define ORDER(rule, edit, commands) [RULE_##rule] = { edit, commands },
#include "incident/sequence.def"
#undef ORDER
};

bool mending_is_tls(enum rule_id rule)
{
    return rows[rule].edit == tls || rows[rule].edit == secure;
}

void mending_apply(struct mending *m, size_t at)
{
    const struct order_row *row = &rows[m->finding->rule];

    if (row->edit)
        row->edit(m, at, row->commands);
}
