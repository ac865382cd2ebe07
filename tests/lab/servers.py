"""The servers of the lab: which packages, which configuration, which ports."""

import os
import socket
import subprocess

from lab import Box, DOMAIN, HERE, PASSWORD, USER, wait_port
from other_servers import OTHERS

CERT = "/etc/ssl/lab.pem"


def make_certificate(box):
    box.run("sh", "-c", f"test -s {CERT} || (openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN=mx.{DOMAIN} "
            f"-keyout /tmp/k.pem -out /tmp/c.pem 2>/dev/null && cat /tmp/k.pem /tmp/c.pem > {CERT} && chmod 600 {CERT})")


class Postfix:
    """Postfix on 25 and 587 with Dovecot for SASL, and Dovecot's LMTP on 24."""

    ports = {"smtp": 25, "submission": 587, "strict": 2525, "lmtp": 24}
    box = Box("postfix", ["postfix", "dovecot-core", "dovecot-lmtpd", "swaks", "msmtp", "curl", "openssl",
                          "libnet-ssleay-perl", "ca-certificates"])

    def configure(self):
        box = self.box
        box.add_user(USER)
        make_certificate(box)
        box.write("/etc/mailname", f"mx.{DOMAIN}\n")
        box.write("/etc/postfix/main.cf", f"""compatibility_level = 3.6
myhostname = mx.{DOMAIN}
mydestination = {DOMAIN}, localhost
mynetworks = 192.0.2.0/24
inet_interfaces = all
inet_protocols = all
smtputf8_enable = yes
message_size_limit = 1000000
smtpd_tls_cert_file = {CERT}
smtpd_tls_key_file = {CERT}
smtpd_tls_security_level = may
smtpd_sasl_type = dovecot
smtpd_sasl_path = private/auth
smtpd_recipient_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_sender_restrictions = check_sender_access texthash:/etc/postfix/senders
smtpd_error_sleep_time = 0
smtpd_delay_reject = no
smtpd_client_connection_rate_limit = 0
local_recipient_maps = texthash:/etc/postfix/recipients
mailbox_command = /bin/true
maillog_file = /var/log/postfix.log
""")
        box.write("/etc/postfix/senders", "refused.example REJECT 5.7.1 This sender is not wanted here\n")
        box.write("/etc/postfix/recipients", f"{USER} x\nbob x\npostmaster x\n")
        rest = box.run("sh", "-c", "grep -vE '^(smtp|submission|#|$)' /usr/share/postfix/master.cf.dist | grep -v '^  -o'",
                       capture_output=True, text=True).stdout
        box.write("/etc/postfix/master.cf", f"""smtp inet n - n - - smtpd
587 inet n - n - - smtpd
  -o smtpd_sasl_auth_enable=yes
2525 inet n - n - - smtpd
  -o smtpd_helo_required=yes
smtp unix - - n - - smtp
""" + rest.replace(" y ", " n "))
        box.write("/etc/dovecot/dovecot.conf", f"""protocols = lmtp
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login cram-md5
log_path = /var/log/dovecot.log
mail_location = maildir:/var/tmp/mail/%u
mail_uid = nobody
mail_gid = nogroup
first_valid_uid = 1
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%n /etc/dovecot/users
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home=/var/tmp/mail/%u allow_all_users=no
}}
service auth {{
  unix_listener /var/spool/postfix/private/auth {{
    mode = 0666
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = 24
  }}
}}
protocol lmtp {{
  auth_username_format = %n
}}
""")
        box.write("/etc/dovecot/users", f"{USER}:{{PLAIN}}{PASSWORD}\nbob:{{PLAIN}}other-{PASSWORD}\n")
        box.run("sh", "-c", "mkdir -p /var/tmp/mail && chown nobody:nogroup /var/tmp/mail")

    def start(self):
        self.configure()
        self.box.run("sh", "-c", "rm -f /var/spool/postfix/pid/master.pid; postfix start", stderr=subprocess.DEVNULL)
        self.box.run("dovecot")
        for port in self.ports.values():
            wait_port(port)


