/* extract: messages as files, with what the envelope said beside them. */
#include "base/escape.h"
#include "base/limits.h"
#include "cli/commands.h"
#include "cli/judging.h"
#include "cli/messages.h"
#include "cli/scrubbing.h"
#include "report/envelope.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct extraction {
    const struct options *options;
    int folder;
    FILE *manifest;            /* manifest.jsonl: a line a message, duplicates too */
    FILE *sums;                /* SHA256SUMS, for sha256sum -c */
    struct scrubber *scrubber; /* NULL: no --scrubbed-pcap */
    struct buf line;
    uint64_t written, duplicates, without_content, failed;
};

/* Names are digests, so that nothing from the wire is in them and none leaves the folder. */
static void name_of(const uint8_t sha256[DIGEST_SHA256_LEN], bool is_whole, char out[EXTRACTED_NAME])
{
    static const char digits[] = "0123456789abcdef";
    enum { OCTETS = 16 };

    for (unsigned i = 0; i < OCTETS; i++) {
        out[2 * i] = digits[sha256[i] >> 4];
        out[2 * i + 1] = digits[sha256[i] & 15];
    }
    (void)snprintf(out + (size_t)(2 * OCTETS), EXTRACTED_NAME - (size_t)(2 * OCTETS), "%s.eml",
                   is_whole ? "" : ".partial");
}

static bool write_whole(int fd, struct bytes text)
{
    while (text.len) {
        ssize_t n = write(fd, text.ptr, text.len);
        if (n < 0 && errno != EINTR)
            return false;
        text = bytes_from(text, n > 0 ? (size_t)n : 0);
    }
    return true;
}

