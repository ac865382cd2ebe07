#!/usr/bin/env python3
"""incidents.py SMTPSCOPE: a reader who has only the report of an incident finds the first cause, the side at fault and the fix.

Each row is an incident as it happens: sessions as dialogues, which finding has to stand first, whose fault it is, and what
the text of the report has to say, the order as it should have been included.  No report, of whatever format for people,
has a line of more than 80 columns, and nothing else is an incident beside it."""

import base64
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import unicodedata

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import frames  # noqa: E402

SYN, ACK, FIN, PUSH, RST = 2, 16, 1, 8, 4
QUIT = ["> QUIT", "< 221 2.0.0 Bye"]
CLIENT_HELLO = bytes.fromhex("160301002f0100002b0303") + bytes(32) + bytes.fromhex("000004c02fc0300100")


def b64(text):
    return base64.b64encode(text.encode()).decode()


def hello(*offers, name="shop.example"):
    lines = ["mx1.hotel.example", "PIPELINING", "SIZE 10240000", *offers, "ENHANCEDSTATUSCODES"]
    reply = [f"< 250{'-' if i + 1 < len(lines) else ' '}{line}" for i, line in enumerate(lines)]
    return ["< 220 mx1.hotel.example ESMTP Postfix", f"> EHLO {name}", *reply]


def mail(rcpt="250 2.1.5 Ok", sender="orders@shop.example"):
    return [f"> MAIL FROM:<{sender}>", "< 250 2.1.0 Ok", "> RCPT TO:<anna@hotel.example>", f"< {rcpt}"]


def content(reply, text="Subject: x\r\n\r\nhello"):
    return ["> DATA", "< 354 go", f"> {text}\r\n.", *[f"< {line}" for line in reply.split("\n")]]


def login(name, password, reply):
    return ["> AUTH LOGIN", "< 334 VXNlcm5hbWU6", "> " + b64(name), "< 334 UGFzc3dvcmQ6", "> " + b64(password), f"< {reply}"]


