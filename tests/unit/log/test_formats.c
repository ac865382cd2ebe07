/* Logs of every format, as short as they can be, and what is read from them. */
#include "log/log_reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/buf.h"

struct context {
    struct buf told; /* all sessions, in the notation of the table below */
};

static void tell_refusal(const struct log_refusal *refusal, struct buf *told)
{
    if (refusal)
        (void)buf_printf(told, "(%s%s%.*s)", refusal->is_temporary ? "for now: " : "",
                         refusal->is_of_message ? "message: " : "", (int)refusal->text.len,
                         (const char *)refusal->text.ptr);
}

/* "220 EHLO=250 AUTH=334 ?=535 TLS MAIL=250*3" : greeting, commands, answers to a 334 (a tilde if the log
 * hides it), where TLS begins, contents (a tilde if the log leaves some of them out), "!" for a command that
 * the log does not hold, "..." behind a reply of which lines may be missing, in brackets what it says of a
 * refusal in place of the reply. */
static void tell_item(struct buf *told, const struct item *item, const struct session *session)
{
    unsigned code = item->reply ? item->reply->code : 0;

    switch (item->kind) {
    case ITEM_GREETING:
        (void)buf_printf(told, " %u", code);
        break;
    case ITEM_COMMAND:
        (void)buf_printf(told, " %.*s%s%s=%u", (int)item->as.command.word.len,
                         (const char *)item->as.command.word.ptr, item->as.command.is_redacted ? "~" : "",
                         item->at.packet.number ? "" : "!", code);
        (void)buf_append_text(told, item->reply && item->reply->lines_dropped ? "..." : "");
        tell_refusal(session_log_refusal(session, item->as.command.n), told);
        break;
    case ITEM_SASL:
        (void)buf_printf(told, " ?%s=%u", item->as.sasl->is_hidden ? "~" : "", code);
        break;
    case ITEM_CONTENT:
        (void)buf_printf(told, " .%s=%u", session->messages[item->as.content.message].is_complete ? "" : "~",
                         code);
        break;
    case ITEM_TLS:
        (void)buf_append_text(told, " TLS");
        break;
    case ITEM_REPLY:
        (void)buf_printf(told, " %u?", code);
        break;
    case ITEM_JUNK:
        (void)buf_append_text(told, " junk");
        break;
    case ITEM_NONE:
    case ITEM_PRELUDE:
    case ITEM_GAP:
    case ITEM_KIND_COUNT:
        break;
    }
}

static void take_session(void *ctx, struct session *session)
{
    struct context *context = ctx;

    (void)buf_append_text(&context->told, context->told.len ? " |" : "");
    for (size_t i = 0; i < session->item_count; i++)
        tell_item(&context->told, &session->items[i], session);
    session_free(session);
}

static void feed(struct log_reader *reader, struct bytes text)
{
    for (size_t lf; text.len > 0;
         text = lf == SIZE_MAX ? (struct bytes){ NULL, 0 } : bytes_from(text, lf + 1)) {
        lf = bytes_find(text, '\n');
        struct bytes line = bytes_slice(text, 0, lf);
        uint8_t *copy =
            malloc(line.len ? line.len : 1); /* of its exact size: a sanitizer sees one octet too far */
        if (line.len)
            memcpy(copy, line.ptr, line.len);
        log_reader_line(reader, (struct bytes){ copy, line.len });
        free(copy);
    }
}

/* Its sessions as text, and by whom it is said to be; NULL: none. */
static const char *read_log(struct bytes text, struct context *context, bool *is_log)
{
    struct budget budget;

    budget_init(&budget, 64 * MIB);
    struct log_reader_options options = { .budget = &budget,
                                          .sink = { .ctx = context, .ended = take_session },
                                          .first_serial = 1 };
    struct log_reader *reader = log_reader_new(&options);
    assert_non_null(reader);
    buf_clear(&context->told);
    log_reader_begin(reader, 0);
    feed(reader, text);
    *is_log = log_reader_end(reader);
    const char *program = log_reader_program(reader);
    log_reader_free(reader);
    assert_int_equal(budget.used_bytes, 0);
    return program;
}

