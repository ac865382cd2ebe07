/* From sessions to lines, and from lines to files. */
#include "cli/recorder.h"

#include <errno.h>
#include <stdio.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/timestamp.h"
#include "cli/messages.h"
#include "cli/version.h"

enum { TOGETHER = 32768, CLOSE_LIVE_MS = 1100, CLOSE_LEAST_MS = 50, CLOSE_MS = 600000, QUOTA_FILES = 4 };

static const char suffix[] = ".smtpscope.jsonl";

void recorder_flush(struct recorder *recorder)
{
    if (recorder->evidence)
        evidence_renumber(recorder->evidence, &recorder->line);
    if (recorder->store && recorder->line.len)
        store_put(recorder->store, buf_bytes(&recorder->line));
    recorder->part_bytes += recorder->line.len;
    buf_clear(&recorder->line);
}

/* Lines go together, so that each does not cost a lock. */
static void put(struct recorder *recorder)
{
    if (recorder->line.len >= TOGETHER || !recorder->line.ok)
        recorder_flush(recorder);
}

/* What is sealed is masked besides. */
static enum secrets_policy policy_of(const struct recorder *recorder)
{
    return recorder->head.secrets == SECRETS_KEEP ? SECRETS_KEEP : SECRETS_MASK;
}

/* A quota that one file fills would keep nothing but the open one. */
static uint64_t part_bytes_most(const struct capture_options *capture)
{
    uint64_t share = capture->keep_bytes / QUOTA_FILES;

    return capture->keep_bytes && share < capture->rotate_bytes ? share : capture->rotate_bytes;
}

bool recorder_is_part_full(const struct recorder *recorder)
{
    uint64_t most = part_bytes_most(&recorder->options->capture);
    bool is_large =
        recorder->part_bytes >= most || (recorder->evidence && evidence_bytes(recorder->evidence) >= most);

    return is_large && recorder->store && store_is_folder(recorder->store);
}

static bool is_part_over(const struct recorder *recorder, uint64_t now_ns)
{
    uint64_t rotate_ns = recorder->options->capture.rotate_ns;
    bool is_old = now_ns > recorder->part_start_ns && now_ns - recorder->part_start_ns >= rotate_ns;

    return recorder_is_part_full(recorder) || (is_old && recorder->store && store_is_folder(recorder->store));
}

/* The head of the file to come, which the store keeps. */
static void begin_part(struct recorder *recorder, uint64_t now_ns)
{
    struct buf head;

    recorder_flush(recorder);
    recorder->head.part++;
    recorder->head.start_ns = recorder->is_live || store_is_folder(recorder->store) ? now_ns : 0;
    buf_init(&head, LIMIT_EVENT_LINE);
    (void)event_write_head(&recorder->head, &head);
    recorder->part_bytes = head.len;
    recorder->part_start_ns = now_ns;
    store_cut(recorder->store, now_ns, buf_bytes(&head));
    if (recorder->evidence)
        evidence_cut(recorder->evidence, now_ns);
    buf_release(&head);
}

/* What is read from files lies in their time, and its files are named by it. */
static void begin_part_of_past(struct recorder *recorder, uint64_t time_ns)
{
    if (recorder->store && !recorder->is_live
        && (recorder->head.part == 0 || is_part_over(recorder, time_ns)))
        begin_part(recorder, time_ns);
}

/* What a server read as commands behind a refused DATA is content all the same: its length and its first word
 * stay. */
static void withhold_content(const struct recorder *recorder, struct item *item)
{
    struct command *command = &item->as.command;

    if (item->kind != ITEM_COMMAND || !command->is_body_line || recorder->head.content == CONTENT_FULL)
        return;
    command->line = command->argument = (struct bytes){ NULL, 0 };
    command->is_redacted = true;
}

static void take_change(void *ctx, struct session *session, enum session_change change, size_t index)
{
    struct recorder *recorder = ctx;

    if (change == CHANGE_OPENED)
        begin_part_of_past(recorder,
                           session->start_ns > recorder->last_ns ? session->start_ns : recorder->last_ns);
    if (change != CHANGE_OPENED) {
        withhold_content(recorder, &session->items[index]);
        (void)!sasl_decode_item(session, index, recorder->ordinals);
    }
    if (recorder->evidence)
        evidence_change(recorder->evidence, session, change, index);
    if (recorder->store)
        (void)event_write_change(session, change, index, policy_of(recorder), &recorder->line);
    put(recorder);
    if (recorder->watch)
        watch_change(recorder->watch, session, change, index);
}

