"""The servers of the lab: which packages, which configuration, which ports."""

import subprocess

from lab import Box, DOMAIN, PASSWORD, USER, wait_port

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
        self.process = box.start("smtpd", "-d", stdout=subprocess.DEVNULL, stderr=open(box.base + "/log", "w"))
        for port in self.ports.values():
            wait_port(port)


SERVERS = {"postfix": Postfix, "exim": Exim, "opensmtpd": OpenSmtpd}