/* False if it could not be written; `is_new` false: it is there already. */
static bool write_content(struct extraction *extraction, const char *name, struct bytes content, bool *is_new)
{
    int fd = openat(extraction->folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

    *is_new = fd >= 0;
    if (fd < 0)
        return errno == EEXIST;
    bool ok = write_whole(fd, content);
    return close(fd) == 0 && ok;
}

/* The envelope stands beside the message: a line for each time that it was sent. */
static bool add_envelope(struct extraction *extraction, const char *name, struct bytes line)
{
    char beside[EXTRACTED_NAME + 16];

    (void)snprintf(beside, sizeof beside, "%s.envelope.jsonl", name);
    int fd = openat(extraction->folder, beside, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    bool ok = write_whole(fd, line);
    return close(fd) == 0 && ok;
}

static void put_sum(struct extraction *extraction, const uint8_t sha256[DIGEST_SHA256_LEN], const char *name)
{
    for (unsigned i = 0; i < DIGEST_SHA256_LEN; i++)
        (void)fprintf(extraction->sums, "%02x", sha256[i]);
    (void)fprintf(extraction->sums, "  %s\n", name);
}

/* The first is told: the others have the same reason. */
static void tell_failure(struct extraction *extraction, const char *name)
{
    if (extraction->failed++ == 0)
        message("%s/%s: %s", extraction->options->folder, name, strerror(errno));
}

static void extract_message(struct extraction *extraction, const struct analysis *analysis, uint32_t index)
{
    const struct message *message = &analysis->session->messages[index];
    struct extracted extracted = { .is_whole = message->is_complete && message->kept.len == message->size };
    bool is_new = false;

    if (message->kept.len == 0 && message->size > 0) {
        extraction->without_content++;
        return;
    }
    digest_sha256(message->kept, extracted.sha256);
    name_of(extracted.sha256, extracted.is_whole, extracted.name);
    bool ok = write_content(extraction, extracted.name, message->kept, &is_new);
    extracted.is_duplicate = !is_new;
    buf_clear(&extraction->line);
    envelope_line(analysis, index, &extracted, &extraction->line);
    ok = ok && add_envelope(extraction, extracted.name, buf_bytes(&extraction->line));
    if (!ok) {
        tell_failure(extraction, extracted.name);
        return;
    }
    (void)fwrite(extraction->line.ptr, 1, extraction->line.len, extraction->manifest);
    if (is_new)
        put_sum(extraction, extracted.sha256, extracted.name);
    extraction->written += is_new;
    extraction->duplicates += !is_new;
}

static void take_analysis(void *ctx, struct analysis *analysis)
{
    struct extraction *extraction = ctx;

    if (extraction->scrubber)
        scrubbing_note(extraction->scrubber, analysis, extraction->options->is_anonymous);
    for (uint32_t i = 0; extraction->manifest && i < analysis->session->message_count; i++)
        extract_message(extraction, analysis, i);
}

/* A folder of our own: made, or empty.  -1: told. */
static int open_folder(const char *path)
{
    if (mkdir(path, 0700) != 0 && errno != EEXIST) {
        message("%s: %s", path, strerror(errno));
        return -1;
    }
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = fd >= 0 ? opendir(path) : NULL;
    bool is_empty = folder != NULL;
    for (const struct dirent *entry; folder && (entry = readdir(folder));)
        is_empty = is_empty && (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0);
    if (folder)
        (void)closedir(folder);
    if (is_empty)
        return fd;
    message(fd < 0 ? "%s: %s" : "%s: is not empty; name a new folder", path, strerror(errno));
    if (fd >= 0)
        (void)close(fd);
    return -1;
}

static FILE *create(int folder, const char *name)
{
    int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;

    if (!file)
        message("%s: %s", name, strerror(errno));
    return file;
}

static bool close_file(FILE *file)
{
    bool ok = !ferror(file);

    return fclose(file) == 0 && ok;
}

static void tell(const struct extraction *extraction)
{
    (void)printf("%llu messages written to %s, %llu times one of them again\n",
                 (unsigned long long)extraction->written, extraction->options->folder,
                 (unsigned long long)extraction->duplicates);
    if (extraction->without_content)
        message("%llu messages could not be written: the recording does not hold their content",
                (unsigned long long)extraction->without_content);
}

/* What cannot be taken out of such inputs. */
static bool tell_of_logs(const struct extraction *extraction, const struct judging *judging)
{
    size_t count = source_input_count(judging->result.source), others = 0;

    for (size_t i = 0; i < count; i++) {
        const struct input_facts *facts = source_input(judging->result.source, i);
        if (!facts->program) {
            others++;
            continue;
        }
        if (extraction->scrubber)
            message("%s: is a log (%s), which holds no packets: none of it is in %s", facts->path,
                    facts->program, extraction->options->scrubbed);
        if (extraction->manifest)
            message("%s: is a log (%s), which holds no messages: none of it is in %s", facts->path,
                    facts->program, extraction->options->folder);
    }
    return others > 0 || count == 0;
}

static int run(struct extraction *extraction, struct judging *judging)
{
    struct options keeping = *extraction->options;

    keeping.keeps_content = extraction->manifest != NULL;
    judging->taken = take_analysis;
    judging->taken_ctx = extraction;
    if (!judging_run(judging, &keeping))
        return EXIT_USAGE;
    if (extraction->manifest)
        tell(extraction);
    bool ok = !extraction->scrubber || scrubbing_write(extraction->scrubber, extraction->options);
    ok = tell_of_logs(extraction, judging) && ok;
    return !ok || judging->result.had_trouble || extraction->failed ? EXIT_TROUBLE : EXIT_DONE;
}

static bool reads_stdin(const struct options *options)
{
    for (size_t i = 0; i < options->input_count; i++)
        if (strcmp(options->inputs[i], "-") == 0)
            return true;
    return false;
}

static bool is_usable(const struct options *options)
{
    if (options->input_count == 0)
        message("nothing to read: name a capture, a recording, a folder, or - for standard input");
    else if (!options->folder && !options->scrubbed)
        message("where to: -d FOLDER for messages, --scrubbed-pcap FILE for packets");
    else if (options->scrubbed && reads_stdin(options))
        message("--scrubbed-pcap reads its inputs again, which standard input does not allow");
    else
        return true;
    return false;
}

static bool open_all(struct extraction *extraction)
{
    const struct options *options = extraction->options;

    if (options->scrubbed) {
        extraction->scrubber = scrubber_new(options->is_anonymous);
        if (!extraction->scrubber) {
            message("no memory");
            return false;
        }
    }
    if (!options->folder)
        return true;
    extraction->folder = open_folder(options->folder);
    if (extraction->folder < 0)
        return false;
    extraction->manifest = create(extraction->folder, "manifest.jsonl");
    extraction->sums = create(extraction->folder, "SHA256SUMS");
    return extraction->manifest && extraction->sums;
}

static bool close_all(struct extraction *extraction)
{
    bool ok = !extraction->manifest || close_file(extraction->manifest);

    ok = (!extraction->sums || close_file(extraction->sums)) && ok;
    if (extraction->folder >= 0)
        (void)close(extraction->folder);
    scrubber_free(extraction->scrubber);
    buf_release(&extraction->line);
    return ok;
}

int cmd_extract(const struct options *options)
{
    struct extraction extraction = { .options = options, .folder = -1 };
    struct judging judging = { 0 };

    if (!is_usable(options))
        return EXIT_USAGE;
    buf_init(&extraction.line, LIMIT_OUTPUT_LINE);
    int status = open_all(&extraction) ? run(&extraction, &judging) : EXIT_TROUBLE;
    judging_release(&judging);
    if (!close_all(&extraction)) {
        message("%s: %s", options->folder, strerror(errno));
        status = EXIT_TROUBLE;
    }
    return status;
}
