"""Two ends of a connection on a wire, in clear and inside TLS (OpenSSL with itself, in memory)."""

import ssl
import subprocess

import frames

C, S = 0, 1
HELLO = [(S, b"220 mx.example ESMTP\r\n"), (C, b"EHLO first.example\r\n"), (S, b"250-mx.example\r\n250 STARTTLS\r\n"),
         (C, b"STARTTLS\r\n"), (S, b"220 go ahead\r\n")]
# port of the server, TLS version, ciphers; port 25: behind STARTTLS
KINDS = [(465, "TLSv1_2", "ECDHE-RSA-AES128-GCM-SHA256"), (465, "TLSv1_3", None), (25, "TLSv1_2", "ECDHE-RSA-AES256-SHA384"),
         (25, "TLSv1_3", None), (4465, "TLSv1_3", None), (465, "TLSv1_2", "ECDHE-RSA-CHACHA20-POLY1305")]


class Wire:
    """Segments of one connection, in the order in which they are sent, one millisecond apart."""

    def __init__(self, port):
        self.port, self.out, self.sent = port, [], [0, 0]
        self.now = 1_700_000_000 * 10**9
        self.put(C, b"", 0, flags=2), self.put(S, b"", 0, flags=18), self.put(C, b"", 0)

    def put(self, side, payload, acked, flags=16):
        s, ends = frames.Segment(), (bytes((192, 0, 2, 1)), bytes((192, 0, 2, 25)))
        self.now += 10**6
        s.time, s.src, s.dst, s.flags, s.window, s.options, s.hops = self.now, ends[side], ends[1 - side], flags, 65535, b"", 64
        s.sport, s.dport = ((40000, self.port), (self.port, 40000))[side]
        s.seq = 1000 * (side + 1) + (0 if flags & 2 else 1 + self.sent[side])
        s.ack = 0 if flags == 2 else 1000 * (2 - side) + 1 + acked
        s.payload = payload
        self.out.append(s)
        self.sent[side] += len(payload)

    def say(self, side, payload):
        self.put(side, payload, self.sent[1 - side])

    def close(self):
        self.put(C, b"", self.sent[S], flags=17), self.put(S, b"", self.sent[C] + 1, flags=17)


class Tls:
    """Both ends of a connection; what they send goes to the wire.  A kind may end in SSL_OP_ flags of OpenSSL."""

    def __init__(self, wire, folder, kind):
        self.wire, (_, version, ciphers, *flags) = wire, kind
        self.ends, self.bios = [], []
        for side in (C, S):
            ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if side else ssl.PROTOCOL_TLS_CLIENT)
            ctx.check_hostname, ctx.verify_mode = False, ssl.CERT_NONE
            if ciphers:
                ctx.set_ciphers(ciphers)
            for flag in flags:
                ctx.options |= flag
            ctx.minimum_version = ctx.maximum_version = getattr(ssl.TLSVersion, version)
            if side:
                ctx.load_cert_chain(f"{folder}/cert.pem")
                ctx.keylog_filename = f"{folder}/keys.log"
            bios = ssl.MemoryBIO(), ssl.MemoryBIO()
            self.bios.append(bios)
            self.ends.append(ctx.wrap_bio(*bios, server_side=bool(side), server_hostname=None if side else "mx.example"))
        for _ in range(4):
            for side in (C, S):
                try:
                    self.ends[side].do_handshake()
                except ssl.SSLWantReadError:
                    pass
                self.carry(side, self.wire.sent[1 - side])
        self.borders = [[(0, self.wire.sent[C])], [(0, self.wire.sent[S])]]  # plaintext and wire behind each record

    def carry(self, side, acked):
        data = self.bios[side][1].read()
        if data:
            self.wire.put(side, data, acked)
            self.bios[1 - side][0].write(data)

    def say(self, side, payload, acked_plain):
        acked = max(wire for plain, wire in self.borders[1 - side] if plain <= acked_plain)
        self.ends[side].write(payload)
        self.carry(side, acked)
        try:
            self.ends[1 - side].read(1 << 20)
        except ssl.SSLWantReadError:
            pass
        self.borders[side].append((self.borders[side][-1][0] + len(payload), self.wire.sent[side]))


def make_certificate(folder):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "9", "-subj", "/CN=mx.example", "-keyout",
                    f"{folder}/key.pem", "-out", f"{folder}/crt.pem"], check=True, capture_output=True)
    with open(f"{folder}/cert.pem", "w") as f:
        f.write(open(f"{folder}/key.pem").read() + open(f"{folder}/crt.pem").read())


def say_inside(said, folder, kind):
    """What was said, [(side, payload, how much of the other side it acknowledges)], inside TLS: segments."""
    wire = Wire(kind[0])
    is_lmtp = any(side == C and payload.upper().startswith(b"LHLO") for side, payload, _ in said)
    for side, payload in HELLO if kind[0] == 25 else []:
        wire.say(side, payload.replace(b"EHLO", b"LHLO") if is_lmtp else payload)
    tls = Tls(wire, folder, kind)
    if kind[0] == 25 and said[0][0] == S:  # behind STARTTLS there is no second greeting
        greeting, said = len(said[0][1]), [(side, p, a - len(said[0][1]) if side == C else a) for side, p, a in said[1:]]
        said = [(side, p, max(a, 0)) for side, p, a in said]
    for side, payload, acked in said:
        tls.say(side, payload, acked)
    wire.close()
    return wire.out
