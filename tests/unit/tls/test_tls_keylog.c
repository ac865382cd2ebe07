#include "tls/tls_keylog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define RANDOM_A "0101010101010101010101010101010101010101010101010101010101010101"
#define RANDOM_B "02020202020202020202020202020202020202020202020202020202020202Ff"
#define MASTER                                                                                               \
    "aa00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000bb"

/* In a copy of exact size, `step` octets at a time. */
static struct tls_keylog *read_text(struct bytes text, size_t step, struct budget *budget)
{
    struct tls_keylog *keylog = tls_keylog_new(budget, NULL);
    struct tls_key_text *part = calloc(1, sizeof *part);

    assert_true(keylog && part);
    for (size_t at = 0; at < text.len; at += step) {
        struct bytes slice = bytes_slice(text, at, step);
        uint8_t *copy = malloc(slice.len);
        assert_non_null(copy);
        memcpy(copy, slice.ptr, slice.len);
        tls_keylog_feed(keylog, part, (struct bytes){ copy, slice.len });
        free(copy);
    }
    tls_keylog_finish(keylog, part);
    for (size_t i = 0; i < sizeof *part; i++)
        assert_int_equal(((const uint8_t *)part)[i], 0);
    free(part);
    return keylog;
}

static bool has(struct tls_keylog *keylog, enum tls_label label, uint8_t first, uint8_t last,
                size_t secret_len)
{
    uint8_t random[TLS_RANDOM_BYTES];
    struct tls_secret secret = { .len = 0 };

    memset(random, first, sizeof random);
    random[sizeof random - 1] = last;
    return tls_keylog_find(keylog, label, (struct bytes){ random, sizeof random }, &secret)
           && secret.len == secret_len;
}

struct row {
    const char *text;
    enum tls_label label;
    uint8_t first, last;
    size_t secret_len; /* 0: it must not be found */
    uint64_t odd_lines;
};

/* clang-format off */
static const struct row rows[] = {
    { "CLIENT_RANDOM " RANDOM_A " " MASTER "\n", TLS_LABEL_MASTER, 1, 1, 48, 0 },
    { "CLIENT_RANDOM " RANDOM_A " " MASTER "\r\n", TLS_LABEL_MASTER, 1, 1, 48, 0 },
    { "CLIENT_RANDOM " RANDOM_A " " MASTER, TLS_LABEL_MASTER, 1, 1, 48, 0 },
    { "# comment\n\n\n  CLIENT_RANDOM\t" RANDOM_B "  " MASTER " \n", TLS_LABEL_MASTER, 2, 255, 48, 0 },
    { "CLIENT_HANDSHAKE_TRAFFIC_SECRET " RANDOM_A " 0011\n", TLS_LABEL_CLIENT_HANDSHAKE, 1, 1, 2, 0 },
    { "SERVER_HANDSHAKE_TRAFFIC_SECRET " RANDOM_A " 0011\n", TLS_LABEL_SERVER_HANDSHAKE, 1, 1, 2, 0 },
    { "CLIENT_TRAFFIC_SECRET_0 " RANDOM_A " 0011\n", TLS_LABEL_CLIENT_TRAFFIC, 1, 1, 2, 0 },
    { "SERVER_TRAFFIC_SECRET_0 " RANDOM_A " 0011\n", TLS_LABEL_SERVER_TRAFFIC, 1, 1, 2, 0 },
    { "CLIENT_EARLY_TRAFFIC_SECRET " RANDOM_A " 0011\n", TLS_LABEL_CLIENT_EARLY, 1, 1, 2, 0 },
    { "SERVER_TRAFFIC_SECRET_0 " RANDOM_A " 0011\n", TLS_LABEL_CLIENT_TRAFFIC, 1, 1, 0, 0 },
    { "CLIENT_TRAFFIC_SECRET_0 " RANDOM_A " 0011\nCLIENT_TRAFFIC_SECRET_0 " RANDOM_A " 001122\n", TLS_LABEL_CLIENT_TRAFFIC, 1, 1, 3, 0 },
    { "EXPORTER_SECRET " RANDOM_A " 0011\nRSA 0102030405060708 " MASTER "\n", TLS_LABEL_MASTER, 1, 1, 0, 0 },
    { "CLIENT_RANDOM " RANDOM_A "\n", TLS_LABEL_MASTER, 1, 1, 0, 1 },
    { "CLIENT_RANDOM " RANDOM_A " " MASTER " 00\n", TLS_LABEL_MASTER, 1, 1, 0, 1 },
    { "CLIENT_RANDOM " RANDOM_A " " MASTER "00\n", TLS_LABEL_MASTER, 1, 1, 0, 1 },
    { "CLIENT_RANDOM " RANDOM_A "01 " MASTER "\n", TLS_LABEL_MASTER, 1, 1, 0, 1 },
    { "CLIENT_RANDOM 01 " MASTER "\n", TLS_LABEL_MASTER, 1, 1, 0, 1 },
    { "CLIENT_RANDOM " RANDOM_A " 0g\n", TLS_LABEL_MASTER, 1, 1, 0, 1 },
    { "CLIENT_RANDOM " RANDOM_A " 001\n", TLS_LABEL_MASTER, 1, 1, 0, 1 },
    { "client_random " RANDOM_A " " MASTER "\n", TLS_LABEL_MASTER, 1, 1, 0, 1 },
    { "a line of something else\n\x01\x02\xff\n", TLS_LABEL_MASTER, 1, 1, 0, 2 },
};
/* clang-format on */

