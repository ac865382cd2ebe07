/* What became of the messages of a session, and which of its incidents they belong to. */
#include "incident/note.h"
#include "incident/roots.h"

/* The incidents of the session as a whole come last: a reset, a stall. */
static struct incident *incident_of_session(const struct session_incidents *session, enum severity least)
{
    for (uint32_t i = 0; session->of && i < session->analysis->finding_count; i++) {
        struct incident *incident = session->analysis->findings[i].command == 0 ? session->of[i] : NULL;
        if (incident && !roots_stands_apart(incident->rule) && incident->severity >= least)
            return incident;
    }
    return NULL;
}

/* A line that is not formed as it should be, and was accepted: that is not what became of the message. */
static bool was_let_pass(const struct analysis *analysis, const struct finding *finding)
{
    const struct item *item = replay_command(&analysis->replay, finding->command);

    return finding->rule == RULE_COMMAND_SYNTAX && item && item->reply && item->reply->code < 400;
}

/* By transaction: the incident that stopped it, or NULL.  In the arena of the analysis. */
static struct incident **incidents_by_transaction(const struct session_incidents *session)
{
    const struct analysis *analysis = session->analysis;
    const struct replay *replay = &analysis->replay;
    struct incident **by =
        arena_alloc_array(&analysis->session->arena, replay->transaction_count + 1, sizeof *by);

    for (uint32_t i = 0; by && session->of && i < analysis->finding_count; i++) {
        const struct judgement *judgement = roots_judgement(analysis, analysis->findings[i].command);
        struct incident *incident = session->of[session->roots[i]];
        if (!judgement || !judgement->transaction || !incident
            || roots_stands_apart(analysis->findings[i].rule)
            || (was_let_pass(analysis, &analysis->findings[i])
                && !replay->transactions[judgement->transaction - 1].is_accepted))
            continue;
        struct incident **place = &by[judgement->transaction];
        if (!*place || ((*place)->severity <= SEVERITY_INFO && incident->severity > SEVERITY_INFO))
            *place = incident; /* the first that is grave, or the first */
    }
    return by;
}

/* A session in which nothing is graver than a note, and mail did not arrive all the same: it was no session
 * without a fault if its incident turns out to have done harm. */
static void note_harm(const struct session_incidents *session, struct incident *incident)
{
    uint64_t serial = session->analysis->session->serial;

    if (session->traffic->harmed_serial == serial)
        return;
    session->traffic->harmed_serial = serial;
    incident->harmed++;
}

/* Why the message did not arrive could not be judged, because the capture lacks something. */
static void note_unjudged(const struct session_incidents *session)
{
    for (uint32_t i = 0; session->of && i < session->analysis->finding_count; i++)
        if (session->of[i] && session->analysis->findings[i].rule == RULE_CAPTURE_LOSS) {
            session->of[i]->unjudged++;
            return;
        }
}

static void count(const struct session_incidents *session, struct incident *incident, enum delivery delivery)
{
    bool is_harm = delivery_is_harm(delivery);

    session->traffic->delivery[delivery]++;
    if (!incident && is_harm)
        note_unjudged(session);
    if (!incident)
        return;
    incident->delivery[delivery]++;
    if (is_harm && !session->is_faulty)
        note_harm(session, incident);
}

/* The newest MAIL that was refused inside this transaction (by index), with recipients named since the one
 * before it: another message was meant to begin.  0: none. */
static uint32_t nested_mail(const struct replay *replay, size_t index)
{
    const struct transaction *transaction = &replay->transactions[index];

    if (!transaction->mail_command || transaction->recipient_count == 0)
        return 0;
    uint32_t end = index + 1 < replay->transaction_count && transaction[1].mail_command
                       ? transaction[1].mail_command
                       : (uint32_t)replay->judgement_count;
    for (uint32_t n = end; n > transaction->recipients[0].command; n--) {
        const struct item *item = replay_command(replay, n);
        if (replay->judgements[n - 1].transaction == index + 1 && item->as.command.verb == VERB_MAIL
            && item->reply && item->reply->code >= 400)
            return n;
    }
    return 0;
}

/* The message that was given up for it. */
static void note_abandoned(const struct session_incidents *session, const struct transaction *transaction,
                           uint32_t nested)
{
    const struct recipient *last = NULL;
    bool was_accepted = false;

    for (size_t i = 0; i < transaction->recipient_count && transaction->recipients[i].command < nested; i++) {
        last = &transaction->recipients[i];
        was_accepted = was_accepted || last->is_accepted;
    }
    bool is_delayed = !was_accepted && last && last->reply && last->reply->code / 100 == 4;
    count(session, note_incident_about(session, nested), is_delayed ? DELIVERY_DELAYED : DELIVERY_LOST);
}

/* `of_content`: the incident of what the server said to the message. */
static void note_recipients(const struct session_incidents *session, const struct transaction *transaction,
                            struct incident *of_content)
{
    for (size_t i = 0; i < transaction->recipient_count; i++) {
        const struct recipient *recipient = &transaction->recipients[i];
        bool is_refused = recipient->reply && recipient->reply->code >= 400;
        bool is_refused_late = recipient->final && recipient->final->code >= 400;
        struct incident *incident = is_refused        ? note_incident_about(session, recipient->command)
                                    : is_refused_late ? of_content
                                                      : NULL;
        if (!incident)
            continue;
        incident->recipients_refused++;
        if (!session->is_faulty)
            note_harm(session, incident);
    }
}

/* The incident that a transaction (by index) ended in, or NULL. */
static struct incident *incident_of_transaction(const struct session_incidents *session,
                                                struct incident *const *by, struct incident *whole,
                                                size_t index, uint32_t nested)
{
    uint32_t mail = session->analysis->replay.transactions[index].mail_command;
    struct incident *incident = nested ? note_incident_about(session, nested) : by[index + 1];

    incident = incident ? incident : note_incident_about(session, mail);
    return incident ? incident : whole;
}

