/* SMTP smuggling: what a strict and a lenient parser make of the same content.  A form of the end of data on
 * which they disagree is suspicious only with commands behind it, or where the server answered more often
 * than it was asked; mail that merely quotes a session has neither. */
#include "replay/farewell.h"
#include "rules/check.h"

#define VERB_BIT(verb) (UINT32_C(1) << (verb))

/* As what the variant stands there, by kind. */
static const char *const variant_names[] = {
    [1] = "LF, dot, LF",
    [2] = "LF, dot, CR LF",
    [3] = "CR LF, dot, LF",
    [4] = "CR LF, dot, CR",
    [5] = "CR, dot, CR",
    [6] = "CR, dot, LF",
    [7] = "LF, dot, CR",
    [8] = "CR, dot, CR LF",
    [9] = "CR LF, NUL, dot, CR LF",
    [10] = "CR LF, dot, NUL, CR LF",
    [11] = "CR LF, dot, CR CR LF",
    [12] = "CR CR LF, dot, CR CR LF",
    [13] = "CR LF, dot, blank, CR LF",
};

/* Behind a split that no command follows: to the text there, and to the real end. */
enum { STRAYS_LEAST = 2 };

struct evidence {
    const struct eod_variant *variant;
    uint32_t verbs;    /* that a lenient server runs */
    uint32_t strays;   /* replies too many behind the message */
    bool was_split;    /* the server did run them */
    bool has_other_lf; /* bare line feeds are no exception in this content */
};

/* A message that another server would take: what smuggling is for. */
static bool is_envelope(uint32_t verbs)
{
    return (verbs & VERB_BIT(VERB_MAIL)) && (verbs & VERB_BIT(VERB_RCPT));
}

/* Half of one, at the only bare line feeds of a content: text that is quoted has more of them, or none. */
static bool begins_envelope(const struct evidence *evidence)
{
    return (evidence->verbs & VERB_BIT(VERB_MAIL)) && !evidence->has_other_lf;
}

/* Replies to nothing between this message and the next; a farewell may come unasked. */
static uint32_t count_strays(const struct session *session, size_t index)
{
    uint32_t strays = 0;

    if (session->protocol == PROTOCOL_LMTP)
        return 0; /* one reply for each recipient: too many has other reasons */
    for (size_t i = index + 1; i < session->item_count && session->items[i].kind != ITEM_CONTENT; i++)
        strays += session->items[i].kind == ITEM_REPLY && session->items[i].reply
                  && !item_is_farewell(&session->items[i], session->items[i].reply);
    return strays;
}

/* The commands that the client sent behind the content before it could see the reply to it. */
static uint32_t verbs_sent_blindly(const struct session *session, size_t index)
{
    const struct reply *reply = session->items[index].reply;
    uint32_t verbs = 0;

    for (size_t i = index + 1; i < session->item_count && session->items[i].kind == ITEM_COMMAND; i++) {
        if (item_saw(&session->items[i], reply))
            break;
        verbs |= VERB_BIT(session->items[i].as.command.verb);
    }
    return verbs & ~VERB_BIT(VERB_UNKNOWN);
}

/* It took the message, or answered what stands behind it; a guard against bare LF refuses and closes. */
static bool was_split(const struct session *session, size_t index)
{
    const struct item *next = index + 1 < session->item_count ? &session->items[index + 1] : NULL;

    return session->items[index].reply->code < 400
           || (next && next->kind == ITEM_COMMAND && next->reply && next->reply->code != 421);
}

static const struct eod_variant *worst_variant(const struct message *message)
{
    const struct eod_variant *worst = &message->variants[0];

    for (uint32_t i = 1; i < message->variant_count; i++)
        if (message->variants[i].verbs_behind > worst->verbs_behind)
            worst = &message->variants[i];
    return worst;
}

static struct evidence gather(const struct analysis *analysis, const struct message *message, size_t index)
{
    const struct session *session = analysis->session;
    struct evidence evidence = { .variant = worst_variant(message),
                                 .has_other_lf = message->missing_bytes > 0 /* for all that is known */
                                                 || message->bare_lf_count > 2 * message->variant_count + 2 };

    evidence.verbs = evidence.variant->verbs_behind;
    if (!analysis->replay.has_gaps)
        evidence.strays = count_strays(session, index);
    if (!message->ended_by_variant || !session->items[index].reply)
        return evidence;
    evidence.variant = &message->variants[message->variant_count - 1];
    evidence.verbs = verbs_sent_blindly(session, index);
    evidence.was_split = was_split(session, index);
    return evidence;
}

