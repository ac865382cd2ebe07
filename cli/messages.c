/* What the program has to say besides its results. */
#include "cli/messages.h"

#include "base/buf.h"
#include "base/escape.h"

#include <stdio.h>

void message(const char *format, ...)
{
    char text[2048];
    struct buf safe;
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    buf_init(&safe, sizeof text * 8);
    struct bytes rest = bytes_of(text);
    while (rest.len > 0) { /* our own line breaks stay */
        size_t lf = bytes_find(rest, '\n');
        (void)escape_text(bytes_slice(rest, 0, lf), &safe);
        if (lf != SIZE_MAX)
            (void)buf_append_u8(&safe, '\n');
        rest = lf == SIZE_MAX ? (struct bytes){ NULL, 0 } : bytes_from(rest, lf + 1);
    }
    (void)fprintf(stderr, "smtpscope: %.*s\n", (int)safe.len, safe.ptr ? (const char *)safe.ptr : "");
    buf_release(&safe);
}
