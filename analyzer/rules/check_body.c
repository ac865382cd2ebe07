/* Findings about the octets of a message: its line ends and dots, its length, what was said of it before. */
#include "rules/check.h"
#include "rules/ending.h"

enum {
    TEXT_LINE_MOST = 1000, /* RFC 5321 4.5.3.1.6: with CRLF, without the dot that was doubled */
    SIZE_FACTOR = 4,       /* line ends counted once make a size half, 8-bit text declared before it was
                            * encoded as quoted-printable a third */
    SIZE_HEADERS = 1024,   /* and fields are added on the way */
    VARIANT_LONGEST = 4    /* from its dot on: dot, CR, CR, LF */
};

static const struct command *data_command(const struct analysis *analysis, size_t index)
{
    uint32_t at = analysis->session->items[index].as.content.command_item;

    return at < analysis->session->item_count && analysis->session->items[at].kind == ITEM_COMMAND
               ? &analysis->session->items[at].as.command
               : NULL;
}

/* The server was seen to take a variant for the end; a refusal may be of the variant itself. */
static bool is_split(const struct analysis *analysis, const struct message *message, size_t index)
{
    const struct reply *reply = analysis->session->items[index].reply;

    return message->ended_by_variant && reply && reply->code < 400;
}

static void check_carriage_returns(struct analysis *analysis, const struct message *message, size_t index)
{
    if (message->bare_cr_count == 0)
        return;
    struct finding *finding = check_raise(analysis, RULE_BARE_CR, index);
    check_detail(analysis, finding, "Lone carriage returns in the message: %llu.",
                 (unsigned long long)message->bare_cr_count);
}

static void check_line_feeds(struct analysis *analysis, const struct message *message, size_t index)
{
    bool has_bare_end = message->ended_by_variant && message->variant_count > 0
                        && message->variants[message->variant_count - 1].kind <= 3;

    if (message->bare_lf_count == 0 && !has_bare_end)
        return;
    struct finding *finding = check_raise(analysis, RULE_BARE_LF, index);
    if (message->bare_lf_count > 0)
        check_detail(analysis, finding,
                     "Lines of the message that end in a bare LF: %llu, the first is line %llu.%s",
                     (unsigned long long)message->bare_lf_count, (unsigned long long)message->first_bare_lf,
                     is_split(analysis, message, index)
                         ? " A dot between bare line feeds was taken for the end of the message."
                     : message->variant_count > 0
                         ? " A dot stands alone between them, where some servers stop reading."
                         : "");
    else
        check_detail(analysis, finding, "It stands at the dot that ends the message.");
}

static void check_lines(struct analysis *analysis, const struct message *message, size_t index)
{
    uint64_t most = TEXT_LINE_MOST + (message->dot_lines > 0);

    if (message->longest_line <= most)
        return;
    struct finding *finding = check_raise(analysis, RULE_LINE_TOO_LONG, index);
    check_detail(analysis, finding,
                 "The longest line of the message has %llu octets with its line end; %u are allowed.",
                 (unsigned long long)message->longest_line, (unsigned)TEXT_LINE_MOST);
}

static bool is_over(const struct session *session)
{
    return session->closed == CLOSE_FIN || session->closed == CLOSE_RESET || session->closed == CLOSE_TIMEOUT;
}

/* The content stops at what the client took for its end, and nobody else. */
static bool lacks_end(const struct message *message)
{
    const struct eod_variant *last =
        message->variant_count ? &message->variants[message->variant_count - 1] : NULL;

    return last && !message->is_complete && !message->ended_by_variant
           && message->wire_size - last->offset <= VARIANT_LONGEST;
}

/* An answer that is missing might tell that the server had not waited. */
static bool was_seen_to_end(const struct analysis *analysis)
{
    const struct session *session = analysis->session;

    return is_over(session) && !ending_is_blurred(analysis) && !ending_lacks_last(session);
}

/* The client had sent all that it meant to, and the server waited for more. */
static bool was_awaited(const struct analysis *analysis, const struct message *message)
{
    const struct session *session = analysis->session;

    return was_seen_to_end(analysis) && session->side[SIDE_CLIENT].unacked_bytes == 0
           && ending_waited_seconds(analysis, message->last.time_ns) >= WAITED_SECONDS;
}

/* A client whose other lines end in CRLF, and that waited for the reply: it meant to end there.  With bare LF
 * throughout, bare-lf has said it all. */
static bool ends_without_cr(const struct analysis *analysis, const struct message *message, size_t index)
{
    const struct session *session = analysis->session;
    const struct command *command = data_command(analysis, index);

    if (index + 1 < session->item_count && session->items[index + 1].kind == ITEM_COMMAND
        && !item_saw(&session->items[index + 1], session->items[index].reply))
        return false;
    return is_split(analysis, message, index) && !analysis->replay.has_gaps && command
           && command->line_end == LINE_END_CRLF;
}

