/* Connections that stopped moving, each with its near misses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/scenarios.h"

#define SECOND UINT64_C(1000000000)

/* A stall of `seconds` at the end, which the client ended then. */
static void stall(struct session *session, uint64_t seconds)
{
    session->side[SIDE_CLIENT].last_ns = session->end_ns + (seconds - 1) * SECOND;
    session->side[SIDE_SERVER].last_ns = session->end_ns;
    session->side[SIDE_CLIENT].unacked_since_ns = session->end_ns;
    session->end_ns += seconds * SECOND;
    session->closed = CLOSE_FIN;
    session->closed_by = SIDE_CLIENT;
    session->side[SIDE_CLIENT].fin_ns = session->end_ns;
}

static void lose_large(struct session *session, uint32_t repeats, uint32_t length, bool is_acked)
{
    stall(session, 200);                                  /* longer than a client should wait */
    session->side[SIDE_SERVER].last_ns = session->end_ns; /* something came back */
    session->side[SIDE_CLIENT].unacked_bytes = 3 * length;
    session->side[SIDE_CLIENT].unacked_repeats = repeats;
    session->side[SIDE_CLIENT].repeat_length = length;
    session->side[SIDE_CLIENT].is_large_acked = is_acked;
}

static void black_hole(struct session *session)
{
    lose_large(session, 6, 1448, false);
}

static void large_ones_passed_before(struct session *session)
{
    lose_large(session, 6, 1448, true);
}

static void small_segments(struct session *session)
{
    lose_large(session, 6, 512, false);
}

static void sent_again_once(struct session *session)
{
    lose_large(session, 1, 1448, false);
}

static void nothing_came_back(struct session *session)
{
    lose_large(session, 6, 512, true);
    session->side[SIDE_SERVER].last_ns = session->side[SIDE_CLIENT].unacked_since_ns;
}

static void window_closed(struct session *session)
{
    session->side[SIDE_SERVER].zero_since_ns = session->end_ns;
    session->side[SIDE_SERVER].zero_last_ns = session->end_ns + 20 * SECOND;
    stall(session, 60);
    session->side[SIDE_SERVER].is_window_zero = true;
}

static void window_opened_soon(struct session *session)
{
    session->side[SIDE_SERVER].zero_since_ns = session->end_ns;
    session->side[SIDE_SERVER].zero_last_ns = session->end_ns + 2 * SECOND;
    stall(session, 40);
}

static void client_silent(struct session *session)
{
    stall(session, 400);
}

static void only_the_capture_ended(struct session *session)
{
    session->closed = CLOSE_END_OF_CAPTURE;
}

static void capture_went_on(struct session *session)
{
    session->closed = CLOSE_END_OF_CAPTURE;
    session->silent_ns = 600 * SECOND;
}

/* clang-format off */
#define IN_A_MESSAGE { BANNER, EHLO, MAIL, RCPT, DATA, { "x", NULL, STEP_UNFINISHED } }

static const struct scenario stalls[] = {
    { "path-stall", PROTOCOL_SMTP, IN_A_MESSAGE, "0:connection-lost 4:path-stall" },
};
static const struct scenario stalls_without_end[] = {
    { "path-stall", PROTOCOL_SMTP, IN_A_MESSAGE, "4:path-stall" },
};
static const struct scenario no_stalls[] = {
    { "no path-stall", PROTOCOL_SMTP, IN_A_MESSAGE, "0:connection-lost" },
};
static const struct scenario nothing[] = {
    { "nothing", PROTOCOL_SMTP, IN_A_MESSAGE, "" },
};
static const struct scenario idle[] = {
    { "a client that waits for its next message", PROTOCOL_SMTP, { BANNER, EHLO }, "0:connection-lost" },
};
/* clang-format on */

static void each_stall_is_told_and_its_near_misses_are_not(void **state)
{
    (void)state;
    scenarios_hold_ended(stalls, 1, black_hole);
    scenarios_hold_ended(stalls, 1, nothing_came_back);
    scenarios_hold_ended(stalls, 1, window_closed);
    scenarios_hold_ended(stalls, 1, client_silent);
    scenarios_hold_ended(stalls_without_end, 1, capture_went_on);
    scenarios_hold_ended(no_stalls, 1, large_ones_passed_before);
    scenarios_hold_ended(no_stalls, 1, small_segments);
    scenarios_hold_ended(no_stalls, 1, sent_again_once);
    scenarios_hold_ended(no_stalls, 1, window_opened_soon);
    scenarios_hold_ended(nothing, 1, only_the_capture_ended);
    scenarios_hold_ended(idle, 1, client_silent);
}

static void who_is_stuck_is_told(void **state)
{
    static const struct {
        void (*end)(struct session *);
        enum fault fault;
        const char *words;
    } rows[] = {
        { black_hole, FAULT_PATH, "1448 octets" },
        { nothing_came_back, FAULT_PATH, "nothing at all came back" },
        { window_closed, FAULT_SERVER, "window of zero for 60 seconds, and to the end" },
        { client_silent, FAULT_CLIENT, "nothing for 400 seconds" },
    };
    struct analyzer *analyzer = new_analyzer();

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct session *session = SESSION_OF(BANNER, EHLO, MAIL, RCPT, DATA, { "x", NULL, STEP_UNFINISHED });
        rows[i].end(session);
        struct analysis *analysis = analysis_new(analyzer, session);
        const struct finding *finding = find_finding(analysis, RULE_PATH_STALL);
        assert_non_null(finding);
        assert_int_equal(finding->fault, rows[i].fault);
        assert_true(bytes_find_nocase(finding->detail, bytes_of(rows[i].words)) != SIZE_MAX);
        analysis_free(analysis);
    }
    analyzer_free(analyzer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_stall_is_told_and_its_near_misses_are_not),
        cmocka_unit_test(who_is_stuck_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