static void lines_are_read_however_they_are_cut(void **state)
{
    static const size_t steps[] = { 100000, 1, 13 };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (size_t s = 0; s < sizeof steps / sizeof steps[0]; s++) {
            struct budget budget;
            budget_init(&budget, SIZE_MAX / 2);
            struct tls_keylog *keylog = read_text(bytes_of(rows[i].text), steps[s], &budget);
            bool found = has(keylog, rows[i].label, rows[i].first, rows[i].last, rows[i].secret_len);
            if (found != (rows[i].secret_len > 0) || tls_keylog_facts(keylog).odd_lines != rows[i].odd_lines)
                fail_msg("row %zu: found is %d, %d odd lines", i, found,
                         (int)tls_keylog_facts(keylog).odd_lines);
            tls_keylog_free(keylog);
            assert_int_equal(budget.used_bytes, 0);
        }
    tls_keylog_free(NULL);
}

static void a_line_that_is_too_long_is_passed_over(void **state)
{
    static char text[3 * LIMIT_TLS_KEY_LINE];
    size_t len = 0;

    (void)state;
    memset(text, 'A', 2 * LIMIT_TLS_KEY_LINE);
    len = 2 * LIMIT_TLS_KEY_LINE;
    len += (size_t)snprintf(text + len, sizeof text - len, "\nCLIENT_RANDOM " RANDOM_A " " MASTER "\n");
    struct tls_keylog *keylog = read_text((struct bytes){ (const uint8_t *)text, len }, 7, NULL);
    assert_true(has(keylog, TLS_LABEL_MASTER, 1, 1, 48));
    assert_int_equal(tls_keylog_facts(keylog).odd_lines, 1);
    tls_keylog_free(keylog);
}

static void add_number(struct tls_keylog *keylog, struct tls_key_text *text, unsigned number)
{
    char line[256];
    int n = snprintf(line, sizeof line, "CLIENT_RANDOM %056x%08x " MASTER "\n", 7, number);

    tls_keylog_feed(keylog, text, (struct bytes){ (const uint8_t *)line, (size_t)n });
}

static bool has_number(struct tls_keylog *keylog, unsigned number)
{
    uint8_t random[TLS_RANDOM_BYTES] = { 0 };
    struct tls_secret secret;

    random[27] = 7;
    for (unsigned i = 0; i < 4; i++)
        random[28 + i] = (uint8_t)(number >> (24 - 8 * i));
    return tls_keylog_find(keylog, TLS_LABEL_MASTER, (struct bytes){ random, sizeof random }, &secret);
}

