/* Findings about what was sent before its turn (RFC 2920 3.1, RFC 4954 4). */
#include "base/timestamp.h"
#include "rules/check.h"
#include "rules/ending.h"

enum { GROUP_LOOK_BACK = 32 }; /* commands */

/* RFC 2920 3.1: these end a group, and so does the verb of any extension that does not say otherwise.  Some
 * clients send XFORWARD in a group, and its document is silent. */
static const bool ends_group[VERB_COUNT] = {
    [VERB_EHLO] = true, [VERB_HELO] = true, [VERB_LHLO] = true,    [VERB_DATA] = true,     [VERB_VRFY] = true,
    [VERB_EXPN] = true, [VERB_TURN] = true, [VERB_QUIT] = true,    [VERB_NOOP] = true,     [VERB_AUTH] = true,
    [VERB_ETRN] = true, [VERB_ATRN] = true, [VERB_XCLIENT] = true, [VERB_STARTTLS] = true,
};

bool check_ends_group(enum verb verb)
{
    return ends_group[verb];
}

bool check_lost_patience(const struct session *session, size_t index)
{
    const struct item *item = &session->items[index], *before = item;

    do {
        if (before == session->items)
            return false;
        before--;
    } while (before->kind != ITEM_COMMAND && before->kind != ITEM_SASL && before->kind != ITEM_CONTENT);
    return item->first.time_ns >= before->at.time_ns + LIMIT_PATIENCE_SECONDS * NS_PER_SECOND;
}

static bool has_offer(const struct reply *ehlo, enum extension extension)
{
    for (uint32_t i = 1; ehlo && i < ehlo->line_count; i++)
        if (extension_parse(ehlo->lines[i]) == extension)
            return true;
    return false;
}

/* RFC 4954 4: an initial response of a mechanism that needs no second one. */
static bool is_one_step(const struct analysis *analysis, size_t index)
{
    const struct sasl_exchange *exchange = session_exchange_of(analysis->session, index);

    return exchange && exchange->step_count > 0 && exchange->steps[0].from == SIDE_CLIENT
           && (bytes_equal(exchange->mechanism, BYTES("PLAIN"))
               || bytes_equal(exchange->mechanism, BYTES("EXTERNAL"))
               || bytes_equal(exchange->mechanism, BYTES("ANONYMOUS")));
}

/* It has none in the capture, and may have had one. */
static bool is_reply_open(const struct analysis *analysis, size_t index)
{
    return !analysis->session->items[index].reply
           && (check_judgement(analysis, index)->verdict == VERDICT_UNDECIDED
               || ending_lacks_last(analysis->session));
}

static bool must_wait_after(const struct analysis *analysis, size_t index)
{
    const struct item *item = &analysis->session->items[index];
    enum verb verb = item->as.command.verb;

    if ((verb == VERB_STARTTLS || verb == VERB_EHLO || verb == VERB_AUTH) && is_reply_open(analysis, index))
        return false; /* whose replies allow it, or make it something else */
    if (verb == VERB_AUTH)
        return !is_one_step(analysis, index);
    if (verb == VERB_STARTTLS && item->reply) /* accepted, it is an injection */
        return item->reply->code >= 400;
    return ends_group[verb];
}

/* The command right before this one, if nothing else of the client stands between; SIZE_MAX if there is none.
 */
static size_t neighbour(const struct analysis *analysis, size_t index)
{
    while (index-- > 0) {
        enum item_kind kind = analysis->session->items[index].kind;
        if (kind == ITEM_COMMAND)
            return index;
        if (kind != ITEM_REPLY && kind != ITEM_GREETING && kind != ITEM_JUNK)
            break;
    }
    return SIZE_MAX;
}

/* The command that had to be the last of its group when this one was sent; SIZE_MAX if there is none. */
static size_t violated(const struct analysis *analysis, size_t index)
{
    const struct item *item = &analysis->session->items[index];
    size_t before = item->as.command.is_pipelined ? neighbour(analysis, index) : SIZE_MAX;

    if (before == SIZE_MAX || item_saw(item, analysis->session->items[before].reply)
        || analysis->session->items[before].as.command.is_body_line || !must_wait_after(analysis, before))
        return SIZE_MAX;
    return before;
}