static void check_dots(struct analysis *analysis, const struct message *message, size_t index)
{
    bool is_endless = (lacks_end(message) && was_seen_to_end(analysis))
                      || (message->ends_in_dot && was_awaited(analysis, message));
    bool has_odd_end = ends_without_cr(analysis, message, index);

    if (message->unstuffed_dots == 0 && !is_endless && !has_odd_end)
        return;
    struct finding *finding = check_raise(analysis, RULE_DOT_STUFFING, index);
    if (message->unstuffed_dots > 0)
        check_detail(analysis, finding,
                     "Lines that begin with a single dot, which the server takes away: %llu.",
                     (unsigned long long)message->unstuffed_dots);
    else if (is_endless)
        check_detail(
            analysis, finding,
            "The last line is a dot without CR LF in front and behind, or with more than that: the server "
            "waited for the end of the message.");
    else
        check_detail(analysis, finding,
                     "A dot with a CR missing in front or behind was taken for the end of the message.");
    if (finding && is_endless && message->unstuffed_dots == 0)
        finding->confidence = CONFIDENCE_LIKELY;
}

/* The client took fewer octets for the chunk, and the server waited for the rest. */
static void check_chunk(struct analysis *analysis, const struct message *message, size_t index)
{
    const struct content *content = &analysis->session->items[index].as.content;

    if (!message->is_bdat || content->is_complete || message->missing_bytes > 0
        || !is_over(analysis->session))
        return;
    bool has_command = content->swallowed != VERB_UNKNOWN;
    if (!has_command && !was_awaited(analysis, message))
        return;
    struct finding *finding = check_raise(analysis, RULE_BDAT_LENGTH_ANOMALY, index);
    if (has_command)
        check_detail(
            analysis, finding,
            "Fewer octets came than the size says, and the last line of them reads as a command (%s).",
            verb_name(content->swallowed));
    else
        check_detail(analysis, finding,
                     "Fewer octets came than the size says, and the server waited for the rest.");
    if (finding)
        finding->confidence = CONFIDENCE_LIKELY;
}

static void check_8bit(struct analysis *analysis, const struct message *message, size_t index,
                       const struct transaction *transaction)
{
    if (!message->has_8bit || transaction->is_8bitmime || transaction->is_smtputf8)
        return;
    const struct judgement *mail = &analysis->replay.judgements[transaction->mail_command - 1];
    struct finding *finding = check_raise(analysis, RULE_EIGHTBIT_UNDECLARED, index);
    if (mail->has_offer)
        check_detail(analysis, finding, "The server %s 8BITMIME.",
                     mail->offered & extension_bit(EXTENSION_EIGHTBITMIME) ? "offers" : "does not offer");
}

static void check_size(struct analysis *analysis, const struct message *message, size_t index,
                       const struct transaction *transaction)
{
    uint64_t declared = transaction->declared_size, limit = transaction->size_limit, size = message->size;
    bool is_beyond = limit > 0 && size > limit && declared <= limit;
    bool is_far = declared > 0 && size > SIZE_HEADERS && (size - SIZE_HEADERS) / SIZE_FACTOR > declared;

    if (!is_beyond && !is_far)
        return;
    struct finding *finding = check_raise(analysis, RULE_SIZE_MISMATCH, index);
    check_detail(analysis, finding, "It has %llu octets%s; %s %llu.", (unsigned long long)size,
                 message->is_complete ? "" : " or more",
                 is_beyond ? "the server had announced that it takes at most" : "declared were",
                 (unsigned long long)(is_beyond ? limit : declared));
}

static void check_message(struct analysis *analysis, const struct message *message, uint32_t number)
{
    const struct session *session = analysis->session;
    size_t index = message->last_item;
    const struct transaction *transaction = replay_transaction_of(&analysis->replay, number);

    if (index >= session->item_count || session->items[index].kind != ITEM_CONTENT)
        return;
    bool is_counted = !message->is_bdat && message->missing_bytes == 0 && !session->items[index].is_after_gap
                      && data_command(analysis, index) && check_was_content(analysis, index);
    if (is_counted) { /* line ends are not in a chunk, nor where the begin of the content is not known */
        check_carriage_returns(analysis, message, index);
        check_line_feeds(analysis, message, index);
        check_dots(analysis, message, index);
        check_lines(analysis, message, index);
    }
    check_chunk(analysis, message, index);
    if (!transaction || transaction->mail_command == 0)
        return; /* what was said of it is not known */
    check_8bit(analysis, message, index, transaction);
    check_size(analysis, message, index, transaction);
}

static void check_session(struct analysis *analysis)
{
    const struct session *session = analysis->session;

    for (size_t i = 0; i < session->message_count; i++)
        check_message(analysis, &session->messages[i], (uint32_t)i);
}

const struct check check_body = { .session = check_session };
