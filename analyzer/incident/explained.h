#ifndef INCIDENT_EXPLAINED_H
#define INCIDENT_EXPLAINED_H

#include "rules/rules.h"

/* The finding of the session that explains this one by a row of explained.def, as an index; UINT32_MAX none.
 */
uint32_t explained_by(const struct analysis *analysis, uint32_t finding);

#endif
