/* Takes off what terminals and loggers add to a line: escape sequences, priorities, times, host and process.
 */
#include "log/log_line.h"

#include "log/log_text.h"

enum { ESCAPE = 0x1b, BELL = 0x07, BACKSPACE = '\b' };

/* Behind an ESC: how many octets belong to the sequence (ECMA-48 5.4, and the strings of xterm). */
static size_t escape_length(struct bytes rest)
{
    size_t at = 1;

    if (rest.len == 0)
        return 0;
    if (rest.ptr[0] == '[') {
        while (at < rest.len && rest.ptr[at] < 0x40)
            at++;
        return at < rest.len ? at + 1 : at;
    }
    if (rest.ptr[0] == ']') {
        while (at < rest.len && rest.ptr[at] != BELL && rest.ptr[at] != ESCAPE)
            at++;
        return at < rest.len && rest.ptr[at] == BELL ? at + 1 : at;
    }
    return 1;
}

static size_t next_control(struct bytes text)
{
    size_t at = 0;

    while (at < text.len && text.ptr[at] != ESCAPE && text.ptr[at] != BACKSPACE)
        at++;
    return at;
}

/* What was typed and taken back is not there. */
static struct bytes without_escapes(struct bytes raw, struct buf *clean)
{
    buf_clear(clean);
    while (raw.len > 0) {
        size_t control = next_control(raw);
        (void)buf_append(clean, bytes_slice(raw, 0, control));
        if (control == raw.len)
            break;
        if (raw.ptr[control] == BACKSPACE && clean->len > 0)
            clean->len--;
        bool is_escape = raw.ptr[control] == ESCAPE;
        raw = bytes_from(raw, control + 1);
        raw = bytes_from(raw, is_escape ? escape_length(raw) : 0);
    }
    return buf_bytes(clean);
}

/* Without the CRs at its ends; of a line that was written over, what was seen last. */
static struct bytes without_returns(struct bytes line)
{
    while (line.len > 0 && line.ptr[line.len - 1] == '\r')
        line.len--;
    for (size_t i = line.len; i-- > 0;)
        if (line.ptr[i] == '\r')
            return bytes_from(line, i + 1);
    return line;
}

static bool is_name_byte(uint8_t c)
{
    return ascii_is_digit(c) || (ascii_upper(c) >= 'A' && ascii_upper(c) <= 'Z')
           || (c && strchr("._/-:", c) && c != ':');
}

static size_t name_length(struct bytes text)
{
    size_t len = 0;

    while (len < text.len && is_name_byte(text.ptr[len]))
        len++;
    return len;
}

/* "postfix/smtpd[147]: " or, where the rest leaves no doubt, "courieresmtpd: "; its length, 0 if it is none.
 */
static size_t tag_length(struct bytes text, bool needs_process, struct bytes *name)
{
    size_t len = name_length(text), at = len;

    if (len < 2)
        return 0;
    if (at < text.len && text.ptr[at] == '[') {
        for (at++; at < text.len && ascii_is_digit(text.ptr[at]);)
            at++;
        if (at >= text.len || text.ptr[at] != ']' || at == len + 1)
            return 0;
        at++;
    } else if (needs_process) {
        return 0;
    }
    if (at >= text.len || text.ptr[at] != ':')
        return 0;
    at++;
    if (at < text.len && text.ptr[at] == ' ')
        at++;
    *name = bytes_slice(text, 0, len);
    return at;
}

/* Host, program and process of RFC 3164 5.3, the host left out by some. */
static void peel_syslog(struct log_line *line, bool needs_process)
{
    struct bytes name;
    size_t host = name_length(line->text);
    size_t tag = tag_length(line->text, needs_process, &name);

    if (tag == 0 && host > 0 && host < line->text.len && line->text.ptr[host] == ' ') {
        tag = tag_length(bytes_from(line->text, host + 1), needs_process, &name);
        tag = tag ? tag + host + 1 : 0;
    }
    if (tag == 0)
        return;
    line->name = name;
    line->source = bytes_trim(bytes_slice(line->text, 0, tag));
    line->text = bytes_from(line->text, tag);
}

/* Behind the version and the time of RFC 5424 6: "host program process message-id structured-data message".
 */
static void peel_modern_syslog(struct log_line *line)
{
    struct bytes rest = line->text;

    (void)log_text_word(&rest);
    line->name = log_text_word(&rest);
    (void)log_text_word(&rest);
    line->source = bytes_slice(line->text, 0, (size_t)(rest.ptr - line->text.ptr));
    (void)log_text_word(&rest);
    while (log_text_skip(&rest, "[")) {
        size_t close = bytes_find(rest, ']');
        rest = close == SIZE_MAX ? rest : bytes_from(rest, close + 1);
    }
    (void)(log_text_skip(&rest, "-") && log_text_skip(&rest, " "));
    (void)log_text_skip(&rest, " ");
    (void)log_text_skip(&rest, "\xef\xbb\xbf");
    line->text = rest;
}

/* "<22>" of RFC 3164 4.1.1. */
static bool peel_priority(struct log_line *line)
{
    size_t close = bytes_find(line->text, '>');
    uint64_t priority;

    if (line->text.len == 0 || line->text.ptr[0] != '<' || close == SIZE_MAX || close > 4
        || !bytes_to_u64(bytes_slice(line->text, 1, close - 1), &priority) || priority > 191)
        return false;
    line->text = bytes_from(line->text, close + 1);
    return true;
}

void log_line_peel(struct bytes raw, struct buf *clean, struct log_line *out)
{
    uint64_t number = out->number;

    if (next_control(raw) < raw.len)
        raw = without_escapes(raw, clean);
    *out = (struct log_line){ .number = number, .whole = without_returns(raw) };
    out->text = out->whole;
    bool has_priority = peel_priority(out), is_modern = has_priority && log_text_skip(&out->text, "1 ");
    size_t stamp = log_stamp_parse(out->text, &out->stamp);
    out->text = bytes_from(out->text, stamp);
    if (is_modern && stamp)
        peel_modern_syslog(out);
    else if (stamp || has_priority)
        peel_syslog(out, !has_priority && out->stamp.clock != LOG_CLOCK_OF_YEAR);
}
