#!/usr/bin/env python3
"""logs.py SMTPSCOPE [--rounds N] [--seed N] [--only NAME] [-v]: the same dialogue as packets and as the log of the program that led it.

Real clients (those that are installed) talk to a small server on this machine, whose temper a seed decides: what it offers,
refuses and how it answers logins.  The server writes the packets itself, from what passed its sockets.  Held against each
other: verbs and codes in order; verdicts and findings that the log accuses somebody of and the packets do not; secrets; and
both together are one session.
Exits 77 where no client is installed."""

import argparse
import base64
import collections
import hashlib
import hmac
import json
import os
import random
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

import log_clients
import tls_server
from log_tools import CONTENT, PASSWORD, USER, message, run, typed

ACCUSING = ("misordered", "consequence", "contradicted", "tolerated")
HOST = "mx.lab.example"


class Wire:
    """A TCP connection as packets in a file, made from what each side sent."""

    def __init__(self, client_port, server_port):
        self.ports, self.seq, self.packets = (client_port, server_port), [1000, 5000], []
        for side, flags in ((0, 2), (1, 18), (0, 16)):
            self.packet(side, flags, b"")
            if flags & 2:
                self.seq[side] += 1

    def packet(self, side, flags, data):
        ports = self.ports if side == 0 else self.ports[::-1]
        ack = self.seq[1 - side] if flags & 16 else 0
        tcp = struct.pack("!HHIIBBHHH", *ports, self.seq[side], ack, 0x50, flags, 65535, 0, 0) + data
        ends = (bytes([192, 0, 2, 1]), bytes([192, 0, 2, 25]))
        ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0) + (ends[side] + ends[1 - side])
        self.packets.append((time.time(), ip + tcp))

    def say(self, side, data):
        for at in range(0, len(data), 1400):
            part = data[at:at + 1400]
            self.packet(side, 24, part)
            self.seq[side] += len(part)

    def close(self, side):
        for one in (side, 1 - side):
            self.packet(one, 17, b"")
            self.seq[one] += 1

    def write(self, path):
        with open(path, "wb") as f:
            f.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101))
            for when, data in self.packets:
                f.write(struct.pack("<IIII", int(when), int(when % 1 * 1e6), len(data), len(data)) + data)


