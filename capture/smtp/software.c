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

enum { PAIRS = 1024 };

static unsigned pair_of(uint8_t a, uint8_t b)
{
    return (ascii_upper(a) * 31u + ascii_upper(b)) % PAIRS;
}

/* Nearly every sign is ruled out by its first two letters: they stand nowhere in the text. */
const char *software_of_greeting(struct bytes text)
{
    uint8_t pairs[PAIRS] = { 0 };

    for (size_t i = 0; i + 1 < text.len; i++)
        pairs[pair_of(text.ptr[i], text.ptr[i + 1])] = 1;
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
        if (pairs[pair_of((uint8_t)signs[i].text[0], (uint8_t)signs[i].text[1])]
            && bytes_find_nocase(text, bytes_of(signs[i].text)) != SIZE_MAX)
            return signs[i].name;
    return NULL;
}
