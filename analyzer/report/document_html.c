/* A document as HTML.  Whatever is put is escaped; there is no way round. */
#include "report/document_html.h"

#include "base/escape.h"
#include "base/limits.h"
#include "report/document_rows.h"
#include "report/ladder.h"

void html_escape(struct bytes text, struct buf *out)
{
    struct buf plain;

    buf_init(&plain, LIMIT_REPORT_BLOCK);
    (void)escape_text(text, &plain); /* controls, bidirectional overrides, what is no UTF-8 */
    for (size_t i = 0; i < plain.len; i++) {
        uint8_t c = plain.ptr[i];
        if (c == '&')
            buf_append_text(out, "&amp;");
        else if (c == '<')
            buf_append_text(out, "&lt;");
        else if (c == '>')
            buf_append_text(out, "&gt;");
        else if (c == '"')
            buf_append_text(out, "&quot;");
        else if (c == '\'')
            buf_append_text(out, "&#39;");
        else
            buf_append_u8(out, c);
    }
    buf_release(&plain);
}

static void put(struct document *document, struct bytes text, bool is_ours)
{
    (void)is_ours;
    html_escape(text, &document->line);
}

static void put_code(struct document *document, struct bytes text)
{
    bool is_text = document->place == PLACE_TEXT;

    buf_append_text(&document->line, is_text ? "<code>" : "");
    html_escape(text, &document->line);
    buf_append_text(&document->line, is_text ? "</code>" : "");
}

void html_close_list(struct document *document)
{
    if (document->is_in_list)
        buf_append_text(document->out, "</ul>\n");
    document->is_in_list = false;
}

static void put_line(struct document *document, const char *before, const char *behind)
{
    html_close_list(document);
    buf_append_text(document->out, before);
    buf_append(document->out, buf_bytes(&document->line));
    buf_append_text(document->out, behind);
}

static void heading(struct document *document, unsigned level)
{
    put_line(document, level == 1 ? "<h1>" : "<h2>", level == 1 ? "</h1>\n" : "</h2>\n");
}

static void paragraph(struct document *document)
{
    put_line(document, "<p>", "</p>\n");
}

static bool is_remedy(const char *label)
{
    return strcmp(label, words("What the client's developer changes")) == 0
           || strcmp(label, words("What the postmaster of the server changes")) == 0;
}

static void labelled(struct document *document, const char *label)
{
    html_close_list(document);
    buf_append_text(document->out,
                    is_remedy(label) ? "<div class=\"fact act\"><h3>" : "<div class=\"fact\"><h3>");
    html_escape(bytes_of(label), document->out);
    buf_append_text(document->out, "</h3><p>");
    buf_append(document->out, buf_bytes(&document->line));
    buf_append_text(document->out, "</p></div>\n");
}

static void bullet(struct document *document)
{
    buf_append_text(document->out, document->is_in_list ? "<li>" : "<ul>\n<li>");
    buf_append(document->out, buf_bytes(&document->line));
    buf_append_text(document->out, "</li>\n");
}

static void block_begin(struct document *document)
{
    html_close_list(document);
    buf_append_text(document->out, "<pre tabindex=\"0\" role=\"region\" aria-label=\"");
    html_escape(bytes_of(words("Dialogue")), document->out);
    buf_append_text(document->out, "\">");
}

static void block_line(struct document *document, enum dialogue_mark mark)
{
    static const char *const begins[] = { "<span>", "<span class=\"m-cause\">", "<span class=\"m-fault\">",
                                          "<span class=\"m-consequence\">" };

    buf_append_text(document->out, begins[mark]);
    buf_append(document->out, buf_bytes(&document->line));
    buf_append_text(document->out, "</span>");
}

static void block_end(struct document *document)
{
    buf_append_text(document->out, "</pre>\n");
}

static void evidence_begin(struct document *document, const struct exemplar *exemplar, bool is_first)
{
    buf_append_text(document->out, is_first ? "<details open><summary>" : "<details><summary>");
    buf_append(document->out, buf_bytes(&document->line));
    buf_append_text(document->out, "</summary>\n");
    if (document->has_ladder)
        ladder_put(document, exemplar);
}

static void beside(struct document *document, enum document_beside part)
{
    static const char *const tags[] = { "<div class=\"two\"><div>\n", "</div><div>\n", "</div></div>\n" };

    html_close_list(document);
    buf_append_text(document->out, tags[part]);
}

static void evidence_end(struct document *document)
{
    buf_append_text(document->out, "</details>\n");
}

const struct document_format document_html = { .put = put,
                                               .put_code = put_code,
                                               .heading = heading,
                                               .paragraph = paragraph,
                                               .labelled = labelled,
                                               .bullet = bullet,
                                               .block_begin = block_begin,
                                               .block_line = block_line,
                                               .block_end = block_end,
                                               .evidence_begin = evidence_begin,
                                               .evidence_end = evidence_end,
                                               .beside = beside };
