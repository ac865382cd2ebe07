#ifndef SOURCE_MERGE_H
#define SOURCE_MERGE_H

#include "source/capture_file.h"

/* Captures in order of their next packet: a binary heap, earliest on top, ties by order of inputs. */
struct merge {
    struct capture **heap;
    size_t count;
};

/* `heap` has room for every capture. */
void merge_add(struct merge *merge, struct capture *capture);
/* The capture on top has another packet, or is done. */
void merge_update_top(struct merge *merge);

#endif
