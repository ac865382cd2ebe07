#ifndef REPORT_WORDS_H
#define REPORT_WORDS_H

#include <stdbool.h>
#include <stdint.h>

/* Our own texts in the language of the reader, through gettext.  What came from the wire never passes here.
 */

enum language { LANGUAGE_ENGLISH = 0, LANGUAGE_JAPANESE, LANGUAGE_COUNT };

/* The language of all that follows.  `folder` holds the catalogues, as DIR/ja/LC_MESSAGES/smtpscope.mo. False
 * if there is no catalogue of it there: texts stay English. */
bool words_choose(enum language language, const char *folder);
enum language words_language(void);
/* "en", "ja". */
const char *language_code(enum language language);
/* LANGUAGE_COUNT for a code that is none of ours. */
enum language language_find(const char *code);

/* The text in the chosen language, or as it is.  Marks the text for the catalogue. */
const char *words(const char *text);
/* The form for so many. */
const char *words_of(uint64_t count, const char *one, const char *many);

/* Marks a text in a table, which `words` will look up. */
#define WORDS(text) text

#endif
