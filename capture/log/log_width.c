/* Finds the width of a log by its longest lines: where three of them that have little in common are equally
 * long, or one is as long as a terminal is wide, there was more.  It was folded where what follows such a
 * line does not begin as lines of this log do, else it was cut.
 *     Nov 24 04:06:21 mx postfix/smtpd[147]: < unknown[198.51.100.9]: AUTH PLAIN AGFsa    cut
 *     250-AUTH DIGEST-MD5 CRAM-MD5                                                       folded at a blank
 *     NTLM PLAIN LOGIN */
#include "log/log_width.h"

#include "log/format.h"
#include "log/log_line.h"

enum {
    SHAPES_ENOUGH = 3, /* lines of one width that are no coincidence */
    SHAPES_MOST = 16,
    WIDEST_PAGE = 160, /* nobody folds a few lines at more */
    INDENT_LEAST = 2   /* one blank may be of the text */
};

/* Different ones, up to a ceiling. */
struct shapes {
    uint32_t of[SHAPES_MOST];
    size_t count;
};

/* What is known of a log while its lines are looked at for the second time. */
struct survey {
    struct bytes line; /* the one before */
    size_t longest;
    size_t lines;                   /* that are not blank */
    size_t begun, with_time;        /* lines that begin for sure, as the one before them had room */
    size_t full, padded;            /* lines of the full width, and those of them that end in a blank */
    size_t ended;                   /* full lines that do not go on */
    size_t followed, full_followed; /* those that go on, of any width and of the full one */
    size_t split;  /* of these: in a word that has room in a line, as no blanks are looked for */
    size_t indent; /* the least in front of what goes on */
    struct shapes full_shapes, followed_shapes;
    uint8_t last; /* octet of all full lines; 0: they differ */
};

static bool is_space(uint8_t c)
{
    return ascii_is_blank(c) || c == '\r';
}

static struct bytes without_returns(struct bytes line)
{
    while (line.len > 0 && line.ptr[line.len - 1] == '\r')
        line.len--;
    return line;
}

size_t log_width_of(struct bytes line)
{
    size_t width = 0;

    line = without_returns(line);
    for (size_t i = 0; i < line.len; i++)
        width += (line.ptr[i] & 0xc0) != 0x80; /* UTF-8: what only goes on counts nothing */
    return width;
}

static size_t blanks_before(struct bytes line)
{
    size_t blanks = 0;

    while (blanks < line.len && ascii_is_blank(line.ptr[blanks]))
        blanks++;
    return blanks;
}

static size_t word_at(struct bytes line, size_t at)
{
    size_t end = at;

    while (end < line.len && !is_space(line.ptr[end]))
        end++;
    return end - at;
}

/* Letters are one, digits another. */
static uint8_t kind_of(uint8_t c)
{
    if (ascii_is_digit(c))
        return '0';
    return ascii_is_letter(c) ? 'a' : c;
}

/* Equal for lines that differ in names and numbers alone. */
static uint32_t shape_of(struct bytes line)
{
    uint32_t shape = 2166136261; /* FNV-1a */

    for (size_t i = 0; i < line.len; i++)
        shape = (shape ^ kind_of(line.ptr[i])) * 16777619;
    return shape;
}

static bool is_new(struct shapes *shapes, struct bytes line)
{
    uint32_t shape = shape_of(line);

    for (size_t i = 0; i < shapes->count; i++)
        if (shapes->of[i] == shape)
            return false;
    if (shapes->count < SHAPES_MOST)
        shapes->of[shapes->count++] = shape;
    return true;
}

/* How a line begins: as far as it is set in, and its first three octets, or a mark. */
static uint32_t key_of(struct bytes line)
{
    size_t blanks = blanks_before(line);
    uint32_t key = (uint32_t)(blanks < 255 ? blanks : 255);

    uint8_t first = blanks < line.len ? line.ptr[blanks] : 0;
    bool is_marked = first && !ascii_is_digit(first) && !ascii_is_letter(first);
    for (size_t i = blanks; i < blanks + (is_marked ? 1 : 3); i++) {
        uint8_t c = i < line.len ? line.ptr[i] : 0;
        key = key << 8 | (ascii_is_digit(c) ? '0' : c);
    }
    return key;
}

