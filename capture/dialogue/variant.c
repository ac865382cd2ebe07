/* Forms of an end of data on which parsers disagree (SMTP smuggling), and the lines behind one that a parser
 * which ends there would run as commands.  Only what is odd is looked at: a dot at the begin of a line, and
 * the bytes around a CR or NUL that is no part of a line end. */
#include "dialogue/state.h"

static struct message *message_of(struct dialogue *d)
{
    return &d->session->messages[d->content.message];
}

/* In order of their offsets, and the first ones are kept, however the content was cut into chunks. */
static void insert(struct message *message, struct eod_variant variant)
{
    uint32_t at = message->variant_count;

    while (at > 0 && message->variants[at - 1].offset > variant.offset)
        at--;
    if (message->variant_count == LIMIT_EOD_VARIANTS)
        message->variants_dropped++;
    else
        message->variant_count++;
    if (at >= LIMIT_EOD_VARIANTS)
        return;
    memmove(&message->variants[at + 1], &message->variants[at],
            (message->variant_count - at - 1) * sizeof variant);
    message->variants[at] = variant;
}

void variant_note(struct dialogue *d, enum eod_kind kind, uint64_t offset)
{
    struct message *message = message_of(d);

    d->content.behind = (struct lines_behind){ .is_open = true, .offset = offset };
    if (!message->variants)
        message->variants = ARENA_ARRAY(&d->session->arena, struct eod_variant, LIMIT_EOD_VARIANTS);
    if (message->variants)
        insert(message, (struct eod_variant){ .kind = (uint8_t)kind, .offset = offset });
}

/* A whole line behind the variant; the first that is no command ends the run. */
static void take_line(struct dialogue *d)
{
    struct lines_behind *behind = &d->content.behind;
    struct message *message = message_of(d);
    struct bytes line = { behind->line, behind->len };

    behind->len = 0;
    behind->is_open = client_line_is_command(line);
    enum verb verb = command_line_parse(line).verb;
    for (uint32_t i = 0; behind->is_open && i < message->variant_count; i++) {
        struct eod_variant *variant = &message->variants[i];
        if (variant->offset != behind->offset)
            continue;
        if (!variant->verbs_behind)
            variant->verb_behind = verb;
        variant->verbs_behind |= UINT32_C(1) << verb;
    }
}

/* Lines end at CR, LF or both: what takes a variant for an end takes these for line ends too. */
void variant_follow(struct dialogue *d, struct bytes data)
{
    struct lines_behind *behind = &d->content.behind;

    for (size_t i = 0; i < data.len && behind->is_open; i++) {
        uint8_t c = data.ptr[i];
        bool is_end = c == '\r' || c == '\n';
        if (is_end && !(c == '\n' && behind->last_was_cr))
            take_line(d);
        else if (!is_end && behind->len < sizeof behind->line)
            behind->line[behind->len++] = c;
        behind->last_was_cr = c == '\r';
    }
}

enum eod_kind variant_of_line(const struct dialogue *d, struct bytes line)
{
    bool after_crlf = d->content.after_crlf;

    if (line.len == 2 && line.ptr[1] == '\n')
        return after_crlf ? EOD_CRLF_DOT_LF : EOD_LF_DOT_LF;
    if (line.len == 3 && line.ptr[1] == '\r' && line.ptr[2] == '\n')
        return after_crlf ? EOD_NONE : EOD_LF_DOT_CRLF;
    return EOD_NONE;
}

enum eod_kind variant_of_head(const struct dialogue *d, struct bytes head)
{
    struct bytes four = bytes_slice(head, 0, 4);

    if (bytes_equal(four, BYTES(".\r\r\n")))
        return EOD_DOT_CR_CRLF;
    if (bytes_equal(four, BYTES(". \r\n")) || bytes_equal(four, BYTES(".\t\r\n")))
        return EOD_DOT_BLANK;
    if (bytes_equal(four, BYTES(".\0\r\n")))
        return EOD_DOT_NUL;
    if (head.len >= 3 && head.ptr[1] == '\r')
        return d->content.after_crlf ? EOD_CRLF_DOT_CR : EOD_LF_DOT_CR;
    return EOD_NONE;
}

/* The last eight bytes in one number, the newest lowest. */
static enum eod_kind variant_of_window(uint64_t window)
{
    if ((window & 0xffffff) == 0x0d2e0a)
        return EOD_CR_DOT_LF;
    if ((window & 0xffffffff) == 0x0d2e0d0a)
        return EOD_CR_DOT_CRLF;
    if ((window & 0xffffffffffff) == 0x0d0a002e0d0a)
        return EOD_NUL_DOT;
    if ((window >> 8 & 0xffffff) == 0x0d2e0d)
        return EOD_CR_DOT_CR; /* what came behind it is known by now, and is no LF */
    return EOD_NONE;
}

enum { WINDOW = 8, VARIANT_LONGEST = 6 };

static void search(struct dialogue *d, struct bytes data)
{
    uint64_t offset = message_of(d)->wire_size;

    for (size_t i = 0; i < data.len; i++) {
        d->content.window = d->content.window << 8 | data.ptr[i];
        enum eod_kind kind = variant_of_window(d->content.window);
        if (kind == EOD_NONE)
            continue;
        variant_note(d, kind, offset + i - (kind == EOD_CR_DOT_LF ? 1 : 2));
        variant_follow(d, bytes_from(data, kind == EOD_CR_DOT_CR ? i : i + 1));
    }
}

/* Searches only where a CR without LF or a NUL was counted since the last time, and as far behind it as a
 * variant reaches. */
void variant_look(struct dialogue *d, struct bytes data)
{
    struct content_state *content = &d->content;
    struct message *message = message_of(d);
    uint64_t bare = message->bare_cr_count - content->crlf_lines - content->last_was_cr;
    uint64_t odd = bare + message->nul_count; /* neither ever grows less */

    if (odd != content->odd_seen || content->odd_left > 0) {
        search(d, data);
        content->odd_left = odd != content->odd_seen       ? VARIANT_LONGEST
                            : data.len < content->odd_left ? content->odd_left - data.len
                                                           : 0;
        content->odd_seen = odd;
        return;
    }
    for (size_t i = data.len > WINDOW ? data.len - WINDOW : 0; i < data.len; i++)
        content->window = content->window << 8 | data.ptr[i];
}
