/* Talks: a table of what is on the wire, held against what it raises. */
#include "tests/support/talks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dialogue/dialogue.h"
#include "tests/support/write_down.h"

static const uint64_t LATE_NS = 20000000000ull;

enum share { SHARE_NONE, SHARE_HALF, SHARE_ALL, SHARE_COUNT }; /* from the first octet on */

/* Where a talk is missing bytes. */
struct loss {
    size_t exchange; /* SIZE_MAX: nowhere */
    enum side side;
    enum share first; /* of what was said */
    enum share next;  /* and of what the other side said next */
};

struct wire {
    struct dialogue *dialogue;
    uint64_t offset[2];
    uint64_t now;
};

static void lose(struct wire *wire, enum side from, size_t len)
{
    struct stream_hole hole = {
        .offset = wire->offset[from], .length = len, .time_ns = ++wire->now, .number = wire->now
    };

    wire->offset[from] += len;
    if (len)
        dialogue_hole(wire->dialogue, from, &hole);
}

static void say(struct wire *wire, enum side from, struct bytes data)
{
    struct stream_chunk chunk = { .data = data,
                                  .offset = wire->offset[from],
                                  .acked = wire->offset[from == SIDE_CLIENT],
                                  .time_ns = ++wire->now,
                                  .number = wire->now };

    wire->offset[from] += data.len;
    if (data.len)
        dialogue_data(wire->dialogue, from, &chunk);
}

static enum share lost_share(const struct loss *loss, size_t exchange, enum side side)
{
    size_t next = loss->side == SIDE_CLIENT ? loss->exchange : loss->exchange + 1;

    if (side == loss->side)
        return exchange == loss->exchange ? loss->first : SHARE_NONE;
    return exchange == next ? loss->next : SHARE_NONE;
}

static void say_or_lose(struct wire *wire, enum side from, const char *text, enum share share)
{
    struct bytes data = bytes_of(text);
    size_t lost = share == SHARE_ALL ? data.len : share == SHARE_HALF ? data.len / 2 : 0;

    lose(wire, from, lost);
    say(wire, from, bytes_from(data, lost));
}

static void take_session(void *ctx, struct session *session)
{
    *(struct session **)ctx = session;
}

static struct session *session_of(const struct talk *talk, struct loss loss)
{
    struct session *session = NULL;
    struct flow_info flow = {
        .serial = 1,
        .end = { { { 4, { 192, 0, 2, 1 } }, 4000 }, { { 4, { 192, 0, 2, 25 } }, 25 } },
        .side = { { .packets = 1, .saw_syn = true }, { .packets = 1, .saw_syn = true } },
        .close = FLOW_CLOSE_FIN,
        .closed_by = 0,
    };
    struct dialogue_options options = { .sink = { .ctx = &session, .ended = take_session } };
    struct wire wire = { .dialogue = dialogue_new(&options, &flow, 0) };
    bool is_left = false;

    assert_non_null(wire.dialogue);
    for (size_t i = 0; i < EXCHANGES_MAX && talk->exchanges[i].client; i++) {
        const struct exchange *exchange = &talk->exchanges[i];
        bool is_late = exchange->client[0] == T_LATE[0];
        wire.now += is_late ? LATE_NS : 0;
        say_or_lose(&wire, SIDE_CLIENT, exchange->client + is_late, lost_share(&loss, i, SIDE_CLIENT));
        is_left = exchange->server[0] == T_LATE[0];
        if (!is_left)
            say_or_lose(&wire, SIDE_SERVER, exchange->server, lost_share(&loss, i, SIDE_SERVER));
    }
    flow.last_ns = ++wire.now;
    if (is_left) {
        flow.closed_by = 1;
        flow.side[1].fin_ns = flow.last_ns;
        flow.side[0].fin_ns = ++flow.last_ns;
    }
    flow.side[loss.side != SIDE_CLIENT].missing_bytes = loss.exchange == SIZE_MAX ? 0 : 1;
    flow.side[loss.side == SIDE_CLIENT].missing_bytes = loss.next != SHARE_NONE;
    (void)dialogue_end(wire.dialogue, &flow);
    return session;
}

