/* What all formats of documents share: templates, numbers, times. */
#include "report/document.h"

#include "base/limits.h"
#include "base/timestamp.h"
#include "incident/party.h"

#include <stdio.h>

void document_init(struct document *document, const struct document_format *format,
                   const struct incident_report *report, struct buf *out)
{
    *document = (struct document){ .format = format, .report = report, .out = out };
    buf_init(&document->line, LIMIT_REPORT_BLOCK);
    buf_init(&document->name, LIMIT_REPORT_BLOCK);
}

void document_release(struct document *document)
{
    buf_release(&document->line);
    buf_release(&document->name);
}

struct said said_number(uint64_t number)
{
    return (struct said){ .kind = SAID_NUMBER, .number = number };
}

struct said said_ours(const char *text)
{
    return (struct said){ .kind = SAID_OURS, .text = bytes_of(text) };
}

struct said said_wire(struct bytes text)
{
    return (struct said){ .kind = SAID_WIRE, .text = text };
}

struct said said_code(struct bytes text)
{
    return (struct said){ .kind = SAID_CODE, .text = text };
}

struct said said_time(uint64_t time_ns)
{
    return (struct said){ .kind = SAID_TIME, .number = time_ns };
}

struct said said_duration(uint64_t ns)
{
    return (struct said){ .kind = SAID_DURATION, .number = ns };
}

size_t duration_format(uint64_t ns, char out[32])
{
    double ms = (double)ns / (double)NS_PER_MS;
    int len = ms < 1     ? snprintf(out, 32, "%.2f ms", ms)
              : ms < 10  ? snprintf(out, 32, "%.1f ms", ms)
              : ms < 1e3 ? snprintf(out, 32, "%.0f ms", ms)
              : ms < 1e4 ? snprintf(out, 32, "%.1f s", ms / 1e3)
              : ms < 6e5 ? snprintf(out, 32, "%.0f s", ms / 1e3)
                         : snprintf(out, 32, "%.0f min", ms / 6e4);

    return len > 0 ? (size_t)len : 0;
}

struct bytes document_visible(struct document *document, struct bytes text)
{
    if (!document->report->pseudonyms)
        return text;
    buf_clear(&document->name);
    pseudonyms_text(document->report->pseudonyms, text, &document->name);
    return buf_bytes(&document->name);
}

void document_put(struct document *document, const char *text)
{
    document->format->put(document, bytes_of(text), true);
}

void document_put_bytes(struct document *document, struct bytes ours)
{
    document->format->put(document, ours, true);
}

size_t moment_format(uint64_t time_ns, char out[TIMESTAMP_TEXT])
{
    enum { YEAR = 5, DATE = 11 }; /* "2026-", "2026-11-24 " */
    size_t len = timestamp_format_seconds(time_ns, out);
    size_t unknown = is_time_of_day(time_ns) ? DATE : is_undated(time_ns) ? YEAR : 0;

    memmove(out, out + unknown, len - unknown + 1);
    return len - unknown;
}

static void put_said(struct document *document, const struct said *said)
{
    char text[64];
    size_t len = 0;

    switch (said->kind) {
    case SAID_NUMBER:
        len = (size_t)snprintf(text, sizeof text, "%llu", (unsigned long long)said->number);
        break;
    case SAID_TIME:
        len = moment_format(said->number, text);
        break;
    case SAID_DURATION:
        len = duration_format(said->number, text);
        break;
    case SAID_OURS:
        document->format->put(document, said->text, true);
        return;
    case SAID_WIRE:
        document->format->put(document, document_visible(document, said->text), false);
        return;
    case SAID_CODE:
        if (bytes_equal(said->text, BYTES(PARTY_NAMELESS))) {
            document_put(document, words(WORDS("(not in the log)")));
            return;
        }
        document->format->put_code(document, document_visible(document, said->text));
        return;
    case SAID_END:
        return;
    }
    document->format->put(document, (struct bytes){ (const uint8_t *)text, len }, true);
}

void document_say(struct document *document, const char *template, const struct said *said)
{
    struct bytes rest = bytes_of(template);
    size_t count = 0;

    while (said[count].kind != SAID_END)
        count++;
    while (rest.len) {
        size_t open = bytes_find(rest, '{');
        document->format->put(document, bytes_slice(rest, 0, open), true);
        if (open == SIZE_MAX)
            return;
        rest = bytes_from(rest, open);
        size_t which = rest.len > 2 && rest.ptr[2] == '}' ? (size_t)(rest.ptr[1] - '1') : SIZE_MAX;
        if (which < count) {
            put_said(document, &said[which]);
            rest = bytes_from(rest, 3);
        } else {
            document->format->put(document, bytes_slice(rest, 0, 1), true);
            rest = bytes_from(rest, 1);
        }
    }
}

void document_heading(struct document *document, unsigned level)
{
    document->format->heading(document, level);
    document->is_in_list = false;
    buf_clear(&document->line);
}

void document_paragraph(struct document *document)
{
    document->format->paragraph(document);
    document->is_in_list = false;
    buf_clear(&document->line);
}

void document_labelled(struct document *document, const char *label)
{
    while (document->line.len > 0 && document->line.ptr[document->line.len - 1] == ' ')
        document->line.len--;
    document->format->labelled(document, label);
    document->is_in_list = false;
    buf_clear(&document->line);
}

void document_bullet(struct document *document)
{
    document->format->bullet(document);
    document->is_in_list = true;
    buf_clear(&document->line);
}

void document_block_end(struct document *document)
{
    if (document->format->block_end)
        document->format->block_end(document);
}

void document_evidence_begin(struct document *document, const struct exemplar *exemplar, bool is_first)
{
    if (document->format->evidence_begin)
        document->format->evidence_begin(document, exemplar, is_first);
    else
        document->format->paragraph(document);
    buf_clear(&document->line);
}

void document_beside(struct document *document, enum document_beside part)
{
    if (document->format->beside)
        document->format->beside(document, part);
}

void document_evidence_end(struct document *document)
{
    if (document->format->evidence_end)
        document->format->evidence_end(document);
}
