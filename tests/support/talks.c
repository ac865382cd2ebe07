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

/* Where a talk is missing bytes. */
struct loss {
    size_t exchange; /* SIZE_MAX: nowhere */
    enum side side;
    bool is_half;       /* the first half of what was said */
    bool is_round_trip; /* and what the other side said next */
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

static bool is_lost(const struct loss *loss, size_t exchange, enum side side)
{
    size_t next = loss->side == SIDE_CLIENT ? loss->exchange : loss->exchange + 1;

    return side == loss->side ? exchange == loss->exchange : loss->is_round_trip && exchange == next;
}

static void say_or_lose(struct wire *wire, enum side from, const char *text, bool is_lost, bool is_half)
{
    struct bytes data = bytes_of(text);
    size_t lost = is_lost ? is_half ? data.len / 2 : data.len : 0;

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

    assert_non_null(wire.dialogue);
    for (size_t i = 0; i < EXCHANGES_MAX && talk->exchanges[i].client; i++) {
        const struct exchange *exchange = &talk->exchanges[i];
        say_or_lose(&wire, SIDE_CLIENT, exchange->client, is_lost(&loss, i, SIDE_CLIENT), loss.is_half);
        say_or_lose(&wire, SIDE_SERVER, exchange->server, is_lost(&loss, i, SIDE_SERVER), loss.is_half);
    }
    flow.side[loss.side != SIDE_CLIENT].missing_bytes = loss.exchange == SIZE_MAX ? 0 : 1;
    flow.side[loss.side == SIDE_CLIENT].missing_bytes = loss.is_round_trip;
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
    struct session *session = session_of(talk, loss);
    struct analysis *analysis = session ? analysis_new(analyzer, session) : NULL;

    for (size_t f = 0; analysis && f < analysis->finding_count; f++) {
        const char *id = rule_of(analysis->findings[f].rule)->id;
        bool is_known = strstr(talk->findings, id) != NULL;
        for (size_t i = 0; i < sizeof of_loss / sizeof of_loss[0]; i++)
            is_known = is_known || strcmp(id, of_loss[i]) == 0;
        if (!is_known)
            fail_msg("%s: %s without %s of exchange %zu of the %s%s", talk->name, id,
                     loss.is_half ? "half" : "all", loss.exchange, side_name(loss.side),
                     loss.is_round_trip ? ", and what came next" : "");
    }
    analysis_free(analysis);
}

/* All and half of each side, or a round trip; but without a 354 the dialogue reads on in another way. */
static void lose_each(const struct talk *talk, size_t exchange, struct analyzer *analyzer)
{
    if (talk->exchanges[exchange].server[0] == '3')
        return;
    for (unsigned kind = 0; kind < 6; kind++)
        expect_nothing_new(talk,
                           (struct loss){ .exchange = exchange,
                                          .side = kind & 1 ? SIDE_SERVER : SIDE_CLIENT,
                                          .is_half = kind & 2,
                                          .is_round_trip = kind & 4 },
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
