"""Changes the frames of a small capture (classic pcap, Ethernet) without touching the dialogue in it."""

import struct


def read(path):
    """[(seconds, microseconds, wire length, frame)] of a little-endian microsecond pcap."""
    data = open(path, "rb").read()
    at, packets = 24, []
    while at + 16 <= len(data):
        sec, usec, captured, wire = struct.unpack_from("<IIII", data, at)
        packets.append((sec, usec, wire, data[at + 16:at + 16 + captured]))
        at += 16 + captured
    return packets


def write(path, packets, snaplen=262144):
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, snaplen, 1))
        for sec, usec, wire, frame in packets:
            f.write(struct.pack("<IIII", sec, usec, len(frame), wire) + frame)


def drop(packets, numbers):
    return [p for n, p in enumerate(packets, 1) if n not in numbers]


def skip(packets, count):
    return packets[count:]


def one_side(packets, server_port):
    """Only packets to the server's port (IPv4)."""
    def to_server(frame):
        header = (frame[14] & 15) * 4
        return struct.unpack_from(">H", frame, 14 + header + 2)[0] == server_port
    return [p for p in packets if to_server(p[3])]


def reframe(packets, change):
    out = []
    for sec, usec, wire, frame in packets:
        new = change(frame)
        out.append((sec, usec, wire + len(new) - len(frame), new))
    return out


def vlan(packets, tags):
    kinds = [0x8100] * len(tags)
    kinds[0] = 0x88a8 if len(tags) > 1 else 0x8100
    stack = b"".join(struct.pack(">HH", kind, tag) for kind, tag in zip(kinds, tags))
    return reframe(packets, lambda f: f[:12] + stack + f[12:])


def checksum(header):
    total = sum(struct.unpack(f">{len(header) // 2}H", header))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def vxlan(packets, vni):
    def wrap(frame):
        inner = struct.pack(">II", 0x08000000, vni << 8) + frame
        udp = struct.pack(">HHHH", 51234, 4789, 8 + len(inner), 0)
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp) + len(inner), 0, 0, 64, 17, 0,
                         bytes([198, 51, 100, 1]), bytes([198, 51, 100, 2]))
        ip = ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:]
        return bytes(12) + b"\x08\x00" + ip + udp + inner
    return reframe(packets, wrap)


def to_pcapng(packets):
    def block(kind, body):
        body += bytes(-len(body) % 4)
        return struct.pack("<II", kind, 12 + len(body)) + body + struct.pack("<I", 12 + len(body))
    out = block(0x0a0d0d0a, struct.pack("<IHHq", 0x1a2b3c4d, 1, 0, -1)) + block(1, struct.pack("<HHI", 1, 0, 262144))
    for sec, usec, wire, frame in packets:
        stamp = sec * 1000000 + usec
        out += block(6, struct.pack("<IIIII", 0, stamp >> 32, stamp & 0xffffffff, len(frame), wire) + frame)
    return out