static void take_session(void *ctx, struct session *session)
{
    struct recorder *recorder = ctx;

    if (session->end_ns > recorder->last_ns)
        recorder->last_ns = session->end_ns;
    recorder->sessions++;
    session->is_open = recorder->is_live && session->closed == CLOSE_END_OF_CAPTURE;
    (void)!sasl_decode_session(session, recorder->ordinals);
    if (recorder->sealer)
        (void)event_write_sealed(session, recorder->sealer, &recorder->line);
    if (recorder->store)
        (void)event_write_close(session, policy_of(recorder), &recorder->line);
    put(recorder);
    if (recorder->evidence)
        evidence_end(recorder->evidence, session);
    size_t findings = 0;
    if (recorder->watch)
        findings = watch_session(recorder->watch, session);
    else
        session_free(session);
    if (recorder->evidence)
        evidence_judge(recorder->evidence, findings > 0);
}

struct session_sink recorder_sink(struct recorder *recorder)
{
    return (struct session_sink){ .ctx = recorder, .changed = take_change, .ended = take_session };
}

static struct store_options store_options_of(const struct recorder *recorder)
{
    const struct capture_options *capture = &recorder->options->capture;

    return (struct store_options){ .path = recorder->options->output ? recorder->options->output : "-",
                                   .suffix = suffix,
                                   .is_compressed = !capture->is_plain,
                                   .is_synced = capture->is_synced,
                                   .waits = !recorder->is_live,
                                   .keep_bytes = capture->keep_bytes,
                                   .keep_ns = capture->keep_ns };
}

bool recorder_open_evidence(struct recorder *recorder, const int *link_types, size_t count)
{
    const struct capture_options *capture = &recorder->options->capture;
    struct evidence_options options = { .store = store_options_of(recorder),
                                        .only_findings = capture->wants_pcap_on_finding,
                                        .keeps_secrets = capture->secrets == SECRETS_KEEP,
                                        .link_type_count = count };
    struct err err = { 0 };

    if (!capture->wants_pcap && !capture->wants_pcap_on_finding)
        return true;
    if (!recorder->store || !store_is_folder(recorder->store)) {
        message("--pcap: packets go beside the recording: -o FOLDER");
        return false;
    }
    memcpy(options.link_types, link_types, count * sizeof *link_types);
    recorder->evidence = evidence_new(&options, &err);
    if (!recorder->evidence)
        message("%s", err.text);
    if (recorder->watch)
        watch_number_by(recorder->watch, recorder->evidence);
    return recorder->evidence != NULL;
}

static bool open_store(struct recorder *recorder)
{
    struct err err = { 0 };
    struct store_options options = store_options_of(recorder);

    recorder->store = store_open(&options, &err);
    if (!recorder->store)
        message("%s", err.text);
    return recorder->store != NULL;
}

static bool open_sealer(struct recorder *recorder)
{
    struct err err = { 0 };

    if (recorder->head.secrets != SECRETS_SEAL)
        return true;
    recorder->sealer = sealer_new(recorder->options->capture.seal_key, &err);
    if (!recorder->sealer) {
        message("--secrets: %s", err.text);
        return false;
    }
    recorder->head.sealed_key = sealer_key(recorder->sealer);
    return true;
}

/* A name for all files of this run, so that a reader knows what goes on where. */
static void name_run(struct recorder *recorder)
{
    uint64_t number;

    if (!recorder->is_live && !store_is_folder(recorder->store))
        return; /* one file: equal input gives equal output */
    if (getrandom(&number, sizeof number, 0) != (ssize_t)sizeof number)
        number = (uint64_t)getpid();
    (void)snprintf(recorder->run, sizeof recorder->run, "%016llx", (unsigned long long)(number | 1));
    recorder->head.run = recorder->run;
}

bool recorder_init(struct recorder *recorder, const struct options *options, struct budget *budget,
                   bool is_live)
{
    bool only_watches = !options->output && watch_takes_output(options);

    *recorder = (struct recorder){ .options = options, .budget = budget, .is_live = is_live };
    recorder->head = (struct recording_head){ .tool_version = SMTPSCOPE_VERSION,
                                              .secrets = options->capture.secrets,
                                              .content = options->capture.content };
    if (gethostname(recorder->host, sizeof recorder->host - 1) == 0)
        recorder->head.host = recorder->host;
    buf_init(&recorder->line, LIMIT_EVENT_LINE);
    recorder->ordinals = secret_ordinals_new(budget);
    if (!recorder->ordinals) {
        message("no memory");
        return false;
    }
    if (!open_sealer(recorder) || (!only_watches && !open_store(recorder)))
        return false;
    if (recorder->store)
        name_run(recorder);
    return watch_open(options, is_live, budget, &recorder->watch);
}

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

