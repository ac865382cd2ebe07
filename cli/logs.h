#ifndef CLI_LOGS_H
#define CLI_LOGS_H

#include "dialogue/dialogue.h"
#include "source/source.h"

/* The way of the text: inputs that are logs, read when packets and recordings are done. */

/* Their sessions go where those of the packets went; returns how many.  What is no log is noted as its
 * input's problem.  `is_live`: lines are told as they come, though they may have been cut or folded. */
uint64_t logs_read(struct source *source, const struct dialogue_options *options, bool is_live,
                   uint64_t *lost);
/* Whether a text that begins so is one: the question of source_options. */
bool logs_are_in(struct bytes head);
/* Whether there are logs and other inputs besides: a session may stand in both. */
bool logs_are_mixed(const struct source *source);

#endif
