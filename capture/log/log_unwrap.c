/* What stands around the lines of a program in this log comes off, and its format reads them. */
#include "log/log_reader_state.h"

/* A paste may be indented as a whole: as far as the line by which its format was known. */
size_t log_blanks_before(struct bytes line, size_t most)
{
    size_t blanks = 0;

    while (blanks < line.len && blanks < most && ascii_is_blank(line.ptr[blanks]))
        blanks++;
    return blanks;
}

bool log_unwrap_next(struct log_reader *reader, struct bytes *text, const struct log_line *around,
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

bool log_unwrap(struct log_reader *reader, const struct log_wrap *wrap, struct bytes *text,
                struct log_line *around)
{
    if (wrap == &log_wrap_prefix)
        return strip_prefix(reader, text, around);
    return !wrap->strip || wrap->strip(text, &reader->unwrapped, around);
}

void log_unwrap_line(struct log_reader *reader, struct bytes raw, uint64_t number, enum window_mark mark)
{
    struct log_line around = { .number = number }, line;

    if (mark == WINDOW_NONE)
        return;
    if (mark == WINDOW_CUT)
        talks_cut_line(reader->talks, number);
    raw = page_strip(raw, &reader->page, &reader->stripped);
    raw = bytes_from(raw, log_blanks_before(raw, reader->indent));
    if (!raw.ptr)
        raw = BYTES("");
    if (!log_unwrap(reader, reader->wrap, &raw, &around) && reader->wrap->is_total)
        return;
    while (log_unwrap_next(reader, &raw, &around, &line)) {
        buf_clear(&reader->scratch);
        talks_at_line(reader->talks, number, &line.stamp);
        reader->format->read(reader, &line);
    }
}
