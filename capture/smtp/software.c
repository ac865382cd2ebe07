/* Server software, by what its greeting says. */
#include "smtp/software.h"

struct sign {
    const char *text;
    const char *name;
};

/* The first that occurs wins: the more telling come first. */
static const struct sign signs[] = {
    { "Postfix", "Postfix" },
    { "Exim", "Exim" },
    { "OpenSMTPD", "OpenSMTPD" },
    { "Microsoft ESMTP MAIL Service", "Exchange" },
    { "Microsoft Exchange", "Exchange" },
    { "gsmtp", "Gmail" },
    { "Sendmail", "Sendmail" },
    { "Haraka", "Haraka" },
    { "Dovecot", "Dovecot" },
    { "Python SMTP", "aiosmtpd" },
    { "nodemailer", "nodemailer" },
    { "smtp-server", "nodemailer" },
    { "chasquid", "chasquid" },
    { "Stalwart", "Stalwart" },
    { "hMailServer", "hMailServer" },
    { "qpsmtpd", "qpsmtpd" },
    { "Courier", "Courier" },
    { "JAMES", "James" },
    { "MailHog", "MailHog" },
    { "Mailpit", "Mailpit" },
    { "Inbucket", "Inbucket" },
    { "SubEthaSMTP", "SubEtha SMTP" },
    { "smtp4dev", "smtp4dev" },
    { "Cyrus", "Cyrus" },
    { "KumoMTA", "KumoMTA" },
    { "GreenMail", "GreenMail" },
    { "maddy", "maddy" },
    { "MDaemon", "MDaemon" },
    { "Kerio", "Kerio Connect" },
    { "Lotus Domino", "Domino" },
    { "IceWarp", "IceWarp" },
    { "MailEnable", "MailEnable" },
    { "PowerMTA", "PowerMTA" },
    { "Zimbra", "Zimbra" },
    { "CommuniGate", "CommuniGate" },
    { "mox", "mox" },
};

enum { SIGNS = sizeof signs / sizeof signs[0], LOOKED_AT = 1024 };

static bool is_letter_or_digit(uint8_t c)
{
    return ascii_is_digit(c) || (ascii_upper(c) >= 'A' && ascii_upper(c) <= 'Z');
}

/* The first sign before `best` that the text begins with, or `best`. */
static size_t sign_at(struct bytes text, size_t best)
{
    uint8_t first = ascii_upper(text.ptr[0]);

    for (size_t i = 0; i < best; i++)
        if (ascii_upper((uint8_t)signs[i].text[0]) == first
            && bytes_starts_nocase(text, bytes_of(signs[i].text)))
            return i;
    return best;
}

const char *software_of_greeting(struct bytes text)
{
    size_t blank = bytes_find(text, ' '), best = SIGNS;
    bool in_word = false;

    if (blank != SIZE_MAX) /* behind the domain (RFC 5321 4.3): "postfix.example ESMTP Exim" */
        text = bytes_slice(text, blank, LOOKED_AT);
    /* At the beginning of a word: "mox" is not in "smox", nor "Exim" in "maximum". */
    for (size_t at = 0; at < text.len; at++) {
        bool is_part = is_letter_or_digit(text.ptr[at]);
        if (is_part && !in_word)
            best = sign_at(bytes_from(text, at), best);
        in_word = is_part;
    }
    return best < SIGNS ? signs[best].name : NULL;
}
