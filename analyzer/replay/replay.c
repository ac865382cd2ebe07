/* The walk through a session: each item in causal order, judged by what stands before it. */
#include "replay/replay.h"

#include "replay/walk.h"
#include "smtp/software.h"

/* For the software of a server that does not say its name: it shows early or not at all. */
enum { REPLIES_LOOKED_AT = 64 };

const char *verdict_name(enum verdict verdict)
{
    static const char *const names[VERDICT_COUNT] = {
        [VERDICT_NONE] = "none",
        [VERDICT_OK] = "ok",
        [VERDICT_REFUSED] = "refused",
        [VERDICT_MISORDERED] = "misordered",
        [VERDICT_TOLERATED] = "tolerated",
        [VERDICT_CONSEQUENCE] = "consequence",
        [VERDICT_CONTRADICTED] = "contradicted",
        [VERDICT_UNANSWERED] = "unanswered",
        [VERDICT_UNDECIDED] = "undecided",
    };

    return (unsigned)verdict < VERDICT_COUNT ? names[verdict] : "none";
}

static bool is_behind_command(const struct session *session, const struct item *greeting)
{
    const struct item *item = session->items;

    while (item < greeting && item->kind != ITEM_COMMAND)
        item++;
    return item < greeting;
}

static void take_greeting(struct walk *walk, const struct item *item)
{
    struct replay *out = walk->out;

    if (walk->session->is_midstream && is_behind_command(walk->session, item))
        return; /* it was on its way when the capture began, or came before what now stands in front of it */
    if (out->greeting || (walk->phase == PHASE_UNKNOWN && item->reply && reply_refuses(item->reply)))
        return; /* behind missing bytes a refusal may be the answer to a command that is lost */
    out->greeting = item->reply;
    out->greeting_at = item->at;
    if (!item->reply)
        return;
    if (item->reply->line_count)
        out->server_software = software_of_greeting(item->reply->lines[0]);
    if (walk->phase != PHASE_CONNECTED && !reply_refuses(item->reply)
        && is_behind_command(walk->session, item))
        return; /* what the client said before it was answered behind it, and went on from there */
    bool may_lack_hello = walk->session->side[SIDE_CLIENT].missing_bytes > 0
                          || (walk->session->is_midstream && item->reply->has_mixed_codes);
    bool may_be_greeted = walk->phase == PHASE_UNKNOWN && may_lack_hello;
    walk_start_anew(walk, PHASE_GREETED);
    if (reply_refuses(item->reply))
        walk->phase = PHASE_REFUSED;
    if (may_be_greeted)
        walk_forget(walk); /* by a client that did not wait for it */
}

/* A client that talks before the greeting is read behind it, so the greeting counts first. */
static void find_greeting(struct walk *walk)
{
    const struct session *session = walk->session;

    for (size_t i = 0; i < session->item_count; i++) {
        enum item_kind kind = session->items[i].kind;
        if (kind == ITEM_GAP || kind == ITEM_TLS) /* what comes behind them counts in its place */
            return;
        if (kind == ITEM_GREETING) {
            take_greeting(walk, &session->items[i]);
            return;
        }
    }
}

/* A log that lacks a line shows it where a reply answers nothing, and where a command has none although the
 * next has one. */
static bool lacks_lines(const struct session *session)
{
    const struct item *unanswered = NULL;

    for (size_t i = 0; i < session->item_count; i++) {
        const struct item *item = &session->items[i];
        if (item->kind == ITEM_REPLY && item->reply && !item_is_farewell(item, item->reply))
            return true;
        if (item->kind != ITEM_COMMAND)
            continue;
        if (unanswered && item->reply)
            return true;
        unanswered = item->reply ? NULL : item;
    }
    return false;
}

static void begin(struct walk *walk)
{
    const struct session *session = walk->session;
    bool is_blind = session->one_sided == SIDE_CLIENT || session->one_sided == SIDE_SERVER;

    walk->may_lose_replies = is_blind || session->side[SIDE_SERVER].missing_bytes > 0
                             || session->side[SIDE_CLIENT].missing_bytes > 0 || session->is_truncated
                             || (session->log && (session->log->is_partial || lacks_lines(session)))
                             || (session->tls && session->tls->reading == TLS_READING_PART);
    walk->out->has_gaps = walk->may_lose_replies || session->is_midstream;
    walk_start_anew(walk, PHASE_GREETED);
    walk->phase = PHASE_CONNECTED;
    if (session->is_midstream || is_blind)
        walk_forget(walk);
    find_greeting(walk);
}

