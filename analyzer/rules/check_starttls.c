/* Findings between the 220 to STARTTLS and the handshake, where nothing may be said (RFC 3207 4). */
#include "rules/check.h"

enum { LOOK_AHEAD = 64 }; /* items: what a client has sent ahead, and a server added */

/* What stands between STARTTLS and the first record; SIZE_MAX for what is not there. */
struct between {
    size_t command;
    size_t stray;
    size_t tls;
};

static struct between look_behind(const struct session *session, size_t starttls)
{
    struct between found = { SIZE_MAX, SIZE_MAX, SIZE_MAX };

    for (size_t i = starttls + 1; i < session->item_count && i - starttls <= LOOK_AHEAD; i++) {
        switch (session->items[i].kind) {
        case ITEM_COMMAND:
            if (found.command == SIZE_MAX)
                found.command = i;
            break;
        case ITEM_REPLY:
        case ITEM_JUNK:
            if (found.stray == SIZE_MAX)
                found.stray = i;
            break;
        case ITEM_TLS:
            found.tls = i;
            return found;
        case ITEM_NONE:
        case ITEM_PRELUDE:
        case ITEM_GREETING:
        case ITEM_SASL:
        case ITEM_CONTENT:
        case ITEM_GAP: /* what was lost may have been the handshake */
        case ITEM_KIND_COUNT:
            return found;
        }
    }
    return found;
}

/* Without a handshake of the client: sent together with STARTTLS it was meant to get in; later, and answered,
 * both sides go on in clear, or the capture was decrypted; later, and never answered, the client does not
 * do TLS, and may say goodbye. */
static enum confidence confidence_of(const struct analysis *analysis, size_t starttls,
                                     const struct between *between)
{
    const struct session *session = analysis->session;

    if (between->tls != SIZE_MAX && session->items[between->tls].as.tls.from == SIDE_CLIENT)
        return analysis->replay.has_gaps ? CONFIDENCE_LIKELY : CONFIDENCE_CERTAIN;
    if (analysis->replay.has_gaps || between->command == SIZE_MAX)
        return CONFIDENCE_NONE;
    const struct item *command = &session->items[between->command];
    if (!item_saw(command, session->items[starttls].reply))
        return CONFIDENCE_LIKELY;
    bool is_open =
        between->tls == SIZE_MAX && check_judgement(analysis, between->command)->verdict == VERDICT_UNDECIDED;
    return command->reply || is_open || command->as.command.verb == VERB_QUIT ? CONFIDENCE_NONE
                                                                              : CONFIDENCE_POSSIBLE;
}

/* Read with keys: what became of it. */
static const char *what_became_of(const struct session *session, const struct between *between)
{
    if (between->tls == SIZE_MAX || between->command == SIZE_MAX || session_is_sealed(session))
        return "";
    const struct reply *reply = session->items[between->command].reply;
    if (!reply)
        return " Inside TLS the server did not answer it: it had dropped it.";
    return reply->at.time_ns >= session->items[between->tls].at.time_ns
               ? " The server kept it, and answered it inside TLS as if it had come encrypted."
               : "";
}

static void check_injection(struct analysis *analysis, size_t starttls, const struct between *between)
{
    const struct session *session = analysis->session;
    bool has_part = between->tls != SIZE_MAX && session->items[between->tls].as.tls.plain_length > 0;

    if (between->command == SIZE_MAX && !has_part)
        return;
    enum confidence confidence = confidence_of(analysis, starttls, between);
    size_t index = between->command == SIZE_MAX ? starttls : between->command;
    struct finding *finding =
        confidence == CONFIDENCE_NONE ? NULL : check_raise(analysis, RULE_STARTTLS_INJECTION, index);
    if (!finding)
        return;
    finding->confidence = confidence;
    check_detail(analysis, finding, "%s%s",
                 item_saw(&session->items[index], session->items[starttls].reply)
                     ? "The client had seen the 220, and went on in clear."
                     : "It was sent together with STARTTLS, before the 220 could be seen.",
                 what_became_of(session, between));
}

static void check_response_injection(struct analysis *analysis, size_t starttls,
                                     const struct between *between)
{
    if (between->stray == SIZE_MAX || between->tls == SIZE_MAX || analysis->replay.has_gaps)
        return;
    struct finding *finding = check_raise(analysis, RULE_STARTTLS_RESPONSE_INJECTION, between->stray);
    if (finding)
        finding->command = analysis->session->items[starttls].as.command.n;
}

static bool is_accepted(const struct item *item)
{
    return item->kind == ITEM_COMMAND && item->as.command.verb == VERB_STARTTLS && item->reply
           && item->reply->code / 100 == 2;
}

static void check_command(struct analysis *analysis, size_t index)
{
    const struct item *item = &analysis->session->items[index];

    if (!is_accepted(item))
        return;
    struct between between = look_behind(analysis->session, index);
    check_injection(analysis, index, &between);
    check_response_injection(analysis, index, &between);
}

/* Not where the capture ends before anything else: the handshake may be what it lacks. */
static bool goes_on_in_clear(const struct session *session, size_t starttls)
{
    struct between between = look_behind(session, starttls);
    bool is_over = session->closed == CLOSE_FIN || session->closed == CLOSE_RESET;

    return between.tls == SIZE_MAX && (is_over || between.command != SIZE_MAX);
}

bool check_is_injected(const struct session *session, size_t index)
{
    for (size_t back = 1; back <= index && back <= LOOK_AHEAD; back++)
        if (session->items[index - back].kind == ITEM_COMMAND)
            return is_accepted(&session->items[index - back]) && !goes_on_in_clear(session, index - back);
    return false;
}

const struct check check_starttls = { .command = check_command, .verbs = 1u << VERB_STARTTLS };
