/* Verbs, looked up by their packed letters. */
#include "smtp/verb.h"

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

enum verb verb_parse(struct bytes word)
{
    if (word.len < 4 || word.len > 8) /* ATRN to STARTTLS and XFORWARD */
        return VERB_UNKNOWN;
    uint8_t upper[8];
    for (size_t i = 0; i < word.len; i++)
        upper[i] = ascii_upper(word.ptr[i]);
    for (unsigned verb = VERB_UNKNOWN + 1; verb < VERB_COUNT; verb++) {
        const char *name = names[verb];
        if (name[0] == (char)upper[0] && name[1] == (char)upper[1] && strlen(name) == word.len
            && memcmp(name, upper, word.len) == 0)
            return (enum verb)verb;
    }
    return VERB_UNKNOWN;
}
