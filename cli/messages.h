#ifndef CLI_MESSAGES_H
#define CLI_MESSAGES_H

#include <stdarg.h>

/* Messages to standard error: "smtpscope: ...".  What came from the wire or a file name is escaped. */

enum exit_status { EXIT_DONE = 0, EXIT_FINDING = 1, EXIT_USAGE = 2, EXIT_TROUBLE = 3 };

void message(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
