/* Verbs, looked up by their packed letters. */
#include "smtp/verb.h"

#include "smtp/letters.h"

static const char *const names[VERB_COUNT] = {
    [VERB_UNKNOWN] = "UNKNOWN",
#define VERB(name) [VERB_##name] = #name,
#include "smtp/verbs.def"
#undef VERB
};

const char *verb_name(enum verb verb)
{
    return (unsigned)verb < VERB_COUNT ? names[verb] : names[VERB_UNKNOWN];
}

enum { LETTERS_LEAST = 4, LETTERS_MOST = 8 }; /* ATRN to STARTTLS and XFORWARD */

/* On the way of every line: one comparison of eight letters a verb. */
enum verb verb_parse(struct bytes word)
{
    enum verb found = VERB_UNKNOWN;

    if (word.len < LETTERS_LEAST || word.len > LETTERS_MOST || word.ptr[word.len - 1] == 0)
        return VERB_UNKNOWN; /* "DATA" NUL would pack as "DATA" */
    uint64_t letters = letters_of(word);
#define VERB(name) found = letters == LETTERS(#name) ? VERB_##name : found;
#include "smtp/verbs.def"
#undef VERB
    return found;
}

bool verb_takes_code(enum verb verb, unsigned code)
{
    switch (code) {
    case 220:
        return verb == VERB_STARTTLS || verb == VERB_XCLIENT;
    case 221:
        return verb == VERB_QUIT;
    case 235:
    case 334:
        return verb == VERB_AUTH;
    case 354:
        return verb == VERB_DATA;
    case 530: /* RFC 4954 6 and RFC 3207 4 agree on these alone */
    case 534:
    case 535:
    case 538:
        return verb != VERB_EHLO && verb != VERB_LHLO && verb != VERB_NOOP && verb != VERB_QUIT;
    default:
        return code >= 400
               || (verb != VERB_DATA && verb != VERB_QUIT && verb != VERB_AUTH && verb != VERB_STARTTLS);
    }
}
