/* Settings of the server that the reader has. */
#include "report/settings.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static const char *const names[] = { "Postfix: ", "Exim: ", "Dovecot: ", "Sendmail: ", "Exchange: " };

enum { NAME_COUNT = sizeof names / sizeof names[0] };

static const struct brackets {
    const char *open, *close;
} kinds[] = { { "(", ")" }, { "\uff08", "\uff09" } };

static const char *name_at(const char *text)
{
    for (size_t i = 0; i < NAME_COUNT; i++)
        if (strncmp(text, names[i], strlen(names[i])) == 0)
            return names[i];
    return NULL;
}

/* Behind the settings that begin here: at the next server's, or at the end of the brackets. */
static const char *settings_end(const char *at, const char *close)
{
    at++;
    while (at < close && !name_at(at))
        at++;
    return at;
}

static bool ends_in(const char *begin, const char *end, const char *part)
{
    size_t len = strlen(part);

    return (size_t)(end - begin) >= len && memcmp(end - len, part, len) == 0;
}

/* Without what parts them from the next: "; ", or its like in Japanese. */
static const char *without_separator(const char *begin, const char *end)
{
    static const char *const separators[] = { "; ", "\u3001" };

    for (size_t i = 0; i < sizeof separators / sizeof separators[0]; i++)
        if (ends_in(begin, end, separators[i]))
            return end - strlen(separators[i]);
    return end;
}

static bool is_of(const char *name, const char *software)
{
    size_t len = strlen(software);

    return strlen(name) == len + 2 && strncmp(name, software, len) == 0;
}

/* Cuts the text from `open` to `close` down to what is said of `software`; returns where to look on. */
static char *keep(char *open, char *close, const struct brackets *kind, const char *software)
{
    char *begin = open + strlen(kind->open), *rest = close + strlen(kind->close);

    for (const char *at = begin; at < close; at = settings_end(at, close)) {
        if (!is_of(name_at(at), software))
            continue;
        const char *end = settings_end(at, close);
        size_t len = (size_t)((end < close ? without_separator(at, end) : end) - at);
        memmove(begin, at, len);
        memmove(begin + len, close, strlen(close) + 1);
        return begin + len;
    }
    if (open[-1] == ' ')
        open--;
    memmove(open, rest, strlen(rest) + 1);
    return open;
}

void settings_keep(char *text, const char *software)
{
    for (size_t i = 0; software && i < sizeof kinds / sizeof kinds[0]; i++) {
        char *at = text;
        while ((at = strstr(at, kinds[i].open)) != NULL) {
            char *close = strstr(at, kinds[i].close);
            if (at > text && close && name_at(at + strlen(kinds[i].open)))
                at = keep(at, close, &kinds[i], software);
            else
                at++;
        }
    }
}
