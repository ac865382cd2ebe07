/* A whole file through the whole program: source, link, ip, tcp, detection, dialogue, judge, every format.
 * Again and again by one analyzer, each time from another port, so that its history sees what comes back. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/limits.h"
#include "cli/pipeline.h"
#include "report/incident_report.h"
#include "scrub/scrubber.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROUNDS = 6 }; /* what a history holds against a client, it does so after five at most */

struct context {
    struct analyzer *analyzer;
    struct report_counts *counts;
    struct incidents *incidents;
    struct buf text;
    uint16_t round;
};

static void ended(void *ctx, struct session *session)
{
    static const struct report_options options = { .columns = 80 };
    struct context *context = ctx;

    session->client.port = (uint16_t)(session->client.port + context->round);
    struct analysis *analysis = analysis_new(context->analyzer, session);
    if (!analysis)
        return;
    report_count(context->counts, analysis);
    incidents_add(context->incidents, analysis);
    for (size_t i = 0; report_formats()[i]; i++) {
        buf_clear(&context->text);
        report_formats()[i]->session(analysis, &options, &context->text);
    }
    analysis_free(analysis);
}

static void judge_attempts(struct context *context, const struct pipeline_result *result)
{
    static const struct report_options options = { .columns = 80 };
    size_t count;
    const struct attempts_row *rows = attempts_rows(result->attempts, &count);

    for (size_t i = 0; i < count; i++) {
        struct attempts_verdict verdict;
        analyzer_judge_attempts(context->analyzer, rows, count, i, &verdict);
        for (size_t k = 0; report_formats()[k]; k++)
            if (report_formats()[k]->attempts)
                report_formats()[k]->attempts(&rows[i], &verdict, &options, &context->text);
        incidents_add_attempts(context->incidents, &rows[i], &verdict);
        buf_clear(&context->text);
    }
}

/* Every format, with names and without. */
static void write_reports(struct context *context)
{
    static const char *const names[] = { "text", "markdown", "html", "json" };
    static const struct report_options options = { .columns = 80 };
    static const struct report_totals totals = { .dropped_packets = -1 };
    struct incident_report report = { .options = &options,
                                      .traffic = incidents_traffic(context->incidents),
                                      .counts = context->counts,
                                      .totals = &totals,
                                      .version = "0" };

    report.incidents = incidents_sorted(context->incidents, &report.incident_count);
    for (unsigned i = 0; i < 8; i++) {
        if (i == 4 && (report.pseudonyms = pseudonyms_new()))
            incident_report_learn(&report);
        buf_clear(&context->text);
        incident_format_find(names[i % 4])->write(&report, &context->text);
    }
    pseudonyms_free(report.pseudonyms);
}

/* The packets of every connection to port 25, with all that they say overwritten. */
static void scrub(const char *path)
{
    const char *const inputs[] = { path };
    struct scrubber *scrubber = scrubber_new(true);
    struct source *source = source_open(inputs, 1, &(struct source_options){ 0 }, &(struct err){ 0 });
    struct ip_decoder *ip = ip_decoder_new(NULL, &(struct err){ 0 });
    struct packet packet;
    struct segment segment;

    while (scrubber && source && ip && source_next(source, &packet)) {
        struct ip_frame frame = { .data = packet.data, .wire_length = packet.wire_length, .dlt = packet.dlt };
        if (ip_decode(ip, &frame, &segment) != IP_SEGMENT || segment.destination_port != 25)
            continue;
        struct endpoint client = { segment.source, segment.source_port },
                        server = { segment.destination, 25 };
        uint32_t session = scrubber_add(scrubber, &client, &server, 0, UINT64_MAX / 2);
        if (session == UINT32_MAX || !scrubber_hide(scrubber, session, true, SCRUB_SECRET, 0, UINT64_MAX))
            break;
        scrubber_learn(scrubber, &segment);
        uint8_t *copy = malloc(packet.data.len + 1);
        (void)scrubber_take(scrubber, &segment, packet.data, copy);
        free(copy);
    }
    ip_decoder_free(ip);
    source_free(source);
    scrubber_free(scrubber);
}

static void run(const char *path, struct context *context, struct budget *budget)
{
    const char *const inputs[] = { path };
    struct options options = { .inputs = inputs, .input_count = 1, .is_quiet = true, .progress = WHEN_NEVER };
    struct session_sink sink = { .ctx = context, .ended = ended };
    struct pipeline_result result;

    if (pipeline_run(&options, &sink, true, NULL, budget, &result)) {
        judge_attempts(context, &result);
        pipeline_release(&result);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct context context = { .analyzer = NULL };
    struct budget budget;
    char path[64];
    int fd = memfd_create("fuzz", 0);

    budget_init(&budget, 16 * MIB);
    context.analyzer = analyzer_new(&budget, NULL);
    context.counts = calloc(1, sizeof *context.counts);
    context.incidents = incidents_new(&budget, NULL);
    buf_init(&context.text, LIMIT_OUTPUT_LINE);
    if (fd >= 0 && context.analyzer && context.counts && context.incidents
        && write(fd, data, size) == (ssize_t)size) {
        (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        for (; context.round < ROUNDS; context.round++)
            run(path, &context, &budget);
        write_reports(&context);
        scrub(path);
    }
    if (fd >= 0)
        (void)close(fd);
    buf_release(&context.text);
    free(context.counts);
    incidents_free(context.incidents);
    analyzer_free(context.analyzer);
    return 0;
}
