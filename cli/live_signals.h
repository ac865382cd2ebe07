#ifndef CLI_LIVE_SIGNALS_H
#define CLI_LIVE_SIGNALS_H

#include <stdbool.h>

struct live;

/* What a recorder is asked to do by signals, each of which also ends its wait for packets.  One at a time. */
void live_signals_watch(struct live *live);
void live_signals_forget(void);

/* SIGTERM, SIGINT, or live_signals_end: finish, with what is in the kernel's ring, within two seconds. */
bool live_signals_ask_for_end(void);
void live_signals_end(void);
/* There is something to take. */
bool live_signals_wait(void);
/* SIGHUP: a new file in the folder, or the same file opened again.  Once for each time that it came. */
bool live_signals_take_reopen(void);
/* SIGUSR1: counters to standard error. */
bool live_signals_take_tell(void);

#endif
