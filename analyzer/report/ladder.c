/* The ladder diagram of a session. */
#include "report/ladder.h"

#include "base/timestamp.h"
#include "report/document_html.h"

#include <stdio.h>

enum { WIDTH = 760, CLIENT_X = 90, SERVER_X = 670, ROW = 26, TOP = 34, CAPTION = 16, TEXT_MOST = 74 };

static void put_text(struct document *document, unsigned x, unsigned y, const char *anchor, struct bytes text)
{
    size_t keep = text.len < TEXT_MOST ? text.len : TEXT_MOST;

    while (keep > 0 && keep < text.len && (text.ptr[keep] & 0xc0) == 0x80)
        keep--;
    buf_printf(document->out, "<text x=\"%u\" y=\"%u\" text-anchor=\"%s\">", x, y, anchor);
    html_escape(bytes_slice(text, 0, keep), document->out);
    buf_append_text(document->out, keep < text.len ? "\xe2\x80\xa6</text>" : "</text>");
}

static void put_arrow(struct document *document, unsigned y, bool is_to_server)
{
    unsigned from = is_to_server ? CLIENT_X : SERVER_X, to = is_to_server ? SERVER_X : CLIENT_X;
    unsigned tip = is_to_server ? to - 8 : to + 8;

    buf_printf(document->out,
               "<path class=\"arrow\" d=\"M%u %uH%u\"/><path class=\"head\" d=\"M%u %ul%d -4v8z\"/>", from, y,
               tip, to, y, is_to_server ? -9 : 9);
}

static void put_time(struct document *document, const struct exemplar *exemplar,
                     const struct dialogue_line *line, unsigned y)
{
    char text[32];
    uint64_t since_ms =
        line->time_ns > exemplar->start_ns ? (line->time_ns - exemplar->start_ns) / NS_PER_MS : 0;

    if (!line->time_ns)
        return;
    int len = snprintf(text, sizeof text, "%llu.%03llu", (unsigned long long)(since_ms / 1000),
                       (unsigned long long)(since_ms % 1000));
    buf_append_text(document->out, "<g class=\"faint\">");
    put_text(document, CLIENT_X - 12, y + 4, "end", (struct bytes){ (const uint8_t *)text, (size_t)len });
    buf_append_text(document->out, "</g>");
}

/* What stands over the arrow: the line, or what it was where it may not be shown. */
static struct bytes caption(struct document *document, const struct dialogue_line *line)
{
    bool is_withheld = document->report->pseudonyms && line->meaning.len;

    switch (line->kind) {
    case DIALOGUE_SENT:
    case DIALOGUE_ANSWERED:
        return is_withheld ? document_visible(document, line->meaning)
                           : document_visible(document, line->text);
    case DIALOGUE_SECRET:
        return line->meaning.len ? document_visible(document, line->meaning) : line->text;
    case DIALOGUE_CONTENT:
        return bytes_of(words(WORDS("(the message)")));
    case DIALOGUE_GAP:
        return bytes_of(words(WORDS("(missing in the capture)")));
    case DIALOGUE_TLS:
        return bytes_of(words(WORDS("(TLS from here on)")));
    case DIALOGUE_FOLDED:
        return bytes_of("\xe2\x8b\xae");
    case DIALOGUE_NONE:
    case DIALOGUE_JUNK:
    case DIALOGUE_PRELUDE:
    case DIALOGUE_CLOSED:
    case DIALOGUE_KIND_COUNT:
        break;
    }
    return BYTES("");
}

static bool has_arrow(const struct dialogue_line *line)
{
    return line->kind == DIALOGUE_SENT || line->kind == DIALOGUE_ANSWERED || line->kind == DIALOGUE_SECRET
           || line->kind == DIALOGUE_CONTENT;
}

/* The further lines of a reply stand in the dialogue alone. */
static bool is_shown(const struct dialogue_line *line)
{
    return (has_arrow(line) && (line->time_ns || line->packet.number)) || line->kind == DIALOGUE_GAP
           || line->kind == DIALOGUE_TLS || (line->kind == DIALOGUE_FOLDED && line->from == SIDE_NONE);
}

static void put_row(struct document *document, const struct exemplar *exemplar,
                    const struct dialogue_line *line, unsigned y)
{
    const char *class = line->mark == MARK_FAULT || line->is_refusal ? "bad"
                        : line->mark == MARK_CAUSE                   ? "first"
                                                                     : "";

    buf_printf(document->out, "<g class=\"%s\">", class);
    if (has_arrow(line))
        put_arrow(document, y, line->kind != DIALOGUE_ANSWERED);
    put_text(document, CLIENT_X + CAPTION, y - 5, "start", caption(document, line));
    buf_append_text(document->out, "</g>");
    put_time(document, exemplar, line, y);
}

void ladder_put(struct document *document, const struct exemplar *exemplar)
{
    unsigned rows = 0, at = 0;

    for (size_t i = 0; i < exemplar->line_count; i++)
        rows += is_shown(&exemplar->lines[i]);
    unsigned height = TOP + rows * ROW + 12;
    buf_printf(document->out, "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"");
    html_escape(bytes_of(words(WORDS("Ladder diagram"))), document->out);
    buf_printf(document->out,
               "\"><svg viewBox=\"0 0 %d %u\" width=\"%d\" height=\"%u\" role=\"img\" aria-label=\"", WIDTH,
               height, WIDTH, height);
    html_escape(
        bytes_of(words(WORDS("Ladder diagram of the session; the dialogue below says the same in words"))),
        document->out);
    buf_printf(document->out, "\"><path class=\"life\" d=\"M%d 22V%uM%d 22V%u\"/>", CLIENT_X, height - 6,
               SERVER_X, height - 6);
    put_text(document, CLIENT_X, 14, "middle", bytes_of(words(WORDS("client"))));
    put_text(document, SERVER_X, 14, "middle", bytes_of(words(WORDS("server"))));
    for (size_t i = 0; i < exemplar->line_count; i++)
        if (is_shown(&exemplar->lines[i]))
            put_row(document, exemplar, &exemplar->lines[i], TOP + ++at * ROW - 6);
    buf_append_text(document->out, "</svg></div>\n");
}