# name: (finding, fault, what the text says, the lines of a session, sessions, port, who ends it, what else may stand behind it)
# "> x" the client says, "< x" the server, ">> x" the client without waiting, "~ n" n seconds pass; ">| x" and "<| x" lack CRLF.
ROWS = {
    "auth before starttls": ("auth-not-offered", "client", [r"\+ STARTTLS  ->  220", "send EHLO again before AUTH"],
                             [*hello("STARTTLS"), "> AUTH LOGIN", "< 503 5.5.1 Error: authentication not enabled", *QUIT], 4, 587, 0),
    "wrong password": ("auth-failed", "client", [r"\+ \(user name and password as the server has them\)", "was refused 3 times"],
                       [*hello("AUTH PLAIN LOGIN"), *login("scan@hotel.example", "old", "535 5.7.8 Error: authentication failed: UGFzc3dvcmQ6"), *QUIT],
                       5, 587, 0),
    "smtp auth switched off": ("auth-failed", "policy", ["Do not change the password"],
                               [*hello("AUTH PLAIN LOGIN"), *login("scan@hotel.example", "pw", "535 5.7.139 Authentication unsuccessful, "
                                "SmtpClientAuthentication is disabled for the Tenant."), *QUIT], 2, 587, 0),
    "size declared": ("limits-exceeded", "client", ["at most 10240000", r"\+ \(a message that keeps to what the EHLO reply"],
                      [*hello(), "> MAIL FROM:<a@shop.example> SIZE=34567890", "< 552 5.3.4 Message size exceeds fixed limit", *QUIT], 3, 25, 0),
    "greylisted, never again": ("greylisted", "policy", ["put off for now", r"\+ \(some minutes later, on a new connection"],
                                [*hello(), *mail("450 4.2.0 <anna@hotel.example>: Recipient address rejected: Greylisted"), *QUIT], 3, 25, 0),
    "masked by a firewall": ("middlebox-masking", "path", ["SMTP inspection switched off", "starttls-stripped"],
                             ["< 220 ***************************", "> EHLO shop.example", "< 250-mx1.hotel.example", "< 250-XXXXXXXA", "< 250 SIZE 1000000",
                              *mail(), *content("250 2.0.0 Ok: queued as 4X"), *QUIT], 2, 25, 0),
    "too many connections": ("rate-limited", "policy", ["fewer connections|Send more slowly"],
                             ["< 421 4.7.0 mx1.hotel.example Error: too many connections from 192.0.2.1"], 9, 25, 1),
    "policy as 503": ("policy-as-503", "server", ["The order of the commands was right", "550 or 554"],
                      [*hello(), "> MAIL FROM:<a@blocked.example>", "< 503 5.7.1 Sender denied by local policy", "> RCPT TO:<b@hotel.example>",
                       "< 503 5.5.1 Error: need MAIL command", *QUIT], 3, 25, 0),
    "relay denied": ("relay-denied", "policy", [r"\+ AUTH PLAIN  ->  235", "RCPT TO:<anna@hotel.example>  ->  250"],
                     [*hello("AUTH PLAIN LOGIN"), *mail("554 5.7.1 <anna@hotel.example>: Relay access denied"), "> DATA",
                      "< 554 5.5.1 Error: no valid recipients", *QUIT], 3, 25, 0),
    "early talker": ("early-talker", "client", [r"\+ \(wait here for the greeting", "synchronization error"],
                     ["> EHLO bot.example", "~ 1", "< 554 SMTP synchronization error"], 3, 25, 1),
    "postscreen": ("early-talker", "client", [r"\+ \(wait here for the greeting"],
                   ["> EHLO bot.example", "~ 2", "< 220 mx1.hotel.example ESMTP Postfix", "< 550 5.5.1 Protocol error"], 2, 25, 1),
    "dots not doubled": ("dot-stuffing", "client", [r"\+ \(the content with a second dot"],
                         [*hello(), *mail(), "> DATA", "< 354 go", "> Subject: r\r\n\r\none\r\n.\r\ntwo\r\nthree\r\n.", "< 250 2.0.0 Ok: queued as 77",
                          "< 502 5.5.2 Error: command not recognized", "< 502 5.5.2 Error: command not recognized",
                          "< 502 5.5.2 Error: command not recognized", *QUIT], 1, 25, 0),
    "line too long": ("line-too-long", "client", [r"\+ \(the content with no line over 998"],
                      [*hello(), *mail(), *content("550 5.6.0 Line too long (see RFC5321 4.5.3.1.6)", "Subject: x\r\n\r\n" + "A" * 1500), *QUIT], 1, 25, 0),
    "refused MAIL ignored": ("sender-refused", "policy", ["RCPT 503", "DATA 503", "- RCPT TO:<anna@hotel.example>", "- DATA"],
                             [*hello(), "> MAIL FROM:<job@intern.local>", "< 550 5.1.8 <job@intern.local>: Sender address rejected: Domain not found",
                              "> RCPT TO:<anna@hotel.example>", "< 503 5.5.1 Error: need MAIL command", "> DATA",
                              "< 503 5.5.1 Error: need RCPT command", *QUIT], 6, 25, 0),
    "no brackets": ("command-syntax", "client", [r"\+ MAIL FROM:<orders@shop.example>  ->  250"],
                    [*hello(), "> MAIL FROM: orders@shop.example", "< 501 5.1.7 Bad sender address syntax", *QUIT], 2, 25, 0),
    "pipelined, not offered": ("pipelining-not-offered", "client", [r"\+ \(wait here for the reply\)", "synchronization error"],
                               ["< 220 mail.inn.example ESMTP Exim 4.96", "> EHLO shop.example", "< 250-mail.inn.example", "< 250 SIZE 52428800",
                                "> MAIL FROM:<a@shop.example>", ">> RCPT TO:<b@inn.example>", ">> DATA", "< 554 SMTP synchronization error"], 1, 25, 1),
    "idle client": ("server-421", "client", ["idle for 300 seconds", "Send QUIT when there is nothing left"],
                    [*hello(), *mail(), "~ 300", "< 421 4.4.2 mx1.hotel.example Error: timeout exceeded"], 1, 25, 1),
    "impatient client": ("timeout", "client", ["in doubt", "ten minutes", r"\+ \(wait for the reply: ten minutes"],
                         [*hello(), *mail(), "> DATA", "< 354 go", "> Subject: x\r\n\r\nbody\r\n.", "~ 60"], 3, 25, 0),
    "tls alert": ("tls-handshake-failed", "undecided", ["handshake_failure", "TLS 1.2 and 1.3"],
                  [*hello("STARTTLS"), "> STARTTLS", "< 220 2.0.0 Ready", CLIENT_HELLO, "< \x15\x03\x03\0\x02\x02\x28"], 2, 25, 1),
    "name refused": ("blocklisted", "client", ["full host name in EHLO", r"\+ EHLO <full-host-name>"],
                     ["< 220 mx1.hotel.example ESMTP Postfix", "> EHLO localhost", "< 550 5.7.1 <localhost>: Helo command rejected: Host not found",
                      "> MAIL FROM:<a@shop.example>", "< 503 5.5.1 Error: send HELO/EHLO first", *QUIT], 2, 25, 0),
    "block list": ("blocklisted", "policy", ["Spamhaus", "have it removed there"],
                   [*hello(), *mail("554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org"), *QUIT], 2, 25, 0),
    "spf": ("message-refused", "policy", ["SPF record", "did not pass"],
            [*hello(), *mail(), *content("550-5.7.26 This mail has been blocked because the sender is unauthenticated.\n"
                                         "550 5.7.26 SPF [shop.example] with ip: [192.0.2.1] = did not pass"), *QUIT], 1, 25, 0),
    "virus": ("message-refused", "policy", ["Scan the machine that sends"],
              [*hello(), *mail(), *content("554 5.7.1 virus Eicar-Test-Signature detected by ClamAV"), *QUIT], 1, 25, 0),
    "disk full": ("command-refused", "server", ["disk space", "keep the message and try again later"],
                  [*hello(), "> MAIL FROM:<a@shop.example>", "< 452 4.3.1 Insufficient system storage", *QUIT], 2, 25, 0),
    "starttls demanded": ("tls-required", "policy", [r"\+ STARTTLS  ->  220"],
                          [*hello("STARTTLS"), "> MAIL FROM:<a@shop.example>", "< 530 5.7.0 Must issue a STARTTLS command first", *QUIT], 2, 25, 0),
    "login demanded": ("auth-required", "client", [r"\+ STARTTLS  ->  220", r"\+ AUTH "],
                       [*hello("STARTTLS", "AUTH PLAIN LOGIN"), "> MAIL FROM:<a@shop.example>", "< 530 5.7.0 Authentication required", *QUIT], 2, 587, 0),
    "helo, then auth": ("esmtp-after-helo", "client", [r"\+ EHLO printer"],
                        ["< 220 mx1.hotel.example ESMTP Postfix", "> HELO printer", "< 250 mx1.hotel.example", "> AUTH LOGIN",
                         "< 503 5.5.1 Error: authentication not enabled", *QUIT], 2, 587, 0),
    "tls not available": ("command-refused", "server", [r"STARTTLS  ->  220 \(in place of 454\)", "it demands what it does not give", "Look at the certificate and key"],
                          [*hello("STARTTLS"), "> STARTTLS", "< 454 4.7.0 TLS not available due to local problem", "> MAIL FROM:<a@shop.example>",
                           "< 530 5.7.0 Must issue a STARTTLS command first", *QUIT], 2, 25, 0),
    "too many errors": ("rcpt-without-mail", "client", [r"\+ MAIL FROM:", "too-many-errors: 1"],
                        [*hello(), *(["> RCPT TO:<u@hotel.example>", "< 503 5.5.1 Error: need MAIL command"] * 20),
                         "< 421 4.7.0 mx1.hotel.example Error: too many errors"], 1, 25, 1),
    "bare line feeds": ("bare-lf", "client", ["1 message was not delivered", r"\+ \(the content with CR LF"],
                        [*hello(), *mail(), *content("550 5.5.2 mx1.hotel.example Error: bare <LF> received", "Subject: x\n\nhello\n"), *QUIT], 1, 25, 0),
    "not base64": ("auth-bad-base64", "client", [r"\+ \(each response in base64"],
                   [*hello("AUTH LOGIN PLAIN"), "> AUTH LOGIN", "< 334 VXNlcm5hbWU6", "> bob@firm.example",
                    "< 501 5.5.2 Error: malformed authentication response", *QUIT], 1, 587, 0),
    "silence on 465": ("no-greeting-sent", "client", ["begin with TLS"], ["~ 60"], 2, 465, 0),
    "pool without RSET": ("nested-mail", "client", ["3 messages were put off for now. Delivered all the same: 3", r"\+ RSET  ->  250", r"MAIL FROM:<b@shop.example>  ->  250 \(in place of 503\)"],
                          [*hello(), *mail("450 4.3.2 try later"), "> MAIL FROM:<b@shop.example>", "< 503 5.5.1 Error: nested MAIL command",
                           "> RCPT TO:<c@hotel.example>", "< 250 2.1.5 Ok", *content("250 2.0.0 Ok: queued as 1"), *QUIT], 3, 25, 0, "command-refused"),
    "login failed, so no relay": ("auth-failed", "client", ["4 messages were not delivered", "relay-denied: 4", "RCPT TO:<anna@hotel.example>  ->  250 \\(in place of 554"],
                                  [*hello("AUTH PLAIN LOGIN"), *login("bob", "x", "535 5.7.8 Error: authentication failed"),
                                   *mail("554 5.7.1 <anna@hotel.example>: Relay access denied"), "> DATA", "< 554 5.5.1 Error: no valid recipients", *QUIT], 4, 587, 0),
    "a body read as commands": ("recipient-unknown", "policy", [r"- \.\.\.", "data-without-354", "1 message was not delivered"],
                                [*hello(), *mail("550 5.1.1 User unknown"), "> DATA", "< 503 5.5.1 Error: need RCPT command", "> Subject: hello",
                                 "< 502 5.5.2 Error: command not recognized", "> hello world", "< 502 5.5.2 Error: command not recognized", "> .",
                                 "< 502 5.5.2 Error: command not recognized", *QUIT], 1, 25, 0),
    "greeted too late": ("no-greeting", "client", ["No message is known to be lost", "- MAIL FROM:<a@shop.example>"],
                         ["< 220 mx1.hotel.example ESMTP Postfix", "> MAIL FROM:<a@shop.example>", "< 503 5.5.1 Error: send HELO/EHLO first",
                          "> EHLO shop.example", "< 250-mx1.hotel.example", "< 250 PIPELINING", "> MAIL FROM:<a@shop.example>", "< 250 2.1.0 Ok",
                          "> RCPT TO:<b@hotel.example>", "< 250 2.1.5 Ok", *content("250 2.0.0 Ok: queued as 9"), *QUIT], 1, 25, 0),
    "EHLO ends the transaction": ("data-without-mail", "client", ["1 message was not delivered", "had ended it", r"\+ MAIL FROM:<orders@shop.example>  ->  250"],
                                  [*hello(), *mail(), "> EHLO shop.example", "< 250-mx1.hotel.example", "< 250 PIPELINING", "> DATA",
                                   "< 503 5.5.1 Error: need MAIL command", *QUIT], 1, 25, 0),
    "logged in twice": ("auth-after-auth", "client", ["refused before it began", "- AUTH PLAIN"],
                        [*hello("AUTH PLAIN LOGIN"), *login("bob", "right", "235 2.7.0 ok"), *mail(), *content("250 2.0.0 Ok: queued as 3"),
                         "> AUTH PLAIN AGJvYgByaWdodA==", "< 503 5.5.1 Error: already authenticated", *QUIT], 1, 587, 0),
    "STARTTLS after HELO": ("esmtp-after-helo", "client", ["- HELO shop.example", r"STARTTLS  ->  220 \(in place of 503\)", r"\+ \(TLS\)"],
                            ["< 220 mx1.hotel.example ESMTP Exim 4.96", "> HELO shop.example", "< 250 mx1.hotel.example", "> STARTTLS",
                             "< 503 STARTTLS command used when not advertised", *mail(), *content("250 OK id=1"), *QUIT], 1, 25, 0),
    "trouble of the server": ("command-refused", "server", ["temporary trouble of the server", "3 messages were put off for now", "- DATA"],
                              [*hello(), *mail("451 4.3.0 Temporary lookup failure"), "> DATA", "< 554 5.5.1 Error: no valid recipients", *QUIT], 3, 25, 0),
    "another's address": ("sender-refused", "policy", ["not owned by user bob@shop.example", "that this account may use"],
                          [*hello("AUTH PLAIN LOGIN"), *login("bob@shop.example", "right", "235 2.7.0 ok"),
                           *mail("553 5.7.1 <ceo@shop.example>: Sender address rejected: not owned by user bob@shop.example", "ceo@shop.example"),
                           "> DATA", "< 554 5.5.1 Error: no valid recipients", *QUIT], 2, 587, 0),
    "503 for what was right": ("unexpected-503", "server", ["Nothing is wrong with the order", r"DATA  ->  354 \(in place of 503\)"],
                               [*hello(), *mail(), "> DATA", "< 503 valid RCPT command must precede DATA", *QUIT], 2, 25, 0),
    "mailbox full": ("mailbox-full", "policy", ["2 messages were not delivered", "quota"],
                     [*hello(), *mail("552 5.2.2 <anna@hotel.example>: Recipient address rejected: mailbox full"), *QUIT], 2, 25, 0),
    "too many recipients": ("too-many-recipients", "policy", ["3 recipients were refused", "again to the others"],
                            [*hello(), "> MAIL FROM:<a@shop.example>", "< 250 2.1.0 Ok",
                             *[line for i in range(13) for line in (f"> RCPT TO:<u{i}@hotel.example>",
                                                                    "< 250 2.1.5 Ok" if i < 10 else "< 452 4.5.3 Error: too many recipients")],
                             *content("250 2.0.0 Ok: queued as 5"), *QUIT], 1, 25, 0),
    "hung up at the end": ("message-in-doubt", "server", ["2 messages are in doubt", "Look for the message in the log"],
                           [*hello(), *mail(), "> DATA", "< 354 go", "> Subject: x\r\n\r\nbody\r\n.", "~ 5"], 2, 25, 1),
    "LMTP, one of two": ("mailbox-full", "policy", [r"\(LMTP\)", "1 message was accepted all the same. 1 recipient was refused", "to the message the server answered"],
                         ["< 220 store.hotel.example LMTP Dovecot ready", "> LHLO mx1.hotel.example", "< 250-store.hotel.example", "< 250 PIPELINING",
                          "> MAIL FROM:<a@shop.example>", "< 250 2.1.0 OK", "> RCPT TO:<c@hotel.example>", "< 250 2.1.5 OK", "> RCPT TO:<e@hotel.example>",
                          "< 250 2.1.5 OK", "> DATA", "< 354 OK", "> Subject: x\r\n\r\nx\r\n.", "< 250 2.0.0 <c@hotel.example> Saved",
                          "< 452 4.2.2 <e@hotel.example> Quota exceeded (mailbox for user is full)", *QUIT], 1, 24, 0),
    "one of two": ("recipient-unknown", "policy", ["1 message was accepted all the same. 1 recipient was refused"],
                   [*hello(), *mail("550 5.1.1 User unknown"), "> RCPT TO:<bea@hotel.example>", "< 250 2.1.5 Ok", *content("250 2.0.0 Ok: queued as 8"), *QUIT],
                   1, 25, 0),
    "password in clear, no TLS there": ("cleartext-credential", "client", ["offered no STARTTLS", "First set up a certificate", "so far clients have no choice"],
                                        [*hello("AUTH PLAIN LOGIN"), *login("bob", "right", "235 2.7.0 ok"), *mail(), *content("250 2.0.0 Ok: queued as 2"), *QUIT],
                                        1, 587, 0),
    "a firewall ate STARTTLS": ("middlebox-masking", "path", ["SMTP inspection switched off", "starttls-not-offered: 4",
                                                              r"STARTTLS  ->  220 \(in place of 500\)"],
                                ["< 220 mx1.hotel.example ESMTP Postfix", "> EHLO shop.example", "< 250-mx1.hotel.example", "< 250-XXXXXXXX", "< 250-XXXX",
                                 "< 250 8BITMIME", "> STARTTLS", "< 500 5.5.1 Command unrecognized: XXXXXXXX", *QUIT], 4, 587, 0, "starttls-stripped"),
    "a firewall ate what is demanded": ("middlebox-masking", "path", ["tls-required: 3", r"\+ STARTTLS  ->  220", r"MAIL FROM:<a@shop.example>  ->  250 \(in place"],
                                        ["< 220 mx1.hotel.example ESMTP Postfix", "> EHLO shop.example", "< 250-mx1.hotel.example", "< 250-XXXXXXXA",
                                         "< 250 8BITMIME", "> MAIL FROM:<a@shop.example>", "< 530 5.7.0 Must issue a STARTTLS command first", *QUIT], 3, 25, 0),
    "no host name, twice": ("command-refused", "client", ["- EHLO my_host", "- HELO my_host", r"\+ EHLO <full-host-name>  ->  250"],
                            ["< 220 mx1.hotel.example ESMTP Postfix", "> EHLO my_host", "< 501 5.5.2 <my_host>: Helo command rejected: Invalid name",
                             "> HELO my_host", "< 501 5.5.2 <my_host>: Helo command rejected: Invalid name", "> MAIL FROM:<a@shop.example>",
                             "< 503 5.5.1 Error: send HELO/EHLO first", *QUIT], 3, 25, 0),
    "MAIL forgotten": ("rcpt-without-mail", "client", ["3 messages were not delivered", r"data-without-mail: 3", r"\+ MAIL FROM:"],
                       [*hello(), "> RCPT TO:<b@hotel.example>", "< 503 5.5.1 Error: need MAIL command", "> DATA", "< 503 5.5.1 Error: need RCPT command",
                        *QUIT], 3, 25, 0),
    "SMTP to LMTP, and on": ("lmtp-greeting-mismatch", "client", ["2 messages were not delivered", "no-greeting: 2", r"\+ LHLO mx1.hotel.example  ->  250"],
                             ["< 220 store.hotel.example LMTP Dovecot ready", "> EHLO mx1.hotel.example", "< 500 5.5.1 Unknown command", "> HELO mx1.hotel.example",
                              "< 500 5.5.1 Unknown command", "> MAIL FROM:<a@shop.example>", "< 250 2.1.0 OK", *QUIT], 2, 24, 0),
    "another mechanism": ("auth-mechanism-not-offered", "client", [r"- AUTH PLAIN", r"\+ AUTH XOAUTH2  ->  235"],
                          [*hello("AUTH XOAUTH2"), "> AUTH PLAIN AGJvYgBwdw==", "< 504 5.7.4 Unrecognized authentication type", *QUIT], 3, 587, 0),
    "BDAT before RCPT": ("bdat-without-rcpt", "client", ["rset-required: 1", r"\+ BDAT 6 LAST  ->  250"],
                         [*hello("CHUNKING"), "> MAIL FROM:<a@shop.example>", "< 250 2.1.0 Ok", "> BDAT 6 LAST", ">> hell", "< 503 5.5.1 need RCPT",
                          "> RCPT TO:<b@hotel.example>", "< 250 2.1.5 Ok", *QUIT], 1, 25, 0),
    "secured at the second try": ("tls-required", "policy", ["No message is known to be lost"],
                                  [*hello("STARTTLS"), "> MAIL FROM:<a@shop.example>", "< 530 5.7.0 Must issue a STARTTLS command first", "> STARTTLS",
                                   "< 220 2.0.0 Ready", CLIENT_HELLO, "< \x16\x03\x03\0\x06\x02\0\0\x02\x03\x03",
                                   b"\x14\x03\x03\0\x01\x01\x17\x03\x03\0\x05apple", "< \x17\x03\x03\0\x05pears"], 2, 25, 0),
    "a blank that nobody minds": ("auth-required", "client", ["1 message was not delivered", r"\+ RCPT TO:<x@elsewhere.example>", "- RCPT TO: <x@",
                                                              r"\+ EHLO <full-host-name>  ->  250"],
                                  [*hello("STARTTLS", "AUTH PLAIN", name="localhost"), "> MAIL FROM: <a@shop.example>", "< 250 2.1.0 Ok",
                                   "> RCPT TO: <x@elsewhere.example>", "< 553 5.7.1 <a@shop.example>: Sender address rejected: not logged in", *QUIT],
                                  1, 587, 0, "command-syntax"),
    "a name forgotten, too early": ("early-talker", "client", [r"- EHLO$", r"\+ EHLO <full-host-name>  ->  250"],
                                    ["> EHLO", "~ 2", "< 220 mx1.hotel.example ESMTP Postfix", "< 501 Syntax: EHLO hostname"], 1, 25, 0),
    "a 421 that gives its reason": ("rate-limited", "policy", ["4 messages were put off for now", "server-421: 4", "fewer connections"],
                                    [*hello(), *mail(), *content("421-4.7.28 We have detected an unusual rate of unsolicited mail\n421 4.7.28 from your address")],
                                    4, 25, 1),
    "no login to be had": ("relay-denied", "policy", ["This server takes no login here", r"\(Postfix: mydestination", "open-relay-attempt: 1"],
                           [*hello("STARTTLS"), *mail("554 5.7.1 <anna@hotel.example>: Relay access denied"), *QUIT], 2, 25, 0),
    "a login that does not permit": ("relay-denied", "policy", ["The login had succeeded", "permit_sasl_authenticated"],
                                     [*hello("AUTH PLAIN LOGIN"), *login("bob", "right", "235 2.7.0 ok"),
                                      *mail("554 5.7.1 <anna@hotel.example>: Relay access denied"), *QUIT], 2, 587, 0),
    "a login on 587": ("relay-denied", "policy", [r"\+ STARTTLS  ->  220", r"\+ AUTH "],
                       [*hello("STARTTLS"), *mail("554 5.7.1 <anna@hotel.example>: Relay access denied"), *QUIT], 2, 587, 0),
    "no connector": ("relay-denied", "policy", ["no inbound connector", r"\(Exchange: the accepted domains\)"],
                     ["< 220 AM0.mail.protection.outlook.example Microsoft ESMTP MAIL Service ready", "> EHLO shop.example", "< 250-AM0.mail.protection.outlook.example Hello",
                      "< 250-STARTTLS", "< 250 CHUNKING", *mail("550 5.7.64 TenantAttribution; Relay Access Denied"), *QUIT], 2, 25, 0),
    "not of this sender": ("message-refused", "policy", ["Send from an address that exists", "2 messages were not delivered"],
                           [*hello("AUTH PLAIN LOGIN"), *login("scan@hotel.example", "right", "235 2.7.0 ok"), *mail(sender="noreply@hotel.example"),
                            *content("554 5.2.252 SendAsDenied; scan@hotel.example not allowed to send as noreply@hotel.example"), *QUIT], 2, 587, 0),
    "an exploit": ("exploit-attempt", "client", ["CVE-2019-10149", "command-refused: 1", "quit-in-transaction: 1", "1 message was not delivered"],
                   ["< 220 mail.inn.example ESMTP Exim 4.96", "> EHLO shop.example", "< 250-mail.inn.example", "< 250 SIZE 52428800", "> MAIL FROM:<a@x.example>",
                    "< 250 OK", "> RCPT TO:<${run{\\x2Fbin\\x2Fsh}}@localhost>", "< 550 bad", *QUIT], 1, 25, 0),
    "eight bits": ("8bit-undeclared", "client", ["message-refused: 1", "does not offer 8BITMIME"],
                   [*hello(), *mail(), *content("554 5.6.1 Eight bit data not allowed", "Subject: x\r\n\r\nGr\xfc\xdfe"), *QUIT], 1, 25, 0),
    "amid the message": ("connection-lost", "client", ["2 messages were not delivered", "Find out why the program closed the connection there"],
                         [*hello(), *mail(), "> DATA", "< 354 go", "> Subject: x", "> " + "a" * 900], 2, 25, 0),
    "silent amid the message": ("path-stall", "client", ["Find out what the program waited for", "all that it had sent was acknowledged"],
                                [*hello(), *mail(), "> DATA", "< 354 go", "> Subject: x", "~ 130"], 1, 25, 1),
    "a milter": ("command-refused", "policy", ["a filter behind it", "quit-in-transaction: 2"],
                 [*hello(), *mail("451 4.7.1 Service unavailable - try again later"), *QUIT], 2, 25, 0),
    "one NUL": ("auth-plain-nul-count", "client", [r"\+ \(NUL, user name, NUL, password, together in base64\)"],
                [*hello("AUTH PLAIN"), "> AUTH PLAIN " + b64("bob\0pw"), "< 535 5.7.8 Error: authentication failed", *QUIT], 2, 587, 0),
    "password not checked": ("auth-failed", "server", ["Do not change the password", "the service behind the authentication"],
                             [*hello("AUTH PLAIN"), "> AUTH PLAIN " + b64("\0bob\0pw"),
                              "< 454 4.7.0 Temporary authentication failure: Connection lost to authentication server", *QUIT], 3, 587, 0),
    "TLS on the port of STARTTLS": ("tls-on-plain-port", "client", ["Set the client to STARTTLS"],
                                    [CLIENT_HELLO, "< 220 mx1.hotel.example ESMTP Postfix", "< 500 5.5.2 Error: bad syntax"], 2, 587, 1),
    "clear text on 465": ("plain-on-tls-port", "client", ["TLS from the start"], ["> EHLO x", "< \x15\x03\x01\0\x02\x02\x46"], 2, 465, 1),
    "a browser": ("not-smtp", "client", ["The client spoke HTTP", "Check host and port"],
                  ["< 220 mx1.hotel.example ESMTP Postfix", "> GET / HTTP/1.1", "< 221 2.7.0 Error: I can break rules, too. Goodbye."], 2, 25, 1),
    "no service": ("service-refused", "policy", ["access rule"], ["< 554 5.7.1 No SMTP service here", *QUIT], 3, 25, 0),
    "under load": ("service-refused", "server", ["look at its load"], ["< 421 4.3.2 mx1.hotel.example system load too high, try again later"], 3, 25, 1),
    "no name in DNS": ("blocklisted", "policy", ["reverse DNS", "3 messages were put off"],
                       [*hello(), *mail("450 4.7.25 Client host rejected: cannot find your hostname, [192.0.2.1]"), *QUIT], 3, 25, 0),
    "a mailbox that is off": ("command-refused", "policy", ["take the address off lists"],
                              [*hello(), *mail("550 5.2.1 The email account that you tried to reach is disabled."), *QUIT], 2, 25, 0),
    "letters of another alphabet": ("non-ascii-without-smtputf8", "client", ["xn--"],
                                    [*hello(), "> MAIL FROM:<a@shop.example>", "< 250 2.1.0 Ok", "> RCPT TO:<m\xc3\xbcller@hotel.example>",
                                     "< 550 5.6.7 non-ASCII addresses not permitted for that sender/recipient", *QUIT], 2, 25, 0),
    "a sender that is not there": ("sender-refused", "policy", ["Send from an address that exists"],
                                   ["< 220 mail.inn.example ESMTP Exim 4.96", "> EHLO shop.example", "< 250-mail.inn.example", "< 250 SIZE 52428800",
                                    *mail("550-Verification failed for <orders@shop.example>"), "< 550 Sender verify failed", *QUIT], 2, 25, 0),
    "a line without its end": ("command-syntax", "client", ["MAIL has no CR LF behind it: for 300 seconds", "server-421: 2", r"-> MAIL \.\.\."],
                               [*hello(), ">| MAIL FROM:<a@shop.example>", "~ 300", "< 421 4.4.2 mx1.hotel.example Error: timeout exceeded"], 2, 25, 1),
    "a line end spelt out": ("command-syntax", "client", [r"EHLO ends in the characters \\r\\n in place of CR LF"],
                             ["< 220 mx1.hotel.example ESMTP Postfix", ">| EHLO shop.example\\r\\n", "~ 300", "< 421 4.4.2 Error: timeout exceeded"], 2, 25, 1),
    "a dot without its end": ("dot-stuffing", "client", ["the server waited for the end of the message", "then CR LF, a dot and CR LF", "1 message was not"],
                              [*hello(), *mail(), "> DATA", "< 354 go", ">| Subject: x\r\n\r\nhello\r\n.", "~ 300", "< 421 4.4.2 Error: timeout exceeded"],
                              1, 25, 1),
    "an end that the server does not take": ("dot-stuffing", "client", ["Both waited 300 seconds", "the content with CR LF at the end of each line"],
                                             [*hello(), *mail(), "> DATA", "< 354 go", ">| Subject: x\n\nhello\n.\n", "~ 300",
                                              "< 421 4.4.2 Error: timeout exceeded"], 1, 25, 1),
    "a response without its end": ("auth-abandoned", "client", ["The last line of the client has no CR LF behind it", "server-421: 1"],
                                   [*hello("AUTH LOGIN"), "> AUTH LOGIN", "< 334 VXNlcm5hbWU6", ">| Ym9i", "~ 300",
                                    "< 421 4.4.2 Error: timeout exceeded"], 1, 587, 1),
    "a challenge without an answer": ("auth-abandoned", "client", ["The client had not answered for 300 seconds"],
                                      [*hello("AUTH LOGIN"), "> AUTH LOGIN", "< 334 VXNlcm5hbWU6", "~ 300",
                                       "< 421 4.4.2 Error: timeout exceeded"], 1, 587, 1),
    "a chunk too short": ("bdat-length-anomaly", "client", ["the server waited for the rest", "1 message was put off"],
                          [*hello("CHUNKING"), *mail(), ">| BDAT 20 LAST\r\nSubject: x\r\n", "~ 300", "< 421 4.4.2 Error: timeout exceeded"], 1, 25, 1),
    "no end at all": ("server-421", "client", ["nothing more of it came"],
                      [*hello(), *mail(), "> DATA", "< 354 go", "> Subject: x\r\n\r\nhello", "~ 300", "< 421 4.4.2 Error: timeout exceeded"], 1, 25, 1),
    "turned away at the greeting": ("command-refused", "policy", ["EHLO was refused for good with 550 5.7.1"],
                                    ["< 220 mx1.hotel.example ESMTP Postfix", "> EHLO shop.example", "< 550 5.7.1 Access denied", *QUIT], 2, 25, 0),
    "two addresses in one RCPT": ("command-syntax", "client", ["one command takes one address", "1 message was not delivered"],
                                  [*hello(), "> MAIL FROM:<a@shop.example>", "< 250 2.1.0 Ok", "> RCPT TO:<b@hotel.example>,<c@hotel.example>",
                                   "< 501 5.1.3 Bad recipient address syntax", *QUIT], 1, 25, 0),
    "a byte order mark": ("command-syntax", "client", ["byte order mark"],
                          ["< 220 mx1.hotel.example ESMTP Postfix", "> \xef\xbb\xbfEHLO shop.example", "< 502 5.5.2 Error: command not recognized", *QUIT],
                          2, 25, 0),
    "one client, five hundred times": ("auth-failed", "client", ["500 of 500 sessions", "stuck-client: 3"],
                                       [*hello("AUTH PLAIN LOGIN"), *login("scan@hotel.example", "old", "535 5.7.8 Error: authentication failed"), *QUIT],
                                       500, 587, 0),
}

