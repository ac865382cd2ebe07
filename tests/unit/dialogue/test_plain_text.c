/* Plain content, read in blocks by every reader that runs here, against one that looks at each octet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "dialogue/state.h"

enum { ROUNDS = 20000, MOST = 700, BLOCK = 64 };

static uint32_t seed;

static uint32_t random_below(uint32_t limit)
{
    seed = seed * 1664525 + 1013904223;
    return (uint32_t)(((uint64_t)(seed >> 8) * limit) >> 24);
}

/* The reference: false where something out of the ordinary stands. */
static bool take(uint8_t octet, struct plain_text *text)
{
    bool is_feed = octet == '\n';

    if (octet == 0 || is_feed != text->last_was_cr || (text->at_line_start && octet == '.'))
        return false;
    text->has_8bit = text->has_8bit || octet >= 0x80;
    text->last_was_cr = octet == '\r';
    text->at_line_start = is_feed;
    text->line_length++;
    if (is_feed) {
        text->lines++;
        text->longest_line = text->line_length > text->longest_line ? text->line_length : text->longest_line;
        text->line_length = 0;
    }
    return true;
}

static void assert_text_equal(const struct plain_text *a, const struct plain_text *b)
{
    assert_int_equal(a->at_line_start, b->at_line_start);
    assert_int_equal(a->last_was_cr, b->last_was_cr);
    assert_int_equal(a->has_8bit, b->has_8bit);
    assert_int_equal(a->line_length, b->line_length);
    assert_int_equal(a->longest_line, b->longest_line);
    assert_int_equal(a->lines, b->lines);
}

/* Reads on by `reader` and checks it; returns up to where. */
static size_t check_piece(plain_text_reader *reader, struct bytes data, size_t at, struct plain_text *text)
{
    struct plain_text expected = *text;
    size_t end = reader(data, at, text), reached = at;

    while (reached < end)
        assert_true(take(data.ptr[reached++], &expected));
    assert_text_equal(text, &expected);
    while (reached < data.len && reached - end < BLOCK && take(data.ptr[reached], &expected))
        reached++;
    assert_true(end == data.len || (reached < data.len && reached - end < BLOCK)); /* stopped for a reason */
    return end;
}

/* One line, now and then with what makes it odd. */
static size_t put_line(uint8_t *to, size_t room, uint32_t one_odd_of)
{
    static const uint8_t odd[] = { 0, '\r', '\n', '.', 0x80, 0xff };
    size_t len = random_below(random_below(4) ? 90 : 200);

    for (size_t i = 0; i < len && i < room; i++)
        to[i] = random_below(one_odd_of) ? (uint8_t)('a' + random_below(26)) : odd[random_below(sizeof odd)];
    if (len + 2 > room)
        return room;
    memcpy(to + len, "\r\n", 2);
    return len + 2;
}

/* On the heap and no longer than it is, so that a sanitizer sees a look beyond it. */
static uint8_t *make_text(size_t len)
{
    static const uint32_t rates[] = { 30, 300, 3000, 1000000 };
    uint32_t rate = rates[random_below(4)];
    uint8_t *text = malloc(len);

    assert_non_null(text);
    for (size_t at = 0; at < len;)
        at += put_line(text + at, len - at, rate);
    return text;
}

static void check_round(plain_text_reader *reader)
{
    size_t len = 1 + random_below(MOST);
    uint8_t *octets = make_text(len);
    struct bytes data = { octets, len };
    struct plain_text text = { .at_line_start = random_below(2), .line_length = random_below(300) };

    text.line_length *= !text.at_line_start;
    for (size_t at = 0; at < len;) {
        at = check_piece(reader, data, at, &text);
        for (bool is_plain = false; !is_plain && at < len; at++) { /* over what stopped it */
            is_plain = take(octets[at], &text);
            text.at_line_start = octets[at] == '\n';
            text.last_was_cr = octets[at] == '\r';
        }
    }
    assert_int_equal(reader(data, len, &text), len); /* where nothing is left */
    free(octets);
}

static void every_reader_says_what_a_look_at_each_octet_says(void **state)
{
    (void)state;
    for (size_t octets = 16; octets <= BLOCK; octets *= 2) {
        seed = 1;
        for (int round = 0; round < ROUNDS; round++)
            check_round(plain_text_reader_for(octets));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_reader_says_what_a_look_at_each_octet_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
