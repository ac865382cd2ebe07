/* Where the dialogue is picked up: in the middle, or behind missing bytes.  The client's bytes are held until
 * the server says something, and then read by what it has acknowledged.  Nothing is invented: what may be a
 * piece of a line, or of a message, becomes no command. */
#include "dialogue/state.h"

void unsure_begin(struct dialogue *d)
{
    d->mode = CLIENT_UNSURE;
    d->hold.reason = HOLD_UNSURE;
}

struct survey {
    uint32_t lines;    /* but for dots */
    uint32_t commands; /* lines that read as such */
    bool first_is_command;
    bool has_dot; /* nothing but a dot in a line; the first line may be what is left of a longer one */
};

static void survey_line(struct survey *survey, struct bytes line)
{
    if (line.len > 0 && line.ptr[line.len - 1] == '\r')
        line.len--;
    if (bytes_equal(line, BYTES("."))) {
        survey->has_dot = survey->has_dot || survey->lines > 0;
        return;
    }
    bool is_command = client_line_is_command(line);
    if (survey->lines == 0)
        survey->first_is_command = is_command;
    survey->lines++;
    survey->commands += is_command;
}

static struct survey survey_of(struct bytes text)
{
    struct survey survey = { 0 };

    for (size_t lf; (lf = bytes_find(text, '\n')) != SIZE_MAX; text = bytes_from(text, lf + 1))
        survey_line(&survey, bytes_slice(text, 0, lf));
    return survey;
}

/* Lines that nobody answered one by one are a message. */
static bool is_content(const struct survey *survey, uint16_t code)
{
    if (survey->has_dot && !survey->first_is_command)
        return true;
    if (code == 0) /* no answer at all */
        return survey->lines > 0 && !survey->first_is_command;
    return survey->lines > 2 && survey->commands == 0;
}

void unsure_decide(struct dialogue *d, uint64_t acked, uint16_t code)
{
    struct buf text;

    if (!d->hold.first) {
        d->hold.reason = HOLD_NONE;
        d->mode = CLIENT_COMMANDS;
        d->skips = SKIP_FRAGMENT;
        return;
    }
    buf_init(&text, LIMIT_HOLD + 1);
    hold_join(d, acked, &text);
    struct survey survey = survey_of(buf_bytes(&text));
    buf_release(&text);
    if (is_content(&survey, code)) {
        content_begin(d, UINT32_MAX, true);
        client_resume(d, CLIENT_CONTENT);
        return;
    }
    d->skips = SKIP_FRAGMENT;
    client_resume(d, CLIENT_COMMANDS);
}