SMTPD, FROM = "Nov 24 04:06:2{} mx postfix/smtpd[14{}]: ", "; from=<alice@shop.example> to=<bob@hotel.example> proto=ESMTP helo=<shop.example>"


def maillog(*rejections):
    """What Postfix's log keeps of sessions that were refused something."""
    lines = []
    for i, rejection in enumerate(rejections):
        head, client = SMTPD.format(i, i), f"mail.shop.example[198.51.100.{i}]"
        lines += [f"{head}connect from {client}", f"{head}NOQUEUE: reject: {rejection.replace('CLIENT', client)}",
                  f"{head}disconnect from {client} ehlo=1 mail=1 rcpt=0/1 quit=1 commands=3/4"]
    return "\n".join(lines) + "\n"


# Logs of events, which quote a refusal and leave out the rest: the incidents, and what the text says.
LOGS = {
    "relay denied": (maillog("RCPT from CLIENT: 554 5.7.1 <bob@hotel.example>: Relay access denied" + FROM),
                     [("relay-denied", "policy")], ["1 recipient was refused", "That is likely, not certain", "Authenticate before MAIL"]),
    "block list": (maillog("RCPT from CLIENT: 554 5.7.1 Service unavailable; Client host [198.51.100.0] blocked using zen.spamhaus.org" + FROM),
                   [("blocklisted", "policy")], ["Spamhaus", "removed there"]),
    "unknown, and full": (maillog("RCPT from CLIENT: 550 5.1.1 <bob@hotel.example>: Recipient address rejected: User unknown in local recipient table" + FROM,
                                  "RCPT from CLIENT: 452 4.2.2 <bob@hotel.example>: Recipient address rejected: mailbox is over quota" + FROM),
                          [("mailbox-full", "policy"), ("recipient-unknown", "policy")], ["sessions: 1"]),
    "size": (maillog("MAIL from CLIENT: 552 5.3.4 Message size exceeds fixed limit; proto=ESMTP helo=<shop.example>"),
             [("command-refused", "policy")], ["MAIL \\.\\.\\.", "1 message was not delivered"]),
    "a login, without its reply": (maillog("x").replace("NOQUEUE: reject: x", "warning: mail.shop.example[198.51.100.0]: SASL LOGIN authentication failed: UGFzc3dvcmQ6"),
                                   [("auth-failed", "client")], ["AUTH LOGIN \\.\\.\\.", "the log gives the reason", "The log tells of single events"]),
    "a login that could not be checked": (maillog("x").replace("NOQUEUE: reject: x", "warning: mail.shop.example[198.51.100.0]: SASL PLAIN authentication "
                                                               "failed: Connection lost to authentication server"),
                                          [("auth-failed", "server")], ["Do not change the password"]),
    "rejected by Exim": ("".join(f"2026-11-24 04:0{i}:27 {line}\n" for i, line in enumerate((
        "H=(c.example) [198.51.100.1] F=<alice@shop.example> rejected RCPT <x@elsewhere.example>: relay not permitted",
        "H=mail.shop.example [198.51.100.2] F=<alice@shop.example> temporarily rejected RCPT <bob@hotel.example>: greylisted",
        "H=mail.shop.example [198.51.100.3] F=<alice@shop.example> rejected RCPT <nobody@hotel.example>: Unrouteable address",
        "1xVhnS-00000000010-3Bg8 H=mail.shop.example [198.51.100.4] F=<alice@shop.example> rejected after DATA: This message contains a virus (Eicar)",
        "H=mail.shop.example [198.51.100.5] rejected MAIL <alice@shop.example>: Sender verify failed"))),
        [("greylisted", "policy"), ("message-refused", "policy"), ("recipient-unknown", "policy"), ("relay-denied", "policy"), ("sender-refused", "policy")],
        ["the log gives the reason \"This message contains a virus", "1 message was not delivered", "1 recipient was refused"]),
    "503 alone": (maillog("RCPT from CLIENT: 503 5.5.1 Error: need MAIL command; proto=ESMTP helo=<shop.example>"), [], ["No incident"]),
}


