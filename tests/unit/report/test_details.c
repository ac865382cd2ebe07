/* Sentences are taken apart by their patterns; what no pattern has stays as it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "report/details.h"
#include "report/words.h"

/* Without a catalogue each pattern is its own translation: what comes out is what went in, as far as it was
 * understood. */
static const struct row {
    const char *text;
    bool is_whole;
} rows[] = {
    { "", true },
    { "RCPT was refused for good with 550 5.1.1: the recipient does not exist there.", true },
    { "RCPT was refused for now with 450. The client is asked to wait 300 seconds.", true },
    { "Right is base64 of the whole \"user=... auth=Bearer ...\" message, on one line.", true },
    { "Nobody wrote this sentence.", false },
    { "The text names Spamhaus. Nobody wrote this sentence. The text names Spamhaus.", false },
    { "It was closed by the client. A message was under way.", true },
    { "It was closed by the client.", true },
    { "{1} {2}.", false },
    { "...", false },
    { ". . .", false },
};

static void a_sentence_keeps_its_parts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf out;
        size_t len = strlen(rows[i].text);
        uint8_t *exact = malloc(len ? len : 1); /* of its exact size: a sanitizer sees one octet too far */
        assert_non_null(exact);
        memcpy(exact, rows[i].text, len);
        buf_init(&out, 4096);
        if (details_say((struct bytes){ exact, len }, &out) != rows[i].is_whole)
            fail_msg("%s: is %s", rows[i].text, rows[i].is_whole ? "not understood" : "understood");
        buf_release(&out);
        free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sentence_keeps_its_parts),
    };

    (void)words_choose(LANGUAGE_JAPANESE, "/nonexistent");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
