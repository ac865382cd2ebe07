/* Where the capture begins in the middle, or bytes are missing: what the first words of the server tell of
 * what the client says, and which question a reply answers when those before it are not there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dialogue/dialogue.h"

enum { TURNS_MOST = 10, TEXT_SIZE = 512 };

/* One letter for the side in front of what it says, a small one where that is missing, from a bar on also to
 * the client when it speaks next; of the dialogue: kinds of items, with verb and code. */
struct row {
    const char *name;
    const char *turns[TURNS_MOST];
    const char *items;
};

static const struct row rows[] = {
    { "a response to a prompt",
      { "S334 UGFzc3dvcmQ6\r\n", "Cc2VjcmV0\r\n", "S235 ok\r\n", "CQUIT\r\n", "S221 bye\r\n" },
      "reply:334 sasl:235 QUIT:221 " },
    { "an exchange that was over when the client was heard",
      { "S334 UGFzc3dvcmQ6\r\n", "S235 ok\r\n", "CMAIL FROM:<a@b>\r\n", "S250 ok\r\n" },
      "reply:334 reply:235 MAIL:250 " },
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
    { "a client that spoke before the greeting, and was answered in it",
      { "CEHLO c\r\n", "S220 mx\r\n", "CMAIL FROM:<a@b>\r\n", "S250 ok\r\n" },
      "EHLO:- greeting:220 MAIL:250 " },
    { "a dot, which may be the end of a longer line",
      { "C.\r\n", "S250 ok\r\n", "CBDAT 1 LAST\r\nx", "S250 ok\r\n" },
      "reply:250 BDAT:250 content:- " },
    { "answers to what was asked before the capture",
      { "CRCPT TO:<b@c>\r\nDATA\r\nx\r\n.\r\n", "S250 hello\r\n250 ok\r\n250 ok\r\n354 go\r\n",
        "S250 queued\r\n" },
      "RCPT:250 DATA:354 reply:250 reply:250 content:- reply:250 " },
    { "extensions, which answer what was asked before the capture",
      { "CRCPT TO:<b@c>\r\n", "CEHLO c\r\n", "S250-mx\r\n250 DSN\r\n530 no\r\n", "CNOOP\r\n", "S250 ok\r\n" },
      "RCPT:- EHLO:250 reply:530 NOOP:250 " },
    { "what was no command, perhaps the begin of this line",
      { "S500 what\r\n", "CRSET\r\n", "CMAIL FROM:<a@b>\r\n", "S530 no\r\n", "CNOOP\r\n", "S250 ok\r\n" },
      "reply:500 MAIL:- reply:530 NOOP:250 " },
    { "a group whose DATA is refused, before the server has had its turn",
      { "CDATA\r\nNOOP\r\n.\r\nQUIT\r\n", "S530 no\r\n250 ok\r\n500 what\r\n221 bye\r\n" },
      "DATA:530 NOOP:- QUIT:- reply:250 reply:500 reply:221 " },
};

