# Turns a bit of each byte of a record log in a flash file, one after the other, and asks `atto fsck`: it must name a range
# that has the byte, or else show the very same contents (bytes that fill up units), or a log whose last record was cut off
# (its body is the last thing there). Prints what went wrong, and how many bytes were named.
#
# usage: device_flips.py ATTO FLASHFILE [EVERY]      EVERY: only each so many bytes
#
# SPDX-License-Identifier: Apache-2.0
import json, re, subprocess, sys

atto, path = sys.argv[1:3]
every = int(sys.argv[3]) if len(sys.argv) > 3 else 1
flash = open(path, "rb").read()


def ask(contents):
    with open("flipped", "wb") as file:
        file.write(contents)
    done = subprocess.run([atto, "fsck", "--json", "flipped"], capture_output=True, text=True)
    told = json.loads(done.stdout) if done.stdout else None
    ranges = [(d["offset"], d["offset"] + d["bytes"] - 1) for d in told["log"]["damage"]] if told else []
    ranges += [(int(a), int(b)) for a, b in re.findall(r"bytes (\d+) to (\d+)", done.stderr)]
    return done.returncode, told, ranges


status, whole, ranges = ask(flash)
assert status == 0 and ranges == [], "it is damaged already"
named = 0
for at in range(0, whole["log"]["used_bytes"] + 24, every):
    contents = bytearray(flash)
    contents[at] ^= 1 << at % 8
    status, told, ranges = ask(contents)
    if any(first <= at <= last for first, last in ranges):
        named += 1
        if status != 1:
            print("byte %d is named, and the exit status is %d" % (at, status))
    elif not (told == whole or told and told["log"]["torn"]):
        print("byte %d is not named: %s" % (at, ranges))
print("named", named)
