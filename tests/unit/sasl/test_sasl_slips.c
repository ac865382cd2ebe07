/* What the octets of a message tell of a mistake, and what they must not. */
#include "exchanges.h"

/* clang-format off */
static const struct {
    const char *name;
    struct step steps[3];
    size_t step; /* of the exchange */
    enum sasl_slip slip; /* the only one; NONE: there is none */
} rows[] = {
    { "a plain login", { { "AUTH PLAIN AHRpbQBzZWNyZXQ=", "535 no", 0 } }, 0, SASL_SLIP_NONE },
    { "a line end", { { "AUTH PLAIN AHRpbQBzZWNyZXQK", "535 no", 0 } }, 0, SASL_SLIP_LINE_END },
    { "base64 twice", { { "AUTH PLAIN QUhScGJRQnpaV055WlhRPQ==", "535 no", 0 } }, 0, SASL_SLIP_BASE64_TWICE },
    { "eight letters that are base64 of no text", { { "AUTH PLAIN AHRpbQBwYXNzd29yZA==", "535 no", 0 } }, 0, SASL_SLIP_NONE },
    { "a NUL as backslash and zero", { { "AUTH PLAIN XDB0aW1cMHNlY3JldA==", "535 no", 0 } }, 0, SASL_SLIP_NUL_AS_ESCAPE },
    { "a NUL as tab", { { "AUTH PLAIN CXRpbQlzZWNyZXQ=", "535 no", 0 } }, 0, SASL_SLIP_NUL_AS_TAB },
    { "a NUL as space", { { "AUTH PLAIN IHRpbSBzZWNyZXQ=", "535 no", 0 } }, 0, SASL_SLIP_NUL_AS_SPACE },
    { "a NUL as U+FFFD", { { "AUTH PLAIN 77+9dGlt77+9c2VjcmV0", "535 no", 0 } }, 0, SASL_SLIP_NUL_AS_U_FFFD },
    { "as in HTTP", { { "AUTH PLAIN dGltOnNlY3JldA==", "535 no", 0 } }, 0, SASL_SLIP_NUL_AS_COLON },
    { "letters that were not encoded", { { "AUTH LOGIN", "334 VXNlcm5hbWU6", 0 }, { "passwordpassword", "535 no", 0 } }, 1,
      SASL_SLIP_NO_TEXT },
    { "the name twice", { { "AUTH LOGIN cm9iZXJ0", "334 UGFzc3dvcmQ6", 0 }, { "cm9iZXJ0", "535 no", 0 } }, 2,
      SASL_SLIP_SAME_AS_NAME },
    { "the name twice, and it was right", { { "AUTH LOGIN cm9iZXJ0", "334 UGFzc3dvcmQ6", 0 }, { "cm9iZXJ0", "235 ok", 0 } },
      2, SASL_SLIP_NONE },
    { "a short name twice", { { "AUTH LOGIN Ym9i", "334 UGFzc3dvcmQ6", 0 }, { "Ym9i", "535 no", 0 } }, 2, SASL_SLIP_NONE },
    { "an address for the password",
      { { "AUTH LOGIN Ym9i", "334 UGFzc3dvcmQ6", 0 }, { "Ym9iQGV4YW1wbGUub3Jn", "535 no", 0 } }, 2,
      SASL_SLIP_NAME_AS_PASSWORD },
    { "a password for the name",
      { { "AUTH LOGIN VHIwdWI0ZG9yJjM=", "334 UGFzc3dvcmQ6", 0 }, { "Ym9i", "535 no", 0 } }, 0,
      SASL_SLIP_PASSWORD_AS_NAME },
    { "octets of a mechanism that is no text", { { "AUTH NTLM AgMECg==", "535 no", 0 } }, 0, SASL_SLIP_NONE },
};
/* clang-format on */

static size_t count_steps(const struct step *steps)
{
    size_t count = 0;

    while (count < 3 && steps[count].send)
        count++;
    return count;
}

static void every_row_has_its_slip_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct session *session = exchange_session(rows[i].steps, count_steps(rows[i].steps));
        uint32_t want = rows[i].slip ? 1u << rows[i].slip : 0;
        print_message("%s\n", rows[i].name);
        assert_int_equal(session->exchanges[0].steps[rows[i].step].slips, want);
        session_free(session);
    }
}

static void every_slip_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SASL_SLIP_COUNT; i++) {
        assert_non_null(sasl_slip_name((enum sasl_slip)i));
        for (unsigned k = 0; k < i; k++)
            assert_string_not_equal(sasl_slip_name((enum sasl_slip)i), sasl_slip_name((enum sasl_slip)k));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_has_its_slip_alone),
        cmocka_unit_test(every_slip_has_a_name_of_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
