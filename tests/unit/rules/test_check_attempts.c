/* Connections that never became a session: outages, scans and floods told apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "rules/check_attempts.h"

#define SECOND UINT64_C(1000000000)

static struct address clients[LIMIT_ATTEMPT_CLIENTS];

static struct attempts_row row_of(uint64_t refused, uint64_t unanswered, uint64_t no_greeting, uint32_t count)
{
    struct attempts_row row = {
        .server = { { .family = 4, .bytes = { 192, 0, 2, 25 } }, 25 },
        .count = { 0, refused, unanswered, no_greeting },
        .longest_ns = { 0, 0, unanswered ? 63 * SECOND : 0, no_greeting ? 30 * SECOND : 0 },
        .retried = unanswered,
        .clients = clients,
        .client_count = count,
        .first_ns = 100 * SECOND,
        .last_ns = 200 * SECOND,
    };

    for (uint32_t i = 0; i < LIMIT_ATTEMPT_CLIENTS; i++)
        clients[i] = (struct address){ .family = 4, .bytes = { 10, 0, 0, (uint8_t)i } };
    return row;
}

/* "id confidence fault" of each finding. */
static void list(const struct attempts_verdict *verdict, char *text, size_t size)
{
    size_t len = 0;

    text[0] = '\0';
    for (size_t i = 0; i < verdict->count; i++) {
        const struct finding *finding = &verdict->findings[i];
        int more = snprintf(text + len, size - len, "%s%s %s %s", len ? ", " : "", rule_of(finding->rule)->id,
                            confidence_name(finding->confidence), fault_name(finding->fault));
        assert_true(more > 0 && (size_t)more < size - len);
        len += (size_t)more;
    }
}

static struct server_table *table_with(const struct attempts_row *row, bool has_session, bool is_one_sided)
{
    struct server_table *table = server_table_new(NULL);
    struct session session = { .server = row->server, .start_ns = 150 * SECOND, .end_ns = 160 * SECOND };

    assert_non_null(table);
    session.one_sided = is_one_sided ? SIDE_CLIENT : SIDE_NONE;
    if (has_session)
        server_table_note(table, &session);
    return table;
}

static void expect(const struct attempts_row *row, bool has_session, bool is_one_sided, const char *findings,
                   const char *words)
{
    struct server_table *table = table_with(row, has_session, is_one_sided);
    struct attempts_verdict verdict;
    char text[512];

    check_attempts(table, row, 1, 0, &verdict);
    list(&verdict, text, sizeof text);
    assert_string_equal(text, findings);
    if (verdict.count && !strstr(verdict.details[0], words))
        fail_msg("\"%s\" does not say \"%s\"", verdict.details[0], words);
    server_table_free(table);
}

static void refusals_weigh_more_where_smtp_was_spoken(void **state)
{
    struct attempts_row row = row_of(3, 0, 0, 2);

    (void)state;
    expect(&row, false, false, "connect-refused possible server", "perhaps nothing is meant to answer");
    expect(&row, true, false, "connect-refused likely server",
           "3 connections, of 2 clients. It served other");
}

static void a_syn_that_was_not_waited_for_tells_nothing(void **state)
{
    struct attempts_row row = row_of(0, 1, 0, 1);

    (void)state;
    expect(&row, false, false, "connect-timeout possible path", "for 63 seconds");
    row.retried = 0;
    expect(&row, false, false, "connect-timeout possible path", "for 63 seconds");
    row.longest_ns[ATTEMPT_UNANSWERED] = 2 * SECOND; /* the capture ended */
    expect(&row, false, false, "", "");
}

static void answers_that_were_not_captured_are_not_missed(void **state)
{
    struct attempts_row row = row_of(0, 5, 5, 1);

    (void)state;
    expect(&row, true, true, "", "");
    expect(&row, true, false, "connect-timeout likely path, no-greeting-sent likely server",
           "Others were answered");
}

static void a_flood_is_no_outage(void **state)
{
    struct attempts_row row = row_of(0, 5000, 0, LIMIT_ATTEMPT_CLIENTS);

    (void)state;
    expect(&row, true, false, "connect-timeout likely path", "5000 connections");
    row.retried = 10;
    row.has_more_clients = true;
    expect(&row, true, false, "connect-timeout possible client", "more than 32 clients");
    row.client_count = 3;
    row.has_more_clients = false;
    expect(&row, true, false, "connect-timeout likely path", "of 3 clients");
}

static void whoever_leaves_at_once_has_not_waited_for_a_greeting(void **state)
{
    struct attempts_row row = row_of(0, 0, 4, 1);

    (void)state;
    expect(&row, false, false, "no-greeting-sent likely server", "4 connections, the longest for 30 seconds");
    row.left_early = 4;
    expect(&row, false, false, "", "");
    row.left_early = 3;
    row.closed_by_server = 1;
    expect(&row, true, false, "no-greeting-sent likely server", "1 connection, ");
}

/* One client that tries many ports in vain is looking for servers. */
static void a_scan_is_no_outage(void **state)
{
    enum { PORTS = 9 };
    struct attempts_row rows[PORTS];
    struct server_table *table = server_table_new(NULL);
    struct attempts_verdict verdict;

    (void)state;
    for (unsigned i = 0; i < PORTS; i++) {
        rows[i] = row_of(1, 0, 0, 1);
        rows[i].server.port = (uint16_t)(25 + i);
    }
    check_attempts(table, rows, PORTS, 4, &verdict);
    assert_int_equal(verdict.count, 1);
    assert_int_equal(verdict.findings[0].fault, FAULT_CLIENT);
    assert_int_equal(verdict.findings[0].severity, SEVERITY_INFO);
    assert_non_null(strstr(verdict.details[0], "looks like a scan"));
    check_attempts(table, rows, 7, 4, &verdict); /* too few for a scan */
    assert_int_equal(verdict.findings[0].fault, FAULT_SERVER);
    server_table_free(table);
}

static void servers_are_remembered_up_to_a_ceiling(void **state)
{
    struct budget budget;
    struct session session = { .start_ns = 5, .end_ns = 9 };

    (void)state;
    budget_init(&budget, SIZE_MAX / 2);
    struct server_table *table = server_table_new(&budget);
    for (unsigned round = 0; round < 2; round++)
        for (uint16_t port = 1; port <= LIMIT_SERVERS + 50; port++) {
            session.server.port = port;
            server_table_note(table, &session);
        }
    session.server.port = LIMIT_SERVERS;
    assert_int_equal(server_table_find(table, &session.server)->sessions, 2);
    session.server.port = LIMIT_SERVERS + 1;
    assert_null(server_table_find(table, &session.server));
    assert_true(server_table_is_full(table));
    server_table_free(table);
    assert_int_equal(budget.used_bytes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refusals_weigh_more_where_smtp_was_spoken),
        cmocka_unit_test(a_syn_that_was_not_waited_for_tells_nothing),
        cmocka_unit_test(answers_that_were_not_captured_are_not_missed),
        cmocka_unit_test(a_flood_is_no_outage),
        cmocka_unit_test(whoever_leaves_at_once_has_not_waited_for_a_greeting),
        cmocka_unit_test(a_scan_is_no_outage),
        cmocka_unit_test(servers_are_remembered_up_to_a_ceiling),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
