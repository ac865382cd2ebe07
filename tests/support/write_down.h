#ifndef SUPPORT_WRITE_DOWN_H
#define SUPPORT_WRITE_DOWN_H

/* The dialogues of the unit tests, for tests that say them as packets (tests/support/dialogues.py): appended
 * to the file that TALKS_FILE names, one a line: kind, name and steps, each "flags:sent:answered" in
 * hexadecimal digits with "-" for what is not there, separated by tabs.  Nothing where the variable is not
 * set. */
void write_down_begin(const char *kind, const char *name);
void write_down_step(unsigned flags, const char *sent, const char *answered); /* NULL: nothing */
void write_down_end(void);

#endif
