/* Findings about devices that overwrite what passes through them: Cisco's fixup (later ESMTP inspection) is
 * the known one. */
#include "rules/check.h"

enum { LEAST_STARS = 6, LEAST_MASKED = 4, STARTTLS_LENGTH = 8 };

/* It leaves of a greeting the code and every 2, 0 and blank. */
static bool is_masked_banner(struct bytes text)
{
    size_t stars = 0;

    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        if (c != '*' && c != '2' && c != '0' && c != ' ')
            return false;
        stars += c == '*';
    }
    return stars >= LEAST_STARS;
}

/* XXXA, XXXXXXXB, XXXXXXXX: as long as the word that it stands for; a last letter only counts. */
static bool is_upper(uint8_t c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_masked_word(struct bytes word)
{
    size_t masked = 0;

    while (masked < word.len && word.ptr[masked] == 'X')
        masked++;
    return word.len >= LEAST_MASKED
           && (masked == word.len || (masked + 1 == word.len && is_upper(word.ptr[masked])));
}

static bool is_told(const struct analysis *analysis)
{
    for (size_t i = 0; i < analysis->finding_count; i++)
        if (analysis->findings[i].rule == RULE_MIDDLEBOX_MASKING)
            return true;
    return false;
}

static struct bytes keyword_of(struct bytes line)
{
    size_t blank = bytes_find(line, ' ');

    return bytes_slice(line, 0, blank == SIZE_MAX ? line.len : blank);
}

static bool offers_starttls(const struct reply *reply)
{
    for (uint32_t i = 1; i < reply->line_count; i++)
        if (extension_parse(reply->lines[i]) == EXTENSION_STARTTLS)
            return true;
    return false;
}

static void check_keywords(struct analysis *analysis, size_t index)
{
    const struct reply *reply = analysis->session->items[index].reply;
    unsigned masked = 0;
    bool may_be_starttls = false;

    for (uint32_t i = 1; i < reply->line_count; i++) {
        struct bytes line = reply->lines[i];
        if (line.len == 0 || line.ptr[0] != 'X' || !is_masked_word(keyword_of(line)))
            continue;
        masked++;
        may_be_starttls = may_be_starttls || keyword_of(line).len == STARTTLS_LENGTH;
    }
    if (masked == 0 || is_told(analysis))
        return;
    check_detail(analysis, check_raise(analysis, RULE_MIDDLEBOX_MASKING, index),
                 "Keywords masked in the EHLO reply: %u%s.", masked,
                 may_be_starttls && !offers_starttls(reply)
                     ? ", one of them as long as STARTTLS, which is not offered"
                     : "");
}

/* The server saw other letters than the client sent: its complaint quotes them. */
static void check_quoted(struct analysis *analysis, size_t index)
{
    static const char *const masked[] = { "XXXX", NULL };
    const struct item *item = &analysis->session->items[index];

    if (item->reply->code >= 500 && bytes_find(item->as.command.line, 'X') == SIZE_MAX
        && check_says_any(item->reply, masked) && !is_told(analysis))
        check_detail(
            analysis, check_raise(analysis, RULE_MIDDLEBOX_MASKING, index),
            "The server was shown other letters than the client had sent: EHLO is masked, and with it go all "
            "extensions.");
}

static void check_command(struct analysis *analysis, size_t index)
{
    const struct item *item = &analysis->session->items[index];
    const struct command *command = &item->as.command;

    if (command->verb == VERB_EHLO && item->reply && item->reply->code < 400)
        check_keywords(analysis, index);
    else if (command->verb == VERB_EHLO && item->reply)
        check_quoted(analysis, index);
    if (command->verb != VERB_UNKNOWN || command->word.len == 0 || command->word.ptr[0] != 'X'
        || command->is_body_line || command->is_secret || !is_masked_word(command->word) || is_told(analysis))
        return;
    struct finding *finding = check_raise(analysis, RULE_MIDDLEBOX_MASKING, index);
    if (!finding)
        return;
    finding->confidence = CONFIDENCE_LIKELY;
    check_detail(analysis, finding, "A command of %u letters arrived masked.", (unsigned)command->word.len);
}

static void check_session(struct analysis *analysis)
{
    const struct reply *greeting = analysis->replay.greeting;

    if (!greeting || greeting->line_count == 0 || !is_masked_banner(greeting->lines[0]) || is_told(analysis))
        return;
    struct finding *finding =
        check_raise_session(analysis, RULE_MIDDLEBOX_MASKING, analysis->replay.greeting_at);
    if (!finding)
        return;
    finding->reply_code = greeting->code;
    check_detail(analysis, finding, "The greeting is blanked with asterisks.");
}

const struct check check_middlebox = { .command = check_command,
                                       .verbs = 1u << VERB_EHLO | 1u << VERB_UNKNOWN,
                                       .session = check_session };
