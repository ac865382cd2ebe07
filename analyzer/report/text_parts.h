#ifndef REPORT_TEXT_PARTS_H
#define REPORT_TEXT_PARTS_H

#include "report/report.h"

/* What the formats for people share.  Everything that came from the wire passes escape_text. */

enum tint { TINT_NONE = 0, TINT_ERROR, TINT_WARNING, TINT_GOOD, TINT_FAINT, TINT_STRONG };

void text_tint(const struct report_options *options, enum tint tint, struct buf *out);
void text_untint(const struct report_options *options, struct buf *out);
enum tint text_tint_of(enum severity severity);

/* Wire text, escaped, and cut to `most` characters with "..." behind. */
void text_wire(struct bytes bytes, size_t most, struct buf *out);
/* A paragraph folded to options->columns; it begins at column `indent`, and each further line behind as many
 * blanks. */
/* Ends the line that begins at `from` in `out`, which is escaped and may hold colours: what is beyond the
 * columns goes on below, behind so many blanks. */
void text_end_line(size_t from, size_t indent, const struct report_options *options, struct buf *out);
void text_fold(struct bytes text, size_t indent, const struct report_options *options, struct buf *out);
/* Likewise, by the width that characters have on a terminal: those of East Asia take two columns, and a line
 * may break behind each. */
void text_fold_wide(struct bytes text, size_t indent, const struct report_options *options, struct buf *out);
/* Columns that the text takes. */
size_t text_width(struct bytes text);
void text_blanks(size_t count, struct buf *out);
/* "2026-11-24 13:00:00". */
void text_time(uint64_t time_ns, struct buf *out);
/* When a session began, as far as its log knows, as wide as the above. */
void text_start(const struct session *session, struct buf *out);
/* "192.0.2.1 -> mx.example:25 (swaks, line 3)": addresses, or what a log has in their place. */
void text_ends(const struct session *session, bool with_port, struct buf *out);
/* The client's line, or "(12 octets of a credential)". */
void text_command(const struct command *command, const struct report_options *options, size_t most,
                  struct buf *out);
/* " -> line" and "<-  reply" in the notation of swaks: "<** " is a refusal. */
void text_sent(const struct report_options *options, struct buf *out);
void text_reply(const struct reply *reply, size_t indent, const struct report_options *options,
                bool all_lines, struct buf *out);

#endif
