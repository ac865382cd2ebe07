/* Finds out who wrote a log, and gives it to its format line by line. */
#include "log/log_reader.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "log/format.h"
#include "log/log_dress.h"
#include "log/log_prefix.h"
#include "log/log_record.h"
#include "log/log_width.h"
#include "log/log_wrap.h"
#include "log/page.h"
#include "log/paired_marks.h"
#include "log/plausible.h"

enum {
    FORMATS_MOST = 64,
    WRAPS_MOST = 16,
    WEAK_LEAST = 2,  /* lines that speak for a format where none is sure: one may be prose */
    WEAK_ENOUGH = 12 /* and so many that no more are waited for */
};

/* What stands in front of each line in the window. */
enum window_mark {
    WINDOW_WHOLE = '=',
    WINDOW_CUT = '/', /* it may have had more */
    WINDOW_NONE = '-' /* it was put behind the one before it */
};

/* Lines on their way from the input to the format. */
struct fitted {
    struct log_width width;
    struct log_prefix prefix;
    struct log_suffix suffix;
    bool is_learning; /* what the width is: the first lines are kept until it is known */
    struct buf head;  /* they, each with its LF */
    struct buf line;  /* what was folded, put together so far */
    struct buf piece; /* the last line of it */
    uint64_t pieces;  /* 0: none waits */
};

struct log_reader {
    struct session_sink sink;
    struct fitted fitted;
    bool is_live;     /* what comes is told at once */
    uint64_t dropped; /* sessions that are of another protocol, or of a book */
    struct talks *talks;
    const struct log_format *format; /* NULL: not known yet */
    const struct log_wrap *wrap;     /* of that format's lines */
    struct log_notes notes;
    struct buf window;    /* lines that were read before it was known, each with its LF */
    uint64_t window_from; /* number of the first of them */
    uint64_t line_number; /* of the last line */
    uint64_t sessions_before;
    uint32_t input;
    bool is_sure; /* that this is the format */
    enum page_kind page;
    bool is_double_spaced; /* each second line has been blank up to now */
    unsigned worn;         /* by all lines: log_dress.h */
    bool is_padded;        /* each line that is not blank has ended in blanks */
    size_t indent;         /* of all lines, pasted from where it was set in; SIZE_MAX: not known */
    unsigned votes[WRAPS_MOST][FORMATS_MOST];  /* weak claims of the lines so far */
    unsigned quoted[WRAPS_MOST][FORMATS_MOST]; /* those of lines that begin with ">" within the wrapping */
    bool saw_quoted_reply, saw_answer;         /* "> 250", "< ..." */
    struct log_record record;                  /* of several lines, being read */
    struct buf blanked;
    struct buf undressed;
    struct buf clean;
    struct buf stripped; /* of what a page adds */
    struct buf unwrapped;
    struct buf scratch;
    struct buf key;
};

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

/* A paste may be indented as a whole: as far as the line by which its format was known. */
static size_t blanks_before(struct bytes line, size_t most)
{
    size_t blanks = 0;

    while (blanks < line.len && blanks < most && ascii_is_blank(line.ptr[blanks]))
        blanks++;
    return blanks;
}

/* The next line of what one wrapped line holds, with the time and the process that the wrapping tells, where
 * the line itself does not. */
static bool take_line(struct log_reader *reader, struct bytes *text, const struct log_line *around,
                      struct log_line *out)
{
    if (!text->ptr)
        return false;
    size_t lf = bytes_find(*text, '\n');
    out->number = around->number;
    log_line_peel(bytes_slice(*text, 0, lf), &reader->clean, out);
    out->is_of_page = reader->page == PAGE_HTML;
    if (out->stamp.clock == LOG_CLOCK_NONE)
        out->stamp = around->stamp;
    if (out->source.len == 0) {
        out->source = around->source;
        out->name = around->name;
    }
    *text = lf == SIZE_MAX ? (struct bytes){ NULL, 0 } : bytes_from(*text, lf + 1);
    return true;
}

