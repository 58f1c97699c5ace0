#!/usr/bin/python3
"""The other end of a board's wire, for tests/net.sh: an Ethernet segment of one board and this program, which makes and
reads every frame by hand, from the RFCs, and so judges the board's network by an implementation that is not lwIP. QEMU
carries the frames in datagrams of UDP on 127.0.0.1.

usage: net_host.py NAME PORT BOARDS_PORT ipv4|ipv6|bad|coap6...  prints "ok NAME..." or "not ok NAME...: reason"
       net_host.py echo NAME PORT LENGTH...   over a port that leads to the board: is each datagram answered?
       net_host.py back NAME PORT             over ::1: the board announces itself, and is then asked
       net_host.py ask PORT TEXT              prints the answer
       net_host.py stack MONITOR BYTES        prints how much of a board's stack was never used

SPDX-License-Identifier: Apache-2.0"""
import os
import random
import socket
import struct
import sys
import time

MAC, BOARD_MAC = bytes.fromhex("020000000001"), bytes.fromhex("525400123456")
IP4, BOARD_IP4 = bytes([10, 0, 2, 2]), bytes([10, 0, 2, 15])
IP6 = bytes.fromhex("fe800000000000000000000000000001")
BOARD_IP6 = bytes.fromhex("fe80000000000000505400fffe123456")
PREFIX = bytes.fromhex("20010db800000000")
BOARD_GLOBAL = PREFIX + BOARD_IP6[8:]
BROADCAST = b"\xff" * 6
PORT, ECHO = 40000, 7
ARP, IPV4, IPV6 = 0x0806, 0x0800, 0x86DD


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def frame(kind, payload, to=BOARD_MAC):
    return (to + MAC + struct.pack("!H", kind) + payload).ljust(60, b"\0")


def pseudo(source, target, number, data):
    if len(source) == 4:
        return source + target + struct.pack("!BBH", 0, number, len(data)) + data
    return source + target + struct.pack("!IHBB", len(data), 0, 0, number) + data


def udp(source, target, data, port=ECHO, length=None, wrong=0):
    head = struct.pack("!HHHH", PORT, port, 8 + len(data) if length is None else length, 0)
    value = (checksum(pseudo(source, target, 17, head + data)) or 0xFFFF) ^ wrong
    return head[:6] + struct.pack("!H", value) + data


def ipv4(data, number=17, flags=0, length=None, version=0x45, wrong=0, source=IP4, target=BOARD_IP4):
    total = 20 + len(data) if length is None else length
    head = struct.pack("!BBHHHBBH", version, 0, total, random.randrange(65536), flags, 64, number, 0) + source + target
    return head[:10] + struct.pack("!H", checksum(head) ^ wrong) + head[12:] + data


def ipv6(data, number=17, length=None, source=IP6, target=BOARD_IP6, hops=255, version=6):
    length = len(data) if length is None else length
    return struct.pack("!IHBB", version << 28, length, number, hops) + source + target + data


def icmp6(kind, body, source=IP6, target=BOARD_IP6):
    data = struct.pack("!BBH", kind, 0, 0) + body
    data = data[:2] + struct.pack("!H", checksum(pseudo(source, target, 58, data))) + data[4:]
    return ipv6(data, 58, source=source, target=target)


def multicast(target):
    return b"\x33\x33" + target[12:]


ALL_NODES = bytes.fromhex("ff020000000000000000000000000001")


