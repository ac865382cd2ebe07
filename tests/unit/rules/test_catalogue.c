/* The catalogue as it is printed: complete, unique, readable, and one with the published list of findings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rules/check.h"
#include "rules/rules.h"

static void every_rule_is_told_in_full(void **state)
{
    (void)state;
    for (unsigned i = RULE_NONE + 1; i < RULE_COUNT; i++) {
        const struct rule *rule = rule_of((enum rule_id)i);
        assert_non_null(rule);
        assert_true(strlen(rule->id) > 3);
        assert_true(strlen(rule->title) > 15 && rule->title[strlen(rule->title) - 1] != '.');
        if (strlen(rule->explanation) <= 60)
            fail_msg("%s is not explained", rule->id);
        assert_int_equal(rule->explanation[strlen(rule->explanation) - 1], '.');
        assert_true(strlen(rule->remedy) > 15);
        assert_int_equal(rule->remedy[strlen(rule->remedy) - 1], '.');
        assert_true(rule->severity > SEVERITY_NONE && rule->severity < SEVERITY_COUNT);
        assert_true(rule->fault > FAULT_NONE && rule->fault < FAULT_COUNT);
        assert_true(strlen(rule->reference) > 3);
    }
    assert_null(rule_of(RULE_NONE));
    assert_null(rule_of(RULE_COUNT));
}

static void ids_are_unique_and_found(void **state)
{
    (void)state;
    for (unsigned i = RULE_NONE + 1; i < RULE_COUNT; i++)
        assert_int_equal(rule_find(bytes_of(rule_of((enum rule_id)i)->id)), i);
    assert_int_equal(rule_find(BYTES("no-such-finding")), RULE_NONE);
    assert_int_equal(rule_find(BYTES("")), RULE_NONE);
}

static void every_misorder_has_its_rule(void **state)
{
    (void)state;
    assert_int_equal(rule_of_misorder(MISORDER_NONE), RULE_NONE);
    for (unsigned i = MISORDER_NONE + 1; i < MISORDER_COUNT; i++) {
        const struct rule *rule = rule_of(rule_of_misorder((enum misorder)i));
        assert_non_null(rule);
        assert_string_equal(rule->id, misorder_id((enum misorder)i));
        assert_true(strcmp(rule->group, "order") == 0 || strcmp(rule->group, "extension") == 0);
    }
}

static const struct rule *rule_with_id(const char *id)
{
    return rule_of(rule_find(bytes_of(id)));
}

/* findings.tsv stands beside the project: id, group, severity, when. */
static void the_catalogue_agrees_with_the_published_list(void **state)
{
    char line[2048];
    unsigned seen = 0;
    FILE *list = fopen("../shared/findings.tsv", "r");

    (void)state;
    if (!list)
        list = fopen(PROJECT_SOURCE_DIR "/../shared/findings.tsv", "r");
    if (!list) {
        print_message("skipped: ../shared/findings.tsv is missing\n");
        skip();
    }
    while (fgets(line, sizeof line, list)) {
        const char *id = strtok(line, "\t"), *group = strtok(NULL, "\t"), *severity = strtok(NULL, "\t");
        const struct rule *rule = id ? rule_with_id(id) : NULL;
        if (!group || strcmp(group, "group") == 0)
            continue; /* the head */
        if (!rule)
            fail_msg("%s has no rule", id);
        seen++;
        assert_string_equal(rule->group, group);
        assert_string_equal(severity_name(rule->severity), severity);
    }
    (void)fclose(list);
    assert_int_equal(seen, RULE_COUNT - 1);
}

static void names_are_complete(void **state)
{
    (void)state;
    assert_string_equal(severity_name(SEVERITY_ERROR), "error");
    assert_string_equal(confidence_name(CONFIDENCE_LIKELY), "likely");
    assert_string_equal(fault_name(FAULT_PATH), "path");
    assert_string_equal(fault_name(FAULT_UNDECIDED), "undecided");
    assert_string_equal(severity_name((enum severity)99), "none");
    assert_string_equal(confidence_name((enum confidence)99), "none");
    assert_string_equal(fault_name((enum fault)99), "none");
}

static void every_reply_code_is_explained(void **state)
{
    static const uint16_t codes[] = { 211, 214, 220, 221, 235, 250, 251, 252, 334, 354, 421, 432, 450,
                                      451, 452, 454, 455, 500, 501, 502, 503, 504, 521, 523, 524, 525,
                                      530, 534, 535, 538, 550, 551, 552, 553, 554, 555, 556 };

    (void)state;
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        const struct reply_code_text *text = reply_code_explain(codes[i]);
        assert_non_null(text);
        assert_int_equal(text->code, codes[i]);
        assert_string_equal(text->class, reply_code_class(codes[i]));
        assert_int_equal(text->class[0] - '0', codes[i] / 100);
        assert_true(text->meaning[0] && text->appears[0] && text->action[0] && text->turn[0]);
    }
    assert_null(reply_code_explain(299));
    assert_string_equal(reply_code_class(299), "2yz, positive completion: done");
    assert_string_equal(reply_code_class(999), "no code of SMTP");
    assert_string_equal(reply_code_class(0), "no code of SMTP");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule_is_told_in_full),
        cmocka_unit_test(ids_are_unique_and_found),
        cmocka_unit_test(every_misorder_has_its_rule),
        cmocka_unit_test(the_catalogue_agrees_with_the_published_list),
        cmocka_unit_test(names_are_complete),
        cmocka_unit_test(every_reply_code_is_explained),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
