/* Composed sentences in the reader's language: details.def has their patterns, by which they are taken apart.
 */
#include "report/details.h"

#include "base/bytes.h"
#include "report/words.h"

#include <string.h>

enum { MOST_PLACES = 5, PLACE_LEN = 3, TEXT = 1024 };

static const char *const patterns[] = {
#define DETAIL(text) text,
#include "report/details.def"
#undef DETAIL
};

enum { PATTERN_COUNT = sizeof patterns / sizeof patterns[0] };

/* What stands at a place is as short as can be. */
static bool fits(const char *pattern, struct bytes text, struct bytes *places)
{
    while (*pattern && *pattern != '{') {
        if (text.len == 0 || text.ptr[0] != (uint8_t)*pattern)
            return false;
        pattern++;
        text = bytes_from(text, 1);
    }
    if (!*pattern)
        return text.len == 0;
    size_t place = (size_t)(pattern[1] - '1');
    for (size_t len = 0; len <= text.len; len++) {
        places[place] = bytes_slice(text, 0, len);
        if (fits(pattern + PLACE_LEN, bytes_from(text, len), places))
            return true;
    }
    return false;
}

static size_t letters_of(const char *pattern)
{
    size_t len = strlen(pattern);

    for (const char *at = strchr(pattern, '{'); at; at = strchr(at + 1, '{'))
        len -= PLACE_LEN;
    return len;
}

/* The pattern of which the text has most; NULL: none. */
static const char *pattern_of(struct bytes text, struct bytes *places)
{
    struct bytes found[MOST_PLACES];
    const char *best = NULL;

    for (size_t i = 0; i < PATTERN_COUNT; i++) {
        if ((best && letters_of(patterns[i]) <= letters_of(best)) || !fits(patterns[i], text, found))
            continue;
        best = patterns[i];
        memcpy(places, found, sizeof found);
    }
    return best;
}

/* As the catalogue has it; NULL: it has not. */
static const char *translated(struct bytes text)
{
    char copy[TEXT];

    if (text.len == 0 || text.len >= sizeof copy)
        return NULL;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    const char *said = words(copy);
    return said == copy ? NULL : said;
}

static bool say_part(struct bytes text, struct buf *out);

static void say_place(struct bytes text, struct buf *out)
{
    if (!say_part(text, out))
        (void)buf_append(out, text);
}

/* A sentence without its full stop, or a part of one. */
static bool say_part(struct bytes text, struct buf *out)
{
    struct bytes places[MOST_PLACES] = { { NULL, 0 } };
    const char *said = translated(text);

    if (said)
        return buf_append_text(out, said);
    const char *pattern = text.len < TEXT ? pattern_of(text, places) : NULL;
    if (!pattern)
        return false;
    for (said = words(pattern); *said; said++) {
        if (*said != '{') {
            (void)buf_append_u8(out, (uint8_t)*said);
            continue;
        }
        say_place(bytes_trim(places[said[1] - '1']), out);
        said += PLACE_LEN - 1;
    }
    return true;
}

/* Behind the sentence's full stop, or what there is of it; three dots end none. */
static size_t sentence_end(struct bytes text, size_t at)
{
    for (; at < text.len; at++) {
        bool is_stop = text.ptr[at] == '.' && (at == 0 || text.ptr[at - 1] != '.');
        if (is_stop && (at + 1 == text.len || text.ptr[at + 1] == ' '))
            return at + 1;
    }
    return text.len;
}

/* As many sentences from the first on as the catalogue has together; 0: none. */
static size_t say_together(struct bytes text, struct buf *out)
{
    const char *best = NULL;
    size_t best_end = 0;

    for (size_t end = 0; end < text.len;) {
        end = sentence_end(text, end);
        const char *said = translated(bytes_slice(text, 0, end));
        if (said) {
            best = said;
            best_end = end;
        }
    }
    if (best)
        (void)buf_append_text(out, best);
    return best_end;
}

bool details_say(struct bytes text, struct buf *out)
{
    bool is_whole = true;

    for (text = bytes_trim(text); text.len > 0; text = bytes_trim(text)) {
        size_t end = say_together(text, out);
        if (end == 0) {
            end = sentence_end(text, 0);
            bool has_stop = text.ptr[end - 1] == '.';
            bool is_said = say_part(bytes_slice(text, 0, end - has_stop), out);
            if (!is_said)
                (void)buf_append(out, bytes_slice(text, 0, end - has_stop));
            (void)buf_append_text(out, has_stop ? words(WORDS(".")) : "");
            is_whole = is_whole && is_said;
        }
        text = bytes_from(text, end);
    }
    return is_whole;
}
