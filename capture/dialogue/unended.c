/* What the client had begun to say when the connection ended: a line that nobody can have read as one. */
#include "dialogue/state.h"

/* Of a line that never ended what may be shown: a credential has none of the verbs, or stands behind AUTH,
 * perhaps in one of more lines whose ends are none. */
static struct bytes public_part(struct bytes text)
{
    static const char spelt_out[] = "\\r\\n"; /* four characters */
    enum verb verb = command_line_begun_verb(text);
    size_t cr = bytes_find(text, '\r'), escape = bytes_find_nocase(text, bytes_of(spelt_out));
    size_t len = text.len < LIMIT_UNENDED ? text.len : LIMIT_UNENDED;

    if (verb == VERB_UNKNOWN || verb == VERB_AUTH)
        return (struct bytes){ NULL, 0 };
    if (cr < len)
        len = cr + 1;
    if (escape != SIZE_MAX && escape + sizeof spelt_out - 1 <= len)
        len = escape + sizeof spelt_out - 1;
    return bytes_slice(text, 0, len);
}

void client_end(struct dialogue *d)
{
    struct bytes text = buf_bytes(&d->client_line.kept);
    bool is_command = d->mode == CLIENT_COMMANDS;

    if (!d->client_line.is_begun || d->lost_client_bytes || (!is_command && d->mode != CLIENT_SASL)
        || bytes_equal(text, BYTES("\r")))
        return;
    d->session->unended =
        (struct unended_line){ .length = d->client_line.length, .first = d->client_line.first };
    if (is_command)
        d->session->unended.text = arena_copy(&d->session->arena, public_part(text));
}