class DovecotTls(Postfix):
    """Dovecot's submission service on 588, which hands on to Postfix, and its LMTP on 24, both with STARTTLS."""

    tls_ports = {"smtp": 588, "lmtp": 24}
    box = Box("dovecot-tls", [*Postfix.box.packages, "dovecot-submissiond"])

    def configure(self):
        super().configure()
        text = open(self.box.path("/etc/dovecot/dovecot.conf")).read()
        text = text.replace("protocols = lmtp", "protocols = lmtp submission").replace("ssl = no", f"""ssl = yes
ssl_cert = <{CERT}
ssl_key = <{CERT}
ssl_min_protocol = TLSv1.2
ssl_cipher_list = ALL:@SECLEVEL=0
hostname = mx.{DOMAIN}
auth_failure_delay = 0
submission_relay_host = 127.0.0.1
submission_relay_port = 25
service submission-login {{
  inet_listener submission {{
    port = 588
  }}
}}""")
        self.box.write("/etc/dovecot/dovecot.conf", text)


class Exim:
    """Exim on 25, with PLAIN, LOGIN and CRAM-MD5."""

    ports = {"smtp": 25}
    box = Box("exim", ["exim4-daemon-heavy", "openssl"])

    def start(self):
        box = self.box
        box.add_user(USER)
        make_certificate(box)
        box.run("chmod", "644", CERT)
        box.write("/etc/exim4/exim4.conf", f"""primary_hostname = mx.{DOMAIN}
domainlist local_domains = {DOMAIN}
daemon_smtp_ports = 25
tls_advertise_hosts = *
tls_certificate = {CERT}
tls_privatekey = {CERT}
chunking_advertise_hosts = *
log_file_path = /var/log/exim4/%slog
keep_environment =
message_size_limit = 1M
acl_smtp_mail = acl_mail
acl_smtp_rcpt = acl_rcpt
begin acl
acl_mail:
  deny senders = *@refused.example
       message = This sender is not wanted here
  accept
acl_rcpt:
  accept domains = +local_domains
         local_parts = {USER} : bob : postmaster
  accept authenticated = *
  deny message = relay not permitted
begin routers
all:
  driver = accept
  transport = drop
begin transports
drop:
  driver = appendfile
  file = /dev/null
  user = nobody
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if and{{{{eq{{$auth2}}{{{USER}}}}}{{eq{{$auth3}}{{{PASSWORD}}}}}}}}}
  server_set_id = $auth2
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = Username:: : Password::
  server_condition = ${{if and{{{{eq{{$auth1}}{{{USER}}}}}{{eq{{$auth2}}{{{PASSWORD}}}}}}}}}
  server_set_id = $auth1
cram:
  driver = cram_md5
  public_name = CRAM-MD5
  server_secret = ${{if eq{{$auth1}}{{{USER}}}{{{PASSWORD}}}fail}}
  server_set_id = $auth1
""")
        box.run("sh", "-c", "mkdir -p /var/log/exim4 /run/exim4 && chown -R Debian-exim /var/log/exim4 /run/exim4 && chown root /etc/exim4/exim4.conf")
        self.process = box.start("exim4", "-bdf", "-q30m", stderr=subprocess.DEVNULL)
        wait_port(25)


