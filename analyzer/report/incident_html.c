/* The report as one page of HTML that needs nothing else: no network, no other file. */
#include "base/base64.h"
#include "base/digest.h"
#include "base/limits.h"
#include "report/document_html.h"
#include "report/document_rows.h"
#include "report/html_assets.h"
#include "report/ladder.h"
#include "report/story.h"

/* Articles that a browser lays out at once; those further down when they come near. */
enum { NEAR = 30 };

static void put_ours(struct document *document, const char *text)
{
    html_escape(bytes_of(text), document->out);
}

/* 'sha256-...' of CSP: what the page holds itself may run, and nothing else. */
static void put_source(struct bytes asset, struct buf *out)
{
    uint8_t digest[DIGEST_SHA256_LEN];

    digest_sha256(asset, digest);
    buf_append_text(out, "'sha256-");
    (void)base64_encode((struct bytes){ digest, sizeof digest }, out);
    buf_append_u8(out, '\'');
}

static void put_head(struct document *document)
{
    struct buf *out = document->out;

    buf_append_text(out, "<!DOCTYPE html>\n<html lang=\"");
    buf_append_text(out, language_code(words_language()));
    buf_append_text(out,
                    "\">\n<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" "
                    "content=\"default-src 'none'; style-src ");
    put_source(html_style, out);
    buf_append_text(out, "; script-src ");
    put_source(html_script, out);
    buf_append_text(
        out, "; base-uri 'none'; form-action 'none'\">\n<meta name=\"referrer\" content=\"no-referrer\">\n"
             "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
    put_ours(document, words("SMTP incident report"));
    buf_append_text(out, "</title>\n<style>");
    buf_append(out, html_style);
    buf_append_text(out, "</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#incidents\">");
    put_ours(document, words(WORDS("To the incidents")));
    buf_append_text(out, "</a>\n");
}

static void put_tile(struct document *document, uint64_t number, const char *name)
{
    buf_printf(document->out, "<li><b>%llu</b>", (unsigned long long)number);
    put_ours(document, name);
    buf_append_text(document->out, "</li>");
}

static void put_tile_if_any(struct document *document, uint64_t number, const char *name)
{
    if (number)
        put_tile(document, number, name);
}

static void put_tiles(struct document *document)
{
    const struct traffic *traffic = document->report->traffic;

    buf_append_text(document->out, "<ul class=\"tiles\">");
    put_tile(document, incident_report_grave(document->report),
             words_of(incident_report_grave(document->report), WORDS("incident"), WORDS("incidents")));
    put_tile(document, traffic->sessions, words_of(traffic->sessions, WORDS("session"), WORDS("sessions")));
    put_tile(document, traffic_faultless(traffic),
             words_of(traffic_faultless(traffic), WORDS("session without a fault"),
                      WORDS("sessions without a fault")));
    put_tile(
        document, traffic->delivery[DELIVERY_DONE],
        words_of(traffic->delivery[DELIVERY_DONE], WORDS("message delivered"), WORDS("messages delivered")));
    put_tile(document, traffic->delivery[DELIVERY_LOST],
             words_of(traffic->delivery[DELIVERY_LOST], WORDS("message not delivered"),
                      WORDS("messages not delivered")));
    put_tile_if_any(document, traffic->delivery[DELIVERY_DELAYED], words(WORDS("put off for now")));
    put_tile_if_any(document, traffic->delivery[DELIVERY_DOUBT], words(WORDS("in doubt")));
    put_tile_if_any(document, traffic->delivery[DELIVERY_UNSEEN], words(WORDS("fate not seen")));
    put_tile_if_any(document, traffic->not_judged, words(WORDS("not judged to the end")));
    buf_append_text(document->out, "</ul>\n");
}

static void put_option(struct document *document, const char *value, const char *name)
{
    buf_append_text(document->out, "<option value=\"");
    put_ours(document, value);
    buf_append_text(document->out, "\">");
    put_ours(document, name);
    buf_append_text(document->out, "</option>");
}

static void put_choice(struct document *document, const char *filter, const char *name)
{
    buf_append_text(document->out, "<label>");
    put_ours(document, name);
    buf_append_text(document->out, "<select data-filter=\"");
    buf_append_text(document->out, filter);
    buf_append_text(document->out, "\">");
    put_option(document, "", words(WORDS("all")));
}

static void put_tools(struct document *document)
{
    struct buf *out = document->out;

    buf_append_text(out, "<div class=\"tools\"><label>");
    put_ours(document, words(WORDS("Search in the incidents")));
    buf_append_text(out, "<input type=\"search\" id=\"filter-text\" autocomplete=\"off\"></label>");
    put_choice(document, "fault", words(WORDS("At fault")));
    for (unsigned i = FAULT_CLIENT; i < FAULT_COUNT; i++)
        put_option(document, fault_name((enum fault)i), story_fault_word((enum fault)i));
    buf_append_text(out, "</select></label>");
    put_choice(document, "severity", words(WORDS("Severity")));
    for (unsigned i = SEVERITY_ERROR; i >= SEVERITY_INFO; i--)
        put_option(document, severity_name((enum severity)i), story_severity((enum severity)i));
    buf_append_text(out, "</select></label><button type=\"button\" id=\"unfold\">");
    put_ours(document, words(WORDS("Unfold all dialogues")));
    buf_append_text(out, "</button><button type=\"button\" id=\"fold\">");
    put_ours(document, words(WORDS("Fold all")));
    buf_append_text(out, "</button></div>\n<p id=\"shown\" role=\"status\" data-text=\"");
    put_ours(document, words(WORDS("{1} of {2} incidents are shown, and {3} of {4} other entries.")));
    buf_append_text(out, "\"></p>\n");
}

static void put_column(struct document *document, const char *name, const char *class)
{
    buf_printf(document->out, "<th scope=\"col\" aria-sort=\"none\" class=\"%s\"><button type=\"button\">",
               class);
    put_ours(document, name);
    buf_append_text(document->out, "</button></th>");
}

static void put_number(struct document *document, uint64_t number, const char *class)
{
    buf_printf(document->out, "<td class=\"%s\" data-v=\"%llu\">%llu</td>", class, (unsigned long long)number,
               (unsigned long long)number);
}

static void put_time(struct document *document, uint64_t time_ns)
{
    if (time_ns)
        SAY(document, "{1}", said_time(time_ns));
    buf_append_text(document->out, "<td class=\"t narrow-off\">");
    buf_append(document->out, buf_bytes(&document->line));
    buf_append_text(document->out, "</td>");
    buf_clear(&document->line);
}

static void put_row(struct document *document, const struct incident *incident, size_t rank)
{
    struct buf *out = document->out;

    buf_printf(
        out,
        "<tr data-for=\"i-%s\" data-fault=\"%s\" data-severity=\"%s\" data-counts=\"%d\"><td class=\"n\" "
        "data-v=\"%zu\">%zu</td><td><a href=\"#i-%s\">",
        incident->id, fault_name(incident->fault), severity_name(incident->severity),
        incident_counts(incident), rank + 1, rank + 1, incident->id);
    story_title(document, incident);
    buf_append(out, buf_bytes(&document->line));
    buf_clear(&document->line);
    buf_append_text(out, "</a></td><td>");
    put_ours(document, story_fault_word(incident->fault));
    buf_printf(out, "</td><td class=\"s-%s\">",
               incident->severity > SEVERITY_INFO ? severity_name(incident->severity) : "note");
    put_ours(document, story_severity(incident->severity));
    buf_append_text(out, "</td>");
    if (document->report->baseline) {
        buf_append_text(out, "<td>");
        put_ours(document, story_comparison_word(incident->comparison));
        buf_append_text(out, "</td>");
    }
    put_number(document, incident->sessions, "n");
    put_number(document, tally_distinct(&incident->clients), "n narrow-off");
    put_number(document, incident_undelivered(incident), "n");
    put_time(document, incident->first_ns);
    put_time(document, incident->last_ns);
    buf_append_text(out, "</tr>\n");
}

static void put_columns(struct document *document)
{
    buf_append_text(document->out, "<thead><tr>");
    put_column(document, words(WORDS("No.")), "n");
    put_column(document, words(WORDS("Incident")), "");
    put_column(document, words(WORDS("At fault")), "");
    put_column(document, words(WORDS("Severity")), "");
    if (document->report->baseline)
        put_column(document, words(WORDS("Compared")), "");
    put_column(document, words(WORDS("Sessions")), "n");
    put_column(document, words(WORDS("Clients")), "n narrow-off");
    put_column(document, words(WORDS("Not delivered")), "n");
    bool is_utc = document->report->traffic->local == 0;
    put_column(document, words(is_utc ? WORDS("First seen (UTC)") : WORDS("First seen")), "narrow-off");
    put_column(document, words(is_utc ? WORDS("Last seen (UTC)") : WORDS("Last seen")), "narrow-off");
    buf_append_text(document->out, "</tr></thead>\n");
}

static void put_table(struct document *document)
{
    const struct incident_report *report = document->report;
    struct buf *out = document->out;

    buf_append_text(out, "<section id=\"incidents\"><h2>");
    put_ours(document, words(WORDS("Incidents")));
    buf_append_text(out, "</h2>\n");
    if (report->incident_count == 0) {
        buf_append_text(out, "<p>");
        put_ours(document, words(WORDS("There is none.")));
        buf_append_text(out, "</p></section>\n");
        return;
    }
    buf_append_text(out, "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"");
    put_ours(document, words(WORDS("Timeline")));
    buf_append_text(out, "\">");
    timeline_put(document);
    buf_append_text(out, "</div>\n");
    put_tools(document);
    buf_append_text(out, "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"");
    put_ours(document, words(WORDS("Table of incidents")));
    buf_append_text(out, "\"><table id=\"table\">");
    put_columns(document);
    buf_append_text(out, "<tbody>\n");
    for (size_t i = 0; i < report->incident_count && i < STORY_LISTED; i++)
        put_row(document, report->incidents[i], i);
    buf_append_text(out, "</tbody></table></div>\n</section>\n");
}

/* Incidents of one session follow each other: it is drawn once. */
static bool is_drawn_before(const struct incident_report *report, size_t rank)
{
    const struct incident *now = report->incidents[rank], *before = rank ? report->incidents[rank - 1] : now;

    return rank && now->exemplar_count == 1 && before->exemplar_count
           && memcmp(now->exemplars[0]->session, before->exemplars[0]->session,
                     sizeof now->exemplars[0]->session)
                  == 0;
}

static void put_article(struct document *document, const struct incident *incident, size_t rank)
{
    bool is_rich = rank < STORY_RICH && incident->severity > SEVERITY_INFO;

    document->has_ladder =
        rank < STORY_PLAIN && incident->severity > SEVERITY_INFO && !is_drawn_before(document->report, rank);
    buf_printf(document->out, "<article class=\"incident e-%s%s\" id=\"i-%s\">\n",
               severity_name(incident->severity), rank < NEAR ? "" : " far", incident->id);
    story_incident(document, incident, rank + 1, is_rich ? LIMIT_EXEMPLARS : 1);
    html_close_list(document);
    buf_append_text(document->out, "</article>\n");
}

static void put_articles(struct document *document)
{
    const struct incident_report *report = document->report;

    for (size_t i = 0;
         i < report->incident_count && i < STORY_LISTED && document->out->len < LIMIT_HTML_BYTES; i++)
        put_article(document, report->incidents[i], i);
    if (report->incident_count > STORY_LISTED) {
        SAY(document,
            words(WORDS("{1} further incidents are not listed here; the format json has more of them.")),
            said_number(report->incident_count - STORY_LISTED));
        document_paragraph(document);
    }
}

static void put_latency(struct document *document, unsigned kind)
{
    const struct latency *latency = &document->report->traffic->latency[kind];
    struct buf *out = document->out;

    buf_append_text(out, "<tr><th scope=\"row\">");
    put_ours(document, latency_name(kind));
    buf_printf(out, "</th><td class=\"n\">%llu</td>", (unsigned long long)latency->count);
    const uint64_t times[] = { latency_percentile(latency, 50), latency_percentile(latency, 95),
                               latency->worst_ns };
    for (unsigned i = 0; i < 3; i++) {
        char text[32];
        (void)duration_format(times[i], text);
        buf_printf(out, "<td class=\"n\">%s</td>", text);
    }
    buf_append_text(out, "<td>");
    histogram_put(document, latency, latency_name(kind));
    buf_append_text(out, "</td></tr>\n");
}

/* A log without times has none. */
static bool has_latency(const struct traffic *traffic)
{
    for (unsigned i = 0; i < LATENCY_KINDS; i++)
        if (traffic->latency[i].count && i != VERB_UNKNOWN)
            return true;
    return false;
}

static void put_latencies(struct document *document)
{
    static const char *const columns[] = { WORDS("Command"),     WORDS("Replies"), WORDS("Half within"),
                                           WORDS("95 % within"), WORDS("Slowest"), WORDS("Distribution") };
    struct buf *out = document->out;

    if (!has_latency(document->report->traffic))
        return;
    buf_append_text(out, "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"");
    put_ours(document, words(WORDS("How fast the servers answered, by command:")));
    buf_append_text(out, "\"><table><thead><tr>");
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        buf_printf(out, "<th scope=\"col\" class=\"%s\">", i > 0 && i < 5 ? "n" : "");
        put_ours(document, words(columns[i]));
        buf_append_text(out, "</th>");
    }
    buf_append_text(out, "</tr></thead><tbody>\n");
    for (unsigned i = 0; i < LATENCY_KINDS; i++)
        if (document->report->traffic->latency[i].count && i != VERB_UNKNOWN)
            put_latency(document, i);
    buf_append_text(out, "</tbody></table></div>\n");
}

static void put_section(struct document *document, void (*story)(struct document *))
{
    buf_append_text(document->out, "<section>\n");
    story(document);
    html_close_list(document);
    buf_append_text(document->out, "</section>\n");
}

static void write_html(const struct incident_report *report, struct buf *out)
{
    struct document document;

    document_init(&document, &document_html, report, out);
    put_head(&document);
    buf_append_text(out, "<header>\n");
    story_head(&document);
    html_close_list(&document);
    put_tiles(&document);
    buf_append_text(out, "</header>\n<main>\n");
    if (report->baseline)
        put_section(&document, story_comparison);
    put_table(&document);
    put_articles(&document);
    put_section(&document, story_traffic);
    if (report->traffic->sessions)
        put_latencies(&document);
    put_section(&document, story_quality);
    put_section(&document, story_provenance);
    buf_append_text(out, "</main>\n<script>");
    buf_append(out, html_script);
    buf_append_text(out, "</script>\n</body>\n</html>\n");
    document_release(&document);
}

const struct incident_format incident_html = { .name = "html", .write = write_html };