static bool has_key(const struct log_width *width, uint32_t key)
{
    for (size_t i = 0; i < width->key_count; i++)
        if (width->keys[i] == key)
            return true;
    return width->key_count == LOG_WIDTH_KEYS;
}

static bool has_time(struct bytes line)
{
    struct log_line peeled = { .number = 0 };
    struct buf none;

    buf_init(&none, 0);
    log_line_peel(line, &none, &peeled);
    buf_release(&none);
    return peeled.stamp.clock != LOG_CLOCK_NONE;
}

/* Whether any program writes a line that begins so. */
static bool is_claimed(struct bytes line)
{
    struct log_line peeled = { .number = 0 };
    struct buf none;
    bool is_claimed = false;

    buf_init(&none, 0);
    log_line_peel(line, &none, &peeled);
    for (size_t i = 0; log_formats[i] && !is_claimed; i++)
        is_claimed = log_formats[i]->claim(&peeled) != LOG_CLAIM_NONE;
    buf_release(&none);
    return is_claimed || log_text_is_command(peeled.text);
}

static bool begins(const struct log_width *width, struct bytes line)
{
    if (width->has_times && bytes_trim(line).len > 0)
        return has_time(line);
    return bytes_trim(line).len < 2 || has_key(width, key_of(line)) || is_claimed(line);
}

/* Whether what stands first in `next` would have had room behind `line`. */
static bool has_room(size_t columns, struct bytes line, struct bytes next)
{
    return log_width_of(line) + 1 + word_at(next, blanks_before(next)) <= columns;
}

/* Whether the word that was split there, if it is one, would have had room in a line of its own. */
static bool fits_in_a_line(size_t columns, struct bytes line, struct bytes next)
{
    size_t last = line.len;

    while (last > 0 && !is_space(line.ptr[last - 1]))
        last--;
    return line.len - last + word_at(next, blanks_before(next)) <= columns;
}

static void note_full(struct survey *survey, struct bytes line)
{
    struct bytes text = without_returns(line);
    uint8_t last = text.ptr[text.len - 1];

    survey->padded += ascii_is_blank(last);
    survey->last = survey->full == 0 || survey->last == last ? last : 0;
    survey->full++;
    (void)is_new(&survey->full_shapes, line);
}

static void measure(struct log_width *width, struct survey *survey, struct bytes line)
{
    size_t len = log_width_of(line);

    (void)width;
    survey->longest = len > survey->longest ? len : survey->longest;
    survey->lines += bytes_trim(line).len > 0;
}

/* A line behind one that had room for its first word begins where lines begin. */
static void note_beginning(struct log_width *width, struct survey *survey, struct bytes line)
{
    if (!has_room(survey->longest, survey->line, line) || bytes_trim(line).len == 0)
        return;
    survey->begun++;
    survey->with_time += has_time(line);
    if (!has_key(width, key_of(line)))
        width->keys[width->key_count++] = key_of(line);
}

static void note_end(struct log_width *width, struct survey *survey, struct bytes line)
{
    bool is_full = log_width_of(survey->line) == survey->longest;

    if (is_full)
        note_full(survey, survey->line);
    if (has_room(survey->longest, survey->line, line))
        return;
    if (begins(width, line)) {
        survey->ended += is_full;
        return;
    }
    (void)is_new(&survey->followed_shapes, survey->line);
    size_t blanks = blanks_before(line);
    survey->indent = survey->followed == 0 || blanks < survey->indent ? blanks : survey->indent;
    survey->followed++;
    survey->full_followed += is_full;
    survey->split += is_full && fits_in_a_line(survey->longest, survey->line, line);
}

typedef void take_line(struct log_width *width, struct survey *survey, struct bytes line);

