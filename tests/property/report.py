#!/usr/bin/env python3
"""report.py SMTPSCOPE: what a report must do whatever it is given.

  grouping    hundreds of sessions of one program with one fault are one incident, with its consequences in it
  hostile     what an attacker puts into any field takes effect in no format
  anonymous   no address, name or identity is left, and equal ones stay equal
  comparing   against an earlier capture: new, gone, worse, the same
  sameness    a recording gives what its packets give; twice gives the same
  software    programs that headers name are told apart where headers were kept, and only there
  loss        what the recorder lost stands in the report
  undated     a log without times gets none, and what it cannot give is said
  of_logs     what a log does not say is not made up
  yearless    a date without a year gets none
  fragments   where much is missing, what is there is told, and lost mail is accounted for"""

import html.parser
import json
import os
import random
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import history  # noqa: E402
from history import frames  # noqa: E402

FORMATS = ("text", "markdown", "html", "json")
EHLO = ("EHLO app.shop.test", "250-mx.corp.test\r\n250-PIPELINING\r\n250 SIZE")
BANNER = (None, "220 mx.corp.test ESMTP Postfix")


def run(binary, *arguments, stdin=None, status=0):
    p = subprocess.run([binary, *arguments], input=stdin, capture_output=True)
    if p.returncode != status:
        raise AssertionError(f"{arguments}: exit {p.returncode}: {p.stderr.decode()[-300:]}")
    return p.stdout


def report(binary, path, *options):
    return json.loads(run(binary, "report", "--format", "json", *options, path))


def ids(result, severity=("error", "warning")):
    return [i["cause"]["finding"] for i in result["incidents"] if i["severity"] in severity]


def grouping(binary, folder):
    rng, path = random.Random(1), os.path.join(folder, "grouping.pcap")
    capture = history.Capture(rng)
    for k in range(300):  # one program on three hosts: the sender is refused, and it goes on
        capture.add(10 + k % 3, 2 * k, [BANNER, (f"EHLO app-{k % 3}.shop.test", EHLO[1]),
                    (f"MAIL FROM:<order{k}@shop.test>", f"554 5.7.1 <order{k}@shop.test>: Sender address rejected (id {rng.randrange(10**9):x})"),
                    (f"RCPT TO:<c{k}@corp.test>", "503 5.5.1 need MAIL command"), ("DATA", "503 5.5.1 need RCPT command"),
                    ("QUIT", "221 bye")])
    for k in range(40):  # another program, another fault
        capture.add(77, 5 * k, [BANNER, ("EHLO printer.corp.test", EHLO[1]), (f"RCPT TO:<p{k}@corp.test>", "503 5.5.1 need MAIL command"),
                                ("QUIT", "221 bye")])
    for k in range(60):
        capture.add(120 + k, 3 * k, history.mail(f"a{k}@fine.test", "b@corp.test"))
    for k in range(50):  # names tried: one incident, whatever the names
        capture.add(200, 2 * k, history.plain(f"name{k}", f"guess{k}"))
    capture.write(path)
    result = report(binary, path)
    bad, found = [], ids(result)
    for finding, sessions in (("sender-refused", 300), ("rcpt-without-mail", 40), ("auth-failed", 50)):
        these = [i for i in result["incidents"] if i["cause"]["finding"] == finding]
        if [i["sessions"] for i in these] != [sessions]:
            bad.append(f"{finding}: {[i['sessions'] for i in these]} sessions in place of {sessions}")
    first = result["incidents"][0]
    refused = {f"{r['verb']} {r['code']}": r["count"] for r in first["refused_commands"]}
    if first["cause"]["finding"] != "sender-refused" or refused != {"RCPT 503": 300, "DATA 503": 300}:
        bad.append(f"the gravest is {first['cause']}, with {refused}")
    if first["messages"]["lost"] != 300 or result["summary"]["messages"]["delivered"] != 60:
        bad.append(f"messages: {first['messages']}, {result['summary']['messages']}")
    if first["client_count"] != 3 or "refusal-ignored" not in first["consequences"]:
        bad.append(f"clients {first['client_count']}, consequences {first['consequences']}")
    if any(f in found for f in ("refusal-ignored", "data-without-rcpt", "data-without-mail")):
        bad.append(f"a consequence has become an incident: {found}")
    steps = [(s["kind"], s["command"]) for s in first["evidence"][0]["sequence_expected"]]
    if ("omitted", "DATA") not in steps:
        bad.append(f"the order as it should be: {steps}")
    recording = run(binary, "capture", "-r", path, "-o", "-")
    again = json.loads(run(binary, "report", "--format", "json", "-", stdin=recording))
    strip = lambda r: [{k: v for k, v in i.items() if k != "evidence"} for i in r["incidents"]]
    if strip(again) != strip(result):
        bad.append("a recording gives another report than its packets")
    if run(binary, "report", path) != run(binary, "report", path):
        bad.append("twice is not the same")
    return bad


