#ifndef REPLAY_SEQUENCE_TEXT_H
#define REPLAY_SEQUENCE_TEXT_H

#include "transcript/session.h"

/* What a refusal says about order.  Texts only refine what the phase tells; they never overrule it. */
enum sequence_text {
    SEQUENCE_NONE = 0,
    SEQUENCE_GENERIC, /* "bad sequence of commands" */
    SEQUENCE_NEED_HELLO,
    SEQUENCE_NEED_MAIL, /* the server has no open transaction */
    SEQUENCE_NEED_RCPT,
    SEQUENCE_NESTED, /* it has one */
    SEQUENCE_TEXT_COUNT
};
enum sequence_text sequence_text_of(const struct reply *reply);

/* Whether a line of the reply holds `phrase`, ASCII case ignored. */
bool reply_says(const struct reply *reply, struct bytes phrase);

#endif
