/* Elements of DER. */
#include "exchanges.h"

#include "sasl/sasl_der.h"

#define OCTETS(literal)                                                                                      \
    (struct bytes)                                                                                           \
    {                                                                                                        \
        (const uint8_t *)(literal), sizeof(literal) - 1                                                      \
    }

static void elements_are_taken_one_by_one(void **state)
{
    (void)state;
    struct bytes content, rest = OCTETS("\x02\x01\x05\x1b\x03"
                                        "abc"
                                        "\x04\x00");
    uint8_t tag;

    assert_true(der_take(&rest, &tag, &content));
    assert_int_equal(tag, DER_INTEGER);
    assert_bytes(content, "\x05");
    assert_true(der_take(&rest, &tag, &content));
    assert_int_equal(tag, DER_GENERAL_STRING);
    assert_bytes(content, "abc");
    assert_true(der_take(&rest, &tag, &content));
    assert_int_equal(content.len, 0);
    assert_int_equal(rest.len, 0);
    assert_false(der_take(&rest, &tag, &content));
}

static void lengths_are_read_in_every_definite_form(void **state)
{
    (void)state;
    struct bytes content;

    assert_true(der_enter(OCTETS("\x04\x01x"), DER_OCTET_STRING, &content) && content.len == 1);
    assert_true(der_enter(OCTETS("\x04\x81\x01x"), DER_OCTET_STRING, &content) && content.len == 1);
    assert_true(der_enter(OCTETS("\x04\x84\0\0\0\x01x"), DER_OCTET_STRING, &content) && content.len == 1);
    assert_false(der_enter(OCTETS("\x04\x85\0\0\0\0\x01x"), DER_OCTET_STRING, &content)); /* five octets */
    assert_false(der_enter(OCTETS("\x04\x80x\0\0"), DER_OCTET_STRING, &content));         /* indefinite */
    assert_false(der_enter(OCTETS("\x04\x02x"), DER_OCTET_STRING, &content));             /* cut short */
    assert_false(der_enter(OCTETS("\x04\x84\xff\xff\xff\xffx"), DER_OCTET_STRING, &content));
    assert_false(der_enter(OCTETS("\x04\x82\x01"), DER_OCTET_STRING, &content));
    assert_false(der_enter(OCTETS("\x1f\x81\x01\x01x"), 0x1f, &content)); /* a tag of several octets */
    assert_false(der_enter(OCTETS("\x05\x01x"), DER_OCTET_STRING, &content));
    assert_false(der_enter(OCTETS(""), DER_OCTET_STRING, &content));
}

static void a_tag_is_found_among_others(void **state)
{
    (void)state;
    struct bytes content, in = OCTETS("\xa0\x01"
                                      "a"
                                      "\xa2\x01"
                                      "c"
                                      "\xa1\x01"
                                      "b"
                                      "\xa3\x09");

    assert_true(der_find(in, DER_CONTEXT + 1, &content));
    assert_bytes(content, "b");
    assert_false(der_find(in, DER_CONTEXT + 3, &content)); /* damaged */
    assert_false(der_find(in, DER_CONTEXT + 4, &content));
}

static void numbers_are_read_or_refused(void **state)
{
    (void)state;
    uint64_t number = 7;

    assert_true(der_number(OCTETS("\x02\x01\x25"), DER_INTEGER, &number) && number == 37);
    assert_true(der_number(OCTETS("\x02\x03\x00\x80\x00"), DER_INTEGER, &number) && number == 32768);
    assert_true(der_number(OCTETS("\x0a\x01\x00"), DER_ENUMERATED, &number) && number == 0);
    number = 7;
    assert_false(der_number(OCTETS("\x02\x01\x80"), DER_INTEGER, &number)); /* negative */
    assert_false(der_number(OCTETS("\x02\x00"), DER_INTEGER, &number));
    assert_false(der_number(OCTETS("\x02\x09\x00\x01\x02\x03\x04\x05\x06\x07\x08"), DER_INTEGER, &number));
    assert_false(der_number(OCTETS("\x0a\x01\x00"), DER_INTEGER, &number));
    assert_int_equal(number, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements_are_taken_one_by_one),
        cmocka_unit_test(lengths_are_read_in_every_definite_form),
        cmocka_unit_test(a_tag_is_found_among_others),
        cmocka_unit_test(numbers_are_read_or_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