class Server(threading.Thread):
    """One connection, served as the seed's temper has it."""

    def __init__(self, temper):
        super().__init__(daemon=True)
        self.temper, self.wire = temper, None
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.wires = []

    def run(self):
        while True:
            try:
                connection, peer = self.listener.accept()
            except OSError:
                return
            wire = Wire(peer[1], self.temper.get("port", 25))
            self.wires.append(wire)
            try:
                closed_by = self.serve(connection, wire)
            except OSError:
                closed_by = 0
            if closed_by == 1:
                self.drain(connection, wire)
            wire.close(closed_by)
            connection.close()

    def drain(self, connection, wire):
        """What the client still sends to a server that has said its last."""
        try:
            connection.shutdown(socket.SHUT_WR)
            connection.settimeout(2)
            while data := connection.recv(65536):
                wire.say(0, data)
        except OSError:
            pass

    def serve(self, connection, wire):
        self.connection, self.pending, self.wire = tls_server.Recorded(connection, wire), b"", wire
        if self.temper.get("tls") == "implicit":
            self.connection = tls_server.Sealed(self.connection, self.temper["folder"])
        self.state = {"mail": False, "rcpt": 0, "hello": False, "auth": False}
        self.reply(self.temper["greeting"])
        if not self.temper["greeting"].startswith("220"):
            return 1
        while True:
            line = self.line()
            if line is None:
                return 0
            verb, _, argument = line.partition(" ")
            handler = getattr(self, "do_" + verb.lower(), None)
            answer = handler(argument) if handler else f"500 5.5.2 {verb[:20]}: unknown"
            if answer is None:
                return 0
            if answer:
                self.reply(answer)
            if answer.startswith(("221", "421")):
                return 1

    def reply(self, text):
        data = text.replace("\n", "\r\n").encode() + b"\r\n"
        self.connection.sendall(data)

    def line(self):
        while b"\n" not in self.pending:
            data = self.connection.recv(65536)
            if not data:
                return None
            self.pending += data
        line, self.pending = self.pending.split(b"\n", 1)
        return line.rstrip(b"\r").decode("latin-1")

    def do_ehlo(self, argument):
        self.state.update(hello=True, mail=False, rcpt=0)
        lines = [f"{HOST} greets {argument}"] + self.temper["offers"]
        if self.temper.get("tls") == "starttls" and not isinstance(self.connection, tls_server.Sealed):
            lines.append("STARTTLS")
        return "\n".join(f"250{'-' if i + 1 < len(lines) else ' '}{line}" for i, line in enumerate(lines))

    def do_starttls(self, argument):
        if self.temper.get("tls") != "starttls":
            return "500 5.5.2 STARTTLS: unknown"
        self.reply("220 2.0.0 Ready to start TLS")
        self.connection = tls_server.Sealed(self.connection, self.temper["folder"])
        self.pending = b""
        self.state.update(hello=False, mail=False, rcpt=0)
        return ""

    def do_helo(self, argument):
        self.state.update(hello=True, mail=False, rcpt=0)
        return f"250 {HOST}"

    def do_mail(self, argument):
        if self.temper["needs_auth"] and not self.state["auth"]:
            return "530 5.7.0 Authentication required"
        if self.state["mail"]:
            return "503 5.5.1 Error: nested MAIL command"
        if not self.state["hello"]:
            return "503 5.5.1 Error: send HELO/EHLO first"
        if self.temper["mail"].startswith("250"):
            self.state.update(mail=True, rcpt=0)
        return self.temper["mail"]

    def do_rcpt(self, argument):
        if not self.state["mail"]:
            return "503 5.5.1 Error: need MAIL command"
        if "nosuch" in argument:
            return "550 5.1.1 <nosuch@lab.example>: Recipient address rejected: User unknown"
        if self.temper["rcpt"].startswith("250"):
            self.state["rcpt"] += 1
        return self.temper["rcpt"]

    def do_data(self, argument):
        if not self.state["mail"] or not self.state["rcpt"]:
            return "503 5.5.1 Error: need RCPT command" if self.state["mail"] else "503 5.5.1 Error: need MAIL command"
        self.reply("354 End data with <CR><LF>.<CR><LF>")
        while True:
            line = self.line()
            if line is None:
                return None
            if line == ".":
                break
        self.state.update(mail=False, rcpt=0)
        return self.temper["end"]

    def do_rset(self, argument):
        self.state.update(mail=False, rcpt=0)
        return "250 2.0.0 Ok"

    def do_noop(self, argument):
        return "250 2.0.0 Ok"

    def do_vrfy(self, argument):
        return "252 2.0.0 " + (argument or "?")

    def do_quit(self, argument):
        return "221 2.0.0 Bye"

    def ask(self, challenge):
        self.reply("334 " + base64.b64encode(challenge).decode())
        return self.line()

    def do_auth(self, argument):
        mechanism, _, initial = argument.partition(" ")
        mechanism = mechanism.upper()
        if not any(o.startswith("AUTH ") and mechanism in o.split()[1:] for o in self.temper["offers"]):
            return "504 5.5.4 Unrecognized authentication type"
        if self.state["auth"]:
            return "503 5.5.1 Error: already authenticated"
        right = False
        if mechanism == "PLAIN":
            response = initial or self.ask(b"")
            right = response == base64.b64encode(f"\0{USER}\0{PASSWORD}".encode()).decode()
        elif mechanism == "LOGIN":
            user = initial or self.ask(b"Username:")
            response = self.ask(b"Password:")
            right = (user, response) == tuple(base64.b64encode(x.encode()).decode() for x in (USER, PASSWORD))
        elif mechanism == "CRAM-MD5":
            challenge = b"<%d.1@mx.lab.example>" % random.randrange(1 << 30)
            response = self.ask(challenge)
            proof = USER + " " + hmac.new(PASSWORD.encode(), challenge, hashlib.md5).hexdigest()
            right = response == base64.b64encode(proof.encode()).decode()
        if response is None:
            return None
        self.state["auth"] = right
        return "235 2.7.0 Authentication successful" if right else "535 5.7.8 Error: authentication failed"