# What must not take effect, and where it could stand.
MARKUP = ['<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "<svg/onload=alert(1)>", "</pre></details><h1>x</h1>",
          "[x](javascript:alert(1))", "![x](http://evil.test/p.png)", "```\n# x", "`x`", "{html}<b>x</b>{html}", "|=cmd|' /C calc'!A0",
          "=HYPERLINK(1)", "@SUM(1+1)", "\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "\x9b31m", "a\rb", "\u202egnp.exe", "\u200bx", "../../etc/passwd",
          "%s%n", "{1}{2}", "&lt;b&gt;", "javascript:alert(1)", "'; --", "]]>", "<!--", "\\u003cscript\\u003e", "{{7*7}}", "</script>", "*b* _i_ ~s~"]


class Tags(html.parser.HTMLParser):
    """What a browser would make of the page."""

    def __init__(self):
        super().__init__()
        self.tags, self.bad, self.text = set(), [], []

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        for name, value in attributes:
            if name.startswith("on") or name in ("style", "src", "srcset", "action", "formaction"):
                self.bad.append(f"{tag} {name}={value}")
            if name in ("href", "xlink:href") and not (value or "").startswith("#"):
                self.bad.append(f"{tag} {name}={value}")

    def handle_data(self, data):
        self.text.append(data)


ALLOWED_TAGS = set("html head meta title style body a header h1 h2 h3 p ul li b main section div svg path g text rect table thead tbody tr th td button "
                   "label input select option article code pre span details summary script".split())


def hostile_capture(rng, path):
    capture = history.Capture(rng)
    for k, text in enumerate(MARKUP):
        said = text.replace("\n", " ").replace("\r", " ")
        capture.add(1 + k, 3 * k, [(None, f"220 {said} ESMTP"), (f"EHLO {said}", f"250-{said}\r\n250 AUTH PLAIN LOGIN"),
                    ("AUTH LOGIN", "334 " + history.b64(said)), (history.b64(text), "334 UGFzc3dvcmQ6"), (history.b64("x"), f"535 5.7.8 {said}"),
                    (f"MAIL FROM:<{said}@y.test>", "250 ok"), (f"RCPT TO:<{said}@y.test>", "250 ok"), ("DATA", "354 go"),
                    (f"Received: by x ({said}) with {said} id 1\r\nX-Mailer: {said}\r\nMessage-ID: <{said}>\r\n\r\nx\r\n.", f"550 {said}"),
                    (f"MAIL FROM:<{said}@x.test>", f"550 5.7.1 {said}"), (f"RCPT TO:<{said}>", f"503 {said}"), (said, f"500 {said}"),
                    ("DATA", f"503-{said}\r\n503 {said}"), ("QUIT", f"221 {said}")])
        capture.add(1 + k, 3 * k + 1, [BANNER, EHLO, (f"RCPT TO:<a@{said}>", f"503 5.5.1 {said}"), ("QUIT", "221 bye")])
    capture.write(path)


