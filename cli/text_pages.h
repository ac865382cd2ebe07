#ifndef CLI_TEXT_PAGES_H
#define CLI_TEXT_PAGES_H

#include "base/bytes.h"

#include <stdbool.h>

/* Texts that wait, one behind the other in pages: in memory up to a limit, beyond it in an unlinked temporary
 * file, a whole page at a time.  They come and go in nearly the same order, so that a page is read back once.
 */
struct text_pages;
struct text_page;

/* Where a text waits. */
struct text_place {
    struct text_page *page;
    size_t at;
    size_t len;
};

/* NULL without memory.  The limit is of what is held in memory. */
struct text_pages *text_pages_new(size_t limit_bytes);
void text_pages_free(struct text_pages *pages);
/* Copies the text.  False, with errno: neither memory nor file could take it. */
bool text_pages_put(struct text_pages *pages, struct bytes text, struct text_place *place);
/* Borrowed until the next call.  False, with errno: the file could not be read. */
bool text_pages_get(struct text_pages *pages, const struct text_place *place, struct bytes *text);
/* The text waits no more. */
void text_pages_drop(struct text_pages *pages, const struct text_place *place);

#endif
