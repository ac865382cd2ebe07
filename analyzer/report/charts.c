/* Incidents over time, and latencies. */
#include "base/timestamp.h"
#include "report/document_html.h"
#include "report/ladder.h"

#include <stdio.h>

enum { WIDTH = 760, LABEL_X = 34, RIGHT_X = 750, LANE = 26, LANES = 12 };
enum { BARS = LATENCY_BUCKETS / LATENCY_PER_DOUBLING, BAR = 7, BARS_HEIGHT = 34 };

/* Where on the axis a time stands. */
static double place_of(const struct span *span, uint64_t time_ns)
{
    double length = (double)(span->last_ns - span->first_ns) + 1;
    double at = time_ns > span->first_ns ? (double)(time_ns - span->first_ns) / length : 0;

    return LABEL_X + (at > 1 ? 1 : at) * (RIGHT_X - LABEL_X);
}

static void put_lane(struct document *document, const struct span *span, const struct incident *incident,
                     unsigned lane)
{
    const struct timeline *timeline = &incident->timeline;
    uint64_t most = 1;

    for (unsigned i = 0; i < TIMELINE_BINS; i++)
        most = timeline->count[i] > most ? timeline->count[i] : most;
    buf_printf(document->out, "<text x=\"%d\" y=\"%u\" text-anchor=\"end\">%u</text>", LABEL_X - 8,
               lane * LANE + 20, lane + 1);
    for (unsigned i = 0; i < TIMELINE_BINS; i++) {
        if (!timeline->count[i])
            continue;
        double left = place_of(span, (timeline->base + i) << timeline->shift);
        double right = place_of(span, (timeline->base + i + 1) << timeline->shift);
        double height = 3 + 17.0 * (double)timeline->count[i] / (double)most;
        buf_printf(document->out,
                   "<rect class=\"bar e-%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>",
                   severity_name(incident->severity), left, (double)(lane * LANE + 23) - height,
                   right - left > 2 ? right - left - 0.5 : 2, height);
    }
    buf_printf(document->out, "<path class=\"axis\" d=\"M%d %uH%d\"/>", LABEL_X, lane * LANE + 24, RIGHT_X);
}

static void put_moment(struct document *document, uint64_t time_ns, unsigned x, unsigned y,
                       const char *anchor)
{
    char text[TIMESTAMP_TEXT];

    (void)moment_format(time_ns, text);
    buf_printf(document->out, "<text class=\"faint\" x=\"%u\" y=\"%u\" text-anchor=\"%s\">%s</text>", x, y,
               anchor, text);
}

void timeline_put(struct document *document)
{
    const struct incident_report *report = document->report;
    struct span span = { report->traffic->first_ns, report->traffic->last_ns };
    unsigned lanes = 0;

    for (size_t i = 0; i < report->incident_count && i < LANES; i++) {
        const struct incident *incident = report->incidents[i];
        if (incident->comparison == COMPARISON_GONE)
            break;
        span_add(&span, incident->first_ns, incident->last_ns);
        lanes++;
    }
    if (span.last_ns == 0)
        return; /* logs without times */
    unsigned height = lanes * LANE + 24;
    buf_printf(document->out,
               "<svg viewBox=\"0 0 %d %u\" width=\"%d\" height=\"%u\" role=\"img\" aria-label=\"", WIDTH,
               height, WIDTH, height);
    html_escape(bytes_of(words(WORDS(
                    "Incidents over time, by their number; the table has first and last time of each"))),
                document->out);
    buf_append_text(document->out, "\">");
    for (unsigned i = 0; i < lanes; i++)
        put_lane(document, &span, report->incidents[i], i);
    put_moment(document, span.first_ns, LABEL_X, height - 4, "start");
    put_moment(document, span.last_ns, RIGHT_X, height - 4, "end");
    buf_append_text(document->out, "</svg>\n");
}

static uint64_t count_of(const struct latency *latency, unsigned bar)
{
    uint64_t count = 0;

    for (unsigned i = 0; i < LATENCY_PER_DOUBLING; i++)
        count += latency->bucket[bar * LATENCY_PER_DOUBLING + i];
    return count;
}

void histogram_put(struct document *document, const struct latency *latency, const char *name)
{
    uint64_t most = 1;

    for (unsigned i = 0; i < BARS; i++)
        most = count_of(latency, i) > most ? count_of(latency, i) : most;
    buf_printf(document->out,
               "<svg viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\" aria-label=\"", BARS * BAR,
               BARS_HEIGHT, BARS * BAR, BARS_HEIGHT);
    html_escape(
        bytes_of(words(WORDS("Histogram of latencies, a bar for each doubling from 8 microseconds on: "))),
        document->out);
    html_escape(bytes_of(name), document->out);
    buf_append_text(document->out, "\">");
    for (unsigned i = 0; i < BARS; i++) {
        uint64_t count = count_of(latency, i);
        double height = count ? 2 + (BARS_HEIGHT - 4.0) * (double)count / (double)most : 0;
        if (count)
            buf_printf(document->out,
                       "<rect class=\"bar\" x=\"%u\" y=\"%.1f\" width=\"%d\" height=\"%.1f\"/>", i * BAR,
                       BARS_HEIGHT - 1 - height, BAR - 1, height);
    }
    buf_printf(document->out, "<path class=\"axis\" d=\"M0 %dH%d\"/></svg>", BARS_HEIGHT - 1, BARS * BAR);
}