def check_page(page):
    tags = Tags()
    tags.feed(page)
    bad = [f"html: {what}" for what in tags.bad[:5]]
    if tags.tags - ALLOWED_TAGS:
        bad.append(f"html: tags {tags.tags - ALLOWED_TAGS}")
    if page.count("<script>") != 1 or "Content-Security-Policy" not in page or "'unsafe" in page:
        bad.append("html: the page holds another script, or no policy")
    return bad


def check_markdown(text):
    """Outside of fences and code spans nothing of the attacker's may stand."""
    bad, fence = [], False
    for line in text.splitlines():
        if line.startswith("```"):
            fence = not fence
            continue
        if fence:
            continue
        plain = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", line)
        plain = re.sub(r"\\.", "", plain)
        if re.search(r"alert|evil|javascript|calc|HYPERLINK|<|!\[|\]\(|\{html", plain):
            bad.append(f"markdown: {line[:160]!r}")
    return bad + (["markdown: a fence is open at the end"] if fence else [])


def hostile_inputs(binary, folder):
    """The same in packets, a recording with headers, and a log; the names of the files are hostile, too."""
    path = os.path.join(folder, "=cmd|x!A0 <img src=x onerror=alert(1)>`x`\x1b[31m.pcap")
    hostile_capture(random.Random(2), path)
    recording, log = os.path.join(folder, "[x](javascript:alert(1)).jsonl"), os.path.join(folder, "<b>.log")
    run(binary, "capture", "-r", path, "-o", recording, "--content", "headers")
    with open(log, "wb") as f:
        for text in MARKUP:
            said = text.replace("\n", " ").replace("\r", " ")
            f.write(f"220 {said} ESMTP\nEHLO {said}\n250 ok\nRCPT TO:<{said}>\n503 {said}\nQUIT\n221 bye\n".encode())
    return path, recording, log


def hostile(binary, folder):
    inputs = hostile_inputs(binary, folder)
    bad = []
    for options in ([], ["--anonymize"], ["--lang", "ja"], ["--content", "headers"]):
        for name in FORMATS:
            out = run(binary, "report", "--format", name, *options, *inputs)
            text = out.decode("utf-8")
            odd = re.findall(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]", text)
            if odd and name != "json":
                bad.append(f"{name} {options}: control characters {sorted(set(odd))}")
            if name == "html":
                bad += check_page(text)
            if name == "markdown":
                bad += check_markdown(text)
            if name == "json":
                json.loads(text)
                if re.search(r"[\x00-\x09\x0b-\x1f\x7f]", text):
                    bad.append("json: a control character")
    return bad


def anonymous(binary, folder):
    path = os.path.join(folder, "anonymous.pcap")
    capture = history.Capture(random.Random(3))
    for k in range(5):
        capture.add(30 + k, 4 * k, [(None, "220 mx.secret-corp.test ESMTP Postfix"), ("EHLO laptop-anna", "250-mx.secret-corp.test\r\n250 AUTH LOGIN PLAIN"),
                    ("AUTH LOGIN", "334 VXNlcm5hbWU6"), (history.b64("annaliese"), "334 UGFzc3dvcmQ6"), (history.b64("pw"), "535 5.7.8 annaliese failed"),
                    ("MAIL FROM:<annaliese@secret-corp.test>", "550 5.7.1 192.0.2.30 (laptop-anna) may not send for annaliese"), ("QUIT", "221 bye")])
        capture.add(30 + k, 4 * k + 2, [(None, "220 mx.secret-corp.test ESMTP"), ("EHLO laptop-anna", "250 ok"),
                    ("MAIL FROM:<annaliese@secret-corp.test>", "250 ok"), ("RCPT TO:<berthold@partner-firm.test>", "550 5.1.1 berthold unknown at [198.51.100.25]:25"),
                    ("QUIT", "221 bye")])
    capture.write(path)
    bad = []
    for name in FORMATS:
        for language in ("en", "ja"):
            out = run(binary, "report", "--format", name, "--anonymize", "--lang", language, path).decode()
            for word in ("annaliese", "berthold", "secret-corp", "partner-firm", "laptop", history.b64("annaliese"), "anonymous.pcap"):
                if word.lower() in out.lower():
                    bad.append(f"{name}: {word} is in it: ...{out[max(0, out.lower().index(word.lower()) - 60):][:130]!r}")
    plain, hidden = report(binary, path), report(binary, path, "--anonymize")
    if [i["sessions"] for i in plain["incidents"]] != [i["sessions"] for i in hidden["incidents"]]:
        bad.append("with pseudonyms the incidents are others")
    if len({i["helos"][0] for i in hidden["incidents"] if i["helos"]}) != 1:
        bad.append("one name has several pseudonyms")
    return bad


