"""Servers with every SASL mechanism that Debian's packages have: Postfix before Dovecot, and Postfix with Cyrus SASL.
Everything without TLS: the exchanges are to be seen."""

import base64
import hashlib
import hmac
import json
import time

from lab import Box, DOMAIN, PASSWORD, USER, wait_port

CLIENTS = ["gsasl", "swaks", "msmtp", "curl", "cyrus-clients", "libauthen-sasl-perl", "libauthen-ntlm-perl",
           "libdigest-hmac-perl", "libsasl2-modules", "libsasl2-modules-otp", "libsasl2-modules-db", "sasl2-bin"]
TOKEN_KEY = b"the-key-of-the-tokens-of-the-lab"
MAIN_CF = f"""compatibility_level = 3.6
myhostname = mx.{DOMAIN}
mydestination = {DOMAIN}, localhost
inet_interfaces = all
inet_protocols = ipv4
smtpd_sasl_auth_enable = yes
smtpd_sasl_security_options =
smtpd_error_sleep_time = 0
smtpd_soft_error_limit = 1000
smtpd_hard_error_limit = 1000
smtpd_client_connection_rate_limit = 0
smtpd_recipient_restrictions = permit_sasl_authenticated, reject
local_recipient_maps =
mailbox_command = /bin/true
maillog_file = /var/log/postfix.log
"""


def token(user, lifetime):
    """A JWT that Dovecot checks by itself."""
    def part(value):
        return base64.urlsafe_b64encode(value).rstrip(b"=")

    def claims(value):
        return part(json.dumps(value).encode())
    now = int(time.time())
    text = claims({"alg": "HS256", "typ": "JWT"}) + b"." + claims({"sub": user, "iat": now - 7200, "exp": now + lifetime})
    return (text + b"." + part(hmac.digest(TOKEN_KEY, text, hashlib.sha256))).decode()


def start_postfix(box, more):
    box.write("/etc/mailname", f"mx.{DOMAIN}\n")
    box.write("/etc/postfix/main.cf", MAIN_CF + more)
    rest = box.run("sh", "-c", "grep -vE '^(smtp|submission|#|$)' /usr/share/postfix/master.cf.dist | grep -v '^  -o'",
                   capture_output=True, text=True).stdout
    box.write("/etc/postfix/master.cf", "587 inet n - n - - smtpd\n" + rest.replace(" y ", " n "))
    box.run("sh", "-c", "rm -f /var/spool/postfix/pid/master.pid; postfix start", capture_output=True)
    wait_port(587)


class Dovecot:
    """Postfix on 587 with Dovecot's SASL; Dovecot's own submission service on 588."""

    ports = {"smtp": (587, None), "submission": (588, ["gsasl"])}  # and the clients, if not all
    cannot = {("curl", "DIGEST-MD5")}  # it cancels where the realm of the challenge is empty
    mechanisms = ["PLAIN", "LOGIN", "CRAM-MD5", "DIGEST-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256", "ANONYMOUS", "EXTERNAL",
                  "XOAUTH2", "OAUTHBEARER", "OTP"]
    box = Box("dovecot", ["postfix", "dovecot-core", "dovecot-sqlite", "dovecot-gssapi", "dovecot-submissiond", "sqlite3",
                          *CLIENTS])

    def configure(self):
        box = self.box
        by_file = "plain login cram-md5 digest-md5 scram-sha-1 scram-sha-256 external"
        box.write("/etc/dovecot/dovecot.conf", f"""protocols = submission
ssl = no
disable_plaintext_auth = no
auth_mechanisms = {" ".join(self.mechanisms).lower()}
auth_failure_delay = 0
log_path = /var/log/dovecot.log
hostname = mx.{DOMAIN}
mail_location = maildir:/var/tmp/mail/%u
first_valid_uid = 1
submission_relay_host = 127.0.0.1
submission_relay_port = 587
passdb {{
  driver = passwd-file
  mechanisms = {by_file}
  args = scheme=PLAIN username_format=%n /etc/dovecot/users
}}
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = /etc/dovecot/oauth2.conf
}}
passdb {{
  driver = sql
  mechanisms = otp
  args = /etc/dovecot/sql.conf
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home=/var/tmp/mail/%u allow_all_users=yes
}}
service auth {{
  unix_listener /var/spool/postfix/private/auth {{
    mode = 0666
  }}
}}
service submission-login {{
  inet_listener submission {{
    port = 588
  }}
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
""")
        box.write("/etc/dovecot/users", f"{USER}:{{PLAIN}}{PASSWORD}\n")
        box.write("/etc/dovecot/oauth2.conf", "introspection_mode = local\nusername_attribute = sub\n"
                  "local_validation_key_dict = fs:posix:prefix=/etc/dovecot/keys/\n")
        box.write("/etc/dovecot/keys/default/HS256/default", base64.b64encode(TOKEN_KEY).decode())
        box.write("/etc/dovecot/sql.conf", "driver = sqlite\nconnect = /var/tmp/otp/otp.db\n"
                  "password_query = SELECT username AS user, password FROM users WHERE username = '%n'\n"
                  "update_query = UPDATE users SET password = '%w' WHERE username = '%n'\n")
        box.run("sh", "-c", f"""mkdir -p /var/tmp/mail /var/tmp/otp && chown nobody:nogroup /var/tmp/mail
rm -f /var/tmp/otp/otp.db
one=$(doveadm pw -s OTP -p {PASSWORD})
sqlite3 /var/tmp/otp/otp.db "CREATE TABLE users (username TEXT, password TEXT); INSERT INTO users VALUES ('{USER}', '$one')"
chmod -R a+rwX /var/tmp/otp""")

    def start(self):
        self.configure()
        self.box.run("dovecot")
        start_postfix(self.box, "smtpd_sasl_type = dovecot\nsmtpd_sasl_path = private/auth\n")
        wait_port(588)


class Cyrus:
    """Postfix on 587 with Cyrus SASL and its sasldb."""

    ports = {"smtp": (587, None)}
    cannot = set()
    mechanisms = ["PLAIN", "LOGIN", "CRAM-MD5", "DIGEST-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512", "NTLM", "OTP",
                  "ANONYMOUS"]
    box = Box("cyrus", ["postfix", *CLIENTS])

    def start(self):
        self.box.write("/etc/postfix/sasl/smtpd.conf", "pwcheck_method: auxprop\nauxprop_plugin: sasldb\n"
                       f"mech_list: {' '.join(self.mechanisms)}\n")
        self.box.run("sh", "-c", f"rm -f /etc/sasldb2; echo {PASSWORD} | saslpasswd2 -p -c -u {DOMAIN} {USER}; "
                     "chown postfix /etc/sasldb2")
        start_postfix(self.box, f"smtpd_sasl_type = cyrus\ncyrus_sasl_config_path = /etc/postfix/sasl\n"
                      f"smtpd_sasl_local_domain = {DOMAIN}\n")


SASL = {"dovecot": Dovecot, "cyrus": Cyrus}
