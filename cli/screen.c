/* What a terminal shows: text that scrolls, and one line below it. */
#include "cli/screen.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/limits.h"

enum { USUAL_COLUMNS = 80, FOR_EVER = -1 };

void screen_init(struct screen *screen, bool has_status, bool waits)
{
    *screen = (struct screen){ .has_status = has_status && isatty(STDERR_FILENO), .waits = waits };
    buf_init(&screen->text, LIMIT_WATCH_TEXT);
}

/* As the terminal is now: its window may have changed. */
static int columns_of_terminal(void)
{
    struct winsize window = { 0 };

    return ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 0 ? window.ws_col
                                                                               : USUAL_COLUMNS;
}

static void erase_status(struct screen *screen)
{
    if (screen->is_drawn)
        (void)fputs("\r\033[K", stderr);
    screen->is_drawn = false;
}

/* One line of the terminal at most: what wraps cannot be erased. */
static void draw_status(struct screen *screen)
{
    erase_status(screen);
    if (!screen->status[0])
        return;
    (void)fprintf(stderr, "%.*s", columns_of_terminal() - 1, screen->status);
    screen->is_drawn = true;
}

static bool takes_text(int wait_ms)
{
    struct pollfd output = { .fd = STDOUT_FILENO, .events = POLLOUT };

    return poll(&output, 1, wait_ms) == 1;
}

/* What has room for anything takes so much without waiting (pipe(7)).  How much went. */
static size_t write_some(struct screen *screen, struct bytes text, int wait_ms)
{
    size_t done = 0;

    while (done < text.len && !screen->has_lost_reader && takes_text(wait_ms)) {
        struct bytes piece = bytes_slice(text, done, PIPE_BUF);
        ssize_t n = write(STDOUT_FILENO, piece.ptr, piece.len);
        if (n < 0 && errno != EINTR && errno != EAGAIN)
            screen->has_lost_reader = true;
        done += n > 0 ? (size_t)n : 0;
    }
    return screen->has_lost_reader ? text.len : done;
}

static void drop(struct buf *text)
{
    uint64_t lines = 0;

    for (struct bytes rest = buf_bytes(text); bytes_find(rest, '\n') != SIZE_MAX; lines++)
        rest = bytes_from(rest, bytes_find(rest, '\n') + 1);
    buf_clear(text);
    buf_printf(text, "\n(%llu lines are not shown: they were not taken in time)\n",
               (unsigned long long)lines);
}

static void show(struct screen *screen, int wait_ms)
{
    struct buf *text = &screen->text;

    size_t done = write_some(screen, buf_bytes(text), wait_ms);
    text->len -= done;
    if (text->len > 0)
        memmove(text->ptr, text->ptr + done, text->len);
    if (text->len > LIMIT_WATCH_TEXT / 2 || !text->ok)
        drop(text);
}

void screen_flush(struct screen *screen)
{
    if (screen->text.len == 0 || (!screen->waits && !takes_text(0)))
        return;
    erase_status(screen);
    show(screen, screen->waits ? FOR_EVER : 0);
    draw_status(screen);
}

void screen_close(struct screen *screen, int wait_ms)
{
    screen_status(screen, NULL);
    show(screen, screen->waits ? FOR_EVER : wait_ms);
    buf_release(&screen->text);
}

void screen_status(struct screen *screen, const char *line)
{
    if (!screen->has_status)
        return;
    (void)snprintf(screen->status, sizeof screen->status, "%s", line ? line : "");
    draw_status(screen);
}