/* Whether a MAIL that was refused came again at once, so that its message is counted there. */
static bool is_tried_again(const struct replay *replay, size_t index)
{
    const struct transaction *transaction = &replay->transactions[index];
    const struct item *mail = replay_command(replay, transaction->mail_command);

    return mail && mail->reply && mail->reply->code >= 400 && index + 1 < replay->transaction_count
           && bytes_equal_nocase(transaction[1].mail_from, transaction->mail_from);
}

/* The last command that names or sends a message without a transaction, if none was opened behind it: that
 * message has no other trace.  0: none. */
static uint32_t stray_command(const struct replay *replay)
{
    if (session_is_sealed(replay->session))
        return 0; /* it may have been opened where nobody can look */
    for (uint32_t n = (uint32_t)replay->judgement_count; n > 0; n--) {
        const struct judgement *judgement = &replay->judgements[n - 1];
        enum verb verb = replay_command(replay, n)->as.command.verb;
        if (verb == VERB_MAIL || judgement->transaction)
            return 0;
        if (judgement->verdict == VERDICT_MISORDERED
            && (verb == VERB_RCPT || verb == VERB_DATA || verb == VERB_BDAT))
            return n;
    }
    return 0;
}

static void note_transactions(const struct session_incidents *session, struct incident *const *by)
{
    const struct replay *replay = &session->analysis->replay;
    struct incident *whole = incident_of_session(session, SEVERITY_WARNING);

    for (size_t i = 0; i < replay->transaction_count; i++) {
        const struct transaction *transaction = &replay->transactions[i];
        uint32_t nested = nested_mail(replay, i);
        struct incident *incident = incident_of_transaction(session, by, whole, i, nested);
        if (nested)
            note_abandoned(session, transaction, nested);
        enum delivery delivery =
            delivery_of(replay, transaction, incident && incident->severity > SEVERITY_INFO);
        if (!incident && delivery_is_harm(delivery)) /* the connection ended amid the message */
            incident = incident_of_session(session, SEVERITY_INFO);
        if (!is_tried_again(replay, i))
            count(session, incident, delivery);
        session->traffic->recipients_refused += transaction->rcpt_refused;
        note_recipients(session, transaction, incident);
    }
}

/* What a log of events tells of a command without its transaction: by its reply, or in words of its own. */
static enum delivery lone_refusal(const struct session_incidents *session, uint32_t n)
{
    const struct replay *replay = &session->analysis->replay;
    const struct item *item = replay_command(replay, n);
    const struct log_refusal *told = session_log_refusal(session->analysis->session, n);
    bool is_refused = item && item->reply && item->reply->code >= 400;

    if (replay->judgements[n - 1].transaction || replay->judgements[n - 1].verdict != VERDICT_UNDECIDED)
        return DELIVERY_NONE;
    if (is_refused)
        return item->reply->code < 500 ? DELIVERY_DELAYED : DELIVERY_LOST;
    if (!told)
        return DELIVERY_NONE;
    return told->is_temporary ? DELIVERY_DELAYED : DELIVERY_LOST;
}

/* A log of events names refused recipients and messages without the transaction that they were of. */
static void note_lone_refusals(const struct session_incidents *session)
{
    const struct replay *replay = &session->analysis->replay;

    for (uint32_t n = 1; session->of && n <= replay->judgement_count; n++) {
        enum verb verb = replay_command(replay, n)->as.command.verb;
        enum delivery delivery = lone_refusal(session, n);
        struct incident *incident = delivery ? note_incident_about(session, n) : NULL;
        if (!incident || (verb != VERB_RCPT && verb != VERB_DATA))
            continue;
        if (verb == VERB_DATA) {
            count(session, incident, delivery);
            continue;
        }
        incident->recipients_refused++;
        session->traffic->recipients_refused++;
        if (!session->is_faulty)
            note_harm(session, incident);
    }
}

void note_deliveries(const struct session_incidents *session)
{
    const struct session *said = session->analysis->session;
    struct traffic *traffic = session->traffic;
    struct incident **by =
        session->analysis->replay.transaction_count ? incidents_by_transaction(session) : NULL;

    uint32_t stray = stray_command(&session->analysis->replay);

    if (by)
        note_transactions(session, by);
    if (said->log)
        note_lone_refusals(session);
    if (stray)
        count(session, note_incident_about(session, stray), DELIVERY_LOST);
    if (session->is_faulty)
        traffic->faulty++;
    else if (traffic->harmed_serial != said->serial)
        traffic->not_judged += session_is_sealed(said) || said->one_sided != SIDE_NONE
                               || (said->log && (said->log->is_partial || said->is_midstream));
}

/* The server refused all that it answered, goodbyes apart. */
static bool got_nowhere(const struct replay *replay)
{
    bool is_refused = false;

    for (uint32_t n = 1; n <= replay->judgement_count; n++) {
        const struct item *item = replay_command(replay, n);
        if (!item || item->as.command.verb == VERB_QUIT || !item->reply)
            continue;
        if (item->reply->code < 400)
            return false;
        is_refused = true;
    }
    return is_refused;
}

void note_stopped(const struct session_incidents *session)
{
    const struct analysis *analysis = session->analysis;
    struct incident *first = NULL;

    if (!session->of || !got_nowhere(&analysis->replay))
        return;
    for (uint32_t i = 0; i < analysis->finding_count; i++) {
        if (analysis->findings[i].severity > SEVERITY_INFO)
            return;
        if (!first && analysis->findings[i].command)
            first = session->of[i];
    }
    if (!first)
        return;
    first->stopped++;
    note_harm(session, first);
}
