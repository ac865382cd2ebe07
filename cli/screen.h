#ifndef CLI_SCREEN_H
#define CLI_SCREEN_H

#include "base/buf.h"

/* Standard output for whoever watches while it is recorded, and a status line on standard error below it.  A
 * terminal that was stopped or a reader that is slow holds nothing up: what it does not take waits, up to
 * LIMIT_WATCH_TEXT, and is dropped beyond, which is told in its place. */
struct screen {
    struct buf text; /* put here what is to be shown */
    char status[256];
    bool has_status; /* a terminal is there, and wants it */
    bool is_drawn;
    bool waits; /* for the reader, however slow: packets from files can */
    bool has_lost_reader;
};

void screen_init(struct screen *screen, bool has_status, bool waits);
/* Shows what is taken right now. */
void screen_flush(struct screen *screen);
/* Without the status, and waiting `wait_ms` at most; frees what it holds. */
void screen_close(struct screen *screen, int wait_ms);
/* One line, cut to the width of the terminal and renewed; NULL takes it away. */
void screen_status(struct screen *screen, const char *line);

#endif