class Wire:
    def __init__(self, port, boards_port):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", port))
        self.board = ("127.0.0.1", boards_port)
        self.seen = []

    def send(self, bytes_):
        self.socket.sendto(bytes_, self.board)

    def answer(self, bytes_):
        """What a neighbour has to answer, so that the board can send to this program."""
        kind = struct.unpack("!H", bytes_[12:14])[0]
        body = bytes_[14:]
        if kind == ARP and body[6:8] == b"\0\1" and body[24:28] == IP4:
            self.send(frame(ARP, struct.pack("!HHBBH", 1, IPV4, 6, 4, 2) + MAC + IP4 + body[8:18]))
        if kind == IPV6 and body[6] == 58 and body[40] == 135 and body[48:64] == IP6:
            self.send(frame(IPV6, icmp6(136, struct.pack("!I", 0x60000000) + IP6 + b"\2\1" + MAC, target=body[8:24])))

    def wait(self, wanted, seconds=3.0):
        """The first frame that `wanted` makes something of; None if there is none in time."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                bytes_ = self.socket.recv(4096)
            except TimeoutError:
                return None
            self.seen.append(bytes_)
            self.answer(bytes_)
            found = wanted(bytes_)
            if found is not None:
                return found
        return None


def datagram4(bytes_):
    body = bytes_[14:]
    if bytes_[12:14] != b"\x08\x00" or body[9] != 17 or body[16:20] != IP4:
        return None
    data = body[20 : struct.unpack("!H", body[2:4])[0]]
    good = checksum(body[:20]) == 0 and checksum(pseudo(body[12:16], body[16:20], 17, data)) == 0
    good = good and data[:4] == struct.pack("!HH", ECHO, PORT)
    return data[8 : struct.unpack("!H", data[4:6])[0]] if good else b"wrong"


def datagram6(bytes_, port=ECHO):
    body = bytes_[14:]
    if bytes_[12:14] != b"\x86\xdd" or body[6] != 17 or body[24:40] != IP6:
        return None
    data = body[40 : 40 + struct.unpack("!H", body[4:6])[0]]
    good = checksum(pseudo(body[8:24], body[24:40], 17, data)) == 0
    return data[8:] if good and data[:4] == struct.pack("!HH", port, PORT) else b"wrong"


def report(name, passed, reason="no answer, or a wrong one"):
    print(("ok net_" + name) if passed else "not ok net_%s: %s" % (name, reason), flush=True)


def asks4(wire, data, seconds=3.0):
    wire.send(frame(IPV4, ipv4(udp(IP4, BOARD_IP4, data))))
    return wire.wait(datagram4, seconds)


def asks6(wire, data, target=BOARD_IP6, seconds=3.0):
    wire.send(frame(IPV6, ipv6(udp(IP6, target, data), target=target)))
    return wire.wait(datagram6, seconds)


def is_there(wire, name):
    """Waits until the board is up: it answers when it is asked for its address."""
    question = frame(ARP, struct.pack("!HHBBH", 1, IPV4, 6, 4, 1) + MAC + IP4 + b"\0" * 6 + BOARD_IP4, BROADCAST)
    for _ in range(100):
        wire.send(question)
        if wire.wait(lambda b: True if b[12:14] == b"\x08\x06" and b[28:32] == BOARD_IP4 else None, 0.2):
            report(name + "_arp", True)
            return True
    report(name + "_arp", False, "the board does not answer")
    return False


def test_ipv4(wire, name):
    lengths = [0, 1, 2, 3, 17, 18, 19, 1000, 1232]
    datas = [os.urandom(length) for length in lengths]
    report(name + "_ipv4_echo", all(asks4(wire, data) == data for data in datas))
    peer = bytes([4, 0]) + struct.pack("!H", PORT) + IP4 + b"\0" * 12
    report(name + "_ipv4_peer", asks4(wire, b"peer") == peer)
    over = [1233, 1252, 1253, 1400]
    report(name + "_ipv4_long_ones_are_dropped", all(asks4(wire, os.urandom(length), 0.3) is None for length in over)
           and asks4(wire, b"still there") == b"still there")


def test_ipv6(wire, name):
    node = ALL_NODES
    solicited = bytes.fromhex("ff0200000000000000000001ff") + BOARD_IP6[13:]
    question = struct.pack("!I", 0) + BOARD_IP6 + b"\1\1" + MAC
    found = None
    for _ in range(20):  # it does not answer while it looks whether somebody else has its address
        wire.send(frame(IPV6, icmp6(135, question, target=solicited), multicast(solicited)))
        found = wire.wait(lambda b: b if b[12:14] == b"\x86\xdd" and b[20] == 58 and b[54] == 136 else None, 0.5)
        if found:
            break
    report(name + "_ipv6_neighbour", found is not None and found[62:78] == BOARD_IP6)
    datas = [os.urandom(length) for length in (0, 1, 2, 3, 17, 1000, 1232)]
    report(name + "_ipv6_echo", all(asks6(wire, data) == data for data in datas))
    peer = bytes([6, 0]) + struct.pack("!H", PORT) + IP6
    answer = asks6(wire, b"peer")
    report(name + "_ipv6_peer", answer == peer, repr(answer))
    prefix = struct.pack("!BBBBIII", 3, 4, 64, 0xC0, 3600, 3600, 0) + PREFIX + b"\0" * 8
    wire.send(frame(IPV6, icmp6(134, struct.pack("!BBHII", 64, 0, 1800, 0, 0) + b"\1\1" + MAC + prefix, target=node),
                    multicast(node)))
    answer = None
    for _ in range(10):
        answer = answer or asks6(wire, b"global", BOARD_GLOBAL, 0.5)
    report(name + "_ipv6_address_of_a_prefix", answer == b"global")
    reports = [b for b in wire.seen if b[12:14] == b"\x86\xdd" and b[20] == 0 and b[62] == 131]
    report(name + "_ipv6_joins_its_group", bool(reports), "no report of multicast groups")


def test_coap6(wire, name):
    """A request that can be confirmed gets its answer over IPv6: GET /device, in CBOR (RFC 7252 section 5)."""
    request = b"\x42\x01\x12\x34\xca\xfe\xb6device"
    answer = None
    for _ in range(10):
        wire.send(frame(IPV6, ipv6(udp(IP6, BOARD_IP6, request, 5683))))
        answer = wire.wait(lambda b: datagram6(b, 5683), 0.5)
        if answer:
            break
    report(name + "_coap_over_ipv6", answer is not None and answer[:6] == b"\x62\x45\x12\x34\xca\xfe", repr(answer))


def bad_frames():
    """Frames that are wrong, each in a way of its own; none may be answered by an echo, nor stop the board.
    lwIP takes the length of a datagram from its packet and does not look at the datagram's own."""
    data = udp(IP4, BOARD_IP4, b"bad")
    yield "empty", b""
    yield "short", BOARD_MAC + MAC + b"\x08"
    yield "head alone", BOARD_MAC + MAC + b"\x08\x00"
    yield "long", frame(IPV4, ipv4(udp(IP4, BOARD_IP4, b"l" * 1472)))
    yield "over all", frame(IPV4, b"\x45" * 1600)
    yield "unknown kind", frame(0x88B5, os.urandom(500))
    yield "other's", frame(IPV4, ipv4(data, target=bytes([10, 0, 2, 99])))
    yield "version", frame(IPV4, ipv4(data, version=0x65))
    yield "head of 4 words", frame(IPV4, ipv4(data, version=0x44))
    yield "head of 15 words", frame(IPV4, ipv4(data, version=0x4F))
    yield "longer than its frame", frame(IPV4, ipv4(data, length=1280))
    yield "shorter than its head", frame(IPV4, ipv4(data, length=10))
    yield "checksum of its head", frame(IPV4, ipv4(data, wrong=1))
    yield "first fragment", frame(IPV4, ipv4(data, flags=0x2000))
    yield "last fragment", frame(IPV4, ipv4(data, flags=0x0008))
    yield "checksum", frame(IPV4, ipv4(udp(IP4, BOARD_IP4, b"bad", wrong=1)))
    yield "datagram longer than its packet", frame(IPV4, ipv4(udp(IP4, BOARD_IP4, b"may be", length=1000)))
    yield "datagram shorter than its head", frame(IPV4, ipv4(udp(IP4, BOARD_IP4, b"may be", length=7)))
    yield "datagram cut", frame(IPV4, ipv4(data[:5]))
    yield "closed port", frame(IPV4, ipv4(udp(IP4, BOARD_IP4, b"bad", port=9)))
    yield "from everybody", frame(IPV4, ipv4(udp(b"\xff" * 4, BOARD_IP4, b"bad"), source=b"\xff" * 4))
    yield "echo request cut", frame(IPV4, ipv4(b"\x08\x00", number=1))
    yield "arp cut", BOARD_MAC + MAC + b"\x08\x06" + b"\0\1\x08"
    yield "arp of nothing", frame(ARP, os.urandom(28))
    data = udp(IP6, BOARD_IP6, b"bad")
    yield "ipv6 version", frame(IPV6, ipv6(data, version=5))
    yield "ipv6 longer than its frame", frame(IPV6, ipv6(data, length=1000))
    yield "ipv6 checksum", frame(IPV6, ipv6(udp(IP6, BOARD_IP6, b"bad", wrong=1)))
    yield "ipv6 fragment", frame(IPV6, ipv6(struct.pack("!BBHI", 17, 0, 1, 7) + data, 44))
    yield "ipv6 options of their own length", frame(IPV6, ipv6(bytes([17, 255]) + os.urandom(6) + data, 0))
    yield "ipv6 options without end", frame(IPV6, ipv6(bytes([0, 0, 1, 4, 0, 0, 0, 0]) * 100, 0))
    yield "ipv6 routing", frame(IPV6, ipv6(bytes([17, 2, 0, 1, 0, 0, 0, 0]) + IP6 + data, 43))
    yield "solicitation cut", frame(IPV6, icmp6(135, struct.pack("!I", 0) + BOARD_IP6[:7]))
    yield "solicitation, option of no length", frame(IPV6, icmp6(135, struct.pack("!I", 0) + BOARD_IP6 + b"\1\0" + MAC))
    yield "advertisement, options of no length", frame(
        IPV6, icmp6(134, struct.pack("!BBHII", 64, 0, 1800, 0, 0) + b"\3\0" * 50, target=ALL_NODES),
        multicast(ALL_NODES))
    yield "group query cut", frame(IPV6, icmp6(130, b"\0\0", target=ALL_NODES), multicast(ALL_NODES))


