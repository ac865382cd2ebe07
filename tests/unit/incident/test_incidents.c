/* Sessions grouped by first cause. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/limits.h"
#include "incident/incident.h"
#include "tests/support/run.h"
#include "tests/support/scenarios.h"

struct bench {
    struct run run;
    struct budget budget;
    struct incidents *incidents;
};

static int begin(void **state)
{
    struct bench *bench = calloc(1, sizeof *bench);

    budget_init(&bench->budget, 64 * MIB);
    run_begin(&bench->run, &bench->budget);
    bench->incidents = incidents_new(&bench->budget, NULL);
    *state = bench;
    return bench->incidents ? 0 : -1;
}

static int end(void **state)
{
    struct bench *bench = *state;

    incidents_free(bench->incidents);
    run_end(&bench->run);
    assert_int_equal(bench->budget.used_bytes, 0);
    free(bench);
    return 0;
}

static void add(struct bench *bench, struct session *session, unsigned client, uint64_t at_s)
{
    session = run_place(&bench->run, session, client, at_s);
    struct analysis *analysis = analysis_new(bench->run.analyzer, session);

    assert_non_null(analysis);
    incidents_add(bench->incidents, analysis);
    analysis_free(analysis);
}

static const struct incident *only(struct bench *bench, enum rule_id rule)
{
    size_t count;
    struct incident *const *all = incidents_sorted(bench->incidents, &count);
    const struct incident *found = NULL;

    for (size_t i = 0; i < count; i++)
        if (all[i]->rule == rule) {
            assert_null(found);
            found = all[i];
        }
    assert_non_null(found);
    return found;
}

static void a_cascade_is_one_incident(void **state)
{
    struct bench *bench = *state;

    for (unsigned i = 0; i < 30; i++)
        add(bench,
            SESSION_OF(BANNER, EHLO, { "MAIL FROM:<a@b>", "550 5.7.1 Sender address rejected", 0 },
                       { "RCPT TO:<c@d>", "503 need MAIL", 0 }, { "DATA", "503 need RCPT", 0 },
                       { "QUIT", "221 bye", 0 }),
            1 + i % 2, i);
    const struct incident *incident = only(bench, RULE_SENDER_REFUSED);
    size_t count;
    (void)incidents_sorted(bench->incidents, &count);
    assert_int_equal(count, 1);
    assert_int_equal(incident->sessions, 30);
    assert_int_equal(incident->refused_total, 60);
    assert_int_equal(incident->delivery[DELIVERY_LOST], 30);
    assert_int_equal(tally_distinct(&incident->clients), 2);
    assert_int_equal(incident->exemplar_count, 3);
    assert_int_equal(incidents_traffic(bench->incidents)->faulty, 30);
}

static void replies_that_differ_in_ids_are_alike_others_are_not(void **state)
{
    static const char *const replies[] = { "550 5.7.1 Sender address rejected (id 1a2b)",
                                           "550 5.7.1 Sender address rejected (id 99ff)",
                                           "550 5.1.8 Sender address rejected: Domain not found" };
    struct bench *bench = *state;
    size_t count;

    for (unsigned i = 0; i < 3; i++)
        add(bench, SESSION_OF(BANNER, EHLO, { "MAIL FROM:<a@b>", replies[i], 0 }, { "QUIT", "221 bye", 0 }),
            1, i);
    struct incident *const *all = incidents_sorted(bench->incidents, &count);
    assert_int_equal(count, 2);
    assert_int_equal(all[0]->sessions, 2);
    assert_int_equal(all[1]->sessions, 1);
}

static void many_networks_behind_one_name_are_one(void **state)
{
    struct bench *bench = *state;

    for (unsigned i = 0; i < 40; i++) {
        struct session *session = SESSION_OF(BANNER, EHLO, { "RCPT TO:<c@d>", "503 need MAIL", 0 });
        session = run_place(&bench->run, session, 1, i);
        session->client.address.bytes[1] = (uint8_t)i;
        struct analysis *analysis = analysis_new(bench->run.analyzer, session);
        incidents_add(bench->incidents, analysis);
        analysis_free(analysis);
    }
    assert_int_equal(only(bench, RULE_RCPT_WITHOUT_MAIL)->sessions, 40);
}

static void memory_is_bounded_whatever_comes(void **state)
{
    struct bench *bench = *state;
    char line[80], reply[64];
    size_t count;
    uint64_t sessions = 0;

    for (unsigned i = 0; i < 6000; i++) {
        (void)snprintf(line, sizeof line, "EHLO %c%c%c%c", 'a' + i % 26, 'a' + i / 26 % 26,
                       'a' + i / 676 % 26, 'a' + i / 17576);
        (void)snprintf(reply, sizeof reply, "550 %c%c%c%c", 'z' - i % 26, 'q' - i / 26 % 16,
                       'm' - i / 676 % 8, 'a');
        const struct step steps[] = { BANNER, { line, "250 mx", 0 }, { "MAIL FROM:<a@b>", reply, 0 } };
        add(bench, session_build(steps, 3, PROTOCOL_SMTP), i % 200, i);
    }
    struct incident *const *all = incidents_sorted(bench->incidents, &count);
    assert_in_range(count, 1, LIMIT_INCIDENTS);
    for (size_t i = 0; i < count; i++)
        if (all[i]->rule == RULE_COMMAND_REFUSED)
            sessions += all[i]->sessions;
    assert_int_equal(sessions, 6000);
}

static void the_order_is_set_right(void **state)
{
    struct bench *bench = *state;

    add(bench,
        SESSION_OF(BANNER, EHLO, { "MAIL FROM:<a@b>", "250 ok", 0 },
                   { "RCPT TO:<c@d>", "550 5.1.1 User unknown", 0 },
                   { "MAIL FROM:<a@b>", "503 nested MAIL", 0 }, { "QUIT", "221 bye", 0 }),
        1, 0);
    const struct incident *incident = only(bench, RULE_NESTED_MAIL);
    const struct sequence *due = &incident->exemplars[0]->due;
    assert_true(bytes_equal(incident->cause_line, BYTES("RCPT TO:<c@d>")));
    assert_int_equal(due->count, 6);
    assert_int_equal(due->steps[3].kind, STEP_ADDED);
    assert_true(bytes_equal(due->steps[3].text, BYTES("RSET")));
    assert_int_equal(due->steps[4].code, 250);
    assert_int_equal(due->steps[4].code_was, 503);
    assert_int_equal(due->steps[5].verb, VERB_QUIT);
}

static void a_secret_is_not_in_an_exemplar(void **state)
{
    struct bench *bench = *state;

    add(bench,
        SESSION_OF(BANNER, { "EHLO c.example", "250-mx\n250 AUTH PLAIN", 0 },
                   { "AUTH PLAIN AGFsaWNlAGh1bnRlcjI=", "535 5.7.8 no", 0 }, { "QUIT", "221 bye", 0 }),
        1, 0);
    const struct incident *incident = only(bench, RULE_AUTH_FAILED);
    const struct exemplar *exemplar = incident->exemplars[0];
    for (size_t i = 0; i < exemplar->line_count; i++) {
        assert_int_equal(bytes_find_nocase(exemplar->lines[i].text, BYTES("AGFs")), SIZE_MAX);
        assert_int_equal(bytes_find_nocase(exemplar->lines[i].meaning, BYTES("hunter2")), SIZE_MAX);
    }
    assert_true(bytes_equal(incident->line, BYTES("AUTH PLAIN ...")));
    assert_true(bytes_equal(incident->identities.kept[0].text, BYTES("alice")));
}

/* The message whose recipients were refused was given up; the next one went out in its transaction. */
static void a_nested_mail_is_a_message_lost(void **state)
{
    struct bench *bench = *state;

    add(bench,
        SESSION_OF(BANNER, EHLO, { "MAIL FROM:<a@b>", "250 ok", 0 },
                   { "RCPT TO:<c@d>", "550 5.1.1 User unknown", 0 },
                   { "MAIL FROM:<e@b>", "503 nested MAIL", 0 }, { "RCPT TO:<f@d>", "250 ok", 0 }, DATA,
                   { "Subject: x\r\n\r\nx", "250 ok", 0 }, { "QUIT", "221 bye", 0 }),
        1, 0);
    const struct incident *incident = only(bench, RULE_NESTED_MAIL);
    assert_int_equal(incident->delivery[DELIVERY_LOST], 1);
    assert_int_equal(incident->delivery[DELIVERY_DONE], 1);
    assert_int_equal(incidents_traffic(bench->incidents)->delivery[DELIVERY_LOST], 1);
    assert_int_equal(incidents_traffic(bench->incidents)->delivery[DELIVERY_DONE], 1);
}

