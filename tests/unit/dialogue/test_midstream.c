/* Where the capture begins in the middle: what the first words of the server tell of what the client says,
 * and which question a reply answers when those before it are not there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dialogue/dialogue.h"

enum { TURNS_MOST = 10, TEXT_SIZE = 512 };

/* One letter for the side in front of what it says; of the dialogue: kinds of items, with verb and code. */
static const struct row {
    const char *name;
    const char *turns[TURNS_MOST];
    const char *items;
} rows[] = {
    { "a response to a prompt",
      { "S334 UGFzc3dvcmQ6\r\n", "Cc2VjcmV0\r\n", "S235 ok\r\n", "CQUIT\r\n", "S221 bye\r\n" },
      "reply:334 sasl:235 QUIT:221 " },
    { "a content that was asked for",
      { "S354 go\r\n", "CSubject: x\r\n\r\nMAIL FROM:<a@b>\r\n.\r\n", "S250 ok\r\n", "CQUIT\r\n",
        "S221 bye\r\n" },
      "reply:354 content:250 QUIT:221 " },
    { "half a prompt",
      { "S34 UGFz\r\n", "Cc2VjcmV0\r\n", "S535 no\r\n", "CRSET\r\n", "S250 ok\r\n" },
      "reply:535 RSET:250 " },
    { "half a reply, which may have been the one to this",
      { "CEHLO c\r\n", "Socks\r\n", "CRSET\r\n", "S250 ok\r\n" },
      "EHLO:- RSET:250 " },
    { "an answer that belongs to another question", { "CQUIT\r\n", "S334 UGFz\r\n" }, "QUIT:- reply:334 " },
    { "a farewell out of turn",
      { "CMAIL FROM:<a@b>\r\nQUIT\r\n", "S221 too slow\r\n" },
      "MAIL:- QUIT:- reply:221 " },
    { "a command, and the answer to it", { "CMAIL FROM:<a@b>\r\n", "S250 ok\r\n" }, "MAIL:250 " },
    { "lines of a chunk that was not sent",
      { "CBDAT 3\r\n", "S500 what\r\n", "CRSET\r\n", "S250 ok\r\n" },
      "BDAT:500 RSET:250 " },
};

static const char *name_of(const struct item *item)
{
    static const char *const names[ITEM_KIND_COUNT] = {
        [ITEM_GREETING] = "greeting", [ITEM_SASL] = "sasl", [ITEM_CONTENT] = "content",
        [ITEM_REPLY] = "reply",       [ITEM_GAP] = "gap",   [ITEM_JUNK] = "junk",
        [ITEM_TLS] = "tls",
    };

    return item->kind == ITEM_COMMAND ? verb_name(item->as.command.verb) : names[item->kind];
}

static void take_session(void *ctx, struct session *session)
{
    char *out = ctx;
    size_t len = 0;

    for (size_t i = 0; i < session->item_count && len < TEXT_SIZE; i++) {
        const struct item *item = &session->items[i];
        char code[8] = "-";
        if (item->reply)
            (void)snprintf(code, sizeof code, "%u", (unsigned)item->reply->code);
        len += (size_t)snprintf(out + len, TEXT_SIZE - len, "%s:%s ", name_of(item), code);
    }
    session_free(session);
}

static void play(const struct row *row, struct dialogue *dialogue)
{
    uint64_t offset[SIDE_SERVER + 1] = { 0 };

    for (size_t turn = 0; turn < TURNS_MOST && row->turns[turn]; turn++) {
        enum side from = row->turns[turn][0] == 'S' ? SIDE_SERVER : SIDE_CLIENT;
        struct stream_chunk chunk = { .data = bytes_of(row->turns[turn] + 1),
                                      .offset = offset[from],
                                      .acked = offset[from == SIDE_SERVER ? SIDE_CLIENT : SIDE_SERVER],
                                      .time_ns = turn + 1,
                                      .number = turn + 1 };
        dialogue_data(dialogue, from, &chunk);
        offset[from] += chunk.data.len;
    }
}

static void the_first_words_tell_how_to_read_on(void **state)
{
    const struct flow_info flow = { .serial = 1,
                                    .end = { { { 4, { 192, 0, 2, 1 } }, 4000 },
                                             { { 4, { 192, 0, 2, 25 } }, 25 } },
                                    .is_midstream = true,
                                    .side = { { .packets = 1 }, { .packets = 1 } },
                                    .close = FLOW_CLOSE_FIN,
                                    .closed_by = -1 };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char seen[TEXT_SIZE] = "";
        struct dialogue_options options = { .sink = { .ctx = seen, .ended = take_session } };
        struct dialogue *dialogue = dialogue_new(&options, &flow, 0);
        assert_non_null(dialogue);
        play(&rows[i], dialogue);
        (void)dialogue_end(dialogue, &flow);
        if (strcmp(seen, rows[i].items) != 0)
            fail_msg("%s: %s", rows[i].name, seen);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(the_first_words_tell_how_to_read_on) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
