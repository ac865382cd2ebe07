/* Challenges that came before, and weak mechanisms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/base64.h"
#include "base/buf.h"
#include "tests/support/run.h"
#include "tests/support/scenarios.h"

#define CRAM                                                                                                 \
    {                                                                                                        \
        "EHLO c", "250-mx\n250 AUTH CRAM-MD5 LOGIN SCRAM-SHA-256", 0                                         \
    }
#define ANSWER                                                                                               \
    {                                                                                                        \
        "Ym9iIDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAx", "535 5.7.8 no", 0                                \
    }

static struct session *cram(struct run *run, uint64_t at_s, const char *challenge)
{
    struct session *session = SESSION_OF(BANNER, CRAM, { "AUTH CRAM-MD5", challenge, 0 }, ANSWER, QUIT);

    return run_place(run, session, 7, at_s);
}

static void a_challenge_that_comes_again_is_told(void **state)
{
    struct run run;

    (void)state;
    run_begin(&run, NULL);
    assert_int_equal(run_count(&run, cram(&run, 0, "334 PDEuMkBteD4="), RULE_STATIC_CHALLENGE), 0);
    assert_int_equal(run_count(&run, cram(&run, 60, "334 PDEuM0BteD4="), RULE_STATIC_CHALLENGE), 0);
    assert_int_equal(run_count(&run, cram(&run, 120, "334 PDEuMkBteD4="), RULE_STATIC_CHALLENGE), 1);
    assert_true(run_detail_says(&run, "in 2 exchanges so far, first 2 minutes earlier"));
    assert_int_equal(run.last.command, 2);
    for (unsigned k = 3; k <= 20; k++)
        assert_int_equal(run_count(&run, cram(&run, k * 60, "334 PDEuMkBteD4="), RULE_STATIC_CHALLENGE),
                         k == 20);
    run_end(&run);
}

static void one_exchange_seen_twice_is_no_repetition(void **state)
{
    struct run run;

    (void)state;
    run_begin(&run, NULL);
    assert_int_equal(run_count(&run, cram(&run, 0, "334 PDEuMkBteD4="), RULE_STATIC_CHALLENGE), 0);
    /* behind a proxy, at the same time */
    assert_int_equal(run_count(&run, cram(&run, 0, "334 PDEuMkBteD4="), RULE_STATIC_CHALLENGE), 0);
    /* the same addresses and ports, by another clock */
    struct session *copy = cram(&run, 17, "334 PDEuMkBteD4=");
    copy->client.port = 40001;
    assert_int_equal(run_count(&run, copy, RULE_STATIC_CHALLENGE), 0);
    copy = cram(&run, 60, "334 PDEuMkBteD4="); /* another address, the same answer */
    copy->client.address.bytes[3]++;
    assert_int_equal(run_count(&run, copy, RULE_STATIC_CHALLENGE), 0);
    copy = SESSION_OF(BANNER, CRAM, { "AUTH CRAM-MD5", "334 PDEuMkBteD4=", 0 },
                      { "ZXZlIDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAy", "535 no", 0 }, QUIT);
    assert_int_equal(run_count(&run, run_place(&run, copy, 8, 120), RULE_STATIC_CHALLENGE), 1);
    run_end(&run);
}

static void servers_are_kept_apart(void **state)
{
    struct run run;
    struct session *other;

    (void)state;
    run_begin(&run, NULL);
    assert_int_equal(run_count(&run, cram(&run, 0, "334 PDEuMkBteD4="), RULE_STATIC_CHALLENGE), 0);
    other = cram(&run, 60, "334 PDEuMkBteD4=");
    other->server.address.bytes[3]++;
    assert_int_equal(run_count(&run, other, RULE_STATIC_CHALLENGE), 0);
    run_end(&run);
}

static void prompts_are_no_nonces(void **state)
{
    struct run run;

    (void)state;
    run_begin(&run, NULL);
    for (unsigned k = 0; k < 5; k++) {
        struct session *session =
            SESSION_OF(BANNER, CRAM, { "AUTH LOGIN", "334 VXNlcm5hbWU6", 0 },
                       { "Ym9i", "334 UGFzc3dvcmQ6", 0 }, { "YQ==", "535 no", 0 }, QUIT);
        assert_int_equal(run_count(&run, run_place(&run, session, 7, k), RULE_STATIC_CHALLENGE), 0);
    }
    run_end(&run);
}

/* "code base64", in a buffer of its own. */
static const char *encoded(char out[256], const char *before, const char *text)
{
    struct buf token;

    buf_init(&token, 200);
    assert_true(base64_encode(bytes_of(text), &token));
    (void)snprintf(out, 256, "%s%.*s", before, (int)token.len, (const char *)token.ptr);
    buf_release(&token);
    return out;
}

static struct session *scram(struct run *run, uint64_t at_s, const char *client_nonce,
                             const char *server_nonce, unsigned iterations)
{
    char text[4][256];

    (void)snprintf(text[3], sizeof text[3], "n,,n=bob,r=%s", client_nonce);
    const char *first = encoded(text[0], "AUTH SCRAM-SHA-256 ", text[3]);
    (void)snprintf(text[3], sizeof text[3], "r=%s%s,s=c2FsdA==,i=%u", client_nonce, server_nonce, iterations);
    const char *challenge = encoded(text[1], "334 ", text[3]);
    (void)snprintf(text[3], sizeof text[3],
                   "c=biws,r=%s%s,p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", client_nonce,
                   server_nonce);
    const char *last = encoded(text[2], "", text[3]);
    return run_place(run, SESSION_OF(BANNER, CRAM, { first, challenge, 0 }, { last, "535 no", 0 }, QUIT), 7,
                     at_s);
}

