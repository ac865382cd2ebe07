/* Extensions: what offers them, and what needs them. */
#include "smtp/extension.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after the four above */
#include <cmocka.h>

static void every_keyword_is_found_in_any_case_and_with_parameters(void **state)
{
    (void)state;
    assert_true(EXTENSION_COUNT <= 64); /* bits of a set */
    for (unsigned i = EXTENSION_NONE + 1; i < EXTENSION_COUNT; i++) {
        const char *keyword = extension_keyword((enum extension)i);
        uint8_t line[64];
        size_t len = strlen(keyword);
        assert_true(len > 0 && len < 40);
        for (size_t k = 0; k < len; k++)
            line[k] = (uint8_t)(keyword[k] >= 'A' && keyword[k] <= 'Z' ? keyword[k] + 32 : keyword[k]);
        memcpy(line + len, " 1 2", 4);
        assert_int_equal(extension_parse(bytes_of(keyword)), i);
        assert_int_equal(extension_parse((struct bytes){ line, len }), i);
        assert_int_equal(extension_parse((struct bytes){ line, len + 4 }), i);
        assert_int_equal(extension_parse((struct bytes){ line, len - 1 }), EXTENSION_NONE);
    }
}

static void old_and_odd_forms_are_known(void **state)
{
    (void)state;
    assert_int_equal(extension_parse(BYTES("AUTH=LOGIN PLAIN")), EXTENSION_AUTH);
    assert_int_equal(extension_parse(BYTES("AUTH LOGIN")), EXTENSION_AUTH);
    assert_int_equal(extension_parse(BYTES("X_PIPE_CONNECT")), EXTENSION_PIPECONNECT);
    assert_int_equal(extension_parse(BYTES("PIPE_CONNECT")), EXTENSION_PIPECONNECT);
    assert_int_equal(extension_parse(BYTES("")), EXTENSION_NONE);
    assert_int_equal(extension_parse(BYTES(" SIZE")), EXTENSION_NONE);
    assert_int_equal(extension_parse(BYTES("mx.example Hello")), EXTENSION_NONE);
    assert_string_equal(extension_keyword(EXTENSION_COUNT), "");
}

static void verbs_need_their_extensions(void **state)
{
    (void)state;
    assert_int_equal(extension_of_verb(VERB_BDAT), EXTENSION_CHUNKING);
    assert_int_equal(extension_of_verb(VERB_AUTH), EXTENSION_AUTH);
    assert_int_equal(extension_of_verb(VERB_STARTTLS), EXTENSION_STARTTLS);
    assert_int_equal(extension_of_verb(VERB_MAIL), EXTENSION_NONE);
    assert_int_equal(extension_of_verb(VERB_VRFY), EXTENSION_NONE);
    assert_int_equal(extension_of_verb(VERB_COUNT), EXTENSION_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_keyword_is_found_in_any_case_and_with_parameters),
        cmocka_unit_test(old_and_odd_forms_are_known),
        cmocka_unit_test(verbs_need_their_extensions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
