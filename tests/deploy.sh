#!/bin/sh
# Tests of the command's part in deployment, offline: keys, envelopes, signed commands, tenant records; what it makes is
# judged by a second implementation (second.py) and the other way round, in both algorithms.
#
# usage: tests/deploy.sh       ATTO: the command to test; default: build/linux-gcc/atto
#
# SPDX-License-Identifier: Apache-2.0
set -u

suite=deploy
# shellcheck source=tests/expect.sh
. "$(dirname "$0")/expect.sh"
need "$atto"
python=/usr/bin/python3
if ! $python -c 'import cbor2, cryptography' 2>/dev/null; then
    echo "skip deploy: no python3-cbor2 and python3-cryptography; scripts/setup cli installs them"
    exit 0
fi
second="$python $root/tests/second.py"
device=01234567-89ab-cdef-0123-456789abcdef
for_board="--vendor example.com --class board-1"

# shellcheck disable=SC2086 # $for_board and $second are words
{
    run "$atto" build "$root/examples/moving_average.c" -o image.atto
    expect build 0

    # --- keys

    for name in eddsa es256; do
        option=
        [ $name = eddsa ] || option=--es256
        run "$atto" keygen $option --cose -o $name
        expect keygen_$name 0
        require keygen_${name}_is_private test "$(stat -c %a $name)" = 600
        run $second check-key $name $name.cose
        expect key_${name}_by_second 0 key
        run $second check-key $name.pub $name.cose
        expect public_key_${name}_by_second 0 key
        run "$atto" keygen $option --private-cose -o cose_$name
        expect keygen_private_cose_$name 0
        run $second check-private-key cose_$name cose_$name.pub
        expect private_cose_key_${name}_by_second 0 key
        run "$atto" inspect $name.cose
        expect inspect_key_$name 0 "public key (COSE_Key)" curve
    done
    # Keys of others, in each form that there is.
    openssl genpkey -algorithm ed25519 -out eddsa.pkcs8 2>told
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out es256.pkcs8 2>>told
    openssl ec -in es256.pkcs8 -out es256.sec1 2>>told
    openssl pkcs8 -topk8 -in eddsa.pkcs8 -passout pass:secret -out encrypted 2>>told
    for form in eddsa.pkcs8 es256.pkcs8 es256.sec1; do
        openssl pkey -in $form -pubout -out $form.spki 2>>told
        run "$atto" pack image.atto $for_board --sequence 1 --key $form -o $form.suit
        run "$atto" verify $form.suit --key $form.spki
        expect key_of_openssl_$form 0 "signature of the owner holds"
        run $second check-envelope $form.spki image.atto $form.suit
        expect key_of_openssl_${form}_by_second 0 "sequence 1"
        run $second make-private-key $form $form.cose
        run "$atto" pack image.atto $for_board --sequence 1 --key $form.cose -o $form.suit
        run "$atto" verify $form.suit --key $form.spki
        expect private_cose_key_of_$form 0 "signature of the owner holds"
        run "$atto" inspect $form.cose
        expect inspect_private_cose_key_of_$form 0 "private key (COSE_Key)" "private key (not shown)"
        run "$atto" inspect $form.cose --json
        expect inspect_private_cose_key_of_${form}_as_json 0 '"private": true' '"private_key": null'
        run "$atto" inspect $form.spki
        expect inspect_$form 0 "public key (PEM)" "key id h'"
    done
    for name in eddsa es256; do
        run openssl pkey -in $name -pubout
        expect openssl_reads_$name 0
        require openssl_has_the_same_key_$name cmp -s out $name.pub
        require pkcs8_$name grep -q "BEGIN PRIVATE KEY" $name
        run "$atto" inspect $name --json
        expect inspect_private_$name 0 '"private": true' '"format": "key"'
        require private_part_of_${name}_is_not_shown test "$(grep -c private_key out)" = 0
    done
    run "$atto" pack image.atto $for_board --sequence 1 --key encrypted -o x
    expect encrypted_keys_are_refused 1 "encrypted: not a key"
    $python -c 'b = bytearray(open("es256.pkcs8.cose", "rb").read()); b[-1] ^= 1; open("mixed", "wb").write(b)'
    run "$atto" pack image.atto $for_board --sequence 1 --key mixed -o x
    expect private_part_of_another_key 1 "does not belong to its public part"
    $python -c 'b = bytearray(open("eddsa.pkcs8.cose", "rb").read()); b[-1] ^= 1; open("mixed", "wb").write(b)'
    run "$atto" pack image.atto $for_board --sequence 1 --key mixed -o x
    expect private_part_of_another_key_eddsa 1 "does not belong to its public part"
    run "$atto" keygen -o eddsa
    expect keygen_overwrites_nothing 1 "is there already"
    $python -c 'from cryptography.hazmat.primitives.asymmetric import ed448
from cryptography.hazmat.primitives.serialization import *
key = ed448.Ed448PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
open("ed448", "wb").write(key)'
    run "$atto" pack image.atto $for_board --sequence 1 --key ed448 -o refused
    expect other_keys_are_refused 1 "not a key of Ed25519 or P-256"
    require nothing_half_written test ! -e refused

    # --- envelopes, each way

    for name in eddsa es256; do
        run "$atto" pack image.atto $for_board --tenant acme --sequence 3 --key $name -o ours.suit
        expect pack_$name 0
        run $second check-envelope $name.pub image.atto ours.suit
        expect envelope_${name}_by_second 0 "sequence 3 component ['acme', 'moving-average'] uri #image"
        run "$atto" verify ours.suit --key $name.pub
        expect verify_$name 0 "signature of tenant acme holds, sequence 3"
        run "$atto" verify ours.suit --key $name.cose $for_board --sequence 2
        expect verify_${name}_as_device 0
        run $second make-envelope $name image.atto theirs.suit tenant=acme sequence=9
        run "$atto" verify theirs.suit --key $name.pub $for_board --sequence 8
        expect seconds_envelope_$name 0 "tenant acme holds, sequence 9"
        run $second make-envelope $name image.atto theirs.suit uri=coap://host/image sources=2 device=$device
        run "$atto" verify theirs.suit --key $name.pub --image image.atto
        expect seconds_envelope_by_uri_$name 0 "the owner holds, sequence 1"
        run "$atto" verify theirs.suit --key $name.pub --device 01234567-89ab-cdef-0123-456789abcde0
        expect seconds_envelope_other_device_$name 1 "for another device" "shared sequence, condition device identifier"
    done
    run $second make-envelope eddsa image.atto theirs.suit algorithm=-19
    run "$atto" verify theirs.suit --key eddsa.pub
    expect fully_specified_ed25519 0
    run $second make-envelope es256 image.atto theirs.suit algorithm=-9
    run "$atto" verify theirs.suit --key es256.pub
    expect fully_specified_esp256 0
    run $second make-envelope es256 image.atto theirs.suit algorithm=-8
    run "$atto" verify theirs.suit --key es256.pub
    expect algorithm_is_the_keys 1 "unknown or not the key's"

    # 400 bytes are the most that an envelope may have beside its image.
    run "$atto" pack image.atto $for_board --tenant acme --sequence 3 --device $device --key eddsa -o full.suit
    expect pack_full 0
    require envelope_bytes test $(($(stat -c %s full.suit) - $(stat -c %s image.atto))) -le 400

    # --- what goes wrong is told, with its place

    run "$atto" verify ours.suit --key eddsa.pub
    expect verify_other_key 1 "algorithm is unknown or not the key's"
    run "$atto" keygen -o other
    run "$atto" pack image.atto $for_board --sequence 3 --key other -o other.suit
    run "$atto" verify other.suit --key eddsa.pub
    expect verify_other_key_of_the_kind 1 "or with another key"
    run "$atto" verify ours.suit --key es256.pub --sequence 3
    expect verify_replay 1 "not over the last one"
    run "$atto" verify ours.suit --key es256.pub --vendor example.org --class $device
    expect verify_vendor 1 "for another vendor" "shared sequence, condition vendor identifier"
    head -c 100 ours.suit >cut.suit
    run "$atto" verify cut.suit --key es256.pub
    expect verify_cut 1 "cut.suit: the file ends too early: at least "
    run "$atto" inspect cut.suit
    expect inspect_cut 1 "authentication wrapper" "cannot be read any further"
    $python -c 'import sys; b = bytearray(open("ours.suit", "rb").read()); b[-1] ^= 1; open("bad.suit", "wb").write(b)'
    run "$atto" verify bad.suit --key es256.pub
    expect verify_other_image 1 "the image is not the one that was signed"
    run "$atto" inspect ours.suit
    expect inspect_envelope 0 "sequence number 3" "name moving-average" "directive fetch" "image ("
    run "$atto" inspect ours.suit --json
    expect inspect_envelope_as_json 0 '"format": "envelope"' '"sequence_number": 3' '"algorithm": "ES256"'
    run "$atto" inspect bad.suit --json
    require json_is_json $python -c 'import json; json.load(open("out"))'
    run sh -c '"$1" inspect cut.suit --json 2>told' sh "$atto"
    expect inspect_cut_as_json 1 '"readable": false' '"field": "authentication wrapper"'
    run "$atto" inspect ours.suit --where 1
    expect inspect_envelope_where 1 "--where is for images"
    run "$atto" inspect ours.suit --key 00
    expect inspect_envelope_with_key 1 "'atto verify' verifies"
    run "$atto" pack image.atto --sequence 3 --vendor example.com -o x
    expect pack_without_class 2 "--class is missing"
    run "$atto" pack image.atto --sequence 3 --class board-1 --vendor example.com --uri nowhere -o x
    expect pack_with_no_uri 2 "a URI has a scheme"
    run "$atto" pack image.atto --sequence 3 --class board-1 --vendor "" -o x
    expect pack_with_empty_vendor 1 "--vendor and --class: a name is not empty"
    run "$atto" pack image.atto --sequence 3 --class "" --vendor example.com -o x
    expect pack_with_empty_class 1 "--vendor and --class: a name is not empty"
    run "$atto" inspect /dev/zero
    expect inspect_without_end 1 "/dev/zero: cannot be read: it has more than 64 MB"
    run "$atto" fsck ours.suit
    expect fsck_of_no_flash 1 "ours.suit: no file of a flash" "the log ends at 16384"
    run "$atto" pack eddsa $for_board --sequence 3 -o x
    expect pack_no_image 1 "not an image"

    # --- signed later, and anew

    run "$atto" pack image.atto $for_board --tenant acme --sequence 4 --stopped -o later.suit
    expect pack_unsigned 0
    run "$atto" verify later.suit --key eddsa.pub
    expect verify_unsigned 1 "signature is missing"
    run "$atto" sign later.suit --key eddsa
    expect sign 0
    run $second check-envelope eddsa image.atto later.suit
    expect signed_by_second 0 "sequence 4"
    run "$atto" sign later.suit --key es256 -o again.suit
    expect sign_again 0
    run "$atto" verify again.suit --key es256.pub
    expect verify_again 0
    run "$atto" sign later.suit --key es256.pub
    expect sign_with_public_key 1 "a public key cannot sign"

    # --- commands and records

    cat >limits.json <<'JSON'
{ "rights": [ { "endpoint": "led", "operations": ["write"] } ], "schedule": { "period_us": 1000 } }
JSON
    for_device="--device $device --counter 5"
    run "$atto" tenant add acme --id 1 --tenant-key es256.pub --ram 4096 --priority 8 --store 64 --rights limits.json \
        $for_device --key eddsa -o add.command
    expect tenant_add 0
    run $second check-tenant eddsa es256 add.command
    expect tenant_by_second 0 "{1: 1, 2: 'acme', 3: 'key', 4: 4096, 6: 8, 7: 64, 8: {8: [['led', 2]]}}"
    run "$atto" verify add.command --key eddsa.pub --sequence 4
    expect verify_tenant_add 0 "signature of the owner holds, counter 5"
    run "$atto" inspect add.command
    expect inspect_tenant_add 0 "operation 9 (set-tenant)" 'name "acme"' "RAM, bytes 4096" "curve 1 (P-256)"
    run "$atto" inspect add.command --json
    expect inspect_tenant_add_as_json 0 '"operation": "set-tenant"' '"ram_bytes": 4096' '"curve": "P-256"'
    run $second make-tenant es256 acme.tenant
    run "$atto" inspect acme.tenant --json
    expect inspect_tenant 0 '"format": "tenant"' '"name": "third"'
    run "$atto" tenant revoke acme $for_device --key eddsa -o revoke.command
    expect tenant_revoke 0
    run $second check-command eddsa revoke.command
    expect tenant_revoke_by_second 0 "3: 5, 5: 10, 6: ['acme']"
    run "$atto" tenant add acme --id 1 --tenant-key es256.pub --key eddsa --device $device -o x
    expect tenant_without_counter 2 "--counter is missing"
    run "$atto" tenant add acme --id 1 --key eddsa $for_device -o x
    expect tenant_without_key 2 "--tenant-key is missing"
    run "$atto" tenant add acme --id 1 --tenant-key image.atto --key eddsa $for_device -o x
    expect tenant_without_a_key 1 "image.atto: not a key"
    run "$atto" tenant add acme --id 255 --tenant-key es256 --key eddsa $for_device -o x
    expect tenant_id 2 "from 1 to 254"
    run "$atto" tenant dance
    expect tenant_dance 2 "no 'atto tenant dance'"
    cat >many.json <<'JSON'
{ "rights": [ RIGHTS { "endpoint": "led", "operations": ["write"] } ] }
JSON
    rights=$(for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14; do
        echo "{ \"endpoint\": \"an-endpoint-with-a-long-name-$i\", \"operations\": [\"read\"] },"
    done | tr -d '\n')
    sed -i "s/RIGHTS/$rights/" many.json
    run "$atto" tenant add acme --id 1 --tenant-key es256 --rights many.json --key eddsa $for_device -o x
    expect commands_have_room_for_512_bytes 1 "at most 512 can be signed"
    number=0
    for operation in start stop pause resume remove set-rights set-schedule rotate-key; do
        number=$((number + 1))
        run "$atto" command $operation --device $device --counter 5 --key eddsa --component blink --tenant acme \
            --json limits.json --new-key es256 -o ours.command
        expect command_$operation 0
        run $second check-command eddsa ours.command
        expect command_${operation}_by_second 0 "3: 5, 5: $number"
        run "$atto" verify ours.command --key eddsa.cose --sequence 4
        expect verify_$operation 0 "signature of the owner holds, counter 5"
    done
    for number in 1 2 3 4 5 6 7 8 9 10; do
        run $second make-command eddsa $number theirs.command counter=6
        run "$atto" verify theirs.command --key eddsa.pub --sequence 5
        expect seconds_operation_$number 0 "counter 6"
    done
    run "$atto" inspect theirs.command
    expect inspect_command 0 "signed command" "counter 6" "device $device"
    run "$atto" command start --device $device --counter 5 --key es256 --signer acme --component blink --expires 1000 \
        -o ours.command
    expect command_of_tenant 0
    run "$atto" verify ours.command --key es256.pub --now 1000
    expect verify_command_of_tenant 0 "tenant acme holds, counter 5"
    run "$atto" verify ours.command --key es256.pub --now 1001
    expect verify_expired 1 expired
    run "$atto" verify ours.command --key es256.pub
    expect verify_without_clock 1 "expired, or the time is not known"
    run "$atto" verify ours.command --key es256.pub --now 1 --sequence 5
    expect verify_command_replay 1 "not over the last one"
    run "$atto" verify ours.command --key es256.pub --now 1 --device 11234567-89ab-cdef-0123-456789abcdef
    expect verify_command_device 1 "for another device"
    run "$atto" command set-tenant --device $device --counter 5 --key es256 -o x
    expect tenants_have_a_command_of_their_own 1 "no operation 'set-tenant'"
    run "$atto" command start --device $device --counter 5 --key es256 --signer acme --tenant other --component b -o x
    expect tenants_reach_their_own 1 "a device would refuse this"
    run "$atto" command dance --device $device --counter 5 --key es256 -o x
    expect unknown_operation 1 "no operation 'dance'"
    run "$atto" command start --device $device --key es256 -o x
    expect command_without_counter 2 "--counter is missing"

    # --- the examples of the specification, by both

    page=$root/docs/SPEC.md
    # example TITLE: the first block behind the line that begins so.
    example() {
        awk -v title="$1" 'index($0, title) == 1 { found = 1 }
            /^```/ { fences += found; next }
            fences == 1 { printf "%s", $0 }' "$page"
    }
    # The image of section 1, and the private key of RFC 8032 section 7.1, TEST 1.
    sed -n '/^00  41 54/,/^40 /s/^..  \([0-9a-f ]*\)    .*/\1/p' "$page" | tr -d ' \n' >seven.hex
    $python -c 'import base64, sys
open("seven.atto", "wb").write(bytes.fromhex(open("seven.hex").read()))
secret = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
key = base64.b64encode(bytes.fromhex("302e020100300506032b657004220420" + secret)).decode()
open("rfc8032", "w").write(f"-----BEGIN PRIVATE KEY-----\n{key}\n-----END PRIVATE KEY-----\n")'
    run "$atto" check seven.atto
    expect example_image 0 accepted
    run "$atto" pack seven.atto $for_board --tenant acme --sequence 7 --key rfc8032 -o seven.suit
    run "$atto" command stop --signer acme --device $device --counter 3 --component seven --key rfc8032 -o stop.command
    for name in seven.suit:"An envelope: version 7" stop.command:"A command: acme stops"; do
        file=${name%%:*}
        od -An -v -tx1 $file | tr -d ' \n' >out
        require example_$file test "$(cat out)" = "$(example "${name#*:}")"
    done
    run $second check-envelope rfc8032 seven.atto seven.suit
    expect example_envelope_by_second 0 "sequence 7 component ['acme', 'seven']"
    run $second check-command rfc8032 stop.command
    expect example_command_by_second 0 "5: 2" "[[b'acme', b'seven']]"
    # Its table of status numbers is that of the library.
    sed -n 's/^    X(\(ATTO_[A-Z_0-9]*\), \(-*[0-9]*\), "\(.*\)").*/| \2 | \1 | \3 |/p' "$root/include/atto/status.h" \
        >statuses
    cp statuses out
    require example_statuses test "$(grep -cxFf statuses "$page")" = "$(grep -c . statuses)"
    require example_statuses_are_many test "$(grep -c . statuses)" -gt 50
}
exit $((failures != 0))
