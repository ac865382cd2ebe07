/* What is known of a server is said in the detail, where the server and the state are those of the table, and
 * nowhere else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/check.h"
#include "rules/dialect.h"
#include "smtp/software.h"
#include "tests/support/scenarios.h"

#define KNOWN " is known for this: "

/* clang-format off */
static const struct {
    const char *server; /* a word of its greeting */
    struct step steps[6];
    enum rule_id rule;
    const char *says;    /* NULL: nothing of a server */
} rows[] = {
    { "OpenSMTPD", { EHLO, { "EHLO c", "503 5.5.1 Invalid command: Already identified", 0 } }, RULE_SECOND_EHLO_REFUSED,
      "OpenSMTPD" KNOWN "it takes one EHLO or HELO" },
    { "qpsmtpd", { EHLO, { "EHLO c", "503 but you already said HELO ...", 0 } }, RULE_SECOND_EHLO_REFUSED,
      "qpsmtpd" KNOWN "it takes one EHLO or HELO" },
    { "Postfix", { EHLO, { "EHLO c", "503 no", 0 } }, RULE_SECOND_EHLO_REFUSED, NULL },
    { "", { EHLO, { "EHLO c", "503 no", 0 } }, RULE_SECOND_EHLO_REFUSED, NULL },
    { "OpenSMTPD", { { "RSET", "503 no", 0 } }, RULE_ALWAYS_LEGAL_REFUSED, "OpenSMTPD" KNOWN "before EHLO" },
    /* nested MAIL */
    { "Haraka", { EHLO, MAIL, RCPT, MAIL }, RULE_MISORDER_ACCEPTED, "Haraka" KNOWN "a second MAIL begins anew" },
    { "qmail", { EHLO, MAIL, RCPT, MAIL }, RULE_MISORDER_ACCEPTED, "qmail" KNOWN "a second MAIL begins anew" },
    { "chasquid", { EHLO, MAIL, RCPT, MAIL }, RULE_MISORDER_ACCEPTED, "chasquid" KNOWN "a second MAIL begins anew" },
    { "maddy", { EHLO, MAIL, RCPT, MAIL }, RULE_MISORDER_ACCEPTED, "the recipients before it are kept" },
    { "", { EHLO, { "MAIL FROM:<a@b>", "250 2.0.0 Roger, accepting mail from <a@b>", 0 }, RCPT, MAIL },
      RULE_MISORDER_ACCEPTED, "go-smtp" KNOWN },
    { "of the Postal Service", { EHLO, MAIL, MAIL }, RULE_MISORDER_ACCEPTED, NULL }, 
    { "Postfix", { EHLO, MAIL, MAIL }, RULE_MISORDER_ACCEPTED, NULL },
    /* codes */
    { "Courier", { EHLO, { "RCPT TO:<b@c>", "502 ESMTP command error", 0 } }, RULE_WRONG_CODE, "Courier" KNOWN },
    { "Courier", { EHLO, { "RCPT TO:<b@c>", "550 no", 0 } }, RULE_WRONG_CODE, NULL },
    { "MailHog", { EHLO, { "RCPT TO:<b@c>", "500 Unrecognised command", 0 } }, RULE_WRONG_CODE, "MailHog" KNOWN },
    { "maddy", { EHLO, { "DATA", "502 5.5.1 Missing RCPT TO command.", 0 } }, RULE_WRONG_CODE, "maddy" KNOWN },
    { "Postfix", { EHLO, MAIL, { "DATA", "554 5.5.1 Error: no valid recipients", 0 } }, RULE_DATA_WITHOUT_RCPT,
      "Postfix" KNOWN "DATA without an accepted recipient gets 554" },
    { "Exim", { EHLO, MAIL, { "DATA", "554 no", 0 } }, RULE_DATA_WITHOUT_RCPT, NULL },
    /* texts that mislead */
    { "Postfix", { EHLO, { "DATA", "503 5.5.1 Error: need RCPT command", 0 } }, RULE_DATA_WITHOUT_MAIL,
      "what is missing is MAIL: behind an accepted MAIL Postfix" },
    { "", { EHLO, { "DATA", "503 Error: need RCPT command", 0 } }, RULE_DATA_WITHOUT_MAIL,
      "The text asks for RCPT, but what is missing is MAIL." },
    { "", { EHLO, { "DATA", "503 Error: need MAIL command", 0 } }, RULE_DATA_WITHOUT_MAIL, NULL },
    { "Exim", { EHLO, { "DATA", "503 valid RCPT command must precede DATA", 0 } }, RULE_DATA_WITHOUT_MAIL,
      "Exim has this one text for both" },
    { "Exim", { EHLO, MAIL, { "DATA", "503 valid RCPT command must precede DATA", 0 } }, RULE_DATA_WITHOUT_RCPT, NULL },
    { "Postal/1A2B", { EHLO, MAIL, RCPT, { "MAIL FROM:<a@b>", "503 EHLO/HELO first please", 0 } }, RULE_NESTED_MAIL,
      "EHLO was accepted: Postal says so" },
    { "Postal/1A2B", { { "MAIL FROM:<a@b>", "503 EHLO/HELO first please", 0 } }, RULE_NO_GREETING, NULL },
    { "", { EHLO, MAIL, { "MAIL FROM:<a@b>", "503 send EHLO first", 0 } }, RULE_NESTED_MAIL, "but EHLO was accepted" },
    { "Postfix", { { "EHLO c", "250-mx\n250 STARTTLS", 0 }, { "AUTH PLAIN AGEAYg==", "503 5.5.1 Error: authentication not enabled", 0 } },
      RULE_AUTH_NOT_OFFERED, "usually it is there behind STARTTLS" },
    { "", { { "EHLO c", "250-mx\n250 STARTTLS", 0 }, { "AUTH PLAIN AGEAYg==", "502 no", 0 } }, RULE_AUTH_NOT_OFFERED,
      "STARTTLS is offered: most servers offer AUTH behind it." },
    { "", { BARE, { "AUTH PLAIN AGEAYg==", "502 no", 0 } }, RULE_AUTH_NOT_OFFERED, NULL },
    { "OpenSMTPD", { EHLO, { "RCPT TO:<b@c>", "503 5.5.1 Invalid command: Command not allowed at this point.", 0 } },
      RULE_RCPT_WITHOUT_MAIL, "OpenSMTPD has this one text" },
    { "OpenSMTPD", { EHLO, MAIL, { "RCPT TO:<b@c>", "550 Invalid recipient: <b@c>", 0 } }, RULE_RECIPIENT_UNKNOWN,
      "an address that it does not relay to" },
    { "Postfix", { EHLO, TLS, EHLO, { "AUTH LOGIN", "334 VXNlcm5hbWU6", 0 }, { "Ym9i", "535 5.7.8 Error: authentication failed: UGFzc3dvcmQ6", 0 } },
      RULE_AUTH_FAILED, "it is the last prompt, \"Password:\" in base64" },
    { "Postfix", { EHLO, TLS, EHLO, { "AUTH LOGIN", "334 VXNlcm5hbWU6", 0 }, { "Ym9i", "535 5.7.8 Error: authentication failed", 0 } },
      RULE_AUTH_FAILED, NULL },
    { "Postfix", { EHLO, MAIL, { "RCPT TO:<b@c>", "450 4.3.2 Service currently unavailable", 0 } }, RULE_COMMAND_REFUSED,
      "(postscreen)" },
    /* policies */
    { "Stalwart", { EHLO, { "MAIL FROM:<a@b>", "503 5.5.1 You must authenticate first.", 0 } }, RULE_POLICY_AS_503,
      "Stalwart" KNOWN "it asks for authentication with 503" },
    { "chasquid", { EHLO, MAIL, { "RCPT TO:<b@c>", "503 5.7.1 Relay not allowed", 0 } }, RULE_POLICY_AS_503,
      "chasquid" KNOWN "it says 503 where it does not relay" },
    { "Postfix", { EHLO, { "MAIL FROM:<a@b>", "503 5.5.4 Error: multiple AUTH= options", 0 } }, RULE_POLICY_AS_503, NULL },
};
/* clang-format on */

