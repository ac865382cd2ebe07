/* Refused credentials over the sessions of a client. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/run.h"
#include "tests/support/scenarios.h"

#include "base/base64.h"
#include "base/buf.h"

/* AUTH PLAIN of a session of its own. */
static struct session *login(struct run *run, unsigned client, uint64_t at_s, const char *identity,
                             const char *password, const char *reply)
{
    struct buf plain, token;
    char line[200];

    buf_init(&plain, 200);
    buf_init(&token, 200);
    buf_append_u8(&plain, 0);
    buf_append_text(&plain, identity);
    buf_append_u8(&plain, 0);
    buf_append_text(&plain, password);
    assert_true(base64_encode(buf_bytes(&plain), &token));
    (void)snprintf(line, sizeof line, "AUTH PLAIN %.*s", (int)token.len, (const char *)token.ptr);
    buf_release(&plain);
    buf_release(&token);
    return run_place(run, SESSION_OF(BANNER, EHLO, { line, reply, 0 }, QUIT), client, at_s);
}

static const char refused[] = "535 5.7.8 no";
static const char accepted[] = "235 2.7.0 ok";

struct attempts {
    const char *name;
    unsigned identities;
    unsigned passwords; /* for each identity; 0: one of its own */
    unsigned count;
    const char *says; /* NULL: no finding */
    enum confidence confidence;
};

static void the_way_of_trying_is_told(void **state)
{
    static const struct attempts rows[] = {
        { "guessing", 1, 5, 5, "guessing, many passwords for each identity", CONFIDENCE_POSSIBLE },
        { "too few", 1, 4, 4, NULL, CONFIDENCE_NONE },
        { "too few identities", 4, 1, 4, NULL, CONFIDENCE_NONE },
        { "spraying", 5, 1, 5, "spraying, few passwords for many identities", CONFIDENCE_LIKELY },
        { "stuffing", 5, 0, 5, "stuffing, pairs of identity and password", CONFIDENCE_POSSIBLE },
        { "one credential again and again", 1, 1, 40, NULL, CONFIDENCE_NONE },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct attempts *row = &rows[i];
        struct run run;
        size_t raised = 0;
        run_begin(&run, NULL);
        for (unsigned k = 0; k < row->count; k++) {
            char identity[32], password[32];
            (void)snprintf(identity, sizeof identity, "user%u", k % row->identities);
            (void)snprintf(password, sizeof password, "pass%u", row->passwords ? k % row->passwords : k);
            raised += run_count(&run, login(&run, 7, k * 60, identity, password, refused), RULE_BRUTE_FORCE);
        }
        if (raised != (row->says ? 1 : 0))
            fail_msg("%s: raised %zu times", row->name, raised);
        if (row->says && (!run_detail_says(&run, row->says) || !run_detail_says(&run, "in 4 minutes")))
            fail_msg("%s: says %s", row->name, run.detail);
        if (row->says)
            assert_int_equal(run.last.confidence, row->confidence);
        run_end(&run);
    }
}

static void a_list_for_each_of_several_is_guessing(void **state)
{
    struct run run;
    size_t raised = 0;

    (void)state;
    run_begin(&run, NULL);
    for (unsigned k = 0; k < 60; k++) {
        char identity[32], password[32];
        (void)snprintf(identity, sizeof identity, "user%u", k / 8);
        (void)snprintf(password, sizeof password, "pass%u", k % 8);
        raised += run_count(&run, login(&run, 7, k, identity, password, refused), RULE_BRUTE_FORCE);
    }
    assert_int_equal(raised, 2); /* at 5 and at 50 */
    assert_true(run_detail_says(&run, "a list of passwords for each of several identities"));
    assert_true(run_detail_says(&run, "50 refused logins"));
    assert_int_equal(run.last.confidence, CONFIDENCE_LIKELY);
    run_end(&run);
}

