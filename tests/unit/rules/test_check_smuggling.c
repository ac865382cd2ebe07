/* Content on whose end parsers disagree: smuggled, or only odd. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/talks.h"

/* clang-format off */
static const struct talk talks[] = {
    { "LF.LF and an envelope",
      { T_HELLO, T_MAIL, T_RCPT, T_DATA, { "a\n.\nMAIL FROM:<c@example.org>\r\nRCPT TO:<d@example.net>\r\nDATA\r\nSubject: y\r\n\r\ny\r\n.\r\n", "250 ok\r\n" }, T_QUIT },
      "4:smtp-smuggling 4:bare-lf" },
    { "LF.LF and text",
      { T_HELLO, T_MAIL, T_RCPT, T_DATA, { "a\n.\ntext\r\n.\r\n", "250 ok\r\n" }, T_QUIT },
      "4:bare-lf" },
    { "LF.CRLF and an envelope",
      { T_HELLO, T_MAIL, T_RCPT, T_DATA, { "a\n.\r\nMAIL FROM:<c@example.org>\r\nRCPT TO:<d@example.net>\r\nDATA\r\nSubject: y\r\n\r\ny\r\n.\r\n", "250 ok\r\n" }, T_QUIT },
      "4:smtp-smuggling 4:bare-lf" },
    { "LF.CRLF and text",
      { T_HELLO, T_MAIL, T_RCPT, T_DATA, { "a\n.\r\ntext\r\n.\r\n", "250 ok\r\n" }, T_QUIT },
      "4:bare-lf" },
    { "CRLF.LF and an envelope",
      { T_HELLO, T_MAIL, T_RCPT, T_DATA, { "a\r\n.\nMAIL FROM:<c@example.org>\r\nRCPT TO:<d@example.net>\r\nDATA\r\nSubject: y\r\n\r\ny\r\n.\r\n", "250 ok\r\n" }, T_QUIT },
      "4:smtp-smuggling 4:bare-lf" },
    { "CRLF.LF and text",
      { T_HELLO, T_MAIL, T_RCPT, T_DATA, { "a\r\n.\ntext\r\n.\r\n", "250 ok\r\n" }, T_QUIT },
      "4:bare-lf" },
    { "CRLF.CR and an envelope",
      { T_HELLO, T_MAIL, T_RCPT, T_DATA, { "a\r\n.\rMAIL FROM:<c@example.org>\r\nRCPT TO:<d@example.net>\r\nDATA\r\nSubject: y\r\n\r\ny\r\n.\r\n", "250 ok\r\n" }, T_QUIT },
      "4:smtp-smuggling 4:bare-cr" },
    { "CRLF.CR and text",
      { T_HELLO, T_MAIL, T_RCPT, T_DATA, { "a\r\n.\rtext\r\n.\r\n", "250 ok\r\n" }, T_QUIT },
      "4:bare-cr" },
    { "CR.CR and an envelope",
      { T_HELLO, T_MAIL, T_RCPT, T_DATA, { "a\r.\rMAIL FROM:<c@example.org>\r\nRCPT TO:<d@example.net>\r\nDATA\r\nSubject: y\r\n\r\ny\r\n.\r\n", "250 ok\r\n" }, T_QUIT },
      "4:smtp-smuggling 4:bare-cr" },
    { "CR.CR and text",
      { T_HELLO, T_MAIL, T_RCPT, T_DATA, { "a\r.\rtext\r\n.\r\n", "250 ok\r\n" }, T_QUIT },
      "4:bare-cr" },
    { "CR.LF and an envelope",
      { T_HELLO, T_MAIL, T_RCPT, T_DATA, { "a\r.\nMAIL FROM:<c@example.org>\r\nRCPT TO:<d@example.net>\r\nDATA\r\nSubject: y\r\n\r\ny\r\n.\r\n", "250 ok\r\n" }, T_QUIT },
      "4:smtp-smuggling 4:bare-cr 4:bare-lf" },
    { "CR.LF and text",
      { T_HELLO, T_MAIL, T_RCPT, T_DATA, { "a\r.\ntext\r\n.\r\n", "250 ok\r\n" }, T_QUIT },
      "4:bare-cr 4:bare-lf" },
    { "LF.CR and an envelope",
      { T_HELLO, T_MAIL, T_RCPT, T_DATA, { "a\n.\rMAIL FROM:<c@example.org>\r\nRCPT TO:<d@example.net>\r\nDATA\r\nSubject: y\r\n\r\ny\r\n.\r\n", "250 ok\r\n" }, T_QUIT },
      "4:smtp-smuggling 4:bare-cr 4:bare-lf" },
    { "LF.CR and text",
      { T_HELLO, T_MAIL, T_RCPT, T_DATA, { "a\n.\rtext\r\n.\r\n", "250 ok\r\n" }, T_QUIT },
      "4:bare-cr 4:bare-lf" },
    { "CR.CRLF and an envelope",
      { T_HELLO, T_MAIL, T_RCPT, T_DATA, { "a\r.\r\nMAIL FROM:<c@example.org>\r\nRCPT TO:<d@example.net>\r\nDATA\r\nSubject: y\r\n\r\ny\r\n.\r\n", "250 ok\r\n" }, T_QUIT },
      "4:smtp-smuggling 4:bare-cr" },
    { "CR.CRLF and text",
      { T_HELLO, T_MAIL, T_RCPT, T_DATA, { "a\r.\r\ntext\r\n.\r\n", "250 ok\r\n" }, T_QUIT },
      "4:bare-cr" },
    { "CRLF.CRCRLF and an envelope",
      { T_HELLO, T_MAIL, T_RCPT, T_DATA, { "a\r\n.\r\r\nMAIL FROM:<c@example.org>\r\nRCPT TO:<d@example.net>\r\nDATA\r\nSubject: y\r\n\r\ny\r\n.\r\n", "250 ok\r\n" }, T_QUIT },
      "4:smtp-smuggling 4:bare-cr" },
    { "CRLF.CRCRLF and text",
      { T_HELLO, T_MAIL, T_RCPT, T_DATA, { "a\r\n.\r\r\ntext\r\n.\r\n", "250 ok\r\n" }, T_QUIT },
      "4:bare-cr" },
    { "commands behind no variant",
      { T_HELLO, T_MAIL, T_RCPT, T_DATA, { "a\r\n.. \r\nMAIL FROM:<c@example.org>\r\nRCPT TO:<d@example.net>\r\nDATA\r\nSubject: y\r\n\r\ny\r\n.\r\n", "250 ok\r\n" }, T_QUIT },
      "" },
    { "the begin of an envelope",
      { T_HELLO, T_MAIL, T_RCPT, T_DATA, { "a\n.\nMAIL FROM:<c@example.org>\r\n.\r\n", "250 ok\r\n" }, T_QUIT },
      "4:smtp-smuggling 4:bare-lf" },
    { "the begin of an envelope among bare LF",
      { T_HELLO, T_MAIL, T_RCPT, T_DATA, { "a\nb\nc\nd\n.\nMAIL FROM:<c@example.org>\ne\r\n.\r\n", "250 ok\r\n" }, T_QUIT },
      "4:bare-lf" },
    { "one command behind a variant is no envelope",
      { T_HELLO, T_MAIL, T_RCPT, T_DATA, { "a\n.\nQUIT\r\n.\r\n", "250 ok\r\n" }, T_QUIT },
      "4:bare-lf" },
    { "an envelope among bare LF",
      { T_HELLO, T_MAIL, T_RCPT, T_DATA, { "a\nb\nc\nd\n.\nMAIL FROM:<c@example.org>\nRCPT TO:<d@example.net>\nDATA\nSubject: y\n\ny\r\n.\r\n", "250 ok\r\n" }, T_QUIT },
      "4:smtp-smuggling 4:bare-lf" },
    { "a server that split, and ran the commands",
      { T_HELLO, T_MAIL, T_RCPT, T_DATA, { "a\r\n.\nMAIL FROM:<c@example.org>\r\nRCPT TO:<d@example.net>\r\nDATA\r\nSubject: y\r\n\r\ny\r\n.\r\n", "250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n250 ok\r\n" }, T_QUIT },
      "0:reply-desync 4:smtp-smuggling 4:bare-lf" },
    { "a server that split before the rest came",
      { T_HELLO, T_MAIL, T_RCPT, T_DATA, { "a\r\n.\nMAIL FROM:<c@example.org>\r\nRCPT TO:<d@example.net>\r\nDATA\r\n", "250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n" }, { "Subject: y\r\n\r\ny\r\n.\r\n", "250 ok\r\n" }, T_QUIT },
      "4:smtp-smuggling 4:bare-lf" },
    { "a server that refuses bare LF",
      { T_HELLO, T_MAIL, T_RCPT, T_DATA,
        { "a\r\nb\n.\nMAIL FROM:<c@example.org>\r\nRCPT TO:<d@example.net>\r\nDATA\r\nSubject: y\r\n.\r\n",
          "550 5.5.2 bare LF\r\n" }, T_QUIT }, "4:message-refused 4:smtp-smuggling 4:bare-lf" },
    { "a server that refuses bare LF and hangs up",
      { T_HELLO, T_MAIL, T_RCPT, T_DATA,
        { "a\r\nb\n.\nMAIL FROM:<c@example.org>\r\nRCPT TO:<d@example.net>\r\nDATA\r\n",
          "521 5.5.2 bare LF\r\n" } }, "0:connection-lost 4:message-refused 4:smtp-smuggling 4:bare-lf" },
    { "a client of bare LF that pipelines its next message",
      { { "", "220 mx.example\r\n" }, { "EHLO c.example\n", "250-mx\r\n250 PIPELINING\r\n" }, { "MAIL FROM:<a@example.org>\nRCPT TO:<b@example.net>\nDATA\n", "250 ok\r\n250 ok\r\n354 go\r\n" }, { "a\n.\nMAIL FROM:<a@example.org>\nRCPT TO:<b@example.net>\nDATA\n", "250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n" }, { "b\n.\n", "250 ok\r\n" }, { "QUIT\n", "221 bye\r\n" } },
      "1:bare-lf 4:bare-lf 7:bare-lf" },
};
/* clang-format on */

