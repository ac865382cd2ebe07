"""Small captures as TCP segments that can be cut, moved, lost and written again.  Ethernet with IPv4 or IPv6."""

import struct


class Segment:
    __slots__ = ("time", "src", "dst", "sport", "dport", "seq", "ack", "flags", "window", "payload", "options", "hops")

    def copy(self, **changes):
        other = Segment()
        for name in Segment.__slots__:
            setattr(other, name, changes.get(name, getattr(self, name)))
        return other


def segments(path):
    """The TCP segments of a little-endian classic pcap; times in nanoseconds."""
    data, at, out = open(path, "rb").read(), 24, []
    while at + 16 <= len(data):
        sec, usec, captured, _ = struct.unpack_from("<IIII", data, at)
        s = parse(data[at + 16:at + 16 + captured])
        if s:
            s.time = sec * 10**9 + usec * 1000
            out.append(s)
        at += 16 + captured
    return out


def parse(frame):
    kind = struct.unpack_from(">H", frame, 12)[0]
    s = Segment()
    if kind == 0x0800 and frame[23] == 6:
        header, total = (frame[14] & 15) * 4, struct.unpack_from(">H", frame, 16)[0]
        s.src, s.dst, tcp = frame[26:30], frame[30:34], frame[14 + header:14 + total]
        s.hops = frame[22]
    elif kind == 0x86dd and frame[20] == 6:
        total = struct.unpack_from(">H", frame, 18)[0]
        s.src, s.dst, tcp = frame[22:38], frame[38:54], frame[54:54 + total]
        s.hops = frame[21]
    else:
        return None
    s.sport, s.dport, s.seq, s.ack, offset, s.flags, s.window = struct.unpack_from(">HHIIBBH", tcp, 0)
    s.options, s.payload = tcp[20:(offset >> 4) * 4], tcp[(offset >> 4) * 4:]
    return s


def frame(s):
    tcp = struct.pack(">HHIIBBHHH", s.sport, s.dport, s.seq & 0xffffffff, s.ack & 0xffffffff,
                      (5 + len(s.options) // 4) << 4, s.flags, s.window, 0, 0) + s.options + s.payload
    if len(s.src) == 4:
        return bytes(12) + b"\x08\x00" + struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0, s.hops, 6, 0) + s.src + s.dst + tcp
    return bytes(12) + b"\x86\xdd" + struct.pack(">IHBB", 6 << 28, len(tcp), 6, s.hops) + s.src + s.dst + tcp


def write(path, all_segments):
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xa1b23c4d, 2, 4, 0, 0, 262144, 1))
        for s in all_segments:
            data = frame(s)
            f.write(struct.pack("<IIII", s.time // 10**9, s.time % 10**9, len(data), len(data)) + data)


def readdress(all_segments, number):
    """The same session from another client: address and port tell which variant it is."""
    first = all_segments[0]
    client = first.src if not (first.flags & 2 and first.flags & 16) else first.dst
    def change(address):
        if address != client:
            return address
        return struct.pack(">I", 0x0a000000 + number) if len(address) == 4 else b"\x20\x01\x0d\xb8" + bytes(8) + struct.pack(">I", number)
    return [s.copy(src=change(s.src), dst=change(s.dst)) if s.src != s.dst else
            (s.copy(src=change(client)) if s.sport == first.sport else s.copy(dst=change(client))) for s in all_segments]


def client_number(ip):
    """The number that readdress gave."""
    if ":" in ip:
        tail = ip.rsplit("::", 1)[1].split(":")
        return sum(int(x or "0", 16) << (16 * i) for i, x in enumerate(reversed(tail)))
    a, b, c, d = (int(x) for x in ip.split("."))
    return (a << 24 | b << 16 | c << 8 | d) - 0x0a000000
