#include "transcript/attempts.h"
#include "transcript/session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct endpoint endpoint(const char *address, uint16_t port)
{
    struct endpoint end = { .port = port };

    assert_true(address_parse(bytes_of(address), &end.address));
    return end;
}

/* The published vectors of the Community ID specification, version 1, seed 0, for TCP. */
static void community_ids_are_those_of_the_specification(void **state)
{
    static const struct {
        const char *client;
        uint16_t client_port;
        const char *server;
        uint16_t server_port;
        const char *expect;
    } rows[] = {
        { "128.232.110.120", 34855, "66.35.250.204", 80, "1:LQU9qZlK+B5F3KDmev6m5PMibrg=" },
        { "66.35.250.204", 80, "128.232.110.120", 34855, "1:LQU9qZlK+B5F3KDmev6m5PMibrg=" },
        { "10.0.0.1", 10, "10.0.0.1", 20, NULL },
        { "2001:db8::1", 40000, "2001:db8::2", 25, NULL },
    };
    char there[COMMUNITY_ID_TEXT], back[COMMUNITY_ID_TEXT];
    struct session *session = session_new(NULL);

    (void)state;
    assert_non_null(session);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        session->client = endpoint(rows[i].client, rows[i].client_port);
        session->server = endpoint(rows[i].server, rows[i].server_port);
        session_community_id(session, there);
        if (rows[i].expect)
            assert_string_equal(there, rows[i].expect);
        struct endpoint swap = session->client;
        session->client = session->server;
        session->server = swap;
        session_community_id(session, back);
        assert_string_equal(there, back);
        assert_int_equal(strlen(there), 30);
    }
    session_free(session);
}

static void ids_depend_on_every_part(void **state)
{
    char first[17];
    struct session *session = session_new(NULL);

    (void)state;
    assert_non_null(session);
    session->client = endpoint("192.0.2.1", 40000);
    session->server = endpoint("192.0.2.25", 25);
    session->start_ns = 1000;
    session_make_id(session);
    memcpy(first, session->id, sizeof first);
    assert_int_equal(strlen(first), 16);
    assert_int_equal(strspn(first, "0123456789abcdef"), 16);
    session_make_id(session);
    assert_string_equal(session->id, first);
    session->start_ns++;
    session_make_id(session);
    assert_string_not_equal(session->id, first);
    session->start_ns--;
    session->client.port++;
    session_make_id(session);
    assert_string_not_equal(session->id, first);
    session->client.port--;
    session->server.address.bytes[3]++;
    session_make_id(session);
    assert_string_not_equal(session->id, first);
    session_free(session);
}

static void commands_are_found_by_their_number(void **state)
{
    struct session *session = session_new(NULL);

    (void)state;
    assert_non_null(session);
    assert_null(session_command(session, 1));
    for (unsigned i = 0; i < 1000; i++)
        assert_non_null(session_add_item(session, i % 3 ? ITEM_COMMAND : ITEM_REPLY));
    assert_null(session_command(session, 0));
    for (uint32_t n = 1; n <= session->command_count; n++)
        assert_int_equal(session_command(session, n)->as.command.n, n);
    assert_null(session_command(session, session->command_count + 1));
    session_free(session);
}

static void exchanges_are_found_by_their_command(void **state)
{
    struct session *session = session_new(NULL);

    (void)state;
    assert_non_null(session);
    for (uint32_t i = 0; i < 20; i++) {
        struct sasl_exchange *exchange = session_add_exchange(session);
        assert_non_null(exchange);
        exchange->command_item = i * 3;
        assert_non_null(session_add_step(session, exchange));
    }
    assert_ptr_equal(session_exchange_of(session, 9), &session->exchanges[3]);
    assert_null(session_exchange_of(session, 10));
    session_free(session);
}

/* A session at its ceiling says so, and what it held stays. */
static void a_ceiling_is_recorded(void **state)
{
    struct budget budget;

    (void)state;
    budget_init(&budget, 100000);
    struct session *session = session_new(&budget);
    assert_non_null(session);
    size_t added = 0;
    while (session_add_item(session, ITEM_COMMAND))
        added++;
    assert_true(added > 10);
    assert_true(session->is_truncated);
    assert_int_equal(session->item_count, added);
    assert_int_equal(session->items_dropped, 1);
    assert_int_equal(session->items[added - 1].as.command.n, added);
    assert_null(session_add_item(session, ITEM_GAP));
    assert_int_equal(session->items_dropped, 2);
    session_free(session);
    assert_int_equal(budget.used_bytes, 0);
}

static void every_name_is_there_and_none_is_twice(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ITEM_KIND_COUNT; i++)
        for (unsigned k = 0; k < i; k++)
            assert_string_not_equal(item_kind_name((enum item_kind)i), item_kind_name((enum item_kind)k));
    for (unsigned i = 0; i < CLOSE_COUNT; i++)
        for (unsigned k = 0; k < i; k++)
            assert_string_not_equal(close_kind_name((enum close_kind)i), close_kind_name((enum close_kind)k));
    for (unsigned i = 0; i < PRELUDE_COUNT; i++)
        for (unsigned k = 0; k < i; k++)
            assert_string_not_equal(prelude_kind_name((enum prelude_kind)i),
                                    prelude_kind_name((enum prelude_kind)k));
    for (unsigned i = 0; i < FOREIGN_COUNT; i++)
        for (unsigned k = 0; k < i; k++)
            assert_string_not_equal(foreign_protocol_name((enum foreign_protocol)i),
                                    foreign_protocol_name((enum foreign_protocol)k));
    assert_string_equal(foreign_protocol_title(FOREIGN_HTTP), "HTTP");
    assert_string_equal(side_name(SIDE_CLIENT), "client");
    assert_string_equal(side_name(SIDE_SERVER), "server");
    assert_string_equal(protocol_name(PROTOCOL_LMTP), "lmtp");
    assert_string_equal(close_kind_name(CLOSE_END_OF_CAPTURE), "end-of-capture");
}

