/* Findings about what was spoken in place of SMTP, or before it: another protocol, TLS where none was due, or
 * none where it was, and the header of a load balancer. */
#include "rules/check.h"

enum { PORT_SUBMISSIONS = 465, FIRST_ITEMS = 4, LOOK_BACK = 64 };

/* Signs that a hand at the keyboard, or an odd client, could give as well. */
static bool is_vague(enum foreign_protocol protocol)
{
    return protocol == FOREIGN_POP3_OR_FTP || protocol == FOREIGN_IRC || protocol == FOREIGN_REDIS
           || protocol == FOREIGN_BINARY;
}

static bool has_accepted_mail(const struct replay *replay)
{
    for (size_t i = 0; i < replay->transaction_count; i++) {
        const struct item *mail = replay_command(replay, replay->transactions[i].mail_command);
        if (mail && mail->reply && mail->reply->code < 400)
            return true;
    }
    return false;
}

/* Index of the first item of this kind; 0 if there is none. */
static size_t first_of(const struct session *session, enum item_kind kind)
{
    for (size_t i = 0; i < session->item_count; i++)
        if (session->items[i].kind == kind)
            return i;
    return 0;
}

static bool is_behind_gap(const struct session *session, size_t index)
{
    for (size_t i = 0; i <= index; i++)
        if (session->items[i].kind == ITEM_GAP)
            return true;
    return false;
}

static void raise_tls_on_plain_port(struct analysis *analysis, size_t index, enum confidence confidence)
{
    struct finding *finding = check_raise(analysis, RULE_TLS_ON_PLAIN_PORT, index);

    if (!finding)
        return;
    bool is_due = analysis->session->server.port == PORT_SUBMISSIONS;
    finding->confidence = confidence;
    finding->fault = is_due ? FAULT_SERVER : FAULT_CLIENT;
    const struct item *before = index > 0 ? &analysis->session->items[index - 1] : NULL;
    bool is_refused = before && before->kind == ITEM_COMMAND && before->as.command.verb == VERB_STARTTLS
                      && before->reply && before->reply->code >= 400;
    if (is_refused) {
        finding->cause_command = before->as.command.n;
        check_detail(analysis, finding,
                     "STARTTLS had been refused with %u: the client began with TLS all the same.",
                     (unsigned)before->reply->code);
        return;
    }
    check_detail(analysis, finding, "The server on port %u%s speaks SMTP in clear.",
                 (unsigned)analysis->session->server.port,
                 is_due ? ", which is for TLS from the start (RFC 8314 7.3)," : "");
}

static void check_foreign_protocol(struct analysis *analysis)
{
    const struct session *session = analysis->session;
    bool is_client = session->foreign_from == SIDE_CLIENT;
    size_t index = first_of(session, is_client ? ITEM_COMMAND : ITEM_JUNK);

    if (session->item_count == 0 || is_behind_gap(session, index))
        return; /* what stood in front of its first line is not known */
    if (session->foreign == FOREIGN_TLS) {
        raise_tls_on_plain_port(analysis, index, CONFIDENCE_LIKELY);
        return;
    }
    struct finding *finding = check_raise(analysis, RULE_NOT_SMTP, index);
    if (!finding)
        return;
    finding->confidence = is_vague(session->foreign) ? CONFIDENCE_LIKELY : CONFIDENCE_CERTAIN;
    if (!is_client)
        finding->fault = FAULT_UNDECIDED;
    check_detail(
        analysis, finding, "The %s spoke %s.%s", side_name(session->foreign_from),
        foreign_protocol_title(session->foreign),
        is_client && has_accepted_mail(&analysis->replay)
            ? " Commands of SMTP inside it were accepted: this is how mail is smuggled through a browser "
              "or a web server."
            : "");
}

/* Whether TLS was agreed on before this item, or may have been. */
static bool is_asked_for(const struct session *session, size_t index)
{
    while (index-- > 0) {
        const struct item *item = &session->items[index];
        if (item->kind == ITEM_COMMAND && item->as.command.verb == VERB_STARTTLS
            && (!item->reply || item->reply->code < 400))
            return true;
    }
    return false;
}

static size_t tls_item(const struct session *session)
{
    for (size_t i = session->item_count; i-- > 0;)
        if (session->items[i].kind == ITEM_TLS)
            return i;
    return SIZE_MAX;
}

/* The capture ends before the server has said or done anything about it. */
static bool is_answer_open(const struct session *session, size_t index)
{
    if (session->closed != CLOSE_END_OF_CAPTURE)
        return false;
    for (size_t i = 0; i < session->item_count; i++) {
        const struct item *item = &session->items[i];
        if (item->reply && item->reply->at.time_ns > session->items[index].at.time_ns)
            return false;
    }
    return true;
}

