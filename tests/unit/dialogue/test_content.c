/* What is counted in a content, and the variants of an end of data in it, however it is cut into chunks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dialogue/dialogue.h"

enum { TEXT_SIZE = 1024 };

/* One talk: the client's bytes, and what the server says when it has received so many of them. */
struct talk {
    struct dialogue *dialogue;
    uint64_t offset[2];
    uint64_t number;
};

struct expectation {
    const char *name;
    const char *content; /* with its end of data, if it has one */
    size_t len;
    const char *variants; /* "kind@offset:VERB,VERB " for each */
    const char
        *counts; /* size, bare CR, bare LF, first bare LF, dots, unstuffed dots, whether it is complete */
};

/* clang-format off */
#define CONTENT(text) (text), sizeof(text) - 1
static const struct expectation contents[] = {
    { "plain", CONTENT("a\r\n.\r\n"), "", "3 0 0 0 0 0 complete" },
    { "stuffed", CONTENT("..a\r\n...\r\n.\r\n"), "", "8 0 0 0 2 0 complete" },
    { "a dot that was not stuffed", CONTENT("a\r\n.b\r\n.ccccc\r\n.\r\n"), "", "13 0 0 0 2 2 complete" },
    { "a dot behind a bare LF is none at the begin of a line", CONTENT("a\n.bc\r\n.\r\n"), "", "6 0 1 1 1 0 complete" },
    { "bare LF and CR", CONTENT("a\r\nb\nc\rd\r\r\n.\r\n"), "", "11 2 1 2 0 0 complete" },
    { "LF.LF and text", CONTENT("a\n.\nb\r\n.\r\n"), "1@2: ", "6 0 2 1 1 0 complete" },
    { "LF.CRLF and commands", CONTENT("a\n.\r\nMAIL FROM:<a@b>\r\nRCPT TO:<b@c>\r\nDATA\r\nSubject: x\r\n.\r\n"),
      "2@2:MAIL,RCPT,DATA ", "54 0 1 1 1 0 complete" },
    { "CRLF.LF and commands with bare LF", CONTENT("a\r\n.\nRSET\nQUIT\nx\r\n.\r\n"), "3@3:RSET,QUIT ",
      "17 0 3 2 1 0 complete" },
    { "CRLF.CR", CONTENT("a\r\n.\rQUIT\r\n.\r\n"), "4@3:QUIT ", "10 1 0 0 1 0 complete" },
    { "CR.CR", CONTENT("ab\r.\rMAIL FROM:<>\rRCPT TO:<a>\rno\r\n.\r\n"), "5@3:MAIL,RCPT ", "34 4 0 0 0 0 complete" },
    { "CR.LF", CONTENT("ab\r.\nEHLO x\r\nno\r\n.\r\n"), "6@3:EHLO ", "17 1 1 1 0 0 complete" },
    { "LF.CR", CONTENT("ab\n.\rDATA\r\n.\r\n"), "7@3:DATA ", "10 1 1 1 1 0 complete" },
    { "CR.CRLF", CONTENT("ab\r.\r\nDATA\r\nx\r\n.\r\n"), "8@3:DATA ", "15 1 0 0 0 0 complete" },
    { "NUL and a dot", CONTENT("ab\r\n\0.\r\nDATA\r\n.\r\n"), "9@5:DATA ", "14 0 0 0 0 0 complete" },
    { "a dot and NUL", CONTENT("ab\r\n.\0\r\nDATA\r\n.\r\n"), "10@4:DATA ", "13 0 0 0 1 0 complete" },
    { "a doubled CR", CONTENT("ab\r\n.\r\r\nDATA\r\n.\r\n"), "11@4:DATA ", "13 1 0 0 1 0 complete" },
    { "a blank", CONTENT("ab\r\n. \r\nDATA\r\n.\t\r\nx\r\n.\r\n"), "13@4:DATA 13@14: ", "19 0 0 0 2 0 complete" },
    { "two ends in one another", CONTENT("a\n.\r\n.\r\n"), "2@2: ", "4 0 1 1 1 0 complete" },
    { "commands that are quoted", CONTENT("a\n.\n> MAIL FROM:<a>\r\n.\r\n"), "1@2: ", "20 0 2 1 1 0 complete" },
    { "an empty line ends the run", CONTENT("a\n.\nRSET\n\nQUIT\r\n.\r\n"), "1@2:RSET ", "15 0 4 1 1 0 complete" },
    { "no end", CONTENT("a\r\nb\r"), "", "5 0 0 0 0 0 cut" },
    { "half an end", CONTENT("a\r\n.\r"), "", "5 0 0 0 0 0 cut" },
    { "a variant in place of the end", CONTENT("a\r\n.\n"), "3@3: ", "4 0 1 2 1 0 cut" },
    { "a doubled CR in place of the end", CONTENT("a\r\n.\r\r\n"), "11@3: ", "6 1 0 0 1 0 cut" },
};
/* clang-format on */

