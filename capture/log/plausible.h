#ifndef LOG_PLAUSIBLE_H
#define LOG_PLAUSIBLE_H

#include "transcript/session.h"

/* Whether what was read as a session is SMTP: FTP, NNTP and others have verbs and codes in common with it,
 * and books quote both.  `is_sure`: a line proved that it is the log of a program. */
bool plausible_is_smtp(const struct session *session, bool is_sure);

#endif