def comparing(binary, folder):
    rng, good, now = random.Random(4), os.path.join(folder, "good.pcap"), os.path.join(folder, "now.pcap")
    def write(path, sender, nested, unknown):
        capture = history.Capture(rng)
        for k in range(40):
            capture.add(90 + k, k, history.mail("a@fine.test", "b@corp.test"))
        for k in range(sender):
            capture.add(20, 3 * k, [BANNER, history.EHLO, ("MAIL FROM:<x@shop.test>", "554 5.7.1 Sender address rejected"), ("QUIT", "221 bye")])
        for k in range(nested):
            capture.add(21, 3 * k, [BANNER, history.EHLO, ("MAIL FROM:<x@shop.test>", "250 ok"), ("MAIL FROM:<x@shop.test>", "503 nested MAIL command"), ("QUIT", "221 bye")])
        for k in range(unknown):
            capture.add(22, 3 * k, history.mail("a@fine.test", "nobody@corp.test", rcpt="550 5.1.1 User unknown"))
        capture.write(path)
    write(good, 10, 0, 5)
    write(now, 0, 7, 40)
    result = report(binary, now, "--baseline", good)
    got = {i["cause"]["finding"]: i["comparison"] for i in result["incidents"] if i["severity"] != "info"}
    want = {"sender-refused": "gone", "nested-mail": "new", "recipient-unknown": "worse"}
    bad = [] if got == want else [f"compared: {got}"]
    if result["summary"]["incidents"] != 2 or result["summary"]["baseline_sessions"] != 55:
        bad.append(f"summary: {result['summary']['incidents']}, {result['summary']['baseline_sessions']}")
    for name in FORMATS:
        if not run(binary, "report", "--format", name, "--baseline", good, now):
            bad.append(f"{name}: nothing")
    same = report(binary, good, "--baseline", good)
    if {i["comparison"] for i in same["incidents"]} != {"same"}:
        bad.append("a capture compared with itself is not the same")
    return bad


def software(binary, folder):
    path, recording = os.path.join(folder, "software.pcap"), os.path.join(folder, "software.jsonl")
    capture = history.Capture(random.Random(5))
    for k in range(8):
        name = "PHPMailer 6.8" if k % 2 else "Mutt/2.2"
        capture.add(50, 4 * k, history.mail("a@b.test", "c@d.test", f"X-Mailer: {name}\r\nSubject: {k}\r\n\r\nx", end="554 5.7.1 spam"))
    capture.write(path)
    run(binary, "capture", "-r", path, "-o", recording, "--content", "headers")
    bad = []
    for what, count in (([path], 1), ([path, "--content", "headers"], 2), ([recording], 2)):
        incidents = [i for i in json.loads(run(binary, "report", "--format", "json", *what))["incidents"] if i["severity"] != "info"]
        names = sorted(n for i in incidents for n in i["client_software"])
        if len(incidents) != count or names != ([] if count == 1 else ["Mutt/2.2", "PHPMailer 6.8"]):
            bad.append(f"{what[1:] or what[0][-6:]}: {len(incidents)} incidents of {names}")
    if "PHPMailer 6.8" not in run(binary, "report", recording).decode():
        bad.append("the text does not name the program")
    return bad


