"""What no real client says: per mechanism, how the exchange ends and what has to be found."""

import base64

from lab import DOMAIN, PASSWORD, USER
from sasl_clients import Raw, digest_response, encode, scram_final

HASHES = {"SCRAM-SHA-1": "sha1", "SCRAM-SHA-256": "sha256", "SCRAM-SHA-512": "sha512"}
FIRST = f"n,,n={USER},r=own-nonce-17"
ADDRESS = f"carol.lee@{DOMAIN}"


def cancel(raw, mechanism):
    raw.say("AUTH " + mechanism)
    raw.say("*")


def no_base64(raw, mechanism):
    raw.say("AUTH " + mechanism)
    raw.say("this is (no) base64!")


def abandon(raw, mechanism):
    raw.say("AUTH " + mechanism)
    raw.code = None  # and nothing more


def interrupt(raw, mechanism):
    raw.say("AUTH " + mechanism)
    raw.say("MAIL FROM:<a@client.example>")


def equals_sign(raw, mechanism):
    raw.say("AUTH " + mechanism)
    raw.say("=")


def messages(*texts):
    return lambda raw, mechanism: raw.auth(mechanism, *texts)


def inline(text):
    def run(raw, mechanism):
        raw.say(f"AUTH {mechanism} {text}")
        if raw.code == 334:
            raw.say("*")
    return run


def scram(last="", **more):
    def run(raw, mechanism):
        challenge = raw.auth(mechanism, FIRST)
        raw.say(encode(scram_final(HASHES[mechanism], FIRST, challenge, **more)))
        if raw.code == 334:
            raw.say(last)
    return run


def digest(last="", **more):
    def run(raw, mechanism):
        raw.say(encode(digest_response(raw.auth(mechanism), **more)))
        if raw.code == 334:
            raw.say(last)
    return run


def bearer(message, last):
    def run(raw, mechanism):
        raw.auth(mechanism, message)
        if raw.code == 334:
            raw.say(last)
    return run


