#ifndef CLI_SCRUBBING_H
#define CLI_SCRUBBING_H

#include "cli/options.h"
#include "rules/rules.h"
#include "scrub/scrubber.h"

/* --scrubbed-pcap: the packets of the selected sessions, without their secrets. */

/* Notes a session, and where its secrets are. */
void scrubbing_note(struct scrubber *scrubber, const struct analysis *analysis, bool hides_content);
/* Reads the inputs again, twice, and writes the file.  False: told. */
bool scrubbing_write(struct scrubber *scrubber, const struct options *options) NODISCARD;

#endif