static void say(struct talk *talk, enum side from, struct bytes data)
{
    struct stream_chunk chunk = { .data = data,
                                  .offset = talk->offset[from],
                                  .acked = talk->offset[from == SIDE_CLIENT],
                                  .time_ns = ++talk->number,
                                  .number = talk->number };

    talk->offset[from] += data.len;
    if (data.len)
        dialogue_data(talk->dialogue, from, &chunk);
}

static void say_text(struct talk *talk, enum side from, const char *text)
{
    say(talk, from, bytes_of(text));
}

static void describe(const struct session *session, char *out, size_t size)
{
    const struct message *message = &session->messages[0];
    size_t len = 0;

    assert_int_equal(session->message_count, 1);
    for (uint32_t i = 0; i < message->variant_count; i++) {
        const struct eod_variant *variant = &message->variants[i];
        const char *comma = "";
        len += (size_t)snprintf(out + len, size - len, "%u@%llu:", (unsigned)variant->kind,
                                (unsigned long long)variant->offset);
        for (unsigned verb = 0; verb < VERB_COUNT; verb++) {
            if (!(variant->verbs_behind >> verb & 1))
                continue;
            len += (size_t)snprintf(out + len, size - len, "%s%s", comma, verb_name((enum verb)verb));
            comma = ",";
        }
        len += (size_t)snprintf(out + len, size - len, " ");
    }
    (void)snprintf(out + len, size - len, "| %llu %llu %llu %llu %llu %llu %s",
                   (unsigned long long)message->size, (unsigned long long)message->bare_cr_count,
                   (unsigned long long)message->bare_lf_count, (unsigned long long)message->first_bare_lf,
                   (unsigned long long)message->dot_lines, (unsigned long long)message->unstuffed_dots,
                   message->is_complete ? "complete" : "cut");
}

static void take_session(void *ctx, struct session *session)
{
    describe(session, ctx, TEXT_SIZE);
    session_free(session);
}

/* Also what every row of the table above has alike. */
static void take_all(void *ctx, struct session *session)
{
    const struct message *message = &session->messages[0];
    char *out = ctx;

    describe(session, out, TEXT_SIZE);
    size_t len = strlen(out);
    (void)snprintf(out + len, TEXT_SIZE - len, " %llu %llu %llu %d", (unsigned long long)message->wire_size,
                   (unsigned long long)message->longest_line, (unsigned long long)message->nul_count,
                   message->has_8bit);
    session_free(session);
}

static const struct flow_info flow = {
    .serial = 1,
    .end = { { { 4, { 192, 0, 2, 1 } }, 4000 }, { { 4, { 192, 0, 2, 25 } }, 25 } },
    .side = { { .packets = 1, .saw_syn = true }, { .packets = 1, .saw_syn = true } },
    .close = FLOW_CLOSE_FIN,
    .closed_by = -1,
};

static void hold_talk(struct bytes content, size_t first, size_t second, char out[TEXT_SIZE])
{
    struct dialogue_options options = { .sink = { .ctx = out, .ended = take_session } };
    struct talk talk = { .dialogue = dialogue_new(&options, &flow, 0) };

    assert_non_null(talk.dialogue);
    say_text(&talk, SIDE_SERVER, "220 mx\r\n");
    say_text(&talk, SIDE_CLIENT, "DATA\r\n");
    say_text(&talk, SIDE_SERVER, "354 go\r\n");
    say(&talk, SIDE_CLIENT, bytes_slice(content, 0, first));
    say(&talk, SIDE_CLIENT, bytes_slice(content, first, second - first));
    say(&talk, SIDE_CLIENT, bytes_from(content, second));
    assert_true(dialogue_end(talk.dialogue, &flow));
}

