/* The one account of memory that the input may use. */
#include "base/budget.h"

void budget_init(struct budget *budget, size_t limit_bytes)
{
    *budget = (struct budget){ .limit_bytes = limit_bytes };
}

void budget_force(struct budget *budget, size_t bytes)
{
    if (!budget)
        return;
    budget->used_bytes += bytes;
    if (budget->used_bytes > budget->peak_bytes)
        budget->peak_bytes = budget->used_bytes;
}

bool budget_take(struct budget *budget, size_t bytes)
{
    if (!budget)
        return true;
    if (budget->used_bytes > budget->limit_bytes || bytes > budget->limit_bytes - budget->used_bytes)
        return false;
    budget_force(budget, bytes);
    return true;
}

void budget_give(struct budget *budget, size_t bytes)
{
    if (budget)
        budget->used_bytes -= bytes < budget->used_bytes ? bytes : budget->used_bytes;
}
