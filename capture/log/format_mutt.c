/* Mutt and NeoMutt with -d: a number of a descriptor, and an arrow; lines of IMAP and POP stand between them.
 *     [2026-11-26 17:50:37] Connected to mx.example:25 on fd=4
 *     [2026-11-26 17:50:37] 4< 220 mx.example ESMTP
 *     [2026-11-26 17:50:39]<2> mutt_socket_write_d() 4> EHLO client.example
 * Content is not shown at the usual levels.  The source is mutt_socket.c (conn/socket.c). */
#include "log/format_rows.h"
#include "log/marks.h"
#include "log/shape.h"

/* "<2> mutt_socket_write_d() " of NeoMutt. */
static void skip_function(struct bytes *text)
{
    size_t end = log_text_find(*text, "() ");

    if (text->len > 2 && text->ptr[0] == '<' && text->ptr[2] == '>' && end != SIZE_MAX)
        *text = bytes_from(*text, end + 3);
}

/* "4> EHLO c": the descriptor, who speaks, and what. */
static bool read_said(struct bytes text, struct bytes *key, enum side *side, struct bytes *said)
{
    size_t digits = 0;

    while (digits < text.len && ascii_is_digit(text.ptr[digits]))
        digits++;
    if (digits == 0 || digits + 1 >= text.len || text.ptr[digits + 1] != ' '
        || (text.ptr[digits] != '>' && text.ptr[digits] != '<'))
        return false;
    *key = bytes_slice(text, 0, digits);
    *side = text.ptr[digits] == '>' ? SIDE_CLIENT : SIDE_SERVER;
    *said = bytes_from(text, digits + 2);
    return true;
}

static enum log_claim claim(const struct log_line *line)
{
    struct bytes text = line->text, key, said;
    enum side side;

    if (line->stamp.clock != LOG_CLOCK_FULL)
        return LOG_CLAIM_NONE;
    skip_function(&text);
    return read_said(text, &key, &side, &said) && shape_begins(said) ? LOG_CLAIM_STRONG : LOG_CLAIM_NONE;
}

/* "Connected to 192.0.2.1:25 on fd=4" */
static bool read_connected(struct log_reader *reader, const struct log_line *line, struct bytes text)
{
    size_t fd = log_text_find(text, " on fd=");

    if (!log_text_skip(&text, "Connected to ") || fd == SIZE_MAX)
        return false;
    fd -= strlen("Connected to ");
    struct talk *talk = log_talk(reader, line, bytes_from(text, fd + strlen(" on fd=")));
    talk_open(talk);
    marks_tell_server(talk, bytes_slice(text, 0, fd));
    return true;
}

static void read(struct log_reader *reader, const struct log_line *line)
{
    struct bytes text = line->text, key, said;
    enum side side;

    skip_function(&text);
    if (read_connected(reader, line, text) || !read_said(text, &key, &side, &said))
        return;
    struct talk *talk = log_talk(reader, line, key);
    if (talk_has_begun(talk) || shape_begins(said))
        talk_say(talk, side, said);
}

const struct log_format log_format_mutt = {
    .name = "Mutt", .title = "Mutt or NeoMutt", .claim = claim, .read = read
};
