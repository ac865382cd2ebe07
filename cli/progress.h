#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/* A bar on standard error: bytes read of all inputs. */
struct progress {
    bool is_on;
    uint64_t next_ns;
    uint64_t start_ns;
    bool is_drawn;
};

void progress_start(struct progress *progress, bool is_on);
/* Draws at most ten times a second; cheap otherwise.  `total` 0: not known. */
void progress_update(struct progress *progress, uint64_t done, uint64_t total, uint64_t packets);
void progress_finish(struct progress *progress);

#endif
