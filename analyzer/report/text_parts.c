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

void text_start(const struct session *session, struct buf *out)
{
    char text[TIMESTAMP_TEXT];
    enum log_clock clock = session->log ? session->log->clock : LOG_CLOCK_FULL;

    if (clock == LOG_CLOCK_FULL) {
        text_time(session->start_ns, out);
        return;
    }
    (void)timestamp_format_seconds(session->start_ns, text);
    if (clock == LOG_CLOCK_NONE) {
        buf_append_text(out, "(times not logged)");
        text_blanks(1, out);
        return;
    }
    size_t from = clock == LOG_CLOCK_OF_DAY ? 11 : 5; /* of "2026-11-24 13:00:00" */
    text_blanks(from, out);
    buf_append_text(out, text + from);
}

static void put_server(const struct session *session, struct buf *out)
{
    char text[ENDPOINT_TEXT];
    const struct log_facts *log = session->log;

    if (!log || session->server.address.family || !log->server_name.len) {
        endpoint_format(&session->server, text);
        buf_append_text(out, text);
        return;
    }
    text_wire(log->server_name, 60, out);
    if (session->server.port) {
        buf_append_u8(out, ':');
        buf_append_u64(out, session->server.port);
    }
}

void text_ends(const struct session *session, bool with_port, struct buf *out)
{
    char text[ENDPOINT_TEXT];

    if (with_port)
        endpoint_format(&session->client, text);
    else
        address_format(&session->client.address, text);
    buf_append_text(out, session->log && !session->client.address.family ? "client" : text);
    buf_append_text(out, " -> ");
    if (session->log && !session->server.address.family && !session->log->server_name.len)
        buf_append_text(out, "server");
    else
        put_server(session, out);
    if (!session->log)
        return;
    buf_append_text(out, "  (log of ");
    text_wire(session->log->program, 40, out);
    buf_append_text(out, ", line ");
    buf_append_u64(out, session->first_packet.number);
    buf_append_u8(out, ')');
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

/* The character at `at`: its length, and whether it is a wide one.  What is no UTF-8 was escaped before. */
static size_t character_at(struct bytes text, size_t at, bool *is_wide)
{
    uint8_t first = text.ptr[at];
    size_t len = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

    /* U+3000 and above, but for the few narrow ones that nobody writes. */
    *is_wide = first >= 0xe3 && first < 0xf0;
    return len < text.len - at ? len : text.len - at;
}

size_t text_width(struct bytes text)
{
    size_t width = 0;
    bool is_wide;

    for (size_t at = 0; at < text.len; width += is_wide ? 2 : 1)
        at += character_at(text, at, &is_wide);
    return width;
}

/* What no line begins with: the points and closing brackets of Japanese. */
static bool is_closing(struct bytes text)
{
    static const char *const signs[] = { "\xe3\x80\x81", "\xe3\x80\x82", "\xe3\x80\x8d", "\xef\xbc\x89",
                                         "\xef\xbc\x9a" };

    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
        if (bytes_equal(bytes_slice(text, 0, 3), bytes_of(signs[i])))
            return true;
    return false;
}

/* As fold_at, in columns. */
static size_t fold_wide_at(struct bytes text, size_t columns)
{
    size_t width = 0, last = 0, at = 0;
    bool is_wide;

    while (at < text.len) {
        size_t len = character_at(text, at, &is_wide);
        if (text.ptr[at] == ' ')
            last = at;
        width += is_wide ? 2 : 1;
        if (width > columns && at > 0)
            return last > 0 ? last : at; /* without a blank: in the middle of the word */
        at += len;
        if (is_wide && width <= columns && !is_closing(bytes_from(text, at)))
            last = at;
    }
    return text.len;
}

/* Where the next line ends, of so many columns at most. */
typedef size_t fold_function(struct bytes text, size_t columns);

static void fold(struct bytes text, size_t indent, const struct report_options *options,
                 fold_function *fold_of, struct buf *out)
{
    size_t columns = options->columns > indent ? options->columns - indent : 1;

    while (text.len > 0 && text.ptr[text.len - 1] == ' ')
        text.len--;
    for (;;) {
        while (text.len > 0 && text.ptr[0] == ' ')
            text = bytes_from(text, 1);
        size_t end = fold_of(text, columns);
        (void)escape_text(bytes_slice(text, 0, end), out);
        buf_append_u8(out, '\n');
        if (end == text.len)
            return;
        text = bytes_from(text, end);
        text_blanks(indent, out);
    }
}

/* ESC [ ... m: colours, which take no column.  0: none begins here. */
static size_t tint_length(struct bytes text)
{
    size_t end = text.len > 1 && text.ptr[0] == '\033' ? bytes_find(text, 'm') : SIZE_MAX;

    return end == SIZE_MAX ? 0 : end + 1;
}

/* As nearly all is: a column an octet. */
static bool is_plain(struct bytes text)
{
    bool is_odd = false;

    for (size_t i = 0; i < text.len; i++)
        is_odd |= text.ptr[i] >= 0x7f || text.ptr[i] < ' ';
    return !is_odd;
}

/* The last blank of plain text that has begun before it; `columns` where there is none. */
static size_t fold_plain_at(struct bytes text, size_t columns)
{
    size_t begin = 0, at = columns;

    while (begin < columns && text.ptr[begin] == ' ')
        begin++;
    while (at > begin && text.ptr[at] != ' ')
        at--;
    return at > begin ? at : columns;
}

/* As fold_wide_at, of text that is escaped and may hold colours. */
static size_t fold_tinted_at(struct bytes text, size_t columns)
{
    size_t width = 0, last = 0, at = 0;
    bool is_wide, has_begun = false;

    if (columns > 0 && text.len > columns && is_plain(bytes_slice(text, 0, columns + 1)))
        return fold_plain_at(text, columns);
    while (at < text.len) {
        size_t tint = tint_length(bytes_from(text, at));
        if (tint) {
            at += tint;
            continue;
        }
        size_t len = character_at(text, at, &is_wide);
        has_begun = has_begun || text.ptr[at] != ' ';
        if (text.ptr[at] == ' ' && has_begun)
            last = at;
        width += is_wide ? 2 : 1;
        if (width > columns && at > 0)
            return last > 0 ? last : at;
        at += len;
        if (is_wide && width <= columns && !is_closing(bytes_from(text, at)))
            last = at;
    }
    return text.len;
}

void text_end_line(size_t from, size_t indent, const struct report_options *options, struct buf *out)
{
    struct bytes line = bytes_from(buf_bytes(out), from);
    size_t end = line.len > options->columns ? fold_tinted_at(line, options->columns) : line.len;

    if (end < line.len) {
        struct buf rest;
        buf_init(&rest, LIMIT_REPORT_BLOCK);
        (void)buf_append(&rest, bytes_from(line, end));
        out->len = from + end;
        for (struct bytes left = buf_bytes(&rest); left.len;) {
            left = left.ptr[0] == ' ' ? bytes_from(left, 1) : left;
            end = fold_tinted_at(left, options->columns - indent);
            buf_append_u8(out, '\n');
            text_blanks(indent, out);
            buf_append(out, bytes_slice(left, 0, end));
            left = bytes_from(left, end);
        }
        buf_release(&rest);
    }
    buf_append_u8(out, '\n');
}

void text_fold(struct bytes text, size_t indent, const struct report_options *options, struct buf *out)
{
    fold(text, indent, options, fold_at, out);
}

void text_fold_wide(struct bytes text, size_t indent, const struct report_options *options, struct buf *out)
{
    fold(text, indent, options, fold_wide_at, out);
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
    if (command->is_redacted && command->verb != VERB_UNKNOWN && options->is_log) {
        buf_append_text(out, verb_name(command->verb));
        buf_append_text(out, " (the log shows no more of it)");
        return;
    }
    if (command->verb != VERB_UNKNOWN) {
        buf_append_text(out, verb_name(command->verb));
        buf_append_text(out, " ");
    }
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
