#!/usr/bin/python3
"""Pushes, updates and removals on a device (attod), which is killed again and again in the middle of them, or while it
starts. A model says what must be there; after each kill, flash is judged by `atto fsck` before the device starts on it
again, and then the device is asked. Envelopes and commands are those of second.py, the client is this one: nothing is
shared with the device but the documents.

usage: soak.py ATTO ATTOD ROUNDS SEED IMAGE...    in a directory with the owner's and another key: owner, owner.cose, other
Prints what was done; ends with status 1 and what is wrong when anything is.

SPDX-License-Identifier: Apache-2.0"""
import hashlib
import json
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import time
import uuid

import cbor2
import second

POST, GET = 2, 1
CHANGED, CONTENT, CONTINUE, UNAUTHORIZED, CONFLICT = 0x44, 0x45, 0x5F, 0x81, 0x89
URI_PATH, BLOCK2, BLOCK1 = 11, 23, 27
REMOVE = 5
RUNNING, HEALTHY = 2, 2
ATTOD_CLASS = uuid.uuid5(second.VENDOR, "attod")
NAMES = ["one", "two", "three", "four", "five", "six"]  # two slots each, and one to spare, of the device's 15
KILL_ONE_IN = 8
KILL_MOMENTS_US = 3000  # an install of 1 KB takes less


class Wrong(Exception):
    pass


def require(condition, *what):
    if not condition:
        raise Wrong(" ".join(str(word) for word in what))


# ---- CoAP

def uint(value):
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def write_options(options):
    data, last = b"", 0
    for number, value in options:
        delta, length, more = number - last, len(value), b""
        require(length < 269, "an option is too long for this client")
        if delta >= 13:
            delta, more = 13, bytes([delta - 13])
        if length >= 13:
            length, more = 13, more + bytes([len(value) - 13])
        data, last = data + bytes([delta << 4 | length]) + more + value, number
    return data


def read_answer(data):
    """Code, options by number, payload."""
    at, number, options = 4 + (data[0] & 15), 0, {}
    while at < len(data) and data[at] != 0xFF:
        delta, length, at = data[at] >> 4, data[at] & 15, at + 1
        if delta == 13:
            delta, at = data[at] + 13, at + 1
        if length == 13:
            length, at = data[at] + 13, at + 1
        number += delta
        options[number] = data[at:at + length]
        at += length
    return data[1], options, data[at + 1:]


class Client:
    def __init__(self, port):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(("127.0.0.1", port))
        self.id = random.randrange(65536)
        self.datagrams = 0

    def exchange(self, method, options, payload, wait=True):
        """One request, again until it is answered; now and then twice at once."""
        self.id = (self.id + 1) % 65536
        head = struct.pack("!BBHH", 0x42, method, self.id, self.id)
        data = head + write_options(options) + (b"\xff" + payload if payload else b"")
        for tries in range(5):
            for _ in range(1 + (random.randrange(10) == 0)):
                self.datagrams += 1
                self.socket.send(data)
            if not wait:
                return None
            self.socket.settimeout(2 << tries)
            try:
                while True:
                    answer = self.socket.recv(2048)
                    if answer[0] == 0x62 and answer[2:6] == head[2:6]:
                        return read_answer(answer)
            except socket.timeout:
                pass
        raise Wrong("no answer")

    def get(self, path):
        payload, number = b"", 0
        while True:
            options = [(URI_PATH, part.encode()) for part in path.split("/")] + [(BLOCK2, uint(number << 4 | 6))]
            code, answered, piece = self.exchange(GET, options, b"")
            if code != CONTENT:
                return code, None
            payload, number = payload + piece, number + 1
            if not int.from_bytes(answered.get(BLOCK2, b""), "big") & 8:
                return code, cbor2.loads(payload)

    def post(self, path, payload, szx, cut=None):
        """Sends a payload in blocks; not more of them than `cut`, and the last one of these without waiting for its
        answer. Answers the code."""
        size = 16 << szx
        last = (len(payload) - 1) // size
        for number in range(last + 1):
            options = [(URI_PATH, path.encode())]
            if last != 0:
                options.append((BLOCK1, uint(number << 4 | (number < last) << 3 | szx)))
            answer = self.exchange(POST, options, payload[number * size:(number + 1) * size], number != cut)
            if answer is None or answer[0] != CONTINUE:
                return answer and answer[0]
        raise Wrong("2.31 for the last block")


# ---- what is sent

