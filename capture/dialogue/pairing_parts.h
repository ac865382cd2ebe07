#ifndef DIALOGUE_PAIRING_PARTS_H
#define DIALOGUE_PAIRING_PARTS_H

#include "dialogue/state.h"

/* What the files of pairing know of each other. */

/* pairing.c */
/* What was sent right behind an AUTH is held, and may be a question of its own that the server has read. */
bool pairing_holds_question(const struct dialogue *d, uint64_t acked);
/* Whether the reply can be an answer to the question. */
bool pairing_fits(const struct dialogue *d, const struct expectation *expected, const struct reply *reply);
/* Whether it belongs to questions of one kind alone. */
bool pairing_says_its_question(const struct dialogue *d, const struct reply *reply);
/* It answers nothing that is known. */
void pairing_add_stray(struct dialogue *d, struct reply *reply);

/* pairing_answer.c */
/* To the oldest question. */
void pairing_answer(struct dialogue *d, struct reply *reply);
/* By itself. */
void pairing_add_reply_item(struct dialogue *d, enum item_kind kind, struct reply *reply);
bool pairing_answers_begun_line(const struct dialogue *d, const struct reply *reply, uint64_t acked);

/* pairing_holes.c */
bool pairing_is_of_missing(struct dialogue *d, const struct reply *reply, uint64_t acked);
void pairing_take_behind_hole(struct dialogue *d, struct reply *reply);
bool pairing_may_be_amid_line(const struct dialogue *d, const struct reply *reply);
/* Questions cannot be told from each other by counting, until the client begins another flight than its
 * next. */
void pairing_lose_count(struct dialogue *d);

#endif
