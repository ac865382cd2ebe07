#ifndef REPORT_DOCUMENT_HTML_H
#define REPORT_DOCUMENT_HTML_H

#include "report/document.h"

/* Parts of HTML outside of documents. */

/* Text for elements and for attributes in double quotes. */
void html_escape(struct bytes text, struct buf *out);
/* Ends a list that was begun by bullets: before anything that is no piece of a document. */
void html_close_list(struct document *document);

#endif
