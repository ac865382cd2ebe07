#ifndef SUPPORT_RUN_H
#define SUPPORT_RUN_H

#include "rules/rules.h"
#include "tests/support/session_builder.h"

/* Several sessions through one analyzer, one behind the other. */

enum { RUN_DETAIL = 512 };

struct run {
    struct analyzer *analyzer;
    uint32_t serial;
    struct finding last; /* the newest finding that was counted; its detail is in `detail` */
    char detail[RUN_DETAIL];
    struct returned returned; /* of the newest session */
};

void run_begin(struct run *run, struct budget *budget);
void run_end(struct run *run);

/* A session of 192.0.2.`client` to 198.51.100.25 port 25, `at_s` seconds after the others began. */
struct session *run_place(struct run *run, struct session *session, unsigned client, uint64_t at_s);
/* Analyses the session, and says how many findings of this rule it has. */
size_t run_count(struct run *run, struct session *session, enum rule_id rule);
bool run_detail_says(const struct run *run, const char *text);

#endif