static void what_is_known_is_said_where_it_fits(void **state)
{
    struct analyzer *analyzer = new_analyzer();

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char greeting[64];
        struct step steps[8] = { { NULL, greeting, 0 } };
        size_t count = 1;
        (void)snprintf(greeting, sizeof greeting, "220 mx ESMTP %s", rows[i].server);
        for (size_t s = 0; s < 6 && rows[i].steps[s].send; s++)
            steps[count++] = rows[i].steps[s];
        struct analysis *analysis = analysis_new(analyzer, session_build(steps, count, PROTOCOL_SMTP));
        const struct finding *finding = find_finding(analysis, rows[i].rule);
        if (!finding)
            fail_msg("row %zu: no finding", i);
        bool is_said =
            bytes_find_nocase(finding->detail, bytes_of(rows[i].says ? rows[i].says : "is known for"))
                != SIZE_MAX
            || (!rows[i].says && bytes_find_nocase(finding->detail, BYTES("the text")) != SIZE_MAX);
        if (is_said != (rows[i].says != NULL))
            fail_msg("row %zu, %s: %.*s", i, rows[i].server, (int)finding->detail.len,
                     finding->detail.len ? (const char *)finding->detail.ptr : "");
        analysis_free(analysis);
    }
    analyzer_free(analyzer);
}

