/* Scenarios: a table of dialogues, held against what they raise. */
#include "tests/support/scenarios.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/write_down.h"

struct analyzer *new_analyzer(void)
{
    struct analyzer *analyzer = analyzer_new(NULL, NULL);

    assert_non_null(analyzer);
    return analyzer;
}

static size_t count_steps(const struct step *steps)
{
    size_t count = 0;

    while (count < STEPS_MAX && (steps[count].send || steps[count].reply || steps[count].flags))
        count++;
    return count;
}

static void list_findings(const struct analysis *analysis, char *text, size_t size)
{
    size_t len = 0;

    text[0] = '\0';
    for (size_t i = 0; i < analysis->finding_count; i++) {
        const struct finding *finding = &analysis->findings[i];
        int more = snprintf(text + len, size - len, "%s%u:%s", len ? " " : "", (unsigned)finding->command,
                            rule_of(finding->rule)->id);
        assert_true(more > 0 && (size_t)more < size - len);
        len += (size_t)more;
        if (!finding->cause_command)
            continue;
        more = snprintf(text + len, size - len, "<%u", (unsigned)finding->cause_command);
        assert_true(more > 0 && (size_t)more < size - len);
        len += (size_t)more;
    }
}

static void write_down(const struct scenario *row)
{
    write_down_begin(protocol_name(row->protocol), row->name);
    for (size_t i = 0; i < count_steps(row->steps); i++)
        write_down_step(row->steps[i].flags, row->steps[i].send, row->steps[i].reply);
    write_down_end();
}

static void end_with_capture(struct session *session)
{
    session->closed = CLOSE_END_OF_CAPTURE;
}

static void hold(const struct scenario *scenarios, size_t count, void (*end)(struct session *))
{
    for (size_t i = 0; i < count; i++) {
        struct analyzer *analyzer = new_analyzer(); /* each begins without a history */
        const struct scenario *row = &scenarios[i];
        struct session *session = session_build(row->steps, count_steps(row->steps), row->protocol);
        char text[1024];
        write_down(row);
        end(session);
        struct analysis *analysis = analysis_new(analyzer, session);
        assert_non_null(analysis);
        list_findings(analysis, text, sizeof text);
        if (strcmp(text, row->findings) != 0)
            fail_msg("%s: raised \"%s\", not \"%s\"", row->name, text, row->findings);
        analysis_free(analysis);
        analyzer_free(analyzer);
    }
}

static void hold_with_holes(const struct scenario *scenarios, size_t count, void (*end)(struct session *))
{
    for (size_t i = 0; i < count; i++) {
        const struct scenario *row = &scenarios[i];
        size_t step_count = count_steps(row->steps);
        for (size_t at = 1; at < step_count; at++) {
            const struct step *before = &row->steps[at - 1], *lost = &row->steps[at];
            if (!lost->send || lost->flags || (before->reply && before->reply[0] == '3')
                || (lost->reply && lost->reply[0] == '3'))
                continue; /* the dialogue would read on in another way */
            struct step steps[STEPS_MAX];
            memcpy(steps, row->steps, step_count * sizeof steps[0]);
            steps[at] = (struct step){ "", NULL, at % 2 ? STEP_GAP_CLIENT : STEP_GAP_SERVER };
            struct analyzer *analyzer = new_analyzer();
            struct session *session = session_build(steps, step_count, row->protocol);
            end(session);
            struct analysis *analysis = analysis_new(analyzer, session);
            for (size_t f = 0; f < analysis->finding_count; f++) {
                const char *id = rule_of(analysis->findings[f].rule)->id;
                if (!strstr(row->findings, id) && strcmp(id, "capture-loss") != 0
                    && strcmp(id, "connection-lost") != 0)
                    fail_msg("%s: %s without step %zu", row->name, id, at);
            }
            analysis_free(analysis);
            analyzer_free(analyzer);
        }
    }
}

void scenarios_hold(const struct scenario *scenarios, size_t count)
{
    hold(scenarios, count, end_with_capture);
}

void scenarios_hold_with_holes(const struct scenario *scenarios, size_t count)
{
    hold_with_holes(scenarios, count, end_with_capture);
}

void scenarios_hold_ended(const struct scenario *scenarios, size_t count, void (*end)(struct session *))
{
    hold(scenarios, count, end);
    hold_with_holes(scenarios, count, end);
}

const struct finding *find_finding(const struct analysis *analysis, enum rule_id rule)
{
    for (size_t i = 0; i < analysis->finding_count; i++)
        if (analysis->findings[i].rule == rule)
            return &analysis->findings[i];
    return NULL;
}