def packets(rng, number, lines, port, closer, start_s):
    """The segments of one session."""
    now, seq = int(start_s * 10**9), [rng.randrange(2**32), rng.randrange(2**32)]
    ends, out = [(bytes([192, 0, 2, 1]), 20000 + number), (bytes([203, 0, 113, 25]), port)], []

    def send(side, payload, flags, wait_ms=None):
        nonlocal now
        now += int((rng.uniform(4, 12) if wait_ms is None else wait_ms) * 10**6)
        s = frames.Segment()
        s.time, s.flags, s.window, s.hops, s.payload, s.options = now, flags, 64240, 60, payload, b""
        (s.src, s.sport), (s.dst, s.dport) = ends[side], ends[1 - side]
        s.seq, s.ack = seq[side], seq[1 - side] if flags & ACK else 0
        seq[side] += len(payload) + bool(flags & (SYN | FIN))
        out.append(s)

    send(0, b"", SYN), send(1, b"", SYN | ACK), send(0, b"", ACK)
    for line in lines:
        if isinstance(line, bytes):
            send(0, line, ACK | PUSH)
            continue
        who, said = line.split(" ", 1)
        if who == "~":
            now += int(float(said) * 10**9)
        else:
            raw = said.encode("latin-1") + (b"" if said[:1] in "\x14\x15\x16\x17" or who[1:] == "|" else b"\r\n")
            send(1 if who[0] == "<" else 0, raw, ACK | PUSH, 0.05 if who == ">>" else None)
    send(closer, b"", FIN | ACK), send(1 - closer, b"", FIN | ACK), send(closer, b"", ACK)
    return out


