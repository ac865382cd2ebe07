/* Catalogues of texts. */
#include "report/words.h"

#include <libintl.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

static const char domain[] = "smtpscope";
static enum language chosen; /* of the whole run: set once, before anything is written */

const char *language_code(enum language language)
{
    static const char *const codes[LANGUAGE_COUNT] = { "en", "ja" };

    return (unsigned)language < LANGUAGE_COUNT ? codes[language] : codes[0];
}

enum language language_find(const char *code)
{
    enum language language = LANGUAGE_ENGLISH;

    while (language < LANGUAGE_COUNT && strcmp(language_code(language), code) != 0)
        language++;
    return language;
}

enum language words_language(void)
{
    return chosen;
}

bool words_choose(enum language language, const char *folder)
{
    chosen = language;
    if (language == LANGUAGE_ENGLISH)
        return true;
    /* LANGUAGE counts in any locale but "C"; this one glibc always has. */
    if (!setlocale(LC_MESSAGES, "C.UTF-8") || setenv("LANGUAGE", language_code(language), 1) != 0
        || !bindtextdomain(domain, folder) || !bind_textdomain_codeset(domain, "UTF-8"))
        return false;
    return dgettext(domain, "At fault") != (const char *)NULL && strcmp(words("At fault"), "At fault") != 0;
}

const char *words(const char *text)
{
    return chosen == LANGUAGE_ENGLISH || !text[0] ? text : dgettext(domain, text);
}

const char *words_of(uint64_t count, const char *one, const char *many)
{
    return chosen == LANGUAGE_ENGLISH ? count == 1 ? one : many
                                      : dngettext(domain, one, many, (unsigned long)count);
}
