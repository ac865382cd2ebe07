/* The lists that flows wait in: one a class, least recently touched first, and one by serial. */
#include "tcp/flow.h"

void flow_unlist(struct flow_table *table, uint32_t index)
{
    struct flow *flow = flow_at(table, index);
    struct list *list = &table->lists[flow->list];

    if (flow->previous == NO_FLOW)
        list->first = flow->next;
    else
        flow_at(table, flow->previous)->next = flow->next;
    if (flow->next == NO_FLOW)
        list->last = flow->previous;
    else
        flow_at(table, flow->next)->previous = flow->previous;
}

static void append(struct flow_table *table, uint32_t index, enum flow_list to)
{
    struct flow *flow = flow_at(table, index);
    struct list *list = &table->lists[to];

    flow->list = (uint8_t)to;
    flow->previous = list->last;
    flow->next = NO_FLOW;
    if (list->last == NO_FLOW)
        list->first = index;
    else
        flow_at(table, list->last)->next = index;
    list->last = index;
}

void flow_move(struct flow_table *table, uint32_t index, enum flow_list list)
{
    if (flow_at(table, index)->list < LIST_COUNT)
        flow_unlist(table, index);
    append(table, index, list);
}

void flow_age_add(struct flow_table *table, uint32_t index)
{
    struct flow *flow = flow_at(table, index);

    flow->elder = table->ages.last;
    flow->younger = NO_FLOW;
    if (table->ages.last == NO_FLOW)
        table->ages.first = index;
    else
        flow_at(table, table->ages.last)->younger = index;
    table->ages.last = index;
}

void flow_age_remove(struct flow_table *table, uint32_t index)
{
    struct flow *flow = flow_at(table, index);

    if (flow->elder == index) /* gone already: see below */
        return;
    if (flow->elder == NO_FLOW)
        table->ages.first = flow->younger;
    else
        flow_at(table, flow->elder)->younger = flow->younger;
    if (flow->younger == NO_FLOW)
        table->ages.last = flow->elder;
    else
        flow_at(table, flow->younger)->elder = flow->elder;
    flow->elder = index; /* points to itself: in no list */
}
