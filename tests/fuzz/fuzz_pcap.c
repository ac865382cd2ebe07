/* A whole file through the whole program: source, link, ip, tcp, detection, dialogue, judge, JSON. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/limits.h"
#include "cli/pipeline.h"
#include "report/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct context {
    struct analyzer *analyzer;
    struct report_counts *counts;
    struct buf text;
};

static void ended(void *ctx, struct session *session)
{
    static const struct report_options options = { .columns = 80 };
    struct context *context = ctx;
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

static void run(const char *path, struct context *context, struct budget *budget)
{
    const char *const inputs[] = { path };
    struct options options = { .inputs = inputs, .input_count = 1, .is_quiet = true, .progress = WHEN_NEVER };
    struct session_sink sink = { .ctx = context, .ended = ended };
    struct pipeline_result result;

    if (pipeline_run(&options, &sink, true, budget, &result))
        pipeline_release(&result);
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
        run(path, &context, &budget);
    }
    if (fd >= 0)
        (void)close(fd);
    buf_release(&context.text);
    free(context.counts);
    analyzer_free(context.analyzer);
    return 0;
}
