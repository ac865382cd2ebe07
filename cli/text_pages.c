/* A page is filled, may go to the file and come back, and is over when its last text has gone. */
#include "cli/text_pages.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGE = 64 * 1024, LARGE_PAGE = 2 * 1024 * 1024, PAGES_READ_BACK = 16 };

/* Memory of pages lies in large pages of the system: with small ones, the first touch of each takes longer
 * than to write its text. */
struct block {
    struct block *next;
};

/* Memory of a page that is over. */
struct idle {
    struct idle *next;
};

struct text_page {
    uint8_t *memory; /* NULL: in the file alone */
    off_t at;        /* in the file; -1: not there */
    size_t size;
    size_t used;
    size_t texts; /* that still wait */
};

struct text_pages {
    size_t limit_bytes;
    size_t held_bytes; /* of pages in memory that are not in the file as well */
    struct text_page *open;
    struct idle *idle;
    struct block *blocks;
    size_t block_used; /* octets of the newest */
    struct text_page *read_back[PAGES_READ_BACK];
    size_t next_read_back;
    FILE *file;
    off_t file_end;
    size_t in_file; /* pages */
};

struct text_pages *text_pages_new(size_t limit_bytes)
{
    struct text_pages *pages = calloc(1, sizeof *pages);

    if (pages)
        pages->limit_bytes = limit_bytes;
    return pages;
}

static void give_memory(struct text_pages *pages, struct text_page *page)
{
    if (page->size == PAGE && page->memory) {
        struct idle *idle = (struct idle *)(void *)page->memory;
        idle->next = pages->idle;
        pages->idle = idle;
    } else {
        free(page->memory);
    }
    page->memory = NULL;
}

static void add_block(struct text_pages *pages)
{
    struct block *block = aligned_alloc(LARGE_PAGE, LARGE_PAGE);

    if (!block)
        return;
    (void)madvise(block, LARGE_PAGE, MADV_HUGEPAGE); /* or else, small ones */
    block->next = pages->blocks;
    pages->blocks = block;
    pages->block_used = PAGE; /* the first place holds what links them */
}

static uint8_t *take_place(struct text_pages *pages)
{
    struct idle *idle = pages->idle;

    if (idle) {
        pages->idle = idle->next;
        return (uint8_t *)idle;
    }
    if (!pages->blocks || pages->block_used == LARGE_PAGE)
        add_block(pages);
    if (!pages->blocks || pages->block_used == LARGE_PAGE)
        return NULL;
    uint8_t *place = (uint8_t *)pages->blocks + pages->block_used;
    pages->block_used += PAGE;
    return place;
}

static bool take_memory(struct text_pages *pages, struct text_page *page)
{
    page->memory = page->size == PAGE ? take_place(pages) : malloc(page->size);
    return page->memory != NULL;
}

static struct text_page **place_read_back(struct text_pages *pages, const struct text_page *page)
{
    for (size_t i = 0; i < PAGES_READ_BACK; i++)
        if (pages->read_back[i] == page)
            return &pages->read_back[i];
    return NULL;
}

/* Its last text has gone. */
static void end_page(struct text_pages *pages, struct text_page *page)
{
    struct text_page **place = page->at >= 0 ? place_read_back(pages, page) : NULL;

    if (place)
        *place = NULL;
    if (page->at < 0)
        pages->held_bytes -= page->size;
    else if (--pages->in_file == 0)
        pages->file_end = 0;
    give_memory(pages, page);
    free(page);
}

void text_pages_free(struct text_pages *pages)
{
    if (!pages)
        return;
    if (pages->open)
        end_page(pages, pages->open);
    for (struct block *next; pages->blocks; pages->blocks = next) {
        next = pages->blocks->next;
        free(pages->blocks);
    }
    if (pages->file)
        (void)fclose(pages->file);
    free(pages);
}

static bool write_page(struct text_pages *pages, struct text_page *page)
{
    if (!pages->file)
        pages->file = tmpfile();
    for (size_t done = 0; pages->file && done < page->used;) {
        ssize_t n = pwrite(fileno(pages->file), page->memory + done, page->used - done,
                           pages->file_end + (off_t)done);
        if (n < 0 && errno != EINTR)
            return false;
        done += n > 0 ? (size_t)n : 0;
    }
    return pages->file != NULL;
}

/* A page that is full goes to the file if memory has its share; what came last is wanted last. */
static void close_page(struct text_pages *pages)
{
    struct text_page *page = pages->open;

    pages->open = NULL;
    if (!page)
        return;
    if (page->texts == 0) {
        end_page(pages, page);
        return;
    }
    if (pages->held_bytes <= pages->limit_bytes || !write_page(pages, page))
        return; /* a file that takes no more is no reason to lose what memory has */
    page->at = pages->file_end;
    pages->file_end += (off_t)page->used;
    pages->in_file++;
    pages->held_bytes -= page->size;
    give_memory(pages, page);
}

static bool open_page(struct text_pages *pages, size_t len)
{
    struct text_page *page = malloc(sizeof *page);

    if (!page)
        return false;
    *page = (struct text_page){ .at = -1, .size = len > PAGE ? len : PAGE };
    if (!take_memory(pages, page)) {
        free(page);
        return false;
    }
    pages->held_bytes += page->size;
    pages->open = page;
    return true;
}

bool text_pages_put(struct text_pages *pages, struct bytes text, struct text_place *place)
{
    struct text_page *page = pages->open;

    if (!page || text.len > page->size - page->used) {
        close_page(pages);
        if (!open_page(pages, text.len))
            return false;
        page = pages->open;
    }
    *place = (struct text_place){ .page = page, .at = page->used, .len = text.len };
    if (text.len)
        memcpy(page->memory + page->used, text.ptr, text.len);
    page->used += text.len;
    page->texts++;
    return true;
}

/* Another page that was read back loses its memory: the file still has it. */
static bool read_page(struct text_pages *pages, struct text_page *page)
{
    struct text_page **place = &pages->read_back[pages->next_read_back];

    if (!take_memory(pages, page))
        return false;
    for (size_t done = 0; done < page->used;) {
        ssize_t n =
            pread(fileno(pages->file), page->memory + done, page->used - done, page->at + (off_t)done);
        if (n == 0)
            errno = EIO;
        if (n == 0 || (n < 0 && errno != EINTR)) {
            give_memory(pages, page);
            return false;
        }
        done += n > 0 ? (size_t)n : 0;
    }
    if (*place)
        give_memory(pages, *place);
    *place = page;
    pages->next_read_back = (pages->next_read_back + 1) % PAGES_READ_BACK;
    return true;
}

bool text_pages_get(struct text_pages *pages, const struct text_place *place, struct bytes *text)
{
    if (!place->page->memory && !read_page(pages, place->page))
        return false;
    *text = (struct bytes){ place->page->memory + place->at, place->len };
    return true;
}

void text_pages_drop(struct text_pages *pages, const struct text_place *place)
{
    struct text_page *page = place->page;

    if (--page->texts > 0)
        return;
    if (page == pages->open)
        page->used = 0;
    else
        end_page(pages, page);
}