static void each_line(struct log_width *width, struct survey *survey, struct bytes head, take_line *take)
{
    survey->line = (struct bytes){ NULL, 0 };
    for (size_t lf; (lf = bytes_find(head, '\n')) != SIZE_MAX; head = bytes_from(head, lf + 1)) {
        take(width, survey, bytes_slice(head, 0, lf));
        survey->line = bytes_slice(head, 0, lf);
    }
    take(width, survey, BYTES("")); /* behind the last */
}

/* Of terminals, pages, mails, and of what cuts by default. */
static bool is_usual(size_t columns)
{
    static const uint16_t usual[] = { 72, 76, 79, 80, 100, 120, 132, 256, 1024 };

    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++)
        if (columns == usual[i])
            return true;
    return false;
}

static bool is_cut_off(const struct survey *survey)
{
    static const char closing[] = ">\"'|,$";

    if (survey->last >= 0x80 || (survey->last && strchr(closing, survey->last)))
        return false; /* a table, a frame, a string: what closes it is there */
    return survey->full_shapes.count >= SHAPES_ENOUGH || (survey->full > 0 && is_usual(survey->longest));
}

/* One line that seems to go on may be what one program writes behind another. */
static bool is_folded(const struct survey *survey)
{
    enum { FOLDS_ENOUGH = 2 };
    size_t kinds =
        survey->followed_shapes.count; /* a program that writes on two lines has one, again and again */
    bool is_of_page = is_usual(survey->longest) && survey->full_followed > 0 && kinds == survey->followed;

    return survey->longest <= WIDEST_PAGE && survey->followed > survey->ended
           && (kinds >= FOLDS_ENOUGH || is_of_page);
}

void log_width_learn(struct log_width *width, struct bytes head)
{
    struct survey survey = { .longest = 0 };

    *width = (struct log_width){ .columns = 0 };
    each_line(width, &survey, head, measure);
    if (survey.longest < LOG_WIDTH_LEAST)
        return;
    each_line(width, &survey, head, note_beginning);
    width->has_times = survey.with_time * 4 > survey.begun * 3;
    each_line(width, &survey, head, note_end);
    if (survey.padded * 2 > survey.lines || survey.last == '=')
        return; /* all are filled up with blanks; or a mail in quoted-printable (RFC 2045 6.7) folds them */
    width->is_folded = is_folded(&survey);
    width->is_soft = survey.followed - survey.full_followed > survey.split;
    width->indent = survey.indent >= INDENT_LEAST ? survey.indent : 0;
    if (width->is_folded || is_cut_off(&survey))
        width->columns = survey.longest;
}

bool log_width_goes_on(const struct log_width *width, struct bytes line, struct bytes next)
{
    return width->is_folded && log_width_of(line) <= width->columns && !has_room(width->columns, line, next)
           && !begins(width, next);
}

/* Folded at a blank, which may be gone, rather than within a word. */
static bool is_at_blank(const struct log_width *width, struct bytes line, struct bytes piece,
                        struct bytes next)
{
    if (line.len && line.ptr[line.len - 1] == '-')
        return false; /* some fold there as well */
    return log_width_of(piece) < width->columns
           || (width->is_soft && fits_in_a_line(width->columns - width->indent, line, next));
}

void log_width_join(const struct log_width *width, struct buf *line, struct bytes piece, struct bytes next)
{
    size_t blanks = blanks_before(next);
    bool needs_blank = is_at_blank(width, buf_bytes(line), piece, next);

    while (line->len > 0 && line->ptr[line->len - 1] == '\r')
        line->len--;
    while (needs_blank && line->len > 0 && ascii_is_blank(line->ptr[line->len - 1]))
        line->len--;
    if (needs_blank)
        (void)buf_append_u8(line, ' ');
    (void)buf_append(line, bytes_from(next, needs_blank || blanks < width->indent ? blanks : width->indent));
}

bool log_width_is_cut(const struct log_width *width, struct bytes line)
{
    return width->columns > 0 && log_width_of(line) == width->columns
           && !(width->is_folded && width->has_times);
}
