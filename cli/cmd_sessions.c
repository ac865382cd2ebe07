/* analyze and show: sessions judged, selected, rendered, in order. */
#include "base/limits.h"
#include "cli/commands.h"
#include "cli/messages.h"
#include "cli/ordered_output.h"
#include "cli/passwords.h"
#include "cli/pipeline.h"
#include "report/report.h"

#include <stdlib.h>
#include <unistd.h>

enum {
    CUT_NOTE = 128,          /* room for what is said of text that was cut */
    WAITING_MOST = 64 * 1024 /* octets of a session that may wait for others */
};

struct run {
    const struct options *options;
    const struct report_format *format;
    struct report_options report_options;
    struct report_counts *counts;
    struct analyzer *analyzer;
    struct sasl_verifier *verifier; /* NULL: no --verify-password */
    struct ordered_output *output;
    struct buf text;
    struct session *waiting[ANALYSES_TOGETHER]; /* to be judged together */
    size_t waiting_count;
    uint64_t reached;  /* all sessions up to this serial have come */
    uint64_t sessions; /* selected or not */
    uint64_t undated;  /* left out because a time was asked for, and their log has no dates */
    uint64_t lost_sessions;
};

/* Text beyond the ceiling: whole lines, and that there was more.  (A line of JSON shortens itself.) */
static void cut_text(struct buf *text)
{
    size_t end = text->len < text->max - CUT_NOTE ? text->len : text->max - CUT_NOTE;

    while (end > 0 && text->ptr[end - 1] != '\n')
        end--;
    text->len = end;
    text->ok = true;
    buf_append_text(text, "... the rest of this session is more than fits into memory\n");
}

static void put_session(struct run *run, const struct analysis *analysis)
{
    const struct selectors *selectors = &run->options->selectors;

    run->sessions++;
    run->undated += selectors_miss_date(selectors, analysis->session);
    if (!selectors_match(selectors, analysis))
        return;
    report_count(run->counts, analysis);
    buf_clear(&run->text);
    run->format->session(analysis, &run->report_options, &run->text);
    if (!run->text.ok)
        cut_text(&run->text);
    ordered_output_add(run->output, analysis->session->serial, buf_bytes(&run->text));
    if (run->options->follows)
        ordered_output_flush(run->output);
}

static void judge_waiting(struct run *run)
{
    struct analysis *analyses[ANALYSES_TOGETHER];

    analyses_new(run->analyzer, run->waiting, run->waiting_count, analyses);
    for (size_t i = 0; i < run->waiting_count; i++) {
        if (analyses[i])
            put_session(run, analyses[i]);
        else
            run->lost_sessions++;
        analysis_free(analyses[i]);
    }
    run->waiting_count = 0;
    ordered_output_reached(run->output, run->reached);
}

static void take_session(void *ctx, struct session *session)
{
    struct run *run = ctx;

    run->waiting[run->waiting_count++] = session;
    if (run->waiting_count == ANALYSES_TOGETHER || session->arena.total_bytes > WAITING_MOST
        || run->options->follows)
        judge_waiting(run);
}

static void take_reached(void *ctx, uint64_t serial)
{
    struct run *run = ctx;

    run->reached = serial;
    if (run->waiting_count == 0)
        ordered_output_reached(run->output, serial);
}

static bool wants_color(const struct options *options)
{
    if (options->color != WHEN_AUTO)
        return options->color == WHEN_ALWAYS;
    const char *no_color = getenv("NO_COLOR");
    return isatty(STDOUT_FILENO) && !(no_color && *no_color);
}

static void put_attempts(struct run *run, struct pipeline_result *result)
{
    size_t count;
    const struct attempts_row *rows = attempts_rows(result->attempts, &count);

    buf_clear(&run->text);
    for (size_t i = 0; run->format->attempts && i < count; i++) {
        struct attempts_verdict verdict;
        analyzer_judge_attempts(run->analyzer, rows, count, i, &verdict);
        report_count_findings(run->counts, verdict.findings, verdict.count);
        run->format->attempts(&rows[i], &verdict, &run->report_options, &run->text);
    }
    ordered_output_append(run->output, buf_bytes(&run->text));
    uint64_t beyond = attempts_beyond(result->attempts);
    if (beyond)
        message("%llu more connections without a session, to further servers", (unsigned long long)beyond);
}

static void put_summary(struct run *run, const struct pipeline_result *result)
{
    size_t count = source_input_count(result->source);
    struct report_input *inputs = calloc(count ? count : 1, sizeof *inputs);
    struct report_totals totals = { .inputs = inputs,
                                    .input_count = inputs ? count : 0,
                                    .packets = result->totals.packets,
                                    .tcp_connections = result->totals.tcp_connections,
                                    .missing_bytes = result->totals.missing_bytes,
                                    .sealed_connections = result->totals.sealed,
                                    .dropped_packets =
                                        result->totals.knows_dropped ? (int64_t)result->totals.dropped : -1 };

    for (size_t i = 0; i < totals.input_count; i++) {
        const struct input_facts *facts = source_input(result->source, i);
        inputs[i] = (struct report_input){ .path = facts->path,
                                           .format = facts->format,
                                           .program = facts->program,
                                           .packets = facts->packets,
                                           .bytes = facts->bytes,
                                           .is_complete = facts->is_complete,
                                           .problem = facts->problem[0] ? facts->problem : NULL };
    }
    buf_clear(&run->text);
    if (run->format->summary)
        run->format->summary(run->counts, &totals, &run->report_options, &run->text);
    ordered_output_append(run->output, buf_bytes(&run->text));
    free(inputs);
}

