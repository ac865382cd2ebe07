/* Pieces of text for people. */
#include "report/text_parts.h"

#include "base/escape.h"
#include "base/limits.h"
#include "base/timestamp.h"

void text_tint(const struct report_options *options, enum tint tint, struct buf *out)
{
    static const char *const codes[] = { "", "\033[31m", "\033[33m", "\033[32m", "\033[2m", "\033[1m" };

    if (options->has_color)
        buf_append_text(out, codes[tint]);
}

void text_untint(const struct report_options *options, struct buf *out)
{
    if (options->has_color)
        buf_append_text(out, "\033[0m");
}

enum tint text_tint_of(enum severity severity)
{
    return severity == SEVERITY_ERROR ? TINT_ERROR : severity == SEVERITY_WARNING ? TINT_WARNING : TINT_FAINT;
}

void text_blanks(size_t count, struct buf *out)
{
    static const char blanks[] = "                                ";

    for (; count > sizeof blanks - 1; count -= sizeof blanks - 1)
        buf_append_text(out, blanks);
    buf_append(out, (struct bytes){ (const uint8_t *)blanks, count });
}

void text_time(uint64_t time_ns, struct buf *out)
{
    char text[TIMESTAMP_TEXT];
    size_t len = timestamp_format_seconds(time_ns, text);

    buf_append(out, (struct bytes){ (const uint8_t *)text, len });
}

void text_wire(struct bytes bytes, size_t most, struct buf *out)
{
    if (bytes.len <= most) {
        (void)escape_text(bytes, out);
        return;
    }
    size_t keep = most > 3 ? most - 3 : most;
    while (keep > 0 && (bytes.ptr[keep] & 0xc0) == 0x80) /* not inside a character */
        keep--;
    (void)escape_text(bytes_slice(bytes, 0, keep), out);
    buf_append_text(out, "...");
}

/* Where the line that begins the text ends: before the last blank that still fits, or the first if none does.
 */
static size_t fold_at(struct bytes text, size_t width)
{
    size_t at = width;

    if (text.len <= width)
        return text.len;
    while (at > 0 && text.ptr[at] != ' ')
        at--;
    if (at > 0)
        return at;
    size_t blank = bytes_find(bytes_from(text, width), ' ');
    return blank == SIZE_MAX ? text.len : width + blank;
}

void text_fold(struct bytes text, size_t indent, const struct report_options *options, struct buf *out)
{
    size_t width = options->columns > indent ? options->columns - indent : 1;

    while (text.len > 0 && text.ptr[text.len - 1] == ' ')
        text.len--;
    for (;;) {
        while (text.len > 0 && text.ptr[0] == ' ')
            text = bytes_from(text, 1);
        size_t end = fold_at(text, width);
        (void)escape_text(bytes_slice(text, 0, end), out);
        buf_append_u8(out, '\n');
        if (end == text.len)
            return;
        text = bytes_from(text, end);
        text_blanks(indent, out);
    }
}

enum { BODY_WORD = 24 }; /* shown of the first word of a message's line */

void text_command(const struct command *command, const struct report_options *options, size_t most,
                  struct buf *out)
{
    bool is_private = command->is_secret || command->is_body_line;

    if (!command->is_redacted && (!is_private || options->shows_secrets)) {
        text_wire(command->line, most, out);
        return;
    }
    if (command->is_body_line) {
        text_wire(command->word, BODY_WORD, out);
        buf_append_text(out, " (a line of a message, ");
        buf_append_u64(out, command->line_length);
        buf_append_text(out, " octets)");
        return;
    }
    if (command->verb == VERB_AUTH)
        buf_append_text(out, "AUTH ");
    buf_append_text(out, "(a credential, ");
    buf_append_u64(out, command->line_length);
    buf_append_text(out, " octets in the line)");
}

void text_sent(const struct report_options *options, struct buf *out)
{
    (void)options;
    buf_append_text(out, " -> ");
}

static void reply_line(const struct reply *reply, uint32_t line, size_t indent,
                       const struct report_options *options, struct buf *out)
{
    bool is_refusal = reply->code >= 400;
    bool is_last = line + 1 >= reply->line_count;

    text_blanks(indent, out);
    if (is_refusal)
        text_tint(options, TINT_ERROR, out);
    buf_append_text(out, is_refusal ? "<** " : "<-  ");
    buf_append_u64(out, reply->code);
    buf_append_u8(out, is_last ? ' ' : '-');
    if (line < reply->line_count)
        text_wire(reply->lines[line], options->columns > indent + 9 ? options->columns - indent - 9 : 40,
                  out);
    if (reply->is_redacted)
        buf_append_text(out, "(withheld: it gives away a credential)");
    if (is_refusal)
        text_untint(options, out);
    buf_append_u8(out, '\n');
}

void text_reply(const struct reply *reply, size_t indent, const struct report_options *options,
                bool all_lines, struct buf *out)
{
    uint32_t count = all_lines ? reply->line_count : reply->line_count ? 1 : 0;

    if (count == 0)
        reply_line(reply, 0, indent, options, out);
    for (uint32_t i = 0; i < count; i++)
        reply_line(reply, i, indent, options, out);
}