/* clang-format off */
static const struct format_case {
    const char *name, *program, *text, *expect;
} cases[] = {
    { "swaks", "swaks",
      "=== Trying mx.example:25...\n=== Connected to mx.example.\n<-  220 mx.example ESMTP\n -> EHLO c\n<-  250-mx.example\n<-  250 HELP\n"
      " -> MAIL FROM:<a@b>\n<** 550 no\n -> QUIT\n<-  221 bye\n=== Connection closed with remote host.\n",
      " 220 EHLO=250 MAIL=550 QUIT=221" },
    { "swaks with TLS, two runs", "swaks",
      "=== Trying a:25...\n<-  220 a\n -> STARTTLS\n<-  220 go\n=== TLS started with cipher X\n ~> EHLO c\n<~* 550 no\n=== Trying b:25...\n<-  220 b\n -> QUIT\n<-  221 bye\n",
      " 220 STARTTLS=220 TLS EHLO=550 | 220 QUIT=221" },
    { "swaks that hides its content", "swaks",
      "=== Trying a:25...\n<-  220 a\n -> DATA\n<-  354 go\n -> 14 lines sent\n<-  250 ok\n -> QUIT\n<-  221 bye\n",
      " 220 DATA=354 .~=250 QUIT=221" },
    { "smtplib", "smtplib",
      "connect: to ('mx', 25) None\nreply: b'220 mx\\r\\n'\nreply: retcode (220); Msg: b'mx'\nsend: 'ehlo c\\r\\n'\nreply: b'250-mx\\r\\n'\nreply: b'250 HELP\\r\\n'\n"
      "send: 'data\\r\\n'\nreply: b'354 go\\r\\n'\ndata: (354, b'go')\nsend: b'Subject: x\\r\\n\\r\\n250 hello\\r\\n.\\r\\n'\nreply: b'250 ok\\r\\n'\n",
      " 220 ehlo=250 data=354 .=250" },
    { "smtplib with times, quotes in a reply", "smtplib",
      "04:00:11.5 reply: b\"220 it's mx\\r\\n\"\n04:00:11.6 send: 'NOOP\\r\\n'\n04:00:11.7 reply: b'250 ok\\r\\n'\n", " 220 NOOP=250" },
    { "PHPMailer", "PHPMailer",
      "2026-11-24 04:00:32\tSERVER -> CLIENT: 220 mx\n2026-11-24 04:00:32\tCLIENT -> SERVER: EHLO c\n2026-11-24 04:00:32\tSERVER -> CLIENT: 250-mx\n"
      "                   \t                  250-PIPELINING\n                   \t                  250 DSN\n2026-11-24 04:00:32\tCLIENT -> SERVER: AUTH LOGIN\n"
      "2026-11-24 04:00:32\tSERVER -> CLIENT: 334 VXNlcm5hbWU6\n2026-11-24 04:00:32\tCLIENT -> SERVER: [credentials hidden]\n2026-11-24 04:00:32\tSERVER -> CLIENT: 535 no\n",
      " 220 EHLO=250 AUTH=334 ?~=535" },
    { "PHPMailer in html", "PHPMailer",
      "2026-11-24 04:00:32 SERVER -&gt; CLIENT: 220 mx<br>\n2026-11-24 04:00:32 CLIENT -&gt; SERVER: EHLO c<br>\n"
      "2026-11-24 04:00:32 SERVER -&gt; CLIENT: 250-mx250-SIZE 1000250 DSN<br>\n2026-11-24 04:00:32 CLIENT -&gt; SERVER: MAIL FROM:&lt;a@b&gt;<br>\n2026-11-24 04:00:32 SERVER -&gt; CLIENT: 250 ok<br>\n",
      " 220 EHLO=250 MAIL=250" },
    { "Net::SMTP of Perl, two at once", "Net::SMTP",
      "Net::SMTP>>> Net::SMTP(3.14)\nNet::SMTP=GLOB(0x1)<<< 220 a\nNet::SMTP=GLOB(0x2)<<< 220 b\nNet::SMTP=GLOB(0x1)>>> EHLO c\r\nNet::SMTP=GLOB(0x2)>>> QUIT\r\nNet::SMTP=GLOB(0x2)<<< 221 bye\nNet::SMTP=GLOB(0x1)<<< 250 ok\n",
      " 220 QUIT=221 | 220 EHLO=250" },
    { "Net::SMTP of Ruby", "Net::SMTP (Ruby)",
      "Connection opened: mx:25\n-> \"220 mx\\r\\n\"\n<- \"EHLO c\\r\\n\"\n-> \"250 mx\\r\\n\"\n<- \"DATA\\r\\n\"\n-> \"354 go \\\".\\\"\\r\\n\"\nwriting message from String\nwrote 20 bytes\n-> \"250 ok\\r\\n\"\n",
      " 220 EHLO=250 DATA=354 .~=250" },
    { "Nodemailer", "Nodemailer",
      "[2026-11-24 04:02:24] INFO  [x1] Connection established to 192.0.2.1:587\n[2026-11-24 04:02:24] DEBUG [x1] S: 220 mx\n[2026-11-24 04:02:24] DEBUG [x1] C: AUTH PLAIN AGFsaWNlAC8qIHNlY3JldCAqLw==\n[2026-11-24 04:02:24] DEBUG [x1] S: 535 no\n"
      "[2026-11-24 04:02:26] DEBUG [x1] C: DATA\n[2026-11-24 04:02:26] DEBUG [x1] S: 354 go\n[2026-11-24 04:02:26] DEBUG [x1] Subject: x\n[2026-11-24 04:02:26] DEBUG [x1] .\n[2026-11-24 04:02:26] DEBUG [x1] S: 250 ok\n",
      " 220 AUTH~=535 DATA=354 .=250" },
    { "smtp-server", "smtp-server",
      "[2026-11-24 04:05:58] DEBUG [#a] S: 220 mx\n[2026-11-24 04:05:58] DEBUG [#a] C: EHLO c\n[2026-11-24 04:05:58] DEBUG [#a] S: 250-mx\n[2026-11-24 04:05:58] DEBUG [#a] 250 SIZE 1\n[2026-11-24 04:05:59] DEBUG [#a] C: DATA\n[2026-11-24 04:05:59] DEBUG [#a] S: 354 go\n[2026-11-24 04:05:59] DEBUG [#a] C: <75 bytes of DATA>\n[2026-11-24 04:05:59] DEBUG [#a] S: 250 ok\n",
      " 220 EHLO=250 DATA=354 .~=250" },
    { "JavaMail", "JavaMail",
      "DEBUG: JavaMail version 1.6.2\nDEBUG SMTP: trying to connect to host \"mx\", port 25, isSSL false\n220 mx\nDEBUG SMTP: connected to host \"mx\", port: 25\nEHLO c\n250-mx\n250 AUTH LOGIN\nDEBUG SMTP: Found extension \"AUTH\", arg \"LOGIN\"\n"
      "DEBUG SMTP: AUTH LOGIN command trace suppressed\nDEBUG SMTP: AUTH LOGIN failed\njavax.mail.AuthenticationFailedException: 535 5.7.8 no\n\tat com.sun.mail.smtp.SMTPTransport$Authenticator.authenticate(SMTPTransport.java:965)\nQUIT\n221 bye\n",
      " 220 EHLO=250 AUTH~=535 QUIT=221" },
    { "JavaMail, indented", "JavaMail", "   DEBUG SMTP: trying to connect to host \"mx\", port 25, isSSL false\n   220 mx\n   EHLO c\n   250 mx\n   DATA\n   354 go\n   Subject: x\n   \n   hello\n   .\n   250 ok\n", " 220 EHLO=250 DATA=354 .=250" },
    { "JavaMail through a logger", "JavaMail",
      "17:55:09.183 [main] DEBUG com.sun.mail.smtp - trying to connect to host \"mx\", port 25, isSSL false\n17:55:09.190 [main] TRACE com.sun.mail.smtp.protocol - 220 mx\n17:55:09.191 [main] TRACE com.sun.mail.smtp.protocol - EHLO c\n17:55:09.192 [main] TRACE com.sun.mail.smtp.protocol - 250 mx\n",
      " 220 EHLO=250" },
    { "MailKit", "MailKit",
      "Connected to smtp://mx.example:587/?starttls=when-available\nS: 220 mx\nC: EHLO c\nS: 250-mx\nS: 250 AUTH PLAIN\nC: AUTH PLAIN ********\nS: 235 ok\nC: DATA\nS: 354 go\nC: Subject: x\nC: .\nS: 250 ok\n",
      " 220 EHLO=250 AUTH~=235 DATA=354 .=250" },
    { "MailKit with TLS at once", "MailKit", "Connected to smtps://mx.example:465/\nS: 220 mx\nC: QUIT\nS: 221 bye\n", " TLS 220 QUIT=221" },
    { "System.Net.Mail", "System.Net.Mail",
      "System.Net.Sockets Verbose: 0 : [4568] Data from Socket#5::Receive\nSystem.Net.Sockets Verbose: 0 : [4568] 00000000 : 32 32 30 20 6D 78 0D 0A-                        : 220 mx..\n"
      "System.Net.Sockets Verbose: 0 : [4568] Data from Socket#5::Send\nSystem.Net.Sockets Verbose: 0 : [4568] 00000000 : 4E 4F 4F 50 0D 0A : NOOP..\n"
      "System.Net.Sockets Verbose: 0 : [4568] Data from Socket#5::Receive\nSystem.Net.Sockets Verbose: 0 : [4568] 00000000 : 32 35 30 20 6F 6B 0D 0A : 250 ok..\n",
      " 220 NOOP=250" },
    { "msmtp", "msmtp",
      "host = mx\nport = 587\ntls = on\ntls_starttls = on\nreading recipients from the command line\n<-- 220 mx\n--> EHLO c\n<-- 250 mx\n--> STARTTLS\n<-- 220 go\nTLS session parameters:\n    (TLS1.3)\n--> EHLO c\n<-- 250 mx\n",
      " 220 EHLO=250 STARTTLS=220 TLS EHLO=250" },
    { "a mail of Postfix", "Postfix transcript",
      "Subject: Postfix SMTP server: errors from unknown[198.51.100.1]\n\nTranscript of session follows.\n\n Out: 220 mx\n In:  EHLO c\n Out: 250-mx\n Out: 250-AUTH A B\n     C D\n Out: 250 DSN\n In:  DATA\n Out: 354 go\n Out: 554 no\n In:  QUIT\n Out: 221 bye\n\n\nFor other details, see the local mail logfile\n",
      " 220 EHLO=250 DATA=354 .~=554 QUIT=221" },
    { "a mail of Postfix without its head", "Postfix transcript", " Out: 250-DSN\n Out: 250 CHUNKING\n In:  DATA\n Out: 503 no\n In:  QUIT\n Out: 221 bye\n", " 250? DATA=503 QUIT=221" },
    { "a mail of Postfix as client", "Postfix transcript", "Transcript of session follows.\n\n In:  220 mx\n Out: EHLO c\n In:  250 mx\n", " 220 EHLO=250" },
    { "Postfix -v, two at once", "Postfix",
      "Nov 24 04:06:21 mx postfix/smtpd[1]: connect from unknown[192.0.2.1]\nNov 24 04:06:21 mx postfix/smtpd[2]: connect from unknown[192.0.2.2]\nNov 24 04:06:21 mx postfix/smtpd[1]: > unknown[192.0.2.1]: 220 mx\nNov 24 04:06:21 mx postfix/smtpd[2]: > unknown[192.0.2.2]: 220 mx\n"
      "Nov 24 04:06:21 mx postfix/smtpd[2]: < unknown[192.0.2.2]: NOOP\nNov 24 04:06:21 mx postfix/smtpd[1]: < unknown[192.0.2.1]: QUIT\nNov 24 04:06:21 mx postfix/smtpd[2]: > unknown[192.0.2.2]: 250 ok\nNov 24 04:06:21 mx postfix/smtpd[1]: > unknown[192.0.2.1]: 221 bye\nNov 24 04:06:21 mx postfix/smtpd[1]: disconnect from unknown[192.0.2.1]\n",
      " 220 QUIT=221 | 220 NOOP=250" },
    { "Postfix as client", "Postfix", "Nov 24 04:06:21 mx postfix/smtp[1]: < mx[192.0.2.1]:25: 220 mx\nNov 24 04:06:21 mx postfix/smtp[1]: > mx[192.0.2.1]:25: EHLO c\nNov 24 04:06:21 mx postfix/smtp[1]: < mx[192.0.2.1]:25: 250 mx\n", " 220 EHLO=250" },
    { "Postfix without -v, a login whose reply is not told", "Postfix",
      "Nov 24 04:10:15 mx postfix/smtpd[1]: connect from unknown[192.0.2.1]\n"
      "Nov 24 04:10:15 mx postfix/smtpd[1]: warning: unknown[192.0.2.1]: SASL LOGIN authentication failed: UGFzc3dvcmQ6, sasl_username=bob\n", " AUTH~=0(authentication failed:)" },
    { "Postfix without -v, a login with a credential in what it tells", "Postfix",
      "Nov 24 04:10:15 mx postfix/smtpd[1]: connect from unknown[192.0.2.1]\n"
      "Nov 24 04:10:15 mx postfix/smtpd[1]: warning: unknown[192.0.2.1]: SASL PLAIN authentication failed: no AGJvYgBTZWNyZXQtNDIh.\n", " AUTH~=0(authentication failed: no)" },
    { "what Exim rejects without a reply", "Exim log",
      "2026-11-24 04:06:27 H=(c) [192.0.2.1] F=<a@b> temporarily rejected RCPT <x@y>: greylisted\n"
      "2026-11-24 04:06:28 H=(c) [192.0.2.1] F=<a@b> rejected after DATA: a virus\n", " RCPT=0(for now: greylisted) DATA=0(message: a virus)" },
    { "Postfix without -v, a reply of two clauses, and an envelope that is not there", "Postfix",
      "Nov 24 04:10:15 mx postfix/smtpd[1]: connect from unknown[192.0.2.1]\n"
      "Nov 24 04:10:15 mx postfix/smtpd[1]: NOQUEUE: reject: RCPT from unknown[192.0.2.1]: 554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using l.example; from=<a@b> to=<x@y> proto=ESMTP helo=<c>\n"
      "Nov 24 04:10:16 mx postfix/smtpd[1]: NOQUEUE: reject: MAIL from unknown[192.0.2.1]: 552 5.3.4 Message size exceeds fixed limit; proto=ESMTP helo=<c>\n", " RCPT=554 MAIL~=552" },
    { "Postfix without -v", "Postfix", "Nov 24 04:10:15 mx postfix/smtpd[1]: connect from unknown[192.0.2.1]\nNov 24 04:10:15 mx postfix/smtpd[1]: NOQUEUE: reject: RCPT from unknown[192.0.2.1]: 554 5.7.1 <x@y>: Relay access denied; from=<a@b> to=<x@y> proto=ESMTP helo=<c>\n", " RCPT=554" },
    { "Exim as client", "Exim",
      "Connecting to mx [192.0.2.1]:25 ... connected\n  SMTP<< 220 mx\n  SMTP>> EHLO c\n  SMTP<< 250-mx\n         250 HELP\n  SMTP|> MAIL FROM:<a@b>\n  SMTP>> DATA\n  SMTP<< 250 ok\n  SMTP<< 354 go\n  SMTP>> writing message and terminating \".\"\n  SMTP<< 250 ok\n  SMTP+> QUIT\n  SMTP<< 221 bye\n  SMTP(close)>>\n",
      " 220 EHLO=250 MAIL=250 DATA=354 .~=250 QUIT=221" },
    { "Exim as server, of two processes", "Exim", "04:06:15 101 SMTP>> 220 a\n04:06:15 102 SMTP>> 220 b\n04:06:15 101 SMTP<< EHLO c\n04:06:15 102 SMTP<< QUIT\n04:06:15 102 SMTP>> 221 bye\n04:06:15 101 SMTP>> 250 ok\n", " 220 QUIT=221 | 220 EHLO=250" },
    { "Exim's rejectlog", "Exim log", "2026-11-24 04:06:29 H=(c) [192.0.2.1] F=<a@b> rejected RCPT <x@y>: relay not permitted\n", " RCPT=0(relay not permitted)" },
    { "Exim's mainlog with the commands of a connection", "Exim log",
      "2026-11-24 04:06:15.460 [57] SMTP connection from [192.0.2.1]:40011 I=[192.0.2.2]:25 Ci=57 (TCP/IP connection count = 1)\n2026-11-24 04:06:15.582 [57] login authenticator failed for (c) [192.0.2.1]:40011 I=[192.0.2.2]:25 Ci=57: 535 Incorrect authentication data (set_id=alice)\n"
      "2026-11-24 04:06:15.623 [57] SMTP protocol error in \"AUTH GSSAPI\" H=(c) [192.0.2.1]:40011 I=[192.0.2.2]:25 Ci=57 no\n2026-11-24 04:06:15.864 [57] no MAIL in SMTP connection from (c) [192.0.2.1]:40011 I=[192.0.2.2]:25 Ci=57 D=0.403s C=EHLO,AUTH,AUTH,QUIT\n",
      " EHLO~=0 AUTH~=535 AUTH=0 QUIT~=0" },
    { "chasquid", "chasquid", "2026-11-24 04:06:29.640562 _ conn.go:298        SMTP.Conn 192.0.2.1:45629: error: RCPT failed: 503  5.5.1 Sender not yet given\n", " RCPT~=503" },
    { "chasquid, traced", "chasquid", "SMTP.Conn 192.0.2.1:4: -> 220 mx\nSMTP.Conn 192.0.2.1:4: <- EHLO c\nSMTP.Conn 192.0.2.1:4: -> 250 ok\n", " 220 EHLO=250" },
    { "Courier", "Courier", "<22>Nov 24 04:06:34 courieresmtpd: started,ip=[::ffff:192.0.2.1],port=[41417]\n<22>Nov 24 04:06:34 courieresmtpd: error,relay=::ffff:192.0.2.1,port=41417,msg=\"502 ESMTP command error\",cmd: RCPT TO:<b@c>\n", " RCPT=502" },
    { "Haraka", "Haraka", "2026-11-24T04:06:22.586Z [PROTOCOL] [81E5E393-C738] [core] S: 220 mx\n2026-11-24T04:06:22.586Z [PROTOCOL] [81E5E393-C738] [core] C: EHLO c state=1\n2026-11-24T04:06:22.629Z [PROTOCOL] [81E5E393-C738.1] [core] S: 250 ok\n", " 220 EHLO=250" },
    { "aiosmtpd", "aiosmtpd", "DEBUG:mail.log:('192.0.2.1', 44131) << b'220 mx'\nINFO:mail.log:('192.0.2.1', 44131) >> b'DATA'\nDEBUG:mail.log:('192.0.2.1', 44131) << b'354 go'\nDEBUG:mail.log:DATA readline: b'hello\\r\\n'\nDEBUG:mail.log:DATA readline: b'.\\r\\n'\nDEBUG:mail.log:('192.0.2.1', 44131) << b'250 ok'\n", " 220 DATA=354 .=250" },
    { "OpenSMTPD", "OpenSMTPD", "smtp: 0x55c1: >>> 220 mx\nsmtp: 0x55c1: <<< EHLO c\nsmtp: 0x55c1: >>> 250 mx\n", " 220 EHLO=250" },
    { "qpsmtpd", "qpsmtpd", "26 Accepted connection 0/15 from 192.0.2.1 / Unknown\n26 220 mx\n26 dispatching EHLO c\n26 in config(me)\n26 250 mx\n26 dispatching AUTH LOGIN\n26 334 VXNlcm5hbWU6\n26 535 no\n", " 220 EHLO=250 AUTH=334 ?~=535" },
    { "Dovecot's rawlogs", "Dovecot rawlog", "==> a.in <==\n1795493199.777175 LHLO c\n1795493199.999999 QUIT\n\n==> a.out <==\n1795493199.776922 220 mx\n1795493199.777230 250 mx\n1795493200.000000 221 bye\n", " 220 LHLO=250 QUIT=221" },
    { "Dovecot's rawlog of the submission service, which begins behind the login", "Dovecot rawlog", "==> a.in <==\n1795493199.777175 RSET\n\n==> a.out <==\n1795493199.776922 235 2.7.0 Logged in.\n1795493199.777230 250 ok\n", " EHLO!=250... AUTH~!=235 RSET=250" },
    { "double-spaced", "terminal", "Connected to mx.\n\n220 mx ESMTP\n\nEHLO c\n\n250 mx\n\nQUIT\n\n221 bye\n\n", " 220 EHLO=250 QUIT=221" },
    { "padded with blanks", "swaks", "=== Trying a:25...  \n<-  220 a   \n -> AUTH LOGIN \n<-  334 VXNlcm5hbWU6   \n -> YWxpY2U=  \n<** 535 no  \n", " 220 AUTH=334 ?=535" },
    { "a page with tags of its own", "swaks", "<!DOCTYPE html>\n<html><body class=\"x\">\n<pre>\n=== Trying a:25...\n<span>&lt;-  220 a</span>\n -&gt; MAIL FROM:&lt;a@b&gt;\n&lt;-  250 ok</pre></body></html>\n", " 220 MAIL=250" },
    { "set in by a tab", "swaks", "\t=== Trying a:25...\n\t<-  220 a\n\t -> QUIT\n\t<-  221 bye\n", " 220 QUIT=221" },
    { "a syslog in docker compose", "Postfix", "mail-1  | Nov 24 04:06:21 mx postfix/smtpd[1]: < unknown[192.0.2.9]: EHLO c\nmail-1  | Nov 24 04:06:21 mx postfix/smtpd[1]: > unknown[192.0.2.9]: 250 mx\n", " EHLO=250" },
    { "sendmail -v in a mail that is answered", "sendmail", "> bob@mx... Connecting to mx. via esmtp...\n> 220 mx\n> >>> EHLO c\n> 250 HELP\n", " 220 EHLO=250" },
    { "a reply of several lines without a code, in a mail that is answered", "marked lines", "> S: 220 mx\n> C: EHLO c\n> S: 250 mx\n> AUTH PLAIN\n> C: AUTH PLAIN AGEAYg==\n> S: 535 no\n", " 220 EHLO=250 AUTH=535" },
    { "sendmail -X", "sendmail -X", "00099 >>> 220 mx\n00099 <<< DATA\n00099 >>> 354 go\n00099 <<< 250 is text\n00099 <<< .\n00099 >>> 250 ok\n00100 <<< 220 other\n00100 >>> QUIT\n00100 <<< 221 bye\n", " 220 DATA=354 .=250 | 220 QUIT=221" },
    { "sendmail -v", "sendmail", "bob@mx... Connecting to mx. via esmtp...\n220 mx\n>>> EHLO c\n250-mx\n250 HELP\n>>> DATA\n354 go\n>>> .\n250 ok\n>>> QUIT\n221 bye\nClosing connection to mx.\n", " 220 EHLO=250 DATA=354 .~=250 QUIT=221" },
    { "a bounce of sendmail that had pipelined", "sendmail",
      "To: alice@c.example\nSubject: Returned mail\n\n   ----- Transcript of session follows -----\n... while talking to mx.example.:\n>>> DATA\n<<< 550-5.1.1 no\n<<< 550 5.1.1 such user\n550 5.1.1 x@y... User unknown\n"
      "<<< 550 5.1.1 no\n550 5.1.1 <z@y>... User unknown\n<<< 503 5.5.1 need RCPT\n\n--x\n",
      " MAIL!=250... RCPT!=550 RCPT!=550 DATA=0 503?" },
    { "a bounce of sendmail for a content", "sendmail",
      "   ----- Transcript of session follows -----\n... while talking to mx.example.:\n>>> DATA\n<<< 554 5.6.0 no\n554 5.0.0 Service unavailable\n", " DATA=0 554?" },
    { "a bounce of sendmail for the postmaster", "sendmail",
      "Subject: Postmaster notify: see transcript for details\nTo: postmaster@c.example\n\n   ----- Transcript of session follows -----\n... while talking to mx.example.:\n>>> RCPT To:<x@y>\n<<< 550 no\n", " RCPT=550" },
    { "a bounce of Postfix", "bounce",
      "To: alice@c.example\n\n<x@y>: host mx.example[192.0.2.25] said: 550-5.1.1\n    <x@y>: no 550 5.1.1 such user (in reply\n    to RCPT TO command)\n\n"
      "<z@y>: host mx.example[192.0.2.25] said: 550 5.1.1 no (in reply to RCPT TO command)\n\n--x\n",
      " MAIL!=250... RCPT!=550 RCPT!=550" },
    { "a bounce of Postfix for a content, in quoted-printable", "bounce",
      "To: alice@c.example\n\n<x@y>: host mx.example[192.0.2.25] said: 554 5.6.0 no (in re=\nply to\n    end of DATA command)\n\n<z@y>: host mx.example[192.0.2.25] said: 554 5.6.0 no (in reply to end of DATA command)\n",
      " MAIL!=250... RCPT!=0 DATA!=354... .~=554" },
    { "a bounce of Postfix for a login", "bounce", "<x@y>: SASL authentication failed; server mx.example[192.0.2.25]\n    said: 535 5.7.8 no\n", " AUTH~=535" },
    { "a bounce of Postfix that was not let in", "bounce", "<x@y>: host mx.example[192.0.2.25] refused to talk to me: 554 no\n", " 554?" },
    { "a bounce of Postfix from two hosts", "bounce",
      "<x@y>: host a[192.0.2.1] said: 550 no (in reply to MAIL FROM command)\n\n<z@y>: host b[192.0.2.2] said: 550 no (in reply to DATA command)\n",
      " MAIL~=550 | RCPT!=0 DATA=550" },
    { "a bounce of Exim", "bounce",
      "To: alice@c.example\n\n  x@y\n    host mx.example [192.0.2.25]\n    SMTP error from remote mail server after RCPT TO:<x@y>:\n    550 5.1.1 no such user\n", " MAIL!=250... RCPT!=550" },
    { "smtp of Postfix without -v", "Postfix",
      "Nov 24 04:06:13 mx postfix/smtp[123]: 4ABC12: to=<x@y>, relay=mx.example[192.0.2.25]:25, delay=0.1, dsn=5.1.1, status=bounced (host mx.example[192.0.2.25] said: 550 no (in reply to RCPT TO command))\n"
      "Nov 24 04:06:14 mx postfix/smtp[123]: 4ABC13: to=<x@y>, relay=mx.example[192.0.2.25]:587, delay=0.1, dsn=4.7.8, status=deferred (SASL authentication failed; server mx.example[192.0.2.25] said: 535 5.7.8 no)\n",
      " RCPT!=550 | AUTH~=535" },
    { "a bounce of sendmail", "sendmail", "   ----- Transcript of session follows -----\n... while talking to mx.example.:\n>>> RCPT To:<x@y>\n<<< 550 5.1.1 <x@y>... User unknown\n550 5.1.1 <x@y>... User unknown\n", " RCPT=550" },
    { "curl -v", "curl", "*   Trying 192.0.2.1:25...\n* Connected to mx (192.0.2.1) port 25 (#0)\n< 220 mx\r\n> EHLO c\r\n< 250 mx\r\n> EXPN x\r\n< 250 y\r\n* Connection #0 to host mx left intact\n250 y\r\n", " 220 EHLO=250 EXPN=250 QUIT!=0" },
    { "curl --trace-ascii", "curl", "== Info:   Trying 192.0.2.1:25...\n<= Recv header, 66 bytes (0x42)\n0000: 220 012345678901234567890123456789012345678901234567890123456789\n0040: and so on\n=> Send header, 6 bytes (0x6)\n0000: QUIT\n<= Recv header, 9 bytes (0x9)\n0000: 221 bye\n", " 220 QUIT=221" },
    { "curl --trace", "curl", "== Info:   Trying 192.0.2.1:25...\n<= Recv header, 8 bytes (0x8)\n0000: 32 32 30 20 6d 78 0d 0a                         220 mx..\n=> Send header, 6 bytes (0x6)\n0000: 4e 4f 4f 50 0d 0a                               NOOP..\n<= Recv header, 8 bytes (0x8)\n0000: 32 35 30 20 6f 6b 0d 0a                         250 ok..\n", " 220 NOOP=250" },
    { "telnet", "terminal", "alice@c:~$ telnet mx 25\r\nTrying 192.0.2.1...\r\nConnected to mx.\r\nEscape character is '^]'.\r\n220 mx\r\nehlo c\r\n250 mx\r\nfoo\r\n500 what\r\ndata\r\n354 go\r\nSubject: x\r\n250 is text\r\n.\r\n250 ok\r\nquit\r\n221 bye\r\nConnection closed by foreign host.\r\nalice@c:~$ exit\r\n", " 220 ehlo=250 foo=500 data=354 .=250 quit=221" },
    { "a paste without a name", "terminal", "220 mx\nHELO c\nMAIL FROM:<a@b>\n250 mx\n250 ok\n", " 220 HELO=250 MAIL=250" },
    { "openssl s_client -starttls smtp", "terminal", "CONNECTED(00000003)\ndepth=0 CN = mx\nverify return:1\n---\nCertificate chain\n---\n250 HELP\n---\nPost-Handshake New Session Ticket arrived:\nSSL-Session:\n    Protocol  : TLSv1.3\n---\nread R BLOCK\nEHLO c\n250 mx\n", " EHLO!=250... STARTTLS!=0 TLS EHLO=250" },
    { "openssl s_client, which keeps lines to itself", "terminal", "CONNECTED(00000003)\n---\n220 mx\nRCPT TO:<a@b>\nRENEGOTIATING\nRSET\n250 ok\nQUIT\nDONE\n", " TLS 220 RSET=250" },
    { "openssl s_client -msg", "terminal", ">>> TLS 1.0, RecordHeader [length 0005]\n    16 03 01 01 24\ndepth=0 CN = mx\n220 mx\nEHLO c\n>>> TLS 1.2, RecordHeader [length 0005]\n    17 03 03 00 1d\n<<< TLS 1.3, InnerContent [length 0001]\n    17\n250 mx\nNOOP\n>>> TLS 1.2, InnerContent [length 0001]\n    17\n250 ok\n", " TLS 220 EHLO=250 NOOP=250" },
    { "openssl s_client -quiet, with a Q in a content", "terminal", "depth=0 CN = mx\n220 mx\nDATA\n354 go\nQUIT\n.\n250 queued\nNOOP\n250 ok\n", " TLS 220 DATA=354 .=250 NOOP=250" },
    { "openssl s_client -debug", "terminal", "CONNECTED(00000003)\nread from 0x5655 [0x5656] (4096 bytes => 17 (0x11))\n0000 - 32 32 30 20 6d 78 0d 0a-                          220 mx..\n---\n220 mx\nEHLO c\nwrite to 0x5655 [0x5656] (29 bytes => 29 (0x1D))\n0000 - 17 03 03 00 18 91 8e 55-                          .......U\n250 mx\n", " TLS 220 EHLO=250" },
    { "openssl s_client -state", "terminal", "CONNECTED(00000003)\nSSL_connect:before SSL initialization\n---\n220 mx\nSSL_connect:SSL negotiation finished successfully\nEHLO c\n250 mx\n", " TLS 220 EHLO=250" },
    { "gsasl, which does not wait the greeting out", "terminal", "Trying \xe2\x80\x98mx\xe2\x80\x99...\n220-mx\nEHLO c\n220 hello\n250 mx\nAUTH PLAIN\n334 \n", " 220 EHLO=250 AUTH=334" },
    { "prose behind a reply whose lines are marked", "marked lines", "DEBUG: Recv: 220 mx\nDEBUG: Send: EHLO c\nDEBUG: Recv: 250-mx\nDEBUG: Recv: 250 DSN\nDEBUG: Send: MAIL FROM:<a@b>\nDEBUG: Recv: 550 no\nInvalid response code received from server\nDEBUG: Send: QUIT\nDEBUG: Recv: 221 bye\n", " 220 EHLO=250 MAIL=550 QUIT=221" },
    { "openssl s_client", "terminal", "CONNECTED(00000003)\n---\n220 mx\nQUIT\n221 bye\n", " TLS 220 QUIT=221" },
    { "gsasl", "terminal", "Trying \xe2\x80\x98mx\xe2\x80\x99...\n220 mx\nEHLO c\n250 AUTH DIGEST-MD5\nAUTH DIGEST-MD5\n334 eA==\neA==\n334 eQ==\n\n235 ok\nClient authentication finished (server trusted)...\nQUIT\n221 bye\n", " 220 EHLO=250 AUTH=334 ?=334 ?=235 QUIT=221" },
    { "net/textproto of Go", "marked lines", "S: 220 mx <nil>\nC: EHLO c\nS: 250 mx\nPIPELINING\nDSN <nil>\nC: QUIT\nS: 221 bye <nil>\n", " 220 EHLO=250 QUIT=221" },
    { "arrows of a server", "marked lines", ">>> 220 mx\n<<< EHLO c\n>>> 250-mx\n>>> 250 DSN\n<<< QUIT\n>>> 221 bye\n", " 220 EHLO=250 QUIT=221" },
    { "processes of a syslog", "marked lines", "Nov 24 04:06:21 mx app[1]: S: 220 a\nNov 24 04:06:21 mx app[2]: S: 220 b\nNov 24 04:06:21 mx app[1]: C: EHLO c\nNov 24 04:06:21 mx app[2]: C: QUIT\nNov 24 04:06:21 mx app[1]: S: 250 ok\nNov 24 04:06:21 mx app[2]: S: 221 bye\n", " 220 EHLO=250 | 220 QUIT=221" },
    { "words behind a logger's prefix", "marked lines", "2026-11-24 04:02:24 INFO smtp - Server: 220 mx\n2026-11-24 04:02:24 INFO smtp - Client: EHLO c\n2026-11-24 04:02:24 INFO smtp - Server: 250 mx\n", " 220 EHLO=250" },
    { "an excerpt that begins in the middle", "marked lines", "C: hello\nC: .\nS: 250 ok\nC: RCPT TO:<a@b>\nS: 503 need MAIL\n", " 250? RCPT=503" },
    { "Mutt", "Mutt", "[2026-11-26 17:50:37] Connected to mx:25 on fd=4\n[2026-11-26 17:50:37] 4< 220 mx\n[2026-11-26 17:50:37] 4> EHLO c\n[2026-11-26 17:50:37] 4< 250 mx\n", " 220 EHLO=250" },
    { "NeoMutt, beside IMAP", "Mutt",
      "[2026-11-26 17:51:30]<2> mutt_socket_readln_d() 5< * OK ready\n[2026-11-26 17:51:30]<2> mutt_socket_write_d() 5> a0000 CAPABILITY\n[2026-11-26 17:51:30]<2> mutt_socket_readln_d() 4< 220 mx\n[2026-11-26 17:51:30]<2> mutt_socket_write_d() 4> EHLO c\n[2026-11-26 17:51:30]<2> mutt_socket_readln_d() 4< 250 mx\n",
      " 220 EHLO=250" },
    { "S-nail", "S-nail", "s-nail: Connecting to 192.0.2.1:25 ... connected.\ns-nail: >>> SERVER: 220 mx\ns-nail: >>> EHLO c\ns-nail: >>> SERVER: 250-mx\ns-nail: >>> SERVER: 250 AUTH PLAIN\ns-nail: >>> QUIT\ns-nail: >>> SERVER: 221 bye\n", " 220 EHLO=250 QUIT=221" },
    { "socat -v", "socat",
      "< 2026/11/26 17:50:30.000526258  length=8 from=0 to=7\n220 mx\\r\n> 2026/11/26 17:50:30.000673014  length=8 from=0 to=7\nEHLO c\\r\n< 2026/11/26 17:50:30.000678429  length=5 from=8 to=12\n250 m< 2026/11/26 17:50:30.000678430  length=3 from=13 to=15\nx\\r\n",
      " 220 EHLO=250" },
    { "socat between two others, the other way", "socat", "> 2026/11/26 17:50:30.526258  length=8 from=0 to=7\n220 mx\\r\n< 2026/11/26 17:50:30.673014  length=6 from=0 to=5\nNOOP\\r\n> 2026/11/26 17:50:30.678429  length=8 from=8 to=15\n250 ok\\r\n", " 220 NOOP=250" },
    { "fetchmail, which reads POP3 besides", "marked lines",
      "fetchmail: POP3> RETR 1\nfetchmail: POP3< +OK\nTrying to connect to mx/25...connected.\nfetchmail: SMTP< 220 mx\nfetchmail: SMTP> EHLO vm\nfetchmail: SMTP< 250-mx\n"
      "fetchmail: SMTP< 250 HELP\nfetchmail: forwarding to mx\nfetchmail: SMTP> DATA\nfetchmail: SMTP< 354 go\nfetchmail: SMTP>. (EOM)\nfetchmail: SMTP< 250 ok\n flushed\n"
      "fetchmail: POP3> QUIT\nfetchmail: POP3< +OK\nfetchmail: SMTP> QUIT\nfetchmail: SMTP< 221 bye\n",
      " 220 EHLO=250 DATA=354 .~=250 QUIT=221" },
    { "blanks that do not break", "swaks",
      "=== Connected to mx.example.\n<-\xc2\xa0 220 mx\n\xc2\xa0-> EHLO c\n<-\xc2\xa0 250 HELP\n", " 220 EHLO=250" },
    { "lines that were cut off", "marked lines",
      "S: 220 mx\nC: EHLO c.example\nS: 250-mx.example Hello c.example [192.0.2.1], pleased to meet yo\nS: 250 AUTH PLAIN LOGIN CRAM-MD5 DIGEST-MD5 SCRAM-SHA-1 SCRAM-SHA\nC: AUTH PLAIN AGFsaWNlAHdyb25nLXBhc3N3b3JkAGFsaWNlAHdyb25nLXBhc3N\nS: 535 no\nC: MAIL FROM:<a.name.that.is.so.long.that.it.does.not.fit.into.it\nS: 250 ok\nC: RCPT TO:<another.name.that.is.long.but.fits.just@c.example> NO\nS: 250 ok\nC: QUIT\n",
      " 220 EHLO=250... AUTH~=535 MAIL~=250 RCPT=250 QUIT=0" },
    { "lines that were folded", "marked lines",
      "S: 220 mx\nC: EHLO c.example\nS: 250-mx.example Hello c.example [192.0.2.1], pleased to meet yo\nu, as ever and ever\nS: 250 AUTH PLAIN LOGIN CRAM-MD5 DIGEST-MD5 SCRAM-SHA-1 SCRAM-SHA\n-256 XOAUTH2\nC: AUTH PLAIN AGFsaWNlAHdyb25nLXBhc3N3b3JkAGFsaWNlAHdyb25nLXBhc3N\n3b3Jk\nS: 535 no\nC: MAIL FROM:<a.name.that.is.so.long.that.it.does.not.fit.into.it\n@c.example>\nS: 250 ok\nC: RCPT TO:<another.name.that.is.long.but.fits.just@c.example> NO\nTIFY=NEVER\nS: 250 ok\nC: QUIT\n",
      " 220 EHLO=250 AUTH=535 MAIL=250 RCPT=250 QUIT=0" },
    { "lettre", "lettre",
      "2026-11-24T04:06:21.5Z DEBUG lettre::transport::smtp::client::connection: << 220 mx<CRLF>\n"
      "2026-11-24T04:06:21.5Z DEBUG lettre::transport::smtp::client::connection: Wrote: EHLO c<CRLF>\n"
      "2026-11-24T04:06:21.5Z DEBUG lettre::transport::smtp::client::connection: << 250-mx<CRLF>\n"
      "2026-11-24T04:06:21.5Z DEBUG lettre::transport::smtp::client::connection: << 250-mx<CRLF>250-SIZE 9<CRLF>\n"
      "2026-11-24T04:06:21.5Z DEBUG lettre::transport::smtp::client::connection: << 250-mx<CRLF>250-SIZE 9<CRLF>250 HELP<CRLF>\n"
      "2026-11-24T04:06:21.5Z DEBUG lettre::transport::smtp::client::connection: Wrote: MAIL FROM:<a@b><CRLF>\n"
      "2026-11-24T04:06:21.5Z DEBUG lettre::transport::smtp::client::connection: << 250 ok<CRLF>\n"
      "2026-11-24T04:06:21.5Z DEBUG lettre::transport::smtp::client::connection: Wrote: DATA<CRLF>\n"
      "2026-11-24T04:06:21.5Z DEBUG lettre::transport::smtp::client::connection: << 354 go<CRLF>\n"
      "2026-11-24T04:06:21.5Z DEBUG lettre::transport::smtp::client::connection: Wrote: Subject: x<CRLF><CRLF>Wrote: y << z\n"
      "2026-11-24T04:06:21.5Z DEBUG lettre::transport::smtp::client::connection: Wrote: <CRLF>.<CRLF>\n"
      "2026-11-24T04:06:21.5Z DEBUG lettre::transport::smtp::client::connection: << 250 ok<CRLF>\n"
      "2026-11-24T04:06:21.5Z DEBUG lettre::transport::smtp::client::connection: Wrote: QUIT<CRLF>\n"
      "2026-11-24T04:06:21.5Z DEBUG lettre::transport::smtp::client::connection: << 221 bye<CRLF>\n",
      " 220 EHLO=250 MAIL=250 DATA=354 .=250 QUIT=221" },
    { "sendEmail", "sendEmail",
      "Nov 27 04:56:18 vm sendemail[138]: DEBUG => Connecting to 192.0.2.1:25\nNov 27 04:56:18 vm sendemail[138]: SUCCESS => Received: \t220 mx, 220 as ever\n"
      "Nov 27 04:56:18 vm sendemail[138]: INFO => Sending: \tEHLO vm\nNov 27 04:56:18 vm sendemail[138]: SUCCESS => Received: \t250-mx, hello, 250-SIZE 10, 250 HELP\n"
      "Nov 27 04:56:18 vm sendemail[138]: INFO => Sending: \tRCPT TO:<b@c>\nNov 27 04:56:18 vm sendemail[138]: DEBUG => evalSMTPresponse() - Found SMTP error code: 550\n"
      "Nov 27 04:56:18 vm sendemail[138]: WARNING => Received: \t550 no\nNov 27 04:56:18 vm sendemail[138]: Email was sent successfully!  From: <a@b>\n",
      " 220 EHLO=250 RCPT=550 QUIT!=0" },
    { "sendEmail whose login fails", "sendEmail",
      "Nov 27 04:56:18 vm sendemail[138]: INFO => Sending: \tAUTH LOGIN\nNov 27 04:56:18 vm sendemail[138]: DEBUG => evalSMTPresponse() - Found SMTP error code: 504\n"
      "Nov 27 04:56:18 vm sendemail[138]: ERROR => ERROR => SMTP-AUTH: Authentication to mx:25 failed.\n",
      " AUTH=504..." },
    { "ssmtp", "ssmtp", "[<-] 220 mx\n[->] EHLO c\n[<-] 250 HELP\n[->] AUTH LOGIN\n[<-] 334 VXNlcm5hbWU6\n[->] YWxpY2U=\n[<-] 334 UGFzc3dvcmQ6\n[<-] 535 no\n", " 220 EHLO=250... AUTH=334... ?=334 ?~=535" },
    { "aiosmtpd, a login that is cancelled", "aiosmtpd", "INFO:mail.log:('192.0.2.1', 44131) >> b'AUTH LOGIN'\nDEBUG:mail.log:('192.0.2.1', 44131) << b'334 VXNlcm5hbWU6'\nWARNING:mail.log:('192.0.2.1', 44131) aborted AUTH with '*'\nDEBUG:mail.log:('192.0.2.1', 44131) << b'501 5.7.0 Auth aborted'\n", " AUTH=334 ?=501" },
    { "smtp-server, which secures credentials", "smtp-server", "[2026-11-24 04:05:58] DEBUG [#a] S: 220 mx\n[2026-11-24 04:05:58] DEBUG [#a] C: AUTH PLAIN /* secured */\n[2026-11-24 04:05:58] DEBUG [#a] S: 535 no\n", " 220 AUTH~=535" },
    { "a chunk that was refused and is not shown", "OpenSMTPD", "smtp: 0x55c1: >>> 220 mx\nsmtp: 0x55c1: <<< BDAT 5\nsmtp: 0x55c1: >>> 503 no\nsmtp: 0x55c1: <<< MAIL FROM:<a@b>\nsmtp: 0x55c1: >>> 250 ok\n", " 220 BDAT=503 MAIL=250" },
    { "prose around a paste", "terminal", "I am lost:\n```\n220 mx\nHELO c\n250 mx\nRCPT TO:<a@b>\n503 no\n```\nWhat did I do?\nMAIL FROM:<a@b> is what comes next.\n\n220 my\nQUIT\n221 bye\n", " 220 HELO=250 RCPT=503 | 220 QUIT=221" },
    { "typed, and not answered any more", "terminal", "220 mx\nHELO c\n250 mx\nFOO bar\nMAIL FROM:<a@b> BODY=8BITMIME\n", " 220 HELO=250 FOO=0 MAIL=0" },
    { "content without marks", "marked lines", "S: 220 mx\nC: DATA\nS: 354 go\nSubject: x\n\nhello\n.\nS: 250 ok\n", " 220 DATA=354 .=250" },
    { "a mail that is answered", "terminal", "Joe wrote:\n> 220 mx\n> HELO c\n> 250 mx\nYou did not say MAIL.\n> RCPT TO:<a@b>\n> 503 no\n", " 220 HELO=250 RCPT=503" },
    { "a mail that is answered twice", "swaks", ">> === Trying mx:25...\n>> <-  220 mx\n>>  -> QUIT\n>> <-  221 bye\n> No.\n", " 220 QUIT=221" },
    { "a page", "swaks", "<pre>\n=== Trying mx:25...\n&lt;-  220 mx\n -&gt; MAIL FROM:&lt;a@b&gt;<br>\n&lt;-  250 a &amp; b<br>\n</pre>\n", " 220 MAIL=250" },
    { "what a journal writes in JSON", "Postfix",
      "{\"__REALTIME_TIMESTAMP\":\"1795493181123456\",\"_HOSTNAME\":\"mx\",\"SYSLOG_IDENTIFIER\":\"postfix/smtpd\",\"_PID\":\"1\",\"MESSAGE\":\"> a[192.0.2.1]: 220 mx\"}\n{\"MESSAGE\":\"> b[192.0.2.2]: 220 mx\",\"SYSLOG_IDENTIFIER\":\"postfix/smtpd\",\"_PID\":\"2\"}\n"
      "{\"SYSLOG_IDENTIFIER\":\"postfix/smtpd\",\"_PID\":\"1\",\"_HOSTNAME\":\"mx\",\"MESSAGE\":[60,32,97,91,49,93,58,32,81,85,73,84]}\n{\"SYSLOG_IDENTIFIER\":\"postfix/smtpd\",\"_PID\":\"1\",\"_HOSTNAME\":\"mx\",\"MESSAGE\":\"> a[192.0.2.1]: 221 bye\"}\n",
      " 220 | 220 QUIT=221" },
    { "Nodemailer, through a logger that writes JSON", "Nodemailer", "{\"level\":20,\"tnx\":\"server\",\"sid\":\"x1\",\"msg\":\"220 mx\",\"time\":1795493181123}\n{\"level\":20,\"tnx\":\"client\",\"sid\":\"x1\",\"msg\":\"EHLO c\",\"time\":1795493181124}\n{\"level\":20,\"tnx\":\"server\",\"sid\":\"x1\",\"msg\":\"250-mx\\n250 HELP\",\"time\":1795493181125}\n", " 220 EHLO=250" },
    { "a terminal in a container", "terminal", "2026-11-24T04:06:21.586Z stdout F 220 mx\n2026-11-24T04:06:21.586Z stdout F HELO c\n2026-11-24T04:06:21.586Z stdout F 250 mx\n", " 220 HELO=250" },
    { "CRs that an editor shows", "terminal", "220 mx^M\nHELO c^M\n250 mx^M\nDATA^M$\n503 no^M$\n", " 220 HELO=250 DATA=503" },
    { "ends of lines that cat shows", "curl", "*   Trying 1::1$\n< 220 mx$\n> DATA$\n< 503 no$\n", " 220 DATA=503" },
    { "ends of lines as strings have them", "terminal", "220 mx\\r\\n\nHELO c\\r\\n\n250 mx\\r\\n\nDATA\\r\\n\n503 no\\r\\n\n", " 220 HELO=250 DATA=503" },
    { "a list of strings", "smtplib", "\"send: 'ehlo c\\\\r\\\\n'\",\n'reply: b\\'250-mx\\\\r\\\\n\\'',\n\"reply: b'250 DSN\\\\r\\\\n'\",\n\"send: 'data\\\\r\\\\n'\",\n\"reply: b'503 no\\\\r\\\\n'\"\n", " ehlo=250 data=503" },
    { "a column of CSV", "sendmail -X", "\"00099 >>> 220 mx\"\n\"00099 <<< EHLO \"\"c\"\n\"00099 >>> 250 mx\"\n\"00099 <<< DATA\"\n\"00099 >>> 503 no\"\n", " 220 EHLO=250 DATA=503" },
    { "Net::SMTP in a message of a logger", "Net::SMTP", "level=debug msg=\"Net::SMTP=GLOB(0x1)<<< 220 mx\"\nlevel=debug msg=\"Net::SMTP=GLOB(0x1)>>> DATA\"\nlevel=debug msg=\"Net::SMTP=GLOB(0x1)<<< 503 no\"\n", " 220 DATA=503" },
    { "Haraka in a message of a logger", "Haraka", "{\"log\": \"x\", \"m\": \"[PROTOCOL] [81E5E393-C738] [core] S: 220 mx\"} x\n{\"log\": \"x\", \"m\": \"[PROTOCOL] [81E5E393-C738] [core] C: DATA state=1\"} x\n{\"log\": \"x\", \"m\": \"[PROTOCOL] [81E5E393-C738] [core] S: 503 no\"} x\n", " 220 DATA=503" },
    { "a list, and replies without codes in it", "marked lines", "- S: 220 mx <nil>\n- C: EHLO c\n- S: 250 mx\n- DSN\n- AUTH PLAIN <nil>\n- C: AUTH LOGIN\n- S: 535 no <nil>\n", " 220 EHLO=250... AUTH=535" },
    { "a table", "curl", "It says:\n+------------------+\n| *   Trying 1::1  |\n| < 220 mx         |\n| > EHLO c         |\n| < 250-mx         |\n| < 250 HELP       |\n| > DATA           |\n| < 503 no         |\n+------------------+\n> QUIT\n", " 220 EHLO=250 DATA=503" },
    { "a frame of another font", "marked lines", "\xe2\x94\x82 S: 220 mx   \xe2\x94\x82\n\xe2\x94\x82 C: DATA     \xe2\x94\x82\n\xe2\x94\x82 S: 503 no   \xe2\x94\x82\n", " 220 DATA=503" },
    { "a rule at the left", "marked lines", "| S: 220 mx\n| C: EHLO c\n| S: 250 mx\n| AUTH PLAIN\n| C: QUIT\n| S: 221 bye\n", " 220 EHLO=250 QUIT=221" },
    { "Haraka through another logger", "Haraka",
      "2026-11-24 04:06:22,123 DEBUG mail: 2026-11-24T04:06:22.586Z [PROTOCOL] [81E5E393-C738] [core] S: 220 mx\n2026-11-24 04:06:22,123 DEBUG mail: 2026-11-24T04:06:22.586Z [PROTOCOL] [81E5E393-C738] [core] C: EHLO [PROTOCOL] [81E5E393-C738] [core] C: QUIT state=1\n"
      "2026-11-24 04:06:22,123 DEBUG mail: 2026-11-24T04:06:22.586Z [PROTOCOL] [81E5E393-C738] [core] S: 250-mx\n2026-11-24 04:06:22,123 DEBUG mail: 2026-11-24T04:06:22.586Z [PROTOCOL] [81E5E393-C738] [core] S: 250 SIZE 9\n", " 220 EHLO=250" },
    { "numbered lines", "terminal", "     1\t220 mx\n     2\tHELO c\n     3\t250 mx\n", " 220 HELO=250" },
    { "Exchange, that receives", "Exchange",
      "#Software: Microsoft Exchange Server\n#Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context\n2026-11-24T10:00:00.123Z,MX\\D F,08D1,0,192.0.2.1:25,192.0.2.9:4000,+,,\n2026-11-24T10:00:00.124Z,MX\\D F,08D1,1,192.0.2.1:25,192.0.2.9:4000,*,None,Set Permissions\n"
      "2026-11-24T10:00:00.125Z,MX\\D F,08D1,2,192.0.2.1:25,192.0.2.9:4000,>,\"220 MX ready, hello\",\n2026-11-24T10:00:00.126Z,MX\\D F,08D2,2,192.0.2.1:25,192.0.2.8:4000,>,220 MX,\n2026-11-24T10:00:00.225Z,MX\\D F,08D1,3,192.0.2.1:25,192.0.2.9:4000,<,EHLO c,\n2026-11-24T10:00:00.226Z,MX\\D F,08D1,4,192.0.2.1:25,192.0.2.9:4000,>,250  mx Hello SIZE 1000 DSN,\n"
      "2026-11-24T10:00:00.325Z,MX\\D F,08D1,5,192.0.2.1:25,192.0.2.9:4000,<,DATA,\n2026-11-24T10:00:00.326Z,MX\\D F,08D1,6,192.0.2.1:25,192.0.2.9:4000,>,503 no,\n2026-11-24T10:00:00.425Z,MX\\D F,08D1,7,192.0.2.1:25,192.0.2.9:4000,-,,Remote\n",
      " 220 EHLO=250... DATA=503 | 220" },
    { "Exchange, that sends", "Exchange", "2026-11-24T10:00:00.125Z,Out,08D1,2,192.0.2.1:4000,192.0.2.9:25,<,220 mx,\n2026-11-24T10:00:00.225Z,Out,08D1,3,192.0.2.1:4000,192.0.2.9:25,>,QUIT,\n2026-11-24T10:00:00.226Z,Out,08D1,4,192.0.2.1:4000,192.0.2.9:25,<,221 bye,\n", " 220 QUIT=221" },
    { "hMailServer", "hMailServer", "\"SMTPD\"\t1\t7\t\"2026-11-24 10:00:00.123\"\t\"192.0.2.9\"\t\"SENT: 220 mx\"\n\"SMTPC\"\t1\t8\t\"2026-11-24 10:00:00.124\"\t\"192.0.2.8\"\t\"RECEIVED: 220 my\"\n\"SMTPD\"\t1\t7\t\"2026-11-24 10:00:00.223\"\t\"192.0.2.9\"\t\"RECEIVED: EHLO c\"\n\"SMTPD\"\t1\t7\t\"2026-11-24 10:00:00.323\"\t\"192.0.2.9\"\t\"SENT: 250-mx[nl]250 SIZE\"\n", " 220 | 220 EHLO=250" },
    { "MDaemon, two at once", "marked lines",
      "Mon 2026-11-23 10:00:01: [12:1] --> 220 mx\nMon 2026-11-23 10:00:01: [13:1] --> 220 mx\nMon 2026-11-23 10:00:01: [12:1] <-- EHLO c\nMon 2026-11-23 10:00:01: [12:1] --> 250-mx\n"
      "Mon 2026-11-23 10:00:01: [13:1] <-- RCPT TO:<b@c>\nMon 2026-11-23 10:00:01: [12:1] --> 250 DSN\nMon 2026-11-23 10:00:01: [12:1] <-- QUIT\nMon 2026-11-23 10:00:02: [13:1] --> 503 no\nMon 2026-11-23 10:00:02: [12:1] --> 221 bye\n",
      " 220 RCPT=503 | 220 EHLO=250 QUIT=221" },
    { "threads, of which one session has several", "marked lines",
      "10:00:01 [12] DEBUG - S: 220 mx\n10:00:01 [12] DEBUG - C: EHLO c\n10:00:01 [14] DEBUG - S: 250 mx\n10:00:01 [15] DEBUG - C: QUIT\n10:00:01 [12] DEBUG - S: 221 bye\n", " 220 EHLO=250 QUIT=221" },
    { "Roundcube, with remarks", "marked lines",
      "[23-Nov-2026 10:00:01 +0000]: <1lnaie7h> Connecting to mx:587...\n[23-Nov-2026 10:00:01 +0000]: <1lnaie7h> Recv: 220 mx\n[23-Nov-2026 10:00:01 +0000]: <1lnaie7h> Send: DATA\n"
      "[23-Nov-2026 10:00:01 +0000]: <1lnaie7h> Recv: 354 go\n[23-Nov-2026 10:00:01 +0000]: <1lnaie7h> so far\n[23-Nov-2026 10:00:01 +0000]: <1lnaie7h> Recv: 250 ok\n", " 220 DATA=354... .~=250" },
    { "Markdown", "marked lines", "- **S:** 220 mx\n- **C:** `RCPT TO:<a@b>`\n- **S:** `503 no`\n", " 220 RCPT=503" },
    { "words with a blank before the colon", "marked lines", "response : 220 mx\ncommand : EHLO c\nresponse : 250 mx\nCommand : QUIT\n", " 220 EHLO=250 QUIT=0" },
    { "strings in fields", "marked lines", "level=debug msg=\"Writing response to client: \\n220 mx\\r\\n\"\nlevel=debug msg=\"Client sent: HELO c\"\nlevel=debug msg=\"Writing response to client: \\n250 mx\\r\\n\"\n", " 220 HELO=250" },
    { "several lines in a string", "marked lines", "sent: \"EHLO c\\r\\n\"\nreceived: \"250-mx\\r\\n250 DSN\\r\\n\"\nsent: \"MAIL FROM:<a@b>\\r\\nRCPT TO:<b@c>\\r\\n\"\nreceived: \"250 ok\\r\\n\"\n", " EHLO=250 MAIL=250 RCPT=0" },
    { "a list of packets", "marked lines", "    4   0.003 a -> b SMTP 95 S: 220 mx\n    6   0.004 b -> a SMTP 90 C: EHLO c\n    8   0.005 a -> b SMTP 190 S: 250-mx | PIPELINING | DSN\n    9   0.006 b -> a SMTP 90 C: DATA\n   10   0.007 a -> b SMTP 90 S: 503 no\n", " 220 EHLO=250 DATA=503" },
    { "a console, with places in the source", "marked lines", "mail: S: 220 mx Client.jsm:420\nmail: C: DATA Client.jsm:608\nmail: S: 503 no Client.jsm:420\n", " 220 DATA=503" },
    { "Claws Mail", "marked lines", "[10:00:01] SMTP< 220 mx\n[10:00:01] ESMTP> EHLO c\n[10:00:01] ESMTP< 250 mx\n[10:00:01] SMTP> DATA\n[10:00:01] SMTP< 503 no\n", " 220 EHLO=250 DATA=503" },
    { "commands that share a mark, replies that share one", "marked lines", "S: 220 mx\nC: EHLO c\nS: 250-mx\n250 DSN\nC: MAIL FROM:<a@b>\nRCPT TO:<b@c>\nS: 250 ok\nS: 250 ok\n", " 220 EHLO=250 MAIL=250 RCPT=250" },
    { "a header that reads as a mark", "marked lines", "received: 220 mx\nsent: DATA\nreceived: 354 go\nReceived: from a by b\n\nhello\n.\nreceived: 250 ok\n", " 220 DATA=354 .=250" },
    { "prose around times and marks", "marked lines", "It says 503.\n[10:02:33] S: 220 mx\n[10:02:34] C: RCPT TO:<a@b>\n[10:02:34] S: 503 no\nThe manual says C: drive must be free.\n> 220 is the code to look for.\n", " 220 RCPT=503..." },
    { "a quotation within one", "terminal", "> Jane wrote:\n> > 220 mx\n> > HELO foo\n> > 250 mx\n> > RCPT TO:<x@y>\n> > 503 no\n> Sure?\n", " 220 HELO=250 RCPT=503" },
    { "two pastes, the first of which ends in a line without its end", "terminal", "Trying 192.0.2.1...\nEscape character is '^]'.\n220 mx\nQUIT\n221 bye\nConnection closed by foreign host.\n^CTrying 192.0.2.1...\n220 mx\nHELO c\n250 mx\n", " 220 QUIT=221 | 220 HELO=250" },
    { "smtp-cli", "smtp-cli", "Connection from 192.0.2.1:4 to 192.0.2.2:25\n[220] 'mx'\n> EHLO c\n[250] 'mx'\n[250] 'DSN'\n> MAIL FROM:<a@b>\n[503] 'no'\n> QUIT\n[221] 'Bye'\n", " 220 EHLO=250 MAIL=503 QUIT=221" },
    { "swaks without arrows", "swaks", "=== Trying a:25...\n220 a\nEHLO c\n250 a\nQUIT\n221 bye\n=== Connection closed with remote host.\n", " 220 EHLO=250 QUIT=221" },
    { "swaks with arrows of one side", "swaks", "=== Trying a:25...\n<-  220 a\nAUTH LOGIN\n<-  334 VXNlcm5hbWU6\nYWxpY2U=\n<** 535 no\n", " 220 AUTH=334 ?=535" },
    { "a refusal alone", "swaks", "<** 550 no\n -> QUIT\n", " 550? QUIT=0" },
    { "sendmail -v, refused, that closes before it says so", "sendmail", "bob@mx... Connecting to mx. port 26 via esmtp...\n554 no\nClosing connection to mx.\n>>> QUIT\n221 bye\n", " 554 QUIT=221" },
    { "Exim, which sends QUIT behind the content", "Exim", "  SMTP<< 220 mx\n  SMTP>> DATA\n  SMTP<< 354 go\n  SMTP>> (writing message)\n  SMTP>> .\n  SMTP+> QUIT\n  SMTP(shutdown)>>\n  SMTP<< 250 ok\n  SMTP<< 221 bye\n  SMTP(close)>>\n", " 220 DATA=354 .~=250 QUIT=221" },
    { "Postfix as client, which shows the end of a content", "Postfix", "Nov 24 04:06:21 mx postfix/smtp[1]: > mx[192.0.2.1]:25: DATA\nNov 24 04:06:21 mx postfix/smtp[1]: < mx[192.0.2.1]:25: 354 go\nNov 24 04:06:21 mx postfix/smtp[1]: > mx[192.0.2.1]:25: .\nNov 24 04:06:21 mx postfix/smtp[1]: > mx[192.0.2.1]:25: QUIT\nNov 24 04:06:21 mx postfix/smtp[1]: < mx[192.0.2.1]:25: 250 ok\n", " DATA=354 .~=250 QUIT=0" },
    { "the journal, verbose", "Postfix",
      "Tue 2026-11-24 04:06:21.123456 UTC [s=4a;i=1]\n    SYSLOG_IDENTIFIER=postfix/smtpd\n    _PID=1\n    MESSAGE=> a[192.0.2.1]: 220 \"mx\"\nTue 2026-11-24 04:06:22.123456 UTC [s=4a;i=2]\n    MESSAGE=< a[192.0.2.1]: DATA\n    SYSLOG_IDENTIFIER=postfix/smtpd\n    _PID=1\n"
      "Tue 2026-11-24 04:06:23.123456 UTC [s=4a;i=3]\n    SYSLOG_IDENTIFIER=postfix/smtpd\n    MESSAGE=> a[192.0.2.1]: 503 no\n    _PID=1\n", " 220 DATA=503" },
    { "the journal, exported", "Postfix",
      "__CURSOR=s=4a;i=1\n__REALTIME_TIMESTAMP=1795493181123456\nSYSLOG_IDENTIFIER=postfix/smtpd\nMESSAGE\n\x12\x01\x01\x01\x01\x01\x01\x01> a[192.0.2.1]: 220 \xff\n_PID=1\n\n__CURSOR=s=4a;i=2\nMESSAGE=< a[192.0.2.1]: QUIT\n_PID=1\nSYSLOG_IDENTIFIER=postfix/smtpd\n\n", " 220 QUIT=0" },
    { "the journal as a list of JSON", "Postfix",
      "[\n  {\n    \"SYSLOG_IDENTIFIER\": \"postfix/smtpd\",\n    \"MESSAGE\": \"> a[192.0.2.1]: 220 mx\"\n  },\n  {\n    \"SYSLOG_IDENTIFIER\": \"postfix/smtpd\",\n    \"MESSAGE\": \"< a[192.0.2.1]: QUIT\",\n    \"X\": [\n      \"}\"\n    ]\n  }\n]\n", " 220 QUIT=0" },
    { "client alone", "marked lines", "C: EHLO c\nC: MAIL FROM:<a@b>\nC: QUIT\n", " EHLO=0 MAIL=0 QUIT=0" },
};
/* clang-format on */