static void a_second_mail_at_once_is_the_same_message(void **state)
{
    struct bench *bench = *state;

    add(bench,
        SESSION_OF(BANNER, EHLO, { "MAIL FROM:<a@b>", "250 ok", 0 },
                   { "MAIL FROM:<e@b>", "503 nested MAIL", 0 }, { "RCPT TO:<f@d>", "250 ok", 0 }, DATA,
                   { "Subject: x\r\n\r\nx", "250 ok", 0 }, { "QUIT", "221 bye", 0 }),
        1, 0);
    assert_int_equal(only(bench, RULE_NESTED_MAIL)->delivery[DELIVERY_LOST], 0);
    assert_int_equal(incidents_traffic(bench->incidents)->delivery[DELIVERY_DONE], 1);
}

/* It has no transaction of its own. */
static void a_message_that_a_new_ehlo_ended_is_lost(void **state)
{
    struct bench *bench = *state;

    add(bench,
        SESSION_OF(BANNER, EHLO, MAIL, RCPT, EHLO, { "DATA", "503 need MAIL", 0 }, { "QUIT", "221 bye", 0 }),
        1, 0);
    assert_int_equal(only(bench, RULE_DATA_WITHOUT_MAIL)->delivery[DELIVERY_LOST], 1);
}

static void mail_that_is_accepted_at_the_second_try_is_not_lost(void **state)
{
    struct bench *bench = *state;

    add(bench,
        SESSION_OF(BANNER, { "MAIL FROM:<a@example.org>", "503 send EHLO first", 0 }, EHLO, MAIL, RCPT, DATA,
                   { "Subject: x\r\n\r\nx", "250 ok", 0 }, { "QUIT", "221 bye", 0 }),
        1, 0);
    assert_int_equal(incidents_traffic(bench->incidents)->delivery[DELIVERY_LOST], 0);
    assert_int_equal(incidents_traffic(bench->incidents)->delivery[DELIVERY_DONE], 1);
}

