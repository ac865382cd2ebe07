"""Servers with dialects of their own: MAIL without EHLO, DATA that asks for EHLO, 502 for what is out of order."""

from lab import Box, DOMAIN, PASSWORD, USER, wait_port


class Chasquid:
    """chasquid on 25 and 587: it takes MAIL from anybody, asks for EHLO at DATA, and closes at the third error."""

    ports = {"smtp": 25, "submission": 587}
    box = Box("chasquid", ["chasquid", "openssl"])

    def start(self):
        box, certificates = self.box, f"/etc/chasquid/certs/mx.{DOMAIN}"
        box.write("/etc/chasquid/chasquid.conf", f"""hostname: "mx.{DOMAIN}"
smtp_address: "127.0.0.1:25"
submission_address: "127.0.0.1:587"
mail_delivery_agent_bin: "/bin/true"
data_dir: "/var/tmp/chasquid"
mail_log_path: "/var/log/chasquid.log"
""")
        box.run("sh", "-c", f"mkdir -p {certificates} /etc/chasquid/domains/{DOMAIN} /var/tmp/chasquid && cd {certificates} && "
                f"openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN=mx.{DOMAIN} -keyout privkey.pem -out fullchain.pem "
                f"2>/dev/null && for user in {USER} bob; do chasquid-util user-add $user@{DOMAIN} --password={PASSWORD} >/dev/null; done")
        self.process = box.start("chasquid", stderr=open(box.base + "/log", "w"))
        for port in self.ports.values():
            wait_port(port)


class Courier:
    """Courier on 25: it says 502 to what is out of order, and keeps the message at a second EHLO."""

    ports = {"smtp": 25}
    box = Box("courier", ["courier-mta"])

    def start(self):
        box = self.box
        for user in (USER, "bob"):
            box.add_user(user)
        box.write("/etc/courier/me", f"mx.{DOMAIN}\n")
        box.write("/etc/courier/locals", f"{DOMAIN}\nlocalhost\nmx.{DOMAIN}\n")
        box.write("/etc/courier/esmtpacceptmailfor", f"{DOMAIN}\n")
        box.write("/etc/courier/bofh", "badfrom @refused.example\n")
        settings = {"BLACKLISTS": '""', "BOFHCHECKDNS": "0", "TARPIT": "0", "MAXPERIP": "400", "MAXPERC": "400", "MAXDAEMONS": "400",
                    "ADDRESS": "127.0.0.1", "TCPDOPTS": '"-nodnslookup -noidentlookup"'}
        for name, value in settings.items():
            box.run("sed", "-i", f"/^{name}=/d;$a {name}={value}", "/etc/courier/esmtpd")
        box.run("sh", "-c", "makeacceptmailfor; makealiases; mkdir -p /run/courier/authdaemon; chown -R courier /run/courier; "
                "authdaemond start; courierfilter start; courier start; esmtpd start", stderr=open(box.base + "/log", "w"))
        wait_port(25)


class Twisted:
    """The SMTP server of Twisted on 25: it takes AUTH and MAIL before EHLO."""

    ports = {"smtp": 25}
    box = Box("twisted", ["python3-twisted"])

    def start(self):
        self.box.write("/opt/lab/server.py", f"""from twisted.cred.checkers import AllowAnonymousAccess, InMemoryUsernamePasswordDatabaseDontUse
from twisted.cred.portal import IRealm, Portal
from twisted.internet import defer, reactor
from twisted.mail import smtp
from twisted.mail.imap4 import LOGINCredentials, PLAINCredentials
from zope.interface import implementer

@implementer(smtp.IMessage)
class Message:
    def lineReceived(self, line):
        pass
    def eomReceived(self):
        return defer.succeed(b"queued")
    def connectionLost(self):
        pass

@implementer(smtp.IMessageDelivery)
class Delivery:
    def receivedHeader(self, helo, origin, recipients):
        return b""
    def validateFrom(self, helo, origin):
        if origin.domain == b"refused.example":
            raise smtp.SMTPBadSender(origin)
        return origin
    def validateTo(self, user):
        if user.dest.domain == b"{DOMAIN}" and user.dest.local in (b"{USER}", b"bob"):
            return Message
        raise smtp.SMTPBadRcpt(user)

@implementer(IRealm)
class Realm:
    def requestAvatar(self, identity, mind, *interfaces):
        return smtp.IMessageDelivery, Delivery(), lambda: None

users = InMemoryUsernamePasswordDatabaseDontUse(**{{"{USER}": b"{PASSWORD}"}})

class Factory(smtp.SMTPFactory):
    def buildProtocol(self, address):
        server = smtp.ESMTP(chal={{b"LOGIN": LOGINCredentials, b"PLAIN": PLAINCredentials}})
        server.portal, server.factory, server.host = Portal(Realm(), [users, AllowAnonymousAccess()]), self, b"mx.{DOMAIN}"
        return server

reactor.listenTCP(25, Factory(), interface="127.0.0.1")
reactor.run()
""")
        self.process = self.box.start("/usr/bin/python3", "/opt/lab/server.py", stderr=open(self.box.base + "/log", "w"))
        wait_port(25)


OTHERS = {"chasquid": Chasquid, "courier": Courier, "twisted": Twisted}
