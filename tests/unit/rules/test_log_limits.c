/* What a log that may lack lines lets be said: the same dialogue as packets, and as a log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/scenarios.h"

enum { STEPS = 6 };

/* clang-format off */
static const struct row {
    const char *name;
    struct step steps[STEPS];
    enum rule_id rule;
    enum confidence packets, log; /* NONE: not raised */
} rows[] = {
    { "an order that the server let pass", { BANNER, EHLO, { "RCPT TO:<b@c>", "250 ok", 0 }, QUIT },
      RULE_RCPT_WITHOUT_MAIL, CONFIDENCE_CERTAIN, CONFIDENCE_LIKELY },
    { "and what is said of the server", { BANNER, EHLO, { "RCPT TO:<b@c>", "250 ok", 0 }, QUIT },
      RULE_MISORDER_ACCEPTED, CONFIDENCE_CERTAIN, CONFIDENCE_LIKELY },
    { "an order that the server refused", { BANNER, EHLO, { "RCPT TO:<b@c>", "503 no", 0 }, QUIT },
      RULE_RCPT_WITHOUT_MAIL, CONFIDENCE_CERTAIN, CONFIDENCE_CERTAIN },
    { "a reply whose question is missing", { BANNER, { NULL, "250 mx", 0 }, { "MAIL FROM:<a@b>", "250 ok", 0 }, QUIT },
      RULE_NO_GREETING, CONFIDENCE_CERTAIN, CONFIDENCE_NONE },
    { "a question whose reply is missing", { BANNER, { "EHLO c", NULL, 0 }, { "MAIL FROM:<a@b>", "250 ok", 0 }, QUIT },
      RULE_QUIT_IN_TRANSACTION, CONFIDENCE_NONE, CONFIDENCE_NONE },
    { "a farewell answers nothing, and nothing is missing", { BANNER, { "RCPT TO:<b@c>", "503 no", 0 }, { NULL, "421 idle", 0 } },
      RULE_RCPT_WITHOUT_MAIL, CONFIDENCE_CERTAIN, CONFIDENCE_CERTAIN },
    { "a refusal of which all else is left out", { { "RCPT TO:<b@c>", "554 5.7.1 Relay access denied", 0 }, QUIT },
      RULE_RELAY_DENIED, CONFIDENCE_NONE, CONFIDENCE_LIKELY },
    { "and one whose text gives no reason", { { "RCPT TO:<b@c>", "550 no", 0 }, QUIT },
      RULE_COMMAND_REFUSED, CONFIDENCE_NONE, CONFIDENCE_NONE },
    { "and one that speaks of the order", { { "RCPT TO:<b@c>", "550 5.5.1 Error: need MAIL command", 0 }, QUIT },
      RULE_COMMAND_REFUSED, CONFIDENCE_NONE, CONFIDENCE_NONE },
};
/* clang-format on */

static enum confidence confidence_of(const struct row *row, bool is_log)
{
    struct analyzer *analyzer = new_analyzer();
    size_t count = 0;

    while (count < STEPS && (row->steps[count].send || row->steps[count].reply))
        count++;
    struct session *session = session_build(row->steps, count, PROTOCOL_SMTP);
    session->is_midstream = row->steps[0].send != NULL;
    if (is_log)
        session->log = ARENA_NEW(&session->arena, struct log_facts);
    struct analysis *analysis = analysis_new(analyzer, session);
    const struct finding *finding = find_finding(analysis, row->rule);
    enum confidence confidence = finding ? finding->confidence : CONFIDENCE_NONE;
    analysis_free(analysis);
    analyzer_free(analyzer);
    return confidence;
}

static void a_log_is_believed_as_far_as_its_lines_go(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (confidence_of(&rows[i], false) != rows[i].packets || confidence_of(&rows[i], true) != rows[i].log)
            fail_msg("%s: %d, and in a log %d", rows[i].name, (int)confidence_of(&rows[i], false),
                     (int)confidence_of(&rows[i], true));
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(a_log_is_believed_as_far_as_its_lines_go) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