def loss(binary, folder):
    path = os.path.join(folder, "loss.pcap")
    capture = history.Capture(random.Random(6))
    for k in range(3):
        capture.add(60, 5 * k, [BANNER, EHLO, ("RCPT TO:<a@b.test>", "503 5.5.1 need MAIL command"), ("QUIT", "221 bye")])
    capture.write(path)
    lines = [json.loads(line) for line in run(binary, "capture", "-r", path, "-o", "-").decode().split("\n") if line]
    for line in lines:
        if line["type"] == "stats":
            line["dropped"] = 17
    recording = "\n".join(json.dumps(line, separators=(",", ":")) for line in lines) + "\n"
    bad, text = [], run(binary, "report", "-", stdin=recording.encode()).decode()
    if len(re.findall(r"The\s+recorder\s+lost\s+17\s+packets", text)) != 2:
        bad.append("the packets that the recorder lost are not in the report, or not at the incident")
    if json.loads(run(binary, "report", "--format", "json", "-", stdin=recording.encode()))["capture_quality"]["dropped_packets"] != 17:
        bad.append("json does not count them")
    return bad


def undated(binary, folder):
    log, out = os.path.join(folder, "session.log"), os.path.join(folder, "taken")
    with open(log, "w", encoding="ascii") as f:
        f.write("220 mx.test ESMTP\nEHLO a\n250 ok\nRCPT TO:<a@b.test>\n503 need MAIL\nQUIT\n221 bye\n")
    bad, text = [], run(binary, "report", log).decode()
    bad += [f"the report says {odd}" for odd in ("00:00:00", "unknown:0", "1970", "0.00 ms") if odd in text]
    if any(i["first_seen"] for i in report(binary, log)["incidents"]):
        bad.append("json has times")
    p = subprocess.run([binary, "extract", "-d", out, "--scrubbed-pcap", out + ".pcapng", log], capture_output=True, text=True)
    if p.returncode != 3 or "holds no packets" not in p.stderr or "holds no messages" not in p.stderr:
        bad.append(f"extract: {p.returncode}, {p.stderr}")
    p = subprocess.run([binary, "report", "--since", "2020-01-01", log], capture_output=True, text=True)
    if "without dates" not in p.stderr:
        bad.append(f"--since: {p.stderr}")
    return bad


def of_logs(binary, _):
    """What a log does not say is not made up: a zone, what it hides, who the server is."""
    samples = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "samples")
    text = {name: re.sub(r"\s+", " ", run(binary, "report", os.path.join(samples, f"log-{name}.txt")).decode()) for name in ("phpmailer", "smtplib")}
    wanted = [("phpmailer", "at 2026-11-26 15:16:10 (local time of the log)"), ("phpmailer", "which the log hides"),
              ("phpmailer", "The client: (not in the log), which"), ("smtplib", "(Postfix, by the wording of its replies)")]
    odd = [("phpmailer", "15:16:10 UTC"), ("phpmailer", "refused LOGIN itself"), ("phpmailer", "0 octets in the line"), ("smtplib", "Either MAIL was not sent")]
    return [f"{name} does not say {w}" for name, w in wanted if w not in text[name]] + [f"{name} says {o}" for name, o in odd if o in text[name]]


EXIM_LOG = """2027-03-02 09:14:05.101 [91] SMTP connection from [192.0.2.44]:50122 I=[203.0.113.9]:587 Ci=91 (TCP/IP connection count = 1)
2027-03-02 09:14:05.190 [91] login authenticator failed for (shop.test) [192.0.2.44]:50122 I=[203.0.113.9]:587 Ci=91: 535 Incorrect authentication data (set_id=joe)
2027-03-02 09:14:05.391 [91] no MAIL in SMTP connection from (shop.test) [192.0.2.44]:50122 I=[203.0.113.9]:587 Ci=91 D=0.290s C=EHLO,AUTH,QUIT
"""


SYSLOG = """Mar  2 09:14:05 mx postfix/smtpd[177]: connect from unknown[192.0.2.44]
Mar  2 09:14:06 mx postfix/smtpd[177]: NOQUEUE: reject: RCPT from unknown[192.0.2.44]: 554 5.7.1 <x@far.test>: Relay access denied; from=<a@b.test> to=<x@far.test> proto=ESMTP helo=<shop.test>
Mar  2 09:14:06 mx postfix/smtpd[177]: disconnect from unknown[192.0.2.44] ehlo=1 mail=1 rcpt=0/1 quit=1 commands=3/4
"""


