/* A handler may do no more than set a flag, and end the wait. */
#include "cli/live_signals.h"

#include <signal.h>
#include <stddef.h>

#include "source/live.h"

static volatile sig_atomic_t asked_to_end, asked_to_reopen, asked_to_tell;
static struct live *interrupted; /* for the handler alone */

static void on_signal(int number)
{
    if (number == SIGHUP)
        asked_to_reopen = 1;
    else if (number == SIGUSR1)
        asked_to_tell = 1;
    else
        asked_to_end = 1;
    if (interrupted)
        live_interrupt(interrupted);
}

void live_signals_watch(struct live *live)
{
    static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGUSR1 };
    struct sigaction action = { .sa_handler = on_signal };

    interrupted = live;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        (void)sigaction(numbers[i], &action, NULL);
}

void live_signals_forget(void)
{
    interrupted = NULL;
}

bool live_signals_ask_for_end(void)
{
    return asked_to_end;
}

void live_signals_end(void)
{
    asked_to_end = 1;
}

bool live_signals_wait(void)
{
    return asked_to_reopen || asked_to_tell;
}

static bool take(volatile sig_atomic_t *asked)
{
    bool was_asked = *asked;

    *asked = 0;
    return was_asked;
}

bool live_signals_take_reopen(void)
{
    return take(&asked_to_reopen);
}

bool live_signals_take_tell(void)
{
    return take(&asked_to_tell);
}
