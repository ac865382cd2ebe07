/* Finds out who wrote a log, and gives it to its format line by line. */
#include "log/log_reader.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "log/format.h"

enum {
    FORMATS_MOST = 64,
    WEAK_LEAST = 2,  /* lines that speak for a format where none is sure: one may be prose */
    WEAK_ENOUGH = 12 /* and so many that no more are waited for */
};

struct log_reader {
    struct talks *talks;
    const struct log_format *format; /* NULL: not known yet */
    struct log_notes notes;
    struct buf window;    /* lines that were read before it was known, each with its LF */
    uint64_t window_from; /* number of the first of them */
    uint64_t line_number; /* of the last line */
    uint64_t sessions_before;
    uint32_t input;
    size_t indent;                /* of all lines: pasted from where it was indented */
    unsigned votes[FORMATS_MOST]; /* weak claims of the lines in the window */
    struct buf clean;
    struct buf scratch;
    struct buf key;
};

struct log_reader *log_reader_new(const struct log_reader_options *options)
{
    struct log_reader *reader = calloc(1, sizeof *reader);
    struct talks_options talks = { .budget = options->budget,
                                   .sink = options->sink,
                                   .wants_digests = options->wants_digests,
                                   .first_serial = options->first_serial };

    if (!reader)
        return NULL;
    buf_init(&reader->window, LIMIT_LOG_WINDOW);
    buf_init(&reader->clean, LIMIT_LOG_LINE);
    buf_init(&reader->scratch, LIMIT_LOG_LINE * 2);
    buf_init(&reader->key, LIMIT_LOG_LINE);
    buf_init(&reader->notes.text, LIMIT_LOG_RAW);
    buf_init(&reader->notes.other, LIMIT_LOG_RAW);
    buf_init(&reader->notes.key, LIMIT_LOG_LINE);
    reader->talks = talks_new(&talks);
    if (reader->talks)
        return reader;
    log_reader_free(reader);
    return NULL;
}

void log_reader_free(struct log_reader *reader)
{
    if (!reader)
        return;
    talks_free(reader->talks);
    buf_release(&reader->window);
    buf_release(&reader->clean);
    buf_release(&reader->scratch);
    buf_release(&reader->key);
    buf_release(&reader->notes.text);
    buf_release(&reader->notes.other);
    buf_release(&reader->notes.key);
    free(reader);
}

static void forget_notes(struct log_notes *notes)
{
    struct log_notes fresh = {
        .side = SIDE_NONE, .text = notes->text, .other = notes->other, .key = notes->key
    };

    buf_clear(&fresh.text);
    buf_clear(&fresh.other);
    buf_clear(&fresh.key);
    *notes = fresh;
}

void log_reader_begin(struct log_reader *reader, uint32_t input)
{
    reader->format = NULL;
    reader->input = input;
    reader->line_number = 0;
    reader->indent = 0;
    reader->window_from = 1;
    reader->sessions_before = talks_sessions(reader->talks);
    memset(reader->votes, 0, sizeof reader->votes);
    buf_clear(&reader->window);
    forget_notes(&reader->notes);
}

struct log_notes *log_notes(struct log_reader *reader)
{
    return &reader->notes;
}

struct buf *log_scratch(struct log_reader *reader)
{
    return &reader->scratch;
}

void log_at(struct log_reader *reader, uint64_t number, const struct log_stamp *stamp)
{
    talks_at_line(reader->talks, number, stamp);
}

struct talk *log_talk(struct log_reader *reader, const struct log_line *line, struct bytes key)
{
    buf_clear(&reader->key);
    (void)buf_append(&reader->key, line->source);
    (void)buf_append_u8(&reader->key, 0);
    (void)buf_append(&reader->key, key);
    return talks_find(reader->talks, buf_bytes(&reader->key));
}

struct talk *log_last_talk(struct log_reader *reader)
{
    return talks_find(reader->talks, buf_bytes(&reader->key));
}

/* A paste may be indented as a whole: as far as the line by which its format was known. */
static size_t blanks_before(struct bytes line, size_t most)
{
    size_t blanks = 0;

    while (blanks < line.len && blanks < most && line.ptr[blanks] == ' ')
        blanks++;
    return blanks;
}