static void check_client_tls(struct analysis *analysis, size_t index)
{
    const struct session *session = analysis->session;

    if (session->reply_count == 0 || session->side[SIDE_SERVER].tls_bytes > 0 || is_asked_for(session, index)
        || is_answer_open(session, index))
        return;
    raise_tls_on_plain_port(analysis, index, session->is_tls ? CONFIDENCE_LIKELY : CONFIDENCE_CERTAIN);
}

/* The server never said a word of SMTP: it answered with TLS, or hung up on its port for TLS. */
static void check_server_tls(struct analysis *analysis, size_t tls)
{
    const struct session *session = analysis->session;
    bool has_alert = tls != SIZE_MAX && session->items[tls].as.tls.from == SIDE_SERVER;
    bool hung_up = tls == SIZE_MAX && session->server.port == PORT_SUBMISSIONS
                   && session->closed_by == SIDE_SERVER
                   && (session->closed == CLOSE_FIN || session->closed == CLOSE_RESET);

    if (session->reply_count > 0 || session->command_count == 0 || (!has_alert && !hung_up))
        return;
    struct finding *finding = check_raise(analysis, RULE_PLAIN_ON_TLS_PORT, first_of(session, ITEM_COMMAND));
    if (!finding)
        return;
    finding->confidence = has_alert ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY;
    check_detail(analysis, finding, "The server on port %u %s.", (unsigned)session->server.port,
                 has_alert ? "answered in TLS" : "hung up without a word");
}

static bool is_proxy(const struct item *item)
{
    return item->kind == ITEM_PRELUDE
           && (item->as.prelude.kind == PRELUDE_PROXY_V1 || item->as.prelude.kind == PRELUDE_PROXY_V2);
}

/* The refusal of lines that the server took the header for; NULL if it was expected. */
static const struct reply *refusal_of_header(const struct session *session, size_t index)
{
    for (size_t i = index + 1; i < session->item_count && i <= index + LOOK_BACK; i++) {
        const struct item *item = &session->items[i];
        if (item->kind == ITEM_REPLY && item->reply && item->reply->code >= 500)
            return item->reply;
        if (item->kind != ITEM_GREETING && item->kind != ITEM_REPLY)
            break;
    }
    return NULL;
}

static void check_proxy(struct analysis *analysis, size_t index)
{
    const struct session *session = analysis->session;
    struct finding *finding = check_raise(analysis, RULE_PROXY_HEADER, index);
    unsigned version = session->items[index].as.prelude.kind == PRELUDE_PROXY_V1 ? 1 : 2;
    const struct reply *refusal = refusal_of_header(session, index);

    if (!finding)
        return;
    if (!refusal) {
        check_detail(analysis, finding, "Version %u.", version);
        return;
    }
    finding->fault = FAULT_CLIENT;
    finding->reply_code = refusal->code;
    check_detail(analysis, finding, "Version %u; the server did not expect it, and answered it with %u.",
                 version, (unsigned)refusal->code);
}

static void check_session(struct analysis *analysis)
{
    const struct session *session = analysis->session;

    for (size_t i = 0; i < session->item_count && i < FIRST_ITEMS; i++)
        if (is_proxy(&session->items[i]))
            check_proxy(analysis, i);
    if (session->foreign != FOREIGN_NONE)
        check_foreign_protocol(analysis);
    if (analysis->replay.has_gaps || session->one_sided != SIDE_NONE)
        return;
    size_t tls = session->side[SIDE_CLIENT].tls_bytes || session->side[SIDE_SERVER].tls_bytes
                     ? tls_item(session)
                     : SIZE_MAX;
    if (tls != SIZE_MAX && session->items[tls].as.tls.from == SIDE_CLIENT)
        check_client_tls(analysis, tls);
    else
        check_server_tls(analysis, tls);
}

bool check_is_no_answer(const struct session *session, size_t index)
{
    if (session->foreign_from == SIDE_SERVER
        || (session->foreign != FOREIGN_NONE && session->command_count == 0))
        return true;
    for (size_t back = 1; back <= index && back <= LOOK_BACK; back++) {
        const struct item *item = &session->items[index - back];
        if (item->kind == ITEM_COMMAND)
            return false;
        if (is_proxy(item) || item->kind == ITEM_TLS)
            return true;
    }
    return false;
}

const struct check check_foreign = { .session = check_session };
