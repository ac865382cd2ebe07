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

const char *software_of_greeting(struct bytes text)
{
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
        if (bytes_find_nocase(text, bytes_of(signs[i].text)) != SIZE_MAX)
            return signs[i].name;
    return NULL;
}
