/* What makes two texts alike. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/limits.h"
#include "incident/likeness.h"

static void like(const char *text, struct buf *out)
{
    buf_init(out, LIMIT_LINE);
    likeness_of(bytes_of(text), out);
}

static bool are_alike(const char *a, const char *b)
{
    struct buf left, right;

    like(a, &left);
    like(b, &right);
    bool same = bytes_equal(buf_bytes(&left), buf_bytes(&right));
    buf_release(&left);
    buf_release(&right);
    return same;
}

static void numbers_ids_and_addresses_do_not_count(void **state)
{
    static const char *const pairs[][2] = {
        { "5.1.1 <a@b.example>: User unknown", "5.1.1 <other@c.test>: User unknown" },
        { "queued as 1DC0F5146C5", "queued as 99AB0F51400" },
        { "message 4bR2xYzzQkTnVw was refused", "message 7cQ9aBccDeFgHi was refused" },
        { "client 192.0.2.1 blocked", "client 198.51.100.77 blocked" },
        { "to anna@x.example denied", "to bert@y.example denied" },
        { "app-01.example", "app-17.example" },
        { "Try again in 300 seconds", "TRY AGAIN IN 20 SECONDS" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        assert_true(are_alike(pairs[i][0], pairs[i][1]));
}

static void words_do(void **state)
{
    (void)state;
    assert_false(are_alike("User unknown", "Mailbox full"));
    assert_false(are_alike("printer.example", "app.example"));
    assert_false(are_alike("", "x"));
}

static void any_octets_will_do(void **state)
{
    struct buf out;

    (void)state;
    for (unsigned i = 0; i < 65536; i++) {
        const uint8_t octets[3] = { (uint8_t)i, (uint8_t)(i >> 8), '<' };
        buf_init(&out, LIMIT_LINE);
        likeness_of((struct bytes){ octets, 3 }, &out);
        assert_true(out.ok);
        buf_release(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_ids_and_addresses_do_not_count),
        cmocka_unit_test(words_do),
        cmocka_unit_test(any_octets_will_do),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
