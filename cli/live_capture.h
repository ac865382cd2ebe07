#ifndef CLI_LIVE_CAPTURE_H
#define CLI_LIVE_CAPTURE_H

#include "cli/options.h"

/* Records from devices until a signal, --count or an error ends it; the exit status. */
int live_capture(const struct options *options, struct budget *budget);

#endif
