/* What logs cannot show, finding by finding, and why. */
#include "rules/log_limits.h"

#include <string.h>

/* When the finding is taken back. */
enum limit {
    LIMIT_ANY = 1,         /* no log shows what it is about: octets, segments, line ends, other sessions */
    LIMIT_SERVER_SIDE = 2, /* a server does not know when the client sent, and what it had seen by then */
    LIMIT_COARSE = 4,      /* times have no fractions, or there are none */
    LIMIT_PARTIAL = 8,     /* replies or commands are left out */
    LIMIT_NO_CLIENT = 16,  /* the client's address is not known: who did the rest, neither */
    LIMIT_NOT_CLEAR = 32,  /* it may have been inside TLS */
    LIMIT_UNANSWERED = 64, /* the reply that would tell is not there */
};

static const struct {
    enum rule_id rule;
    unsigned limits;
} rows[] = {
    { RULE_BARE_CR, LIMIT_ANY },
    { RULE_BARE_LF, LIMIT_ANY },
    { RULE_SMTP_SMUGGLING, LIMIT_ANY },
    { RULE_DOT_STUFFING, LIMIT_ANY },
    { RULE_BDAT_LENGTH_ANOMALY, LIMIT_ANY },
    { RULE_SIZE_MISMATCH, LIMIT_ANY },
    { RULE_LINE_TOO_LONG, LIMIT_ANY },
    { RULE_EIGHTBIT_UNDECLARED, LIMIT_ANY },
    { RULE_NUL_BYTE, LIMIT_ANY },
    { RULE_CAPTURE_LOSS, LIMIT_ANY },
    { RULE_STARTTLS_INJECTION, LIMIT_ANY },
    { RULE_STARTTLS_RESPONSE_INJECTION, LIMIT_ANY },
    { RULE_TLS_ON_PLAIN_PORT, LIMIT_ANY },
    { RULE_PLAIN_ON_TLS_PORT, LIMIT_ANY },
    { RULE_TLS_HANDSHAKE_FAILED, LIMIT_ANY },
    { RULE_NOT_SMTP, LIMIT_ANY },
    { RULE_PROXY_HEADER, LIMIT_ANY },
    { RULE_CONNECTION_RESET, LIMIT_ANY },
    { RULE_PATH_STALL, LIMIT_ANY },
    { RULE_REPLY_DESYNC, LIMIT_ANY },     /* a line that the log lost looks the same */
    { RULE_MALFORMED_REPLY, LIMIT_ANY },  /* and so does one that it folded */
    { RULE_STATIC_CHALLENGE, LIMIT_ANY }, /* one session may stand in two logs */
    { RULE_DUPLICATE_DELIVERY, LIMIT_ANY },
    { RULE_EARLY_TALKER, LIMIT_ANY },
    { RULE_REFUSAL_IGNORED, LIMIT_SERVER_SIDE | LIMIT_PARTIAL },
    { RULE_PIPELINING_VIOLATION, LIMIT_SERVER_SIDE | LIMIT_PARTIAL },
    { RULE_PIPELINING_NOT_OFFERED, LIMIT_SERVER_SIDE | LIMIT_PARTIAL },
    { RULE_AUTH_PIPELINED, LIMIT_SERVER_SIDE | LIMIT_PARTIAL },
    { RULE_TIMEOUT, LIMIT_COARSE | LIMIT_PARTIAL },
    { RULE_SLOW_REPLY, LIMIT_COARSE | LIMIT_PARTIAL },
    { RULE_CONNECTION_LOST, LIMIT_PARTIAL },
    { RULE_MESSAGE_IN_DOUBT, LIMIT_PARTIAL },
    { RULE_SECRET_IN_COMMAND, LIMIT_PARTIAL }, /* the AUTH before it may be left out */
    { RULE_BRUTE_FORCE, LIMIT_NO_CLIENT },
    { RULE_STUCK_CLIENT, LIMIT_NO_CLIENT },
    { RULE_USER_ENUMERATION, LIMIT_NO_CLIENT },
    { RULE_STARTTLS_STRIPPED, LIMIT_NO_CLIENT },
    { RULE_XCLIENT_ABUSE, LIMIT_NO_CLIENT },
    { RULE_CLEARTEXT_CREDENTIAL, LIMIT_NOT_CLEAR },
    { RULE_COMMAND_AFTER_REFUSAL, LIMIT_UNANSWERED },  /* typed when the connection had gone */
    { RULE_LMTP_GREETING_MISMATCH, LIMIT_UNANSWERED }, /* the port is not known either */
};

