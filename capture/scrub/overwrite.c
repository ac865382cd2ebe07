/* What is left of a text when its secrets are gone. */
#include "scrub/overwrite.h"

#include <string.h>

enum { WORD_MOST = 20, CODE = 4 };

/* "AUTH PLAIN " stays in front of what follows it. */
static size_t prefix_of(const uint8_t *text, size_t len)
{
    struct bytes line = { text, len };
    size_t blank;

    if (!bytes_starts_nocase(line, BYTES("AUTH ")))
        return 0;
    blank = bytes_find(bytes_from(line, 5), ' ');
    return blank == SIZE_MAX ? 0 : blank + 6;
}

static bool stays(uint8_t c, enum scrub_kind kind)
{
    if (c == '\r' || c == '\n')
        return true;
    return kind == SCRUB_CONTENT ? c == '.' : kind == SCRUB_SECRET && (c == ' ' || c == '=');
}

static size_t line_end(const uint8_t *text, size_t len)
{
    const uint8_t *end = memchr(text, '\n', len);

    return end ? (size_t)(end - text) + 1 : len;
}

void overwrite(uint8_t *text, size_t len, enum scrub_kind kind)
{
    while (len) {
        size_t end = line_end(text, len), at = kind == SCRUB_SECRET ? prefix_of(text, end) : 0;
        if (kind == SCRUB_REPLY)
            at = end < CODE ? end : CODE;
        for (; at < end; at++)
            if (!stays(text[at], kind))
                text[at] = kind == SCRUB_SECRET ? 'A' : 'x'; /* "AA==" is base64 */
        text += end;
        len -= end;
    }
}

/* Words that tell nothing of anybody: verbs, extensions, mechanisms, and what replies are made of. */
static bool is_known(const uint8_t *word, size_t len)
{
    static const char words[] =
        " ehlo helo lhlo mail from rcpt to data bdat last rset noop help vrfy expn quit auth starttls etrn "
        "xclient xforward "
        "size body 8bitmime 7bit binarymime smtputf8 pipelining chunking dsn enhancedstatuscodes login plain "
        "cram md5 "
        "digest scram sha xoauth2 oauthbearer external anonymous ntlm gssapi esmtp smtp lmtp postfix exim "
        "sendmail ok bye end "
        "with cr lf error sender recipient address rejected unknown user in local table bad sequence of "
        "commands need "
        "command nested authentication failed successful access denied relay relaying queued as is not a the "
        "and by for "
        "no such ready service available try again later greylisted mailbox full quota exceeded too many "
        "greeting hello "
        "connection closed timeout syntax parameter refused blocked spam message accepted temporary failure ";
    char sought[WORD_MOST + 3] = " ";
    bool is_number = true;

    for (size_t i = 0; i < len; i++)
        is_number = is_number && ascii_is_digit(word[i]);
    if (is_number)
        return len <= 3; /* codes */
    if (len > WORD_MOST)
        return false;
    for (size_t i = 0; i < len; i++)
        sought[i + 1] = (char)(word[i] >= 'A' && word[i] <= 'Z' ? word[i] + 32 : word[i]);
    sought[len + 1] = ' ';
    return strstr(words, sought) != NULL;
}

static bool is_word(uint8_t c)
{
    uint8_t upper = ascii_upper(c);

    return ascii_is_digit(c) || (upper >= 'A' && upper <= 'Z') || c >= 0x80 || c == 0;
}

void overwrite_names(uint8_t *text, size_t len)
{
    for (size_t at = 0; at < len;) {
        size_t end = at;
        while (end < len && is_word(text[end]))
            end++;
        if (end > at && !is_known(text + at, end - at))
            memset(text + at, 'x', end - at);
        at = end > at ? end : at + 1;
    }
}
