#ifndef CLI_LOCALE_FOLDER_H
#define CLI_LOCALE_FOLDER_H

#include "report/words.h"

/* Chooses the language of results; where its catalogue is not found, that is told and English stays. */
void locale_choose(enum language language);

#endif