/* Where PIPELINING is known to be missing, the whole group is told as such. */
static bool is_told_as_not_offered(const struct analysis *analysis, size_t index, enum verb before)
{
    const struct judgement *judgement = check_judgement(analysis, index);

    return judgement->has_offer && judgement->is_phase_known && !verb_is_hello(before)
           && !(judgement->offered & extension_bit(EXTENSION_PIPELINING));
}

/* In clear behind a STARTTLS that was accepted, or may have been: told as an injection. */
static bool is_behind_starttls(const struct analysis *analysis, size_t index)
{
    const struct judgement *judgement = check_judgement(analysis, index);

    for (size_t before = index, back = 0; before != SIZE_MAX && back < GROUP_LOOK_BACK; back++) {
        const struct item *item = &analysis->session->items[before];
        if (item->as.command.verb == VERB_STARTTLS && is_reply_open(analysis, before))
            return true;
        before = item->as.command.is_pipelined ? neighbour(analysis, before) : SIZE_MAX;
    }
    return judgement->phase == PHASE_TLS_GREETED && !judgement->is_tls;
}

static bool is_first_chunk(const struct analysis *analysis, uint32_t n)
{
    for (uint32_t back = 1; back < n && back <= GROUP_LOOK_BACK; back++) {
        const struct command *command = &replay_command(&analysis->replay, n - back)->as.command;
        if (!command->is_pipelined)
            return true;
        if (command->verb == VERB_BDAT)
            return false;
    }
    return true;
}

/* RFC 3030 2: the replies to MAIL and RCPT come first.  Told where it mattered. */
static void check_early_chunk(struct analysis *analysis, size_t index)
{
    const struct judgement *judgement = check_judgement(analysis, index);

    if (judgement->verdict != VERDICT_CONSEQUENCE || judgement->could_see_cause
        || judgement->not_offered != MISORDER_NONE
        || !is_first_chunk(analysis, analysis->session->items[index].as.command.n)
        || (judgement->misorder != MISORDER_BDAT_WITHOUT_MAIL
            && judgement->misorder != MISORDER_BDAT_WITHOUT_RCPT))
        return;
    struct finding *finding = check_raise(analysis, RULE_PIPELINING_VIOLATION, index);
    if (!finding)
        return;
    finding->severity = SEVERITY_INFO;
    finding->cause_command = judgement->cause;
    check_detail(analysis, finding, "BDAT was sent before the replies to MAIL and RCPT were in.");
}

/* Whether this client had seen PIPECONNECT offered when its session began. */
static bool had_seen_offer(const struct analysis *analysis)
{
    return history_saw_offer(check_history(analysis), analysis->session, EXTENSION_PIPECONNECT,
                             analysis->session->start_ns);
}

static void note_offer(const struct analysis *analysis)
{
    const struct replay *replay = &analysis->replay;
    struct history_entry *entry;

    if (replay->judgement_count == 0 || !replay->ehlo_reply
        || !(replay->judgements[replay->judgement_count - 1].offered & extension_bit(EXTENSION_PIPECONNECT)))
        return;
    entry = history_of_offer(check_history(analysis), analysis->session, EXTENSION_PIPECONNECT);
    if (entry)
        history_note_offer(entry, replay->ehlo_reply->at.time_ns);
}

/* Exim: PIPECONNECT is the leave to send a whole group with EHLO, for a client that has seen it offered
 * before. */
static void raise_violation(struct analysis *analysis, size_t index, const struct item *last)
{
    bool may_send = last->as.command.verb == VERB_EHLO && has_offer(last->reply, EXTENSION_PIPECONNECT);

    if (may_send && (last->as.command.is_before_greeting || had_seen_offer(analysis)))
        return;
    struct finding *finding = check_raise(analysis, RULE_PIPELINING_VIOLATION, index);
    if (!finding)
        return;
    if (may_send)
        finding->confidence = CONFIDENCE_POSSIBLE;
    check_detail(analysis, finding,
                 "It was sent before the reply to command %u, %s, which has to be the last of its group%s.",
                 (unsigned)last->as.command.n, verb_name(last->as.command.verb),
                 may_send ? " but for clients that have seen PIPECONNECT offered before" : "");
}

