/* Pseudonyms: stable, and nothing of the name is left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/limits.h"
#include "report/pseudonyms.h"

static void said(struct pseudonyms *pseudonyms, const char *text, const char *expect)
{
    struct buf out;

    buf_init(&out, LIMIT_LINE);
    pseudonyms_text(pseudonyms, bytes_of(text), &out);
    (void)buf_append_u8(&out, '\0');
    assert_string_equal((const char *)out.ptr, expect);
    buf_release(&out);
}

static void names_are_replaced_the_same_by_the_same(void **state)
{
    struct pseudonyms *pseudonyms = pseudonyms_new();

    (void)state;
    assert_non_null(pseudonyms);
    pseudonyms_learn(pseudonyms, BYTES("alice"));
    said(pseudonyms, "MAIL FROM:<alice@corp.test> SIZE=10", "MAIL FROM:<user1@host1.example> SIZE=10");
    said(pseudonyms, "550 5.1.1 ALICE unknown at Corp.Test", "550 5.1.1 user1 unknown at host1.example");
    said(pseudonyms, "client 10.0.0.7:25, [10.0.0.8] and 10.0.0.7.",
         "client 192.0.2.1:25, [192.0.2.2] and 192.0.2.1.");
    said(pseudonyms, "2001:db8:7::1 -> [fe80::1]:25", "2001:db8::1 -> [2001:db8::2]:25");
    said(pseudonyms, "\"a b\"@x.test", "user2@host2.example");
    said(pseudonyms, "Exim 4.96 at 12:30, queued as 1DC0F5146C5",
         "Exim 4.96 at 12:30, queued as 1DC0F5146C5");
    said(pseudonyms, "postmaster@corp.test", "postmaster@host1.example");
    pseudonyms_free(pseudonyms);
}

static void any_octets_will_do(void **state)
{
    struct pseudonyms *pseudonyms = pseudonyms_new();
    struct buf out;

    (void)state;
    for (unsigned i = 0; i < 65536; i++) {
        const uint8_t octets[4] = { (uint8_t)i, (uint8_t)(i >> 8), '@', '.' };
        buf_init(&out, LIMIT_LINE);
        pseudonyms_text(pseudonyms, (struct bytes){ octets, 4 }, &out);
        assert_true(out.ok);
        buf_release(&out);
    }
    pseudonyms_free(pseudonyms);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_replaced_the_same_by_the_same),
        cmocka_unit_test(any_octets_will_do),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
