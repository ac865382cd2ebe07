#ifndef CLI_PRIVILEGES_H
#define CLI_PRIVILEGES_H

#include "base/bytes.h"
#include "base/err.h"

/* A recorder reads what strangers send: it keeps CAP_NET_RAW, to open a device that comes back, and nothing
 * else. */

/* Once the devices are open: becomes `user` (NULL: stays who it is), keeps CAP_NET_RAW alone of all
 * capabilities, and can never gain any (no_new_privs). */
bool privileges_drop(const char *user, struct err *err) NODISCARD;

/* Once all files are open, before any thread: writing to `paths`, files or beneath folders (NULL-terminated),
 * alone, where the kernel has Landlock; the system calls of a recorder alone (seccomp).  False only if it
 * failed where the kernel has both. */
bool privileges_confine(const char *const *paths, struct err *err) NODISCARD;

#endif