/* Where there is nothing to show: what was seen instead. */
static void explain_silence(const struct run *run, const struct pipeline_result *result)
{
    size_t attempts;

    (void)attempts_rows(result->attempts, &attempts);
    if (run->undated && !run->options->is_quiet)
        message("sessions of logs without dates, which --since and --until cannot select: %llu",
                (unsigned long long)run->undated);
    if (run->counts->sessions || run->options->is_quiet || result->had_trouble)
        return;
    if (run->sessions)
        message("none of the sessions read (%llu) is selected", (unsigned long long)run->sessions);
    else if (result->totals.packets == 0 && run->options->filter)
        message("no packet passes the filter");
    else if (attempts == 0)
        message("no SMTP session in %llu packets and %llu TCP connections",
                (unsigned long long)result->totals.packets,
                (unsigned long long)result->totals.tcp_connections);
}

static int finish(struct run *run, struct pipeline_result *result)
{
    struct err err = { 0 };
    bool is_closed;

    judge_waiting(run);
    put_attempts(run, result);
    put_summary(run, result);
    if (run->verifier && !run->options->is_quiet)
        passwords_tell(run->verifier);
    if (run->lost_sessions)
        message("%llu sessions could not be judged for want of memory",
                (unsigned long long)run->lost_sessions);
    if (!ordered_output_finish(run->output, &is_closed, &err)) {
        if (is_closed)
            return EXIT_DONE;
        message("%s", err.text);
        return EXIT_TROUBLE;
    }
    explain_silence(run, result);
    if (result->had_trouble)
        return EXIT_TROUBLE;
    return run->options->fail_on && run->counts->worst >= run->options->fail_on ? EXIT_FINDING : EXIT_DONE;
}

static bool is_input_standard(const struct options *options)
{
    for (size_t i = 0; i < options->input_count; i++)
        if (strcmp(options->inputs[i], "-") == 0)
            return true;
    return false;
}

static bool read_passwords(struct run *run)
{
    if (run->options->password_count == 0)
        return true;
    run->verifier = sasl_verifier_new();
    if (!run->verifier) {
        message("no memory");
        return false;
    }
    for (size_t i = 0; i < run->options->password_count; i++)
        if (!passwords_read(run->verifier, run->options->passwords[i], !is_input_standard(run->options)))
            return false;
    analyzer_verify(run->analyzer, run->verifier);
    return true;
}

static int run_all(struct run *run, struct budget *budget)
{
    struct session_sink sink = { .ctx = run, .ended = take_session, .reached = take_reached };
    struct pipeline_result result;

    if (!pipeline_run(run->options, &sink, run->format->needs_digests, NULL, budget, &result))
        return EXIT_USAGE;
    int status = finish(run, &result);
    pipeline_release(&result);
    return status;
}

/* The text of a session may take half of what the session itself may. */
static size_t text_ceiling(const struct options *options)
{
    uint64_t half = options->memory_bytes / 2;

    return half < LIMIT_OUTPUT_LINE ? (size_t)half : LIMIT_OUTPUT_LINE;
}

int cmd_sessions(const struct options *options)
{
    struct run run = { .options = options };
    struct budget budget;
    struct err err = { 0 };
    int status = EXIT_TROUBLE;

    if (options->input_count == 0) {
        message("nothing to read: name a capture, a recording, a folder, or - for standard input");
        return EXIT_USAGE;
    }
    budget_init(&budget, options->memory_bytes);
    budget.pool = arena_pool_new(); /* without memory for it: the heap */
    run.format = report_format_find(options->command == FOR_SHOW ? "show" : options->format);
    run.report_options = (struct report_options){ .shows_secrets = options->shows_secrets,
                                                  .has_color = wants_color(options),
                                                  .columns = 80,
                                                  .has_inputs = options->input_count > 1 };
    run.counts = calloc(1, sizeof *run.counts);
    run.analyzer = analyzer_new(&budget, &err);
    if (run.analyzer && options->slow_ns)
        analyzer_set_slow(run.analyzer, options->slow_ns);
    if (run.analyzer && options->local_domains)
        analyzer_set_local_domains(run.analyzer, bytes_of(options->local_domains));
    run.output = ordered_output_new(STDOUT_FILENO, &err);
    buf_init(&run.text, text_ceiling(options));
    if (run.counts && run.analyzer && run.output)
        status = read_passwords(&run) ? run_all(&run, &budget) : EXIT_USAGE;
    else
        message("%s", err.text[0] ? err.text : "no memory");
    buf_release(&run.text);
    ordered_output_free(run.output);
    analyzer_free(run.analyzer);
    sasl_verifier_free(run.verifier);
    free(run.counts);
    arena_pool_free(budget.pool);
    return status;
}
