/* The table of mechanisms and the names of outcomes. */
#include "exchanges.h"

static void every_row_is_found_by_its_name_in_any_case(void **state)
{
    (void)state;
    const struct sasl_mechanism *const *rows = sasl_mechanisms();

    assert_non_null(rows[0]);
    for (size_t i = 0; rows[i]; i++) {
        char lower[32] = { 0 };
        assert_non_null(rows[i]->decode);
        assert_true(strlen(rows[i]->name) < sizeof lower);
        for (size_t k = 0; rows[i]->name[k]; k++) {
            uint8_t c = (uint8_t)rows[i]->name[k];
            assert_int_equal(c, ascii_upper(c));
            lower[k] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
        }
        assert_ptr_equal(sasl_mechanism_find(bytes_of(rows[i]->name)), rows[i]);
        assert_ptr_equal(sasl_mechanism_find(bytes_of(lower)), rows[i]);
    }
}

static void unknown_names_have_no_row(void **state)
{
    (void)state;
    assert_null(sasl_mechanism_find(BYTES("")));
    assert_null(sasl_mechanism_find(BYTES("PLAI")));
    assert_null(sasl_mechanism_find(BYTES("PLAINS")));
    assert_null(sasl_mechanism_find(BYTES("X-NONE")));
}

static void every_outcome_has_the_name_of_the_interface(void **state)
{
    (void)state;
    assert_string_equal(sasl_outcome_name(SASL_SUCCESS), "success");
    assert_string_equal(sasl_outcome_name(SASL_FAILURE), "failure");
    assert_string_equal(sasl_outcome_name(SASL_CANCELLED), "cancelled");
    assert_string_equal(sasl_outcome_name(SASL_ABANDONED), "abandoned");
    assert_string_equal(sasl_outcome_name(SASL_UNDECIDED), "undecided");
    assert_string_equal(sasl_outcome_name(SASL_OUTCOME_COUNT), "undecided");
}

static void every_layer_has_a_name(void **state)
{
    (void)state;
    assert_string_equal(sasl_layer_name(SASL_LAYER_NONE), "none");
    assert_string_equal(sasl_layer_name(SASL_LAYER_UNKNOWN), "unknown");
    assert_string_equal(sasl_layer_name(SASL_LAYER_INTEGRITY), "integrity");
    assert_string_equal(sasl_layer_name(SASL_LAYER_CONFIDENTIALITY), "confidentiality");
    assert_string_equal(sasl_layer_name(SASL_LAYER_COUNT), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_found_by_its_name_in_any_case),
        cmocka_unit_test(unknown_names_have_no_row),
        cmocka_unit_test(every_outcome_has_the_name_of_the_interface),
        cmocka_unit_test(every_layer_has_a_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
