/* What in front of a line is the id of a session, and what is not. */
#include "log/session_key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct key_case {
    const char *prefix, *key; /* NULL: none */
    enum session_key_kind kind;
} cases[] = {
    { "Mon 2026-11-23 10:00:01: [12:1] ", "12:1", SESSION_KEY_SURE },
    { "127.0.0.1 [00000A1C] Thu, 22 Apr 2004 22:01:42 +0200 ", "00000A1C", SESSION_KEY_SURE },
    { "[28-Nov-2019 11:08:54 +0000]: <1lnaie7h> ", "1lnaie7h", SESSION_KEY_SURE },
    { "[smtp.6:7988] [2019-04-02T14:50:04.606] DEBUG -- : [NUPVSG] ", "NUPVSG", SESSION_KEY_WEAK },
    { "(192.0.2.9:4000) ", "192.0.2.9:4000", SESSION_KEY_SURE },
    { "[2001:db8::9] ", "2001:db8::9", SESSION_KEY_SURE },
    { "10:00:01 [12] DEBUG - ", "12", SESSION_KEY_WEAK },
    { "[a1b2] [12] ", "a1b2", SESSION_KEY_SURE },
    { "[12] [a1b2] ", "a1b2", SESSION_KEY_SURE },
    { "[10:00:01] ", NULL, SESSION_KEY_NONE },
    { "[2026-11-23] [INFO] ", NULL, SESSION_KEY_NONE },
    { "[main] (smtp.c:123) ", NULL, SESSION_KEY_NONE },
    { "[Client:123] (12ms) (0.012) [3s] ", NULL, SESSION_KEY_NONE },
    { "[1] [] [a b1] [a1", NULL, SESSION_KEY_NONE },
    { "", NULL, SESSION_KEY_NONE },
};

static void ids_are_told_from_what_else_stands_in_brackets(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bytes key = { NULL, 0 };
        assert_int_equal(session_key_find(bytes_of(cases[i].prefix), &key), cases[i].kind);
        assert_true(bytes_equal(key, bytes_of(cases[i].key ? cases[i].key : "")));
    }
}

static void a_prefix_cut_anywhere_is_read_in_peace(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (size_t len = 0; len < strlen(cases[i].prefix); len++) {
            struct bytes key = { NULL, 0 };
            uint8_t *copy = malloc(len ? len : 1); /* of its exact size */
            memcpy(copy, cases[i].prefix, len);
            (void)session_key_find((struct bytes){ copy, len }, &key);
            free(copy);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_told_from_what_else_stands_in_brackets),
        cmocka_unit_test(a_prefix_cut_anywhere_is_read_in_peace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