class OpenSmtpd:
    """OpenSMTPD on 25 and, with AUTH, on 587."""

    ports = {"smtp": 25, "submission": 587}
    box = Box("opensmtpd", ["opensmtpd", "openssl"])

    def start(self):
        box = self.box
        box.add_user(USER)
        box.add_user("bob")
        make_certificate(box)
        hashed = box.run("smtpctl", "encrypt", PASSWORD, capture_output=True, text=True).stdout.strip()
        box.write("/etc/smtpd-users", f"{USER} {hashed}\n")
        box.write("/etc/mailname", f"mx.{DOMAIN}\n")
        box.write("/etc/smtpd.conf", f"""pki lab cert "{CERT}"
pki lab key "{CERT}"
table users file:/etc/smtpd-users
listen on lo port 25 tls pki lab hostname mx.{DOMAIN}
listen on lo port 587 tls pki lab auth-optional <users> hostname mx.{DOMAIN}
action "drop" mda "/bin/true"
match from any for domain "{DOMAIN}" action "drop"
match auth from any for any action "drop"
""")
        box.run("sh", "-c", "mkdir -p /var/empty /run/smtpd; chown root /var/empty")
        library = "/opt/lab/key.so"
        os.makedirs(box.path("/opt/lab"), exist_ok=True)
        subprocess.run(["cc", "-shared", "-fPIC", "-D_GNU_SOURCE", "-o", box.path(library), os.path.join(HERE, "opensmtpd_key.c"), "-lssl",
                        "-lcrypto"], check=True)
        preload = " ".join(filter(None, [os.environ.get("LD_PRELOAD"), library]))
        self.process = box.start("smtpd", "-d", stdout=subprocess.DEVNULL, stderr=open(box.base + "/log", "w"),
                                 env={**os.environ, "LD_PRELOAD": preload, "LAB_PRIVATE_KEY": CERT})
        for port in self.ports.values():
            wait_port(port)


class Sendmail:
    """sendmail on 25; it counts nothing as its own but the users of the lab."""

    ports = {"smtp": 25}
    box = Box("sendmail", ["sendmail-bin", "sendmail-cf", "m4"])

    def start(self):
        box = self.box
        for user in (USER, "bob"):
            box.add_user(user)
        box.write("/etc/mail/lab.mc", f"""include(`/usr/share/sendmail/cf/m4/cf.m4')
OSTYPE(`debian')
define(`confDOMAIN_NAME', `mx.{DOMAIN}')
define(`confPRIVACY_FLAGS', `needmailhelo')
define(`ALIAS_FILE', `')
define(`confCONNECTION_RATE_THROTTLE', `0')
define(`confBAD_RCPT_THROTTLE', `0')
FEATURE(`accept_unresolvable_domains')
FEATURE(`access_db')
FEATURE(`nouucp', `reject')
FEATURE(`no_default_msa')
DAEMON_OPTIONS(`Port=25, Addr=127.0.0.1, Name=MTA')
LOCAL_DOMAIN(`{DOMAIN}')
MAILER(`local')
MAILER(`smtp')
""")
        box.write("/etc/hosts", f"127.0.0.1 mx.{DOMAIN} localhost {socket.gethostname()}\n")  # or it waits a minute for DNS
        box.write("/etc/mail/access.txt", "From:refused.example\tERROR:5.7.1:\"550 This sender is not wanted here\"\n")
        box.write("/etc/mail/local-host-names", f"{DOMAIN}\n")
        box.run("sh", "-c", "cd /etc/mail && m4 lab.mc > lab.cf && makemap hash access < access.txt && "
                "mkdir -p /var/spool/mqueue /run/sendmail/mta && chmod 700 /var/spool/mqueue")
        self.process = box.start("sendmail", "-C", "/etc/mail/lab.cf", "-bD", "-O", "DeliveryMode=queueonly",
                                 stdout=subprocess.DEVNULL, stderr=open(box.base + "/log", "w"))
        wait_port(25, seconds=60)


class Aiosmtpd:
    """aiosmtpd, the SMTP library of Python, on 25."""

    ports = {"smtp": 25}
    box = Box("aiosmtpd", ["python3-aiosmtpd"])

    def start(self):
        self.box.write("/opt/lab/server.py", f"""import asyncio
from aiosmtpd.smtp import SMTP, AuthResult

class Handler:
    async def handle_MAIL(self, server, session, envelope, address, options):
        if address.endswith("@refused.example"):
            return "550 5.7.1 This sender is not wanted here"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.split("@")[0] not in ("{USER}", "bob"):
            return "550 5.1.1 No such user here"
        if not address.endswith("@{DOMAIN}"):
            return "554 5.7.1 Relay access denied"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        return "250 OK"

def login(server, session, envelope, mechanism, data):
    good = data.login == b"{USER}" and data.password == b"{PASSWORD}"
    return AuthResult(success=good, handled=False)

def make():
    return SMTP(Handler(), hostname="mx.{DOMAIN}", authenticator=login, auth_require_tls=False)

loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
loop.run_until_complete(loop.create_server(make, "127.0.0.1", 25))
loop.run_forever()
""")
        python = "/usr/bin/python3"  # Debian's own, which has the package
        self.process = self.box.start(python, "/opt/lab/server.py", stderr=open(self.box.base + "/log", "w"))
        wait_port(25)


