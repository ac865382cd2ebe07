/* Lines in several segments, also longer than what is kept of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "dialogue/dialogue.h"

struct feed {
    struct dialogue *dialogue;
    uint64_t offset[2];
};

static void say(struct feed *feed, enum side side, struct bytes text)
{
    dialogue_data(
        feed->dialogue, side,
        &(struct stream_chunk){ .data = text, .offset = feed->offset[side], .acked = feed->offset[!side] });
    feed->offset[side] += text.len;
}

static void take_session(void *ctx, struct session *session)
{
    *(struct session **)ctx = session;
}

/* NOOP answered by a line of `len` octets and `end`, the last `behind` octets of which come by themselves. */
static struct session *session_of(size_t len, const char *end, size_t behind)
{
    struct session *session = NULL;
    struct dialogue_options options = { .sink = { .ctx = &session, .ended = take_session } };
    struct flow_info flow = { .end = { { .port = 40000 }, { .port = 25 } }, .initiator = 0, .closed_by = -1 };
    struct feed feed = { .dialogue = dialogue_new(&options, &flow, 0) };
    size_t whole = len + strlen(end);
    uint8_t *line = malloc(whole);

    assert_non_null(feed.dialogue);
    assert_non_null(line);
    memset(line, 'x', len);
    memcpy(line, "250 ", 4);
    memcpy(line + len, end, strlen(end));
    say(&feed, SIDE_SERVER, BYTES("220 mx\r\n"));
    say(&feed, SIDE_CLIENT, BYTES("NOOP\r\n"));
    say(&feed, SIDE_SERVER, (struct bytes){ line, whole - behind });
    say(&feed, SIDE_SERVER, (struct bytes){ line + whole - behind, behind });
    free(line);
    assert_true(dialogue_end(feed.dialogue, &flow));
    assert_non_null(session);
    return session;
}

static void the_end_of_a_reply_line_is_known_however_it_comes(void **state)
{
    static const size_t lengths[] = { 10, LIMIT_LINE - 1, LIMIT_LINE, LIMIT_LINE + 1, 3 * LIMIT_LINE };

    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++)
        for (size_t behind = 1; behind <= 3; behind++)
            for (unsigned has_cr = 0; has_cr < 2; has_cr++) {
                struct session *session = session_of(lengths[i], has_cr ? "\r\n" : "\n", behind);
                const struct reply *reply = session->items[session->item_count - 1].reply;
                size_t kept = lengths[i] < LIMIT_LINE ? lengths[i] : LIMIT_LINE;
                assert_non_null(reply);
                assert_int_equal(reply->code, 250);
                assert_int_equal(reply->has_bare_lf, !has_cr);
                assert_int_equal(reply->lines[0].len, kept - 4);
                assert_int_equal(reply->lines[0].ptr[kept - 5], 'x');
                session_free(session);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_end_of_a_reply_line_is_known_however_it_comes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