static void every_content_is_counted_however_it_is_cut(void **state)
{
    char expected[TEXT_SIZE], seen[TEXT_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof contents / sizeof contents[0]; i++) {
        const struct expectation *row = &contents[i];
        (void)snprintf(expected, sizeof expected, "%s| %s", row->variants, row->counts);
        for (size_t first = 0; first <= row->len; first++)
            for (size_t second = first; second <= row->len; second++) {
                hold_talk((struct bytes){ (const uint8_t *)row->content, row->len }, first, second, seen);
                if (strcmp(seen, expected) != 0)
                    fail_msg("%s, cut at %zu and %zu: \"%s\", not \"%s\"", row->name, first, second, seen,
                             expected);
            }
    }
}

static void the_first_variants_are_kept(void **state)
{
    static const char piece[] = "x\r.\rx\r\n.\rx\r\n"; /* CR.CR and CRLF.CR */
    char text[LIMIT_EOD_VARIANTS * sizeof piece], seen[TEXT_SIZE], other[TEXT_SIZE];
    struct bytes content = { (const uint8_t *)text, 0 };

    (void)state;
    for (unsigned i = 0; i + 1 < LIMIT_EOD_VARIANTS; i++, content.len += sizeof piece - 1)
        memcpy(text + content.len, piece, sizeof piece - 1);
    hold_talk(content, 0, 0, seen);
    assert_non_null(strstr(seen, "5@2: 4@7: 5@14: 4@19: "));
    for (size_t cut = 1; cut < content.len; cut++) {
        hold_talk(content, cut, cut, other);
        assert_string_equal(seen, other);
    }
}

/* Mostly lines of a mail; now and then what is none. */
static size_t make_content(uint32_t *random, uint8_t *out, size_t most)
{
    static const char *const odd[] = {
        "\r", "\n", ".", "\r\n.", "\n.", "\r\r\n", "\xc3\xa4", "..", "\r\n.x"
    };
    size_t len = 0;

    while (len + 8 < most) {
        *random = *random * 1664525u + 1013904223u;
        unsigned choice = *random >> 16 & 0xff;
        const char *text = choice < 6    ? "\r\n"
                           : choice == 6 ? odd[*random >> 24 & 7]
                           : choice == 7 ? odd[8]
                                         : "a";
        memcpy(out + len, text, strlen(text));
        len += strlen(text);
        if (choice == 8 && (*random >> 24 & 7) == 0)
            out[len++] = 0;
    }
    memcpy(out + len, "\r\n.\r\n", 5);
    return len + 5;
}

static void hold_talk_in_pieces(struct bytes content, size_t piece, char out[TEXT_SIZE])
{
    struct dialogue_options options = { .sink = { .ctx = out, .ended = take_all } };
    struct talk talk = { .dialogue = dialogue_new(&options, &flow, 0) };

    assert_non_null(talk.dialogue);
    say_text(&talk, SIDE_SERVER, "220 mx\r\n");
    say_text(&talk, SIDE_CLIENT, "DATA\r\n");
    say_text(&talk, SIDE_SERVER, "354 go\r\n");
    for (size_t at = 0; at < content.len; at += piece)
        say(&talk, SIDE_CLIENT, bytes_slice(content, at, piece));
    assert_true(dialogue_end(talk.dialogue, &flow));
}

/* Plain text is read in blocks: octet by octet there are none. */
static void blocks_count_what_single_octets_do(void **state)
{
    static const size_t pieces[] = { 1000, 64, 65, 127, 200 };
    char expected[TEXT_SIZE], seen[TEXT_SIZE];
    uint8_t content[800];
    uint32_t random = 1;

    (void)state;
    for (unsigned turn = 0; turn < 600; turn++) {
        size_t len = make_content(&random, content, 100 + turn);
        hold_talk_in_pieces((struct bytes){ content, len }, 1, expected);
        for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
            hold_talk_in_pieces((struct bytes){ content, len }, pieces[i], seen);
            if (strcmp(seen, expected) != 0)
                fail_msg("turn %u, pieces of %zu: \"%s\", not \"%s\"", turn, pieces[i], seen, expected);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_content_is_counted_however_it_is_cut),
        cmocka_unit_test(blocks_count_what_single_octets_do),
        cmocka_unit_test(the_first_variants_are_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