def temper_of(dice):
    offers = ["PIPELINING", "SIZE 1000000", "ENHANCEDSTATUSCODES", "8BITMIME"]
    offers = [o for o in offers if dice.random() < 0.8]
    mechanisms = dice.sample(["PLAIN", "LOGIN", "CRAM-MD5"], dice.randrange(1, 4))
    if dice.random() < 0.7:
        offers.append("AUTH " + " ".join(mechanisms))
    return {
        "greeting": dice.choice([f"220 {HOST} ESMTP"] * 8 + [f"220-{HOST} ESMTP\n220 hello", "554 5.7.1 No service", "421 4.3.2 Later"]),
        "offers": offers, "mechanisms": mechanisms, "needs_auth": dice.random() < 0.2,
        "mail": dice.choice(["250 2.1.0 Ok"] * 5 + ["550 5.7.1 Sender refused", "451 4.3.0 Try later"]),
        "rcpt": dice.choice(["250 2.1.5 Ok"] * 4 + ["554 5.7.1 Relay access denied", "450 4.2.0 Greylisted, try again later"]),
        "end": dice.choice(["250 2.0.0 Ok: queued as 4ABC12", "250 2.0.0 Ok: queued as 4ABC12", "554 5.6.0 Content rejected"]),
        "auth": any(o.startswith("AUTH") for o in offers) and dice.random() < 0.7,
        "password": PASSWORD if dice.random() < 0.5 else "wrong-42",
        "script": dice.choice(SCRIPTS), "recipients": dice.choice([["bob"], ["nosuch"], ["nosuch", "bob"], ["bob", "carol"]]),
    }


SCRIPTS = [
    ["EHLO c.example", "RCPT TO:<bob@lab.example>", "MAIL FROM:<a@lab.example>", "RCPT TO:<bob@lab.example>", "DATA", "CONTENT", "QUIT"],
    ["EHLO c.example", "DATA", "MAIL FROM:<a@lab.example>", "DATA", "RSET", "QUIT"],
    ["EHLO c.example", "MAIL FROM:<a@lab.example>", "MAIL FROM:<b@lab.example>", "RCPT TO:<nosuch@lab.example>", "DATA", "QUIT"],
    ["MAIL FROM:<a@lab.example>", "HELO c.example", "MAIL FROM:<a@lab.example>", "RCPT TO:<bob@lab.example>", "DATA", "CONTENT", "QUIT"],
    ["EHLO c.example", "FOO bar", "VRFY bob", "NOOP", "MAIL FROM:<a@lab.example>", "RCPT TO:<bob@lab.example>", "DATA", "CONTENT", "QUIT"],
]
def client_swaks(port, temper, folder, dice):
    command = ["swaks", "--server", "127.0.0.1", "--port", str(port), "--from", "a@lab.example", "--ehlo", "c.example", "--timeout", "8",
               "--to", ",".join(r + "@lab.example" for r in temper["recipients"])]
    if temper["auth"]:
        command += ["--auth", "--auth-user", USER, "--auth-password", temper["password"]]
    command += dice.choice([[], ["--show-time-lapse"], ["--show-time-lapse=i"], ["--pipeline"], ["--quit-after", "RCPT"], ["--suppress-data"],
                            ["--hide-informational"], ["--hide-receive"], ["--hide-send"], ["--silent", "1"], ["--silent", "2"], ["--show-raw-text"],
                            ["--auth-hide-password"], ["--auth-plaintext"], ["--drop-after", "RCPT"], ["--pipeline", "--suppress-data"],
                            ["--no-hints"], ["--no-receive-hints"], ["--no-send-hints"], ["--no-info-hints"], ["--hide-all"],
                            ["--show-time-lapse", "--no-hints"], ["--auth-hide-password", "--pipeline"], ["--quit-after", "MAIL"],
                            ["--protocol", "SMTP"], ["--xclient-name", "x.example"], ["--drop-after-send", "DATA"]])
    return run(command)


