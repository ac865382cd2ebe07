/* Lines that are no command that a server knows: a command that is wrong, or the rest of a message that was
 * read on as commands, because a lone dot had ended it, or a chunk was longer than its size. */
#include "rules/check.h"
#include "rules/octets.h"

enum { REST_LEAST = 3 }; /* lines of text that are no accident, where no dot ends them */

/* Lines behind a content that no server knows. */
struct rest {
    size_t end; /* index of the first item that is none of them */
    uint32_t lines;
    bool has_dot; /* the end of data, a second time */
};

static bool is_dot(const struct command *command)
{
    return command->line.len == 1 && command->line.ptr[0] == '.';
}

/* Words of prose that are verbs too. */
static bool may_be_text(const struct item *item)
{
    enum verb verb = item->as.command.verb;
    bool is_prose = verb == VERB_UNKNOWN || verb == VERB_HELP || verb == VERB_SEND || verb == VERB_TURN;

    return is_prose && !(item->reply && item->reply->code < 400);
}

static struct rest rest_behind(const struct session *session, size_t content)
{
    struct rest rest = { .end = content + 1 };

    for (; rest.end < session->item_count && !rest.has_dot; rest.end++) {
        const struct item *item = &session->items[rest.end];
        if (item->kind == ITEM_REPLY)
            continue;
        if (item->kind != ITEM_COMMAND || !may_be_text(item))
            break;
        rest.has_dot = is_dot(&item->as.command);
        rest.lines += !rest.has_dot;
    }
    return rest;
}

/* Returns the index behind the rest of the content at `index`; the next one if there is none. */
static size_t check_rest(struct analysis *analysis, size_t index)
{
    const struct session *session = analysis->session;
    const struct content *content = &session->items[index].as.content;
    struct rest rest = rest_behind(session, index);
    bool is_bdat = content->message < session->message_count && session->messages[content->message].is_bdat;

    if (!content->is_complete || (!rest.has_dot && rest.lines < REST_LEAST))
        return index + 1;
    struct finding *finding =
        check_raise(analysis, is_bdat ? RULE_BDAT_LENGTH_ANOMALY : RULE_DOT_STUFFING, index);
    if (!finding)
        return rest.end;
    if (!rest.has_dot || rest.lines == 0)
        finding->confidence = CONFIDENCE_LIKELY;
    check_detail(analysis, finding,
                 "%s, and the server read what was left as commands: %u lines that it does not know%s.",
                 is_bdat ? "The chunk was longer than its size" : "A lone dot ended the message early",
                 (unsigned)rest.lines, rest.has_dot ? ", and a second dot" : "");
    return rest.end;
}

/* An X-verb that the server offers in its EHLO reply is no unknown one. */
static bool is_offered(const struct replay *replay, struct bytes word)
{
    for (uint32_t i = 1; replay->ehlo_reply && i < replay->ehlo_reply->line_count; i++)
        if (bytes_starts_nocase(replay->ehlo_reply->lines[i], word))
            return true;
    return false;
}

/* XXXX: a device on the way has written over it. */
static bool is_masked(struct bytes word)
{
    for (size_t i = 0; i < word.len; i++)
        if (ascii_upper(word.ptr[i]) != 'X')
            return false;
    return true;
}

static void check_line(struct analysis *analysis, size_t index)
{
    const struct item *item = &analysis->session->items[index];
    const struct command *command = &item->as.command;
    enum once kind = command->word.len ? ONCE_UNKNOWN : ONCE_EMPTY;

    if (command->verb != VERB_UNKNOWN || check_was_told(analysis, kind) || command->is_body_line
        || command->is_secret || command->is_redacted || item->is_after_gap || !item->reply
        || item->reply->code < 500)
        return;
    if (is_dot(command) || (octets_of(command->line) & OCTETS_CONTROL))
        return; /* an end of data in the wrong place, or told as what it is */
    if (command->word.len > 0 && (is_offered(&analysis->replay, command->word) || is_masked(command->word)))
        return;
    if (!check_is_first(analysis, kind))
        return;
    struct finding *finding = check_raise(analysis, RULE_COMMAND_SYNTAX, index);
    check_detail(
        analysis, finding, "%s.",
        kind == ONCE_EMPTY ? "The line is empty: a line end too many, perhaps"
        : bytes_starts_nocase(command->word, BYTES("\xef\xbb\xbf"))
            ? "A byte order mark (U+FEFF) stands in front of it: the program writes UTF-8 with a signature"
            : "No SMTP command begins with this word");
}

/* HTTP on this port is no command that is wrong. */
static bool is_http(const struct session *session)
{
    const struct item *first = session_command(session, 1);

    return first && first->as.command.verb == VERB_UNKNOWN
           && bytes_find_nocase(first->as.command.argument, BYTES("HTTP/1")) != SIZE_MAX;
}

static void check_session(struct analysis *analysis)
{
    const struct session *session = analysis->session;

    if (!check_was_told(analysis, ONCE_SAW_UNKNOWN) || analysis->replay.has_gaps || is_http(session))
        return;
    for (size_t i = 0; i < session->item_count;) {
        if (session->items[i].kind == ITEM_CONTENT) {
            i = check_rest(analysis, i);
            continue;
        }
        if (session->items[i].kind == ITEM_COMMAND)
            check_line(analysis, i);
        i++;
    }
}

/* Sessions without such a line are not walked through. */
static void note_unknown(struct analysis *analysis, size_t index)
{
    (void)index;
    (void)check_is_first(analysis, ONCE_SAW_UNKNOWN);
}

const struct check check_unknown = { .command = note_unknown,
                                     .verbs = 1u << VERB_UNKNOWN,
                                     .session = check_session };