BAD_XOAUTH2 = f"user={USER}\x01auth=Bearer a-token-that-nobody-gave-out\x01\x01"
BAD_OAUTHBEARER = f"n,a={USER},\x01auth=Bearer a-token-that-nobody-gave-out\x01\x01"
ANY = {  # for every mechanism in which something is answered
    "cancelled": (cancel, "cancelled", {"auth-cancelled"}),
    "no base64": (no_base64, "failure", {"auth-bad-base64"}),
    "abandoned": (abandon, "abandoned", {"auth-abandoned"}),
}
NO_ANSWER = {"auth-missing-empty-response", "auth-interrupted"}  # whatever the server makes of it: some are content
MALFORMED = (messages("nonsense"), "failure", {"auth-malformed-response"})
OF_SCRAM = {
    "own success": (scram(), "success", set()),
    "own wrong password": (scram(password="not-" + PASSWORD), "failure", {"auth-failed"}),
    "malformed": MALFORMED,
    "malformed last": (messages(FIRST, "c=biws"), "failure", {"auth-malformed-response"}),
    "other nonce": (scram(nonce="another-nonce-0815"), "failure", {"auth-nonce-mismatch"}),
    "no empty answer": (scram(last="QUIT"), None, NO_ANSWER),
}
CASES = {
    "PLAIN": {
        "own success": (messages(f"\0{USER}\0{PASSWORD}"), "success", set()),
        "authorization identity": (messages(f"{USER}\0{USER}\0{PASSWORD}"), "success", {"auth-plain-authzid"}),
        "malformed": (messages("nonsense"), "failure", {"auth-plain-nul-count"}),
        "one NUL": (messages(f"{USER}\0{PASSWORD}"), "failure", {"auth-plain-nul-count"}),
        "written NULs": (messages(f"\\0{USER}\\0{PASSWORD}"), "failure", {"auth-plain-nul-count"}),
        "line end": (messages(f"\0{USER}\0{PASSWORD}\n"), "failure", {"auth-trailing-newline"}),
        "twice base64": (messages(encode(f"\0{USER}\0{PASSWORD}")), "failure", {"auth-double-base64"}),
        "no UTF-8": (messages(f"\0{USER}\0f\xfcr-{PASSWORD}".encode("latin-1")), "failure", {"auth-charset"}),
        "interrupted": (interrupt, "failure", {"auth-interrupted"}),
        "equals sign": (equals_sign, "failure", {"auth-empty-initial-response"}),
        "padding lost": (inline(encode(f"\0{USER}\0{PASSWORD}").rstrip("=") + "A"), "failure", {"auth-bad-base64"}),
        "alphabet of URLs": (inline(base64.urlsafe_b64encode(f"\0{USER}\0??>>~~~~{PASSWORD}".encode()).decode()), "failure",
                             {"auth-bad-base64"}),
    },
    "LOGIN": {
        "own success": (messages(USER, PASSWORD), "success", set()),
        "line end": (messages(USER, PASSWORD + "\r\n"), "failure", {"auth-trailing-newline"}),
        "user name twice": (messages(USER, USER), "failure", {"auth-login-step"}),
        "exchanged": (messages(PASSWORD, ADDRESS), "failure", {"auth-login-step"}),
        "message of PLAIN": (messages(f"\0{USER}\0{PASSWORD}", PASSWORD), "failure", {"auth-login-step"}),
    },
    "CRAM-MD5": {
        "malformed": MALFORMED,
        "short digest": (messages(f"{USER} 0123456789abcdef"), "failure", {"auth-malformed-response"}),
        "line end": (messages(f"{USER} {'0123456789abcdef' * 2}\n"), "failure",
                     {"auth-trailing-newline", "auth-malformed-response"}),
        "initial response": (inline(encode(f"{USER} {'0123456789abcdef' * 2}")), None, {"auth-initial-response-refused"}),
    },
    "DIGEST-MD5": {
        "own success": (digest(), "success", set()),
        "malformed": MALFORMED,
        "other nonce": (digest(nonce="another-nonce-0815"), "failure", {"auth-nonce-mismatch"}),
        "another service": (digest(uri="imap/mx." + DOMAIN), None, {"auth-malformed-response"}),
        "no empty answer": (digest(last="QUIT"), None, NO_ANSWER),
    },
    **{mechanism: OF_SCRAM for mechanism in HASHES},
    "NTLM": {"malformed": MALFORMED},
    "OTP": {"malformed": (messages(f"\0{USER}", "nonsense"), "failure", {"auth-malformed-response"})},
    "XOAUTH2": {
        "malformed": MALFORMED,
        "wrong token": (bearer(BAD_XOAUTH2, ""), "failure", {"auth-oauth-error"}),
        "no empty answer": (bearer(BAD_XOAUTH2, "QUIT"), "failure", {*NO_ANSWER, "auth-oauth-error"}),
    },
    "OAUTHBEARER": {
        "malformed": MALFORMED,
        "wrong token": (bearer(BAD_OAUTHBEARER, "AQ=="), "failure", {"auth-oauth-error"}),
        "no answer": (bearer(BAD_OAUTHBEARER, "QUIT"), "failure", {*NO_ANSWER, "auth-oauth-error"}),
    },
}
UNKNOWN = {"not offered": (inline(encode("x")), "failure", {"auth-mechanism-not-offered"})}
NOT_OFFERED = "X-NO-SUCH-MECHANISM"


def cases_of(mechanism):
    if mechanism == NOT_OFFERED:
        return UNKNOWN
    return {**ANY, **CASES.get(mechanism, {})}


def run_case(case, mechanism, host, port):
    """(outcome as it ought to be, as the replies tell it, what has to be found)."""
    say, outcome, findings = case
    raw = Raw(host, port)
    say(raw, mechanism)
    code = raw.code
    raw.quit()
    if code is None or code < 400:
        told = "abandoned" if code is None else "success" if code == 235 else "unfinished"
    else:
        told = "cancelled" if raw.client.log[-4][1] == b"*\r\n" else "failure"
    is_due = outcome or told == "failure" or findings == NO_ANSWER  # where servers differ, it has to be refused to be found
    return outcome, told, sorted(findings) if is_due else []
