/* The table of formats of the report, and those that are a document from its begin to its end. */
#include "report/document_rows.h"
#include "report/story.h"

static const struct incident_format *const rows[] = { &incident_text, &incident_markdown, &incident_html,
                                                      &incident_json, NULL };

const struct incident_format *incident_format_find(const char *name)
{
    for (size_t i = 0; rows[i]; i++)
        if (strcmp(rows[i]->name, name) == 0)
            return rows[i];
    return NULL;
}

const char *incident_format_names(void)
{
    return "text, markdown, html and json";
}

size_t incident_report_grave(const struct incident_report *report)
{
    size_t count = 0;

    for (size_t i = 0; i < report->incident_count; i++)
        count += incident_counts(report->incidents[i]);
    return count;
}

uint64_t incident_report_dropped(const struct incident_report *report)
{
    return report->totals->dropped_packets > 0 ? (uint64_t)report->totals->dropped_packets : 0;
}

bool incident_counts(const struct incident *incident)
{
    return incident->severity > SEVERITY_INFO && incident->comparison != COMPARISON_GONE;
}

static size_t exemplars_of(size_t rank)
{
    return rank < STORY_RICH ? LIMIT_EXEMPLARS : 1;
}

/* What is of warning or graver whole, then what is only worth a note, then what is gone. */
static void put_incidents(struct document *document)
{
    const struct incident_report *report = document->report;
    size_t notes = 0, shown = 0, left = 0;

    for (size_t i = 0; i < report->incident_count; i++) {
        const struct incident *incident = report->incidents[i];
        if (incident->comparison == COMPARISON_GONE)
            continue;
        if (incident->severity <= SEVERITY_INFO)
            notes++;
        else if (shown < STORY_PLAIN)
            story_incident(document, incident, i + 1, exemplars_of(shown++));
        else
            left++;
    }
    if (left) {
        SAY(document,
            words(WORDS("{1} further incidents are not listed here; the format json has more of them.")),
            said_number(left));
        document_paragraph(document);
    }
    if (notes == 0)
        return;
    document_put(document, words(WORDS("Noticed besides")));
    document_heading(document, 2);
    for (size_t i = 0, told = 0; i < report->incident_count && told < STORY_PLAIN; i++)
        if (report->incidents[i]->severity <= SEVERITY_INFO
            && report->incidents[i]->comparison != COMPARISON_GONE) {
            story_incident_line(document, report->incidents[i]);
            if (report->incidents[i]->detail.len) {
                document_put(document, ". ");
                story_put_detail(document, report->incidents[i]->detail);
            }
            document_bullet(document);
            told++;
        }
}

static void write_document(const struct incident_report *report, const struct document_format *format,
                           struct buf *out)
{
    struct document document;

    document_init(&document, format, report, out);
    story_head(&document);
    story_comparison(&document);
    put_incidents(&document);
    story_traffic(&document);
    story_latencies(&document);
    story_quality(&document);
    story_provenance(&document);
    document_release(&document);
}

static void write_text(const struct incident_report *report, struct buf *out)
{
    write_document(report, &document_text, out);
}

static void write_markdown(const struct incident_report *report, struct buf *out)
{
    write_document(report, &document_markdown, out);
}

const struct incident_format incident_text = { .name = "text", .write = write_text };
const struct incident_format incident_markdown = { .name = "markdown", .write = write_markdown };