static void clients_are_kept_apart(void **state)
{
    struct run run;

    (void)state;
    run_begin(&run, NULL);
    for (unsigned k = 0; k < 12; k++) {
        char password[32];
        (void)snprintf(password, sizeof password, "pass%u", k);
        assert_int_equal(
            run_count(&run, login(&run, k % 3 + 1, k, "bob", password, refused), RULE_BRUTE_FORCE), 0);
    }
    run_end(&run);
}

static void a_gateway_of_many_users_is_said_to_be_possible(void **state)
{
    struct run run;
    size_t raised = 0;

    (void)state;
    run_begin(&run, NULL);
    for (unsigned k = 0; k < 40; k++) {
        char identity[32], password[32];
        (void)snprintf(identity, sizeof identity, "user%u", k);
        (void)snprintf(password, sizeof password, "pass%u", k);
        raised += run_count(&run, login(&run, 7, k, identity, password, k % 4 ? accepted : refused),
                            RULE_BRUTE_FORCE);
    }
    assert_int_equal(raised, 1);
    assert_int_equal(run.last.confidence, CONFIDENCE_POSSIBLE);
    assert_true(run_detail_says(&run, "a webmail or gateway host"));
    run_end(&run);
}

/* The answers of CRAM-MD5 differ though the password is one. */
static void answers_to_challenges_are_not_compared(void **state)
{
    static const char *const answers[] = {
        "Ym9iIDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAx",
        "Ym9iIDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAy",
        "Ym9iIDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAz",
        "Ym9iIDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA0",
        "Ym9iIDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA1",
        "Ym9iIDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA2",
    };
    struct run run;

    (void)state;
    run_begin(&run, NULL);
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        struct session *session =
            SESSION_OF(BANNER, { "EHLO c", "250-mx\n250 AUTH CRAM-MD5", 0 },
                       { "AUTH CRAM-MD5", "334 PDEuMkBteD4=", 0 }, { answers[i], refused, 0 }, QUIT);
        assert_int_equal(run_count(&run, run_place(&run, session, 7, i), RULE_BRUTE_FORCE), 0);
    }
    run_end(&run);
}

/* A client fetches a new token each time: that is no guessing.  Who repeats one is stuck all the same. */
static void tokens_are_not_guessed(void **state)
{
    struct run run;

    (void)state;
    run_begin(&run, NULL);
    for (unsigned k = 1; k <= 12; k++) {
        struct buf token;
        char text[100], line[200];
        int len = snprintf(text, sizeof text, "user=bob@example.org\001auth=Bearer token%u\001\001",
                           k <= 8 ? k : 9);
        buf_init(&token, 200);
        assert_true(base64_encode((struct bytes){ (const uint8_t *)text, (size_t)len }, &token));
        (void)snprintf(line, sizeof line, "AUTH XOAUTH2 %.*s", (int)token.len, (const char *)token.ptr);
        buf_release(&token);
        struct session *session =
            SESSION_OF(BANNER, { "EHLO c", "250-mx\n250 AUTH XOAUTH2", 0 }, { line, refused, 0 }, QUIT);
        struct session *same =
            SESSION_OF(BANNER, { "EHLO c", "250-mx\n250 AUTH XOAUTH2", 0 }, { line, refused, 0 }, QUIT);
        assert_int_equal(run_count(&run, run_place(&run, session, 7, k), RULE_BRUTE_FORCE), 0);
        assert_int_equal(run_count(&run, run_place(&run, same, 8, k), RULE_STUCK_CLIENT), k == 11);
    }
    run_end(&run);
}

static void only_a_refused_credential_counts(void **state)
{
    static const char *const others[] = { "454 4.7.0 try later",
                                          "504 no such mechanism",
                                          "534 5.7.9 too weak",
                                          "538 5.7.11 encryption required",
                                          "535 5.7.1 start TLS first",
                                          "501 5.5.2 cannot decode",
                                          "503 5.5.1 no" };
    struct run run;

    (void)state;
    for (size_t r = 0; r < sizeof others / sizeof others[0]; r++) {
        run_begin(&run, NULL);
        for (unsigned k = 0; k < 12; k++) {
            char password[32];
            (void)snprintf(password, sizeof password, "pass%u", k);
            if (run_count(&run, login(&run, 7, k, "bob", password, others[r]), RULE_BRUTE_FORCE))
                fail_msg("%s", others[r]);
        }
        run_end(&run);
    }
}