static void read_line(struct log_reader *reader, struct bytes raw, uint64_t number)
{
    struct log_line line = { .number = number };

    buf_clear(&reader->scratch);
    log_line_peel(bytes_from(raw, blanks_before(raw, reader->indent)), &reader->clean, &line);
    talks_at_line(reader->talks, number, &line.stamp);
    reader->format->read(reader, &line);
}

/* The format is known: what was read up to now is read by it. */
static void settle(struct log_reader *reader, const struct log_format *format)
{
    struct bytes rest = buf_bytes(&reader->window);
    uint64_t number = reader->window_from;

    reader->format = format;
    talks_begin(reader->talks, reader->input, format->name, format->is_server_side);
    for (size_t lf; (lf = bytes_find(rest, '\n')) != SIZE_MAX; rest = bytes_from(rest, lf + 1))
        read_line(reader, bytes_slice(rest, 0, lf), number++);
    buf_clear(&reader->window);
}

/* Room in the window for another line: the older half goes. */
static void make_room(struct log_reader *reader, size_t len)
{
    struct buf *window = &reader->window;

    if (window->len + len < window->max)
        return;
    struct bytes all = buf_bytes(window), rest = bytes_from(all, window->len / 2);
    size_t lf = bytes_find(rest, '\n');
    rest = lf == SIZE_MAX ? (struct bytes){ NULL, 0 } : bytes_from(rest, lf + 1);
    for (size_t i = 0; i < all.len - rest.len; i++)
        reader->window_from += all.ptr[i] == '\n';
    if (rest.len)
        memmove(window->ptr, rest.ptr, rest.len);
    window->len = rest.len;
}

/* The one that most lines speak for; of equals the first in the table. */
static const struct log_format *favourite(const struct log_reader *reader, unsigned least)
{
    const struct log_format *best = NULL;
    unsigned most = least - 1;

    for (size_t i = 0; log_formats[i]; i++)
        if (reader->votes[i] > most) {
            most = reader->votes[i];
            best = log_formats[i];
        }
    return best;
}

static void consider(struct log_reader *reader, struct bytes raw)
{
    struct log_line line = { .number = reader->line_number };

    make_room(reader, raw.len + 1);
    (void)buf_append(&reader->window, raw);
    (void)buf_append_u8(&reader->window, '\n');
    log_line_peel(raw, &reader->clean, &line);
    for (size_t i = 0; log_formats[i]; i++) {
        enum log_claim claim = log_formats[i]->claim(&line);
        if (claim == LOG_CLAIM_STRONG) {
            reader->indent = blanks_before(raw, raw.len);
            settle(reader, log_formats[i]);
            return;
        }
        reader->votes[i] += claim == LOG_CLAIM_WEAK;
    }
    const struct log_format *format = favourite(reader, WEAK_ENOUGH);
    if (format)
        settle(reader, format);
}

void log_reader_line(struct log_reader *reader, struct bytes line)
{
    reader->line_number++;
    line = bytes_slice(line, 0, LIMIT_LOG_LINE);
    if (reader->format)
        read_line(reader, line, reader->line_number);
    else
        consider(reader, line);
}

bool log_reader_end(struct log_reader *reader)
{
    const struct log_format *format = reader->format ? NULL : favourite(reader, WEAK_LEAST);

    if (format)
        settle(reader, format);
    if (reader->format && reader->format->finish)
        reader->format->finish(reader);
    talks_finish(reader->talks);
    return talks_sessions(reader->talks) > reader->sessions_before;
}

void log_reader_list(char out[LOG_PROGRAMS_TEXT])
{
    size_t at = 0;

    for (size_t i = 0; log_formats[i + 1] && at < LOG_PROGRAMS_TEXT; i++) /* the last is any program's */
        at += (size_t)snprintf(out + at, LOG_PROGRAMS_TEXT - at, "%s%s", i ? ", " : "", log_formats[i]->name);
}

const char *log_reader_program(const struct log_reader *reader)
{
    return reader->format ? reader->format->name : NULL;
}

uint64_t log_reader_sessions(const struct log_reader *reader)
{
    return talks_sessions(reader->talks);
}

uint64_t log_reader_lost(const struct log_reader *reader)
{
    return talks_lost(reader->talks);
}
