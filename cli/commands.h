#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/options.h"

/* One function a command; each returns the exit status. */
int cmd_sessions(const struct options *options); /* analyze, show */
int cmd_capture(const struct options *options);
int cmd_keygen(const struct options *options);
int cmd_report(const struct options *options);
int cmd_extract(const struct options *options);
int cmd_explain(const struct options *options);

void help_print(enum command_bit command); /* 0: of the program */
void version_print(void);

#endif
