/* What the clear part of a TLS handshake shows: how it failed, its version, the server's certificate. */
#include "base/timestamp.h"
#include "rules/check.h"
#include "rules/ending.h"
#include "rules/tls_words.h"

enum { ALERT_CLOSE_NOTIFY = 0, ALERT_NO_RENEGOTIATION = 100, VERSION_TLS12 = 0x0303 };
enum { PORT_SUBMISSION = 587, PORT_SUBMISSIONS = 465 };

static enum fault fault_of(enum side side)
{
    return side == SIDE_CLIENT ? FAULT_CLIENT : side == SIDE_SERVER ? FAULT_SERVER : FAULT_UNDECIDED;
}

static enum fault fault_of_alert(const struct tls_alert *alert, const struct tls_alert_words *words)
{
    if (!words || words->blame == TLS_BLAME_NONE)
        return FAULT_UNDECIDED;
    bool is_client = (alert->from == SIDE_CLIENT) == (words->blame == TLS_BLAME_SENDER);
    return is_client ? FAULT_CLIENT : FAULT_SERVER;
}

/* The alert that ended it: the last one in clear that is no mere warning.  Levels mean nothing in TLS 1.3. */
static const struct tls_alert *fatal_alert(const struct tls_facts *tls)
{
    for (uint32_t i = tls->alert_count; i-- > 0;) {
        const struct tls_alert *alert = &tls->alerts[i];
        bool is_fatal = alert->level == 2 || alert->description == ALERT_CLOSE_NOTIFY;
        if (is_fatal && alert->description != ALERT_NO_RENEGOTIATION)
            return alert;
    }
    return NULL;
}

static void failed_with_alert(struct analysis *analysis, const struct tls_alert *alert)
{
    const struct tls_alert_words *words = tls_alert_words(alert->description);
    struct finding *finding = check_raise_session(analysis, RULE_TLS_HANDSHAKE_FAILED, alert->at);

    if (!finding)
        return;
    finding->fault = fault_of_alert(alert, words);
    if (words)
        check_detail(analysis, finding, "The %s sent the alert %s: %s.", side_name(alert->from), words->name,
                     words->meaning);
    else
        check_detail(analysis, finding, "The %s sent the alert %u.", side_name(alert->from),
                     (unsigned)alert->description);
}

/* Whoever ended it had a reason: what stood in clear where the handshake was due. */
static bool blame_injection(struct analysis *analysis, struct finding *finding)
{
    for (size_t i = 0; i < analysis->finding_count; i++) {
        if (analysis->findings[i].rule != RULE_STARTTLS_INJECTION)
            continue;
        finding->fault = FAULT_CLIENT;
        finding->cause_command = analysis->findings[i].command;
        finding->cause_rule = RULE_STARTTLS_INJECTION;
        check_detail(analysis, finding, "Commands in clear came where the handshake was due.");
        return true;
    }
    return false;
}

static void failed_with_close(struct analysis *analysis, const struct ending *ending)
{
    const struct tls_facts *tls = analysis->session->tls;
    struct finding *finding =
        check_raise_session(analysis, RULE_TLS_HANDSHAKE_FAILED,
                            (struct moment){ .time_ns = ending->at_ns, .packet = tls->first.packet });
    enum side side = tls->sealed_alert != SIDE_NONE ? tls->sealed_alert : ending->by;

    if (!finding)
        return;
    finding->confidence = CONFIDENCE_LIKELY;
    if (tls->sealed_alert != SIDE_NONE) {
        check_detail(analysis, finding,
                     "The %s broke it off with a sealed alert: what it did not like, most likely the "
                     "certificate, cannot "
                     "be read without the keys.",
                     side_name(side));
        return;
    }
    finding->fault = fault_of(side);
    if (blame_injection(analysis, finding))
        return;
    check_detail(analysis, finding,
                 "The %s %s the connection before the handshake was over, without an alert%s.",
                 side == SIDE_NONE ? "other side" : side_name(side), ending->is_reset ? "reset" : "closed",
                 tls->version ? "" : "; the server had not answered");
}

static void check_handshake(struct analysis *analysis)
{
    const struct session *session = analysis->session;
    const struct tls_facts *tls = session->tls;

    if (tls->state != TLS_STATE_BEGUN || session->one_sided != SIDE_NONE || session->is_open
        || session->side[SIDE_CLIENT].missing_bytes || session->side[SIDE_SERVER].missing_bytes)
        return;
    const struct tls_alert *alert = fatal_alert(tls);
    if (alert) {
        failed_with_alert(analysis, alert);
        return;
    }
    struct ending ending = ending_of(analysis);
    bool lacks_before_reset =
        session->side[SIDE_CLIENT].reset_off_by > 0 || session->side[SIDE_SERVER].reset_off_by > 0;
    if (ending.is_seen && !lacks_before_reset)
        failed_with_close(analysis, &ending);
}

static void check_version(struct analysis *analysis)
{
    const struct tls_facts *tls = analysis->session->tls;
    char chosen[TLS_WORD_TEXT], offered[TLS_WORD_TEXT];

    if (!tls->version || tls->version >= VERSION_TLS12)
        return;
    struct finding *finding = check_raise_session(analysis, RULE_TLS_OLD_VERSION, tls->first);
    if (!finding)
        return;
    if (tls->offered_version)
        finding->fault = tls->offered_version >= VERSION_TLS12 ? FAULT_SERVER : FAULT_CLIENT;
    check_detail(analysis, finding, "%s was chosen; the newest that the client offered was %s.",
                 tls_version_name(tls->version, chosen),
                 tls->offered_version ? tls_version_name(tls->offered_version, offered) : "not seen");
}

