/* explain: what a reply code means, and what a finding says. */
#include "cli/commands.h"
#include "cli/messages.h"
#include "rules/auth_outcomes.h"

#include <stdio.h>

enum { WIDTH = 80, LABEL = 12 };

/* "label       text", folded. */
static void put(const char *label, const char *text)
{
    size_t column = LABEL;
    struct bytes rest = bytes_of(text);

    (void)printf("%-*s", LABEL, label);
    while (rest.len > 0) {
        size_t space = bytes_find(rest, ' ');
        struct bytes word = bytes_slice(rest, 0, space);
        if (column > LABEL && column + 1 + word.len > WIDTH) {
            (void)printf("\n%*s", LABEL, "");
            column = LABEL;
        } else if (column > LABEL) {
            (void)putchar(' ');
            column++;
        }
        (void)printf("%.*s", (int)word.len, (const char *)word.ptr);
        column += word.len;
        rest = space == SIZE_MAX ? (struct bytes){ NULL, 0 } : bytes_from(rest, space + 1);
    }
    (void)putchar('\n');
}

static void explain_rule(enum rule_id id)
{
    const struct rule *rule = rule_of(id);

    (void)printf("%s: %s\n", rule->id, rule->title);
    put("severity", severity_name(rule->severity));
    put("at fault", fault_name(rule->fault));
    put("what it is", rule->explanation);
    put("to do", rule->remedy);
    put("see", rule->reference);
}

/* The same code to AUTH, by what stands beside it. */
static void explain_outcomes(uint16_t code)
{
    size_t count;
    const struct auth_outcome *rows = auth_outcomes(&count);
    char text[600];

    for (size_t i = 0; i < count; i++) {
        if (rows[i].code != code || (!rows[i].phrase && !rows[i].subject))
            continue;
        int len = rows[i].subject
                      ? snprintf(text, sizeof text, "%u.%u.%u", code / 100, rows[i].subject, rows[i].detail)
                      : 0;
        (void)snprintf(text + len, sizeof text - (size_t)len, "%s%s%s%s: %s",
                       len && rows[i].phrase ? ", " : "", rows[i].phrase ? "\"" : "",
                       rows[i].phrase ? rows[i].phrase : "", rows[i].phrase ? "\"" : "", rows[i].says);
        put("to AUTH", text);
    }
}

static bool explain_code(uint16_t code)
{
    const struct reply_code_text *text = reply_code_explain(code);

    if (!text && !reply_code_class(code))
        return false;
    (void)printf("%u\n", code);
    put("class", text ? text->class : reply_code_class(code));
    if (!text) {
        put("meaning", "no meaning of its own in RFC 5321 and its extensions: the class says what to do");
        return true;
    }
    put("meaning", text->meaning);
    put("when", text->appears);
    put("to do", text->action);
    put("whose turn", text->turn);
    explain_outcomes(code);
    return true;
}

static bool explain_one(const char *word)
{
    enum rule_id rule = rule_find(bytes_of(word));
    uint64_t code;

    if (rule != RULE_NONE) {
        explain_rule(rule);
        return true;
    }
    return bytes_to_u64(bytes_of(word), &code) && code >= 200 && code < 600 && explain_code((uint16_t)code);
}

static void list_all(void)
{
    const char *group = "";

    for (unsigned i = RULE_NONE + 1; i < RULE_COUNT; i++) {
        const struct rule *rule = rule_of((enum rule_id)i);
        if (strcmp(group, rule->group) != 0)
            (void)printf("%s%s\n", *group ? "\n" : "", rule->group);
        group = rule->group;
        (void)printf("  %-28s %-8s %s\n", rule->id, severity_name(rule->severity), rule->title);
    }
}

int cmd_explain(const struct options *options)
{
    int status = EXIT_DONE;

    if (options->input_count == 0)
        list_all();
    for (size_t i = 0; i < options->input_count; i++) {
        if (i)
            (void)putchar('\n');
        if (explain_one(options->inputs[i]))
            continue;
        message("'%s' is no reply code and no finding; `smtpscope explain` lists the findings",
                options->inputs[i]);
        status = EXIT_USAGE;
    }
    if (fflush(stdout) != 0 || ferror(stdout))
        return EXIT_TROUBLE;
    return status;
}
