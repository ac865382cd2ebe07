#ifndef REPORT_SETTINGS_H
#define REPORT_SETTINGS_H

/* Advice names settings of several servers, "(Postfix: a; Exim: b)", in every language.  Of these the text
 * keeps that of `software` alone, and nothing between the brackets where it is not among them; all where
 * `software` is NULL. */
void settings_keep(char *text, const char *software);

#endif
