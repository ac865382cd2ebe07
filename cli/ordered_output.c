/* A heap of finished texts, smallest serial on top. */
#include "cli/ordered_output.h"

#include "base/limits.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { WRITE_BLOCK = 256 * 1024, PAGE = 64 * 1024, PAGES_KEPT = 16 };

/* Texts that wait lie one behind the other: they come and go in nearly the same order. */
struct page {
    struct page *next; /* idle */
    size_t size;
    size_t used;
    size_t texts; /* that still wait */
    uint8_t memory[];
};

struct waiting {
    uint64_t serial;
    size_t len;
    struct page *page; /* NULL: in the spool */
    off_t at;          /* in the one or the other */
};

struct ordered_output {
    int fd;
    int error; /* errno of the first failed write */
    struct buf block;
    struct waiting *heap;
    size_t count;
    size_t cap;
    size_t held_bytes;
    struct page *page; /* which is being filled */
    struct page *idle;
    size_t idle_count;
    FILE *spool;
    off_t spooled;
    uint64_t reached;
};

struct ordered_output *ordered_output_new(int fd, struct err *err)
{
    struct ordered_output *output = calloc(1, sizeof *output);

    if (!output) {
        (void)err_set(err, ERR_NOMEM, 0, "no memory for the output");
        return NULL;
    }
    output->fd = fd;
    buf_init(&output->block, LIMIT_OUTPUT_LINE);
    return output;
}

static void give_back(struct ordered_output *output, struct page *page)
{
    if (page->size != PAGE || output->idle_count >= PAGES_KEPT) {
        free(page);
        return;
    }
    page->next = output->idle;
    output->idle = page;
    output->idle_count++;
}

/* A page with so much room; NULL without memory. */
static struct page *page_for(struct ordered_output *output, size_t len)
{
    struct page *page = output->page;
    size_t size = len > PAGE ? len : PAGE;

    if (page && len <= page->size - page->used)
        return page;
    struct page *fresh = size == PAGE ? output->idle : NULL;
    if (fresh) {
        output->idle = fresh->next;
        output->idle_count--;
    } else {
        fresh = malloc(sizeof *fresh + size);
        if (!fresh)
            return NULL;
    }
    *fresh = (struct page){ .size = size };
    if (page && page->texts == 0)
        give_back(output, page);
    return output->page = fresh;
}

/* The text waits no more. */
static void drop(struct ordered_output *output, const struct waiting *waiting)
{
    struct page *page = waiting->page;

    if (!page)
        return;
    output->held_bytes -= waiting->len;
    if (--page->texts > 0)
        return;
    page->used = 0;
    if (page != output->page)
        give_back(output, page);
}

void ordered_output_free(struct ordered_output *output)
{
    if (!output)
        return;
    while (output->count > 0)
        drop(output, &output->heap[--output->count]);
    if (output->page)
        free(output->page);
    for (struct page *next; output->idle; output->idle = next) {
        next = output->idle->next;
        free(output->idle);
    }
    if (output->spool)
        (void)fclose(output->spool);
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

static bool spool(struct ordered_output *output, struct waiting *waiting, struct bytes text)
{
    if (!output->spool)
        output->spool = tmpfile();
    if (!output->spool || fseeko(output->spool, output->spooled, SEEK_SET) != 0
        || fwrite(text.ptr, 1, text.len, output->spool) != text.len)
        return false;
    waiting->at = output->spooled;
    output->spooled += (off_t)text.len;
    return true;
}

static bool hold(struct ordered_output *output, struct waiting *waiting, struct bytes text)
{
    if (output->held_bytes + text.len > LIMIT_REORDER_BYTES && spool(output, waiting, text))
        return true;
    struct page *page = page_for(output, text.len);
    if (!page)
        return spool(output, waiting, text);
    waiting->page = page;
    waiting->at = (off_t)page->used;
    if (text.len)
        memcpy(page->memory + page->used, text.ptr, text.len);
    page->used += text.len;
    page->texts++;
    output->held_bytes += text.len;
    return true;
}

void ordered_output_add(struct ordered_output *output, uint64_t serial, struct bytes text)
{
    struct waiting waiting = { .serial = serial, .len = text.len };

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
    if (!hold(output, &waiting, text)) {
        output->error = errno ? errno : ENOMEM;
        return;
    }
    size_t at = output->count++;
    output->heap[at] = waiting;
    for (; at > 0 && output->heap[at].serial < output->heap[(at - 1) / 2].serial; at = (at - 1) / 2)
        swap(output, at, (at - 1) / 2);
}

static void emit_spooled(struct ordered_output *output, const struct waiting *waiting)
{
    uint8_t *to = buf_reserve(&output->block, waiting->len);

    if (!to || fseeko(output->spool, waiting->at, SEEK_SET) != 0
        || fread(to, 1, waiting->len, output->spool) != waiting->len) {
        output->error = output->error ? output->error : EIO;
        return;
    }
    output->block.len += waiting->len;
    if (output->block.len >= WRITE_BLOCK)
        flush(output);
}

static void emit_top(struct ordered_output *output)
{
    struct waiting top = output->heap[0];

    output->heap[0] = output->heap[--output->count];
    for (size_t at = 0;;) {
        size_t least = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < output->count; child++)
            if (output->heap[child].serial < output->heap[least].serial)
                least = child;
        if (least == at)
            break;
        swap(output, at, least);
        at = least;
    }
    if (top.page) {
        emit(output, (struct bytes){ top.page->memory + top.at, top.len });
        drop(output, &top);
    } else {
        emit_spooled(output, &top);
    }
    if (output->count == 0)
        output->spooled = 0;
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