/* What this log has in front of its lines; the time in it, where it is of a form that is known. */
static bool strip_prefix(struct log_reader *reader, struct bytes *text, struct log_line *around)
{
    struct log_stamp stamp = { 0 };
    bool has_time = log_stamp_parse(*text, &stamp) > 0;

    if (!log_prefix_strip(&reader->fitted.prefix, text, &reader->unwrapped))
        return false;
    if (has_time)
        around->stamp = stamp;
    return true;
}

/* Takes the wrapping off.  False, and nothing is touched: there is none. */
static bool strip(struct log_reader *reader, const struct log_wrap *wrap, struct bytes *text,
                  struct log_line *around)
{
    if (wrap == &log_wrap_prefix)
        return strip_prefix(reader, text, around);
    return !wrap->strip || wrap->strip(text, &reader->unwrapped, around);
}

static void read_line(struct log_reader *reader, struct bytes raw, uint64_t number, enum window_mark mark)
{
    struct log_line around = { .number = number }, line;

    if (mark == WINDOW_NONE)
        return;
    if (mark == WINDOW_CUT)
        talks_cut_line(reader->talks, number);
    raw = page_strip(raw, &reader->page, &reader->stripped);
    raw = bytes_from(raw, blanks_before(raw, reader->indent));
    if (!raw.ptr)
        raw = BYTES("");
    if (!strip(reader, reader->wrap, &raw, &around) && reader->wrap->is_total)
        return;
    while (take_line(reader, &raw, &around, &line)) {
        buf_clear(&reader->scratch);
        talks_at_line(reader->talks, number, &line.stamp);
        reader->format->read(reader, &line);
    }
}