static void relaying_is_denied_because_the_login_failed(void **state)
{
    struct bench *bench = *state;
    size_t count;

    add(bench,
        SESSION_OF(BANNER, EHLO, { "AUTH PLAIN AGEAYg==", "535 5.7.8 no", 0 },
                   { "MAIL FROM:<a@b>", "250 ok", 0 },
                   { "RCPT TO:<c@d>", "454 4.7.1 Relay access denied", 0 }, { "QUIT", "221 bye", 0 }),
        1, 0);
    const struct incident *incident = only(bench, RULE_AUTH_FAILED);
    assert_int_equal(incident->delivery[DELIVERY_DELAYED], 1);
    assert_int_equal(incident->encryption, ENCRYPTION_OFFERED);
    struct incident *const *all = incidents_sorted(bench->incidents, &count);
    for (size_t i = 0; i < count; i++)
        assert_int_not_equal(all[i]->rule, RULE_RELAY_DENIED);
}

static void mail_that_did_not_arrive_is_no_session_without_a_fault(void **state)
{
    struct bench *bench = *state;
    size_t count;

    add(bench,
        SESSION_OF(BANNER, EHLO, { "MAIL FROM:<a@b>", "250 ok", 0 },
                   { "RCPT TO:<c@d>", "450 4.2.0 Greylisted, try again later", 0 }, { "QUIT", "221 bye", 0 }),
        1, 0);
    (void)incidents_sorted(bench->incidents, &count);
    assert_int_equal(only(bench, RULE_GREYLISTED)->severity, SEVERITY_WARNING);
    assert_int_equal(traffic_faultless(incidents_traffic(bench->incidents)), 0);
}

