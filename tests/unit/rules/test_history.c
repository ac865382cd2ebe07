/* The memory over a run: bounded, forgetting what was not used for long, and the same whatever its key is.
 */
#include "rules/history.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
/* after the others */
#include <cmocka.h>

#include "base/limits.h"
#include "base/timestamp.h"

static void what_is_kept_is_found(void **state)
{
    struct history_table table;
    bool is_new;

    (void)state;
    history_table_init(&table, NULL, 1024);
    assert_null(history_table_find(&table, 7));
    for (uint32_t i = 0; i < 1000; i++) {
        struct history_entry *entry = history_table_keep(&table, i * UINT64_C(0x9e3779b97f4a7c15), &is_new);
        assert_non_null(entry);
        assert_true(is_new);
        assert_int_equal(entry->count[0], 0);
        entry->count[0] = i + 1;
    }
    for (uint32_t i = 0; i < 1000; i++) {
        struct history_entry *entry = history_table_keep(&table, i * UINT64_C(0x9e3779b97f4a7c15), &is_new);
        assert_false(is_new);
        assert_int_equal(entry->count[0], i + 1);
    }
    assert_int_equal(table.forgotten, 0);
    history_table_release(&table);
}

static void what_was_not_used_goes_first(void **state)
{
    struct history_table table;
    bool is_new;

    (void)state;
    history_table_init(&table, NULL, 100); /* 64 places */
    for (uint64_t i = 0; i < 64; i++)
        (void)history_table_keep(&table, i * 3, &is_new);
    assert_non_null(history_table_find(&table, 0)); /* used: the next oldest goes */
    (void)history_table_keep(&table, 1000, &is_new);
    assert_true(is_new);
    assert_int_equal(table.forgotten, 1);
    assert_null(history_table_find(&table, 3));
    assert_non_null(history_table_find(&table, 0));
    assert_non_null(history_table_find(&table, 6));
    assert_int_equal(history_table_keep(&table, 3, &is_new)->count[0], 0);
    assert_int_equal(table.count, 64);
    history_table_release(&table);
}

/* Only the low bits choose the bucket: equal ones make a chain, and all is found in it. */
static void chains_hold(void **state)
{
    struct history_table table;
    bool is_new;

    (void)state;
    history_table_init(&table, NULL, 256);
    for (uint64_t i = 0; i < 300; i++)
        (void)history_table_keep(&table, i << 40, &is_new);
    for (uint64_t i = 0; i < 300; i++)
        assert_int_equal(history_table_find(&table, i << 40) != NULL, i >= 44);
    assert_int_equal(table.forgotten, 44);
    history_table_release(&table);
}

static void without_memory_the_old_make_room(void **state)
{
    struct budget budget;
    struct history_table table;
    bool is_new;

    (void)state;
    budget_init(&budget, 100 * history_table_entry_bytes());
    history_table_init(&table, &budget, 4096);
    for (uint64_t i = 0; i < 1000; i++)
        assert_non_null(history_table_keep(&table, i, &is_new));
    assert_int_equal(table.cap, 64);
    assert_int_equal(table.forgotten, 936);
    assert_true(budget.used_bytes <= budget.limit_bytes);
    history_table_release(&table);
    assert_int_equal(budget.used_bytes, 0);
    budget_init(&budget, 10);
    history_table_init(&table, &budget, 4096);
    assert_null(history_table_keep(&table, 1, &is_new));
    history_table_release(&table);
}

/* However small --memory is, most of it is for other things; and all is given back. */
static void a_history_keeps_to_its_share(void **state)
{
    static const size_t limits[] = { 64 * KIB, 1 * MIB, 4 * MIB, 192 * MIB };

    (void)state;
    for (size_t l = 0; l < sizeof limits / sizeof limits[0]; l++) {
        struct budget budget;
        budget_init(&budget, limits[l]);
        struct history *history = history_new(&budget);
        assert_non_null(history);
        for (uint64_t i = 0; i < 200000; i++)
            for (unsigned kind = HISTORY_NONE + 1; kind < HISTORY_KIND_COUNT; kind += 3) {
                struct history_key key = history_key(history, (enum history_kind)kind);
                history_key_add_number(&key, i);
                (void)history_keep(history, &key);
            }
        assert_true(budget.used_bytes <= limits[l] / 8 + 64 * KIB);
        assert_true(history_forgotten(history, HISTORY_DIFFERENT) > 0);
        history_free(history);
        assert_int_equal(budget.used_bytes, 0);
    }
    history_free(NULL);
}

static uint64_t value_of(const struct history *history, struct bytes a, struct bytes b)
{
    struct history_key key = history_key(history, HISTORY_DIFFERENT);

    history_key_add(&key, a);
    history_key_add(&key, b);
    return siphash_value(&key.hash);
}

static void parts_do_not_run_together(void **state)
{
    struct history *history = history_new(NULL), *other = history_new(NULL);

    (void)state;
    assert_true(value_of(history, BYTES("ab"), BYTES("c")) != value_of(history, BYTES("a"), BYTES("bc")));
    assert_true(value_of(history, BYTES("a"), BYTES("b")) == value_of(history, BYTES("a"), BYTES("b")));
    assert_true(value_of(history, BYTES("a"), BYTES("b")) != value_of(other, BYTES("a"), BYTES("b")));
    history_free(history);
    history_free(other);
}

