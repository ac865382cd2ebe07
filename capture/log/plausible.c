/* What only SMTP says, and what it never says. */
#include "log/plausible.h"

/* EHLO, MAIL FROM:, DATA and the like; NOOP, HELP and QUIT are said in other protocols too. */
static bool is_verb_of_smtp(enum verb verb)
{
    static const bool rows[VERB_COUNT] = {
        [VERB_EHLO] = true,     [VERB_HELO] = true, [VERB_LHLO] = true, [VERB_MAIL] = true,
        [VERB_RCPT] = true,     [VERB_DATA] = true, [VERB_BDAT] = true, [VERB_VRFY] = true,
        [VERB_EXPN] = true,     [VERB_ETRN] = true, [VERB_RSET] = true, [VERB_AUTH] = true,
        [VERB_STARTTLS] = true, [VERB_BURL] = true
    };

    return rows[verb];
}

/* Positive replies that RFC 5321 and its extensions do not have, and FTP and NNTP do. */
static bool is_code_of_others(uint16_t code)
{
    static const uint16_t ours[] = { 200, 211, 214, 220, 221, 235, 240, 250, 251, 252, 253, 334, 354 };

    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        if (code == ours[i])
            return false;
    return code < 400;
}

/* "MAIL FROM:<...", "RCPT TO:<...": no prose. */
static bool has_path(const struct command *command)
{
    return (command->verb == VERB_MAIL && bytes_starts_nocase(command->argument, BYTES("FROM:")))
           || (command->verb == VERB_RCPT && bytes_starts_nocase(command->argument, BYTES("TO:")));
}

/* What a client never says: the arrow in front of it meant something else. */
static bool is_number(struct bytes word)
{
    return word.len == 3 && ascii_is_digit(word.ptr[0]) && ascii_is_digit(word.ptr[1])
           && ascii_is_digit(word.ptr[2]);
}

struct evidence {
    bool has_greeting;
    size_t answered; /* verbs of SMTP that have a reply */
    size_t common;   /* verbs that others have too, with a reply */
    size_t paths;
    size_t foreign; /* replies of other protocols, and what no client says */
};

static void weigh(const struct item *item, struct evidence *evidence)
{
    uint16_t code = item->reply ? item->reply->code : 0;

    evidence->foreign += code > 0 && is_code_of_others(code);
    evidence->has_greeting = evidence->has_greeting || item->kind == ITEM_GREETING;
    if (item->kind != ITEM_COMMAND)
        return;
    bool is_ours = code > 0 && !is_code_of_others(code);
    evidence->answered += is_ours && is_verb_of_smtp(item->as.command.verb);
    evidence->common += is_ours && item->as.command.verb != VERB_UNKNOWN;
    evidence->foreign += is_number(item->as.command.word);
    evidence->paths += has_path(&item->as.command);
}

bool plausible_is_smtp(const struct session *session, bool is_sure)
{
    struct evidence evidence = { .has_greeting = false };

    for (size_t i = 0; i < session->item_count; i++)
        weigh(&session->items[i], &evidence);
    if (evidence.foreign > evidence.answered)
        return false;
    return evidence.answered > 0 || evidence.paths > 0
           || (evidence.has_greeting && (is_sure || evidence.common > 0));
}
