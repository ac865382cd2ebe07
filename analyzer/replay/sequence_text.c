/* The words with which servers refuse a command for its place, as their sources spell them. */
#include "replay/sequence_text.h"

struct phrase {
    const char *text;
    enum sequence_text meaning;
};

/* The first that occurs wins: what names the missing step stands before what is general. */
static const struct phrase phrases[] = {
    { "nested MAIL", SEQUENCE_NESTED },               /* Postfix, aiosmtpd, Cyrus */
    { "sender already", SEQUENCE_NESTED },            /* Exim, sendmail, James */
    { "MAIL already given", SEQUENCE_NESTED },        /* Dovecot */
    { "MAIL FROM already", SEQUENCE_NESTED },         /* KumoMTA */
    { "already have MAIL", SEQUENCE_NESTED },         /* mox */
    { "Multiple MAIL commands", SEQUENCE_NESTED },    /* Stalwart */
    { "Issue a reset", SEQUENCE_NESTED },             /* hMailServer */
    { "transaction in progress", SEQUENCE_NESTED },   /* Postfix */
    { "during a mail transaction", SEQUENCE_NESTED }, /* sendmail, Dovecot */
    { "in mail transaction", SEQUENCE_NESTED },       /* Exim */
    { "inside a transaction", SEQUENCE_NESTED },
    { "send HELO", SEQUENCE_NEED_HELLO }, /* Postfix, aiosmtpd, nodemailer */
    { "send EHLO", SEQUENCE_NEED_HELLO },
    { "Polite people say", SEQUENCE_NEED_HELLO },  /* sendmail, Courier, Stalwart */
    { "HELO or EHLO", SEQUENCE_NEED_HELLO },       /* Exim, James */
    { "EHLO/HELO", SEQUENCE_NEED_HELLO },          /* Gmail, Haraka, Postal */
    { "hello first", SEQUENCE_NEED_HELLO },        /* Exchange, qpsmtpd */
    { "introduce yourself", SEQUENCE_NEED_HELLO }, /* go-smtp */
    { "no ehlo/helo yet", SEQUENCE_NEED_HELLO },
    { "need MAIL", SEQUENCE_NEED_MAIL }, /* Postfix, sendmail, aiosmtpd */
    { "MAIL first", SEQUENCE_NEED_MAIL },
    { "MAIL FROM first", SEQUENCE_NEED_MAIL },
    { "MAIL needed", SEQUENCE_NEED_MAIL },
    { "MAIL required", SEQUENCE_NEED_MAIL },
    { "MAIL is required", SEQUENCE_NEED_MAIL },
    { "MAIL command required", SEQUENCE_NEED_MAIL },
    { "MAIL before", SEQUENCE_NEED_MAIL }, /* Haraka, qpsmtpd */
    { "missing MAIL", SEQUENCE_NEED_MAIL },
    { "MAIL must come before", SEQUENCE_NEED_MAIL },
    { "MAIL FROM must be issued", SEQUENCE_NEED_MAIL },
    { "sender not yet given", SEQUENCE_NEED_MAIL }, /* Exim, chasquid */
    { "no sender", SEQUENCE_NEED_MAIL },
    { "must have sender", SEQUENCE_NEED_MAIL },
    { "no current message", SEQUENCE_NEED_MAIL },
    { "no valid recipients", SEQUENCE_NEED_RCPT }, /* Postfix, Dovecot, Haraka */
    { "need RCPT", SEQUENCE_NEED_RCPT },
    { "RCPT first", SEQUENCE_NEED_RCPT },
    { "RCPT required", SEQUENCE_NEED_RCPT },
    { "RCPT is required", SEQUENCE_NEED_RCPT },
    { "missing RCPT", SEQUENCE_NEED_RCPT },
    { "RCPT command must precede", SEQUENCE_NEED_RCPT }, /* Exim */
    { "RCPT TO must be issued", SEQUENCE_NEED_RCPT },
    { "no recipients specified", SEQUENCE_NEED_RCPT },
    { "sequence of commands", SEQUENCE_GENERIC },
    { "bad sequence", SEQUENCE_GENERIC },
    { "out of sequence", SEQUENCE_GENERIC },
    { "out of order", SEQUENCE_GENERIC },
    { "not allowed at this point", SEQUENCE_GENERIC }, /* OpenSMTPD */
    { "ESMTP command error", SEQUENCE_GENERIC },       /* Courier */
    { "only RSET accepted", SEQUENCE_GENERIC },        /* Exim */
    { "issue RSET first", SEQUENCE_GENERIC },          /* Dovecot */
    { "invalid command in this state", SEQUENCE_GENERIC },
};

bool reply_says(const struct reply *reply, struct bytes phrase)
{
    for (uint32_t i = 0; i < reply->line_count; i++)
        if (bytes_find_nocase(reply->lines[i], phrase) != SIZE_MAX)
            return true;
    return false;
}

enum sequence_text sequence_text_of(const struct reply *reply)
{
    for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++)
        if (reply_says(reply, bytes_of(phrases[i].text)))
            return phrases[i].meaning;
    return SEQUENCE_NONE;
}