/* The format is known: what was read up to now is read by it. */
static void settle(struct log_reader *reader, const struct log_format *format)
{
    struct bytes rest = buf_bytes(&reader->window);
    uint64_t number = reader->window_from;

    reader->format = format;
    if (reader->wrap == &log_wrap_indent)
        reader->wrap = log_wraps[LOG_WRAP_PLAIN]; /* as far as that line is set in, and no further */
    else if (reader->wrap != log_wraps[LOG_WRAP_PLAIN] || reader->indent == SIZE_MAX)
        reader->indent = 0;
    reader->page = PAGE_UNKNOWN; /* it is told once more */
    talks_begin(reader->talks, reader->input, format->name, format->is_server_side);
    for (size_t lf; (lf = bytes_find(rest, '\n')) != SIZE_MAX; rest = bytes_from(rest, lf + 1), number++)
        if (!reader->is_double_spaced || number % 2 == 1)
            read_line(reader, bytes_slice(rest, 1, lf - 1), number, (enum window_mark)rest.ptr[0]);
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

/* "> 250 ok" without any "< EHLO c": a mail that is answered, where the arrow says nothing. */
static bool is_quotation(const struct log_reader *reader)
{
    return reader->saw_quoted_reply && !reader->saw_answer;
}

/* The votes that count: in a mail that is answered, those of its lines are for what is inside the quotation.
 */
static unsigned votes_of(const struct log_reader *reader, size_t wrap, size_t format)
{
    bool needs_quotation = log_wraps[wrap] == &log_wrap_quote || log_wraps[wrap] == &log_wrap_quote_twice;

    if (!is_quotation(reader))
        return needs_quotation ? 0 : reader->votes[wrap][format];
    return reader->votes[wrap][format] - reader->quoted[wrap][format];
}

/* Marks are known behind anything; what goes on in the next line is known inside the wrapping alone. */
static bool is_better_inside(const struct log_reader *reader, size_t wrap, size_t format, unsigned most)
{
    return !log_formats[format + 1] && log_wraps[wrap]->is_wrapping && votes_of(reader, wrap, format) == most;
}

/* What most lines speak for; of equals the first in the tables. */
static const struct log_format *favourite(struct log_reader *reader, unsigned least)
{
    const struct log_format *best = NULL;
    unsigned most = least - 1;

    for (size_t i = 0; log_formats[i]; i++)
        for (size_t wrap = 0; log_wraps[wrap]; wrap++)
            if (votes_of(reader, wrap, i) > most
                || (best == log_formats[i] && is_better_inside(reader, wrap, i, most))) {
                most = votes_of(reader, wrap, i);
                best = log_formats[i];
                reader->wrap = log_wraps[wrap];
            }
    return best;
}

/* The format that is sure of this line, if it is wrapped so; NULL: none, and guesses are counted. */
static const struct log_format *ask(struct log_reader *reader, size_t wrap, struct bytes raw)
{
    struct log_line around = { .number = reader->line_number }, line;
    size_t blanks = blanks_before(raw, raw.len);

    if (log_wraps[wrap] != &log_wrap_table && log_wrap_is_row(raw))
        return NULL; /* with its rules it would read as something else */
    if (!strip(reader, log_wraps[wrap], &raw, &around))
        return NULL;
    bool is_quoted = log_text_starts(raw, ">");
    while (take_line(reader, &raw, &around, &line))
        for (size_t i = 0; log_formats[i]; i++) {
            enum log_claim claim = log_formats[i]->claim(&line);
            if (claim == LOG_CLAIM_STRONG)
                return log_formats[i];
            reader->votes[wrap][i] += claim == LOG_CLAIM_WEAK;
            reader->quoted[wrap][i] += claim == LOG_CLAIM_WEAK && is_quoted;
            if (claim == LOG_CLAIM_WEAK && log_wraps[wrap] == &log_wrap_indent && blanks < reader->indent)
                reader->indent = blanks;
        }
    return NULL;
}

static void note_arrow(struct log_reader *reader, struct bytes raw)
{
    struct log_line around = { 0 };
    struct paired_mark mark;
    struct mark_pair pair;
    uint16_t code;
    bool is_last;

    reader->saw_answer = reader->saw_answer || log_text_starts(raw, "<");
    while (!reader->saw_quoted_reply && log_wrap_quote.strip(&raw, &reader->unwrapped, &around)) {
        bool is_marked = paired_marks_find_any(raw, &pair, &mark) && mark.prefix.len == 0;
        reader->saw_quoted_reply =
            log_text_is_reply(is_marked ? mark.said : raw, &code, &is_last) && raw.len > 4;
    }
}

static void consider(struct log_reader *reader, struct bytes raw, enum window_mark mark)
{
    make_room(reader, raw.len + 2);
    (void)buf_append_u8(&reader->window, (uint8_t)mark);
    (void)buf_append(&reader->window, raw);
    (void)buf_append_u8(&reader->window, '\n');
    raw = page_strip(raw, &reader->page, &reader->stripped);
    if (raw.len == 0)
        return;
    note_arrow(reader, raw);
    for (size_t wrap = 0; log_wraps[wrap]; wrap++) {
        const struct log_format *sure = ask(reader, wrap, raw);
        if (!sure)
            continue;
        reader->wrap = log_wraps[wrap];
        reader->indent = blanks_before(raw, raw.len);
        reader->is_sure = true;
        settle(reader, sure);
        return;
    }
    const struct log_format *format = favourite(reader, WEAK_ENOUGH);
    if (format)
        settle(reader, format);
}

static void accept(struct log_reader *reader, struct bytes line, enum window_mark mark)
{
    if (reader->format)
        read_line(reader, line, reader->line_number, mark);
    else
        consider(reader, line, mark);
}

/* Of a record of several lines each counts, and the last holds it. */
static void accept_record(struct log_reader *reader, struct bytes line, enum window_mark mark)
{
    switch (log_record_add(&reader->record, line)) {
    case LOG_RECORD_NONE:
        accept(reader, line, mark);
        break;
    case LOG_RECORD_MORE:
        accept(reader, BYTES(""), WINDOW_WHOLE);
        break;
    case LOG_RECORD_DONE:
        accept(reader, buf_bytes(&reader->record.done), WINDOW_WHOLE);
        break;
    }
}

/* Pastes out of tables and mails are padded, or have a blank line behind each: none of it was said. */
static struct bytes without_padding(struct log_reader *reader, struct bytes line)
{
    size_t end = line.len;

    while (end > 0 && (ascii_is_blank(line.ptr[end - 1]) || line.ptr[end - 1] == '\r'))
        end--;
    size_t blanks = line.len - end - (line.len > end && line.ptr[line.len - 1] == '\r');
    reader->is_double_spaced = reader->is_double_spaced && (end == 0 || reader->line_number % 2 == 1);
    reader->is_padded = reader->is_padded && (end == 0 || blanks > 0);
    return reader->is_padded ? bytes_slice(line, 0, end) : line;
}

static void take_whole(struct log_reader *reader, struct bytes line, enum window_mark mark)
{
    if (reader->line_number++ == 0 && bytes_equal(bytes_slice(line, 0, 3), BYTES("\xef\xbb\xbf")))
        line = bytes_from(line, 3); /* the mark of UTF-8 */
    line = log_suffix_strip(&reader->fitted.suffix, line);
    line = log_dress_blanks(bytes_slice(line, 0, LIMIT_LOG_LINE), &reader->blanked);
    line = log_dress_strip(line, &reader->worn, &reader->undressed);
    line = without_padding(reader, line);
    if (reader->is_double_spaced && reader->format && reader->line_number % 2 == 0)
        return;
    if (!reader->format || reader->wrap == &log_wrap_json)
        accept_record(reader, line, mark);
    else
        accept(reader, line, mark);
}

/* What was folded is whole, as nothing that follows belongs to it. */
static void end_folded(struct log_reader *reader)
{
    struct fitted *fitted = &reader->fitted;
    bool is_cut = log_width_is_cut(&fitted->width, buf_bytes(&fitted->piece));

    if (fitted->pieces == 0)
        return;
    take_whole(reader, buf_bytes(&fitted->line), is_cut ? WINDOW_CUT : WINDOW_WHOLE);
    for (; fitted->pieces > 1; fitted->pieces--) {
        reader->line_number++;
        accept(reader, BYTES(""), WINDOW_NONE);
    }
    fitted->pieces = 0;
}

static void unfold(struct log_reader *reader, struct bytes line)
{
    struct fitted *fitted = &reader->fitted;

    if (fitted->pieces > 0 && log_width_goes_on(&fitted->width, buf_bytes(&fitted->piece), line)) {
        log_width_join(&fitted->width, &fitted->line, buf_bytes(&fitted->piece), line);
    } else {
        end_folded(reader);
        buf_clear(&fitted->line);
        (void)buf_append(&fitted->line, line);
    }
    fitted->pieces++;
    buf_clear(&fitted->piece);
    (void)buf_append(&fitted->piece, line);
}

static void fit(struct log_reader *reader, struct bytes line)
{
    if (reader->fitted.width.is_folded)
        unfold(reader, line);
    else
        take_whole(reader, line, log_width_is_cut(&reader->fitted.width, line) ? WINDOW_CUT : WINDOW_WHOLE);
}

/* The width is known as well as it will be: what was kept is read. */
static void end_learning(struct log_reader *reader)
{
    struct fitted *fitted = &reader->fitted;
    struct bytes rest = buf_bytes(&fitted->head);

    fitted->is_learning = false;
    log_width_learn(&fitted->width, rest);
    log_prefix_learn(&fitted->prefix, rest);
    log_suffix_learn(&fitted->suffix, rest);
    for (size_t lf; (lf = bytes_find(rest, '\n')) != SIZE_MAX; rest = bytes_from(rest, lf + 1))
        fit(reader, bytes_slice(rest, 0, lf));
    buf_release(&fitted->head);
}

void log_reader_line(struct log_reader *reader, struct bytes line)
{
    struct buf *head = &reader->fitted.head;

    if (reader->fitted.is_learning && head->len + line.len < head->max) {
        (void)buf_append(head, line);
        (void)buf_append_u8(head, '\n');
        return;
    }
    if (reader->fitted.is_learning)
        end_learning(reader);
    fit(reader, bytes_slice(line, 0, LIMIT_LOG_LINE));
}

bool log_reader_end(struct log_reader *reader)
{
    if (reader->fitted.is_learning)
        end_learning(reader);
    end_folded(reader);
    if (log_record_end(&reader->record))
        accept(reader, buf_bytes(&reader->record.done), WINDOW_WHOLE);
    const struct log_format *format = reader->format ? NULL : favourite(reader, WEAK_LEAST);

    if (format)
        settle(reader, format);
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