/* Lines of a message were answered as commands: to a client that knows nothing of that, each of those replies
 * answers something that it said later. */
static bool counts_otherwise(const struct analysis *analysis, size_t index)
{
    uint32_t line = analysis->replay.answered_line;

    return line && line < analysis->session->items[index].as.command.n;
}

static void check_violation(struct analysis *analysis, size_t index)
{
    const struct item *item = &analysis->session->items[index];

    if (item->as.command.verb == VERB_BDAT)
        check_early_chunk(analysis, index);
    size_t before = violated(analysis, index);
    if (before == SIZE_MAX || counts_otherwise(analysis, index))
        return;
    const struct item *last = &analysis->session->items[before];
    enum verb verb = last->as.command.verb;
    if (is_told_as_not_offered(analysis, index, verb) || is_behind_starttls(analysis, index))
        return;
    if (verb == VERB_AUTH && item->as.command.verb == VERB_UNKNOWN)
        (void)check_raise(analysis, RULE_AUTH_PIPELINED, index); /* read as a command */
    else if (violated(analysis, before) == SIZE_MAX)             /* the first of a run */
        raise_violation(analysis, index, last);
}

static void check_early(struct analysis *analysis, size_t index)
{
    bool is_offered = has_offer(analysis->replay.ehlo_reply, EXTENSION_PIPECONNECT);

    if (!analysis->replay.greeting)
        return;
    if (is_offered && had_seen_offer(analysis))
        return;
    struct finding *finding = check_raise(analysis, RULE_EARLY_TALKER, index);
    if (!finding || !is_offered)
        return;
    finding->confidence = CONFIDENCE_POSSIBLE;
    check_detail(
        analysis, finding,
        "The server offers PIPECONNECT; whether the client had seen that before is not in this capture.");
}

static void check_command(struct analysis *analysis, size_t index)
{
    const struct command *command = &analysis->session->items[index].as.command;

    if (!command->is_pipelined && !command->is_before_greeting)
        return;
    if (analysis->replay.has_gaps || analysis->session->foreign != FOREIGN_NONE)
        return;
    if (command->is_pipelined && !check_lost_patience(analysis->session, index))
        check_violation(analysis, index);
    if (command->is_before_greeting && command->n == 1)
        check_early(analysis, index);
}

/* RFC 4954 4: each response waits for its 334.  Told at the first of an exchange. */
static void check_exchange(struct analysis *analysis, const struct sasl_exchange *exchange)
{
    const struct session *session = analysis->session;
    const struct reply *asked = session->items[exchange->command_item].reply;

    for (size_t i = exchange->command_item + 1; i < session->item_count; i++) {
        const struct item *item = &session->items[i];
        if (item->kind == ITEM_REPLY)
            continue;
        if (item->kind != ITEM_SASL || !asked || asked->code != 334 || !asked->is_complete)
            return;
        if (!item_saw(item, asked)) {
            (void)check_raise(analysis, RULE_AUTH_PIPELINED, i);
            return;
        }
        asked = item->reply;
    }
}

/* DATA ends a group: its content waits for the 354. */
static void check_content(struct analysis *analysis, const struct message *message)
{
    const struct session *session = analysis->session;

    if (message->is_bdat || message->first_item >= session->item_count
        || message->last_item >= session->item_count)
        return;
    const struct item *data = &session->items[message->first_item],
                      *content = &session->items[message->last_item];
    if (content->kind != ITEM_CONTENT || content->as.content.command_item != message->first_item
        || !data->reply || item_saw(content, data->reply))
        return;
    check_detail(analysis, check_raise(analysis, RULE_PIPELINING_VIOLATION, message->last_item),
                 "The message was sent before the 354 that asks for it.");
}

static void check_session(struct analysis *analysis)
{
    const struct session *session = analysis->session;

    note_offer(analysis);
    if (analysis->replay.has_gaps || session->foreign != FOREIGN_NONE)
        return;
    for (size_t i = 0; i < session->exchange_count; i++)
        check_exchange(analysis, &session->exchanges[i]);
    for (size_t i = 0; i < session->message_count; i++)
        check_content(analysis, &session->messages[i]);
}

const struct check check_pipelining = { .command = check_command, .session = check_session };