struct analysis *talk_analyze(struct analyzer *analyzer, const struct talk *talk)
{
    struct session *session = session_of(talk, (struct loss){ .exchange = SIZE_MAX });

    assert_non_null(session);
    struct analysis *analysis = analysis_new(analyzer, session);
    assert_non_null(analysis);
    return analysis;
}

static void list_findings(const struct analysis *analysis, char *text, size_t size)
{
    size_t len = 0;

    text[0] = '\0';
    for (size_t i = 0; i < analysis->finding_count; i++) {
        const struct finding *finding = &analysis->findings[i];
        int more = snprintf(text + len, size - len, "%s%u:%s", len ? " " : "", (unsigned)finding->command,
                            rule_of(finding->rule)->id);
        assert_true(more > 0 && (size_t)more < size - len);
        len += (size_t)more;
    }
}

static void write_down(const struct talk *talk)
{
    write_down_begin("talk", talk->name);
    for (size_t i = 0; i < EXCHANGES_MAX && talk->exchanges[i].client; i++)
        if (talk->exchanges[i].server[0] != T_LATE[0])
            write_down_step(0, talk->exchanges[i].client, talk->exchanges[i].server);
    write_down_end();
}

void talks_hold(const struct talk *talks, size_t count)
{
    struct analyzer *analyzer = analyzer_new(NULL, NULL);
    size_t wrong = 0;

    assert_non_null(analyzer);
    for (size_t i = 0; i < count; i++) { /* all of them are told at once */
        char text[1024];
        write_down(&talks[i]);
        struct analysis *analysis = talk_analyze(analyzer, &talks[i]);
        list_findings(analysis, text, sizeof text);
        if (strcmp(text, talks[i].findings) != 0)
            print_error("%s: raised \"%s\", not \"%s\"\n", talks[i].name, text, talks[i].findings);
        wrong += strcmp(text, talks[i].findings) != 0;
        analysis_free(analysis);
    }
    analyzer_free(analyzer);
    assert_int_equal(wrong, 0);
}

static void expect_nothing_new(const struct talk *talk, struct loss loss, struct analyzer *analyzer)
{
    static const char *const of_loss[] = { "capture-loss", "connection-lost", "timeout" };
    static const char *const shares[SHARE_COUNT] = { "nothing", "half", "all" };
    struct session *session = session_of(talk, loss);
    struct analysis *analysis = session ? analysis_new(analyzer, session) : NULL;

    for (size_t f = 0; analysis && f < analysis->finding_count; f++) {
        const char *id = rule_of(analysis->findings[f].rule)->id;
        bool is_known = strstr(talk->findings, id) != NULL;
        for (size_t i = 0; i < sizeof of_loss / sizeof of_loss[0]; i++)
            is_known = is_known || strcmp(id, of_loss[i]) == 0;
        if (!is_known)
            fail_msg("%s: %s without %s of exchange %zu of the %s and %s of what came next", talk->name, id,
                     shares[loss.first], loss.exchange, side_name(loss.side), shares[loss.next]);
    }
    analysis_free(analysis);
}

/* Half and all of each side, with none, half and all of what comes next; but without a 354 the dialogue reads
 * on in another way. */
static void lose_each(const struct talk *talk, size_t exchange, struct analyzer *analyzer)
{
    if (talk->exchanges[exchange].server[0] == '3')
        return;
    for (enum share first = SHARE_HALF; first < SHARE_COUNT; first++)
        for (enum share next = SHARE_NONE; next < SHARE_COUNT; next++)
            for (enum side side = SIDE_CLIENT; side <= SIDE_SERVER; side++)
                expect_nothing_new(
                    talk, (struct loss){ .exchange = exchange, .side = side, .first = first, .next = next },
                    analyzer);
}

void talks_hold_with_holes(const struct talk *talks, size_t count)
{
    struct analyzer *analyzer = analyzer_new(NULL, NULL);

    assert_non_null(analyzer);
    for (size_t i = 0; i < count; i++)
        for (size_t at = 0; at < EXCHANGES_MAX && talks[i].exchanges[at].client; at++)
            lose_each(&talks[i], at, analyzer);
    analyzer_free(analyzer);
}
