/* Sessions moved in time and given to clients, then analysed in turn. */
#include "tests/support/run.h"

#include <stdlib.h>

#include "base/timestamp.h"

void run_begin(struct run *run, struct budget *budget)
{
    *run = (struct run){ .analyzer = analyzer_new(budget, NULL) };
    if (!run->analyzer)
        abort();
}

void run_end(struct run *run)
{
    analyzer_free(run->analyzer);
}

static void move_reply(struct reply *reply, uint64_t by_ns)
{
    if (!reply)
        return;
    reply->first.time_ns += by_ns;
    reply->at.time_ns += by_ns;
}

/* A chunk's replies are those of its BDAT. */
static void move_item(const struct session *session, struct item *item, uint64_t by_ns)
{
    item->first.time_ns += by_ns;
    item->at.time_ns += by_ns;
    if (item->kind == ITEM_CONTENT && session->messages[item->as.content.message].is_bdat)
        return;
    move_reply(item->reply, by_ns);
    for (uint32_t i = 0; i < item->more_count; i++)
        move_reply(item->more_replies[i], by_ns);
}

struct session *run_place(struct run *run, struct session *session, unsigned client, uint64_t at_s)
{
    uint64_t by_ns = at_s * NS_PER_SECOND;

    session->serial = ++run->serial;
    session->client =
        (struct endpoint){ { 4, { 192, 0, 2, (uint8_t)client } }, (uint16_t)(40000 + run->serial) };
    session->server = (struct endpoint){ { 4, { 198, 51, 100, 25 } }, 25 };
    session->start_ns += by_ns;
    session->end_ns += by_ns;
    for (size_t i = 0; i < session->item_count; i++)
        move_item(session, &session->items[i], by_ns);
    for (size_t i = 0; i < session->message_count; i++) {
        session->messages[i].first.time_ns += by_ns;
        session->messages[i].last.time_ns += by_ns;
    }
    for (size_t i = 0; i < session->exchange_count; i++)
        for (size_t k = 0; k < session->exchanges[i].step_count; k++)
            session->exchanges[i].steps[k].at.time_ns += by_ns;
    session_make_id(session);
    return session;
}

size_t run_count(struct run *run, struct session *session, enum rule_id rule)
{
    struct analysis *analysis = analysis_new(run->analyzer, session);
    size_t count = 0;

    if (!analysis)
        return 0;
    for (size_t i = 0; i < analysis->finding_count; i++) {
        if (analysis->findings[i].rule != rule)
            continue;
        count++;
        run->last = analysis->findings[i];
        size_t len = run->last.detail.len < RUN_DETAIL - 1 ? run->last.detail.len : RUN_DETAIL - 1;
        if (len)
            memcpy(run->detail, run->last.detail.ptr, len);
        run->detail[len] = '\0';
        run->last.detail = (struct bytes){ NULL, 0 };
    }
    run->returned = analysis->returned;
    analysis_free(analysis);
    return count;
}

bool run_detail_says(const struct run *run, const char *text)
{
    return strstr(run->detail, text) != NULL;
}