static void every_talk_raises_its_findings_and_no_others(void **state)
{
    (void)state;
    talks_hold(talks, sizeof talks / sizeof talks[0]);
}

static void a_hole_adds_no_finding(void **state)
{
    (void)state;
    talks_hold_with_holes(talks, sizeof talks / sizeof talks[0]);
}

/* clang-format off */
static const struct talk answered_too_often[] = {
    { "a server that split a message that only quotes",
      { T_HELLO, T_MAIL, T_RCPT, T_DATA, { "a\r\n.\nb\r\nc\r\n.\r\n", "250 ok\r\n500 what\r\n500 what\r\n500 what\r\n" }, T_QUIT },
      "0:reply-desync 4:smtp-smuggling 4:bare-lf" },
};
/* clang-format on */

/* Without holes: a reply more or less is another story. */
static void more_replies_than_questions_are_told(void **state)
{
    (void)state;
    talks_hold(answered_too_often, sizeof answered_too_often / sizeof answered_too_often[0]);
}

static const struct talk *talk_named(const char *name)
{
    for (size_t i = 0; i < sizeof talks / sizeof talks[0]; i++)
        if (strcmp(talks[i].name, name) == 0)
            return &talks[i];
    fail_msg("no talk of the name %s", name);
    return NULL;
}

