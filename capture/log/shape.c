/* Who speaks, by the shape of the line. */
#include "log/shape.h"

bool shape_is_server(const struct talk *talk, struct bytes text)
{
    uint16_t code;
    bool is_last;

    if (!log_text_is_reply(text, &code, &is_last) || code / 100 == 1 || code / 100 > 5)
        return false;
    return talk_mode(talk) != DIALOGUE_CONTENT || talk_content_is_empty(talk);
}

void shape_say(struct talk *talk, struct bytes text)
{
    talk_say(talk, shape_is_server(talk, text) ? SIDE_SERVER : SIDE_CLIENT, text);
}

bool shape_begins(struct bytes text)
{
    uint16_t code;
    bool is_last;

    if (log_text_is_reply(text, &code, &is_last))
        return text.len > 4 && (code == 220 || code == 421 || code == 521 || code == 554);
    return log_text_is_sure_command(text);
}

bool shape_is_plausible(const struct talk *talk, struct bytes text)
{
    switch (talk_mode(talk)) {
    case DIALOGUE_CONTENT:
        return true;
    case DIALOGUE_SASL:
        return bytes_find(text, ' ') == SIZE_MAX || log_text_is_command(text);
    case DIALOGUE_WAITS:
        return (text.len > 0 && bytes_find(text, ' ') == SIZE_MAX) || log_text_is_command(text);
    case DIALOGUE_COMMANDS:
        break;
    }
    return log_text_is_command(text);
}