def run(binary, *arguments):
    p = subprocess.run([binary, *arguments], capture_output=True)
    if p.returncode:
        raise AssertionError(f"{arguments}: exit {p.returncode}: {p.stderr.decode()[-300:]}")
    return p.stdout.decode()


def columns(line):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


def too_wide(what, text):
    return [f"{what}: {columns(line)} columns: {line[:100]}" for line in text.split("\n") if columns(line) > 80][:2]


def english(text):
    """Runs of English words that are neither quoted nor what the wire said, in a report in Japanese."""
    text = re.sub(r"(?ms)^セッション [0-9a-f]{16}.*?^参照", "", text)
    lines = [line for line in text.split("\n") if not re.match(r"\s+[x+-] |\s+.*  ->  \d|    [A-Z]+( \S+)?$", line)]
    flat = re.sub(r'"[^"]*"', "", re.sub(r"\s+", " ", " ".join(lines)))
    return re.findall(r"(?:\b[A-Za-z][a-z']+[ ,;:()]+){3,}[A-Za-z']+", flat)


def check(binary, path, name, row):
    finding, fault, says, _, sessions, *_ = row
    beside = {"cleartext-credential", "brute-force", *row[7:]} - {finding}
    result = json.loads(run(binary, "report", "--format", "json", path))
    grave = [i for i in result["incidents"] if i["severity"] != "info"
             and i["cause"]["finding"] not in beside]
    bad = []
    if [i["cause"]["finding"] for i in grave] != [finding]:
        bad.append(f"{name}: incidents {[i['cause']['finding'] for i in grave]} in place of {finding}")
    elif (grave[0]["fault"], grave[0]["sessions"]) != (fault, sessions):
        bad.append(f"{name}: the fault of {grave[0]['fault']} in {grave[0]['sessions']} sessions")
    if result["incidents"][0] not in grave:
        bad.append(f"{name}: {result['incidents'][0]['cause']['finding']} stands first")
    text = run(binary, "report", path)
    flat = re.sub(r"\s+", " ", text)
    bad += [f"{name}: does not say {s}" for s in says if not re.search(s, text, re.M) and not re.search(s, flat)]
    japanese = run(binary, "report", "--lang", "ja", path)
    bad += [f"{name} (ja): English: {said}" for said in english(japanese)]
    return bad + too_wide(name, text) + too_wide(name + " (ja)", japanese)


