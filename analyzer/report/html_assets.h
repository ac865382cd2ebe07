#ifndef REPORT_HTML_ASSETS_H
#define REPORT_HTML_ASSETS_H

#include "base/bytes.h"

/* Style and script of the report, out of html/ of this room: put into the program when it is built. */
extern const struct bytes html_style;
extern const struct bytes html_script;

#endif