def client_curl(port, temper, folder, dice):
    command = ["curl", "-sS", "--max-time", "10", "--url", f"smtp://127.0.0.1:{port}/c.example"]
    command += dice.choice([["-v"], ["-v"], ["--trace-ascii", "-"], ["--trace", "-"], ["--trace-ascii", "-", "--trace-time"]])
    if temper["auth"]:
        command += ["--user", f"{USER}:{temper['password']}"]
    if dice.random() < 0.3:
        return run(command + ["-X", dice.choice(["NOOP", "VRFY", "EXPN"]), "--mail-rcpt", "bob"])
    command += ["--mail-from", "a@lab.example", "-T", message(folder)]
    for one in temper["recipients"]:
        command += ["--mail-rcpt", one + "@lab.example"]
    return run(command)


def client_msmtp(port, temper, folder, dice):
    command = ["msmtp", "--debug", "--host=127.0.0.1", f"--port={port}", "--from=a@lab.example", "--domain=c.example", "--tls=off"]
    if temper["auth"]:
        command += ["--auth=" + dice.choice(temper["mechanisms"]).lower(), f"--user={USER}", "--passwordeval=echo " + temper["password"]]
    command += [r + "@lab.example" for r in temper["recipients"]]
    with open(message(folder)) as f:
        return run(command, stdin=f)


def client_gsasl(port, temper, folder, dice):
    command = ["gsasl", "--smtp", "--connect", f"127.0.0.1:{port}", "--no-starttls", "-m", dice.choice(temper["mechanisms"]), "-a", USER,
               "-p", temper["password"], "--verbose"]
    return run(command, stdin=subprocess.DEVNULL)


SMTPLIB = """
import smtplib, sys
port, script, user, password, level = int(sys.argv[1]), sys.argv[2].split("|"), sys.argv[3], sys.argv[4], int(sys.argv[5])
s = smtplib.SMTP(timeout=8); s.set_debuglevel(level)
try:
    s.connect("127.0.0.1", port)
    for line in script:
        if line == "CONTENT":
            s.send("From: a@lab.example\\r\\n\\r\\nhello\\r\\n..dot\\r\\n250 ok\\r\\n.\\r\\n"); s.getreply()
        elif line.startswith("EHLO"):
            s.ehlo("c.example")
            if user:
                try: s.login(user, password)
                except smtplib.SMTPException as e: print(e)
        else:
            code, text = s.docmd(line)
            if line == "DATA" and code != 354: script = [x for x in script if x != "CONTENT"]
            if line == "DATA" and code != 354 and "CONTENT" in sys.argv[2]: break
except (smtplib.SMTPException, OSError) as e:
    print(type(e).__name__, e)
"""


def client_smtplib(port, temper, folder, dice):
    return run([sys.executable, "-u", "-c", SMTPLIB, str(port), "|".join(temper["script"]), USER if temper["auth"] else "", temper["password"],
                dice.choice("12")])


RUBY = """
require 'net/smtp'
s = Net::SMTP.new('127.0.0.1', ARGV[0].to_i)
s.set_debug_output($stdout)
s.disable_starttls if s.respond_to?(:disable_starttls)
begin
  s.start('c.example', *(ARGV[1].empty? ? [] : [ARGV[1], ARGV[2], ARGV[3].to_sym])) do |m|
    m.send_message("Subject: x\\r\\n\\r\\nhello\\r\\n.dot\\r\\n", 'a@lab.example', *ARGV[4].split(','))
  end
rescue StandardError => e
  puts "#{e.class}: #{e.message}"
end
"""


def client_ruby(port, temper, folder, dice):
    mechanism = {"PLAIN": "plain", "LOGIN": "login", "CRAM-MD5": "cram_md5"}[dice.choice(temper["mechanisms"])]
    return run(["ruby", "-e", RUBY, str(port), USER if temper["auth"] else "", temper["password"], mechanism,
                ",".join(r + "@lab.example" for r in temper["recipients"])])


PERL = """
use Net::SMTP; $| = 1;
my ($port, $script, $user, $password) = @ARGV;
my $s = Net::SMTP->new('127.0.0.1', Port => $port, Hello => 'c.example', Debug => 1, Timeout => 8) or exit 0;
open(STDOUT, ">&STDERR");
$s->auth($user, $password) if $user;
for my $line (split /\\|/, $script) {
    next if $line =~ /^EHLO/;
    if ($line eq 'DATA') { if ($s->data) { $s->datasend("Subject: x\\n\\nhello\\n.dot\\n250 ok\\n"); $s->dataend } next }
    next if $line eq 'CONTENT';
    if ($line eq 'QUIT') { $s->quit; last }
    $s->command($line); $s->response;
}
"""


