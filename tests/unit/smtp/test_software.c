/* Server software by its greeting. */
#include "smtp/software.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
/* after the four above */
#include <cmocka.h>

static const struct {
    const char *text, *name;
} rows[] = {
    { "mx.example ESMTP Postfix (Debian/GNU)", "Postfix" },
    { "mx.example ESMTP Exim 4.96 Tue, 24 Nov 2026 13:00:00 +0000", "Exim" },
    { "mx.example ESMTP OpenSMTPD", "OpenSMTPD" },
    { "mx.example ESMTP Sendmail 8.17.1/8.17.1/Debian; Tue, 24 Nov 2026 13:00:00 GMT", "Sendmail" },
    { "mx.example Microsoft ESMTP MAIL Service ready at Tue, 24 Nov 2026 13:00:00 +0000", "Exchange" },
    { "mx.google.com ESMTP a1-20020a05600c3ac1si123 - gsmtp", "Gmail" },
    { "dovecot.example Dovecot (Debian) ready.", "Dovecot" },
    { "mx.example ESMTP Haraka/3.0.2 ready", "Haraka" },
    { "laptop Python SMTP 1.4.4", "aiosmtpd" },
    { "uprise ESMTP SubEthaSMTP null", "SubEtha SMTP" },
    { "postfix.example ESMTP Exim 4.96", "Exim" }, /* the domain says nothing */
    { "exim.example ESMTP", NULL },
    { "mail.example Python SMTP proxy version 0.3", "Python smtpd" },
    { "mail.example ESMTP Postal/4A2B3C4D", "Postal" },
    { "Postal Service of example.org ready", NULL },
    { "mail.example SMTP Guerrilla(2.0) #1 (1) now", "go-guerrilla" },
    { "mail.example says welcome!", "midi-smtp-server" },
    { "mail.example says hello", NULL },
    { "mail.example Stalwart ESMTP at your service", "Stalwart" },
    { "mail.example ESMTP mox", "mox" },
    { "mail.example ESMTP chasquid", "chasquid" },
    { "mail.example SMTP Server (JAMES SMTP Server ) ready", "James" },
    { "mail.example ESMTP qpsmtpd 0.94 ready; send us your mail, but not your spam.", "qpsmtpd" },
    { "mail.example Mailpit ESMTP Service ready", "Mailpit" },
    { "mail.example Inbucket SMTP ready", "Inbucket" },
    { "mail.example smtp4dev ready", "smtp4dev" },
    { "mail.example KumoMTA", "KumoMTA" },
    { "mailhog.example ESMTP MailHog", "MailHog" },
    { "/127.0.0.1 GreenMail SMTP Service Ready at port 3025", "GreenMail" },
    { "mail.example Cyrus LMTP 3.4.4 ready", "Cyrus" },
    { "x1.qq.com XMail Esmtp QQ Mail Server.", "QQ Mail" },
    { "mail.example ESMTP server (InterMail vM.8.01)", "OpenWave" },
    { "MVS1 running IBM MVS SMTP CS V2R4 on Tue, 24 Nov 2026", "IBM z/OS" },
    { "mx.example ESMTP maximum security, no smoxing", NULL },
    { "mx.example ESMTP", NULL },
    { "mx.example", NULL },
    { "", NULL },
};

static void greetings_show_their_software_or_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *name = software_of_greeting(bytes_of(rows[i].text));
        print_message("%s\n", rows[i].text);
        assert_int_equal(name != NULL, rows[i].name != NULL);
        if (name)
            assert_string_equal(name, rows[i].name);
    }
}

static const struct {
    const char *text;
    bool is_first;
    const char *name;
} hellos[] = {
    { "mx.example Nice to meet you, [192.0.2.1]", true, "nodemailer" },
    { "mx.example Nice to meet you, dear friend", true, NULL },
    { "mx.example - Your hour of destiny has come", true, "chasquid" },
    { "mx.example you had me at EHLO", true, "Stalwart" },
    { "mx.example Hello c [192.0.2.1]Haraka is at your service.", true, "Haraka" },
    { "mx.example Hello c, haven't we met before?", true, "SmtpServer" },
    { "My capabilities are", false, "Postal" },
    { "mx.example Aloha c.example", true, "KumoMTA" },
    { "aloha.example Hello", true, NULL }, /* the domain */
    { "Great, let's get this show on the road", true, "Inbucket" },
    { "X-ANONYMOUSTLS", false, "Exchange" },
    { "X-EXPS GSSAPI NTLM", false, "Exchange" },
    { "XVERP=Courier", false, "Courier" },
    { "XVERP", false, NULL },
    { "SIZE 10240000", false, NULL },
    { "", false, NULL },
};

static const struct {
    const char *text, *name;
} replies[] = {
    { "2.0.0 Ok: queued as 4F2B11", "Postfix" },
    { "2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 4F2B11",
      NULL }, /* somebody else's words */
    { "OK id=1tF3xQ-000000001Ab-2cDe", "Exim" },
    { "ok id=1", NULL },
    { "Message Queued (6B0F.1)", "Haraka" },
    { "2.0.0 Roger, accepting mail from <a@b>", "go-smtp" },
    { "OK: message queued", "nodemailer" },
    { "Queued! 1700000000 qp 1 <x@y>", "qpsmtpd" },
    { "but you already said HELO ...", "qpsmtpd" },
    { "flushed", "qmail" },
    { "sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", "qmail" },
    { "5.5.1 Invalid command: Command not allowed at this point.", "OpenSMTPD" },
    { "5.5.1 Invalid command: EHLO expected.", NULL },
    { "Issue a reset if you want to start over", "hMailServer" },
    { "ESMTP command error", "Courier" },
    { "5.5.1 Polite people say EHLO first.", "Stalwart" },
    { "5.0.0 Polite people say HELO first", NULL },
    { "5.5.1 already have MAIL", "mox" },
    { "5.5.1 You are already wearing that!", "chasquid" },
    { "5.5.0 MAIL FROM already issued; you must RSET first", "KumoMTA" },
    { "5.5.0 MAIL needed first", "Dovecot" },
    { "EHLO/HELO first please", "Postal" },
    { "5.5.1 EHLO/HELO first. a1 - gsmtp", NULL },
    { "You already told me who the message was from", "smtp4dev" },
    { "MAIL must come before RCPT", "GreenMail" },
    { "Error: need EHLO and AUTH first !", "QQ Mail" },
    { "wrong state for HELO command", "OpenWave" },
    { "Sender must be specified before recipients", "IBM z/OS" },
    { "2.1.0 Ok", NULL },
    { "2.1.0 ", NULL },
    { "", NULL },
};

static void assert_name(const char *text, const char *name, const char *expected)
{
    if ((name != NULL) != (expected != NULL) || (name && strcmp(name, expected) != 0))
        fail_msg("%s: %s", text, name ? name : "nothing");
}

static void what_is_said_later_shows_it_too(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof hellos / sizeof hellos[0]; i++)
        assert_name(hellos[i].text, software_of_hello(bytes_of(hellos[i].text), hellos[i].is_first),
                    hellos[i].name);
    for (size_t i = 0; i < sizeof replies / sizeof replies[0]; i++)
        assert_name(replies[i].text, software_of_reply(bytes_of(replies[i].text)), replies[i].name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_said_later_shows_it_too),
        cmocka_unit_test(greetings_show_their_software_or_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
