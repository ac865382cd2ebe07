#ifndef INCIDENT_ROOTS_H
#define INCIDENT_ROOTS_H

#include "rules/rules.h"

/* What the findings of a session come down to: each points to the finding that came first, or to itself.
 *
 * A finding about a command that was out of order, or refused, only because of an earlier one belongs to that
 * one's.  Of several about one command the gravest stands for all, but what crossed in clear, and what the
 * capture lacks, is a matter of its own. */

/* By index in analysis->findings.  In the arena of the analysis; NULL without findings or without memory. */
uint32_t *roots_of(struct analysis *analysis);
/* The most telling finding about a command (n), as an index; UINT32_MAX if there is none. */
uint32_t roots_telling(const struct analysis *analysis, uint32_t command);
/* Whether findings of this kind are matters of their own, beside what went wrong with the mail. */
bool roots_stands_apart(enum rule_id rule);
/* The judgement on a command (n), or NULL. */
const struct judgement *roots_judgement(const struct analysis *analysis, uint32_t command);

#endif
