"""Real clients that log in, and what a client says that breaks the rules of its mechanism."""

import base64
import hashlib
import hmac
import re

from lab import Client, DOMAIN, PASSWORD, USER

BEARER = ("XOAUTH2", "OAUTHBEARER")


class Login:
    """One login: whom with what, where and by which mechanism."""

    def __init__(self, mechanism, user, secret, host, port):
        self.mechanism, self.user, self.secret, self.host, self.port = mechanism, user, secret, host, port


def gsasl(login):
    return ["gsasl", "--smtp", "--no-starttls", "--connect", f"{login.host}:{login.port}", "-m", login.mechanism, "-a", login.user,
            "-p", login.secret, "-n", login.user, "-r", DOMAIN, "--quality-of-protection", "qop-auth"]


def smtptest(login):
    return ["/usr/lib/cyrus/bin/smtptest", "-p", str(login.port), "-m", login.mechanism, "-a", login.user, "-u", login.user,
            "-w", login.secret, "-r", DOMAIN, login.host]


def swaks(login):
    return ["swaks", "--server", login.host, "--port", str(login.port), "--auth", login.mechanism, "--auth-user", login.user,
            "--auth-password", login.secret, "--ehlo", "client.example", "--quit-after", "AUTH"]


def msmtp(login):
    return ["msmtp", f"--host={login.host}", f"--port={login.port}", "--tls=off", f"--auth={login.mechanism.lower()}",
            f"--user={login.user}", f"--passwordeval=echo {login.secret}", "--from=a@client.example", f"{USER}@{DOMAIN}"]


def curl(login):
    secret = ["-u", f"{login.user}:{login.secret}"]
    if login.mechanism in BEARER:
        secret = ["--oauth2-bearer", login.secret, "-u", login.user + ":"]
    return ["curl", "-sv", f"smtp://{login.host}:{login.port}", "-X", "NOOP", "--login-options", f"AUTH={login.mechanism}", *secret]


def curl_inline(login):
    return [*curl(login), "--sasl-ir"]


COMMON = ["PLAIN", "LOGIN", "CRAM-MD5", "DIGEST-MD5"]
SCRAM = ["SCRAM-SHA-1", "SCRAM-SHA-256"]
CLIENTS = {  # the program, the mechanisms that it has, and what it says of a success, if not by its exit status
    "gsasl": (gsasl, [*COMMON, *SCRAM, "NTLM", "ANONYMOUS"], None),
    "smtptest": (smtptest, [*COMMON, *SCRAM, "SCRAM-SHA-512", "NTLM", "OTP", "ANONYMOUS"], "Authenticated."),
    "swaks": (swaks, [*COMMON, "NTLM"], None),
    "msmtp": (msmtp, [*COMMON, *SCRAM, "NTLM", *BEARER], None),
    "curl": (curl, [*COMMON, "NTLM", "OAUTHBEARER"], None),  # takes OAUTHBEARER also where it is told to take XOAUTH2
    "curl --sasl-ir": (curl_inline, ["PLAIN", "LOGIN", "NTLM", "OAUTHBEARER"], None),
}


def run_client(box, name, login):
    """How it ended, as the client tells, and what it said."""
    command, _, word = CLIENTS[name]
    content = "Subject: x\n\nHello\n" if name == "msmtp" else ""
    p = box.run(*command(login), check=False, input=content, capture_output=True, text=True, errors="replace", timeout=30)
    said = p.stdout + p.stderr
    is_in = word in said if word else p.returncode == 0
    return "success" if is_in else "cancelled" if "\n> *\n" in said.replace("\r", "") else "failure", said


def encode(text):
    return base64.b64encode(text if isinstance(text, bytes) else text.encode()).decode()


class Raw:
    """A session of which every line is ours: `code` is that of the last reply."""

    def __init__(self, host, port):
        self.client = Client(port, host)
        self.client.reply()
        _, self.offer = self.client.say("EHLO client.example")
        self.code = None

    def say(self, line):
        """The text behind the code, decoded where it can be."""
        self.code, lines = self.client.say(line)
        text = lines[-1][4:] if lines else b""
        try:
            return base64.b64decode(text, validate=True).decode("latin-1")
        except ValueError:
            return text.decode("latin-1")

    def auth(self, mechanism, *messages):
        """The exchange without initial response, and each message in base64 as long as one is due."""
        said = self.say("AUTH " + mechanism)
        for message in messages:
            if self.code == 334:
                said = self.say(encode(message))
        return said

    def quit(self):
        if self.code is not None:
            self.client.say("QUIT")
        self.client.close()


def scram_final(hash_name, first, challenge, password=PASSWORD, nonce=None):
    parts = dict(p.split("=", 1) for p in challenge.split(","))
    bare = "c=biws,r=" + (nonce or parts["r"])
    salted = hashlib.pbkdf2_hmac(hash_name, password.encode(), base64.b64decode(parts["s"]), int(parts["i"]))
    key = hmac.digest(salted, b"Client Key", hash_name)
    text = ",".join([first[3:], challenge, bare]).encode()
    proof = hmac.digest(hashlib.new(hash_name, key).digest(), text, hash_name)
    return f"{bare},p={encode(bytes(a ^ b for a, b in zip(key, proof)))}"


def digest_response(challenge, nonce=None, uri=f"smtp/mx.{DOMAIN}"):
    parts = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
    realm, nonce = parts.get("realm", ""), nonce or parts["nonce"]

    def md5(data):
        return hashlib.md5(data.encode("latin-1")).hexdigest()
    a1 = hashlib.md5(f"{USER}:{realm}:{PASSWORD}".encode()).digest().decode("latin-1") + f":{nonce}:own-nonce-17"
    response = md5(f"{md5(a1)}:{nonce}:00000001:own-nonce-17:auth:{md5('AUTHENTICATE:' + uri)}")
    return (f'username="{USER}",realm="{realm}",nonce="{nonce}",cnonce="own-nonce-17",nc=00000001,qop=auth,'
            f'digest-uri="{uri}",response={response},charset=utf-8')
