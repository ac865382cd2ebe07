/* From inputs to incidents. */
#include "cli/judging.h"

#include "cli/messages.h"
#include "cli/passwords.h"

#include <stdlib.h>

static void take_session(void *ctx, struct session *session)
{
    struct judging *judging = ctx;
    struct analysis *analysis = analysis_new(judging->analyzer, session);

    if (!analysis) {
        judging->lost_sessions++;
        return;
    }
    judging->sessions++;
    judging->undated += selectors_miss_date(judging->selectors, session);
    if (selectors_match(judging->selectors, analysis)) {
        report_count(judging->counts, analysis);
        incidents_add(judging->incidents, analysis);
        if (judging->taken)
            judging->taken(judging->taken_ctx, analysis);
    }
    analysis_free(analysis);
}

/* Connections without a session belong to no client name or code: they are told where nothing was selected.
 */
static void add_attempts(struct judging *judging)
{
    size_t count;
    const struct attempts_row *rows = attempts_rows(judging->result.attempts, &count);

    for (size_t i = 0; judging->selectors->count == 0 && i < count; i++) {
        struct attempts_verdict verdict;
        analyzer_judge_attempts(judging->analyzer, rows, count, i, &verdict);
        report_count_findings(judging->counts, verdict.findings, verdict.count);
        incidents_add_attempts(judging->incidents, &rows[i], &verdict);
    }
}

static bool is_stdin_free(const struct options *options)
{
    for (size_t i = 0; i < options->input_count; i++)
        if (strcmp(options->inputs[i], "-") == 0)
            return false;
    return true;
}

static bool read_passwords(struct judging *judging, const struct options *options)
{
    if (options->password_count == 0)
        return true;
    judging->verifier = sasl_verifier_new();
    if (!judging->verifier) {
        message("no memory");
        return false;
    }
    for (size_t i = 0; i < options->password_count; i++)
        if (!passwords_read(judging->verifier, options->passwords[i], is_stdin_free(options)))
            return false;
    analyzer_verify(judging->analyzer, judging->verifier);
    return true;
}

static bool prepare(struct judging *judging, const struct options *options)
{
    struct err err = { 0 };

    budget_init(&judging->budget, options->memory_bytes);
    judging->budget.pool = arena_pool_new(); /* without memory for it: the heap */
    judging->selectors = &options->selectors;
    judging->counts = calloc(1, sizeof *judging->counts);
    judging->analyzer = analyzer_new(&judging->budget, &err);
    judging->incidents = incidents_new(&judging->budget, &err);
    if (!judging->counts || !judging->analyzer || !judging->incidents) {
        message("%s", err.text[0] ? err.text : "no memory");
        return false;
    }
    if (options->slow_ns)
        analyzer_set_slow(judging->analyzer, options->slow_ns);
    if (options->local_domains)
        analyzer_set_local_domains(judging->analyzer, bytes_of(options->local_domains));
    return read_passwords(judging, options);
}

bool judging_run(struct judging *judging, const struct options *options)
{
    struct session_sink sink = { .ctx = judging, .ended = take_session };

    if (!prepare(judging, options)
        || !pipeline_run(options, &sink, false, NULL, &judging->budget, &judging->result))
        return false;
    add_attempts(judging);
    if (judging->undated && !options->is_quiet)
        message("sessions of logs without dates, which --since and --until cannot select: %llu",
                (unsigned long long)judging->undated);
    if (judging->verifier && !options->is_quiet)
        passwords_tell(judging->verifier);
    if (judging->lost_sessions)
        message("%llu sessions could not be judged for want of memory",
                (unsigned long long)judging->lost_sessions);
    return true;
}

void judging_release(struct judging *judging)
{
    if (judging->result.source)
        pipeline_release(&judging->result);
    incidents_free(judging->incidents);
    analyzer_free(judging->analyzer);
    sasl_verifier_free(judging->verifier);
    free(judging->counts);
    arena_pool_free(judging->budget.pool);
}
