#!/bin/sh
# Pushes, updates and removals without end on a device as a process, which is killed in the middle of one in eight of them,
# and sometimes while it starts again (soak.py). After each kill flash is sound, no number has gone back, no slot is lost,
# and what runs is what was accepted last, or what was under way.
#
# usage: tests/soak.sh       ATTO_ROUNDS: how many, 300 unless set; ATTO_SEED
#
# SPDX-License-Identifier: Apache-2.0
set -u

suite=soak
# shellcheck source=tests/expect.sh
. "$(dirname "$0")/expect.sh"
attod=$root/build/linux-gcc/attod
need "$atto" "$attod"
python=/usr/bin/python3
if ! $python -c 'import cbor2, cryptography' 2>/dev/null; then
    echo "skip soak: no python3-cbor2 or python3-cryptography; scripts/setup cli installs them"
    exit 0
fi
export XDG_CONFIG_HOME="$work/config" XDG_DATA_HOME="$work/data" PYTHONDONTWRITEBYTECODE=1

"$atto" keygen --cose -o owner
"$atto" keygen --cose -o other
# Of about 700, 1,300 and 13,000 bytes; they are healthy as soon as they run.
for bytes in 400 1000 12700; do
    cat >image$bytes.c <<C
#include <atto.h>
static const uint8_t padding[$bytes] = { 1, 2, 3 };
static uint32_t at;
ATTO_ENTRY int64_t start(void) { atto_heartbeat(); return 0; }
ATTO_ENTRY int64_t loop(void) { return padding[at++ % sizeof padding]; }
C
    echo '{ "schedule": { "period_us": 50000 } }' >image$bytes.json
    run "$atto" build image$bytes.c -o image$bytes.atto
    expect build_$bytes 0
done
run $python "$root/tests/soak.py" "$atto" "$attod" "${ATTO_ROUNDS:-300}" "${ATTO_SEED:-7}" image*.atto
cat out
expect rounds 0 "rounds in"
[ "$failures" -eq 0 ]
