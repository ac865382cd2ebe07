#ifndef RULES_CHECK_ATTEMPTS_H
#define RULES_CHECK_ATTEMPTS_H

#include "rules/rules.h"
#include "rules/server_table.h"

/* Inside of rules: see analyzer_judge_attempts. */
void check_attempts(const struct server_table *servers, const struct attempts_row *rows, size_t count,
                    size_t index, struct attempts_verdict *out);

#endif