static void confidence_follows_what_was_seen(void **state)
{
    static const struct {
        const char *name;
        enum confidence confidence;
        const char *detail;
    } rows[] = {
        { "LF.LF and an envelope", CONFIDENCE_LIKELY,
          "The form is LF, dot, LF, at octet 2 of the content, and behind it MAIL, RCPT, DATA. "
          "This server did not take it for the end; one behind it may." },
        { "a server that split, and ran the commands", CONFIDENCE_CERTAIN,
          "The form is CR LF, dot, LF, at octet 3 of the content, and behind it MAIL, RCPT, DATA. "
          "The server answered as if the message ended there." },
        { "a server that split before the rest came", CONFIDENCE_CERTAIN,
          "The form is CR LF, dot, LF, at octet 3 of the content, and behind it MAIL, RCPT, DATA. "
          "The server answered as if the message ended there." },
        { "a server that refuses bare LF", CONFIDENCE_LIKELY,
          "The form is LF, dot, LF, at octet 5 of the content, and behind it MAIL, RCPT, DATA. "
          "The server refused the message." },
        { "a server that refuses bare LF and hangs up", CONFIDENCE_LIKELY,
          "The form is LF, dot, LF, at octet 5 of the content, and behind it MAIL, RCPT, DATA. "
          "The server refused the message." },
        { "the begin of an envelope", CONFIDENCE_POSSIBLE,
          "The form is LF, dot, LF, at octet 2 of the content, and behind it MAIL. "
          "This server did not take it for the end; one behind it may." },
        { "an envelope among bare LF", CONFIDENCE_POSSIBLE,
          "The form is LF, dot, LF, at octet 8 of the content, and behind it MAIL, RCPT, DATA. "
          "This server did not take it for the end; one behind it may." },
    };
    struct analyzer *analyzer = analyzer_new(NULL, NULL);

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct analysis *analysis = talk_analyze(analyzer, talk_named(rows[i].name));
        const struct finding *found = NULL;
        for (size_t f = 0; f < analysis->finding_count; f++)
            if (analysis->findings[f].rule == RULE_SMTP_SMUGGLING)
                found = &analysis->findings[f];
        assert_non_null(found);
        assert_int_equal(found->confidence, rows[i].confidence);
        assert_true(bytes_equal(found->detail, bytes_of(rows[i].detail)));
        analysis_free(analysis);
    }
    analyzer_free(analyzer);
}

static void replies_too_many_are_explained(void **state)
{
    struct analyzer *analyzer = analyzer_new(NULL, NULL);
    struct analysis *analysis =
        talk_analyze(analyzer, talk_named("a server that split, and ran the commands"));

    (void)state;
    assert_int_equal(analysis->findings[0].rule, RULE_REPLY_DESYNC);
    assert_int_equal(analysis->findings[0].cause_rule, RULE_SMTP_SMUGGLING);
    assert_int_equal(analysis->findings[0].cause_command, 4);
    analysis_free(analysis);
    analyzer_free(analyzer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_talk_raises_its_findings_and_no_others),
        cmocka_unit_test(a_hole_adds_no_finding),
        cmocka_unit_test(more_replies_than_questions_are_told),
        cmocka_unit_test(confidence_follows_what_was_seen),
        cmocka_unit_test(replies_too_many_are_explained),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
