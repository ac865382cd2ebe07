/* Text for people: a line a session; under it what went wrong, what came first, who is at fault, what to do.
 */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "report/report_rows.h"
#include "report/text_parts.h"

enum { INDENT = 4, SHORT_ADDRESS = 40, MORE_SHOWN = 4, CONSEQUENCES_SHOWN = 6 };

/* "sender -> recipient (+2)" of the first transaction that got somewhere. */
static void put_envelope(const struct transaction *transaction, struct buf *out)
{
    if (transaction->mail_command)
        text_wire(transaction->mail_from.len ? transaction->mail_from : BYTES("<>"), SHORT_ADDRESS, out);
    else
        buf_append_text(out, "(sender not captured)");
    if (transaction->recipient_count == 0)
        return;
    buf_append_text(out, " -> ");
    text_wire(transaction->recipients[0].address, SHORT_ADDRESS, out);
    if (transaction->recipient_count > 1) {
        buf_append_text(out, " (+");
        buf_append_u64(out, transaction->recipient_count - 1);
        buf_append_u8(out, ')');
    }
}

static void put_code(const char *what, const struct reply *reply, const struct report_options *options,
                     enum tint tint, struct buf *out)
{
    text_tint(options, tint, out);
    buf_append_text(out, what);
    if (reply) {
        buf_append_u8(out, ' ');
        buf_append_u64(out, reply->code);
    }
    text_untint(options, out);
}

/* The refusal that kept a transaction from a message: of its sender, or of its last recipient. */
static const struct reply *refusal_of(const struct replay *replay, const struct transaction *transaction)
{
    const struct item *mail = replay_command(replay, transaction->mail_command);

    if (mail && mail->reply && mail->reply->code >= 400)
        return mail->reply;
    if (transaction->accepted_count > 0 || transaction->recipient_count == 0)
        return NULL;
    const struct reply *last = transaction->recipients[transaction->recipient_count - 1].reply;
    return last && last->code >= 400 ? last : NULL;
}

/* What became of a message. */
static void put_outcome(const struct replay *replay, const struct transaction *transaction,
                        const struct report_options *options, struct buf *out)
{
    const struct reply *refusal = transaction->message ? NULL : refusal_of(replay, transaction);

    if (transaction->is_accepted) {
        put_code("accepted", NULL, options, TINT_GOOD, out);
        if (transaction->queue_id.len) {
            buf_append_u8(out, ' ');
            text_wire(transaction->queue_id, SHORT_ADDRESS, out);
        }
    } else if (transaction->verdict == VERDICT_REFUSED || (!transaction->message && transaction->reply)) {
        put_code("refused", transaction->reply, options, TINT_ERROR, out);
    } else if (refusal) {
        put_code("refused", refusal, options, TINT_ERROR, out);
    } else if (transaction->verdict == VERDICT_UNANSWERED) {
        put_code("unanswered", NULL, options, TINT_WARNING, out);
    } else if (transaction->verdict == VERDICT_UNDECIDED && transaction->message) {
        put_code("not known", NULL, options, TINT_WARNING, out);
    } else {
        put_code("no message", NULL, options, TINT_WARNING, out);
    }
}

static void put_auth(const struct session *session, const struct report_options *options, struct buf *out)
{
    for (size_t i = 0; i < session->exchange_count; i++) {
        struct sasl_result result = sasl_result_of(session, &session->exchanges[i]);
        buf_append_text(out, "  AUTH ");
        text_wire(session->exchanges[i].mechanism, 24, out);
        if (result.identity.len) {
            buf_append_u8(out, ' ');
            text_wire(result.identity, SHORT_ADDRESS, out);
        }
        buf_append_u8(out, ' ');
        put_code(sasl_outcome_name(result.outcome), result.outcome == SASL_FAILURE ? result.reply : NULL,
                 options, result.outcome == SASL_SUCCESS ? TINT_GOOD : TINT_WARNING, out);
    }
}

