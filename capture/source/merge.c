/* The heap of captures. */
#include "source/merge.h"

static bool is_before(const struct capture *a, const struct capture *b)
{
    if (a->head.time_ns != b->head.time_ns)
        return a->head.time_ns < b->head.time_ns;
    return a->index < b->index;
}

static void swap(struct merge *merge, size_t a, size_t b)
{
    struct capture *capture = merge->heap[a];

    merge->heap[a] = merge->heap[b];
    merge->heap[b] = capture;
}

void merge_add(struct merge *merge, struct capture *capture)
{
    size_t at = merge->count++;

    merge->heap[at] = capture;
    for (; at > 0 && is_before(merge->heap[at], merge->heap[(at - 1) / 2]); at = (at - 1) / 2)
        swap(merge, at, (at - 1) / 2);
}

static void sink_top(struct merge *merge)
{
    for (size_t at = 0;;) {
        size_t least = at, left = 2 * at + 1;
        for (size_t child = left; child < left + 2 && child < merge->count; child++)
            if (is_before(merge->heap[child], merge->heap[least]))
                least = child;
        if (least == at)
            return;
        swap(merge, at, least);
        at = least;
    }
}

void merge_update_top(struct merge *merge)
{
    if (merge->heap[0]->is_done)
        merge->heap[0] = merge->heap[--merge->count];
    if (merge->count > 1)
        sink_top(merge);
}