static const struct row holes[] = {
    { "one report more than recipients are known",
      { "S220 mx\r\n", "CLHLO c\r\n", "S250 mx\r\n",
        "CMAIL FROM:<a@b>\r\nRCPT TO:<b@c>\r\nRCPT TO:<d@c>\r\nDATA\r\n", "S250 ok\r\n250 ok\r\n",
        "s250 ok\r\n", "S354 go\r\n", "C.\r\nRSET\r\nQUIT\r\n", "S250 b\r\n250 d\r\n250 ok\r\n221 bye\r\n" },
      "greeting:220 LHLO:250 MAIL:250 RCPT:250 RCPT:- DATA:354 gap:- content:250 RSET:- QUIT:- reply:250 "
      "reply:250 reply:221 " },
    { "the rest of a greeting, or the answer to who spoke before it",
      { "CEHLO c\r\n", "s220-wait\r\n", "S250-mx\r\n250 DSN\r\n", "CNOOP\r\n", "S250 ok\r\n", "CQUIT\r\n",
        "S221 bye\r\n" },
      "EHLO:- gap:- reply:250 NOOP:- reply:250 QUIT:221 " },
    { "a chunk without an envelope, whose refusal is missing",
      { "S220 mx\r\n", "CBDAT 5\r\n12\r\n.", "s530 no\r\n500 what\r\n500 what\r\n", "CMAIL FROM:<a@b>\r\n",
        "CRCPT TO:<b@c>\r\n", "S530 no\r\n", "CNOOP\r\n", "S250 ok\r\n" },
      "greeting:220 BDAT:- gap:- content:- MAIL:- RCPT:- reply:530 NOOP:- reply:250 " },
    { "a client that goes on before all of its group is answered",
      { "S220 mx\r\n", "cNOOP\r\n", "CNOOP\r\nMAIL FROM:<a@b>\r\nRCPT TO:<b@c>\r\n", "S250 ok\r\n",
        "CRCPT TO:<d@c>\r\n", "S250 ok\r\n250 ok\r\n550 no\r\n250 ok\r\n", "CNOOP\r\n", "S250 ok\r\n" },
      "greeting:220 gap:- MAIL:- RCPT:- reply:250 RCPT:- reply:250 reply:250 reply:550 reply:250 NOOP:250 " },
    { "more answers than the missing bytes can hold",
      { "S220 mx\r\n", "CMAIL FROM:<a@b>\r\nRCPT TO:<b@c>\r\nRCPT TO:<c@c>\r\n", "s250 ok\r\n",
        "CRCPT TO:<d@c>\r\n", "S250 ok\r\n550 no\r\n250 ok\r\n" },
      "greeting:220 MAIL:- RCPT:- RCPT:- gap:- RCPT:- reply:250 reply:550 reply:250 " },
    { "as many as they can hold",
      { "S220 mx\r\n", "CMAIL FROM:<a@b>\r\nRCPT TO:<b@c>\r\n", "s250 ok\r\n250 ok\r\n", "CRCPT TO:<d@c>\r\n",
        "S550 no\r\n" },
      "greeting:220 MAIL:- RCPT:- gap:- RCPT:550 " },
    { "a refusal, where what was sent behind an AUTH may be what it answers",
      { "S220 mx\r\n", "CAUTH PLAIN eA==\r\n", "CDATA\r\n", "s235 ok\r\n", "S503 no\r\n", "CQUIT\r\n",
        "S221 bye\r\n" },
      "greeting:220 AUTH:- gap:- reply:503 DATA:- QUIT:221 " },
    { "a command where a response was due, and two answers missing",
      { "S220 mx\r\n", "CAUTH LOGIN\r\n", "S334 eA==\r\n", "CeA==\r\n", "s235 ok\r\n", "CAUTH PLAIN eA==\r\n",
        "s503 no\r\n", "CMAIL FROM:<a@b>\r\n", "S250 ok\r\n" },
      "greeting:220 AUTH:334 sasl:- gap:- gap:- MAIL:250 " },
    { "the last of the extensions",
      { "S220 mx\r\n", "CMAIL FROM:<a@b>\r\n", "CEHLO c\r\n", "s503 no\r\n250-mx\r\n", "S250 DSN\r\n",
        "CNOOP\r\n", "S250 ok\r\n" },
      "greeting:220 MAIL:- EHLO:250 gap:- NOOP:250 " },
    { "a DATA whose refusal is one of two, and the command before it is missing",
      { "S220 mx\r\n", "cRCPT TO:<b@c", "C>\r\nDATA\r\n", "S503 no\r\n503 no\r\n", "CNOOP\r\n", "S250 ok\r\n",
        "CDATA\r\n", "S354 go\r\n", "Cx\r\n.\r\n", "S250 ok\r\n" },
      "greeting:220 gap:- DATA:- reply:503 reply:503 NOOP:250 DATA:354 content:250 " },
    { "a word that may be a response, and an answer that is none to it",
      { "S220 mx\r\n", "CAUTH LOGIN\r\n", "S334 eA==\r\n", "C*\r\n", "s501 no\r\n", "CVRFY alice\r\n",
        "S252 ok\r\n" },
      "greeting:220 AUTH:334 sasl:- gap:- VRFY:252 " },
    { "a line behind a hole that may have held its begin",
      { "S220 mx\r\n", "cBDAT 5\r\n12\r\n.", "S530 no\r\n500 what\r\n500 what\r\n", "CMAIL FROM:<a@b>\r\n",
        "CNOOP\r\n", "S250 ok\r\n" },
      "greeting:220 gap:- reply:530 reply:500 reply:500 MAIL:- NOOP:- reply:250 " },
    { "a refusal that is none of EHLO",
      { "S220 mx\r\n", "CEHLO c\r\n", "CMAIL FROM:<a@b>\r\n", "s250 mx\r\n", "S530 no\r\n" },
      "greeting:220 EHLO:- MAIL:530 gap:- " },
    { "a refusal, where greeting and first answer are missing",
      { "s220 mx\r\n", "CEHLO c\r\n", "s250 mx\r\n", "CETRN x\r\n", "S502 no\r\n" },
      "gap:- EHLO:- gap:- ETRN:502 " },
    { "an answer with a hole in it, behind a greeting",
      { "S220 mx\r\n", "CEHLO c\r\n", "s250-mx\r\n", "S250 DSN\r\n", "CQUIT\r\n", "S221 bye\r\n" },
      "greeting:220 EHLO:250 gap:- QUIT:221 " },
    { "a content with an end in its hole, and the reply to that missing",
      { "S220 mx\r\n", "CDATA\r\n", "S354 go\r\n", "cx\r\n.\r\ny\r\n", "Cz\r\n.\r\n", "s250 ok\r\n",
        "S500 what\r\n", "CQUIT\r\n", "S221 bye\r\n" },
      "greeting:220 DATA:354 gap:- content:- gap:- reply:500 QUIT:221 " },
    { "the end of one content and the begin of another, both sides missing",
      { "S220 mx\r\n", "CDATA\r\n", "S354 go\r\n", "Cx\r\n", "c.\r\nDATA\r\n", "s250 ok\r\n354 go\r\n",
        "Cy\r\n.\r\n", "S550 no\r\n" },
      "greeting:220 DATA:354 content:- gap:- gap:- reply:550 " },
    { "a content with a hole in it, and all replies",
      { "S220 mx\r\n", "CDATA\r\n", "S354 go\r\n", "cx\r\n", "Cy\r\n.\r\n", "S550 no\r\n" },
      "greeting:220 DATA:354 gap:- content:550 " },
    { "a content with a hole in it, and a reply missing before it",
      { "S220 mx\r\n", "CNOOP\r\n", "s250 ok\r\n", "CDATA\r\n", "S354 go\r\n", "cx\r\n", "Cy\r\n.\r\n",
        "S550 no\r\n" },
      "greeting:220 NOOP:- gap:- DATA:354 gap:- content:550 " },
    { "a hole up to the CR of the last line",
      { "S220 mx\r\n", "CDATA\r\n", "S354 go\r\n", "cx\r", "C\n.\r\n", "S250 ok\r\n", "CQUIT\r\n",
        "S221 bye\r\n" },
      "greeting:220 DATA:354 gap:- content:250 QUIT:221 " },
    { "an end of bare LF behind a hole",
      { "S220 mx\r\n", "CDATA\n", "S354 go\r\n", "cx\n", "Cy\n.\n", "S250 ok\r\n", "CQUIT\r\n",
        "S221 bye\r\n" },
      "greeting:220 DATA:354 gap:- content:250 QUIT:221 " },
    { "the end of an exchange, and more that the client had not seen when it went on",
      { "S220 mx\r\n", "CAUTH PLAIN eA==\r\n", "s235 ok\r\n|250 ok\r\n",
        "CMAIL FROM:<a@b>\r\nRCPT TO:<b@c>\r\n", "S550 no\r\n", "CQUIT\r\n", "S221 bye\r\n" },
      "greeting:220 AUTH:- gap:- RCPT:- reply:550 QUIT:221 " },
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

static void lose(struct dialogue *dialogue, enum side from, const struct stream_chunk *chunk)
{
    struct stream_hole hole = {
        .offset = chunk->offset, .length = chunk->data.len, .time_ns = chunk->time_ns, .number = chunk->number
    };

    dialogue_hole(dialogue, from, &hole);
}

static void play(const struct row *row, struct dialogue *dialogue, struct flow_info *flow)
{
    uint64_t offset[SIDE_SERVER + 1] = { 0 }, unseen = 0;

    for (size_t turn = 0; turn < TURNS_MOST && row->turns[turn]; turn++) {
        char who = row->turns[turn][0];
        enum side from = who == 'S' || who == 's' ? SIDE_SERVER : SIDE_CLIENT;
        struct stream_chunk chunk = { .data = bytes_of(row->turns[turn] + 1),
                                      .offset = offset[from],
                                      .acked = offset[from == SIDE_SERVER ? SIDE_CLIENT : SIDE_SERVER],
                                      .time_ns = turn + 1,
                                      .number = turn + 1 };
        chunk.acked -= from == SIDE_CLIENT ? unseen : 0;
        const char *mark = who == 's' ? strchr(row->turns[turn], '|') : NULL;
        unseen = mark ? strlen(mark) : 0;
        flow->side[from == SIDE_SERVER].packets++;
        if (who == 's' || who == 'c')
            lose(dialogue, from, &chunk);
        else
            dialogue_data(dialogue, from, &chunk);
        offset[from] += chunk.data.len;
    }
}

/* Of a whole session. */
static const struct row whole[] = {
    { "an LMTP server that gives too few reports",
      { "S220 mx\r\n", "CLHLO c\r\n", "S250 mx\r\n",
        "CMAIL FROM:<a@b>\r\nRCPT TO:<b@c>\r\nRCPT TO:<c@c>\r\nDATA\r\n",
        "S250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n", "Cx\r\n.\r\n", "S250 ok\r\n", "CDATA\r\n",
        "S503 no\r\n" },
      "greeting:220 LHLO:250 MAIL:250 RCPT:250 RCPT:250 DATA:354 content:250 DATA:503 " },
    { "a server that says nothing to a response that cancels",
      { "S220 mx\r\n", "CAUTH LOGIN\r\n", "S334 eA==\r\n", "C*\r\n", "CRSET\r\n", "S250 ok\r\n", "CNOOP\r\n",
        "S250 ok\r\n" },
      "greeting:220 AUTH:334 sasl:- RSET:250 NOOP:250 " },
    { "a line that is refused before it ends",
      { "S220 mx\r\n", "C.", "S500 what\r\n", "CRSET\r\n", "CNOOP\r\n", "S250 ok\r\n" },
      "greeting:220 UNKNOWN:500 NOOP:250 " },
    { "and never ends",
      { "S220 mx\r\n", "CNOOP\r\n.", "S250 ok\r\n500 what\r\n" },
      "greeting:220 NOOP:250 reply:500 " },
};

static void hold(const struct row *row, struct flow_info flow)
{
    char seen[TEXT_SIZE] = "";
    struct dialogue_options options = { .sink = { .ctx = seen, .ended = take_session } };
    struct dialogue *dialogue = dialogue_new(&options, &flow, 0);

    assert_non_null(dialogue);
    play(row, dialogue, &flow);
    (void)dialogue_end(dialogue, &flow);
    if (strcmp(seen, row->items) != 0)
        fail_msg("%s: %s", row->name, seen);
}

static struct flow_info flow_of(bool is_midstream)
{
    return (struct flow_info){ .serial = 1,
                               .end = { { { 4, { 192, 0, 2, 1 } }, 4000 }, { { 4, { 192, 0, 2, 25 } }, 25 } },
                               .is_midstream = is_midstream,
                               .side = { { .packets = !is_midstream, .saw_syn = !is_midstream },
                                         { .packets = !is_midstream, .saw_syn = !is_midstream } },
                               .close = FLOW_CLOSE_FIN,
                               .closed_by = -1 };
}

static void the_first_words_tell_how_to_read_on(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        hold(&rows[i], flow_of(true));
}

static void a_reply_behind_a_hole_is_paired_where_nothing_else_is_due(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof holes / sizeof holes[0]; i++)
        hold(&holes[i], flow_of(false));
}

static void replies_are_paired_in_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++)
        hold(&whole[i], flow_of(false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_words_tell_how_to_read_on),
        cmocka_unit_test(replies_are_paired_in_order),
        cmocka_unit_test(a_reply_behind_a_hole_is_paired_where_nothing_else_is_due),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
