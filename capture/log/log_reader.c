/* Reads a log: its lines go to the format of the program that wrote it, which makes talks of them. */
#include "log/log_reader_state.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "log/log_dress.h"
#include "log/plausible.h"

static void take_session(void *ctx, struct session *session)
{
    struct log_reader *reader = ctx;

    if (!reader->format->is_of_any || plausible_is_smtp(session, reader->is_sure)) {
        reader->sink.ended(reader->sink.ctx, session);
        return;
    }
    reader->dropped++;
    session_free(session);
}

static void pass_change(void *ctx, struct session *session, enum session_change change, size_t index)
{
    struct log_reader *reader = ctx;

    reader->sink.changed(reader->sink.ctx, session, change, index);
}

static void pass_reached(void *ctx, uint64_t serial)
{
    struct log_reader *reader = ctx;

    reader->sink.reached(reader->sink.ctx, serial);
}

struct log_reader *log_reader_new(const struct log_reader_options *options)
{
    struct log_reader *reader = calloc(1, sizeof *reader);
    struct talks_options talks = { .budget = options->budget,
                                   .sink = { .ctx = reader,
                                             .changed = options->sink.changed ? pass_change : NULL,
                                             .ended = take_session,
                                             .reached = options->sink.reached ? pass_reached : NULL },
                                   .wants_digests = options->wants_digests,
                                   .first_serial = options->first_serial };

    if (!reader)
        return NULL;
    reader->sink = options->sink;
    reader->is_live = options->is_live;
    buf_init(&reader->fitted.head, LIMIT_LOG_HEAD);
    buf_init(&reader->fitted.line, LIMIT_LOG_LINE);
    buf_init(&reader->fitted.piece, LIMIT_LOG_LINE);
    buf_init(&reader->window, LIMIT_LOG_WINDOW);
    log_record_init(&reader->record);
    buf_init(&reader->blanked, LIMIT_LOG_LINE);
    buf_init(&reader->undressed, LIMIT_LOG_LINE);
    buf_init(&reader->clean, LIMIT_LOG_LINE);
    buf_init(&reader->stripped, LIMIT_LOG_LINE);
    buf_init(&reader->unwrapped, LIMIT_LOG_LINE * 2);
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
    buf_release(&reader->fitted.head);
    buf_release(&reader->fitted.line);
    buf_release(&reader->fitted.piece);
    buf_release(&reader->window);
    log_record_release(&reader->record);
    buf_release(&reader->blanked);
    buf_release(&reader->undressed);
    buf_release(&reader->clean);
    buf_release(&reader->stripped);
    buf_release(&reader->unwrapped);
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
    reader->wrap = log_wraps[LOG_WRAP_PLAIN];
    reader->page = PAGE_UNKNOWN;
    reader->is_double_spaced = true;
    reader->is_padded = true;
    reader->worn = LOG_DRESS_ANY;
    reader->is_sure = false;
    reader->saw_quoted_reply = reader->saw_answer = false;
    reader->input = input;
    reader->fitted.width = (struct log_width){ .columns = 0 };
    reader->fitted.prefix.len = 0;
    reader->fitted.suffix.len = 0;
    reader->fitted.is_learning = !reader->is_live;
    reader->fitted.pieces = 0;
    buf_clear(&reader->fitted.head);
    reader->line_number = 0;
    reader->indent = SIZE_MAX;
    reader->window_from = 1;
    reader->sessions_before = log_reader_sessions(reader);
    memset(reader->votes, 0, sizeof reader->votes);
    memset(reader->quoted, 0, sizeof reader->quoted);
    buf_clear(&reader->window);
    log_record_clear(&reader->record);
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

static struct bytes make_key(struct log_reader *reader, const struct log_line *line, struct bytes key)
{
    buf_clear(&reader->key);
    (void)buf_append(&reader->key, line->source);
    (void)buf_append_u8(&reader->key, 0);
    (void)buf_append(&reader->key, key);
    return buf_bytes(&reader->key);
}

struct talk *log_talk(struct log_reader *reader, const struct log_line *line, struct bytes key)
{
    return talks_find(reader->talks, make_key(reader, line, key));
}

bool log_goes_on(struct log_reader *reader, const struct log_line *line, struct bytes key)
{
    return talks_go_on(reader->talks, make_key(reader, line, key));
}

struct talk *log_last_talk(struct log_reader *reader)
{
    return talks_find(reader->talks, buf_bytes(&reader->key));
}

void log_reader_line(struct log_reader *reader, struct bytes line)
{
    log_fit_line(reader, line);
}

bool log_reader_end(struct log_reader *reader)
{
    log_fit_end(reader);
    log_choose_at_end(reader);
    if (reader->format && reader->format->finish)
        reader->format->finish(reader);
    talks_finish(reader->talks);
    return log_reader_sessions(reader) > reader->sessions_before;
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

bool log_reader_is_sure(const struct log_reader *reader)
{
    return reader->is_sure;
}

uint64_t log_reader_sessions(const struct log_reader *reader)
{
    return talks_sessions(reader->talks) - reader->dropped;
}

uint64_t log_reader_lost(const struct log_reader *reader)
{
    return talks_lost(reader->talks);
}