static void put_headline(const struct analysis *analysis, const struct report_options *options,
                         struct buf *out)
{
    const struct session *session = analysis->session;
    const struct replay *replay = &analysis->replay;

    text_start(session, out);
    buf_append_text(out, "  ");
    text_ends(session, false, out);
    put_auth(session, options, out);
    if (session->is_tls)
        buf_append_text(out, "  TLS");
    if (replay->transaction_count > 0) {
        buf_append_text(out, "  ");
        put_envelope(&replay->transactions[0], out);
        buf_append_text(out, "  ");
        put_outcome(replay, &replay->transactions[0], options, out);
    } else if (!session_is_sealed(session) && session->exchange_count == 0) {
        buf_append_text(out, "  no message");
    }
    for (size_t i = 1; i < replay->transaction_count; i++) {
        buf_append_u8(out, '\n');
        text_blanks(21, out);
        put_envelope(&replay->transactions[i], out);
        buf_append_text(out, "  ");
        put_outcome(replay, &replay->transactions[i], options, out);
    }
    buf_append_u8(out, '\n');
}

static void put_number(uint32_t n, bool is_marked, struct buf *out)
{
    buf_append_text(out, is_marked ? " *" : "  ");
    text_blanks(n < 10 ? 3 : n < 100 ? 2 : n < 1000 ? 1 : 0, out);
    buf_append_u64(out, n);
    buf_append_u8(out, ' ');
}

/* The reply that ended what the command began: an authentication behind its 334, a message behind its 354. */
static const struct item *end_of(const struct session *session, const struct item *item)
{
    const struct item *end = item->reply && item->reply->code / 100 == 3 ? item + 1 : NULL;

    for (; end && end < session->items + session->item_count && end->kind != ITEM_COMMAND; end++)
        if (end->reply && (end->kind == ITEM_CONTENT || end->kind == ITEM_SASL)
            && end->reply->code / 100 != 3)
            return end;
    return NULL;
}

/* A command and its reply. */
static void put_exchange(const struct session *session, const struct item *item, bool is_marked,
                         const struct report_options *options, struct buf *out)
{
    const struct item *end = end_of(session, item);

    text_blanks(INDENT, out);
    put_number(item->as.command.n, is_marked, out);
    text_sent(options, out);
    text_command(&item->as.command, options, options->columns > 20 ? options->columns - 16 : 40, out);
    buf_append_u8(out, '\n');
    if (item->reply)
        text_reply(item->reply, INDENT + 7, options, false, out);
    if (!end)
        return;
    text_reply(end->reply, INDENT + 7, options, false, out);
    for (uint32_t i = 0; i < end->more_count && i < MORE_SHOWN; i++) /* LMTP: for each recipient */
        text_reply(end->more_replies[i], INDENT + 7, options, false, out);
}

static const struct judgement *judgement_of(const struct analysis *analysis, uint32_t n)
{
    return n && n <= analysis->replay.judgement_count ? &analysis->replay.judgements[n - 1] : NULL;
}

/* The greeting, or a reply that answers nothing. */
static void put_stray(const struct session *session, const struct finding *finding,
                      const struct report_options *options, struct buf *out)
{
    for (size_t i = 0; i < session->item_count; i++) {
        const struct item *item = &session->items[i];
        if ((item->kind != ITEM_GREETING && item->kind != ITEM_REPLY) || !item->reply
            || item->reply->code != finding->reply_code
            || item->reply->at.packet.number != finding->packet.number)
            continue;
        text_reply(item->reply, INDENT + 7, options, false, out);
        return;
    }
}

/* The first cause, and the faulty command itself. */
static void put_dialogue(const struct analysis *analysis, const struct finding *finding,
                         const struct report_options *options, struct buf *out)
{
    const struct item *cause = replay_command(&analysis->replay, finding->cause_command);
    const struct item *item = replay_command(&analysis->replay, finding->command);

    if (cause && finding->cause_command != finding->command)
        put_exchange(analysis->session, cause, false, options, out);
    if (item)
        put_exchange(analysis->session, item, true, options, out);
    else if (finding->reply_code)
        put_stray(analysis->session, finding, options, out);
}

