#ifndef SMTP_EXTENSION_H
#define SMTP_EXTENSION_H

#include "smtp/verb.h"

/* Service extensions that a server offers in its EHLO reply (RFC 5321 2.2), as bits of a set. */
enum extension {
    EXTENSION_NONE = 0,
#define EXTENSION(name, keyword) EXTENSION_##name,
#include "smtp/extensions.def"
#undef EXTENSION
    EXTENSION_COUNT
};

const char *extension_keyword(enum extension extension);
/* Of the first word of an EHLO line: "SIZE 10240000" is EXTENSION_SIZE, "AUTH=LOGIN" (an old form) AUTH. */
enum extension extension_parse(struct bytes ehlo_line);
/* The extension that a verb needs, or EXTENSION_NONE for the verbs of RFC 5321 itself. */
enum extension extension_of_verb(enum verb verb);

static inline uint64_t extension_bit(enum extension extension)
{
    return UINT64_C(1) << extension;
}

#endif