def envelope(key, name, sequence, image):
    digest = second.digest(image)
    shared = [20, {1: second.VENDOR.bytes, 2: ATTOD_CLASS.bytes, 3: digest, 14: len(image)}, 1, 15, 2, 15]
    manifest = second.encode({
        1: 1, 2: sequence, 3: second.encode({2: [[name.encode()]], 4: second.encode(shared)}),
        7: second.encode([3, 15]), 9: second.encode([23, 2]), 20: second.encode([20, {21: "#img"}, 21, 2, 3, 15])})
    signed = second.digest(second.encode(manifest))
    block = second.encode(second.sign1(key, signed, True))
    return second.encode(cbor2.CBORTag(107, {2: second.encode([signed, block]), 3: manifest, "#img": image}))


def removal(key, name, counter):
    payload = {1: second.DEVICE.bytes, 3: counter, 5: REMOVE, 6: [[name.encode()]]}
    return second.encode(second.sign1(key, second.encode(payload), False))


# ---- the device and its model

class Soak:
    def __init__(self, atto, attod, images):
        self.atto, self.attod = atto, attod
        self.images = [open(path, "rb").read() for path in images]
        self.image_paths = images
        self.owner, self.other = second.read_key("owner"), second.read_key("other")
        self.is_there = {}                         # name: (sequence, digest), as accepted last
        self.highest = dict.fromkeys(NAMES, 0)     # sequence numbers that were sent
        self.known = dict.fromkeys(NAMES, 0)       # those that the device has been seen to know
        self.counter = self.accepted_counter = 0
        self.pending = None                        # name and what it is, if the last operation has come through
        self.port, self.process = 0, None
        self.done = {"push": 0, "update": 0, "removal": 0, "refusal": 0, "kill": 0, "came through": 0, "atto": 0}
        self.datagrams = 0

    def start(self):
        words = [self.attod, "--owner", "owner.cose", "--flash", "flash", "--device", str(second.DEVICE), "--port",
                 str(self.port)]
        with open("device.out", "wb") as out:
            self.process = subprocess.Popen(words, stdout=out, stderr=out, stdin=subprocess.DEVNULL)

    def wait_until_up(self):
        deadline = time.monotonic() + 60
        while b"coap://" not in open("device.out", "rb").read():
            require(self.process.poll() is None and time.monotonic() < deadline, "the device does not start:",
                    open("device.out").read())
            time.sleep(0.002)
        self.port = int(open("device.out").read().split("coap://127.0.0.1:")[1].split(",")[0])
        self.client = Client(self.port)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.done["kill"] += 1
        if hasattr(self, "client"):
            self.datagrams += self.client.datagrams
            self.client.socket.close()
            del self.client

    def fsck(self):
        """Flash is sound, no slot is in use that no component has, no sequence number has gone back."""
        words = [self.atto, "fsck", "--json", "--area", "16384", "--slot", "32768", "--slot-count", "15", "flash"]
        told = subprocess.run(words, capture_output=True, text=True)
        require(told.returncode == 0, "fsck:", told.stdout, told.stderr)
        found = json.loads(told.stdout)
        require(found["fine"] and found["log"]["damaged"] == 0, "fsck:", told.stdout)
        used, names = 0, set()
        for component in found["components"]:
            name = component["name"]
            used += 1 + ("kept" in component)
            names.add(name)
            require(component["current"]["whole"], name, "is not whole")
            require(component["highest_sequence"] >= max(self.known[name], component["current"]["sequence"]), name,
                    "has sequence number", component["highest_sequence"], "and had", self.known[name])
            require(component["highest_sequence"] <= self.highest[name], name, "has a number that was never sent")
            self.known[name] = component["highest_sequence"]
        slots = sum(not slot["free"] for slot in found["slots"])
        require(slots == used, slots, "slots are in use by", used, "versions")
        return names

    def look(self):
        """What is on the device is what was accepted last, or what the last operation would make it; and it runs."""
        code, rows = self.client.get("inventory")
        require(code == CONTENT, "no inventory")
        found = {row[1]: (row[2], row[3]) for row in rows}
        if self.pending is not None and found != self.is_there:
            name, outcome = self.pending
            if outcome is None:
                self.is_there.pop(name, None)
            else:
                self.is_there[name] = outcome
            self.done["came through"] += 1
        self.pending = None
        require(found == self.is_there, "found", found, "instead of", self.is_there)
        for name, (sequence, _) in found.items():
            self.known[name] = max(self.known[name], sequence)
        counter = self.client.get("tenants")[1][0][4]
        require(self.accepted_counter <= counter <= self.counter, "counter", counter)
        self.counter = self.accepted_counter = counter
        deadline = time.monotonic() + 60
        while True:
            rows = self.client.get("containers")[1]
            if all(row[2] == RUNNING and row[3] == HEALTHY for row in rows):
                break
            require(time.monotonic() < deadline, "not all run:", rows)
            time.sleep(0.002)
        require({row[1]: row[4] for row in rows} == {name: it[0] for name, it in self.is_there.items()}, rows)

    def restart(self):
        self.kill()
        self.fsck()
        if random.randrange(4) == 0:  # and once more, in the middle of the start
            self.start()
            time.sleep(random.uniform(0, 0.01))
            self.kill()
            self.fsck()
        self.start()
        self.wait_until_up()
        self.look()

    def operate(self, kind, name, path, payload, outcome):
        """One operation, in blocks of some size; it is done, or the device is killed in the middle of it."""
        szx = random.choice([2, 4, 6, 6, 6]) if len(payload) < 2000 else 6
        blocks = (len(payload) - 1) // (16 << szx) + 1
        if random.randrange(KILL_ONE_IN) == 0:
            self.pending = (name, outcome)
            self.client.post(path, payload, szx, cut=random.choice([blocks - 1, random.randrange(blocks)]))
            time.sleep(random.uniform(0, KILL_MOMENTS_US) / 1e6)
            self.restart()
        else:
            code = self.client.post(path, payload, szx)
            require(code == CHANGED, kind, "of", name, "is answered", code)
            if outcome is None:
                del self.is_there[name]
                self.accepted_counter = self.counter
            else:
                self.is_there[name] = outcome
        self.done[kind] += 1

    def install(self, name, by_atto=False):
        kind = "update" if name in self.is_there else "push"
        number = random.randrange(len(self.images))
        image = self.images[number]
        self.highest[name] += 1
        outcome = (self.highest[name], hashlib.sha256(image).digest())
        if not by_atto:
            self.operate(kind, name, "install", envelope(self.owner, name, self.highest[name], image), outcome)
            return
        words = [self.atto, "push", self.image_paths[number], "--component", name, "--sequence",
                 str(self.highest[name]), "--to", "coap://127.0.0.1:%d" % self.port, "--key", "owner"]
        told = subprocess.run(words, capture_output=True, text=True)
        require(told.returncode == 0, words, told.stdout, told.stderr)
        self.is_there[name] = outcome
        self.done[kind] += 1
        self.done["atto"] += 1

    def remove(self, name):
        self.counter += 1
        self.operate("removal", name, "command", removal(self.owner, name, self.counter), None)

    def refuse(self, name):
        """What came before does not come again, removed or not; and only the owner's key signs for the owner."""
        image = random.choice(self.images)
        if self.known[name] != 0:
            old = envelope(self.owner, name, random.randint(1, self.known[name]), image)
            require(self.client.post("install", old, 6) == CONFLICT, "an old envelope for", name, "is not refused")
        forged = envelope(self.other, name, self.highest[name] + 1, image)
        require(self.client.post("install", forged, 6) == UNAUTHORIZED, "a forged envelope is not refused")
        if self.accepted_counter != 0:
            old = removal(self.owner, name, random.randint(1, self.accepted_counter))
            require(self.client.post("command", old, 6) == CONFLICT, "an old command is not refused")
        self.done["refusal"] += 1

    def round(self):
        name = random.choice(NAMES)
        if random.randrange(20) == 0:
            self.refuse(name)
        if name in self.is_there and random.randrange(3) == 0:
            self.remove(name)
        else:
            self.install(name, by_atto=random.randrange(50) == 0)

    def run(self, rounds):
        began = time.monotonic()
        self.start()
        self.wait_until_up()
        for number in range(rounds):
            try:
                self.round()
                if number % 10 == 9:
                    self.look()
            except Wrong as wrong:
                raise Wrong("round %d: %s" % (number, wrong)) from wrong
        self.look()
        self.restart()
        rss = [line for line in open("/proc/%d/status" % self.process.pid) if line.startswith("VmRSS")][0].split()[1]
        self.kill()
        self.fsck()
        print("%d rounds in %.0f s: %s; %d datagrams sent, at the end %s KB resident" %
              (rounds, time.monotonic() - began, ", ".join("%d %s" % (count, kind) for kind, count in
                                                           self.done.items()), self.datagrams, rss))


def main():
    atto, attod, rounds, seed, *images = sys.argv[1:]
    random.seed(int(seed))
    soak = Soak(atto, attod, images)
    try:
        soak.run(int(rounds))
    except Wrong as wrong:
        print(wrong)
        sys.exit(1)
    finally:
        if soak.process is not None and soak.process.poll() is None:
            soak.process.kill()
            soak.process.wait()


if __name__ == "__main__":
    main()