def test_bad(wire, name):
    for what, bytes_ in bad_frames():
        if bytes_:
            wire.send(bytes_)
        answer = asks4(wire, b"after")
        if answer == b"may be":
            answer = wire.wait(datagram4)
        if answer != b"after":
            report(name + "_bad_frames", False, "after '%s': %s" % (what, answer))
            return
    report(name + "_bad_frames", True)
    # Any bytes, and good frames of which some bits are others. What is left in the FIFO must not matter, so bursts.
    chance = random.Random(1)
    good = [f for _, f in bad_frames()] + [frame(IPV4, ipv4(udp(IP4, BOARD_IP4, b"x" * 99)))]
    for turn in range(60):
        for _ in range(20):
            bytes_ = bytearray(chance.choice(good) or b"\0" * 60)
            for _ in range(chance.randrange(8)):
                bytes_[chance.randrange(6, len(bytes_))] ^= 1 << chance.randrange(8)
            wire.send(bytes(bytes_[: chance.randrange(1, len(bytes_) + 1)] if chance.randrange(4) == 0 else bytes_))
        data = b"turn %d" % turn
        end = time.monotonic() + 5
        answer = None
        while answer != data and time.monotonic() < end:  # frames may be lost in a burst, and changed ones be good
            answer = asks4(wire, data, 0.5)
        if answer != data:
            report(name + "_garbage", False, "turn %d: %s" % (turn, answer))
            return
    report(name + "_garbage", True)