bool recorder_start(struct recorder *recorder, const char *origin, const char *filter, uint64_t snaplen)
{
    struct err err = { 0 };

    recorder->head.origin = origin;
    recorder->head.filter = filter;
    recorder->head.snaplen = snaplen;
    if (!watch_start(recorder->watch, &err)) {
        message("%s", err.text);
        return false;
    }
    if (!recorder->store)
        return true;
    if (!store_start(recorder->store, &err)
        || (recorder->evidence && !evidence_start(recorder->evidence, &err))) {
        message("%s", err.text);
        return false;
    }
    if (recorder->is_live || !store_is_folder(recorder->store))
        begin_part(recorder, clock_ns(CLOCK_REALTIME));
    return true;
}

/* Of this file: a reader adds up those of all. */
static struct run_totals totals_here(const struct recorder *recorder, const struct run_totals *totals)
{
    struct run_totals here = *totals;

    here.packets -= recorder->told.packets;
    here.tcp_connections -= recorder->told.tcp_connections;
    here.missing_bytes -= recorder->told.missing_bytes;
    here.dropped -= recorder->told.dropped;
    return here;
}

void recorder_put_stats(struct recorder *recorder, const struct run_totals *totals,
                        const struct live_stats *live)
{
    struct run_totals here = totals_here(recorder, totals);

    (void)event_write_stats(&here, live, recorder->last_ns, &recorder->line);
    put(recorder);
}

static void end_part(struct recorder *recorder, const struct run_totals *totals,
                     const struct live_stats *live, struct attempts *attempts)
{
    size_t count;
    const struct attempts_row *rows = attempts_rows(attempts, &count);

    for (size_t i = 0; i < count; i++) {
        (void)event_write_attempts(&rows[i], &recorder->line);
        put(recorder);
    }
    recorder_put_stats(recorder, totals, live);
}

void recorder_turn_over(struct recorder *recorder, const struct run_totals *totals,
                        const struct live_stats *live, struct attempts *attempts)
{
    if (!recorder->store)
        return;
    if (!store_is_folder(recorder->store)) {
        recorder_flush(recorder);
        store_reopen(recorder->store);
        return;
    }
    end_part(recorder, totals, live, attempts);
    attempts_clear(attempts);
    recorder->told = *totals;
    begin_part(recorder,
               recorder->last_ns > recorder->part_start_ns ? recorder->last_ns : recorder->part_start_ns);
}

void recorder_advance(struct recorder *recorder, uint64_t now_ns, const struct run_totals *totals,
                      const struct live_stats *live, struct attempts *attempts)
{
    recorder->last_ns = now_ns;
    bool has_hole = recorder->evidence && evidence_has_hole(recorder->evidence);
    if (has_hole || is_part_over(recorder, now_ns))
        recorder_turn_over(recorder, totals, live, attempts);
}

void recorder_finish(struct recorder *recorder, const struct run_totals *totals,
                     const struct live_stats *live, struct attempts *attempts)
{
    begin_part_of_past(recorder, recorder->last_ns);
    if (recorder->store)
        end_part(recorder, totals, live, attempts);
    recorder_flush(recorder);
}

/* Of all that have to be closed together; a little stays for each. */
static int left_ms(uint64_t end_ns)
{
    uint64_t now_ns = clock_ns(CLOCK_MONOTONIC), least_ns = now_ns + CLOSE_LEAST_MS * NS_PER_MS;

    return (int)(((end_ns > least_ns ? end_ns : least_ns) - now_ns) / NS_PER_MS);
}

int recorder_release(struct recorder *recorder, int status)
{
    uint64_t wait_ms = recorder->is_live ? CLOSE_LIVE_MS : CLOSE_MS;
    uint64_t end_ns = clock_ns(CLOCK_MONOTONIC) + wait_ms * NS_PER_MS;
    struct err errs[3] = { 0 };

    if (recorder->store)
        (void)!store_close(recorder->store, left_ms(end_ns), &errs[0]);
    if (recorder->evidence)
        (void)!evidence_close(recorder->evidence, left_ms(end_ns), &errs[1]);
    (void)!watch_close(recorder->watch, left_ms(end_ns), &errs[2]);
    for (size_t i = 0; i < sizeof errs / sizeof errs[0]; i++)
        if (errs[i].code && errs[i].at != EPIPE) {
            message("%s", errs[i].text);
            status = EXIT_TROUBLE;
        }
    sealer_free(recorder->sealer);
    secret_ordinals_free(recorder->ordinals);
    buf_release(&recorder->line);
    return status;
}
