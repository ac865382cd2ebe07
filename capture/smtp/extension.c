/* Which keyword offers which extension, and which verbs need it. */
#include "smtp/extension.h"

#include "smtp/letters.h"

static const char *const keywords[EXTENSION_COUNT] = {
    [EXTENSION_NONE] = "",
#define EXTENSION(name, keyword) [EXTENSION_##name] = keyword,
#include "smtp/extensions.def"
#undef EXTENSION
};

const char *extension_keyword(enum extension extension)
{
    return (unsigned)extension < EXTENSION_COUNT ? keywords[extension] : "";
}

/* The keyword that begins with these letters: no two have their first eight in common. */
static enum extension by_letters(uint64_t letters)
{
#define EXTENSION(name, keyword)                                                                             \
    if (letters == LETTERS(keyword))                                                                         \
        return EXTENSION_##name;
#include "smtp/extensions.def"
#undef EXTENSION
    return EXTENSION_NONE;
}

static size_t keyword_length(struct bytes line)
{
    size_t len = 0;

    while (len < line.len && line.ptr[len] != ' ' && line.ptr[len] != '\t' && line.ptr[len] != '=')
        len++;
    return len;
}

enum extension extension_parse(struct bytes ehlo_line)
{
    struct bytes word = bytes_slice(ehlo_line, 0, keyword_length(ehlo_line));
    enum extension found = by_letters(letters_of(word));

    if (found != EXTENSION_NONE) {
        struct bytes keyword = bytes_of(keywords[found]);
        bool is_it =
            word.len == keyword.len
            && bytes_equal_nocase(bytes_from(word, LETTERS_PACKED), bytes_from(keyword, LETTERS_PACKED));
        return is_it ? found : EXTENSION_NONE;
    }
    /* Exim before 4.95 wrote X_PIPE_CONNECT, and PIPE_CONNECT for a while. */
    if (bytes_equal_nocase(word, BYTES("X_PIPE_CONNECT")) || bytes_equal_nocase(word, BYTES("PIPE_CONNECT")))
        return EXTENSION_PIPECONNECT;
    return EXTENSION_NONE;
}

enum extension extension_of_verb(enum verb verb)
{
    static const uint8_t needs[VERB_COUNT] = {
        [VERB_BDAT] = EXTENSION_CHUNKING,     [VERB_AUTH] = EXTENSION_AUTH,
        [VERB_STARTTLS] = EXTENSION_STARTTLS, [VERB_ETRN] = EXTENSION_ETRN,
        [VERB_ATRN] = EXTENSION_ATRN,         [VERB_XCLIENT] = EXTENSION_XCLIENT,
        [VERB_BURL] = EXTENSION_BURL,         [VERB_XFORWARD] = EXTENSION_XFORWARD,
    };

    return (unsigned)verb < VERB_COUNT ? (enum extension)needs[verb] : EXTENSION_NONE;
}