def ask(port, data, seconds=3.0):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(seconds)
        s.sendto(data, ("127.0.0.1", port))
        try:
            return s.recv(4096)
        except TimeoutError:
            return None


def back(name, port):
    """The board reaches the host by IPv6, and the host the board over the way back."""
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
        s.bind(("::1", port))
        s.settimeout(15)
        try:
            data, peer = s.recvfrom(4096)
            report(name + "_ipv6_to_the_host", data == b"here I am", repr(data))
            s.sendto(b"and back", peer)
            while (data := s.recv(4096)) == b"here I am":
                pass
            report(name + "_ipv6_and_back", data == b"and back", repr(data))
        except TimeoutError:
            report(name + "_ipv6_to_the_host", False, "nothing came")


def unused_stack(monitor, length):
    """It lies at the bottom of RAM, which begins with zeros."""
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(monitor)
        s.sendall(b'pmemsave 0x20000000 %d "stack.bin"\n' % length)
        s.settimeout(1)
        seen = b""
        while seen.count(b"(qemu)") < 2:
            seen += s.recv(4096)
    with open("stack.bin", "rb") as file:
        return next(i for i, byte in enumerate(file.read()) if byte)


def main():
    what = sys.argv[1]
    if what == "echo":
        name, port = sys.argv[2], int(sys.argv[3])
        datas = [os.urandom(int(length)) for length in sys.argv[4:]]
        report(name, all(ask(port, data) == data for data in datas))
    elif what == "back":
        back(sys.argv[2], int(sys.argv[3]))
    elif what == "ask":
        print((ask(int(sys.argv[2]), sys.argv[3].encode()) or b"no answer").decode())
    elif what == "stack":
        print(unused_stack(sys.argv[2], int(sys.argv[3])))
    else:
        wire, name = Wire(int(sys.argv[2]), int(sys.argv[3])), what
        if is_there(wire, name):
            for test in sys.argv[4:]:
                {"ipv4": test_ipv4, "ipv6": test_ipv6, "bad": test_bad, "coap6": test_coap6}[test](wire, name)


main()
