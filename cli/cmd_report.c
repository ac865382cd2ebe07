/* report: incidents out of sessions, for the person who has to mend them. */
#include "base/limits.h"
#include "cli/commands.h"
#include "cli/judging.h"
#include "cli/locale_folder.h"
#include "cli/messages.h"
#include "cli/version.h"
#include "report/document.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static bool wants_color(const struct options *options)
{
    const char *no_color = getenv("NO_COLOR");

    if (options->color != WHEN_AUTO)
        return options->color == WHEN_ALWAYS;
    return !options->output && isatty(STDOUT_FILENO) && !(no_color && *no_color);
}

/* Of a file that can be read again; empty for a pipe. */
static void prove(const struct input_facts *facts, struct input_proof *proof)
{
    static const char digits[] = "0123456789abcdef";
    enum { BLOCK = 1024 * 1024 };
    uint8_t sha256[DIGEST_SHA256_LEN];
    struct digest *digest = strcmp(facts->path, "-") != 0 ? digest_new() : NULL;
    uint8_t *block = digest ? malloc(BLOCK) : NULL;
    int fd = block ? open(facts->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
    ssize_t len = -1;

    if (fd >= 0 && lseek(fd, 0, SEEK_END) > 0 && lseek(fd, 0, SEEK_SET) == 0) {
        digest_start(digest);
        while ((len = read(fd, block, BLOCK)) > 0)
            digest_update(digest, (struct bytes){ block, (size_t)len });
    }
    if (len == 0) {
        digest_finish(digest, sha256);
        for (unsigned i = 0; i < DIGEST_SHA256_LEN; i++) {
            proof->sha256[2 * i] = digits[sha256[i] >> 4];
            proof->sha256[2 * i + 1] = digits[sha256[i] & 15];
        }
    }
    if (fd >= 0)
        (void)close(fd);
    free(block);
    digest_free(digest);
}

static bool write_all(int fd, struct bytes text)
{
    while (text.len) {
        ssize_t n = write(fd, text.ptr, text.len);
        if (n < 0 && errno != EINTR)
            return false;
        text = bytes_from(text, n > 0 ? (size_t)n : 0);
    }
    return true;
}

/* 0600: names and addresses are nobody else's business until their owner hands them on. */
static int put_out(const struct options *options, struct bytes text)
{
    bool is_file = options->output && strcmp(options->output, "-") != 0;
    int fd = is_file ? open(options->output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : STDOUT_FILENO;
    bool ok = fd >= 0 && write_all(fd, text);
    int error = errno;

    if (is_file && fd >= 0 && close(fd) != 0 && ok) {
        ok = false;
        error = errno;
    }
    if (ok || (!is_file && error == EPIPE))
        return EXIT_DONE;
    message("%s: %s", is_file ? options->output : "standard output", strerror(error));
    return EXIT_TROUBLE;
}

static void fill_inputs(const struct judging *judging, struct report_input *inputs,
                        struct input_proof *proofs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct input_facts *facts = source_input(judging->result.source, i);
        inputs[i] = (struct report_input){ .path = facts->path,
                                           .format = facts->format,
                                           .program = facts->program,
                                           .packets = facts->packets,
                                           .bytes = facts->bytes,
                                           .is_complete = facts->is_complete,
                                           .problem = facts->problem[0] ? facts->problem : NULL };
        proofs[i] = (struct input_proof){ .first_ns = facts->first_ns, .last_ns = facts->last_ns };
        prove(facts, &proofs[i]);
    }
}

static int write_report(const struct options *options, struct incident_report *report)
{
    struct buf text;

    if (options->is_anonymous) {
        report->pseudonyms = pseudonyms_new();
        if (!report->pseudonyms) {
            message("no memory for pseudonyms"); /* and no report either: it would hold the names */
            return EXIT_TROUBLE;
        }
        incident_report_learn(report);
    }
    buf_init(&text, LIMIT_REPORT);
    incident_format_find(options->format)->write(report, &text);
    int status = put_out(options, buf_bytes(&text));
    if (!text.ok) {
        message("the report does not fit into memory: it is cut");
        status = EXIT_TROUBLE;
    }
    buf_release(&text);
    pseudonyms_free(report->pseudonyms);
    return status;
}

static int report_on(const struct options *options, struct judging *judging, const struct judging *baseline)
{
    size_t count = source_input_count(judging->result.source);
    struct report_input *inputs = calloc(count + 1, sizeof *inputs);
    struct input_proof *proofs = calloc(count + 1, sizeof *proofs);
    struct report_options report_options = { .has_color = wants_color(options),
                                             .columns = 80,
                                             .has_inputs = count > 1 };
    struct report_totals totals = { .inputs = inputs,
                                    .input_count = inputs && proofs ? count : 0,
                                    .packets = judging->result.totals.packets,
                                    .tcp_connections = judging->result.totals.tcp_connections,
                                    .missing_bytes = judging->result.totals.missing_bytes,
                                    .dropped_packets = judging->result.totals.knows_dropped
                                                           ? (int64_t)judging->result.totals.dropped
                                                           : -1 };
    struct incident_report report = { .options = &report_options,
                                      .traffic = incidents_traffic(judging->incidents),
                                      .counts = judging->counts,
                                      .totals = &totals,
                                      .proofs = proofs,
                                      .baseline = baseline ? incidents_traffic(baseline->incidents) : NULL,
                                      .baseline_name = options->baseline,
                                      .version = SMTPSCOPE_VERSION,
                                      .command_line = options->command_line,
                                      .filter = options->filter };

    fill_inputs(judging, inputs, proofs, totals.input_count);
    if (baseline)
        incidents_compare(judging->incidents, baseline->incidents);
    report.incidents = incidents_sorted(judging->incidents, &report.incident_count);
    int status = write_report(options, &report);
    free(inputs);
    free(proofs);
    return status;
}

static int judge_both(const struct options *options, struct judging *judging, struct judging *baseline)
{
    struct options earlier = *options;

    if (options->baseline) {
        earlier.inputs = &options->baseline;
        earlier.input_count = 1;
        if (!judging_run(baseline, &earlier))
            return EXIT_USAGE;
    }
    if (!judging_run(judging, options))
        return EXIT_USAGE;
    int status = report_on(options, judging, options->baseline ? baseline : NULL);
    if (status == EXIT_TROUBLE || judging->result.had_trouble || baseline->result.had_trouble)
        return EXIT_TROUBLE;
    return options->fail_on && judging->counts->worst >= options->fail_on ? EXIT_FINDING : status;
}

int cmd_report(const struct options *options)
{
    struct judging judging = { 0 }, baseline = { 0 };

    if (options->input_count == 0) {
        message("nothing to read: name a capture, a recording, a folder, or - for standard input");
        return EXIT_USAGE;
    }
    locale_choose(options->language);
    int status = judge_both(options, &judging, &baseline);
    judging_release(
        &judging); /* before the other: it may have taken over incidents of it, and their memory */
    judging_release(&baseline);
    return status;
}
