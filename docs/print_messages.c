/* print_messages: every text of the tables that a reader may see in his language, one a line, for the
 * catalogues. */
#include <stdio.h>

#include "incident/advice.h"
#include "incident/sequence.h"
#include "rules/auth_outcomes.h"

static void put(struct bytes text)
{
    (void)printf("%.*s\n", (int)text.len, (const char *)text.ptr);
}

static void put_text(const char *text)
{
    put(bytes_of(text));
}

/* Of "RSET|(wait)" the parts that are words for the reader. */
static void put_notes(const char *commands)
{
    struct bytes rest = bytes_of(commands);

    while (rest.len) {
        size_t bar = bytes_find(rest, '|');
        struct bytes part = bytes_slice(rest, 0, bar);
        if (part.ptr[0] == '(')
            put(part);
        rest = bar == SIZE_MAX ? (struct bytes){ NULL, 0 } : bytes_from(rest, bar + 1);
    }
}

static void put_rules(void)
{
    for (unsigned i = RULE_NONE + 1; i < RULE_COUNT; i++) {
        struct advice advice = advice_of((enum rule_id)i, FAULT_NONE, REASON_NONE);
        put_text(rule_of((enum rule_id)i)->title);
        put_text(rule_of((enum rule_id)i)->explanation);
        put_text(rule_of((enum rule_id)i)->remedy);
        put(advice.client);
        put(advice.postmaster);
    }
}

static void put_narrow_advice(void)
{
#define REASON_ADVICE(reason, client, postmaster)               put_text(client), put_text(postmaster);
#define FAULT_ADVICE(rule, fault, client, postmaster)           put_text(client), put_text(postmaster);
#define ENCRYPTION_ADVICE(rule, encryption, client, postmaster) put_text(client), put_text(postmaster);
#define LOGIN_ADVICE(rule, login, client, postmaster)           put_text(client), put_text(postmaster);
#include "incident/advice_narrow.def"
#undef REASON_ADVICE
#undef FAULT_ADVICE
#undef ENCRYPTION_ADVICE
#undef LOGIN_ADVICE
}

static void put_settled(void)
{
#define SETTLED(rule, settled, explanation) put_text(explanation);
#include "incident/settled.def"
#undef SETTLED
}

static void put_reasons(void)
{
    for (unsigned i = REASON_NONE + 1; i < REASON_COUNT; i++)
        put_text(reason_of((enum refusal_reason)i)->words);
}

static void put_sequences(void)
{
#define ORDER(rule, operation, commands) put_notes(commands);
#include "incident/sequence.def"
#undef ORDER
    put_notes(SEQUENCE_FROM_START);
    put_notes(SEQUENCE_MESSAGE);
}

static void put_details(void)
{
#define DETAIL(text) put_text(text);
#include "report/details.def"
#undef DETAIL
}

static void put_codes(void)
{
    for (uint16_t code = 200; code < 600; code++) {
        const struct reply_code_text *text = reply_code_explain(code);
        if (code % 100 == 0 && reply_code_class(code))
            put_text(reply_code_class(code));
        if (!text)
            continue;
        put_text(text->class);
        put_text(text->meaning);
        put_text(text->appears);
        put_text(text->action);
        put_text(text->turn);
    }
}

int main(void)
{
    size_t count;
    const struct auth_outcome *rows = auth_outcomes(&count);

    put_rules();
    put_narrow_advice();
    put_settled();
    put_reasons();
    put_sequences();
    put_details();
    put_codes();
    for (size_t i = 0; i < count; i++)
        put_text(rows[i].says);
    for (unsigned i = SEVERITY_INFO; i < SEVERITY_COUNT; i++)
        put_text(severity_name((enum severity)i));
    for (unsigned i = FAULT_CLIENT; i < FAULT_COUNT; i++)
        put_text(fault_name((enum fault)i));
    return 0;
}