static void put_labelled(const char *label, struct bytes text, const struct report_options *options,
                         struct buf *out)
{
    text_blanks(INDENT, out);
    buf_append_text(out, label);
    text_fold(text, INDENT + strlen(label), options, out);
}

/* Commands that were refused only because of `cause`: folded under it. */
static void put_consequences(const struct analysis *analysis, uint32_t cause,
                             const struct report_options *options, struct buf *out)
{
    const struct judgement *judgement = judgement_of(analysis, cause);
    uint32_t count = judgement ? judgement->consequences : 0;

    if (count == 0)
        return;
    text_blanks(INDENT, out);
    text_tint(options, TINT_FAINT, out);
    buf_append_u64(out, count);
    buf_append_text(out, count == 1 ? " command was refused only because of it:"
                                    : " commands were refused only because of it:");
    uint32_t shown = 0, most = count < CONSEQUENCES_SHOWN ? count : CONSEQUENCES_SHOWN;
    for (size_t i = cause; i < analysis->replay.judgement_count && shown < most; i++) {
        if (analysis->replay.judgements[i].verdict != VERDICT_CONSEQUENCE
            || analysis->replay.judgements[i].cause != cause)
            continue;
        const struct item *item = replay_command(&analysis->replay, (uint32_t)i + 1);
        buf_append_u8(out, ' ');
        text_wire(item->as.command.word, 12, out);
        if (item->reply) {
            buf_append_u8(out, ' ');
            buf_append_u64(out, item->reply->code);
        }
        buf_append_u8(out, ++shown < count ? ',' : '.');
    }
    if (count > shown)
        buf_append_text(out, " ...");
    text_untint(options, out);
    buf_append_u8(out, '\n');
}

static bool is_consequence(const struct analysis *analysis, const struct finding *finding)
{
    const struct judgement *judgement = judgement_of(analysis, finding->command);

    return judgement && judgement->verdict == VERDICT_CONSEQUENCE && judgement->cause;
}

/* A finding about a consequence is told once, under its cause; later ones of the same cause are folded. */
static bool was_told(const struct analysis *analysis, size_t index)
{
    const struct finding *finding = &analysis->findings[index];
    const struct judgement *judgement = judgement_of(analysis, finding->command);

    for (size_t i = 0; i < index; i++) {
        const struct finding *other = &analysis->findings[i];
        const struct judgement *before = judgement_of(analysis, other->command);
        if (is_consequence(analysis, other) && before->cause == judgement->cause)
            return true;
        if (other->command == judgement->cause && other->severity > SEVERITY_INFO)
            return true;
    }
    return false;
}

static void put_finding_title(const struct finding *finding, const struct report_options *options,
                              struct buf *out)
{
    const struct rule *rule = rule_of(finding->rule);
    size_t from = out->len;

    text_blanks(2, out);
    text_tint(options, text_tint_of(finding->severity), out);
    buf_append_text(out, severity_name(finding->severity));
    text_untint(options, out);
    buf_append_text(out, ": ");
    text_tint(options, TINT_STRONG, out);
    buf_append_text(out, rule->title);
    text_untint(options, out);
    buf_append_text(out, " [");
    buf_append_text(out, rule->id);
    buf_append_text(out, "]");
    text_end_line(from, 4, options, out);
}

static void put_fault(const struct finding *finding, struct buf *out)
{
    static const char *const who[FAULT_COUNT] = {
        [FAULT_NONE] = "nobody",
        [FAULT_CLIENT] = "the client",
        [FAULT_SERVER] = "the server",
        [FAULT_PATH] = "something on the path between them",
        [FAULT_POLICY] = "a policy of the server",
        [FAULT_UNDECIDED] = "it cannot be said from this capture",
    };
    static const char *const sure[CONFIDENCE_COUNT] = { "", " (possible)", " (likely)", "" };

    text_blanks(INDENT, out);
    buf_append_text(out, "At fault: ");
    buf_append_text(out, who[finding->fault]);
    buf_append_text(out, sure[finding->confidence]);
    buf_append_text(out, ".\n");
}