static void add(struct attempts *attempts, const struct endpoint *server, enum attempt_kind kind,
                uint64_t time_ns, uint64_t count)
{
    struct attempts_row row = { .server = *server, .first_ns = time_ns, .last_ns = time_ns };

    row.count[kind] = count;
    attempts_add(attempts, &row);
}

static void clients_are_told_apart_up_to_a_ceiling(void **state)
{
    struct budget budget;
    size_t count;

    (void)state;
    budget_init(&budget, SIZE_MAX / 2);
    struct attempts *attempts = attempts_new(&budget);
    assert_non_null(attempts);
    for (unsigned i = 0; i < 3 * LIMIT_ATTEMPT_CLIENTS; i++) {
        struct address client = { .family = 4, .bytes = { 10, 0, 0, (uint8_t)(i / 3) } };
        struct attempts_row row = { .server = endpoint("192.0.2.9", 25),
                                    .count = { [ATTEMPT_UNANSWERED] = 1 },
                                    .longest_ns = { [ATTEMPT_UNANSWERED] = i },
                                    .retried = i & 1,
                                    .clients = &client,
                                    .client_count = 1,
                                    .first_ns = 1 };
        attempts_add(attempts, &row);
    }
    const struct attempts_row *rows = attempts_rows(attempts, &count);
    assert_int_equal(count, 1);
    assert_int_equal(rows[0].client_count, LIMIT_ATTEMPT_CLIENTS);
    assert_false(rows[0].has_more_clients);
    assert_int_equal(rows[0].longest_ns[ATTEMPT_UNANSWERED], 3 * LIMIT_ATTEMPT_CLIENTS - 1);
    assert_int_equal(rows[0].retried, 3 * LIMIT_ATTEMPT_CLIENTS / 2);
    struct address one_more = { .family = 4, .bytes = { 10, 1 } };
    attempts_add(attempts, &(struct attempts_row){ .server = endpoint("192.0.2.9", 25),
                                                   .clients = &one_more,
                                                   .client_count = 1 });
    rows = attempts_rows(attempts, &count);
    assert_int_equal(rows[0].client_count, LIMIT_ATTEMPT_CLIENTS);
    assert_true(rows[0].has_more_clients);
    attempts_free(attempts);
    assert_int_equal(budget.used_bytes, 0);
}

static void attempts_are_sorted_and_summed(void **state)
{
    struct attempts *attempts = attempts_new(NULL);
    struct endpoint high = endpoint("192.0.2.9", 25), low = endpoint("192.0.2.1", 587);
    struct endpoint lower = endpoint("192.0.2.1", 25);
    size_t count;

    (void)state;
    assert_non_null(attempts);
    add(attempts, &high, ATTEMPT_REFUSED, 50, 1);
    add(attempts, &low, ATTEMPT_UNANSWERED, 10, 2);
    add(attempts, &lower, ATTEMPT_NO_GREETING, 20, 1);
    add(attempts, &high, ATTEMPT_REFUSED, 30, 1);
    const struct attempts_row *rows = attempts_rows(attempts, &count);
    assert_int_equal(count, 3);
    assert_int_equal(rows[0].server.port, 25);
    assert_int_equal(rows[1].server.port, 587);
    assert_int_equal(rows[2].count[ATTEMPT_REFUSED], 2);
    assert_int_equal(rows[2].first_ns, 30);
    assert_int_equal(rows[2].last_ns, 50);
    attempts_free(attempts);
}

static void beyond_the_table_attempts_are_still_counted(void **state)
{
    struct budget budget;
    size_t count;

    (void)state;
    budget_init(&budget, SIZE_MAX / 2);
    struct attempts *attempts = attempts_new(&budget);
    assert_non_null(attempts);
    for (unsigned i = 0; i < LIMIT_ATTEMPT_SERVERS + 100; i++) {
        char text[32];
        (void)snprintf(text, sizeof text, "10.%u.%u.%u", i >> 16, i >> 8 & 255, i & 255);
        struct endpoint server = endpoint(text, 25);
        add(attempts, &server, ATTEMPT_REFUSED, i, 1);
    }
    (void)attempts_rows(attempts, &count);
    assert_int_equal(count, LIMIT_ATTEMPT_SERVERS);
    assert_int_equal(attempts_beyond(attempts), 100);
    attempts_free(attempts);
    assert_int_equal(budget.used_bytes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(community_ids_are_those_of_the_specification),
        cmocka_unit_test(ids_depend_on_every_part),
        cmocka_unit_test(commands_are_found_by_their_number),
        cmocka_unit_test(exchanges_are_found_by_their_command),
        cmocka_unit_test(a_ceiling_is_recorded),
        cmocka_unit_test(every_name_is_there_and_none_is_twice),
        cmocka_unit_test(attempts_are_sorted_and_summed),
        cmocka_unit_test(clients_are_told_apart_up_to_a_ceiling),
        cmocka_unit_test(beyond_the_table_attempts_are_still_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
