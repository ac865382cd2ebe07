/* What the tables of the unit tests say, for others to say again. */
#include "tests/support/write_down.h"

#include <stdio.h>
#include <stdlib.h>

static FILE *file; /* NULL: nobody asked */

void write_down_begin(const char *kind, const char *name)
{
    const char *path = getenv("TALKS_FILE");

    file = path ? fopen(path, "a") : NULL;
    if (file)
        fprintf(file, "%s\t%s", kind, name);
}

static void write_hex(const char *text)
{
    if (!text)
        fputs(":-", file);
    else
        fputc(':', file);
    for (; text && *text; text++)
        fprintf(file, "%02x", (unsigned)(unsigned char)*text);
}

void write_down_step(unsigned flags, const char *sent, const char *answered)
{
    if (!file)
        return;
    fprintf(file, "\t%x", flags);
    write_hex(sent);
    write_hex(answered);
}

void write_down_end(void)
{
    if (file) {
        fputc('\n', file);
        fclose(file);
    }
    file = NULL;
}
