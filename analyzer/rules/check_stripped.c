/* What the EHLO replies of a server offered over the run, and where STARTTLS was taken away. */
#include "rules/check.h"

enum offer_count { OFFER_MADE, OFFER_MISSED, OFFER_COUNTS };
_Static_assert((int)OFFER_COUNTS <= (int)HISTORY_COUNTS, "an entry holds them all");

/* Keywords as long as STARTTLS. */
enum { KEYWORD_LENGTH = 8 };
static const enum extension as_long[] = { EXTENSION_CHUNKING, EXTENSION_SMTPUTF8, EXTENSION_EIGHTBITMIME };

enum mask { MASK_NONE = 0, MASK_RECOGNISED, MASK_PLAIN, MASK_LETTERED };

/* A device overwrites in place, so the length stays: "XXXXXXXX", "********", "XXXXXXXA" where it numbers them
 * by letters, or STARTTLS with a letter or two replaced. */
static enum mask mask_of(struct bytes keyword)
{
    static const char plain[] = "STARTTLS";
    size_t masks = 0, differences = 0;

    if (keyword.len != KEYWORD_LENGTH)
        return MASK_NONE;
    for (size_t i = 0; i < keyword.len; i++) {
        uint8_t c = ascii_upper(keyword.ptr[i]);
        masks += c == 'X' || c == '*' || c == '#';
        differences += c != (uint8_t)plain[i];
    }
    if (masks == KEYWORD_LENGTH)
        return MASK_PLAIN;
    if (masks == KEYWORD_LENGTH - 1 && differences == KEYWORD_LENGTH)
        return MASK_LETTERED;
    return masks > 0 && masks <= 2 && masks == differences ? MASK_RECOGNISED : MASK_NONE;
}

/* How sure it is that a masked line was STARTTLS; NONE where others of its length explain all of them: who
 * offers BINARYMIME has to offer CHUNKING (RFC 3030 3). */
static enum confidence masked_confidence(const struct reply *reply, uint64_t offered, bool was_offered)
{
    size_t masked = 0, others = 0;
    enum mask kind = MASK_NONE;
    bool hides_chunking =
        (offered & extension_bit(EXTENSION_BINARYMIME)) && !(offered & extension_bit(EXTENSION_CHUNKING));

    for (uint32_t i = 1; i < reply->line_count; i++) {
        struct bytes line = reply->lines[i];
        if (line.len < KEYWORD_LENGTH || (line.len > KEYWORD_LENGTH && line.ptr[KEYWORD_LENGTH] != ' '))
            continue;
        enum mask mask = mask_of(bytes_slice(line, 0, bytes_find(line, ' ')));
        if (mask == MASK_RECOGNISED)
            return CONFIDENCE_CERTAIN;
        kind = mask ? mask : kind;
        masked += mask != MASK_NONE;
    }
    for (size_t i = 0; i < sizeof as_long / sizeof as_long[0]; i++)
        others += !(offered & extension_bit(as_long[i]));
    if (masked <= hides_chunking)
        return CONFIDENCE_NONE;
    if (was_offered || masked > others || (masked == 1 && kind == MASK_PLAIN))
        return CONFIDENCE_CERTAIN;
    return masked == 1 ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE;
}

static bool is_behind_gap(const struct session *session, const struct item *item)
{
    const struct item *gap = session->items;

    while (gap < item && gap->kind != ITEM_GAP)
        gap++;
    return gap < item;
}

/* The first greeting in plaintext that was EHLO and accepted, with its whole reply; NULL if there is none. */
static const struct judgement *first_offer(const struct analysis *analysis, const struct item **greeting)
{
    const struct replay *replay = &analysis->replay;

    for (size_t i = 0; i < replay->judgement_count; i++) {
        const struct judgement *judgement = &replay->judgements[i];
        if (!judgement->has_offer || !judgement->greeting_command)
            continue;
        *greeting = replay_command(replay, judgement->greeting_command);
        if (judgement->is_helo || judgement->is_tls || judgement->is_authenticated || !*greeting
            || !(*greeting)->reply || is_behind_gap(analysis->session, *greeting))
            return NULL; /* behind missing bytes it may be the EHLO of one who has logged in */
        const struct reply *reply = (*greeting)->reply;
        bool is_whole = reply->is_complete && !reply->is_after_gap && !reply->is_redacted
                        && !reply->has_odd_line && reply->lines_dropped == 0;
        return is_whole ? judgement : NULL;
    }
    return NULL;
}

static void raise_stripped(struct analysis *analysis, const struct item *greeting, enum confidence confidence,
                           const char *detail)
{
    size_t index = analysis->replay.command_items[greeting->as.command.n - 1];
    struct finding *finding = check_raise(analysis, RULE_STARTTLS_STRIPPED, index);

    if (!finding)
        return;
    finding->confidence = confidence;
    check_detail(analysis, finding, "%s", detail);
}

/* Where most sessions get no offer it is the one that did which is odd.  Told once of a server, and again
 * when it was missing ten times as often. */
static void check_missing(struct analysis *analysis, const struct item *greeting, struct history_entry *entry,
                          bool was_offered)
{
    bool is_usual = entry->count[OFFER_MADE] > entry->count[OFFER_MISSED]++;

    if (was_offered && is_usual && history_is_due(entry, entry->count[OFFER_MISSED], 1))
        raise_stripped(
            analysis, greeting, CONFIDENCE_POSSIBLE,
            "The same address and port offered STARTTLS in an earlier session. Several servers behind one "
            "address, or a rule for this client, would explain it as well.");
}

static void check_session(struct analysis *analysis)
{
    const struct session *session = analysis->session;
    const struct item *greeting = NULL;
    const struct judgement *offer = first_offer(analysis, &greeting);

    if (!offer || session->is_midstream || session->protocol == PROTOCOL_LMTP)
        return;
    uint64_t time_ns = greeting->reply->at.time_ns;
    struct history_entry *entry = history_of_offer(check_history(analysis), session, EXTENSION_STARTTLS);
    if (!entry)
        return;
    if (offer->offered & extension_bit(EXTENSION_STARTTLS)) {
        entry->count[OFFER_MADE]++;
        history_note_offer(entry, time_ns);
        return;
    }
    bool was_offered = entry->bits && entry->first_ns < time_ns;
    enum confidence confidence = masked_confidence(greeting->reply, offer->offered, was_offered);
    if (confidence != CONFIDENCE_NONE)
        raise_stripped(analysis, greeting, confidence,
                       "A line of the EHLO reply is overwritten, in the length of STARTTLS.");
    else
        check_missing(analysis, greeting, entry, was_offered);
}

const struct check check_stripped = { .session = check_session };