/* `analysis` NULL: about connections that became no session.  `told`: one of the same kind that was explained
 * before it in this session; then only what is particular to this one follows. */
static void put_finding(const struct analysis *analysis, const struct finding *finding,
                        const struct finding *told, const struct report_options *options, struct buf *out)
{
    const struct rule *rule = rule_of(finding->rule);
    bool is_brief = finding->severity <= SEVERITY_INFO;

    put_finding_title(finding, options, out);
    if (analysis && !is_brief)
        put_dialogue(analysis, finding, options, out);
    if (!is_brief && (!told || told->fault != finding->fault || told->confidence != finding->confidence))
        put_fault(finding, out);
    if (!is_brief && !told)
        put_labelled("", bytes_of(rule->explanation), options, out);
    if (finding->detail.len)
        put_labelled("", finding->detail, options, out);
    if (!is_brief && !told)
        put_labelled("To do: ", bytes_of(rule->remedy), options, out);
    if (analysis && !is_brief)
        put_consequences(analysis,
                         is_consequence(analysis, finding) ? finding->cause_command : finding->command,
                         options, out);
}

static void text_session(const struct analysis *analysis, const struct report_options *all_options,
                         struct buf *out)
{
    const struct report_options own = report_options_for(all_options, analysis->session), *options = &own;
    const struct finding *told[RULE_COUNT];

    put_headline(analysis, options, out);
    if (analysis->finding_count)
        memset(told, 0, sizeof told);
    for (size_t i = 0; i < analysis->finding_count; i++) {
        const struct finding *finding = &analysis->findings[i];
        if (is_consequence(analysis, finding) && was_told(analysis, i))
            continue;
        put_finding(analysis, finding, told[finding->rule], options, out);
        if (!told[finding->rule])
            told[finding->rule] = finding;
    }
}

static void text_attempts(const struct attempts_row *row, const struct attempts_verdict *verdict,
                          const struct report_options *options, struct buf *out)
{
    static const char *const what[ATTEMPT_KIND_COUNT] = { "", " refused", " unanswered",
                                                          " without a greeting" };
    char text[ENDPOINT_TEXT];
    size_t len = endpoint_format(&row->server, text);
    bool is_first = true;

    buf_append_text(out, "connections that became no session, to ");
    buf_append(out, (struct bytes){ (const uint8_t *)text, len });
    buf_append_u8(out, ':');
    for (unsigned kind = ATTEMPT_NONE + 1; kind < ATTEMPT_KIND_COUNT; kind++) {
        if (!row->count[kind])
            continue;
        buf_append_text(out, is_first ? " " : ", ");
        buf_append_u64(out, row->count[kind]);
        buf_append_text(out, what[kind]);
        is_first = false;
    }
    buf_append_u8(out, '\n');
    for (size_t i = 0; i < verdict->count; i++)
        put_finding(NULL, &verdict->findings[i], NULL, options, out);
}

static void put_total(uint64_t count, const char *one, const char *many, struct buf *out)
{
    buf_append_u64(out, count);
    buf_append_u8(out, ' ');
    buf_append_text(out, count == 1 ? one : many);
}

static void put_returned(const struct returned *returned, struct buf *out)
{
    if (returned->refused + returned->accepted_later == 0)
        return;
    put_total(returned->refused, "delivery (client, sender, recipient) was refused; accepted later: ",
              "deliveries (client, sender, recipient) were refused; accepted later: ", out);
    buf_append_u64(out, returned->accepted_later);
    buf_append_u8(out, '\n');
}

