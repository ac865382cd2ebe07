/* Findings about trust: who claims to speak for others, and credentials where nobody asked for them. */
#include "rules/check.h"

/* The addresses of no stranger: loopback, link-local, private use (RFC 1918, 4193, 6598). */
static bool is_near(const struct address *address)
{
    const uint8_t *b = address->bytes;

    if (address->family == 4)
        return b[0] == 127 || b[0] == 10 || (b[0] == 172 && b[1] >> 4 == 1) || (b[0] == 192 && b[1] == 168)
               || (b[0] == 169 && b[1] == 254) || (b[0] == 100 && b[1] >> 6 == 1);
    static const uint8_t loopback[16] = { [15] = 1 };
    return memcmp(b, loopback, sizeof loopback) == 0 || (b[0] & 0xfe) == 0xfc
           || (b[0] == 0xfe && b[1] >> 6 == 2);
}

static bool is_stranger(const struct session *session)
{
    return session->client.address.family && !is_near(&session->client.address)
           && !address_equal(&session->client.address, &session->server.address);
}

static bool is_not_offered(const struct judgement *judgement)
{
    return judgement->not_offered != MISORDER_NONE || judgement->misorder == MISORDER_ESMTP_AFTER_HELO
           || (judgement->misorder == MISORDER_NO_GREETING && judgement->greeting_command == 0);
}

static void check_claim(struct analysis *analysis, size_t index)
{
    const struct item *item = &analysis->session->items[index];
    const struct judgement *judgement = check_judgement(analysis, index);
    bool is_accepted = item->reply && item->reply->code / 100 == 2;
    bool is_stolen = is_not_offered(judgement);

    if (judgement->is_lost || !judgement->is_phase_known
        || (!is_stolen && !(is_accepted && is_stranger(analysis->session))))
        return;
    struct finding *finding = check_raise(analysis, RULE_XCLIENT_ABUSE, index);
    if (!finding)
        return;
    if (is_stolen) {
        check_detail(analysis, finding, "The server does not offer it%s.",
                     is_accepted ? ", and took it all the same" : "");
        return;
    }
    finding->fault = FAULT_SERVER;
    finding->confidence = CONFIDENCE_POSSIBLE;
    check_detail(
        analysis, finding,
        "The server took it from a client that is neither on the same host nor in a private network. If that "
        "is a front end of its own, all is well.");
}

static bool is_credential(const struct command *command)
{
    return command->verb == VERB_UNKNOWN && !command->is_body_line
           && (command->is_secret || command->is_redacted);
}

/* Told at the first of a run: user name and password come one by one. */
static void check_secret(struct analysis *analysis, size_t index)
{
    const struct item *item = &analysis->session->items[index];
    const struct item *before = replay_command(&analysis->replay, item->as.command.n - 1);

    bool is_behind_auth = before && before->as.command.verb == VERB_AUTH && !item->is_after_gap;

    /* Behind missing bytes more is withheld than is known to be a credential. */
    if ((before && is_credential(&before->as.command)) || (analysis->replay.has_gaps && !is_behind_auth))
        return;
    struct finding *finding = check_raise(analysis, RULE_SECRET_IN_COMMAND, index);
    if (!finding)
        return;
    finding->confidence = CONFIDENCE_LIKELY;
    if (is_behind_auth && before->reply && before->reply->code >= 400) {
        finding->cause_command = before->as.command.n;
        check_explain_cause(analysis, finding);
    }
}

static void check_command(struct analysis *analysis, size_t index)
{
    const struct command *command = &analysis->session->items[index].as.command;

    if (command->verb == VERB_XCLIENT || command->verb == VERB_XFORWARD)
        check_claim(analysis, index);
    else if (is_credential(command))
        check_secret(analysis, index);
}

const struct check check_trust = { .command = check_command };