def yearless(binary, folder):
    """A syslog of the old kind names no year, and none is made up."""
    log = os.path.join(folder, "syslog")
    with open(log, "w", encoding="ascii") as f:
        f.write(SYSLOG)
    bad = [f"{name} has a year" for name in FORMATS if "1970" in run(binary, "report", "--format", name, log).decode()]
    return bad + ([] if "03-02 09:14:0" in run(binary, "report", log).decode() else ["the date is gone as well"]) \
        + ([] if "without a fault: 0 of 1" in run(binary, "report", log).decode() else ["what the log leaves out is without a fault"])


def fragments(binary, folder):
    """Where much is missing: a 535 in a log of events is a refused login, and mail that did not arrive is accounted for."""
    log, path = os.path.join(folder, "exim.log"), os.path.join(folder, "holes.pcap")
    with open(log, "w", encoding="ascii") as f:
        f.write(EXIM_LOG)
    text = re.sub(r"\s+", " ", run(binary, "report", log).decode())
    bad = [] if "1. Authentication was refused" in text else ["the refused login of the log is no incident"]
    bad += [f"of the log: {odd}" for odd in ("AUTH names no mechanism", "Logins :") if odd in text]
    capture = history.Capture(random.Random(8))
    capture.add(1, 0, [BANNER, ("EHLO a.test", "250-mx.test\r\n250-SIZE 5\r\n250 HELP"), ("MAIL FROM:<a@b.test>", "250 ok"),
                       ("RCPT TO:<c@d.test>", "550 5.1.1 no such user"), ("QUIT", "221 bye")])
    capture.write(path)
    kept = [s for s in frames.segments(path) if b"250-SIZE" not in s.payload]
    frames.write(path, kept)
    text = re.sub(r"\s+", " ", run(binary, "report", path).decode())
    if "did not arrive, for a reason that could not be judged: 1." not in text and "The server does not know the recipient" not in text:
        bad.append("a message is lost, and no incident says so")
    return bad


def bounded(binary, folder):
    """More incidents than a report may hold: the rest is counted."""
    path = os.path.join(folder, "bounded.pcap")
    capture, name = history.Capture(random.Random(7)), lambda k: "".join(chr(97 + k // 26**i % 26) for i in range(3))
    for k in range(1500):
        capture.add(1 + k % 250, k, [(None, "220 mx.test ESMTP"), (f"EHLO {name(k)}.{'x' * 180}.test", "250-mx.test\r\n250 SIZE"),
                    (f"MAIL FROM:<{'a' * 190}@b.test>", "554 5.7.1 no " + "y" * 400), ("RCPT TO:<c@d.test>", "503 no " + "z" * 400), ("QUIT", "221 bye")])
    capture.write(path)
    text = run(binary, "report", "--format", "json", path)
    result, bad = json.loads(text), []
    if len(text) > 5_000_000 or len(run(binary, "report", "--format", "html", path)) > 5_000_000:
        bad.append(f"{len(text)} octets")
    left = result["incidents_not_listed"]
    if not left or sum(i["severity"] != "info" for i in result["incidents"]) + left < result["summary"]["incidents"]:
        bad.append(f"{len(result['incidents'])} incidents and {left} of {result['summary']['incidents']}")
    return bad


def main():
    binary, bad = os.path.abspath(sys.argv[1]), []
    with tempfile.TemporaryDirectory() as folder:
        checks = (grouping, hostile, anonymous, comparing, software, loss, undated, of_logs, yearless, fragments, bounded)
        for check in checks:
            bad += [f"{check.__name__}: {b}" for b in check(binary, folder)]
    print("\n".join(bad[:40]))
    print(f"{len(checks)} checks, {len(bad)} complaints")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