static void step_command(struct walk *walk, size_t index)
{
    const struct item *item = &walk->session->items[index];
    struct replay *out = walk->out;

    if (item->as.command.n == 0 || item->as.command.n > out->judgement_count)
        return;
    struct judgement *judgement = &out->judgements[item->as.command.n - 1];
    out->command_items[item->as.command.n - 1] = (uint32_t)index;
    while (walk->exchange_at < walk->session->exchange_count
           && walk->session->exchanges[walk->exchange_at].command_item < index)
        walk->exchange_at++;
    judge_command(walk, index, judgement);
    enum verb verb = item->as.command.verb;
    if (!out->ehlo_reply && out->helo.len == 0 && verb_is_hello(verb))
        out->helo = item->as.command.argument; /* until one is accepted */
    if (item->as.command.is_body_line && item->reply && !out->answered_line)
        out->answered_line = item->as.command.n;
    walk_move(walk, index, judgement);
    if (verb == VERB_MAIL || verb == VERB_RCPT)
        judgement->transaction = (uint32_t)walk->transaction;
}

static void step_tls(struct walk *walk)
{
    walk->is_tls = true;
    if (walk->phase != PHASE_TLS_GREETED && walk->phase != PHASE_CONNECTED && walk->phase != PHASE_UNKNOWN)
        walk_start_anew(walk, PHASE_TLS_GREETED); /* the reply to its STARTTLS is missing */
    else if (walk->phase == PHASE_UNKNOWN)
        walk->home = PHASE_UNKNOWN; /* and so is STARTTLS, which makes void what was known of before */
    if (walk->may_lose_replies)
        walk_forget(walk); /* what was said first inside may be missing */
}

static void step_stray(struct walk *walk, const struct item *item)
{
    if (item->reply->code == 221)
        walk->may_be_closed = true; /* by a QUIT */
    if (!item_is_farewell(item, item->reply))
        walk_forget(walk);
}

static void step(struct walk *walk, size_t index)
{
    const struct item *item = &walk->session->items[index];

    switch (item->kind) {
    case ITEM_GREETING:
        take_greeting(walk, item);
        break;
    case ITEM_COMMAND:
        step_command(walk, index);
        break;
    case ITEM_SASL:
        walk_sasl(walk, item);
        break;
    case ITEM_CONTENT:
        walk_content(walk, index);
        break;
    case ITEM_GAP:
        if (!item->as.gap.in_content)
            walk_forget(walk);
        break;
    case ITEM_TLS:
        step_tls(walk);
        break;
    case ITEM_REPLY: /* where bytes are missing: to a command among them */
        if (walk->out->has_gaps && item->reply)
            step_stray(walk, item);
        break;
    case ITEM_NONE:
    case ITEM_PRELUDE:
    case ITEM_JUNK:
    case ITEM_KIND_COUNT:
        break;
    }
}

const struct item *replay_command(const struct replay *replay, uint32_t n)
{
    if (n == 0 || n > replay->judgement_count)
        return NULL;
    return &replay->session->items[replay->command_items[n - 1]];
}

const struct transaction *replay_transaction_of(const struct replay *replay, uint32_t message)
{
    if (message >= replay->session->message_count || !replay->message_transactions[message])
        return NULL;
    return &replay->transactions[replay->message_transactions[message] - 1];
}

static const char *software_of(const struct reply *reply, const struct reply *ehlo_reply)
{
    const char *name = NULL;

    if (reply != ehlo_reply)
        return reply->line_count ? software_of_reply(reply->lines[0]) : NULL;
    for (uint32_t i = 0; i < reply->line_count && !name; i++)
        name = software_of_hello(reply->lines[i], i == 0);
    return name;
}

/* A greeting that names no software, and what the server said later. */
static void find_software(struct replay *out)
{
    const struct session *session = out->session;
    unsigned seen = 0;

    for (size_t i = 0; i < session->item_count && !out->server_software && seen < REPLIES_LOOKED_AT; i++) {
        const struct item *item = &session->items[i];
        if (!item->reply || item->kind == ITEM_GREETING)
            continue;
        seen++;
        out->server_software = software_of(item->reply, out->ehlo_reply);
    }
}

bool replay_session(const struct session *session, struct arena *arena, struct replay *out)
{
    struct walk walk = { .session = session, .arena = arena, .out = out };

    *out = (struct replay){ .session = session };
    out->judgements = ARENA_ARRAY(arena, struct judgement, session->command_count);
    out->command_items = ARENA_ARRAY(arena, uint32_t, session->command_count);
    out->message_transactions = ARENA_ARRAY(arena, uint32_t, session->message_count);
    if (!out->judgements || !out->command_items || !out->message_transactions)
        return false;
    out->judgement_count = session->command_count;
    begin(&walk);
    for (size_t i = 0; i < session->item_count; i++)
        step(&walk, i);
    out->last_phase = walk.phase;
    find_software(out);
    return true;
}