/* What is refused there is the mechanism. */
static void where_no_auth_is_offered_no_credential_is_refused(void **state)
{
    static const char *const lines[] = {
        "AUTH PLAIN AGJvYgBh", "AUTH PLAIN AGJvYgBi", "AUTH PLAIN AGJvYgBj",
        "AUTH PLAIN AGJvYgBk", "AUTH PLAIN AGJvYgBl", "AUTH PLAIN AGJvYgBm"
    };
    struct run run;

    (void)state;
    run_begin(&run, NULL);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct session *session = SESSION_OF(BANNER, BARE, { lines[i], refused, 0 }, QUIT);
        assert_int_equal(run_count(&run, run_place(&run, session, 7, i), RULE_BRUTE_FORCE), 0);
    }
    run_end(&run);
}

static void the_same_refused_credential_is_a_stuck_client(void **state)
{
    struct run run;

    (void)state;
    run_begin(&run, NULL);
    for (unsigned k = 1; k <= 30; k++)
        assert_int_equal(run_count(&run, login(&run, 7, k * 300, "bob", "old", refused), RULE_STUCK_CLIENT),
                         k == 3 || k == 30);
    assert_true(run_detail_says(&run, "refused 30 times in 2 hours"));
    assert_false(run_detail_says(&run, "bob"));
    assert_int_equal(run.last.command, 2);
    assert_int_equal(run.last.reply_code, 535);
    run_end(&run);
}

static void what_is_no_stuck_client(void **state)
{
    struct run run;

    (void)state;
    run_begin(&run, NULL); /* another password, another identity, another client */
    assert_int_equal(run_count(&run, login(&run, 7, 0, "bob", "a", refused), RULE_STUCK_CLIENT), 0);
    assert_int_equal(run_count(&run, login(&run, 7, 1, "bob", "b", refused), RULE_STUCK_CLIENT), 0);
    assert_int_equal(run_count(&run, login(&run, 7, 2, "eve", "a", refused), RULE_STUCK_CLIENT), 0);
    assert_int_equal(run_count(&run, login(&run, 8, 3, "bob", "a", refused), RULE_STUCK_CLIENT), 0);
    /* a server that refuses now and then what it takes else */
    for (unsigned k = 0; k < 10; k++)
        assert_int_equal(run_count(&run, login(&run, 9, k, "bob", "a", k % 3 == 2 ? accepted : refused),
                                   RULE_STUCK_CLIENT),
                         0);
    run_end(&run);
}

/* Numbers of secrets begin anew in every recording. */
static void secrets_of_two_recordings_are_not_compared(void **state)
{
    struct run run;

    (void)state;
    run_begin(&run, NULL);
    for (unsigned k = 0; k < 8; k++) {
        struct session *session = login(&run, 7, k, "bob", "old", refused);
        session->origin = k / 2 + 1;
        assert_int_equal(run_count(&run, session, RULE_STUCK_CLIENT), 0);
    }
    for (unsigned k = 0; k < 8; k++) {
        char password[32];
        (void)snprintf(password, sizeof password, "pass%u", k);
        struct session *session = login(&run, 8, k, "bob", password, refused);
        session->origin = k / 4 + 1;
        assert_int_equal(run_count(&run, session, RULE_BRUTE_FORCE), 0);
    }
    run_end(&run);
}

/* Whatever the keys are, which are made anew for every analyzer. */
static void the_same_sessions_give_the_same(void **state)
{
    char first[RUN_DETAIL] = "";

    (void)state;
    for (unsigned round = 0; round < 4; round++) {
        struct run run;
        run_begin(&run, NULL);
        for (unsigned k = 0; k < 50; k++) {
            char identity[32];
            (void)snprintf(identity, sizeof identity, "user%u", k);
            (void)run_count(&run, login(&run, 7, k, identity, "same", refused), RULE_BRUTE_FORCE);
        }
        if (round == 0)
            (void)snprintf(first, sizeof first, "%s", run.detail);
        assert_string_equal(run.detail, first);
        run_end(&run);
    }
    assert_true(strlen(first) > 0);
}

