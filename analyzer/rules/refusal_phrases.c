/* The known phrases of refusals, found in one pass: at the beginning of each word its first two letters pick
 * the few phrases that may stand there. */
#include "rules/refusal.h"

struct phrase {
    const char *text; /* with "*" behind it: may end inside a word */
    uint8_t len;
    uint8_t reason;
    uint8_t list;
};

enum { LOOKED_AT = 1024 }; /* of one line: the reason stands at its beginning */

/* clang-format off */
enum { A, B, C, D, E, F, G, H, I, J, K, L, M, N, O, P, Q, R, S, T, U, V, W, X, Y, Z, LETTERS };

/* A row is named by its line; a pair by the number of the row behind it. */
#define NAME_OF(line) ROW_##line
#define NAME_AT(line) NAME_OF(line)
enum {
#define PAIR(a, b) FIRST_##a##b, BEFORE_##a##b = FIRST_##a##b - 1,
#define PHRASE(text, reason) NAME_AT(__LINE__),
#define LISTED(text, list) NAME_AT(__LINE__),
#include "rules/refusal_phrases.def"
#undef PAIR
#undef PHRASE
#undef LISTED
    PHRASE_COUNT
};

static const struct phrase phrases[PHRASE_COUNT] = {
#define PAIR(a, b)
#define PHRASE(text, reason) { (text), (uint8_t)(sizeof(text) - 1), REASON_##reason, BLOCK_LIST_NONE },
#define LISTED(text, list) { (text), (uint8_t)(sizeof(text) - 1), REASON_BLOCKLIST, BLOCK_LIST_##list },
#include "rules/refusal_phrases.def"
#undef PAIR
#undef PHRASE
#undef LISTED
};

/* 1 + the first phrase that begins with the two letters; 0: none does. */
static const uint16_t first_phrases[LETTERS][LETTERS] = {
#define PAIR(a, b) [a][b] = FIRST_##a##b + 1,
#define PHRASE(text, reason)
#define LISTED(text, list)
#include "rules/refusal_phrases.def"
#undef PAIR
#undef PHRASE
#undef LISTED
};
/* clang-format on */

static const char *const list_names[BLOCK_LIST_COUNT] = {
#define BLOCK_LIST(name, is_of_domains, title) [BLOCK_LIST_##name] = (title),
#include "rules/block_lists.def"
#undef BLOCK_LIST
};

static const bool lists_of_domains[BLOCK_LIST_COUNT] = {
#define BLOCK_LIST(name, is_of_domains, title) [BLOCK_LIST_##name] = (is_of_domains),
#include "rules/block_lists.def"
#undef BLOCK_LIST
};

const char *block_list_name(enum block_list list)
{
    return (unsigned)list < BLOCK_LIST_COUNT ? list_names[list] : NULL;
}

bool block_list_is_of_domains(enum block_list list)
{
    return (unsigned)list < BLOCK_LIST_COUNT && lists_of_domains[list];
}

/* 0 to 25, or LETTERS. */
static unsigned letter_of(uint8_t c)
{
    unsigned letter = (unsigned)(c | 0x20) - 'a';

    return letter < LETTERS ? letter : LETTERS;
}

static bool is_part(uint8_t c)
{
    return ascii_is_digit(c) || letter_of(c) < LETTERS;
}

/* Behind the phrase neither its last word goes on (unless it may), nor does it turn out a piece of an address
 * or of a host's name. */
static bool ends_there(struct bytes rest, bool is_open, bool is_list)
{
    size_t at = 0;

    while (is_open && at < rest.len && is_part(rest.ptr[at]))
        at++;
    if (at == rest.len)
        return true;
    if (is_part(rest.ptr[at]) || rest.ptr[at] == '@')
        return false;
    return is_list || rest.ptr[at] != '.' || at + 1 == rest.len || !is_part(rest.ptr[at + 1]);
}

/* The longest phrase that the text begins with, or NULL. */
static const struct phrase *phrase_at(struct bytes text, uint8_t before)
{
    unsigned first = letter_of(text.ptr[0]), second = text.len > 1 ? letter_of(text.ptr[1]) : LETTERS;
    size_t at = first < LETTERS && second < LETTERS ? first_phrases[first][second] : 0;
    bool is_host = before == '-' || before == '_' || before == '.';
    const struct phrase *best = NULL;

    for (; at && at <= PHRASE_COUNT; at++) {
        const struct phrase *phrase = &phrases[at - 1];
        bool is_list = phrase->list != BLOCK_LIST_NONE;
        bool is_open = phrase->text[phrase->len - 1] == '*';
        struct bytes body = { (const uint8_t *)phrase->text, phrase->len - (size_t)is_open };
        if ((unsigned)(body.ptr[0] - 'a') != first || (unsigned)(body.ptr[1] - 'a') != second)
            break;
        if (body.len > text.len
            || ((body.ptr[body.len - 1] ^ text.ptr[body.len - 1]) & 0xdf) /* one look for most */
            || (best && phrase->len <= best->len) || (is_host && !is_list)
            || !bytes_starts_nocase(text, body))
            continue;
        if (is_part(body.ptr[body.len - 1]) && !ends_there(bytes_from(text, body.len), is_open, is_list))
            continue;
        best = phrase;
    }
    return best;
}

static void note(struct refusal_signs *signs, const struct phrase *phrase)
{
    enum block_list list = (enum block_list)phrase->list;

    if (list == BLOCK_LIST_NONE) {
        signs->reasons |= reason_bit((enum refusal_reason)phrase->reason);
        return;
    }
    signs->reasons |= reason_bit(block_list_is_of_domains(list) ? REASON_DOMAIN_LIST : REASON_BLOCKLIST);
    if (signs->list == BLOCK_LIST_NONE)
        signs->list = list;
}

/* The names of lists are looked at whole: "dbl.spamhaus.org" is not "spamhaus" as well. */
static void look_at(struct bytes text, struct refusal_signs *signs)
{
    uint8_t before = ' ';

    for (size_t at = 0; at < text.len;) {
        uint8_t c = text.ptr[at];
        bool begins = is_part(c) && !is_part(before) && before != '@';
        const struct phrase *phrase = begins ? phrase_at(bytes_from(text, at), before) : NULL;
        size_t len = 1;
        if (phrase) {
            note(signs, phrase);
            if (phrase->list != BLOCK_LIST_NONE)
                len = phrase->len - 1u;
        }
        at += len;
        before = text.ptr[at - 1];
    }
}

/* Without what stands in <>: "User <bob> unknown" is "User unknown". */
static struct bytes without_addresses(struct bytes text, uint8_t out[LOOKED_AT])
{
    size_t len = 0;

    for (size_t at = 0; at < text.len; at++) {
        size_t end = text.ptr[at] == '<' ? bytes_find(bytes_from(text, at), '>') : SIZE_MAX;
        if (end != SIZE_MAX)
            at += end;
        else if (text.ptr[at] != ' ' || len == 0 || out[len - 1] != ' ')
            out[len++] = text.ptr[at];
    }
    return (struct bytes){ out, len };
}

struct refusal_signs refusal_signs_of(const struct reply *reply)
{
    struct refusal_signs signs = { 0 };
    uint8_t plain[LOOKED_AT];

    for (uint32_t i = 0; i < reply->line_count; i++) {
        struct bytes line = bytes_slice(reply->lines[i], 0, LOOKED_AT);
        bool has_address = bytes_find(line, '<') != SIZE_MAX;
        look_at(has_address ? without_addresses(line, plain) : line, &signs);
    }
    return signs;
}
