/* What went wrong, in a struct that the caller holds. */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

bool err_set(struct err *err, enum err_code code, uint64_t at, const char *format, ...)
{
    if (!err)
        return false;
    err->code = code;
    err->at = at;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    return false;
}

const char *err_code_name(enum err_code code)
{
    static const char *const names[ERR_CODE_COUNT] = { "none", "io", "input", "limit", "no memory", "usage" };

    return (unsigned)code < ERR_CODE_COUNT ? names[code] : "unknown";
}
