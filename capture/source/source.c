/* All inputs as one stream of packets, then one of recorded lines. */
#include "source/source.h"

#include "base/limits.h"
#include "base/buf.h"
#include "source/merge.h"
#include "source/wide_text.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

enum {
    KEPT_OPEN = 32,   /* inputs that hold their descriptor */
    KEPT_STARTED = 8, /* captures that keep their decompressor and buffers until their time has come */
    LINE_BLOCK = 64 * 1024
};

struct source {
    struct input *inputs;
    size_t input_count;
    size_t input_cap;
    char *filter;
    struct secret_sink secrets;
    struct capture *captures;
    size_t capture_count;
    struct merge merge;
    bool has_handed_out; /* the top of the heap was given to the caller, and must move on */
    size_t line_input;   /* recording being read */
    size_t log_input;    /* log being read */
    bool (*is_log)(struct bytes head);
    bool follows;
    struct buf line;
    uint8_t *block;
    size_t block_at, block_len;
};

static struct input *add_input(struct source *source, const char *folder, const char *name)
{
    if (source->input_count == source->input_cap) {
        size_t cap = source->input_cap ? source->input_cap * 2 : 8;
        struct input *inputs = cap <= LIMIT_INPUTS ? realloc(source->inputs, cap * sizeof *inputs) : NULL;
        if (!inputs)
            return NULL;
        source->inputs = inputs;
        source->input_cap = cap;
    }
    char *path = NULL;
    int length = folder
                     ? asprintf(&path, "%s%s%s", folder, folder[strlen(folder) - 1] == '/' ? "" : "/", name)
                     : asprintf(&path, "%s", name);
    if (length < 0)
        return NULL;
    struct input *input = &source->inputs[source->input_count];
    *input = (struct input){ .path = path,
                             .fd = -1,
                             .reopens = source->input_count >= KEPT_OPEN,
                             .secrets = source->secrets.take ? &source->secrets : NULL };
    source->input_count++;
    return input;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static bool is_last_log(const struct source *source, const struct input *input)
{
    for (const struct input *other = input + 1; other < source->inputs + source->input_count; other++)
        if (other->kind == INPUT_LOG)
            return false;
    return true;
}

/* The next octet; of a file that is followed, when it is there. */
static int next_octet(const struct source *source, struct input *input)
{
    static const struct timespec pause = { .tv_nsec = 200 * 1000 * 1000 };
    int c = getc_unlocked(input->file);

    while (c == EOF && source->follows && input->is_regular && !ferror(input->file)
           && is_last_log(source, input)) {
        clearerr(input->file);
        (void)nanosleep(&pause, NULL);
        c = getc_unlocked(input->file);
    }
    return c;
}

static int next_wide_unit(const struct source *source, struct input *input)
{
    int first = next_octet(source, input), second = first == EOF ? EOF : next_octet(source, input);

    if (second == EOF)
        return EOF;
    return input->is_big_endian ? first << 8 | second : second << 8 | first;
}

/* A line of UTF-16, in UTF-8. */
static bool read_wide_line(struct source *source, struct input *input, struct bytes *line)
{
    size_t len = 0;
    uint16_t high = 0;
    int unit;

    while ((unit = next_wide_unit(source, input)) != EOF && unit != '\n')
        if (len + 4 <= LINE_BLOCK)
            len += wide_text_to_utf8((uint16_t)unit, &high, source->block + len);
    *line = (struct bytes){ source->block, len };
    return unit != EOF || len > 0;
}

/* Up to its LF; what a line has beyond LINE_BLOCK is dropped.  Given out as soon as it is there, for a pipe
 * may stay open.  False: nothing is left. */
static bool read_log_line(struct source *source, struct input *input, struct bytes *line)
{
    size_t len = 0;
    int c;

    if (input->is_wide)
        return read_wide_line(source, input, line);
    while ((c = next_octet(source, input)) != EOF && c != '\n')
        if (len < LINE_BLOCK)
            source->block[len++] = (uint8_t)c;
    *line = (struct bytes){ source->block, len };
    return c != EOF || len > 0;
}

/* Text is of many kinds: whether this one is a log, its beginning tells. */
static bool is_log(struct source *source, struct input *input)
{
    struct buf head;
    struct bytes line;

    if (!source->is_log)
        return false;
    buf_init(&head, LIMIT_LOG_WINDOW);
    while (read_log_line(source, input, &line) && buf_append(&head, line) && buf_append_u8(&head, '\n'))
        continue;
    bool is = source->is_log(buf_bytes(&head));
    buf_release(&head);
    return is;
}

/* A regular file that is a capture, a recording or a log, or that only its permissions keep from being read.
 */
static bool is_wanted(struct source *source, struct input *input)
{
    struct stat status;

    if (stat(input->path, &status) != 0 || !S_ISREG(status.st_mode))
        return false;
    if (!input_open(input))
        return input->is_unreadable;
    bool is = input->kind != INPUT_LOG || is_log(source, input);
    input_close(input);
    return is;
}

/* Packets that a recorder has put beside its recording are in that already. */
static bool is_evidence(const char *name, bool has_recording)
{
    return has_recording && strstr(name, ".smtpscope.pcapng");
}

/* Every capture, recording and log in the folder; other files are none of our business. */
static bool add_names(struct source *source, const char *folder, struct dirent *const *names, int count)
{
    bool has_recording = false;

    for (int i = 0; i < count; i++)
        has_recording = has_recording || strstr(names[i]->d_name, ".smtpscope.jsonl");
    for (int i = 0; i < count; i++) {
        if (names[i]->d_name[0] == '.' || is_evidence(names[i]->d_name, has_recording))
            continue;
        struct input *input = add_input(source, folder, names[i]->d_name);
        if (!input)
            return false;
        if (!is_wanted(source, input))
            free(source->inputs[--source->input_count].path);
    }
    return true;
}

static bool add_folder(struct source *source, const char *folder)
{
    struct dirent **names = NULL;
    int count = scandir(folder, &names, NULL, by_name);
    int reason = errno;
    size_t before = source->input_count;
    bool ok = add_names(source, folder, names, count);

    for (int i = 0; i < count; i++)
        free(names[i]);
    free(names);
    if (!ok || source->input_count > before)
        return ok;
    struct input *input = add_input(source, NULL, folder);
    if (input)
        input_fail(input, "%s: %s", folder,
                   count >= 0 ? "no capture, no recording and no log in this folder" : strerror(reason));
    return input != NULL;
}

static bool add_path(struct source *source, const char *path)
{
    struct stat status;

    if (strcmp(path, "-") != 0 && stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        return add_folder(source, path);
    return add_input(source, NULL, path) != NULL;
}

/* Opened only now, because the array does not move any more. */
static void open_inputs(struct source *source)
{
    for (size_t i = 0; i < source->input_count; i++) {
        struct input *input = &source->inputs[i];
        input->facts.path = input->path;
        if (input->facts.is_failed || !input_open(input))
            continue;
        if (input->is_regular && i >= KEPT_OPEN)
            input_close(input); /* opened again when its turn comes */
    }
}

static bool is_capture(const struct input *input)
{
    return input->kind == INPUT_PCAP || input->kind == INPUT_PCAPNG;
}

/* The time of its first packet decides when a capture's turn comes: until then only a few keep what they need
 * to be read. */
static void start_capture(struct source *source, struct capture *capture)
{
    capture_open(capture);
    if (capture->is_done)
        return;
    if (capture->input->is_regular && source->merge.count >= KEPT_STARTED) {
        uint64_t time_ns = capture->head.time_ns;
        capture_close(capture);
        capture->is_peeked = true;
        capture->head = (struct packet){ .time_ns = time_ns };
    }
    merge_add(&source->merge, capture);
}

static bool start_captures(struct source *source)
{
    source->captures = calloc(source->input_count + 1, sizeof *source->captures);
    source->merge.heap = calloc(source->input_count + 1, sizeof(struct capture *));
    if (!source->captures || !source->merge.heap)
        return false;
    for (size_t i = 0; i < source->input_count; i++) {
        if (!is_capture(&source->inputs[i]))
            continue;
        struct capture *capture = &source->captures[source->capture_count++];
        *capture =
            (struct capture){ .input = &source->inputs[i], .index = (uint32_t)i, .filter = source->filter };
        start_capture(source, capture);
    }
    return true;
}

struct source *source_open(const char *const *paths, size_t count, const struct source_options *options,
                           struct err *err)
{
    if (options->filter && !filter_check(options->filter, err))
        return NULL;
    struct source *source = calloc(1, sizeof *source);
    bool ok = source != NULL;
    if (ok) {
        buf_init(&source->line, LIMIT_EVENT_LINE);
        source->is_log = options->is_log;
        source->filter = options->filter ? strdup(options->filter) : NULL;
        source->secrets = options->secrets;
        source->block = malloc(LINE_BLOCK);
        ok = source->block && (!options->filter || source->filter);
    }
    for (size_t i = 0; ok && i < count; i++)
        ok = add_path(source, paths[i]);
    if (ok)
        open_inputs(source);
    if (ok)
        source->follows = options->follows; /* only now: where folders are searched, nothing is waited for */
    if (ok && start_captures(source))
        return source;
    source_free(source);
    (void)err_set(err, ERR_NOMEM, 0, "no memory for %zu inputs, or too many of them", count);
    return NULL;
}

void source_free(struct source *source)
{
    if (!source)
        return;
    for (size_t i = 0; i < source->capture_count; i++)
        if (!source->captures[i].is_done)
            capture_close(&source->captures[i]);
    for (size_t i = 0; i < source->input_count; i++) {
        input_close(&source->inputs[i]);
        free(source->inputs[i].path);
    }
    buf_release(&source->line);
    free(source->block);
    free(source->merge.heap);
    free(source->captures);
    free(source->inputs);
    free(source->filter);
    free(source);
}

bool source_next(struct source *source, struct packet *out)
{
    struct merge *merge = &source->merge;

    if (source->has_handed_out) {
        capture_advance(merge->heap[0]);
        if (merge->count > 1 || merge->heap[0]->is_done)
            merge_update_top(merge);
        source->has_handed_out = false;
    }
    while (merge->count > 0 && merge->heap[0]->is_peeked) {
        merge->heap[0]->is_peeked = false;
        capture_open(merge->heap[0]);
        merge_update_top(merge);
    }
    if (merge->count == 0)
        return false;
    *out = merge->heap[0]->head;
    source->has_handed_out = true;
    return true;
}

size_t source_next_some(struct source *source, struct packet *out, size_t most)
{
    const struct merge *merge = &source->merge;

    if (most == 0 || !source_next(source, out))
        return 0;
    return merge->count > 1 ? 1 : 1 + record_take_near(merge->heap[0], out + 1, most - 1);
}

/* One line into source->line; 0 at the end, -1 for a line without its end. */
static int read_line(struct source *source, struct input *input)
{
    buf_clear(&source->line);
    for (;;) {
        if (source->block_at == source->block_len) {
            source->block_len = fread(source->block, 1, LINE_BLOCK, input->file);
            source->block_at = 0;
            if (source->block_len == 0)
                return source->line.len || !source->line.ok ? -1 : 0;
        }
        struct bytes rest = { source->block + source->block_at, source->block_len - source->block_at };
        size_t lf = bytes_find(rest, '\n');
        (void)buf_append(&source->line, bytes_slice(rest, 0, lf));
        source->block_at += lf == SIZE_MAX ? rest.len : lf + 1;
        if (lf == SIZE_MAX)
            continue;
        if (source->line.ok)
            return 1;
        source_note_problem(source, (uint32_t)(input - source->inputs), true,
                            "a line is longer than any event");
        buf_clear(&source->line);
    }
}

static void end_recording(struct input *input, bool is_torn)
{
    struct input_facts *facts = &input->facts;
    const char *problem = input->decompressor ? decompressor_problem(input->decompressor) : NULL;

    if (!problem && ferror(input->file))
        problem = "read error";
    if (problem)
        input_fail(input, "%s: %s; what came before it was read", input->path, problem);
    facts->is_torn = is_torn && !problem;
    facts->is_complete = !facts->is_torn && !facts->is_failed;
    if (facts->is_torn && !facts->problem[0])
        (void)snprintf(facts->problem, sizeof facts->problem,
                       "%s: its last line is torn, as in a recording still being written", input->path);
    input_close(input);
}

bool source_next_line(struct source *source, struct bytes *line, uint32_t *input)
{
    for (; source->line_input < source->input_count; source->line_input++) {
        struct input *from = &source->inputs[source->line_input];
        if (from->kind != INPUT_RECORDING || (!from->file && !input_open(from)))
            continue;
        int result = read_line(source, from);
        if (result > 0) {
            *line = buf_bytes(&source->line);
            *input = (uint32_t)source->line_input;
            return true;
        }
        end_recording(from, result < 0);
    }
    return false;
}

bool source_next_log_line(struct source *source, struct bytes *line, uint32_t *input)
{
    for (; source->log_input < source->input_count; source->log_input++) {
        struct input *from = &source->inputs[source->log_input];
        if (from->kind != INPUT_LOG || from->facts.is_failed || (!from->file && !input_open(from)))
            continue;
        if (read_log_line(source, from, line)) {
            *input = (uint32_t)source->log_input;
            return true;
        }
        end_recording(from, false);
    }
    return false;
}

size_t source_input_count(const struct source *source)
{
    return source->input_count;
}

const struct input_facts *source_input(const struct source *source, size_t index)
{
    return &source->inputs[index].facts;
}

void source_note_problem(struct source *source, uint32_t input, bool is_failure, const char *text)
{
    struct input_facts *facts = &source->inputs[input].facts;

    facts->is_failed = facts->is_failed || is_failure;
    if (!facts->problem[0])
        (void)snprintf(facts->problem, sizeof facts->problem, "%s: %s", facts->path, text);
}

void source_note_program(struct source *source, uint32_t input, const char *program)
{
    source->inputs[input].facts.program = program;
}

void source_progress(const struct source *source, uint64_t *done, uint64_t *total)
{
    bool is_known = true;

    *done = 0;
    *total = 0;
    for (size_t i = 0; i < source->input_count; i++) {
        const struct input *input = &source->inputs[i];
        *done += input->facts.bytes;
        *total += input->facts.size;
        is_known = is_known && (input->facts.size || input->facts.is_failed);
    }
    if (!is_known)
        *total = 0;
}
