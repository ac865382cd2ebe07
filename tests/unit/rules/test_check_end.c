/* Who ended a connection, and what that leaves open. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/scenarios.h"

#define MS UINT64_C(1000000)
#define MESSAGE_ENDED                                                                                        \
    {                                                                                                        \
        "x", NULL, 0                                                                                         \
    }

static void close_now(struct session *session, enum side side)
{
    session->closed = CLOSE_FIN;
    session->closed_by = side;
    session->end_ns += MS;
    session->side[side].fin_ns = session->end_ns;
}

static void reset_now(struct session *session, enum side side)
{
    session->closed = CLOSE_RESET;
    session->closed_by = side;
    session->end_ns += MS;
    session->side[side].reset_ns = session->end_ns;
    session->side[side].reset_hop_limit = 60;
    session->side[side].hop_limit_low = session->side[side].hop_limit_high = 60;
}

static void closed_by_client(struct session *session)
{
    close_now(session, SIDE_CLIENT);
}

static void closed_by_server(struct session *session)
{
    close_now(session, SIDE_SERVER);
}

static void reset_by_client(struct session *session)
{
    reset_now(session, SIDE_CLIENT);
}

static void reset_by_server(struct session *session)
{
    reset_now(session, SIDE_SERVER);
}

static void forged_by_hops(struct session *session)
{
    reset_now(session, SIDE_SERVER);
    session->side[SIDE_SERVER].reset_hop_limit = 250;
}

static void went_on_behind_reset(struct session *session)
{
    reset_now(session, SIDE_CLIENT);
    session->side[SIDE_CLIENT].segments_after_reset = 2;
}

static void silent(struct session *session)
{
    session->closed = CLOSE_TIMEOUT;
    session->silent_ns = 3600 * 1000 * MS;
}

static void cut_off(struct session *session)
{
    session->closed = CLOSE_TIMEOUT; /* the capture was not watched any more */
}

/* clang-format off */
static const struct scenario client_closes[] = {
    { "a probe", PROTOCOL_SMTP, { BANNER }, "0:connection-lost" },
    { "a goodbye", PROTOCOL_SMTP, { BANNER, EHLO, QUIT }, "" },
    { "message-in-doubt", PROTOCOL_SMTP, { BANNER, EHLO, MAIL, RCPT, DATA, MESSAGE_ENDED },
      "0:connection-lost 4:message-in-doubt" },
    { "a message that was answered is not in doubt", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, RCPT, DATA, { "x", "250 ok", 0 } }, "0:connection-lost" },
    { "a message without its end is not in doubt", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, RCPT, DATA, { "x", NULL, STEP_UNFINISHED } }, "0:connection-lost" },
    { "the last chunk in doubt", PROTOCOL_SMTP, { BANNER, EHLO, MAIL, RCPT, { "BDAT 3 LAST", NULL, 0 } },
      "0:connection-lost 4:message-in-doubt" },
    { "a chunk that is not the last", PROTOCOL_SMTP, { BANNER, EHLO, MAIL, RCPT, { "BDAT 3", NULL, 0 } },
      "0:connection-lost" },
    { "a farewell that refuses the message", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, RCPT, DATA, { "x", "421 going down", 0 } }, "4:server-421 4:message-refused" },
};

static const struct scenario server_closes[] = {
    { "in doubt by the server", PROTOCOL_SMTP, { BANNER, EHLO, MAIL, RCPT, DATA, MESSAGE_ENDED },
      "0:connection-lost 4:message-in-doubt" },
};

static const struct scenario client_resets[] = {
    { "a probe may reset", PROTOCOL_SMTP, { BANNER }, "0:connection-lost" },
    { "so may a client between messages", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, RCPT, DATA, { "x", "250 ok", 0 } }, "0:connection-lost" },
    { "connection-reset in a message", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, RCPT, DATA, { "x", NULL, STEP_UNFINISHED } }, "0:connection-reset 0:connection-lost" },
    { "connection-reset while it waits", PROTOCOL_SMTP, { BANNER, EHLO, { "MAIL FROM:<a@b>", NULL, 0 } },
      "0:connection-reset 0:connection-lost" },
    { "connection-reset in a transaction", PROTOCOL_SMTP, { BANNER, EHLO, MAIL },
      "0:connection-reset 0:connection-lost" },
    { "behind QUIT a reset is nothing", PROTOCOL_SMTP, { BANNER, EHLO, MAIL, RSET, QUIT }, "" },
    { "in ciphertext nothing is known", PROTOCOL_SMTP, { BANNER, EHLO, TLS }, "" },
};

static const struct scenario server_resets[] = {
    { "connection-reset by the server", PROTOCOL_SMTP, { BANNER, EHLO }, "0:connection-reset 0:connection-lost" },
    { "a server that has said goodbye", PROTOCOL_SMTP, { BANNER, EHLO, { "NOOP", "421 bye", 0 } }, "2:server-421" },
};

