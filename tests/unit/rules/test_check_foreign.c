/* What was spoken in place of SMTP, or before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/support/scenarios.h"

/* clang-format off */
static const struct scenario scenarios[] = {
    { "a PROXY header", PROTOCOL_SMTP,
      { { "PROXY TCP4 192.0.2.1 192.0.2.25 40000 25", NULL, STEP_PRELUDE }, BANNER, EHLO, QUIT }, "0:proxy-header" },
    { "a PROXY header that was not expected is no desync", PROTOCOL_SMTP,
      { { NULL, "220 mx", 0 }, { "PROXY TCP4 192.0.2.1 192.0.2.25 40000 25", NULL, STEP_PRELUDE }, { NULL, "502 what", 0 },
        EHLO, QUIT }, "0:proxy-header" },
    { "a reply too many behind the first command is one", PROTOCOL_SMTP,
      { { "PROXY TCP4 192.0.2.1 192.0.2.25 40000 25", NULL, STEP_PRELUDE }, BANNER, EHLO, { NULL, "250 what", 0 }, QUIT },
      "0:reply-desync 0:proxy-header" },
    { "tls-on-plain-port before the greeting", PROTOCOL_SMTP,
      { { "", NULL, STEP_TLS }, BANNER, { NULL, "500 what", 0 } }, "0:tls-on-plain-port" },
    { "tls-on-plain-port behind the greeting", PROTOCOL_SMTP,
      { BANNER, { "", NULL, STEP_TLS }, { NULL, "500 what", 0 } }, "0:tls-on-plain-port" },
    { "tls-on-plain-port behind a STARTTLS that was refused", PROTOCOL_SMTP,
      { BANNER, EHLO, { "STARTTLS", "454 no", 0 }, { "", NULL, STEP_TLS }, { NULL, "500 what", 0 } },
      "0:tls-on-plain-port<2 2:command-refused" },
    { "TLS behind a STARTTLS that was refused, as far as the capture goes", PROTOCOL_SMTP,
      { BANNER, EHLO, { "STARTTLS", "454 no", 0 }, { "", NULL, STEP_TLS } }, "2:command-refused" },
    { "TLS behind STARTTLS, and a command that was injected", PROTOCOL_SMTP,
      { BANNER, EHLO, { "STARTTLS", "220 go", 0 }, PIPED("NOOP", NULL), { "", NULL, STEP_TLS } }, "3:starttls-injection" },
    { "TLS that the server answers as such", PROTOCOL_SMTP,
      { BANNER, { "", NULL, STEP_TLS }, { "", NULL, STEP_TLS | STEP_SERVER } }, "" },
    { "plain-on-tls-port", PROTOCOL_SMTP,
      { { "EHLO c", NULL, STEP_EARLY }, { "", NULL, STEP_TLS | STEP_SERVER } }, "1:plain-on-tls-port" },
    { "TLS from a server that had greeted", PROTOCOL_SMTP,
      { BANNER, { "EHLO c", NULL, 0 }, { "", NULL, STEP_TLS | STEP_SERVER } }, "" },
};
/* clang-format on */

static void every_scenario_raises_its_findings_and_no_others(void **state)
{
    (void)state;
    scenarios_hold(scenarios, sizeof scenarios / sizeof scenarios[0]);
}

static void a_hole_adds_no_finding(void **state)
{
    (void)state;
    scenarios_hold_with_holes(scenarios, sizeof scenarios / sizeof scenarios[0]);
}

static enum confidence plain_on_tls_port(uint16_t port, enum close_kind closed, enum side closed_by)
{
    struct analyzer *analyzer = new_analyzer();
    struct session *session = SESSION_OF({ "EHLO c", NULL, STEP_EARLY });

    session->server.port = port;
    session->closed = closed;
    session->closed_by = closed_by;
    struct analysis *analysis = analysis_new(analyzer, session);
    const struct finding *finding = find_finding(analysis, RULE_PLAIN_ON_TLS_PORT);
    enum confidence confidence = finding ? finding->confidence : CONFIDENCE_NONE;
    analysis_free(analysis);
    analyzer_free(analyzer);
    return confidence;
}

static void a_port_for_tls_that_hangs_up_without_a_word_is_likely_one(void **state)
{
    (void)state;
    assert_int_equal(plain_on_tls_port(465, CLOSE_FIN, SIDE_SERVER), CONFIDENCE_LIKELY);
    assert_int_equal(plain_on_tls_port(465, CLOSE_RESET, SIDE_SERVER), CONFIDENCE_LIKELY);
    assert_int_equal(plain_on_tls_port(465, CLOSE_FIN, SIDE_CLIENT), CONFIDENCE_NONE);
    assert_int_equal(plain_on_tls_port(465, CLOSE_END_OF_CAPTURE, SIDE_NONE), CONFIDENCE_NONE);
    assert_int_equal(plain_on_tls_port(25, CLOSE_FIN, SIDE_SERVER), CONFIDENCE_NONE);
}

static void tls_that_the_server_speaks_is_none_on_a_plain_port(void **state)
{
    struct analyzer *analyzer = new_analyzer();

    (void)state;
    for (unsigned bytes = 0; bytes < 2; bytes++) {
        struct session *session = SESSION_OF(BANNER, { "", NULL, STEP_TLS });
        session->side[SIDE_SERVER].tls_bytes = bytes;
        struct analysis *analysis = analysis_new(analyzer, session);
        const struct finding *finding = find_finding(analysis, RULE_TLS_ON_PLAIN_PORT);
        assert_int_equal(finding ? finding->confidence : CONFIDENCE_NONE,
                         bytes ? CONFIDENCE_NONE : CONFIDENCE_LIKELY);
        analysis_free(analysis);
    }
    analyzer_free(analyzer);
}

/* On 465 it is the server that does what nobody expects. */
static void a_port_for_tls_that_speaks_in_clear_is_the_servers_fault(void **state)
{
    static const uint16_t ports[] = { 25, 465 };
    struct analyzer *analyzer = new_analyzer();

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct session *session = SESSION_OF(BANNER, { "", NULL, STEP_TLS });
        session->server.port = ports[i];
        struct analysis *analysis = analysis_new(analyzer, session);
        assert_int_equal(find_finding(analysis, RULE_TLS_ON_PLAIN_PORT)->fault,
                         ports[i] == 25 ? FAULT_CLIENT : FAULT_SERVER);
        analysis_free(analysis);
    }
    analyzer_free(analyzer);
}

static void a_header_that_was_refused_is_told_with_its_code(void **state)
{
    struct analyzer *analyzer = new_analyzer();
    struct analysis *analysis = analysis_new(
        analyzer, SESSION_OF(BANNER, { "PROXY UNKNOWN", NULL, STEP_PRELUDE }, { NULL, "502 what", 0 }));
    const struct finding *finding = find_finding(analysis, RULE_PROXY_HEADER);

    (void)state;
    assert_non_null(finding);
    assert_int_equal(finding->reply_code, 502);
    assert_int_equal(finding->fault, FAULT_CLIENT);
    analysis_free(analysis);
    analyzer_free(analyzer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_scenario_raises_its_findings_and_no_others),
        cmocka_unit_test(a_hole_adds_no_finding),
        cmocka_unit_test(a_port_for_tls_that_hangs_up_without_a_word_is_likely_one),
        cmocka_unit_test(tls_that_the_server_speaks_is_none_on_a_plain_port),
        cmocka_unit_test(a_port_for_tls_that_speaks_in_clear_is_the_servers_fault),
        cmocka_unit_test(a_header_that_was_refused_is_told_with_its_code),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
