/* Verbs by their whole word, in any case. */
#include "smtp/verb.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after the four above */
#include <cmocka.h>

static void every_verb_is_found_in_every_case(void **state)
{
    (void)state;
    for (unsigned verb = VERB_UNKNOWN + 1; verb < VERB_COUNT; verb++) {
        const char *name = verb_name((enum verb)verb);
        size_t len = strlen(name);
        assert_true(len >= 4 && len <= 8);
        for (unsigned mask = 0; mask < 1u << len; mask++) {
            uint8_t word[8];
            for (size_t i = 0; i < len; i++)
                word[i] = (uint8_t)(mask >> i & 1 ? name[i] + 32 : name[i]);
            assert_int_equal(verb_parse((struct bytes){ word, len }), verb);
        }
    }
}

static void a_word_that_is_a_little_different_is_none(void **state)
{
    (void)state;
    for (unsigned verb = VERB_UNKNOWN + 1; verb < VERB_COUNT; verb++) {
        const char *name = verb_name((enum verb)verb);
        size_t len = strlen(name);
        uint8_t word[16] = { 0 };
        memcpy(word, name, len);
        assert_int_equal(verb_parse((struct bytes){ word, len - 1 }), VERB_UNKNOWN);
        for (unsigned c = 0; c < 256; c++) {
            word[len] = (uint8_t)c; /* a byte too many, a NUL too */
            assert_int_equal(verb_parse((struct bytes){ word, len + 1 }), VERB_UNKNOWN);
        }
        word[len] = 0;
        assert_int_equal(verb_parse((struct bytes){ word, 8 }), len == 8 ? verb : VERB_UNKNOWN);
        for (size_t i = 0; i < len; i++) {
            word[i] ^= 0x80;
            assert_int_equal(verb_parse((struct bytes){ word, len }), VERB_UNKNOWN);
            word[i] ^= 0x80;
        }
    }
    assert_int_equal(verb_parse(BYTES("")), VERB_UNKNOWN);
    assert_int_equal(verb_parse(BYTES("STARTTLSS")), VERB_UNKNOWN);
    assert_int_equal(verb_parse((struct bytes){ NULL, 0 }), VERB_UNKNOWN);
}

static void names_are_unique_and_complete(void **state)
{
    (void)state;
    for (unsigned a = 0; a < VERB_COUNT; a++)
        for (unsigned b = a + 1; b < VERB_COUNT; b++)
            assert_string_not_equal(verb_name((enum verb)a), verb_name((enum verb)b));
    assert_string_equal(verb_name(VERB_UNKNOWN), "UNKNOWN");
    assert_string_equal(verb_name(VERB_COUNT), "UNKNOWN");
}

static void codes_that_belong_to_a_verb_answer_no_other(void **state)
{
    (void)state;
    assert_true(verb_takes_code(VERB_DATA, 354) && !verb_takes_code(VERB_MAIL, 354));
    assert_true(verb_takes_code(VERB_AUTH, 235) && !verb_takes_code(VERB_QUIT, 235));
    assert_true(verb_takes_code(VERB_MAIL, 250) && !verb_takes_code(VERB_DATA, 250));
    assert_true(verb_takes_code(VERB_QUIT, 221) && !verb_takes_code(VERB_RSET, 221));
    assert_true(verb_takes_code(VERB_STARTTLS, 220) && !verb_takes_code(VERB_EHLO, 220));
    assert_true(verb_takes_code(VERB_MAIL, 530) && !verb_takes_code(VERB_EHLO, 530));
    assert_true(verb_takes_code(VERB_VRFY, 252) && !verb_takes_code(VERB_AUTH, 252));
    for (unsigned verb = 0; verb < VERB_COUNT; verb++)
        assert_true(verb_takes_code((enum verb)verb, 503));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_verb_is_found_in_every_case),
        cmocka_unit_test(a_word_that_is_a_little_different_is_none),
        cmocka_unit_test(names_are_unique_and_complete),
        cmocka_unit_test(codes_that_belong_to_a_verb_answer_no_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