def client_perl(port, temper, folder, dice):
    return run(["perl", "-e", PERL, str(port), "|".join(temper["script"]), USER if temper["auth"] else "", temper["password"]])


PHP = """
set_include_path(get_include_path() . ':/usr/share/php');
require 'libphp-phpmailer/autoload.php';
use PHPMailer\\PHPMailer\\PHPMailer;
[$self, $port, $user, $password, $level, $output, $recipients] = $argv;
$m = new PHPMailer(false);
$m->isSMTP(); $m->Host = '127.0.0.1'; $m->Port = (int)$port; $m->Helo = 'c.example'; $m->SMTPAutoTLS = false; $m->Timeout = 8;
$m->SMTPDebug = (int)$level; $m->Debugoutput = $output;
if ($user) { $m->SMTPAuth = true; $m->Username = $user; $m->Password = $password; }
$m->setFrom('a@lab.example'); foreach (explode(',', $recipients) as $r) $m->addAddress($r);
$m->Subject = 'x'; $m->Body = "hello\\r\\n.dot\\r\\n";
$m->send();
"""


def client_phpmailer(port, temper, folder, dice):
    return run(["php", "-d", "error_log=/dev/stderr", "-r", PHP, "--", str(port), USER if temper["auth"] else "", temper["password"],
                dice.choice("1234"), dice.choice(["echo", "echo", "html", "error_log"]), ",".join(r + "@lab.example" for r in temper["recipients"])])


def client_ncat(port, temper, folder, dice):
    return typed(port, temper, ["ncat", *dice.choice([[], ["-v"]]), "-C", "127.0.0.1", str(port)])


def client_expect(port, temper, folder, dice):
    lines = ["set timeout 3", f"spawn telnet 127.0.0.1 {port}", "expect -re {\\n\\d\\d\\d .*\\n}"]
    for line in temper["script"]:
        if line == "CONTENT":
            lines += [f"send -- {{{one}}}\nsend \\r" for one in CONTENT]
        else:
            lines += [f"send -- {{{line}}}\nsend \\r"]
        lines += ["expect {\n -re {\\n\\d\\d\\d .*\\n} {}\n eof {exit}\n}"]
        if line == "DATA":
            lines += ['if {![string match "*354*" $expect_out(buffer)]} {send "QUIT\\r"; expect eof; exit}'] if "CONTENT" in temper["script"] else []
    path = os.path.join(folder, "script.exp")
    with open(path, "w") as f:
        f.write("\n".join(lines + ["expect eof"]) + "\n")
    return run(["expect", "-f", path], stdin=subprocess.DEVNULL)


