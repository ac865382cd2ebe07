/* What a server proves itself with is as good to guess at as what the client sent. */
#include "exchanges.h"

#include <stdio.h>

#define SIGNATURE "dj1ybUY5cHFWOFM3c3VBb1pXamE0ZEpSa0ZzS1E9"
#define RSPAUTH   "cnNwYXV0aD1lYTQwZjYwMzM1YzQyN2I1NTI3Yjg0ZGJhYmNkZmZmZA=="

static const struct {
    const char *name, *mechanism, *reply;
    bool is_redacted;
} rows[] = {
    { "a signature", "SCRAM-SHA-1", "334 " SIGNATURE, true },
    { "an rspauth", "DIGEST-MD5", "334 " RSPAUTH, true },
    { "of a mechanism that is not known", "X-NEW", "334 " SIGNATURE, true },
    { "of a hash that is not known", "SCRAM-SHA3-512", "334 " SIGNATURE, true },
    { "never put into base64", "SCRAM-SHA-1", "334 v=rmF9pqV8S7suAoZWja4dJRkFsKQ=", true },
    { "without padding", "SCRAM-SHA-1", "334 dj1ybUY5cHFWOFM3c3VBb1pXamE0ZEpSa0ZzS1E", true },
    { "with success", "SCRAM-SHA-1", "235 2.7.0 " SIGNATURE, true },
    { "with success, in its second line", "SCRAM-SHA-1", "235-2.7.0 fine\n235 2.7.0 " SIGNATURE " ok", true },
    { "with success under another code", "SCRAM-SHA-1", "250 2.7.0 " SIGNATURE, true },
    { "success alone", "SCRAM-SHA-1", "235 2.7.0 Authentication successful", false },
    { "a challenge", "SCRAM-SHA-1", "334 cj1hYmMscz1BQUFBLGk9NDA5Ng==", false },
    { "an error", "SCRAM-SHA-1", "334 ZT1pbnZhbGlkLXByb29m", false },
};

static void replies_that_prove_the_server_are_withheld(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char auth[64];
        print_message("%s\n", rows[i].name);
        (void)snprintf(auth, sizeof auth, "AUTH %s", rows[i].mechanism);
        struct session *session = DECODED({ auth, "334 ", 0 }, { "eA==", rows[i].reply, 0 });
        const struct sasl_exchange *exchange = &session->exchanges[0];
        assert_int_equal(session->items[3].reply->is_redacted, rows[i].is_redacted);
        if (exchange->step_count == 3) {
            assert_int_equal(exchange->steps[2].is_secret, rows[i].is_redacted);
            assert_false(exchange->steps[2].is_redacted);
        }
        if (rows[i].is_redacted)
            assert_nowhere_shown(session, "=rmF9pqV8S7suAoZ");
        session_free(session);
    }
}

static void no_other_reply_is_looked_at(void **state)
{
    (void)state;
    struct session *session =
        DECODED({ "AUTH PLAIN", "503 no", 0 }, { "NOOP", "250 v=spf1 or " SIGNATURE, 0 });

    assert_false(session->items[3].reply->is_redacted);
    session_free(session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replies_that_prove_the_server_are_withheld),
        cmocka_unit_test(no_other_reply_is_looked_at),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