static void case_and_network_are_levelled(void **state)
{
    struct history *history = history_new(NULL);
    static const struct {
        const char *a, *b;
        bool is_equal;
    } networks[] = {
        { "192.0.2.1", "192.0.2.200", true },
        { "192.0.2.1", "192.0.3.1", false },
        { "2001:db8::1", "2001:db8::2:3:4:5", true },
        { "2001:db8::1", "2001:db8:0:1::1", false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof networks / sizeof networks[0]; i++) {
        struct history_key a = history_key(history, HISTORY_REFUSED),
                           b = history_key(history, HISTORY_REFUSED);
        struct address address;
        assert_true(address_parse(bytes_of(networks[i].a), &address));
        history_key_add_network(&a, &address);
        history_key_add_nocase(&a, BYTES("Bob@Example.org"));
        assert_true(address_parse(bytes_of(networks[i].b), &address));
        history_key_add_network(&b, &address);
        history_key_add_nocase(&b, BYTES("bob@example.ORG"));
        assert_int_equal(siphash_value(&a.hash) == siphash_value(&b.hash), networks[i].is_equal);
    }
    history_free(history);
}

static void findings_come_at_the_threshold_and_at_ten_times_more(void **state)
{
    struct history_entry entry = { 0 };
    uint32_t told[8] = { 0 }, count = 0;

    (void)state;
    for (uint32_t i = 1; i <= 6000; i++)
        if (history_is_due(&entry, i, 5))
            told[count++] = i;
    assert_int_equal(count, 4);
    assert_int_equal(told[0], 5);
    assert_int_equal(told[1], 50);
    assert_int_equal(told[2], 500);
    assert_int_equal(told[3], 5000);
}

static void note(struct history *history, const struct session *session, enum extension extension,
                 uint64_t time_ns)
{
    struct history_entry *entry = history_of_offer(history, session, extension);

    assert_non_null(entry);
    history_note_offer(entry, time_ns);
}

static void offers_are_known_by_server_and_time(void **state)
{
    struct history *history = history_new(NULL);
    struct session session = { .client = { { 4, { 192, 0, 2, 7 } }, 40000 },
                               .server = { { 4, { 192, 0, 2, 1 } }, 25 } };
    struct session submission = session, other = session;

    (void)state;
    submission.server.port = 587;
    other.client.address.bytes[3]++;
    assert_false(history_saw_offer(history, &session, EXTENSION_PIPECONNECT, UINT64_MAX));
    assert_non_null(history_of_offer(history, &session, EXTENSION_STARTTLS));
    assert_false(history_saw_offer(history, &session, EXTENSION_STARTTLS, UINT64_MAX)); /* looked at alone */
    note(history, &session, EXTENSION_PIPECONNECT, 300);
    note(history, &session, EXTENSION_PIPECONNECT, 200);
    note(history, &session, EXTENSION_STARTTLS, 400);
    assert_true(history_saw_offer(history, &session, EXTENSION_PIPECONNECT, 201));
    assert_false(history_saw_offer(history, &session, EXTENSION_PIPECONNECT, 200));
    assert_true(history_saw_offer(history, &session, EXTENSION_STARTTLS, 401));
    assert_false(history_saw_offer(history, &session, EXTENSION_STARTTLS, 400));
    assert_false(history_saw_offer(history, &submission, EXTENSION_STARTTLS, UINT64_MAX));
    assert_true(history_saw_offer(history, &other, EXTENSION_STARTTLS, UINT64_MAX));
    assert_false(
        history_saw_offer(history, &other, EXTENSION_PIPECONNECT, UINT64_MAX)); /* it has not seen it */
    history_free(history);
}

static void spans_are_told_in_a_fitting_unit(void **state)
{
    static const struct {
        uint64_t seconds;
        const char *text;
    } rows[] = { { 0, "0 seconds" },  { 1, "1 second" },     { 119, "119 seconds" }, { 120, "2 minutes" },
                 { 7200, "2 hours" }, { 90000, "25 hours" }, { 5 * 86400, "5 days" } };
    char text[HISTORY_SPAN_TEXT];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_string_equal(history_span(rows[i].seconds * NS_PER_SECOND, text), rows[i].text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_kept_is_found),
        cmocka_unit_test(what_was_not_used_goes_first),
        cmocka_unit_test(chains_hold),
        cmocka_unit_test(without_memory_the_old_make_room),
        cmocka_unit_test(a_history_keeps_to_its_share),
        cmocka_unit_test(parts_do_not_run_together),
        cmocka_unit_test(case_and_network_are_levelled),
        cmocka_unit_test(findings_come_at_the_threshold_and_at_ten_times_more),
        cmocka_unit_test(offers_are_known_by_server_and_time),
        cmocka_unit_test(spans_are_told_in_a_fitting_unit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
