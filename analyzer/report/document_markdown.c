/* A document as Markdown that GitHub and GitLab render, and that stays readable where it is pasted as text
 * (Jira). What came from the wire stands in code spans and fences alone, so that no markup, link, mention or
 * image in it takes effect. */
#include "base/escape.h"
#include "base/limits.h"
#include "report/document_rows.h"
#include "report/text_parts.h"

/* Our own words hold no markup but <, >, * and _ in examples. */
static void put(struct document *document, struct bytes text, bool is_ours)
{
    struct buf *line = &document->line;

    if (document->place == PLACE_BLOCK) {
        (void)escape_text(text, line);
        return;
    }
    if (!is_ours) {
        document->format->put_code(document, text);
        return;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (memchr("<>*_`|[]~#\\", text.ptr[i], 11))
            buf_append_u8(line, '\\');
        buf_append_u8(line, text.ptr[i]);
    }
}

static size_t longest_run(struct bytes text, uint8_t byte)
{
    size_t longest = 0, run = 0;

    for (size_t i = 0; i < text.len; i++) {
        run = text.ptr[i] == byte ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    return longest;
}

/* A span opens and closes with more backticks than it holds (CommonMark 6.1). */
static void put_code(struct document *document, struct bytes text)
{
    struct buf *line = &document->line;

    if (document->place == PLACE_BLOCK) {
        (void)escape_text(text, line);
        return;
    }
    size_t ticks = longest_run(text, '`') + 1;
    for (size_t i = 0; i < ticks; i++)
        buf_append_u8(line, '`');
    bool is_padded = text.len == 0 || text.ptr[0] == '`' || text.ptr[text.len - 1] == '`';
    buf_append_text(line, is_padded ? " " : "");
    (void)escape_text(text, line);
    buf_append_text(line, is_padded ? " " : "");
    for (size_t i = 0; i < ticks; i++)
        buf_append_u8(line, '`');
}

static void heading(struct document *document, unsigned level)
{
    buf_append_text(document->out, document->out->len ? "\n" : "");
    for (unsigned i = 0; i < level; i++)
        buf_append_u8(document->out, '#');
    buf_append_u8(document->out, ' ');
    buf_append(document->out, buf_bytes(&document->line));
    buf_append_u8(document->out, '\n');
}

static void paragraph(struct document *document)
{
    buf_append_u8(document->out, '\n');
    buf_append(document->out, buf_bytes(&document->line));
    buf_append_u8(document->out, '\n');
}

static void labelled(struct document *document, const char *label)
{
    buf_append_text(document->out, "\n**");
    buf_append_text(document->out, label);
    buf_append_text(document->out, ":** ");
    buf_append(document->out, buf_bytes(&document->line));
    buf_append_u8(document->out, '\n');
}

static void bullet(struct document *document)
{
    struct buf *out = document->out;

    /* A list begins behind an empty line. */
    if (out->len >= 2 && out->ptr[out->len - 1] == '\n' && !document->is_in_list)
        buf_append_u8(out, '\n');
    buf_append_text(out, "- ");
    buf_append(out, buf_bytes(&document->line));
    buf_append_u8(out, '\n');
}

static void block_begin(struct document *document)
{
    buf_append_text(document->out, "\n```text\n");
}

/* Each line begins with a blank or a number, so that none can close the fence. */
static void block_line(struct document *document, enum dialogue_mark mark)
{
    static const char *const margins[] = { "  ", "  ", "! ", "  " };

    buf_append_text(document->out, margins[mark]);
    buf_append(document->out, buf_bytes(&document->line));
    buf_append_u8(document->out, '\n');
}

static void block_end(struct document *document)
{
    buf_append_text(document->out, "```\n");
}

const struct document_format document_markdown = { .put = put,
                                                   .put_code = put_code,
                                                   .heading = heading,
                                                   .paragraph = paragraph,
                                                   .labelled = labelled,
                                                   .bullet = bullet,
                                                   .block_begin = block_begin,
                                                   .block_line = block_line,
                                                   .block_end = block_end };