/* With little memory the newest stay; a line that comes again and again takes one place. */
static void the_oldest_secrets_go_first(void **state)
{
    enum { MANY = 100000 };
    struct budget budget;
    struct tls_key_text *text = calloc(1, sizeof *text);

    (void)state;
    budget_init(&budget, 1024 * 1024);
    struct tls_keylog *keylog = tls_keylog_new(&budget, NULL);
    assert_true(keylog && text);
    for (unsigned i = 0; i < MANY; i++)
        add_number(keylog, text, i);
    struct tls_keylog_facts facts = tls_keylog_facts(keylog);
    assert_int_equal(facts.secrets, MANY);
    assert_true(facts.forgotten > MANY / 2 && facts.forgotten < MANY);
    unsigned kept = MANY - (unsigned)facts.forgotten;
    assert_true(kept > 1000);
    for (unsigned i = 0; i < MANY; i++)
        assert_int_equal(has_number(keylog, i), i >= MANY - kept);
    for (unsigned i = 0; i < 100; i++)
        add_number(keylog, text, MANY - 1);
    assert_int_equal(tls_keylog_facts(keylog).forgotten, facts.forgotten);
    tls_keylog_free(keylog);
    free(text);
    assert_int_equal(budget.used_bytes, 0);
}

static bool read_more(void *ctx)
{
    struct tls_keylog **keylog = ctx;
    struct tls_key_text *text = calloc(1, sizeof *text);

    assert_non_null(text);
    add_number(*keylog, text, 5);
    free(text);
    return true;
}

static void a_secret_that_is_missing_is_asked_for(void **state)
{
    struct tls_keylog *keylog = tls_keylog_new(NULL, NULL);

    (void)state;
    assert_false(has_number(keylog, 5));
    tls_keylog_ask(keylog, read_more, &keylog);
    assert_true(has_number(keylog, 5));
    assert_false(has_number(keylog, 6));
    tls_keylog_free(keylog);
}

static void the_newest_come_first(void **state)
{
    struct tls_keylog *keylog = tls_keylog_new(NULL, NULL);
    struct tls_key_text *text = calloc(1, sizeof *text);
    uint8_t random[TLS_RANDOM_BYTES];
    size_t at = 0;

    (void)state;
    for (unsigned i = 0; i < 5; i++)
        add_number(keylog, text, i);
    for (unsigned i = 5; i-- > 0;) {
        assert_true(tls_keylog_newest(keylog, TLS_LABEL_MASTER, &at, random));
        assert_int_equal(random[31], i);
    }
    assert_false(tls_keylog_newest(keylog, TLS_LABEL_MASTER, &at, random));
    at = 0;
    assert_false(tls_keylog_newest(keylog, TLS_LABEL_CLIENT_TRAFFIC, &at, random));
    tls_keylog_free(keylog);
    free(text);
}

/* A session is found by its name as long as its secret may be; it is no secret itself. */
static void sessions_lead_to_their_first_connection(void **state)
{
    struct budget budget;
    uint8_t name[TLS_SESSION_NAME_BYTES] = { 7 }, random[TLS_RANDOM_BYTES] = { 9 }, found[TLS_RANDOM_BYTES];

    (void)state;
    budget_init(&budget, SIZE_MAX / 2);
    struct tls_keylog *keylog = tls_keylog_new(&budget, NULL);
    assert_non_null(keylog);
    assert_false(tls_keylog_session(keylog, name, found));
    tls_keylog_note_session(keylog, name, random);
    assert_true(tls_keylog_session(keylog, name, found));
    assert_memory_equal(found, random, sizeof found);
    name[0]++;
    assert_false(tls_keylog_session(keylog, name, found));
    assert_int_equal(tls_keylog_facts(keylog).secrets, 0);
    tls_keylog_free(keylog);
    assert_int_equal(budget.used_bytes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_read_however_they_are_cut),
        cmocka_unit_test(a_line_that_is_too_long_is_passed_over),
        cmocka_unit_test(the_oldest_secrets_go_first),
        cmocka_unit_test(a_secret_that_is_missing_is_asked_for),
        cmocka_unit_test(the_newest_come_first),
        cmocka_unit_test(sessions_lead_to_their_first_connection),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
