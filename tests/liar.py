#!/usr/bin/python3
# Between the `atto` command and a device: passes all on, but for one thing that the device says, of which a number is
# replaced. No key is needed for that. A tool of tests/network.sh.
#
# usage: liar.py DEVICE_PORT WHAT NUMBER [FILE]
#   FILE: a signed command does not get to the device, nor an answer to who has sent it, but it is kept there
#   WHAT: counter    of all tenants, in /tenants
#         sequence   of all containers, in /containers/... and /inventory
#         last       a POST to /install does not get to the device, and is refused: "-105 last NUMBER"
#         late       a POST to /install gets to the device, and is answered "not in time" (5.04) in its place
#         quota      the first NUMBER commands do not get to the device, and are refused: -8
#         read       a FETCH does not get to the device, and is refused: its counter is used up
# Listens on 127.0.0.1 and prints its port.
#
# SPDX-License-Identifier: Apache-2.0
import select
import socket
import sys

import cbor2

POST, FETCH, CONFLICT, UNAVAILABLE, LATE = 2, 5, 4 << 5 | 9, 5 << 5 | 3, 5 << 5 | 4
URI_PATH = 11


def options(message):
    """The options as (number, value), and the payload; RFC 7252 section 3.1."""
    at, number, found = 4 + (message[0] & 15), 0, []
    while at < len(message) and message[at] != 255:
        sizes = [message[at] >> 4, message[at] & 15]
        at += 1
        for i in (0, 1):
            if sizes[i] == 13:
                sizes[i] = message[at] + 13
                at += 1
            elif sizes[i] == 14:
                sizes[i] = int.from_bytes(message[at:at + 2], "big") + 269
                at += 2
        number += sizes[0]
        found.append((number, message[at:at + sizes[1]]))
        at += sizes[1]
    return found, message[at + 1:]


def path(message):
    return [value.decode() for number, value in options(message)[0] if number == URI_PATH]


def token(message):
    return message[4:4 + (message[0] & 15)]


def refusal(request, code, text=""):
    payload = b"\xff" + text.encode() if text else b""
    return bytes([0x60 | request[0] & 15, code]) + request[2:4] + token(request) + payload


def forge(answer, asked, what, number):
    payload = options(answer)[1]
    if not payload or not asked:
        return answer
    try:
        said = cbor2.loads(payload)
    except (ValueError, cbor2.CBORDecodeError):
        return answer
    if what == "counter" and asked[0] == "tenants":
        for row in said:
            row[4] = number
    elif what == "sequence" and asked[0] == "containers" and len(asked) == 3:
        said[4] = number
    elif what == "sequence" and asked[0] == "inventory":
        for row in said:
            row[2] = number
    else:
        return answer
    return answer[:len(answer) - len(payload)] + cbor2.dumps(said)


def main():
    device, what, number = ("127.0.0.1", int(sys.argv[1])), sys.argv[2], int(sys.argv[3])
    kept = sys.argv[4] if len(sys.argv) > 4 else None
    near = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    near.bind(("127.0.0.1", 0))
    far = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    far.connect(device)
    client, asked = None, {}
    print(near.getsockname()[1], flush=True)
    while True:
        for ready in select.select([near, far], [], [])[0]:
            if ready is far:
                answer = far.recv(2048)
                if what == "late" and asked.get(token(answer)) == ["install"]:
                    continue
                near.sendto(forge(answer, asked.get(token(answer)), what, number), client)
                continue
            request, client = near.recvfrom(2048)
            asked[token(request)] = path(request)
            if what == "last" and request[1] == POST and path(request) == ["install"]:
                near.sendto(refusal(request, CONFLICT, f"-105 last {number}"), client)
            elif what == "read" and request[1] == FETCH:
                near.sendto(refusal(request, CONFLICT, "-105"), client)
            elif what == "quota" and number > 0 and request[1] == POST and path(request) == ["command"]:
                near.sendto(refusal(request, UNAVAILABLE, "-8"), client)
                number -= 1
            elif kept and request[1] == POST and path(request) == ["command"]:
                with open(kept, "wb") as file:
                    file.write(options(request)[1])
            else:
                if what == "late" and request[1] == POST and path(request) == ["install"]:
                    near.sendto(refusal(request, LATE), client)
                far.send(request)


if __name__ == "__main__":
    main()