static void every_format_is_known_and_read(void **state)
{
    struct context context;
    struct buf wrong;

    (void)state;
    buf_init(&wrong, 65536);
    buf_init(&context.told, 65536);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool is_log;
        const char *program = read_log(bytes_of(cases[i].text), &context, &is_log);
        (void)buf_append_u8(&context.told, 0);
        if (!is_log || !program || strcmp(program, cases[i].program) != 0
            || strcmp((const char *)context.told.ptr, cases[i].expect) != 0)
            fail_msg("%s: read as %s:%s", cases[i].name, program ? program : "nothing",
                     (const char *)context.told.ptr);
    }
    buf_release(&context.told);
}

static void a_log_cut_anywhere_is_read_in_peace(void **state)
{
    struct context context;
    bool is_log;

    (void)state;
    buf_init(&context.told, 65536);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (size_t len = 0; len < strlen(cases[i].text); len += 7)
            (void)read_log(bytes_slice(bytes_of(cases[i].text), 0, len), &context, &is_log);
    buf_release(&context.told);
}

static void text_that_is_no_log_is_refused(void **state)
{
    static const char *const texts[] = {
        "root:x:0:0:root:/root:/bin/sh\nbin:x:1:1\n",
        "# Title\n\nSome prose, 220 words of it.\n",
        "\n\n\n",
        "a\tb\tc\n1\t2\t3\n",
        "> help me\n> quit smoking\n",
        "Data file\nhelp\nquit\n",
        "- 220 words\n- turn left\n",
        "{\"log\":\"hello\"}\n{\"log\":\"220\"}\n{\"msg\":7}\n{\n",
        "   1\thelp\n   2\tquit\n",
        "{\n  \"a\": 1\n}\n{\nnothing\n}\n",
        "220 ftp ready\nUSER joe\n331 password\nPASS x\n230 in\nRNTO x\n503 bad sequence\nQUIT\n221 bye\n",
        "Response: 220 ftp\nCommand: USER joe\nResponse: 331 password\nCommand: QUIT\nResponse: 221 bye\n",
        "*   Trying 192.0.2.1:21...\n< 220 ftp\n> USER x\n< 331 password\n> QUIT\n< 221 bye\n",
        "S: +OK ready\nC: AUTH PLAIN\nS: -ERR no\nC: QUIT\nS: +OK\n",
        "200 news ready\nSTARTTLS\n382 go\nHELP\n100 list\nQUIT\n205 bye\n",
        "220 Service ready\n221 closing\n250 completed\n354 Start mail input\n503 Bad sequence\n",
        "10:00:01 INFO request: GET /\n10:00:01 INFO response: 503 no\n10:00:02 INFO request: GET "
        "/\n10:00:02 INFO response: 200 OK\n",
        "{\n\"type\": \"command\", \"session\": \"1\", \"line\": \"QUIT\"\n}\n"
    };
    struct context context;
    bool is_log;

    (void)state;
    buf_init(&context.told, 65536);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        (void)read_log(bytes_of(texts[i]), &context, &is_log);
        assert_false(is_log);
    }
    buf_release(&context.told);
}

/* More sessions at once than are kept: the oldest end, and none is lost. */
static void sessions_beyond_the_ceiling_end_early(void **state)
{
    struct context context;
    struct buf text;
    bool is_log;

    (void)state;
    buf_init(&text, 16 * MIB);
    buf_init(&context.told, 16 * MIB);
    for (unsigned i = 0; i < LIMIT_LOG_TALKS + 100; i++)
        (void)buf_printf(&text, "smtp: 0x%x: >>> 220 mx\nsmtp: 0x%x: <<< NOOP\n", i, i);
    (void)read_log(buf_bytes(&text), &context, &is_log);
    size_t count = 0;
    for (size_t i = 0; i < context.told.len; i++)
        count += context.told.ptr[i] == '|';
    assert_int_equal(count + 1, LIMIT_LOG_TALKS + 100);
    buf_release(&text);
    buf_release(&context.told);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_format_is_known_and_read),
        cmocka_unit_test(a_log_cut_anywhere_is_read_in_peace),
        cmocka_unit_test(text_that_is_no_log_is_refused),
        cmocka_unit_test(sessions_beyond_the_ceiling_end_early),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
