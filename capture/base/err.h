#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>
#include <stdint.h>

enum err_code { ERR_NONE = 0, ERR_IO, ERR_INPUT, ERR_LIMIT, ERR_NOMEM, ERR_USAGE, ERR_CODE_COUNT };

/* What went wrong, where (a packet number, an offset or 0), and in words that name the way out.
 * Filled on failure only. */
struct err {
    enum err_code code;
    uint64_t at;
    char text[512];
};

/* Fills `err` (NULL is fine) and returns false, so that a failing function ends with it. */
bool err_set(struct err *err, enum err_code code, uint64_t at, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

const char *err_code_name(enum err_code code);

#endif
