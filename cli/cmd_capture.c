/* capture: packets to a recording. */
#include <stdio.h>

#include "base/limits.h"
#include "cli/commands.h"
#include "cli/live_capture.h"
#include "cli/messages.h"
#include "cli/recorder.h"
#include "source/live.h"

static int record_inputs(const struct options *options, struct recorder *recorder)
{
    struct session_sink sink = recorder_sink(recorder);
    struct pipeline_result result;
    const struct live_stats *no_device = NULL;

    if (!recorder_start(recorder, options->inputs[0], options->filter, LIMIT_SNAPLEN))
        return EXIT_TROUBLE;
    if (!pipeline_run(options, &sink, true, NULL, recorder->budget, &result))
        return EXIT_USAGE;
    recorder_finish(recorder, &result.totals, no_device, result.attempts);
    int status = result.had_trouble ? EXIT_TROUBLE : EXIT_DONE;
    pipeline_release(&result);
    return status;
}

static int list_devices(void)
{
    struct buf text;
    struct err err = { 0 };

    buf_init(&text, LIMIT_OUTPUT_LINE);
    bool ok = live_list(&text, &err);
    if (ok)
        (void)fwrite(text.ptr, 1, text.len, stdout);
    else
        message("%s", err.text);
    buf_release(&text);
    return ok ? EXIT_DONE : EXIT_TROUBLE;
}

int cmd_capture(const struct options *options)
{
    bool is_live = options->capture.device_count > 0;
    struct recorder recorder;
    struct budget budget;

    if (options->capture.lists_devices)
        return list_devices();
    if (is_live == (options->input_count > 0)) {
        message(is_live ? "either -i DEVICE or -r FILE, not both"
                        : "nothing to record from: -i DEVICE or -r FILE");
        return EXIT_USAGE;
    }
    if (watch_shares_output(options)) {
        message("standard output is for one of -o -, --findings - and --follow; name a file for the others");
        return EXIT_USAGE;
    }
    if (!is_live && (options->capture.wants_pcap || options->capture.wants_pcap_on_finding)) {
        message("--pcap is for -i DEVICE: the packets of a file are in it already");
        return EXIT_USAGE;
    }
    budget_init(&budget, options->memory_bytes);
    budget.pool = arena_pool_new(); /* without memory for it: the heap */
    int status = EXIT_TROUBLE;
    if (is_live)
        status = live_capture(options, &budget);
    else if (recorder_init(&recorder, options, &budget, false))
        status = recorder_release(&recorder, record_inputs(options, &recorder));
    else
        status = recorder_release(&recorder, EXIT_TROUBLE);
    arena_pool_free(budget.pool);
    return status;
}