def check_log(binary, path, name, row):
    _, expected, says = row
    result = json.loads(run(binary, "report", "--format", "json", path))
    got = sorted((i["cause"]["finding"], i["fault"]) for i in result["incidents"])
    text = run(binary, "report", path)
    flat = re.sub(r"\s+", " ", text)
    bad = [f"log, {name}: {got} in place of {expected}"] if got != sorted(expected) else []
    return bad + [f"log, {name}: does not say {s}" for s in says if not re.search(s, flat)] + too_wide(name, text)


def explanations(binary):
    """Everything that explain prints, in both languages."""
    findings = re.findall(r"^  ([a-z0-9-]+) ", run(binary, "explain"), re.M)
    words = [str(code) for code in (220, 250, 334, 354, 421, 450, 503, 535, 550, 554)]
    return [b for language in ("en", "ja") for word in ([], *([w] for w in words + findings), ["334", "503", "535"])
            for b in too_wide(f"explain {word}", run(binary, "explain", "--lang", language, *word))]


def main():
    binary, rng = os.path.abspath(sys.argv[1]), random.Random(6)
    bad = explanations(binary)
    with tempfile.TemporaryDirectory() as folder:
        for name, row in ROWS.items():
            path, segments = os.path.join(folder, "incident.pcap"), []
            for k in range(row[4]):
                segments += packets(rng, k, row[3], row[5], row[6], 1_795_000_000 + 45 * k)
            frames.write(path, sorted(segments, key=lambda s: s.time))
            bad += check(binary, path, name, row)
        for name, row in LOGS.items():
            path = os.path.join(folder, "mail.log")
            with open(path, "w") as out:
                out.write(row[0])
            bad += check_log(binary, path, name, row)
    print("\n".join(bad[:40]))
    print(f"{len(ROWS) + len(LOGS)} incidents, {len(bad)} complaints")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
