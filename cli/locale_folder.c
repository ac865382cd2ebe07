/* Where the catalogues are: beside the program, wherever it was put. */
#include "cli/locale_folder.h"

#include "cli/messages.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The folder of the program, with its last slash; empty if it cannot be known. */
static void program_folder(char *out, size_t size)
{
    ssize_t len = readlink("/proc/self/exe", out, size - 1);

    out[len > 0 ? len : 0] = '\0';
    char *slash = strrchr(out, '/');
    if (slash)
        slash[1] = '\0';
    else
        out[0] = '\0';
}

void locale_choose(enum language language)
{
    static const char *const places[] = { "../share/locale", "../locale" }; /* installed, built */
    char folder[2048], path[2200];

    if (language == LANGUAGE_ENGLISH)
        return;
    program_folder(folder, sizeof folder);
    for (size_t i = 0; folder[0] && i < sizeof places / sizeof places[0]; i++) {
        (void)snprintf(path, sizeof path, "%s%s/%s/LC_MESSAGES/smtpscope.mo", folder, places[i],
                       language_code(language));
        if (access(path, R_OK) != 0)
            continue;
        (void)snprintf(path, sizeof path, "%s%s", folder, places[i]);
        if (words_choose(language, path))
            return;
    }
    message("no catalogue of the language '%s' was found beside the program; texts are in English",
            language_code(language));
    (void)words_choose(LANGUAGE_ENGLISH, "");
}
