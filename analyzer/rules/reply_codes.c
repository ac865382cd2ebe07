/* What the reply codes of SMTP mean, when they come and what to do: the text behind `explain CODE`. */
#include "rules/rules.h"

/* RFC 5321 4.2.1. */
#define CLASS_2 "2yz, positive completion: done"
#define CLASS_3 "3yz, positive intermediate: go on"
#define CLASS_4 "4yz, transient negative: not now"
#define CLASS_5 "5yz, permanent negative: not like this"

static const struct reply_code_text texts[] = {
#define REPLY_CODE(code_, meaning_, appears_, action_, turn_)                                                \
    { .code = (code_),                                                                                       \
      .class = (code_) < 300   ? CLASS_2                                                                     \
               : (code_) < 400 ? CLASS_3                                                                     \
               : (code_) < 500 ? CLASS_4                                                                     \
                               : CLASS_5,                                                                    \
      .meaning = (meaning_),                                                                                 \
      .appears = (appears_),                                                                                 \
      .action = (action_),                                                                                   \
      .turn = (turn_) },
#include "rules/reply_codes.def"
#undef REPLY_CODE
};

const char *reply_code_class(uint16_t code)
{
    static const char *const classes[] = { CLASS_2, CLASS_3, CLASS_4, CLASS_5 };
    unsigned first_digit = code / 100u;

    return first_digit >= 2 && first_digit <= 5 ? classes[first_digit - 2] : "no code of SMTP";
}

const struct reply_code_text *reply_code_explain(uint16_t code)
{
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (texts[i].code == code)
            return &texts[i];
    return NULL;
}
