/* What forty servers say to commands that are out of order, not offered, or against a policy of theirs: the
 * verdict comes from the replies before, whatever the text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/scenarios.h"

static const struct {
    const char *server;
    enum protocol protocol;
    const char *way; /* to the state that the server is in: a letter of `ways` for each step */
    const char *line;
    const char *reply;
    const char *findings; /* of this command, but for those of group `security` */
} rows[] = {
#define SERVER_REPLY(server, protocol, way, line, reply, findings)                                           \
    { server, PROTOCOL_##protocol, way, line, reply, findings },
#include "server_replies.def"
#undef SERVER_REPLY
};

#define OFFERS                                                                                               \
    "250-mx\n250-PIPELINING\n250-SIZE 1000\n250-CHUNKING\n250-BINARYMIME\n250-ETRN\n250-ATRN\n250-XCLIENT "  \
    "NAME\n250-XFORWARD NAME\n250-STARTTLS\n250-AUTH PLAIN LOGIN\n250 8BITMIME"

static const struct {
    char letter;
    struct step step;
} ways[] = {
    { 'E', { "EHLO c.example", OFFERS, 0 } },
    { 'L', { "LHLO c.example", OFFERS, 0 } },
    { 'B', { "EHLO c.example", "250 mx", 0 } },
    { 'H', { "HELO c.example", "250 mx", 0 } },
    { 'M', { "MAIL FROM:<a@example.org>", "250 ok", 0 } },
    { 'Y', { "MAIL FROM:<a@example.org> BODY=BINARYMIME", "250 ok", 0 } },
    { 'R', { "RCPT TO:<b@example.net>", "250 ok", 0 } },
    { 'A', { "AUTH PLAIN AGEAYg==", "235 ok", 0 } },
    { 'S', { "STARTTLS", "220 go", 0 } },
    { 'T', { "", NULL, STEP_TLS } },
    { 'C', { "BDAT 3", "250 ok", 0 } },
    { 'F', { "BDAT 3", "451 no", 0 } },
};

static size_t go(const char *way, struct step *steps, size_t count)
{
    for (const char *letter = way; *letter; letter++)
        for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
            if (ways[i].letter == *letter)
                steps[count++] = ways[i].step;
    return count;
}

static void list_findings(const struct analysis *analysis, char *text, size_t size)
{
    size_t len = 0;

    text[0] = '\0';
    for (size_t i = 0; i < analysis->finding_count; i++) {
        const struct rule *rule = rule_of(analysis->findings[i].rule);
        if (analysis->findings[i].command == analysis->session->command_count
            && strcmp(rule->group, "security") != 0)
            len += (size_t)snprintf(text + len, size - len, "%s%s", len ? " " : "", rule->id);
    }
}

static void every_reply_gets_the_findings_of_its_state(void **state)
{
    struct analyzer *analyzer = new_analyzer();
    bool is_right = true;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char greeting[128], text[512];
        bool is_refusal = rows[i].way[0] == 'X';
        struct step steps[STEPS_MAX] = { { NULL, greeting, 0 } };
        (void)snprintf(greeting, sizeof greeting, "%d mx %s", is_refusal ? 554 : 220, rows[i].server);
        size_t count = go(rows[i].way, steps, 1);
        steps[count++] = (struct step){ rows[i].line, rows[i].reply, 0 };
        struct session *session = session_build(steps, count, rows[i].protocol);
        session->closed = CLOSE_END_OF_CAPTURE;
        struct analysis *analysis = analysis_new(analyzer, session);
        list_findings(analysis, text, sizeof text);
        if (strcmp(text, rows[i].findings) != 0) {
            print_message("%zu|%s|%s|%s|%s|%s\n", i, rows[i].server, rows[i].way, rows[i].line, rows[i].reply,
                          text);
            is_right = false;
        }
        analysis_free(analysis);
    }
    analyzer_free(analyzer);
    assert_true(is_right);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_reply_gets_the_findings_of_its_state),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
