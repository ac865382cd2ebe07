/* A heap of finished texts, smallest serial on top. */
#include "cli/ordered_output.h"

#include "base/limits.h"
#include "cli/text_pages.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { WRITE_BLOCK = 256 * 1024 };

struct waiting {
    uint64_t serial;
    struct text_place place;
};

struct ordered_output {
    int fd;
    int error; /* errno of the first failed write */
    struct buf block;
    struct waiting *heap;
    size_t count;
    size_t cap;
    struct text_pages *texts;
    uint64_t reached;
};

struct ordered_output *ordered_output_new(int fd, struct err *err)
{
    struct ordered_output *output = calloc(1, sizeof *output);

    if (output)
        output->texts = text_pages_new(LIMIT_REORDER_BYTES);
    if (!output || !output->texts) {
        free(output);
        (void)err_set(err, ERR_NOMEM, 0, "no memory for the output");
        return NULL;
    }
    output->fd = fd;
    buf_init(&output->block, LIMIT_OUTPUT_LINE);
    return output;
}

void ordered_output_free(struct ordered_output *output)
{
    if (!output)
        return;
    while (output->count > 0)
        text_pages_drop(output->texts, &output->heap[--output->count].place);
    text_pages_free(output->texts);
    free(output->heap);
    buf_release(&output->block);
    free(output);
}

bool ordered_output_failed(const struct ordered_output *output)
{
    return output->error != 0;
}

static void write_all(struct ordered_output *output, struct bytes text)
{
    for (size_t at = 0; at < text.len && !output->error;) {
        ssize_t n = write(output->fd, text.ptr + at, text.len - at);
        if (n < 0 && errno != EINTR)
            output->error = errno;
        at += n > 0 ? (size_t)n : 0;
    }
}

static void flush(struct ordered_output *output)
{
    write_all(output, buf_bytes(&output->block));
    buf_clear(&output->block);
}

static void emit(struct ordered_output *output, struct bytes text)
{
    if (text.len >= WRITE_BLOCK) { /* as it is: no second copy of what is large */
        flush(output);
        write_all(output, text);
        return;
    }
    if (!buf_append(&output->block, text) && !output->error)
        output->error = ENOMEM;
    if (output->block.len >= WRITE_BLOCK)
        flush(output);
}

static void swap(struct ordered_output *output, size_t a, size_t b)
{
    struct waiting waiting = output->heap[a];

    output->heap[a] = output->heap[b];
    output->heap[b] = waiting;
}

void ordered_output_add(struct ordered_output *output, uint64_t serial, struct bytes text)
{
    struct waiting waiting = { .serial = serial };

    if (serial <= output->reached + 1 && (output->count == 0 || serial < output->heap[0].serial)) {
        emit(output, text);
        return;
    }
    if (output->count == output->cap) {
        size_t cap = output->cap ? output->cap * 2 : 1024;
        struct waiting *heap = realloc(output->heap, cap * sizeof *heap);
        if (!heap) {
            output->error = ENOMEM;
            return;
        }
        output->heap = heap;
        output->cap = cap;
    }
    if (!text_pages_put(output->texts, text, &waiting.place)) {
        output->error = errno ? errno : ENOMEM;
        return;
    }
    size_t at = output->count++;
    output->heap[at] = waiting;
    for (; at > 0 && output->heap[at].serial < output->heap[(at - 1) / 2].serial; at = (at - 1) / 2)
        swap(output, at, (at - 1) / 2);
}

static void emit_top(struct ordered_output *output)
{
    struct waiting top = output->heap[0];

    const struct waiting last = output->heap[--output->count];
    size_t at = 0;
    for (size_t child = 1; child < output->count; child = 2 * at + 1) { /* the hole goes down */
        child += child + 1 < output->count && output->heap[child + 1].serial < output->heap[child].serial;
        if (last.serial <= output->heap[child].serial)
            break;
        output->heap[at] = output->heap[child];
        at = child;
    }
    output->heap[at] = last;
    struct bytes text;
    if (text_pages_get(output->texts, &top.place, &text))
        emit(output, text);
    else if (!output->error)
        output->error = errno ? errno : ENOMEM;
    text_pages_drop(output->texts, &top.place);
}

void ordered_output_reached(struct ordered_output *output, uint64_t serial)
{
    output->reached = serial;
    while (output->count > 0 && output->heap[0].serial <= serial)
        emit_top(output);
}

void ordered_output_append(struct ordered_output *output, struct bytes text)
{
    ordered_output_reached(output, UINT64_MAX - 1);
    emit(output, text);
}

void ordered_output_flush(struct ordered_output *output)
{
    while (output->count > 0)
        emit_top(output);
    flush(output);
}

bool ordered_output_finish(struct ordered_output *output, bool *is_closed, struct err *err)
{
    ordered_output_reached(output, UINT64_MAX - 1);
    flush(output);
    *is_closed = output->error == EPIPE;
    if (output->error)
        return err_set(err, ERR_IO, 0, "standard output: %s", strerror(output->error));
    return true;
}
