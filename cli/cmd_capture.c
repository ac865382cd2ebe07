/* capture: packets to a recording. */
#include "base/limits.h"
#include "cli/commands.h"
#include "cli/messages.h"
#include "cli/pipeline.h"
#include "cli/version.h"
#include "sasl/sasl.h"
#include "transcript/recording.h"

#include <errno.h>
#include <unistd.h>

struct recorder {
    struct recording *recording;
    struct secret_ordinals *ordinals;
    struct buf line;
    uint64_t last_ns;
};

static void put(struct recorder *recorder)
{
    recording_write(recorder->recording, buf_bytes(&recorder->line));
    buf_clear(&recorder->line);
}

static void take_change(void *ctx, struct session *session, enum session_change change, size_t index)
{
    struct recorder *recorder = ctx;

    if (change != CHANGE_OPENED)
        (void)!sasl_decode_item(session, index, recorder->ordinals);
    (void)event_write_change(session, change, index, SECRETS_MASK, &recorder->line);
    put(recorder);
}

static void take_session(void *ctx, struct session *session)
{
    struct recorder *recorder = ctx;

    if (session->end_ns > recorder->last_ns)
        recorder->last_ns = session->end_ns;
    (void)!sasl_decode_session(session, recorder->ordinals);
    (void)event_write_close(session, SECRETS_MASK, &recorder->line);
    put(recorder);
    session_free(session);
}

static void put_rest(struct recorder *recorder, struct pipeline_result *result)
{
    size_t count;
    const struct attempts_row *rows = attempts_rows(result->attempts, &count);

    for (size_t i = 0; i < count; i++) {
        (void)event_write_attempts(&rows[i], &recorder->line);
        put(recorder);
    }
    (void)event_write_stats(&result->totals, recorder->last_ns, &recorder->line);
    put(recorder);
}

static int record(const struct options *options, struct recorder *recorder, struct budget *budget)
{
    struct session_sink sink = { .ctx = recorder, .changed = take_change, .ended = take_session };
    char host[256] = "";
    struct recording_head head = { .tool_version = SMTPSCOPE_VERSION,
                                   .host = gethostname(host, sizeof host - 1) == 0 ? host : NULL,
                                   .origin = options->inputs[0],
                                   .filter = options->filter,
                                   .snaplen = LIMIT_SNAPLEN };
    struct pipeline_result result;
    struct err err = { 0 };

    recorder->recording = recording_open(options->output ? options->output : "-", &head, &err);
    if (!recorder->recording) {
        message("%s", err.text);
        return EXIT_TROUBLE;
    }
    (void)event_write_head(&head, &recorder->line);
    put(recorder);
    int status = EXIT_USAGE;
    if (pipeline_run(options, &sink, true, budget, &result)) {
        put_rest(recorder, &result);
        status = result.had_trouble ? EXIT_TROUBLE : EXIT_DONE;
        pipeline_release(&result);
    }
    if (!recording_close(recorder->recording, &err)) {
        if (err.at == EPIPE)
            return EXIT_DONE;
        message("%s", err.text);
        return EXIT_TROUBLE;
    }
    return status;
}

int cmd_capture(const struct options *options)
{
    struct recorder recorder = { 0 };
    struct budget budget;

    if (options->device || options->lists_devices) {
        message("recording from a device is not built into this version; record with tcpdump -w FILE, then "
                "`smtpscope capture -r FILE`");
        return EXIT_USAGE;
    }
    if (options->input_count == 0) {
        message("nothing to record from: -r FILE");
        return EXIT_USAGE;
    }
    budget_init(&budget, options->memory_bytes);
    budget.pool = arena_pool_new(); /* without memory for it: the heap */
    buf_init(&recorder.line, LIMIT_EVENT_LINE);
    recorder.ordinals = secret_ordinals_new(&budget);
    int status = EXIT_TROUBLE;
    if (recorder.ordinals)
        status = record(options, &recorder, &budget);
    else
        message("no memory");
    secret_ordinals_free(recorder.ordinals);
    buf_release(&recorder.line);
    arena_pool_free(budget.pool);
    return status;
}