static void format_date(uint64_t seconds, char out[TIMESTAMP_TEXT])
{
    const uint64_t most = UINT64_MAX / NS_PER_SECOND;

    if (seconds > most) {
        (void)memcpy(out, "far ahead", sizeof "far ahead");
        return;
    }
    size_t len = timestamp_format_seconds(seconds * NS_PER_SECOND, out);
    out[len < 10 ? len : 10] = '\0';
}

/* Submission clients check what they are shown; a relay that encrypts when it can does not. */
static void raise_certificate(struct analysis *analysis, enum confidence confidence, const char *what,
                              const char *date)
{
    const struct session *session = analysis->session;
    struct finding *finding = check_raise_session(analysis, RULE_TLS_CERTIFICATE, session->tls->first);

    if (!finding)
        return;
    if (session->server.port == PORT_SUBMISSION || session->server.port == PORT_SUBMISSIONS)
        finding->severity = SEVERITY_WARNING;
    finding->confidence = confidence;
    check_detail(analysis, finding, "%s%s%s.", what, *date ? " " : "", date);
}

static void check_certificate(struct analysis *analysis)
{
    const struct tls_certificate *certificate = analysis->session->tls->certificate;
    uint64_t now_s = analysis->session->tls->first.time_ns / NS_PER_SECOND;
    char date[TIMESTAMP_TEXT];

    if (!certificate)
        return;
    if (certificate->not_after_s && certificate->not_after_s < now_s) {
        format_date(certificate->not_after_s, date);
        raise_certificate(analysis, CONFIDENCE_CERTAIN, "The certificate had expired on", date);
    } else if (certificate->not_before_s > now_s) {
        format_date(certificate->not_before_s, date);
        raise_certificate(analysis, CONFIDENCE_CERTAIN, "The certificate is not valid before", date);
    } else if (certificate->is_self_signed) {
        raise_certificate(analysis, CONFIDENCE_CERTAIN, "The certificate is signed by itself", "");
    } else if (certificate->is_other_name) {
        raise_certificate(analysis, CONFIDENCE_CERTAIN,
                          "The certificate is not for the name that the client asked for", "");
    } else if (certificate->is_chain_broken) {
        raise_certificate(analysis, CONFIDENCE_LIKELY,
                          "The certificates were not sent in order, or one that links them is missing", "");
    }
}

/* STARTTLS was accepted, and nobody said a word of TLS. */
static void check_silence(struct analysis *analysis)
{
    const struct session *session = analysis->session;
    struct ending ending = ending_of(analysis);

    if (!ending.is_seen || session->one_sided != SIDE_NONE || analysis->replay.has_gaps)
        return;
    struct finding *finding = check_raise(analysis, RULE_TLS_HANDSHAKE_FAILED, session->item_count - 1);
    if (!finding)
        return;
    finding->confidence = CONFIDENCE_LIKELY;
    finding->fault = fault_of(ending.by);
    check_detail(
        analysis, finding, "The client sent no handshake behind the 220, and the %s %s the connection.",
        ending.by == SIDE_NONE ? "other side" : side_name(ending.by), ending.is_reset ? "reset" : "closed");
}

/* The refusal in clear behind the client's handshake; NULL if there is none, or STARTTLS was not accepted. */
static const struct reply *refusal_in_clear(const struct session *session)
{
    bool is_accepted = false, has_begun = false;

    for (size_t i = 0; i < session->item_count; i++) {
        const struct item *item = &session->items[i];
        if (item->kind == ITEM_COMMAND)
            is_accepted =
                item->as.command.verb == VERB_STARTTLS && item->reply && item->reply->code / 100 == 2;
        else if (item->kind == ITEM_TLS)
            has_begun = is_accepted && item->as.tls.from == SIDE_CLIENT;
        else if (item->kind == ITEM_REPLY && has_begun && item->reply && item->reply->code >= 400)
            return item->reply;
    }
    return NULL;
}

/* The server has said yes to STARTTLS, and speaks no TLS. */
static void check_answer(struct analysis *analysis)
{
    const struct session *session = analysis->session;
    const struct reply *refusal = refusal_in_clear(session);

    if (!refusal || session->one_sided != SIDE_NONE || analysis->replay.has_gaps)
        return;
    struct finding *finding = check_raise_session(analysis, RULE_TLS_HANDSHAKE_FAILED, refusal->at);
    if (!finding)
        return;
    finding->fault = FAULT_SERVER;
    finding->reply_code = refusal->code;
    check_detail(analysis, finding,
                 "The server had accepted STARTTLS, and answered the handshake in clear, with %u.",
                 (unsigned)refusal->code);
}

static void check_session(struct analysis *analysis)
{
    if (ending_is_before_tls(analysis->session))
        check_silence(analysis);
    if (!analysis->session->tls)
        return;
    if (!analysis->session->is_tls) {
        check_answer(analysis);
        return;
    }
    check_handshake(analysis);
    check_version(analysis);
    check_certificate(analysis);
}

const struct check check_tls = { .session = check_session };