/* The client's part is new each time: what counts is the server's. */
static void of_scram_the_servers_part_counts(void **state)
{
    struct run run;

    (void)state;
    run_begin(&run, NULL);
    assert_int_equal(run_count(&run, scram(&run, 0, "abcdefgh", "SERVERPART", 4096), RULE_STATIC_CHALLENGE),
                     0);
    assert_int_equal(run_count(&run, scram(&run, 60, "abcdefgh", "OTHERPART", 4096), RULE_STATIC_CHALLENGE),
                     0);
    assert_int_equal(run_count(&run, scram(&run, 120, "ijklmnop", "SERVERPART", 4096), RULE_STATIC_CHALLENGE),
                     1);
    run_end(&run);
}

static void few_iterations_are_weak(void **state)
{
    struct run run;

    (void)state;
    run_begin(&run, NULL);
    assert_int_equal(run_count(&run, scram(&run, 0, "abcdefgh", "ONE", 4096), RULE_WEAK_MECHANISM), 0);
    assert_int_equal(run_count(&run, scram(&run, 60, "abcdefgh", "TWO", 4095), RULE_WEAK_MECHANISM), 1);
    assert_true(run_detail_says(&run, "4096 iterations"));
    run_end(&run);
}

static struct session *ntlm(struct run *run, uint64_t at_s, struct bytes challenge, struct bytes version)
{
    struct session *session = SESSION_OF(BANNER, CRAM, { "AUTH NTLM", "334 ", 0 }, { "eA==", "334 eA==", 0 },
                                         { "eQ==", "535 no", 0 }, QUIT);
    struct sasl_exchange *exchange = &session->exchanges[0];
    struct sasl_field *fields = ARENA_ARRAY(&session->arena, struct sasl_field, 2);

    assert_non_null(fields);
    fields[0] =
        (struct sasl_field){ .name = "server-challenge", .value = challenge, .length = challenge.len };
    fields[1] = (struct sasl_field){ .name = "ntlm-version", .value = version, .length = version.len };
    for (size_t i = 0; i < exchange->step_count; i++)
        exchange->steps[i].is_decoded = true;
    exchange->steps[2].fields = &fields[0];
    exchange->steps[3].fields = &fields[1];
    exchange->steps[2].field_count = exchange->steps[3].field_count = 1;
    return run_place(run, session, 7, at_s);
}

static void of_ntlm_the_first_version_is_weak(void **state)
{
    struct run run;

    (void)state;
    run_begin(&run, NULL);
    assert_int_equal(run_count(&run, ntlm(&run, 0, BYTES("01"), BYTES("NTLMv2")), RULE_WEAK_MECHANISM), 0);
    assert_int_equal(run_count(&run, ntlm(&run, 60, BYTES("02"), BYTES("NTLMv1-ESS")), RULE_WEAK_MECHANISM),
                     1);
    assert_int_equal(run_count(&run, ntlm(&run, 120, BYTES("03"), BYTES("NTLMv2")), RULE_STATIC_CHALLENGE),
                     0);
    assert_int_equal(run_count(&run, ntlm(&run, 180, BYTES("03"), BYTES("NTLMv2")), RULE_STATIC_CHALLENGE),
                     1);
    run_end(&run);
}

/* clang-format off */
static const struct scenario scenarios[] = {
    { "weak-mechanism, once a session", PROTOCOL_SMTP,
      { BANNER, CRAM, { "AUTH CRAM-MD5", "334 PDEuMkBteD4=", 0 }, ANSWER,
        { "AUTH CRAM-MD5", "334 PDEuM0BteD4=", 0 }, ANSWER, QUIT },
      "2:auth-failed 2:weak-mechanism 3:auth-failed" },
    { "a mechanism that the server refuses is not used", PROTOCOL_SMTP,
      { BANNER, CRAM, { "AUTH CRAM-MD5", "504 no", 0 }, QUIT }, "2:auth-failed" },
    { "one challenge twice in a session", PROTOCOL_SMTP,
      { BANNER, CRAM, { "AUTH CRAM-MD5", "334 PDEuMkBteD4=", 0 }, ANSWER,
        { "AUTH CRAM-MD5", "334 PDEuMkBteD4=", 0 }, ANSWER, QUIT },
      "2:auth-failed 2:weak-mechanism 3:auth-failed 3:static-challenge" },
};
/* clang-format on */

static void scenarios_raise_what_they_should(void **state)
{
    (void)state;
    scenarios_hold(scenarios, sizeof scenarios / sizeof scenarios[0]);
}

static void a_hole_adds_nothing(void **state)
{
    (void)state;
    scenarios_hold_with_holes(scenarios, sizeof scenarios / sizeof scenarios[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_challenge_that_comes_again_is_told),
        cmocka_unit_test(one_exchange_seen_twice_is_no_repetition),
        cmocka_unit_test(servers_are_kept_apart),
        cmocka_unit_test(prompts_are_no_nonces),
        cmocka_unit_test(of_scram_the_servers_part_counts),
        cmocka_unit_test(few_iterations_are_weak),
        cmocka_unit_test(of_ntlm_the_first_version_is_weak),
        cmocka_unit_test(scenarios_raise_what_they_should),
        cmocka_unit_test(a_hole_adds_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