static void list_verbs(uint32_t verbs, char *text, size_t size)
{
    size_t len = 0;

    text[0] = '\0';
    for (unsigned verb = VERB_UNKNOWN + 1; verb < VERB_COUNT; verb++) {
        struct bytes name = bytes_of(verb_name((enum verb)verb));
        if (!(verbs >> verb & 1) || name.len + 3 > size - len)
            continue;
        if (len > 0)
            len += (size_t)(memcpy(text + len, ", ", 2), 2);
        memcpy(text + len, name.ptr, name.len);
        len += name.len;
        text[len] = '\0';
    }
}

static const char *outcome_of(const struct session *session, size_t index, bool is_split)
{
    const struct reply *reply = session->items[index].reply;

    if (is_split)
        return "The server answered as if the message ended there.";
    if (session->one_sided != SIDE_NONE || !reply)
        return "What the server made of it is not known.";
    return reply->code < 400 ? "This server did not take it for the end; one behind it may."
                             : "The server refused the message.";
}

/* Replies too many behind a message that the server split are no fault of their own. */
static void explain_desync(struct analysis *analysis, const struct finding *smuggling)
{
    for (size_t i = 0; i < analysis->finding_count; i++) {
        struct finding *finding = &analysis->findings[i];
        if (finding->rule != RULE_REPLY_DESYNC || finding->time_ns < smuggling->time_ns)
            continue;
        finding->cause_command = smuggling->command;
        finding->cause_rule = smuggling->rule;
        check_detail(analysis, finding,
                     "The server took something inside of a message for its end, and answered what stands "
                     "behind it.");
    }
}

static void tell(struct analysis *analysis, size_t index, const struct evidence *evidence)
{
    struct finding *finding = check_raise(analysis, RULE_SMTP_SMUGGLING, index);
    char verbs[160];

    if (!finding)
        return;
    bool is_seen = evidence->was_split || (evidence->strays > 0 && evidence->verbs);
    bool is_plain = is_envelope(evidence->verbs) || evidence->strays > 0;
    finding->confidence = is_seen                               ? CONFIDENCE_CERTAIN
                          : is_plain && !evidence->has_other_lf ? CONFIDENCE_LIKELY
                                                                : CONFIDENCE_POSSIBLE;
    list_verbs(evidence->verbs, verbs, sizeof verbs);
    check_detail(analysis, finding, "The form is %s, at octet %llu of the content%s%s. %s",
                 variant_names[evidence->variant->kind], (unsigned long long)evidence->variant->offset,
                 verbs[0] ? ", and behind it " : "", verbs,
                 outcome_of(analysis->session, index, is_seen || evidence->strays > 0));
    if (evidence->strays > 0)
        explain_desync(analysis, finding);
}

/* A client that ends its lines in bare LF may mean a variant, and go on with its next message. */
static bool ends_in_line_feeds(const struct session *session, size_t index)
{
    uint32_t data = session->items[index].as.content.command_item;

    return data >= session->item_count || session->items[data].kind != ITEM_COMMAND
           || session->items[data].as.command.line_end != LINE_END_CRLF;
}

/* With a variant that the server may have taken for the end, for all that is missing. */
static bool may_have_ended(const struct analysis *analysis, const struct message *message, size_t index)
{
    return analysis->replay.has_gaps && !message->is_complete && ends_in_line_feeds(analysis->session, index);
}

static void check_message(struct analysis *analysis, const struct message *message)
{
    const struct session *session = analysis->session;
    size_t index = message->last_item;

    if (index >= session->item_count || session->items[index].kind != ITEM_CONTENT
        || !check_was_content(analysis, index))
        return;
    struct evidence evidence = gather(analysis, message, index);
    bool is_meant = evidence.has_other_lf || ends_in_line_feeds(session, index);
    if (may_have_ended(analysis, message, index))
        return;
    bool is_smuggled = message->ended_by_variant
                           ? is_envelope(evidence.verbs) && !is_meant
                           : is_envelope(evidence.verbs) || begins_envelope(&evidence)
                                 || evidence.strays >= (evidence.verbs ? 1 : STRAYS_LEAST);
    if (is_smuggled)
        tell(analysis, index, &evidence);
}

static void check_session(struct analysis *analysis)
{
    const struct session *session = analysis->session;

    for (size_t i = 0; i < session->message_count; i++)
        if (session->messages[i].variant_count > 0)
            check_message(analysis, &session->messages[i]);
}

const struct check check_smuggling = { .session = check_session };