enum { ROW_COUNT = sizeof rows / sizeof rows[0] };

static unsigned limits_of_rule(enum rule_id rule)
{
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (rows[i].rule == rule)
            return rows[i].limits;
    return 0;
}

static unsigned limits_of_session(const struct session *session)
{
    const struct log_facts *log = session->log;
    unsigned limits = LIMIT_ANY;

    if (log->is_server_side)
        limits |= LIMIT_SERVER_SIDE;
    if (!log->is_precise)
        limits |= LIMIT_COARSE;
    if (log->is_partial || session->is_midstream)
        limits |= LIMIT_PARTIAL;
    if (session->client.address.family == 0)
        limits |= LIMIT_NO_CLIENT;
    return limits;
}

/* In clear it is where the log says so, or where STARTTLS is still on offer (RFC 3207 4.2 ends that). */
static bool is_in_clear(const struct analysis *analysis, const struct judgement *judgement)
{
    return analysis->session->log->is_in_clear
           || (judgement && (judgement->offered & extension_bit(EXTENSION_STARTTLS)));
}

/* About a command that the log does not hold, and that its program is known to send. */
static bool is_about_implied(const struct analysis *analysis, const struct finding *finding)
{
    const struct item *command = replay_command(&analysis->replay, finding->command);

    return command && command->at.packet.number == 0;
}

/* On the command that the finding is about; NULL: it is about none. */
static const struct judgement *judgement_of(const struct analysis *analysis, const struct finding *finding)
{
    const struct replay *replay = &analysis->replay;
    bool has_judgement = finding->command && finding->command <= replay->judgement_count;

    return has_judgement ? &replay->judgements[finding->command - 1] : NULL;
}

static bool is_beyond(const struct analysis *analysis, const struct finding *finding, unsigned limits)
{
    const struct judgement *judgement = judgement_of(analysis, finding);

    if (!is_in_clear(analysis, judgement))
        limits |= LIMIT_NOT_CLEAR;
    if (!finding->reply_code)
        limits |= LIMIT_UNANSWERED;
    /* What follows from a refusal, a client may have sent before it knew; what the server did not answer,
     * too. */
    bool is_consequence = (limits & LIMIT_SERVER_SIDE) && judgement
                          && (judgement->cause || (!finding->reply_code && judgement->misorder));
    return (limits_of_rule(finding->rule) & limits) || is_consequence || is_about_implied(analysis, finding);
}

/* Of a line that a log lacks, and of the answer to it, there may be no trace: what the server has not
 * confirmed with its 503 is likely, and no more. */
static void doubt(const struct analysis *analysis, struct finding *finding)
{
    static const char *const groups[] = { "order", "extension", "server" };
    const char *group = rule_of(finding->rule)->group;
    const struct judgement *judgement = judgement_of(analysis, finding);
    bool is_confirmed =
        judgement && finding->reply_code == 503
        && (judgement->verdict == VERDICT_MISORDERED || judgement->verdict == VERDICT_CONSEQUENCE);

    if (finding->confidence != CONFIDENCE_CERTAIN || is_confirmed)
        return;
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++)
        if (strcmp(group, groups[i]) == 0)
            finding->confidence = CONFIDENCE_LIKELY;
}

void log_limits_apply(struct analysis *analysis)
{
    unsigned limits = limits_of_session(analysis->session);
    size_t kept = 0;

    for (size_t i = 0; i < analysis->finding_count; i++) {
        if (is_beyond(analysis, &analysis->findings[i], limits))
            continue;
        doubt(analysis, &analysis->findings[i]);
        analysis->findings[kept++] = analysis->findings[i];
    }
    analysis->finding_count = kept;
}
