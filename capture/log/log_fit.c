/* Lines as they come: what a width or a page did to them is undone, and records of several lines are one. */
#include "log/log_reader_state.h"

#include "base/limits.h"
#include "log/log_dress.h"

static void accept(struct log_reader *reader, struct bytes line, enum window_mark mark)
{
    if (reader->format)
        log_unwrap_line(reader, line, reader->line_number, mark);
    else
        log_choose(reader, line, mark);
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

void log_fit_line(struct log_reader *reader, struct bytes line)
{
    struct buf *head = &reader->fitted.head;

    if (reader->fitted.is_learning && buf_reserve(head, line.len + 1)) {
        (void)buf_append(head, line);
        (void)buf_append_u8(head, '\n');
        return;
    } /* no room, or no memory for it */
    if (reader->fitted.is_learning)
        end_learning(reader);
    fit(reader, bytes_slice(line, 0, LIMIT_LOG_LINE));
}

void log_fit_end(struct log_reader *reader)
{
    if (reader->fitted.is_learning)
        end_learning(reader);
    end_folded(reader);
    if (log_record_end(&reader->record))
        accept(reader, buf_bytes(&reader->record.done), WINDOW_WHOLE);
}
