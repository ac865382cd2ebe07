/* A document as plain text of 80 columns, for a terminal or a mail. */
#include "base/escape.h"
#include "base/limits.h"
#include "report/document_rows.h"
#include "report/text_parts.h"

enum {
    LABEL = 4,
    STEPS_LEFT = 6,    /* of a line of a sequence, before the command */
    DIALOGUE_LEFT = 24 /* of a line of a dialogue, before what was said */
};

static void put(struct document *document, struct bytes text, bool is_ours)
{
    (void)is_ours;
    (void)escape_text(text, &document->line);
}

static void put_code(struct document *document, struct bytes text)
{
    if (document->place == PLACE_BLOCK) {
        (void)escape_text(text, &document->line);
        return;
    }
    buf_append_u8(&document->line, '"');
    (void)escape_text(text, &document->line);
    buf_append_u8(&document->line, '"');
}

static void heading(struct document *document, unsigned level)
{
    const struct report_options *options = document->report->options;
    size_t width = text_width(buf_bytes(&document->line));

    buf_append_text(document->out, level > 2 || document->out->len == 0 ? level > 2 ? "\n" : "" : "\n\n");
    text_tint(options, TINT_STRONG, document->out);
    text_fold_wide(buf_bytes(&document->line), 0, options, document->out);
    text_untint(options, document->out);
    for (size_t i = 0; level <= 2 && i < width && i < options->columns; i++)
        buf_append_u8(document->out, level == 1 ? '=' : '-');
    if (level <= 2)
        buf_append_u8(document->out, '\n');
}

static void paragraph(struct document *document)
{
    buf_append_u8(document->out, '\n');
    text_fold_wide(buf_bytes(&document->line), 0, document->report->options, document->out);
}

static void labelled(struct document *document, const char *label)
{
    const struct report_options *options = document->report->options;

    buf_append_u8(document->out, '\n');
    text_tint(options, TINT_STRONG, document->out);
    buf_append_text(document->out, label);
    text_untint(options, document->out);
    buf_append_u8(document->out, '\n');
    text_blanks(LABEL, document->out);
    text_fold_wide(buf_bytes(&document->line), LABEL, options, document->out);
}

static void bullet(struct document *document)
{
    buf_append_text(document->out, "  - ");
    text_fold_wide(buf_bytes(&document->line), LABEL, document->report->options, document->out);
}

static void block_begin(struct document *document)
{
    buf_append_u8(document->out, '\n');
}

static void block_line(struct document *document, enum dialogue_mark mark)
{
    static const enum tint tints[] = { TINT_NONE, TINT_WARNING, TINT_ERROR, TINT_FAINT };
    const struct report_options *options = document->report->options;
    size_t from = document->out->len;

    text_tint(options, tints[mark], document->out);
    text_blanks(2, document->out);
    buf_append(document->out, buf_bytes(&document->line));
    text_untint(options, document->out);
    text_end_line(from, document->is_dialogue ? DIALOGUE_LEFT : STEPS_LEFT, options, document->out);
}

const struct document_format document_text = { .put = put,
                                               .put_code = put_code,
                                               .heading = heading,
                                               .paragraph = paragraph,
                                               .labelled = labelled,
                                               .bullet = bullet,
                                               .block_begin = block_begin,
                                               .block_line = block_line };
