#ifndef LOG_SHAPE_H
#define LOG_SHAPE_H

#include "log/format.h"

/* Dialogues without marks: who speaks is told by the shape of the line. */

/* A line that only a server says here: it has the shape of a reply, and is no content of a message. */
bool shape_is_server(const struct talk *talk, struct bytes text);
/* Says it for the side that it fits. */
void shape_say(struct talk *talk, struct bytes text);
/* A line that begins a dialogue: a greeting, a refusal in its place, or a command. */
bool shape_begins(struct bytes text);
/* Whether a client that knows what it does can say this now: a verb, content, an answer to a 334. */
bool shape_is_plausible(const struct talk *talk, struct bytes text);

#endif
