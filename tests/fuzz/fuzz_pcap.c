/* A whole file through the whole program: source, link, ip, tcp, detection, dialogue, judge, every format.
 * Again and again by one analyzer, each time from another port, so that its history sees what comes back. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/limits.h"
#include "cli/pipeline.h"
#include "report/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROUNDS = 6 }; /* what a history holds against a client, it does so after five at most */

struct context {
    struct analyzer *analyzer;
    struct report_counts *counts;
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
        buf_clear(&context->text);
    }
}

static void run(const char *path, struct context *context, struct budget *budget)
{
    const char *const inputs[] = { path };
    struct options options = { .inputs = inputs, .input_count = 1, .is_quiet = true, .progress = WHEN_NEVER };
    struct session_sink sink = { .ctx = context, .ended = ended };
    struct pipeline_result result;

    if (pipeline_run(&options, &sink, true, budget, &result)) {
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
    buf_init(&context.text, LIMIT_OUTPUT_LINE);
    if (fd >= 0 && context.analyzer && context.counts && write(fd, data, size) == (ssize_t)size) {
        (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        for (; context.round < ROUNDS; context.round++)
            run(path, &context, &budget);
    }
    if (fd >= 0)
        (void)close(fd);
    buf_release(&context.text);
    free(context.counts);
    analyzer_free(context.analyzer);
    return 0;
}
