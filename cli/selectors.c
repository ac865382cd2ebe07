/* Selectors: --client, --from, --code and the others. */
#include "cli/selectors.h"

#include "base/timestamp.h"

#include <fnmatch.h>
#include <stdlib.h>

static bool parse_value(struct selector *selector, struct err *err)
{
    struct bytes text = bytes_of(selector->text);

    switch (selector->kind) {
    case SELECT_CLIENT:
    case SELECT_SERVER:
        return address_prefix_parse(text, &selector->prefix)
               || err_set(err, ERR_USAGE, 0, "'%s' is no address and no network such as 192.0.2.0/24",
                          selector->text);
    case SELECT_SINCE:
    case SELECT_UNTIL:
        return timestamp_parse(text, &selector->number)
               || err_set(err, ERR_USAGE, 0, "'%s' is no time such as 2026-11-24T13:00:00Z or 2026-11-24",
                          selector->text);
    case SELECT_CODE:
        return (bytes_to_u64(text, &selector->number) && selector->number < 1000)
               || err_set(err, ERR_USAGE, 0, "'%s' is no reply code", selector->text);
    case SELECT_FINDING:
        return rule_find(text) != RULE_NONE
               || err_set(err, ERR_USAGE, 0, "'%s' is no finding; `smtpscope explain` lists them",
                          selector->text);
    case SELECT_VERDICT:
        for (unsigned i = VERDICT_NONE + 1; i < VERDICT_COUNT; i++)
            if (strcmp(verdict_name((enum verdict)i), selector->text) == 0)
                return true;
        return err_set(
            err, ERR_USAGE, 0,
            "'%s' is no verdict; they are ok, refused, misordered, tolerated, consequence, contradicted, "
            "unanswered, undecided",
            selector->text);
    case SELECT_SESSION:
    case SELECT_FROM:
    case SELECT_RCPT:
    case SELECT_HELO:
    case SELECT_IDENTITY:
    case SELECT_QUEUE_ID:
    case SELECT_KIND_COUNT:
        break;
    }
    return true;
}

bool selectors_add(struct selectors *selectors, enum selector_kind kind, const char *text, struct err *err)
{
    struct selector selector = { .kind = kind, .text = text };

    if (selectors->count == SELECTORS_MOST)
        return err_set(err, ERR_USAGE, 0, "more than %d selectors", SELECTORS_MOST);
    if (!parse_value(&selector, err))
        return false;
    selectors->list[selectors->count++] = selector;
    return true;
}

/* Any case, with * and ? as the shell has them; without them the text may stand anywhere. */
static bool text_matches(const char *pattern, struct bytes text)
{
    char copy[1024];

    if (!strpbrk(pattern, "*?["))
        return text.len > 0 && bytes_find_nocase(text, bytes_of(pattern)) != SIZE_MAX;
    size_t len = text.len < sizeof copy - 1 ? text.len : sizeof copy - 1;
    if (len)
        memcpy(copy, text.ptr, len);
    copy[len] = '\0';
    return fnmatch(pattern, copy, FNM_CASEFOLD) == 0;
}

static bool any_transaction(const struct selector *selector, const struct replay *replay)
{
    for (size_t i = 0; i < replay->transaction_count; i++) {
        const struct transaction *transaction = &replay->transactions[i];
        if (selector->kind == SELECT_FROM && text_matches(selector->text, transaction->mail_from))
            return true;
        if (selector->kind == SELECT_QUEUE_ID && text_matches(selector->text, transaction->queue_id))
            return true;
        for (size_t k = 0; selector->kind == SELECT_RCPT && k < transaction->recipient_count; k++)
            if (text_matches(selector->text, transaction->recipients[k].address))
                return true;
    }
    return false;
}

static bool any_identity(const struct selector *selector, const struct session *session)
{
    for (size_t i = 0; i < session->exchange_count; i++)
        if (text_matches(selector->text, sasl_result_of(session, &session->exchanges[i]).identity))
            return true;
    return false;
}

static bool any_code(const struct selector *selector, const struct session *session)
{
    for (size_t i = 0; i < session->item_count; i++)
        if (session->items[i].reply && session->items[i].reply->code == selector->number)
            return true;
    return false;
}

static bool any_verdict(const struct selector *selector, const struct replay *replay)
{
    for (size_t i = 0; i < replay->judgement_count; i++)
        if (strcmp(verdict_name(replay->judgements[i].verdict), selector->text) == 0)
            return true;
    return false;
}

static bool any_finding(const struct selector *selector, const struct analysis *analysis)
{
    enum rule_id rule = rule_find(bytes_of(selector->text));

    for (size_t i = 0; i < analysis->finding_count; i++)
        if (analysis->findings[i].rule == rule)
            return true;
    return false;
}

/* A log may lack the date, or all times. */
static bool is_dated(const struct session *session)
{
    return !session->log || session->log->clock == LOG_CLOCK_FULL;
}

static bool matches(const struct selector *selector, const struct analysis *analysis)
{
    const struct session *session = analysis->session;

    switch (selector->kind) {
    case SELECT_SESSION:
        return strncmp(session->id, selector->text, strlen(selector->text)) == 0;
    case SELECT_CLIENT:
        return address_prefix_holds(&selector->prefix, &session->client.address);
    case SELECT_SERVER:
        return address_prefix_holds(&selector->prefix, &session->server.address);
    case SELECT_SINCE:
        return is_dated(session) && session->end_ns >= selector->number;
    case SELECT_UNTIL:
        return is_dated(session) && session->start_ns <= selector->number;
    case SELECT_FROM:
    case SELECT_RCPT:
    case SELECT_QUEUE_ID:
        return any_transaction(selector, &analysis->replay);
    case SELECT_HELO:
        return text_matches(selector->text, analysis->replay.helo);
    case SELECT_IDENTITY:
        return any_identity(selector, session);
    case SELECT_CODE:
        return any_code(selector, session);
    case SELECT_FINDING:
        return any_finding(selector, analysis);
    case SELECT_VERDICT:
        return any_verdict(selector, &analysis->replay);
    case SELECT_KIND_COUNT:
        break;
    }
    return true;
}

bool selectors_match(const struct selectors *selectors, const struct analysis *analysis)
{
    unsigned wanted = 0, met = 0;

    for (size_t i = 0; i < selectors->count; i++) {
        unsigned bit = 1u << selectors->list[i].kind;
        wanted |= bit;
        if (!(met & bit) && matches(&selectors->list[i], analysis))
            met |= bit;
    }
    return wanted == met;
}

bool selectors_miss_date(const struct selectors *selectors, const struct session *session)
{
    bool asks = false;

    for (size_t i = 0; i < selectors->count; i++)
        asks = asks || selectors->list[i].kind == SELECT_SINCE || selectors->list[i].kind == SELECT_UNTIL;
    return asks && !is_dated(session);
}