/* What was forgotten may be counted twice. */
static void with_little_memory_confidence_is_lower(void **state)
{
    struct budget budget;
    struct run run;

    (void)state;
    budget_init(&budget, 4 * MIB);
    run_begin(&run, &budget);
    for (unsigned k = 0; k < 5000; k++) {
        char identity[32];
        (void)snprintf(identity, sizeof identity, "user%u", k);
        (void)run_count(&run, login(&run, 7, k, identity, "same", refused), RULE_BRUTE_FORCE);
    }
    assert_true(run_detail_says(&run, "5000 refused logins"));
    assert_int_equal(run.last.confidence, CONFIDENCE_POSSIBLE);
    run_end(&run);
    assert_int_equal(budget.used_bytes, 0);
}

#define REFUSED(token)                                                                                       \
    {                                                                                                        \
        "AUTH PLAIN " token, refused, 0                                                                      \
    }

/* clang-format off */
static const struct scenario scenarios[] = {
    { "five passwords in one session", PROTOCOL_SMTP,
      { BANNER, EHLO, REFUSED("AGJvYgBh"), REFUSED("AGJvYgBi"), REFUSED("AGJvYgBj"), REFUSED("AGJvYgBk"),
        REFUSED("AGJvYgBl"), QUIT },
      "2:auth-failed 2:cleartext-credential 3:auth-failed 3:cleartext-credential 4:auth-failed 4:cleartext-credential "
      "5:auth-failed 5:cleartext-credential 6:auth-failed 6:cleartext-credential 6:brute-force" },
    { "four passwords", PROTOCOL_SMTP,
      { BANNER, EHLO, REFUSED("AGJvYgBh"), REFUSED("AGJvYgBi"), REFUSED("AGJvYgBj"), REFUSED("AGJvYgBk"), QUIT },
      "2:auth-failed 2:cleartext-credential 3:auth-failed 3:cleartext-credential 4:auth-failed 4:cleartext-credential "
      "5:auth-failed 5:cleartext-credential" },
    { "one password three times", PROTOCOL_SMTP,
      { BANNER, EHLO, REFUSED("AGJvYgBh"), REFUSED("AGJvYgBh"), REFUSED("AGJvYgBh"), QUIT },
      "2:auth-failed 2:cleartext-credential 3:auth-failed 3:cleartext-credential 4:stuck-client 4:auth-failed "
      "4:cleartext-credential" },
    { "PLAIN, then LOGIN with the same password", PROTOCOL_SMTP,
      { BANNER, EHLO, REFUSED("AGJvYgBh"), { "AUTH LOGIN", "334 VXNlcm5hbWU6", 0 },
        { "Ym9i", "334 UGFzc3dvcmQ6", 0 }, { "YQ==", refused, 0 }, QUIT },
      "2:auth-failed 2:cleartext-credential 3:auth-failed 3:cleartext-credential" },
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
        cmocka_unit_test(the_way_of_trying_is_told),
        cmocka_unit_test(a_list_for_each_of_several_is_guessing),
        cmocka_unit_test(clients_are_kept_apart),
        cmocka_unit_test(a_gateway_of_many_users_is_said_to_be_possible),
        cmocka_unit_test(answers_to_challenges_are_not_compared),
        cmocka_unit_test(tokens_are_not_guessed),
        cmocka_unit_test(only_a_refused_credential_counts),
        cmocka_unit_test(where_no_auth_is_offered_no_credential_is_refused),
        cmocka_unit_test(the_same_refused_credential_is_a_stuck_client),
        cmocka_unit_test(what_is_no_stuck_client),
        cmocka_unit_test(secrets_of_two_recordings_are_not_compared),
        cmocka_unit_test(the_same_sessions_give_the_same),
        cmocka_unit_test(with_little_memory_confidence_is_lower),
        cmocka_unit_test(scenarios_raise_what_they_should),
        cmocka_unit_test(a_hole_adds_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
