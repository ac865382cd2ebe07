/* The tables of what servers do, and of what their texts mean. */
#include "rules/dialect.h"

#include "replay/sequence_text.h"

enum { ACCEPTS = 250 }; /* stands for every code below 400 */
#define ANY_SERVER NULL

struct dialect {
    const char *server;
    uint16_t code;
    uint8_t situation;
    const char *does;
};

static const struct dialect dialects[] = {
#define DIALECT(server_, situation_, code_, does_)                                                           \
    { .server = (server_), .code = (code_), .situation = SITUATION_##situation_, .does = (does_) },
#include "rules/dialects.def"
#undef DIALECT
};

struct dialect_text {
    const char *server;
    uint8_t situation;
    const char *says;
    const char *means;
};

static const struct dialect_text texts[] = {
#define DIALECT_TEXT(server_, situation_, says_, means_)                                                     \
    { .server = (server_), .situation = SITUATION_##situation_, .says = (says_), .means = (means_) },
#include "rules/dialect_texts.def"
#undef DIALECT_TEXT
};

/* Both are made of the same rows. */
_Static_assert((int)SITUATION_ANY_MISORDER == (int)MISORDER_COUNT, "a situation for each misorder");

enum situation situation_of(enum misorder misorder)
{
    return (unsigned)misorder < MISORDER_COUNT ? (enum situation)(unsigned)misorder : SITUATION_NONE;
}

static bool fits(unsigned row, enum situation situation)
{
    return row == (unsigned)situation
           || (row == SITUATION_ANY_MISORDER && situation > SITUATION_NONE
               && situation < SITUATION_ANY_MISORDER);
}

const char *dialect_of(const char *server, enum situation situation, uint16_t code)
{
    uint16_t wanted = code < 400 ? (uint16_t)ACCEPTS : code;

    for (size_t i = 0; server && i < sizeof dialects / sizeof dialects[0]; i++)
        if (dialects[i].code == wanted && fits(dialects[i].situation, situation)
            && strcmp(dialects[i].server, server) == 0)
            return dialects[i].does;
    return NULL;
}

const char *dialect_text_of(const char *server, enum situation situation, const struct reply *reply)
{
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        bool is_of_server = !texts[i].server || (server && strcmp(texts[i].server, server) == 0);
        if (is_of_server && fits(texts[i].situation, situation) && reply_says(reply, bytes_of(texts[i].says)))
            return texts[i].means;
    }
    return NULL;
}