static const struct scenario forged[] = {
    { "a reset from elsewhere, even of a probe", PROTOCOL_SMTP, { BANNER }, "0:connection-reset 0:connection-lost" },
    { "behind the goodbye it is nothing", PROTOCOL_SMTP, { BANNER, EHLO, QUIT }, "" },
};

static const struct scenario silences[] = {
    { "no reply to the dot, for longer than anybody waits", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, RCPT, DATA, MESSAGE_ENDED }, "4:message-in-doubt" },
};

static const struct scenario cuts[] = {
    { "the reply may have come later", PROTOCOL_SMTP, { BANNER, EHLO, MAIL, RCPT, DATA, MESSAGE_ENDED }, "" },
};
/* clang-format on */

#define HOLD(rows, end) scenarios_hold_ended(rows, sizeof rows / sizeof rows[0], end)

static void each_end_raises_its_findings_and_no_others(void **state)
{
    (void)state;
    HOLD(client_closes, closed_by_client);
    HOLD(server_closes, closed_by_server);
    HOLD(client_resets, reset_by_client);
    HOLD(server_resets, reset_by_server);
    HOLD(forged, forged_by_hops);
    HOLD(forged, went_on_behind_reset);
    HOLD(silences, silent);
    HOLD(cuts, cut_off);
    scenarios_hold(cuts, sizeof cuts / sizeof cuts[0]);
}

static bool says(const struct finding *finding, const char *words)
{
    return bytes_find_nocase(finding->detail, bytes_of(words)) != SIZE_MAX;
}

static void a_forged_reset_is_told_by_its_path(void **state)
{
    struct analyzer *analyzer = new_analyzer();
    struct session *session = SESSION_OF(BANNER, EHLO, MAIL);

    (void)state;
    forged_by_hops(session);
    struct analysis *analysis = analysis_new(analyzer, session);
    const struct finding *finding = find_finding(analysis, RULE_CONNECTION_RESET);
    assert_int_equal(finding->fault, FAULT_PATH);
    assert_int_equal(finding->confidence, CONFIDENCE_LIKELY);
    assert_true(says(finding, "TTL of 250"));
    analysis_free(analysis);
    session = SESSION_OF(BANNER, EHLO, MAIL);
    forged_by_hops(session);
    session->side[SIDE_SERVER].reset_off_by = 1460;
    analysis = analysis_new(analyzer, session);
    assert_int_equal(find_finding(analysis, RULE_CONNECTION_RESET)->confidence, CONFIDENCE_CERTAIN);
    analysis_free(analysis);
    session = SESSION_OF(BANNER, EHLO, MAIL);
    went_on_behind_reset(session);
    analysis = analysis_new(analyzer, session);
    finding = find_finding(analysis, RULE_CONNECTION_RESET);
    assert_int_equal(finding->fault, FAULT_PATH);
    assert_int_equal(finding->confidence, CONFIDENCE_CERTAIN);
    analysis_free(analysis);
    analyzer_free(analyzer);
}

static void doubt_tells_what_the_host_had_received(void **state)
{
    struct analyzer *analyzer = new_analyzer();

    (void)state;
    for (uint64_t unacked = 0; unacked < 2; unacked++) {
        struct session *session = SESSION_OF(BANNER, EHLO, MAIL, RCPT, DATA, MESSAGE_ENDED);
        closed_by_client(session);
        session->side[SIDE_CLIENT].unacked_bytes = unacked;
        struct analysis *analysis = analysis_new(analyzer, session);
        const struct finding *finding = find_finding(analysis, RULE_MESSAGE_IN_DOUBT);
        assert_true(says(finding, unacked ? "had not acknowledged" : "had received all"));
        assert_int_equal(finding->fault, FAULT_CLIENT);
        analysis_free(analysis);
    }
    analyzer_free(analyzer);
}

/* The reply came when the client had gone. */
static void a_reply_that_nobody_read_leaves_doubt(void **state)
{
    struct analyzer *analyzer = new_analyzer();

    (void)state;
    for (uint64_t unacked = 0; unacked < 2; unacked++) {
        struct session *session =
            SESSION_OF(BANNER, EHLO, MAIL, RCPT, DATA, { "x", "250 ok", STEP_SECONDS(40) });
        session->closed = CLOSE_RESET;
        session->closed_by = SIDE_CLIENT;
        session->side[SIDE_CLIENT].fin_ns = session->end_ns - 10000 * MS;
        session->side[SIDE_SERVER].unacked_bytes = unacked * 8;
        struct analysis *analysis = analysis_new(analyzer, session);
        assert_int_equal(find_finding(analysis, RULE_MESSAGE_IN_DOUBT) != NULL, unacked);
        analysis_free(analysis);
    }
    analyzer_free(analyzer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_end_raises_its_findings_and_no_others),
        cmocka_unit_test(a_forged_reset_is_told_by_its_path),
        cmocka_unit_test(doubt_tells_what_the_host_had_received),
        cmocka_unit_test(a_reply_that_nobody_read_leaves_doubt),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
