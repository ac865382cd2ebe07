/* Who waited for whom, and how long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/support/scenarios.h"

#define MESSAGE(seconds)                                                                                     \
    {                                                                                                        \
        "x", NULL, STEP_SECONDS(seconds)                                                                     \
    }
#define SLOW(line, reply, seconds)                                                                           \
    {                                                                                                        \
        line, reply, STEP_SECONDS(seconds)                                                                   \
    }
#define LATER(seconds) STEP_PAUSE | STEP_SECONDS(seconds)

static void closed_by(struct session *session, enum side side)
{
    session->closed = CLOSE_FIN;
    session->closed_by = side;
    session->side[side].fin_ns = session->end_ns;
}

static void closed_by_client(struct session *session)
{
    closed_by(session, SIDE_CLIENT);
}

static void blocked_for(struct session *session, uint64_t seconds)
{
    session->side[SIDE_CLIENT].unacked_bytes = 8 * 1448;
    session->side[SIDE_CLIENT].unacked_since_ns = session->end_ns;
    session->end_ns += seconds * UINT64_C(1000000000);
    closed_by(session, SIDE_CLIENT);
}

static void blocked_for_a_minute(struct session *session)
{
    blocked_for(session, 60);
}

static void blocked_for_three_minutes(struct session *session)
{
    blocked_for(session, 180);
}

static void closed_by_server(struct session *session)
{
    closed_by(session, SIDE_SERVER);
}

static void closed_by_server_later(struct session *session)
{
    session->end_ns += UINT64_C(30000000000);
    closed_by(session, SIDE_SERVER);
}

static void closed_by_server_in_time(struct session *session)
{
    session->end_ns += UINT64_C(300000000000);
    closed_by(session, SIDE_SERVER);
}

/* clang-format off */
static const struct scenario client_gives_up[] = {
    { "timeout at MAIL", PROTOCOL_SMTP, { BANNER, EHLO, SLOW("MAIL FROM:<a@b>", NULL, 30) },
      "0:connection-lost 2:timeout" },
    { "at MAIL after five minutes", PROTOCOL_SMTP, { BANNER, EHLO, SLOW("MAIL FROM:<a@b>", NULL, 300) },
      "0:connection-lost 2:timeout" },
    { "timeout at RCPT", PROTOCOL_SMTP, { BANNER, EHLO, MAIL, SLOW("RCPT TO:<a@b>", NULL, 299) },
      "0:connection-lost 3:timeout" },
    { "timeout at DATA", PROTOCOL_SMTP, { BANNER, EHLO, MAIL, RCPT, SLOW("DATA", NULL, 60) },
      "0:connection-lost 4:timeout" },
    { "at DATA after two minutes", PROTOCOL_SMTP, { BANNER, EHLO, MAIL, RCPT, SLOW("DATA", NULL, 120) },
      "0:connection-lost 4:timeout" },
    { "timeout at the final dot", PROTOCOL_SMTP, { BANNER, EHLO, MAIL, RCPT, DATA, MESSAGE(300) },
      "0:connection-lost 4:timeout 4:message-in-doubt" },
    { "at the final dot after ten minutes", PROTOCOL_SMTP, { BANNER, EHLO, MAIL, RCPT, DATA, MESSAGE(600) },
      "0:connection-lost 4:timeout 4:message-in-doubt" },
    { "whoever goes at once has not waited", PROTOCOL_SMTP, { BANNER, EHLO, SLOW("MAIL FROM:<a@b>", NULL, 4) },
      "0:connection-lost" },
    { "no time is named for EHLO", PROTOCOL_SMTP, { BANNER, SLOW("EHLO c", NULL, 30) }, "0:connection-lost 1:timeout" },
};

static const struct scenario server_gives_up[] = {
    { "timeout of the server", PROTOCOL_SMTP, { BANNER, EHLO }, "0:connection-lost 1:timeout" },
    { "timeout of the server in a message", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, RCPT, DATA, { "x", NULL, STEP_UNFINISHED } }, "0:connection-lost 4:timeout" },
    { "a server that owes the reply does not wait", PROTOCOL_SMTP, { BANNER, EHLO, { "MAIL FROM:<a@b>", NULL, 0 } },
      "0:connection-lost" },
    { "a server that has refused may close", PROTOCOL_SMTP, { { NULL, "554 no", 0 } }, "0:service-refused" },
};

static const struct scenario blocked[] = {
    { "timeout in a block of data", PROTOCOL_SMTP, { BANNER, EHLO, MAIL, RCPT, DATA, { "x", NULL, STEP_UNFINISHED } },
      "0:connection-lost 4:timeout" },
};

static const struct scenario blocked_long[] = {
    { "in a block of data after three minutes", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, RCPT, DATA, { "x", NULL, STEP_UNFINISHED } }, "0:connection-lost" },
};

static const struct scenario server_in_time[] = {
    { "after five minutes a server may close", PROTOCOL_SMTP, { BANNER, EHLO }, "0:connection-lost" },
};

static const struct scenario farewells[] = {
    { "timeout said too early", PROTOCOL_SMTP, { BANNER, EHLO, { NULL, "421 timeout", LATER(60) } },
      "0:server-421 0:timeout" },
    { "timeout said in time", PROTOCOL_SMTP, { BANNER, EHLO, { NULL, "421 timeout", LATER(301) } }, "0:server-421" },
    { "both waited", PROTOCOL_SMTP, { BANNER, EHLO, SLOW("MAIL FROM:<a@b>", "421 timeout", 301) },
      "2:server-421 2:timeout 2:slow-reply" },
};

