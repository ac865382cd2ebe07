/* Relaying for strangers, denied or let pass. */
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

static struct session *deliver(struct run *run, unsigned client, unsigned k, const char *from, const char *to,
                               const char *reply)
{
    char mail[80], rcpt[80];

    (void)snprintf(mail, sizeof mail, "MAIL FROM:<%s>", from);
    (void)snprintf(rcpt, sizeof rcpt, "RCPT TO:<%s>", to);
    return run_place(run, SESSION_OF(BANNER, EHLO, { mail, "250 ok", 0 }, { rcpt, reply, 0 }, QUIT), client,
                     k);
}

static void denials_are_known_by_their_wording(void **state)
{
    static const struct {
        const char *reply;
        bool is_denial;
    } rows[] = {
        { "554 5.7.1 <x@y>: Relay access denied", true },
        { "550 5.7.1 x... Relaying denied", true },
        { "550 relay not permitted", true },
        { "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain", true },
        { "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", true },
        { "503 5.7.1 Relay not allowed", true },
        { "513 Relaying denied.", true },
        { "550 5.1.1 no such user", false },
        { "554 5.7.1 Service unavailable; client host blocked using relays.example", false },
        { "550 5.7.1 Mail from 192.0.2.1 refused, see http://relays.example/", false },
        { "451 4.3.0 the relay is busy", false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct run run;
        run_begin(&run, NULL);
        size_t raised = run_count(&run, deliver(&run, 7, 0, "a@example.com", "b@example.net", rows[i].reply),
                                  RULE_OPEN_RELAY_ATTEMPT);
        if (raised != rows[i].is_denial)
            fail_msg("%s", rows[i].reply);
        run_end(&run);
    }
}

static void many_domains_are_a_probe_and_told_once(void **state)
{
    struct run run;

    (void)state;
    run_begin(&run, NULL);
    for (unsigned k = 1; k <= 30; k++) {
        char to[64];
        (void)snprintf(to, sizeof to, "x@d%u.example", k);
        assert_int_equal(
            run_count(&run, deliver(&run, 7, k * 60, "a@example.com", to, "554 5.7.1 Relay access denied"),
                      RULE_OPEN_RELAY_ATTEMPT),
            k == 1 || k == 10);
    }
    assert_true(
        run_detail_says(&run, "recipients 10, domains 10, within 9 minutes; a search for open relays"));
    run_end(&run);
}

static void a_user_whose_login_failed_is_no_stranger(void **state)
{
    struct run run;
    struct session *session =
        SESSION_OF(BANNER, EHLO, { "AUTH PLAIN AGJvYgBh", "535 no", 0 }, MAIL,
                   { "RCPT TO:<b@example.net>", "554 5.7.1 Relay access denied", 0 }, QUIT);

    (void)state;
    run_begin(&run, NULL);
    assert_int_equal(run_count(&run, run_place(&run, session, 7, 0), RULE_OPEN_RELAY_ATTEMPT), 0);
    run_end(&run);
}

/* The server has closed, and what the client said then is not in the capture: perhaps a login. */
static void who_may_have_logged_in_is_no_stranger(void **state)
{
    struct run run;

    (void)state;
    run_begin(&run, NULL);
    for (unsigned is_seen = 0; is_seen < 2; is_seen++) {
        struct session *session = run_place(
            &run,
            SESSION_OF(BANNER, EHLO, MAIL, { "RCPT TO:<b@example.net>", "550 5.7.1 Relaying denied", 0 }),
            7 + is_seen, 0);
        session->side[SIDE_SERVER].fin_ns = session->end_ns;
        session->side[SIDE_CLIENT].fin_ns = is_seen ? session->end_ns : 0;
        assert_int_equal(run_count(&run, session, RULE_OPEN_RELAY_ATTEMPT), is_seen);
    }
    run_end(&run);
}

struct passing {
    const char *from, *to;
    bool is_told;
};

static void what_is_let_pass_is_told_against_the_local_domains(void **state)
{
    static const struct passing rows[] = {
        { "a@example.com", "b@example.net", true },
        { "a@example.com", "b@example.org", false },
        { "a@example.com", "b@mail.Example.ORG", false },
        { "a@example.com", "b@notexample.org", true },
        { "a@example.com", "b@second.example", false },
        { "a@example.org", "b@example.net", false }, /* a user of ours writes to the world */
        { "", "b@example.net", false },              /* a bounce */
        { "a@example.com", "postmaster", false },
        { "a@example.com", "b@[192.0.2.1]", false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct run run;
        run_begin(&run, NULL);
        analyzer_set_local_domains(run.analyzer, BYTES("example.org, second.example"));
        size_t raised =
            run_count(&run, deliver(&run, 7, 0, rows[i].from, rows[i].to, "250 ok"), RULE_OPEN_RELAY_ATTEMPT);
        if (raised != rows[i].is_told)
            fail_msg("%s to %s", rows[i].from, rows[i].to);
        if (raised) {
            assert_int_equal(run.last.confidence, CONFIDENCE_POSSIBLE);
            assert_int_equal(run.last.fault, FAULT_SERVER);
        }
        run_end(&run);
        run_begin(&run, NULL); /* without the option nothing is known */
        assert_int_equal(
            run_count(&run, deliver(&run, 7, 0, rows[i].from, rows[i].to, "250 ok"), RULE_OPEN_RELAY_ATTEMPT),
            0);
        run_end(&run);
    }
}

static void a_server_that_takes_local_mail_is_ours(void **state)
{
    struct run run;
    struct session *outgoing;

    (void)state;
    run_begin(&run, NULL);
    analyzer_set_local_domains(run.analyzer, BYTES("example.org"));
    (void)run_count(&run, deliver(&run, 8, 0, "a@example.com", "b@example.org", "250 ok"),
                    RULE_OPEN_RELAY_ATTEMPT);
    /* forwarded by that server itself */
    outgoing = deliver(&run, 9, 10, "a@example.com", "b@example.net", "250 ok");
    outgoing->client.address = (struct address){ 4, { 198, 51, 100, 25 } };
    outgoing->server.address = (struct address){ 4, { 203, 0, 113, 1 } };
    assert_int_equal(run_count(&run, outgoing, RULE_OPEN_RELAY_ATTEMPT), 0);
    assert_int_equal(run_count(&run, deliver(&run, 7, 20, "a@example.com", "b@example.net", "250 ok"),
                               RULE_OPEN_RELAY_ATTEMPT),
                     1);
    assert_int_equal(run.last.confidence, CONFIDENCE_LIKELY);
    assert_int_equal(run_count(&run, deliver(&run, 7, 30, "a@example.com", "b@example.net", "250 ok"),
                               RULE_OPEN_RELAY_ATTEMPT),
                     0);
    struct session *inside = deliver(&run, 9, 40, "a@example.com", "b@example.net", "250 ok");
    inside->client.address = (struct address){ 4, { 10, 0, 0, 5 } };
    assert_int_equal(run_count(&run, inside, RULE_OPEN_RELAY_ATTEMPT), 1);
    assert_int_equal(run.last.confidence, CONFIDENCE_POSSIBLE);
    assert_true(run_detail_says(&run, "private address"));
    run_end(&run);
}

#define DENIED                                                                                               \
    {                                                                                                        \
        "RCPT TO:<x@example.net>", "554 5.7.1 Relay access denied", 0                                        \
    }

/* clang-format off */
static const struct scenario scenarios[] = {
    { "denied, told once", PROTOCOL_SMTP, { BANNER, EHLO, MAIL, DENIED, DENIED, QUIT },
      "3:relay-denied 3:open-relay-attempt 4:relay-denied 5:quit-in-transaction" },
    { "denied after a login", PROTOCOL_SMTP,
      { BANNER, EHLO, TLS, EHLO, { "AUTH PLAIN AGEAYg==", "235 ok", 0 }, MAIL, DENIED, RSET, QUIT },
      "6:relay-denied" },
    { "refused for another reason", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, { "RCPT TO:<x@example.net>", "550 5.1.1 no such user", 0 }, RSET, QUIT },
      "3:recipient-unknown" },
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
        cmocka_unit_test(denials_are_known_by_their_wording),
        cmocka_unit_test(many_domains_are_a_probe_and_told_once),
        cmocka_unit_test(a_user_whose_login_failed_is_no_stranger),
        cmocka_unit_test(who_may_have_logged_in_is_no_stranger),
        cmocka_unit_test(what_is_let_pass_is_told_against_the_local_domains),
        cmocka_unit_test(a_server_that_takes_local_mail_is_ours),
        cmocka_unit_test(scenarios_raise_what_they_should),
        cmocka_unit_test(a_hole_adds_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
