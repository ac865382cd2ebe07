/* Lines that were cut off at the width of what they were shown on: what of them can be relied upon. */
#include "log/log_text.h"
#include "log/talk_state.h"
#include "smtp/command_line.h"

/* Those that stand alone in their line, as a rule. */
static bool is_alone(enum verb verb)
{
    static const bool rows[VERB_COUNT] = { [VERB_DATA] = true, [VERB_RSET] = true,     [VERB_QUIT] = true,
                                           [VERB_NOOP] = true, [VERB_STARTTLS] = true, [VERB_TURN] = true };

    return rows[verb];
}

/* "mx.exam", "[192.0.2.1]": a name that nobody could object to, though there may be more of it. */
static bool is_name(struct bytes text)
{
    uint8_t last = text.len ? text.ptr[text.len - 1] : 0;

    return bytes_find(text, '[') == SIZE_MAX ? ascii_is_digit(last) || ascii_is_letter(last) : last == ']';
}

/* "AUTH PLAIN AGFs": up to the mechanism, if a blank shows that it is all of it. */
static size_t shown_of_auth(struct bytes text, struct bytes argument)
{
    struct bytes rest = argument;
    struct bytes mechanism = log_text_word(&rest);
    bool is_whole = mechanism.len > 0 && mechanism.ptr + mechanism.len < text.ptr + text.len;

    return is_whole ? (size_t)(mechanism.ptr + mechanism.len - text.ptr) : sizeof "AUTH" - 1;
}

enum talk_cut talk_cut_command(struct bytes text, size_t *shown)
{
    struct command_line line = command_line_parse(text);
    bool has_path = line.verb == VERB_MAIL || line.verb == VERB_RCPT;
    bool is_greeting = verb_is_hello(line.verb);
    size_t path_end = has_path ? bytes_find(text, '>') : SIZE_MAX;

    *shown = text.len;
    if (line.verb == VERB_UNKNOWN && bytes_find(bytes_trim(text), ' ') == SIZE_MAX)
        return TALK_CUT_VERB;
    if (is_alone(line.verb) || (is_greeting && is_name(line.argument)))
        return TALK_CUT_NOTHING;
    if (path_end != SIZE_MAX) {
        *shown = path_end + 1; /* of the parameters none is sure */
        return TALK_CUT_NOTHING;
    }
    *shown = line.verb == VERB_AUTH ? shown_of_auth(text, line.argument)
                                    : (size_t)(line.word.ptr + line.word.len - text.ptr);
    return TALK_CUT_ARGUMENT;
}

/* "AUTH PLAIN LO", "SIZE 10": what is not there would change what is offered. */
bool talk_cut_offer(struct bytes text)
{
    struct bytes rest = bytes_from(text, 4);
    struct bytes word = log_text_word(&rest);

    return rest.len == 0 || bytes_starts_nocase(word, BYTES("AUTH"))
           || bytes_starts_nocase(word, BYTES("SIZE")) || bytes_starts_nocase(word, BYTES("LIMITS"));
}

bool talk_cut_has_code(struct bytes text)
{
    uint16_t code;
    bool is_last;

    return text.len > 3 && log_text_is_reply(text, &code, &is_last);
}
