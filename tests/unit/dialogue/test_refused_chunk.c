/* A refused chunk: what the server answered, and when, tells whether it read its lines as commands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dialogue/dialogue.h"

enum { TEXT_SIZE = 1024, TURNS_MOST = 8 };

struct talk {
    struct dialogue *dialogue;
    uint64_t offset[2];
    uint64_t number;
};

/* Behind EHLO: what is said in turn; a reply begins with a digit. */
static const struct row {
    const char *name;
    const char *turns[TURNS_MOST];
    const char *commands; /* their first words, and how each was answered */
} rows[] = {
    { "its lines are answered before anything else is said",
      { "BDAT 5\r\n12\r\n.", "530 no\r\n500 what\r\n500 what\r\n", "DATA\r\n", "EHLO c\r\n" },
      "EHLO=250 BDAT=530 12=500 .DATA=500 EHLO=0 " },
    { "they are answered together with what is said behind them",
      { "BDAT 5\r\n12\r\n.", "RSET\r\n", "503 no\r\n500 what\r\n500 what\r\n" },
      "EHLO=250 BDAT=503 12=500 .RSET=500 " },
    { "with replies that segments cut",
      { "BDAT 5\r\n12\r\n.", "RSET\r\n", "503 no\r\n5", "00 what\r\n50", "0 what\r\n" },
      "EHLO=250 BDAT=503 12=500 .RSET=500 " },
    { "a line is answered before it has ended",
      { "BDAT 5\r\n12\r\n.", "530 no\r\n500 what\r\n500 what\r\n", "DATA\r\n", "NOOP\r\n", "250 ok\r\n" },
      "EHLO=250 BDAT=530 12=500 .DATA=500 NOOP=250 " },
    { "it was taken for octets",
      { "BDAT 5\r\n12\r\n.", "503 no\r\n", "RSET\r\n", "250 ok\r\n" },
      "EHLO=250 BDAT=503 RSET=250 " },
    { "a farewell behind the answer to what came next is no answer to a line",
      { "BDAT 5\r\n12\r\n.", "503 no\r\n", "RSET\r\n", "250 ok\r\n421 too many errors\r\n" },
      "EHLO=250 BDAT=503 RSET=250 " },
    { "nor is one that comes unasked",
      { "BDAT 5\r\n12\r\n.", "503 no\r\n", "421 timeout\r\n" },
      "EHLO=250 BDAT=503 " },
    { "a line that is no command behind what is left of the chunk",
      { "BDAT 5\r\nabcde", "503 no\r\n", "RSET\r\n", "500 what\r\n" },
      "EHLO=250 BDAT=503 abcdeRSET=500 " },
    { "nor where a line stands between that may be what is not known",
      { "BDAT 5\r\nabcde", "503 no\r\n", "RSET\r\n", "FOO\r\n", "500 what\r\n" },
      "EHLO=250 BDAT=503 RSET=500 FOO=0 " },
    { "what a server need not know is no sign of that",
      { "BDAT 5\r\nabcde", "503 no\r\n", "VRFY b\r\n", "502 what\r\n" },
      "EHLO=250 BDAT=503 VRFY=502 " },
    { "and a group behind it",
      { "BDAT 4\r\n12\r\nRSET\r\nNOOP\r\n", "503 no\r\n250 ok\r\n250 ok\r\n" },
      "EHLO=250 BDAT=503 RSET=250 NOOP=250 " },
};

static void say(struct talk *talk, const char *text)
{
    enum side from = ascii_is_digit((uint8_t)text[0]) ? SIDE_SERVER : SIDE_CLIENT;
    struct stream_chunk chunk = { .data = bytes_of(text),
                                  .offset = talk->offset[from],
                                  .acked = talk->offset[from == SIDE_CLIENT],
                                  .time_ns = ++talk->number,
                                  .number = talk->number };

    talk->offset[from] += chunk.data.len;
    dialogue_data(talk->dialogue, from, &chunk);
}

static void take_session(void *ctx, struct session *session)
{
    char *out = ctx;
    size_t len = 0;

    for (size_t i = 0; i < session->item_count; i++) {
        const struct item *item = &session->items[i];
        if (item->kind != ITEM_COMMAND)
            continue;
        struct bytes line = item->as.command.line;
        size_t blank = bytes_find(line, ' ');
        struct bytes word = bytes_slice(line, 0, blank);
        len += (size_t)snprintf(out + len, TEXT_SIZE - len, "%.*s=%u ", (int)word.len, (const char *)word.ptr,
                                item->reply ? (unsigned)item->reply->code : 0u);
    }
    session_free(session);
}

static const struct flow_info flow = {
    .serial = 1,
    .end = { { { 4, { 192, 0, 2, 1 } }, 4000 }, { { 4, { 192, 0, 2, 25 } }, 25 } },
    .side = { { .packets = 1, .saw_syn = true }, { .packets = 1, .saw_syn = true } },
    .close = FLOW_CLOSE_FIN,
    .closed_by = -1,
};

static void replies_tell_how_a_refused_chunk_was_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char seen[TEXT_SIZE] = "";
        struct dialogue_options options = { .sink = { .ctx = seen, .ended = take_session } };
        struct talk talk = { .dialogue = dialogue_new(&options, &flow, 0) };
        assert_non_null(talk.dialogue);
        say(&talk, "220 mx\r\n");
        say(&talk, "EHLO c\r\n");
        say(&talk, "250-mx\r\n250-PIPELINING\r\n250 CHUNKING\r\n");
        for (size_t turn = 0; turn < TURNS_MOST && rows[i].turns[turn]; turn++)
            say(&talk, rows[i].turns[turn]);
        assert_true(dialogue_end(talk.dialogue, &flow));
        if (strcmp(seen, rows[i].commands) != 0)
            fail_msg("%s: %s", rows[i].name, seen);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(replies_tell_how_a_refused_chunk_was_read) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