static const struct scenario replies[] = {
    { "slow-reply", PROTOCOL_SMTP, { BANNER, SLOW("EHLO c", "250 mx", 11) }, "1:slow-reply" },
    { "quick enough", PROTOCOL_SMTP, { BANNER, SLOW("EHLO c", "250 mx", 9), SLOW("MAIL FROM:<a@b>", "250 ok", 9) }, "" },
    { "a slow greeting", PROTOCOL_SMTP, { { NULL, "220 mx ESMTP", LATER(20) }, EHLO }, "0:slow-reply" },
    { "several, told once", PROTOCOL_SMTP,
      { BANNER, SLOW("EHLO c", "250 mx", 11), SLOW("MAIL FROM:<a@b>", "250 ok", 30) }, "2:slow-reply" },
    { "a client that takes its time", PROTOCOL_SMTP, { BANNER, { "EHLO c", "250 mx", LATER(50) } }, "" },
    { "in a group each waits for the one before", PROTOCOL_SMTP,
      { BANNER, EHLO, SLOW("MAIL FROM:<a@b>", "250 ok", 9), { "RCPT TO:<a@b>", "250 ok", STEP_PIPELINED | STEP_SECONDS(9) } },
      "" },
};
/* clang-format on */

#define HOLD(rows, end) scenarios_hold_ended(rows, sizeof rows / sizeof rows[0], end)

static void each_wait_raises_its_findings_and_no_others(void **state)
{
    (void)state;
    HOLD(client_gives_up, closed_by_client);
    HOLD(server_gives_up, closed_by_server_later);
    HOLD(blocked, blocked_for_a_minute);
    HOLD(blocked_long, blocked_for_three_minutes);
    HOLD(server_in_time, closed_by_server_in_time);
    scenarios_hold(farewells, sizeof farewells / sizeof farewells[0]);
    scenarios_hold_with_holes(farewells, sizeof farewells / sizeof farewells[0]);
    scenarios_hold(replies, sizeof replies / sizeof replies[0]);
    scenarios_hold_with_holes(replies, sizeof replies / sizeof replies[0]);
    HOLD(server_in_time, closed_by_server); /* nobody waited */
}

/* A client that ends its message with bare line feeds waits, and so does the server. */
static void an_end_that_is_none_makes_both_wait(void **state)
{
    struct analyzer *analyzer = new_analyzer();
    struct session *session =
        SESSION_OF(BANNER, EHLO, MAIL, RCPT, DATA, { "x", NULL, STEP_UNFINISHED },
                   { NULL, "421 4.4.2 timeout exceeded", STEP_PAUSE | STEP_SECONDS(600) });
    struct eod_variant *variant = ARENA_NEW(&session->arena, struct eod_variant);

    (void)state;
    assert_non_null(variant);
    *variant = (struct eod_variant){ .kind = 2, .offset = 97 };
    session->messages[0].wire_size = 100;
    session->messages[0].variants = variant;
    session->messages[0].variant_count = 1;
    struct analysis *analysis = analysis_new(analyzer, session);
    const struct finding *finding = find_finding(analysis, RULE_TIMEOUT);
    assert_non_null(finding);
    assert_int_equal(finding->fault, FAULT_CLIENT);
    assert_true(bytes_find_nocase(finding->detail, BYTES("both waited")) != SIZE_MAX);
    analysis_free(analysis);
    analyzer_free(analyzer);
}

/* A client that has gone does not take the reply: that it came hides nothing. */
static void a_late_reply_does_not_hide_who_gave_up(void **state)
{
    struct analyzer *analyzer = new_analyzer();

    (void)state;
    for (uint64_t unacked = 0; unacked < 2; unacked++) {
        struct session *session = SESSION_OF(BANNER, EHLO, SLOW("MAIL FROM:<a@b>", "250 ok", 40));
        session->closed_by = SIDE_CLIENT;
        session->side[SIDE_CLIENT].fin_ns = session->end_ns - UINT64_C(10000000000);
        session->side[SIDE_SERVER].unacked_bytes = unacked * 8;
        struct analysis *analysis = analysis_new(analyzer, session);
        const struct finding *finding = find_finding(analysis, RULE_TIMEOUT);
        assert_int_equal(finding != NULL, unacked);
        assert_true(!finding || finding->fault == FAULT_CLIENT);
        analysis_free(analysis);
    }
    analyzer_free(analyzer);
}

static void what_is_slow_can_be_said(void **state)
{
    struct analyzer *analyzer = new_analyzer();

    (void)state;
    analyzer_set_slow(analyzer, UINT64_C(2000000000));
    struct analysis *analysis = analysis_new(analyzer, SESSION_OF(BANNER, SLOW("EHLO c", "250 mx", 3), QUIT));
    assert_non_null(find_finding(analysis, RULE_SLOW_REPLY));
    analysis_free(analysis);
    analysis = analysis_new(analyzer, SESSION_OF(BANNER, SLOW("EHLO c", "250 mx", 1), QUIT));
    assert_null(find_finding(analysis, RULE_SLOW_REPLY));
    analysis_free(analysis);
    analyzer_free(analyzer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_wait_raises_its_findings_and_no_others),
        cmocka_unit_test(an_end_that_is_none_makes_both_wait),
        cmocka_unit_test(a_late_reply_does_not_hide_who_gave_up),
        cmocka_unit_test(what_is_slow_can_be_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