static void a_habit_is_told_once_a_command(void **state)
{
    struct analyzer *analyzer = new_analyzer();
    struct analysis *analysis = analysis_new(
        analyzer, SESSION_OF({ NULL, "220 mx Courier", 0 }, EHLO, { "RCPT TO:<b@c>", "502 no", 0 }));

    (void)state;
    assert_int_equal(
        bytes_find_nocase(find_finding(analysis, RULE_RCPT_WITHOUT_MAIL)->detail, BYTES("is known for")),
        SIZE_MAX);
    assert_true(bytes_find_nocase(find_finding(analysis, RULE_WRONG_CODE)->detail, BYTES("is known for"))
                != SIZE_MAX);
    analysis_free(analysis);
    analyzer_free(analyzer);
}

/* Each row of the table is reached by its own key, and names a server that can be recognised. */
static void every_row_can_be_found(void **state)
{
    enum { ACCEPTS = 250, NONE = 0 };
    static const struct {
        const char *server;
        enum situation situation;
        uint16_t code;
        const char *does;
    } dialects[] = {
#define DIALECT(server, situation, code, does) { server, SITUATION_##situation, code, does },
#include "rules/dialects.def"
#undef DIALECT
    };
    static const char *const names[] = {
#define SIGN(where, text, name) name,
#include "smtp/software.def"
#undef SIGN
    };

    (void)state;
    for (size_t i = 0; i < sizeof dialects / sizeof dialects[0]; i++) {
        bool is_known = false;
        for (size_t n = 0; n < sizeof names / sizeof names[0]; n++)
            is_known = is_known || strcmp(names[n], dialects[i].server) == 0;
        if (!is_known)
            fail_msg("%s is never recognised", dialects[i].server);
        enum situation asked = dialects[i].situation == SITUATION_ANY_MISORDER ? SITUATION_BDAT_AFTER_ERROR
                                                                               : dialects[i].situation;
        const char *does = dialect_of(dialects[i].server, asked, dialects[i].code);
        if (!does || strcmp(does, dialects[i].does) != 0)
            fail_msg("%s: \"%s\" is hidden by another row", dialects[i].server, dialects[i].does);
        assert_int_equal(dialects[i].does[strlen(dialects[i].does) - 1], '.');
    }
    assert_null(dialect_of(NULL, SITUATION_SECOND_EHLO, 503));
    assert_null(dialect_of("OpenSMTPD", SITUATION_SECOND_EHLO, 501));
    assert_null(dialect_of("OpenSMTPD", SITUATION_NONE, 503));
    assert_int_equal(situation_of(MISORDER_NESTED_MAIL), SITUATION_NESTED_MAIL);
    assert_int_equal(situation_of((enum misorder)99), SITUATION_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_known_is_said_where_it_fits),
        cmocka_unit_test(a_habit_is_told_once_a_command),
        cmocka_unit_test(every_row_can_be_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
