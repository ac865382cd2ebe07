/* The progress bar. */
#include "cli/progress.h"

#include "base/timestamp.h"

#include <stdio.h>
#include <time.h>

enum { BAR = 30 };

static uint64_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * NS_PER_SECOND + (uint64_t)time.tv_nsec;
}

void progress_start(struct progress *progress, bool is_on)
{
    *progress = (struct progress){ .is_on = is_on, .start_ns = now() };
    progress->next_ns = progress->start_ns + 500 * NS_PER_MS; /* short work needs no bar */
}

void progress_update(struct progress *progress, uint64_t done, uint64_t total, uint64_t packets)
{
    if (!progress->is_on)
        return;
    uint64_t time_ns = now();
    if (time_ns < progress->next_ns)
        return;
    progress->next_ns = time_ns + 100 * NS_PER_MS;
    progress->is_drawn = true;
    double seconds = (double)(time_ns - progress->start_ns) / 1e9, rate = (double)done / 1e6 / seconds;
    if (total == 0) {
        (void)fprintf(stderr, "\r\033[K%llu packets, %.1f MB, %.0f MB/s", (unsigned long long)packets,
                      (double)done / 1e6, rate);
        return;
    }
    char bar[BAR + 1];
    double part = (double)done / (double)total;
    for (int i = 0; i < BAR; i++)
        bar[i] = i < (int)(part * BAR) ? '#' : '.';
    bar[BAR] = '\0';
    double left = rate > 0 ? ((double)total - (double)done) / 1e6 / rate : 0;
    (void)fprintf(stderr, "\r\033[K[%s] %3.0f %%  %llu packets  %.0f MB/s  %.0f s left", bar, part * 100,
                  (unsigned long long)packets, rate, left < 0 ? 0 : left);
}

void progress_finish(struct progress *progress)
{
    if (progress->is_drawn)
        (void)fputs("\r\033[K", stderr);
    progress->is_drawn = false;
}