static void what_cannot_be_judged_is_not_without_a_fault(void **state)
{
    struct bench *bench = *state;
    struct session *session = SESSION_OF(BANNER, EHLO, TLS);

    session->is_tls = true;
    add(bench, session, 1, 0);
    assert_int_equal(incidents_traffic(bench->incidents)->not_judged, 1);
    assert_int_equal(traffic_faultless(incidents_traffic(bench->incidents)), 0);
}

static void the_session_settles_why_there_was_no_transaction(void **state)
{
    struct bench *bench = *state;

    add(bench, SESSION_OF(BANNER, EHLO, { "RCPT TO:<c@d>", "503 need MAIL", 0 }, { "QUIT", "221 bye", 0 }), 1,
        0);
    assert_int_equal(only(bench, RULE_RCPT_WITHOUT_MAIL)->settled, SETTLED_NOT_SENT);
    add(bench,
        SESSION_OF(BANNER, EHLO, { "MAIL FROM:<a@b>", "250 ok", 0 }, { "DATA", "503 need RCPT", 0 },
                   { "QUIT", "221 bye", 0 }),
        1, 1);
    assert_int_equal(only(bench, RULE_DATA_WITHOUT_RCPT)->settled, SETTLED_NOT_SENT);
    add(bench,
        SESSION_OF(BANNER, EHLO, { "MAIL FROM:<a@b>", "250 ok", 0 }, { "RSET", "250 ok", 0 },
                   { "DATA", "503 need MAIL", 0 }, { "QUIT", "221 bye", 0 }),
        1, 2);
    assert_int_equal(only(bench, RULE_DATA_WITHOUT_MAIL)->settled, SETTLED_ENDED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_cascade_is_one_incident, begin, end),
        cmocka_unit_test_setup_teardown(replies_that_differ_in_ids_are_alike_others_are_not, begin, end),
        cmocka_unit_test_setup_teardown(many_networks_behind_one_name_are_one, begin, end),
        cmocka_unit_test_setup_teardown(memory_is_bounded_whatever_comes, begin, end),
        cmocka_unit_test_setup_teardown(the_order_is_set_right, begin, end),
        cmocka_unit_test_setup_teardown(a_nested_mail_is_a_message_lost, begin, end),
        cmocka_unit_test_setup_teardown(a_second_mail_at_once_is_the_same_message, begin, end),
        cmocka_unit_test_setup_teardown(a_message_that_a_new_ehlo_ended_is_lost, begin, end),
        cmocka_unit_test_setup_teardown(mail_that_is_accepted_at_the_second_try_is_not_lost, begin, end),
        cmocka_unit_test_setup_teardown(relaying_is_denied_because_the_login_failed, begin, end),
        cmocka_unit_test_setup_teardown(mail_that_did_not_arrive_is_no_session_without_a_fault, begin, end),
        cmocka_unit_test_setup_teardown(what_cannot_be_judged_is_not_without_a_fault, begin, end),
        cmocka_unit_test_setup_teardown(the_session_settles_why_there_was_no_transaction, begin, end),
        cmocka_unit_test_setup_teardown(a_secret_is_not_in_an_exemplar, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