def client_socat(port, temper, folder, dice):
    process = subprocess.Popen(["socat", "-v", "-", f"TCP4:127.0.0.1:{port},crnl"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE)
    seen = []
    reader = threading.Thread(target=lambda: seen.append(process.stderr.read()))
    reader.start()
    for line in temper["script"]:
        time.sleep(0.15)
        try:
            process.stdin.write("\n".join(CONTENT if line == "CONTENT" else [line]).encode() + b"\n")
            process.stdin.flush()
        except OSError:
            break
    time.sleep(0.15)
    try:
        process.stdin.close()
    except OSError:
        pass
    process.wait(timeout=20)
    reader.join()
    return seen[0]


def client_s_nail(port, temper, folder, dice):
    command = ["s-nail", "-:/", *dice.choice([["-vv"], ["-vvv"]]), "-S", "v15-compat", "-S", "hostname=c.example", "-S", "smtp-hostname=",
               "-S", "smtp-config=-starttls", "-S", "sendwait", "-r", "a@lab.example", "-s", "x"]
    where = f"smtp://127.0.0.1:{port}"
    if temper["auth"]:
        command += ["-S", "smtp-auth=" + dice.choice(temper["mechanisms"]).lower()]
        where = f"smtp://{USER}:{temper['password']}@127.0.0.1:{port}"
    else:
        command += ["-S", "smtp-auth=none"]
    command += ["-S", "mta=" + where] + [r + "@lab.example" for r in temper["recipients"]]
    return run(command, input=b"hello\n.dot\n")


def client_mutt(port, temper, folder, dice, program="mutt"):
    login = f"{USER}:{temper['password']}@" if temper["auth"] else ""
    settings = ["set from=a@lab.example", "set hostname=c.example", "set ssl_starttls=no", "set ssl_force_tls=no", "unset record",
                f'set smtp_url="smtp://{login}127.0.0.1:{port}/"', "set copy=no"]
    if temper["auth"]:
        settings.append('set smtp_authenticators="' + dice.choice(temper["mechanisms"]).lower() + '"')
    path = os.path.join(folder, "muttrc")
    with open(path, "w") as f:
        f.write("\n".join(settings) + "\n")
    log = os.path.join(folder, ".muttdebug0" if program == "mutt" else "neomutt-debug")
    command = [program, "-n", "-F", path, "-d", dice.choice("234" if program == "neomutt" else "23")]
    if program == "neomutt":
        command += ["-l", log]
    command += ["-s", "x"] + [r + "@lab.example" for r in temper["recipients"]]
    run(command, input=b"hello\n.dot\n", env={**os.environ, "HOME": folder, "TERM": "dumb"})
    for one in (log, log + "0"):
        if os.path.exists(one):
            with open(one, "rb") as f:
                return f.read()
    return b""


def client_neomutt(port, temper, folder, dice):
    return client_mutt(port, temper, folder, dice, "neomutt")


NODEMAILER = """
const [port, user, password, method, style, ...to] = process.argv.slice(1);
const nodemailer = require("nodemailer");
const json = level => (entry, message, ...more) => console.log(JSON.stringify({ level, time: Date.now(), ...entry, msg: require("util").format(message, ...more) }));
const logger = style === "json" ? Object.fromEntries(["trace", "debug", "info", "warn", "error", "fatal"].map(x => [x, json(x)])) : true;
const t = nodemailer.createTransport({ host: "127.0.0.1", port: +port, secure: false, ignoreTLS: true, name: "c.example", debug: true, logger,
    ...(user ? { auth: { user, pass: password }, authMethod: method } : {}) });
t.sendMail({ from: "a@lab.example", to, subject: "x", text: "hello\\n.dot" }).catch(() => 0).finally(() => t.close());
"""


def client_nodemailer(port, temper, folder, dice):
    return run(["node", "-e", NODEMAILER, str(port), USER if temper["auth"] else "", temper["password"], dice.choice(temper["mechanisms"]),
                dice.choice(["text", "json"]), *[r + "@lab.example" for r in temper["recipients"]]],
               env={**os.environ, "NODE_PATH": "/opt/lab/node_modules:" + os.environ.get("NODE_PATH", "")})


JAVA = """
import java.util.*; import javax.mail.*; import javax.mail.internet.*;
public class Send {
    public static void main(String[] a) throws Exception {
        Properties p = new Properties();
        p.put("mail.smtp.host", "127.0.0.1"); p.put("mail.smtp.port", a[0]); p.put("mail.smtp.localhost", "c.example");
        p.put("mail.smtp.timeout", "8000"); p.put("mail.debug", "true"); p.put("mail.debug.auth", a[4]);
        if (!a[1].isEmpty()) { p.put("mail.smtp.auth", "true"); p.put("mail.smtp.auth.mechanisms", a[3]); }
        Session s = Session.getInstance(p, new Authenticator() {
            protected PasswordAuthentication getPasswordAuthentication() { return new PasswordAuthentication(a[1], a[2]); } });
        s.setDebugOut(System.out);
        MimeMessage m = new MimeMessage(s);
        m.setFrom("a@lab.example"); for (String r : a[5].split(",")) m.addRecipients(Message.RecipientType.TO, r);
        m.setSubject("x"); m.setText("hello\\r\\n.dot\\r\\n");
        try { Transport.send(m); } catch (MessagingException e) { e.printStackTrace(System.out); }
    }
}
"""


def client_javamail(port, temper, folder, dice):
    path = os.path.join(folder, "Send.java")
    with open(path, "w") as f:
        f.write(JAVA)
    jars = ":".join(os.path.join("/usr/share/java", j) for j in ("javax.mail.jar", "javax.activation.jar", "jakarta.activation.jar"))
    mechanisms = [m for m in temper["mechanisms"] if m != "CRAM-MD5"] or ["PLAIN"]
    return run(["java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-cp", jars, path, str(port), USER if temper["auth"] else "", temper["password"],
                dice.choice(mechanisms), dice.choice(["true", "false"]), ",".join(r + "@lab.example" for r in temper["recipients"])])


GIT = "From a Mon Sep 17 00:00:00 2001\nFrom: a@lab.example\nDate: Thu, 26 Nov 2026 17:00:00 +0000\nSubject: [PATCH] x\n\nhello\n.dot\n"


def client_git(port, temper, folder, dice):
    path = os.path.join(folder, "0001-x.patch")
    with open(path, "w") as f:
        f.write(GIT)
    command = ["git", "send-email", "--smtp-debug=1", "--confirm=never", "--suppress-cc=all", "--smtp-server=127.0.0.1",
               f"--smtp-server-port={port}", "--smtp-domain=c.example", "--from=a@lab.example", "--no-validate"]
    if temper["auth"]:
        command += [f"--smtp-user={USER}", f"--smtp-pass={temper['password']}"]
    command += ["--to=" + r + "@lab.example" for r in temper["recipients"]]
    return run(command + [path], stdin=subprocess.DEVNULL, cwd=folder, env={**os.environ, "HOME": folder})


def client_telnet(port, temper, folder, dice):
    return typed(port, temper, ["telnet", "127.0.0.1", str(port)])


def client_nc(port, temper, folder, dice):
    return typed(port, temper, ["nc", "-C", "127.0.0.1", str(port)])


CLIENTS = {"swaks": ("swaks", client_swaks), "curl": ("curl", client_curl), "msmtp": ("msmtp", client_msmtp),
           "gsasl": ("gsasl", client_gsasl), "smtplib": (sys.executable, client_smtplib), "ruby": ("ruby", client_ruby),
           "perl": ("perl", client_perl), "phpmailer": ("php", client_phpmailer), "telnet": ("telnet", client_telnet),
           "nc": ("nc", client_nc), "ncat": ("ncat", client_ncat), "expect": ("expect", client_expect), "socat": ("socat", client_socat),
           "s-nail": ("s-nail", client_s_nail), "mutt": ("mutt", client_mutt), "neomutt": ("neomutt", client_neomutt),
           "nodemailer": ("node", client_nodemailer), "javamail": ("java", client_javamail), "git": ("git", client_git)}


CLIENTS.update(log_clients.CLIENTS)


def analyze(program, *paths):
    """Where secrets of TLS lie beside a file, the capture is read inside."""
    keys = os.path.join(os.path.dirname(paths[-1]), "keylog")
    more = ["--tls-keylog", keys] if os.path.exists(keys) else []
    p = subprocess.run([program, "analyze", "--json", *more, *paths], capture_output=True)
    lines = [json.loads(line) for line in p.stdout.splitlines()]
    return [o for o in lines if o["type"] == "session"], p.stdout + p.stderr


def accusations(sessions):
    verdicts = collections.Counter((c["verb"], c["verdict"]) for s in sessions for c in s["commands"] if c["verdict"] in ACCUSING)
    return verdicts + collections.Counter(f["id"] for s in sessions for f in s["findings"])  # the reply may be left out


def dialogue(sessions):
    return [(c["verb"], (c["reply"] or {}).get("code")) for s in sessions for c in s["commands"]]


def shows_dialogue(log, sessions):
    """Whether a verb or a reply code of the sessions stands in it, and more than a line."""
    with open(log, errors="replace") as f:
        text = f.read().replace("Didn't find STARTTLS in server response", "").upper()
    words = set(re.findall(r"\w+", re.sub(r"(?m)^[0-9A-F]{4} - .*", "", text)))  # bytes are no dialogue
    return text.count("\n") > 1 and any(verb in words or str(code) in words for verb, code in dialogue(sessions))


def is_outcome(shown, command):
    """A log that shows but the outcome of a login."""
    return shown[0] == command[0] == "AUTH" and command[1] == 334 and shown[1] in (235, 535)


def part_of(shown, whole):
    """The commands of the whole that a log shows a part of: those that answer to it, in order; else as many of the last."""
    rest = iter(whole)
    part = [next((y for y in rest if y[0] == x[0] and (x[1] in (None, y[1]) or is_outcome(x, y))), None) for x in shown]
    return whole[-len(shown):] if shown and None in part else part


def compare(program, log, pcap):
    """What is wrong, in words; None."""
    from_log, output = analyze(program, log)
    from_packets, _ = analyze(program, pcap)
    if PASSWORD.encode() in output or base64.b64encode(PASSWORD.encode()) in output:
        return "it shows a secret"
    if not from_log:  # a program may log nothing of what the server said before it gave up
        shown = shows_dialogue(log, from_packets)
        return "it was not read: " + output[-300:].decode("utf-8", "replace") if shown else None
    a, b = dialogue(from_log), dialogue(from_packets)
    while len(a) > len(b) and a[-1][1] is None:
        a.pop()  # typed when the connection had gone
    while len(b) > len(a) and b[-1][1] is None:
        b.pop()  # sent when the server had gone, and not shown
    if not a or a == [("EHLO", 250), ("STARTTLS", None)]:  # replies alone, and what openssl says itself
        a = b = []
    if from_log[0]["capture"]["midstream"]:  # what was said before is not shown
        b = part_of(a, b)
    if len(a) == len(b):
        a = [y if is_outcome(x, y) else x for x, y in zip(a, b)]
    if [v for v, _ in a] != [v for v, _ in b] or any(x[1] != y[1] and x[1] is not None for x, y in zip(a, b)):
        return f"it reads {a}, the packets {b}"
    is_whole = [x for x in a if x[0] != "QUIT"] == [x for x in b if x[0] != "QUIT"] and len(a) > 1
    is_whole = is_whole and not any(s["capture"]["midstream"] for s in from_log)
    if len(from_log) == len(from_packets) == 1 and is_whole and len(analyze(program, log, pcap)[0]) != 1:
        return "together with the packets it is two sessions"
    extra = accusations(from_log) - accusations(from_packets)
    if extra:
        return f"it accuses: {dict(extra)}"
    return None


def one_round(program, name, seed, keep):
    dice = random.Random(f"{seed}{name}")
    temper = temper_of(dice)
    with tempfile.TemporaryDirectory() as folder:
        temper["folder"] = folder
        temper["tls"] = dice.choice(["starttls", "starttls", "implicit"]) if name in log_clients.NEED_TLS else None
        server = Server(temper)
        server.start()
        text = CLIENTS[name][1](server.port, temper, folder, dice)
        time.sleep(0.05)
        server.listener.close()
        log, pcap = os.path.join(folder, "log"), os.path.join(folder, "pcap")
        with open(log, "wb") as f:
            f.write(text)
        if not server.wires:
            return None
        joined = server.wires[0]
        for wire in server.wires[1:]:
            joined.packets += wire.packets
        joined.write(pcap)
        problem = compare(program, log, pcap)
        if problem and keep:
            for path in (log, pcap):
                shutil.copy(path, os.path.join(keep, f"{name}-{seed}.{os.path.basename(path)}"))
        return problem


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only")
    parser.add_argument("--keep", help="a folder for what failed")
    parser.add_argument("-v", action="store_true")
    options = parser.parse_args()
    names = [n for n, (tool, _) in CLIENTS.items() if shutil.which(tool) and options.only in (None, n)]
    if not names:
        print("no client is installed")
        return 77
    bad = rounds = 0
    for name in names:
        for seed in range(options.seed, options.seed + options.rounds):
            rounds += 1
            problem = one_round(options.program, name, seed, options.keep)
            if problem:
                bad += 1
                print(f"{name} seed {seed}: {problem}")
            elif options.v:
                print(f"{name} seed {seed}: the same")
    print(f"{rounds} dialogues of {len(names)} programs, {bad} differ")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
