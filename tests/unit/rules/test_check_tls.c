/* What a handshake shows, each with its near misses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rules/tls_words.h"
#include "tests/support/scenarios.h"

enum { DAY = 86400 };

static struct tls_facts *add_tls(struct session *session, enum tls_state state, uint16_t version)
{
    struct tls_facts *tls = ARENA_NEW(&session->arena, struct tls_facts);

    assert_non_null(tls);
    *tls = (struct tls_facts){ .state = state,
                               .offered_version = 0x0304,
                               .version = version,
                               .sealed_alert = SIDE_NONE,
                               .first = session->items[session->item_count - 1].at };
    session->tls = tls;
    session->closed_by = SIDE_CLIENT;
    return tls;
}

static struct tls_certificate *add_certificate(struct session *session, int64_t from_days, int64_t to_days)
{
    struct tls_facts *tls = add_tls(session, TLS_STATE_DONE, 0x0303);
    struct tls_certificate *certificate = ARENA_NEW(&session->arena, struct tls_certificate);
    int64_t now_s = (int64_t)(tls->first.time_ns / 1000000000u);

    assert_non_null(certificate);
    *certificate = (struct tls_certificate){ .not_before_s = (uint64_t)(now_s + from_days * DAY),
                                             .not_after_s = (uint64_t)(now_s + to_days * DAY) };
    tls->certificate = certificate;
    return certificate;
}

static void add_alert(struct session *session, enum side from, uint8_t level, uint8_t description)
{
    struct tls_facts *tls = add_tls(session, TLS_STATE_BEGUN, 0);

    tls->alerts = ARENA_NEW(&session->arena, struct tls_alert);
    assert_non_null(tls->alerts);
    tls->alerts[0] = (struct tls_alert){ from, level, description, tls->first };
    tls->alert_count = 1;
}

static void alert_of_client(struct session *session)
{
    add_alert(session, SIDE_CLIENT, 2, 48);
}

static void alert_of_server(struct session *session)
{
    add_alert(session, SIDE_SERVER, 2, 70);
}

static void mere_warning(struct session *session)
{
    add_alert(session, SIDE_SERVER, 1, 112);
    session->closed = CLOSE_END_OF_CAPTURE;
}

static void closed(struct session *session)
{
    (void)add_tls(session, TLS_STATE_BEGUN, 0x0303);
}

/* A RST one octet further than what was seen: a FIN is missing, and maybe what the server said. */
static void lost_before_reset(struct session *session)
{
    closed(session);
    session->closed = CLOSE_RESET;
    session->side[SIDE_CLIENT].reset_ns = session->end_ns;
    session->side[SIDE_CLIENT].reset_off_by = 1;
}

static void capture_ended(struct session *session)
{
    (void)add_tls(session, TLS_STATE_BEGUN, 0x0303);
    session->closed = CLOSE_END_OF_CAPTURE;
}

static void done(struct session *session)
{
    (void)add_tls(session, TLS_STATE_DONE, 0x0303);
}

static void lost(struct session *session)
{
    (void)add_tls(session, TLS_STATE_LOST, 0);
}

static void bytes_missing(struct session *session)
{
    (void)add_tls(session, TLS_STATE_BEGUN, 0x0303);
    session->one_sided = SIDE_CLIENT;
}

static void old(struct session *session)
{
    (void)add_tls(session, TLS_STATE_DONE, 0x0302);
}

static void good_certificate(struct session *session)
{
    (void)add_certificate(session, -10, 10);
}

static void expired(struct session *session)
{
    (void)add_certificate(session, -10, -1);
}

static void not_valid_yet(struct session *session)
{
    (void)add_certificate(session, 1, 10);
}

static void self_signed(struct session *session)
{
    add_certificate(session, -10, 10)->is_self_signed = true;
}

static void other_name(struct session *session)
{
    add_certificate(session, -10, 10)->is_other_name = true;
}

static void broken_chain(struct session *session)
{
    add_certificate(session, -10, 10)->is_chain_broken = true;
}

/* Without a certificate there is none to be judged: a session of TLS 1.3. */
static void certificate_not_seen(struct session *session)
{
    (void)add_tls(session, TLS_STATE_DONE, 0x0304);
}

