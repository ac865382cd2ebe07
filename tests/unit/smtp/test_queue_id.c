/* Queue ids in the words of many servers. */
#include "smtp/queue_id.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after the four above */
#include <cmocka.h>

#include <stdlib.h>

static const struct {
    const char *text, *id;
} rows[] = {
    { "2.0.0 Ok: queued as A236BA94910", "A236BA94910" },
    { "2.0.0 Ok: queued as 4TgK2X3vWQz9rKc", "4TgK2X3vWQz9rKc" }, /* long ids of Postfix */
    { "2.0.0 Ok: 20 bytes queued as 1A2B3C", "1A2B3C" },
    { "2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 5D1B2", "5D1B2" },
    { "OK id=1eEHOh-0006Yv-UF", "1eEHOh-0006Yv-UF" },
    { "OK id=1sAbCd-00000001abc-2def", "1sAbCd-00000001abc-2def" }, /* Exim from 4.97 on */
    { "2.0.0 pBGDT9bl012345 Message accepted for delivery", "pBGDT9bl012345" },
    { "2.0.0 4ac4eb0a Message accepted for delivery", "4ac4eb0a" },
    { "2.6.0 <m@x.example> [InternalId=93110, Hostname=HE1.example] 8 bytes Queued mail for delivery",
      "93110" },
    { "2.6.0 <m@x.example> Queued mail for delivery", "" },
    { "2.0.0 OK  1700000000 a1-20020a05600c3ac100b0si123.45 - gsmtp", "a1-20020a05600c3ac100b0si123.45" },
    { "ok 1700000000 qp 12345", "12345" },
    { "Message Queued (0A1B2C3D-4E5F-6071-8293-A4B5C6D7E8F9.1)", "0A1B2C3D-4E5F-6071-8293-A4B5C6D7E8F9.1" },
    { "2.0.0 <bob@lab.example> Yts1FL/9BGuoDwAAg+zDdQ Saved", "Yts1FL/9BGuoDwAAg+zDdQ" },
    { "2.0.0 <bob@lab.example> Yts1FL/9BGuoDwAAg+zDdQ:R2 Saved", "Yts1FL/9BGuoDwAAg+zDdQ:R2" },
    { "ok:  Message 19474 accepted", "19474" },
    { "Message 0MIjEq-1TuVEnJO9-00UBE accepted by mreu2.kundenserver.de", "0MIjEq-1TuVEnJO9-00UBE" },
    { "2.0.0 Message queued with id 2a31f0d6.", "2a31f0d6" },
    { "OK", "" },
    { "2.0.0 Ok", "" },
    { "Message accepted for delivery", "" },
    { "OK: message queued", "" },
    { "Queued!", "" },
    { "queued as ", "" },
    { "OK id=", "" },
    { "id=...", "" },
    { "", "" },
};

static void ids_are_found_in_the_words_of_their_servers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t len = strlen(rows[i].text);
        uint8_t *copy = malloc(len ? len : 1); /* of exact size */
        assert_non_null(copy);
        memcpy(copy, rows[i].text, len);
        print_message("%s\n", rows[i].text);
        assert_true(bytes_equal(queue_id_find((struct bytes){ copy, len }), bytes_of(rows[i].id)));
        for (size_t cut = 0; cut < len; cut++) {
            struct bytes id = queue_id_find(bytes_from((struct bytes){ copy, len }, cut));
            assert_true(id.len == 0 || (id.ptr >= copy && id.ptr + id.len <= copy + len));
        }
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_found_in_the_words_of_their_servers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
