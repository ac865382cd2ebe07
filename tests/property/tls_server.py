"""The side of a server in TLS whose records are written down as they pass, with the secrets that open them beside."""

import os
import ssl
import subprocess


class Recorded:
    """A socket whose bytes also go to a wire (logs.Wire)."""

    def __init__(self, connection, wire):
        self.connection, self.wire = connection, wire
        connection.settimeout(8)

    def sendall(self, data):
        self.connection.sendall(data)
        self.wire.say(1, data)

    def recv(self, most):
        data = self.connection.recv(most)
        if data:
            self.wire.say(0, data)
        return data


def context_of(folder):
    key, certificate = os.path.join(folder, "key.pem"), os.path.join(folder, "certificate.pem")
    if not os.path.exists(key):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                        "-subj", "/CN=mx.lab.example", "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.keylog_filename = os.path.join(folder, "keylog")
    return context


class Sealed:
    """TLS over a recorded connection."""

    def __init__(self, connection, folder):
        self.connection, self.coming, self.going = connection, ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context_of(folder).wrap_bio(self.coming, self.going, server_side=True)
        self.until_done(self.tls.do_handshake)

    def until_done(self, step, *arguments):
        while True:
            try:
                result = step(*arguments)
            except ssl.SSLWantReadError:
                self.flush()
                data = self.connection.recv(65536)
                if not data:
                    return b""
                self.coming.write(data)
                continue
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""
            self.flush()
            return result

    def flush(self):
        if self.going.pending:
            self.connection.sendall(self.going.read())

    def sendall(self, data):
        self.until_done(self.tls.write, data)

    def recv(self, most):
        return self.until_done(self.tls.read, most)