static const struct {
    void (*end)(struct session *);
    const char *findings;
    enum fault fault;
    enum confidence confidence;
    const char *words;
} rows[] = {
    { alert_of_client, "0:tls-handshake-failed", FAULT_UNDECIDED, CONFIDENCE_CERTAIN,
      "client sent the alert unknown_ca" },
    { alert_of_server, "0:tls-handshake-failed", FAULT_UNDECIDED, CONFIDENCE_CERTAIN, "no version of TLS" },
    { mere_warning, "", FAULT_NONE, CONFIDENCE_NONE, "" },
    { closed, "0:tls-handshake-failed", FAULT_CLIENT, CONFIDENCE_LIKELY, "closed the connection before" },
    { lost_before_reset, "", FAULT_NONE, CONFIDENCE_NONE, "" },
    { capture_ended, "", FAULT_NONE, CONFIDENCE_NONE, "" },
    { done, "", FAULT_NONE, CONFIDENCE_NONE, "" },
    { lost, "", FAULT_NONE, CONFIDENCE_NONE, "" },
    { bytes_missing, "", FAULT_NONE, CONFIDENCE_NONE, "" },
    { old, "0:tls-old-version", FAULT_SERVER, CONFIDENCE_CERTAIN, "TLS 1.1 was chosen" },
    { good_certificate, "", FAULT_NONE, CONFIDENCE_NONE, "" },
    { expired, "0:tls-certificate", FAULT_SERVER, CONFIDENCE_CERTAIN, "had expired on 2023-11-13." },
    { not_valid_yet, "0:tls-certificate", FAULT_SERVER, CONFIDENCE_CERTAIN, "not valid before 2023-11-15." },
    { self_signed, "0:tls-certificate", FAULT_SERVER, CONFIDENCE_CERTAIN, "signed by itself" },
    { other_name, "0:tls-certificate", FAULT_SERVER, CONFIDENCE_CERTAIN, "not for the name" },
    { broken_chain, "0:tls-certificate", FAULT_SERVER, CONFIDENCE_LIKELY, "in order" },
    { certificate_not_seen, "", FAULT_NONE, CONFIDENCE_NONE, "" },
};

static void each_handshake_raises_its_findings_and_no_others(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct scenario scenario = {
            "a handshake", PROTOCOL_SMTP, { BANNER, EHLO, TLS }, rows[i].findings
        };
        scenarios_hold_ended(&scenario, 1, rows[i].end);
    }
}

static void closed_by_client(struct session *session)
{
    session->closed = CLOSE_FIN;
    session->closed_by = SIDE_CLIENT;
}

static void still_open(struct session *session)
{
    session->closed = CLOSE_END_OF_CAPTURE;
}

/* STARTTLS, a 220, and not a word of TLS. */
static void silence_behind_starttls_is_a_failed_handshake(void **state)
{
    static const struct scenario silent = {
        "silence", PROTOCOL_SMTP, { BANNER, EHLO, { "STARTTLS", "220 go", 0 } }, "2:tls-handshake-failed"
    };
    static const struct scenario waiting = {
        "not over yet", PROTOCOL_SMTP, { BANNER, EHLO, { "STARTTLS", "220 go", 0 } }, ""
    };
    static const struct scenario refused = { "refused",
                                             PROTOCOL_SMTP,
                                             { BANNER, EHLO, { "STARTTLS", "454 not now", 0 } },
                                             "0:connection-lost 2:command-refused" };

    (void)state;
    scenarios_hold_ended(&silent, 1, closed_by_client);
    scenarios_hold_ended(&waiting, 1, still_open);
    scenarios_hold_ended(&refused, 1, closed_by_client);
}

/* STARTTLS, a 220, and a refusal in clear of what came then. */
static void an_answer_in_clear_is_a_failed_handshake(void **state)
{
    struct analyzer *analyzer = new_analyzer();

    (void)state;
    for (unsigned is_whole = 0; is_whole < 2; is_whole++) {
        struct session *session = SESSION_OF(BANNER, EHLO, TLS, { NULL, "500 what", 0 });
        add_tls(session, TLS_STATE_BEGUN, 0);
        session->is_tls = false;
        session->one_sided = is_whole ? SIDE_NONE : SIDE_CLIENT;
        struct analysis *analysis = analysis_new(analyzer, session);
        const struct finding *finding = find_finding(analysis, RULE_TLS_HANDSHAKE_FAILED);
        assert_int_equal(finding ? finding->fault : FAULT_NONE, is_whole ? FAULT_SERVER : FAULT_NONE);
        assert_int_equal(finding ? finding->reply_code : 0, is_whole ? 500 : 0);
        analysis_free(analysis);
    }
    analyzer_free(analyzer);
}