class Nodemailer:
    """smtp-server, the server of Nodemailer (MailDev and others), on 25."""

    ports = {"smtp": 25}
    box = Box("nodemailer", [], npm=["smtp-server@3"])

    def start(self):
        self.box.write("/opt/lab/server.js", f"""const {{ SMTPServer }} = require("smtp-server");
const refuse = (code, text, done) => done(Object.assign(new Error(text), {{ responseCode: code }}));
new SMTPServer({{
    name: "mx.{DOMAIN}", authOptional: true, allowInsecureAuth: true, hideSTARTTLS: true, disableReverseLookup: true,
    maxClients: 1000,
    onAuth: (auth, session, done) => auth.username === "{USER}" && auth.password === "{PASSWORD}"
        ? done(null, {{ user: auth.username }}) : refuse(535, "Invalid username or password", done),
    onMailFrom: (address, session, done) => address.address.endsWith("@refused.example")
        ? refuse(550, "This sender is not wanted here", done) : done(),
    onRcptTo: (address, session, done) => /^({USER}|bob)@{DOMAIN}$/.test(address.address)
        ? done() : refuse(550, "No such user here", done),
    onData: (stream, session, done) => {{ stream.resume(); stream.on("end", () => done()); }},
}}).listen(25, "127.0.0.1");
""")
        self.process = self.box.start("node", "/opt/lab/server.js", stderr=open(self.box.base + "/log", "w"))
        wait_port(25)


class Haraka:
    """Haraka, the server of npm with plug-ins, on 25."""

    ports = {"smtp": 25}
    box = Box("haraka", [], npm=["Haraka@3"])

    def start(self):
        self.box.write("/opt/lab/haraka/config/smtp.ini", "listen=127.0.0.1:25\nnodes=0\n")
        self.box.run("cp", "/opt/lab/node_modules/Haraka/config/connection.ini", "/opt/lab/haraka/config/")
        self.box.write("/opt/lab/haraka/config/me", f"mx.{DOMAIN}\n")
        self.box.write("/opt/lab/haraka/config/plugins", "lab\n")
        self.box.write("/opt/lab/haraka/config/loglevel", "LOGERROR\n")
        self.box.write("/opt/lab/haraka/plugins/lab.js", f"""exports.register = function () {{ this.inherits("auth/auth_base"); }};
exports.hook_capabilities = (next, connection) => {{
    connection.capabilities.push("AUTH PLAIN LOGIN");
    connection.notes.allowed_auth_methods = ["PLAIN", "LOGIN"];
    next();
}};
exports.check_plain_passwd = (connection, user, password, done) => done(user === "{USER}" && password === "{PASSWORD}");
exports.hook_mail = (next, connection, params) =>
    params[0].host === "refused.example" ? next(DENY, "This sender is not wanted here") : next();
exports.hook_rcpt = (next, connection, params) =>
    params[0].host === "{DOMAIN}" && ["{USER}", "bob"].includes(params[0].user) ? next(OK) : next(DENY, "No such user here");
exports.hook_queue = (next) => next(OK);
""")
        self.process = self.box.start("node", "/opt/lab/node_modules/Haraka/bin/haraka", "-c", "/opt/lab/haraka",
                                      stdout=open(self.box.base + "/log", "w"), stderr=open(self.box.base + "/log2", "w"))
        wait_port(25)


SERVERS = {"postfix": Postfix, "dovecot-tls": DovecotTls, "exim": Exim, "opensmtpd": OpenSmtpd, "sendmail": Sendmail,
           "aiosmtpd": Aiosmtpd, "nodemailer": Nodemailer, "haraka": Haraka, **OTHERS}