static void put_counted_findings(const struct report_counts *counts, const struct report_options *options,
                                 struct buf *out)
{
    for (unsigned severity = SEVERITY_ERROR; severity > SEVERITY_NONE; severity--)
        for (unsigned i = RULE_NONE + 1; i < RULE_COUNT; i++) {
            const struct rule *rule = rule_of((enum rule_id)i);
            if (!counts->findings[i] || rule->severity != severity)
                continue;
            char number[24];
            size_t from = out->len;
            int len = snprintf(number, sizeof number, "%8llu  ", (unsigned long long)counts->findings[i]);
            buf_append(out, (struct bytes){ (const uint8_t *)number, (size_t)len });
            text_tint(options, text_tint_of(rule->severity), out);
            buf_append_text(out, rule->id);
            text_untint(options, out);
            text_blanks(strlen(rule->id) < 28 ? 28 - strlen(rule->id) : 1, out);
            buf_append_text(out, rule->title);
            text_end_line(from, 38, options, out);
        }
}

/* "15 packets, 1 TCP connection, 2 logs": logs are told where there are any, and packets where there is
 * anything else. */
static void put_seen(const struct report_totals *totals, struct buf *out)
{
    uint64_t logs = 0;

    for (size_t i = 0; i < totals->input_count; i++)
        logs += totals->inputs[i].program != NULL;
    if (totals->packets || logs < totals->input_count || !logs) {
        put_total(totals->packets, "packet, ", "packets, ", out);
        put_total(totals->tcp_connections, "TCP connection", "TCP connections", out);
        buf_append_text(out, logs ? ", " : "");
    }
    if (logs)
        put_total(logs, "log", "logs", out);
}

/* What nobody could read, and how to read it. */
static void put_sealed(const struct report_counts *counts, const struct report_totals *totals,
                       struct buf *out)
{
    if (counts->sealed_sessions) {
        buf_append_u64(out, counts->sealed_sessions);
        buf_append_text(out, " of ");
        put_total(counts->tls_sessions, "session in TLS", "sessions in TLS", out);
        buf_append_text(out, " could not be read");
    }
    if (totals->sealed_connections) {
        buf_append_text(out, counts->sealed_sessions ? ", nor " : "");
        put_total(totals->sealed_connections, "connection", "connections", out);
        buf_append_text(out, counts->sealed_sessions ? " in TLS from the start"
                                                     : " in TLS from the start could not be read");
    }
    if (counts->sealed_sessions || totals->sealed_connections)
        buf_append_text(out, counts->wrong_keys ? ": --tls-keylog lacks their secrets, or holds wrong ones\n"
                                                : ": see --tls-keylog FILE and docs/TLS.md\n");
}

static void text_summary(const struct report_counts *counts, const struct report_totals *totals,
                         const struct report_options *options, struct buf *out)
{
    uint64_t commands = 0, refused = counts->replies[503];

    for (unsigned i = 0; i < VERDICT_COUNT; i++)
        commands += counts->verdicts[i];
    buf_append_u8(out, '\n');
    put_total(counts->sessions, "session, ", "sessions, ", out);
    put_total(commands, "command, ", "commands, ", out);
    put_total(counts->messages, "message; ", "messages; ", out);
    put_seen(totals, out);
    if (counts->missing_bytes) {
        buf_append_text(out, "; ");
        put_total(counts->missing_bytes, "byte missing", "bytes missing", out);
    }
    buf_append_u8(out, '\n');
    if (refused) {
        size_t from = out->len;
        put_total(refused, "reply was 503: ", "replies were 503: ", out);
        put_total(counts->verdicts[VERDICT_MISORDERED], "command out of order", "commands out of order", out);
        buf_append_text(out, ", ");
        put_total(counts->verdicts[VERDICT_CONSEQUENCE], "consequence of an earlier refusal",
                  "consequences of earlier refusals", out);
        buf_append_text(out, ", ");
        put_total(counts->verdicts[VERDICT_CONTRADICTED], "command in order", "commands in order", out);
        text_end_line(from, 4, options, out);
    }
    put_sealed(counts, totals, out);
    put_returned(&counts->returned, out);
    put_counted_findings(counts, options, out);
}

const struct report_format report_text = { .name = "text",
                                           .needs_digests = false,
                                           .session = text_session,
                                           .attempts = text_attempts,
                                           .summary = text_summary };