static void each_finding_says_what_was_seen(void **state)
{
    struct analyzer *analyzer = new_analyzer();

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct session *session = SESSION_OF(BANNER, EHLO, TLS);
        rows[i].end(session);
        struct analysis *analysis = analysis_new(analyzer, session);
        for (size_t f = 0; f < analysis->finding_count; f++) {
            const struct finding *finding = &analysis->findings[f];
            assert_int_equal(finding->fault, rows[i].fault);
            assert_int_equal(finding->confidence, rows[i].confidence);
            assert_true(bytes_find_nocase(finding->detail, bytes_of(rows[i].words)) != SIZE_MAX);
        }
        analysis_free(analysis);
    }
    analyzer_free(analyzer);
}

static void submission_makes_a_certificate_a_warning(void **state)
{
    static const uint16_t ports[] = { 25, 465, 587 };
    struct analyzer *analyzer = new_analyzer();

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct session *session = SESSION_OF(BANNER, EHLO, TLS);
        expired(session);
        session->server.port = ports[i];
        struct analysis *analysis = analysis_new(analyzer, session);
        assert_int_equal(find_finding(analysis, RULE_TLS_CERTIFICATE)->severity,
                         ports[i] == 25 ? SEVERITY_INFO : SEVERITY_WARNING);
        analysis_free(analysis);
    }
    analyzer_free(analyzer);
}

/* Whoever hangs up, what stood in clear before the handshake is why. */
static void commands_in_clear_are_to_blame(void **state)
{
    struct analyzer *analyzer = new_analyzer();

    (void)state;
    for (unsigned is_injected = 0; is_injected < 2; is_injected++) {
        struct session *session = is_injected ? SESSION_OF(BANNER, EHLO, { "STARTTLS", "220 go", 0 },
                                                           PIPED("NOOP", NULL), { "", NULL, STEP_TLS })
                                              : SESSION_OF(BANNER, EHLO, TLS);
        add_tls(session, TLS_STATE_BEGUN, 0);
        session->closed = CLOSE_FIN;
        session->closed_by = SIDE_SERVER;
        session->side[SIDE_SERVER].fin_ns = session->end_ns;
        struct analysis *analysis = analysis_new(analyzer, session);
        const struct finding *finding = find_finding(analysis, RULE_TLS_HANDSHAKE_FAILED);
        assert_non_null(finding);
        assert_int_equal(finding->fault, is_injected ? FAULT_CLIENT : FAULT_SERVER);
        assert_int_equal(finding->cause_rule, is_injected ? RULE_STARTTLS_INJECTION : RULE_NONE);
        analysis_free(analysis);
    }
    analyzer_free(analyzer);
}

/* Who broke off a sealed handshake is known, why is not. */
static void a_sealed_alert_names_nobody(void **state)
{
    struct analyzer *analyzer = new_analyzer();
    struct session *session = SESSION_OF(BANNER, EHLO, TLS);

    (void)state;
    add_tls(session, TLS_STATE_BEGUN, 0x0304)->sealed_alert = SIDE_CLIENT;
    struct analysis *analysis = analysis_new(analyzer, session);
    const struct finding *finding = find_finding(analysis, RULE_TLS_HANDSHAKE_FAILED);
    assert_int_equal(finding->fault, FAULT_UNDECIDED);
    assert_true(bytes_find_nocase(finding->detail, BYTES("The client broke it off")) != SIZE_MAX);
    analysis_free(analysis);
    analyzer_free(analyzer);
}

static void numbers_have_words(void **state)
{
    char text[TLS_WORD_TEXT];

    (void)state;
    assert_string_equal(tls_version_name(0x0304, text), "TLS 1.3");
    assert_string_equal(tls_version_name(0x7f1c, text), "0x7f1c");
    assert_string_equal(tls_cipher_name(0x1301, text), "TLS_AES_128_GCM_SHA256");
    assert_string_equal(tls_cipher_name(0xfefe, text), "0xfefe");
    assert_string_equal(tls_alert_words(40)->name, "handshake_failure");
    assert_null(tls_alert_words(200));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_handshake_raises_its_findings_and_no_others),
        cmocka_unit_test(silence_behind_starttls_is_a_failed_handshake),
        cmocka_unit_test(an_answer_in_clear_is_a_failed_handshake),
        cmocka_unit_test(each_finding_says_what_was_seen),
        cmocka_unit_test(submission_makes_a_certificate_a_warning),
        cmocka_unit_test(commands_in_clear_are_to_blame),
        cmocka_unit_test(a_sealed_alert_names_nobody),
        cmocka_unit_test(numbers_have_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
