#ifndef CLI_KEYLOGS_H
#define CLI_KEYLOGS_H

#include "cli/options.h"
#include "tls/tls_keylog.h"

/* The files of --tls-keylog, and the secrets inside captures: read at the start, and files again while they
 * grow. */

struct keylogs;

/* Opens and reads all files; those of a live capture are followed, also where they are not there yet, are cut
 * or are moved away, and pipes from one writer to the next.  NULL: told. */
struct keylogs *keylogs_open(const struct options *options, struct budget *budget);
/* Of the files that are followed, what they have got since: in time, so that nobody who writes into a pipe
 * waits. */
void keylogs_read_on(struct keylogs *keylogs);
/* Wipes all secrets. */
void keylogs_free(struct keylogs *keylogs);
/* The secrets; NULL while there are none, and none can come from a file. */
struct tls_keylog *keylogs_secrets(struct keylogs *keylogs);
/* Text out of a capture; `is_last` ends it. */
void keylogs_take(struct keylogs *keylogs, struct bytes text, bool is_last);
/* What was wrong with them, never what is in them. */
void keylogs_tell(const struct keylogs *keylogs);

#endif
