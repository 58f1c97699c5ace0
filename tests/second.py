#!/usr/bin/python3
# A second implementation of envelopes, signed commands, tenant records and keys, written from docs/SPEC.md with
# python3-cbor2 and python3-cryptography, without anything of Atto's. tests/deploy.sh lets the two judge each other.
#
# usage: second.py make-envelope KEY IMAGE OUT [NAME=VALUE...]      what a device takes for one
#        second.py check-envelope KEY IMAGE FILE
#        second.py make-command KEY OPERATION OUT [NAME=VALUE...]
#        second.py check-command KEY FILE
#        second.py check-key KEY FILE                               a COSE_Key of the same key
#        second.py check-tenant KEY TENANT-KEY FILE                 the command that enrols it
#        second.py make-tenant KEY OUT                              its record
#        second.py make-private-key KEY OUT                         a COSE_Key with both parts
#        second.py check-private-key FILE KEY                       such a one, and the public key in PEM
# KEY is PEM, private or public. Prints what it has checked; ends with status 1 if it does not hold.
#
# SPDX-License-Identifier: Apache-2.0
import hashlib
import sys
import uuid

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils
from cryptography.hazmat.primitives.serialization import (Encoding, NoEncryption, PrivateFormat, PublicFormat,
                                                          load_pem_private_key, load_pem_public_key)

VENDOR = uuid.uuid5(uuid.NAMESPACE_DNS, "example.com")
CLASS = uuid.uuid5(VENDOR, "board-1")
DEVICE = uuid.UUID("01234567-89ab-cdef-0123-456789abcdef")


def require(condition, what):
    if not condition:
        sys.exit("second: " + what)


def encode(value):
    return cbor2.dumps(value, canonical=True)


def decode(data):
    """CBOR that is in its one deterministic encoding."""
    value = cbor2.loads(data)
    require(encode(value) == data, "not deterministic: " + data.hex())
    return value


def read_key(path):
    pem = open(path, "rb").read()
    return load_pem_private_key(pem, None) if b"PRIVATE" in pem else load_pem_public_key(pem)


def public(key):
    return key.public_key() if hasattr(key, "public_key") else key


def is_ed25519(key):
    return isinstance(public(key), ed25519.Ed25519PublicKey)


def cose_key(key):
    if is_ed25519(key):
        return {1: 1, -1: 6, -2: public(key).public_bytes(Encoding.Raw, PublicFormat.Raw)}
    numbers = public(key).public_numbers()
    return {1: 2, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}


def thumbprint(key):
    """RFC 9679"""
    return hashlib.sha256(encode(cose_key(key))).digest()


def sign1(key, payload, detached, algorithm=None):
    if algorithm is None:
        algorithm = -8 if is_ed25519(key) else -7
    protected = encode({1: algorithm})
    message = encode(["Signature1", protected, b"", payload])
    if is_ed25519(key):
        signature = key.sign(message)
    else:
        r, s = utils.decode_dss_signature(key.sign(message, ec.ECDSA(hashes.SHA256())))
        signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    return cbor2.CBORTag(18, [protected, {4: thumbprint(key)[:8]}, None if detached else payload, signature])


def check_sign1(key, tagged, payload):
    require(tagged.tag == 18, "tag of a COSE_Sign1")
    protected, unprotected, content, signature = tagged.value
    require(decode(protected) == {1: -8 if is_ed25519(key) else -7}, "algorithm")
    require(unprotected == {4: thumbprint(key)[:8]}, "key id")
    if payload is None:
        payload = content
    else:
        require(content is None, "the payload is detached")
    message = encode(["Signature1", protected, b"", payload])
    try:
        if is_ed25519(key):
            public(key).verify(signature, message)
        else:
            require(len(signature) == 64, "length of a signature")
            pair = utils.encode_dss_signature(int.from_bytes(signature[:32], "big"),
                                              int.from_bytes(signature[32:], "big"))
            public(key).verify(pair, message, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        sys.exit("second: the signature does not hold")
    return payload


def digest(data):
    return encode([-16, hashlib.sha256(data).digest()])


def make_envelope(key_path, image_path, out, **options):
    key = read_key(key_path)
    image = open(image_path, "rb").read()
    tenant, uri = options.get("tenant"), options.get("uri")
    component = ([tenant.encode()] if tenant else []) + [options.get("component", "blink").encode()]
    parameters = {1: VENDOR.bytes, 2: CLASS.bytes, 3: digest(image), 14: len(image)}
    shared = [20, parameters, 1, 15, 2, 15]
    if "device" in options:
        parameters[24] = uuid.UUID(options["device"]).bytes
        shared += [24, 15]
    # Two sources: this one for this device, another one for another.
    install = [20, {21: uri or "#img"}, 21, 2, 3, 15]
    if "sources" in options:
        install = [15, [encode([20, {24: VENDOR.bytes}, 24, 15, 20, {21: "coap://other/device"}]),
                        encode([20, {24: DEVICE.bytes}, 24, 15, 20, {21: uri or "#img"}])], 21, 2, 3, 15]
    manifest = encode({
        1: 1, 2: int(options.get("sequence", 1)),
        3: encode({2: [component], 4: encode(shared)}),
        7: encode([3, 15]), 9: encode([23, 2]), 20: encode(install)})
    signed = digest(encode(manifest))
    algorithm = int(options["algorithm"]) if "algorithm" in options else None
    envelope = {2: encode([signed, encode(sign1(key, signed, True, algorithm))]), 3: manifest}
    if not uri:
        envelope["#img"] = image
    open(out, "wb").write(encode(cbor2.CBORTag(107, envelope)))


def check_envelope(key_path, image_path, path):
    key, image = read_key(key_path), open(image_path, "rb").read()
    tagged = decode(open(path, "rb").read())
    require(tagged.tag == 107, "tag of an envelope")
    envelope = tagged.value
    signed, block = decode(envelope[2])
    require(decode(signed) == [-16, hashlib.sha256(encode(envelope[3])).digest()], "digest of the manifest")
    check_sign1(key, decode(block), signed)
    manifest = decode(envelope[3])
    common = decode(manifest[3])
    shared = decode(manifest and common[4])
    parameters = shared[1]
    require(shared[0] == 20 and shared[2:6] == [1, 15, 2, 15], "vendor and class are compared")
    require(parameters[1] == VENDOR.bytes and parameters[2] == CLASS.bytes, "vendor and class")
    require(parameters[3] == digest(image) and parameters[14] == len(image), "digest and size of the image")
    require(decode(manifest[7]) == [3, 15], "the image is validated")
    uri = decode(manifest[20])[1][21]
    require(uri in envelope and envelope[uri] == image or ":" in uri, "the image is there")
    print("sequence", manifest[2], "component", [part.decode() for part in common[2][0]], "uri", uri)


def make_command(key_path, operation, out, **options):
    key = read_key(key_path)
    payload = {1: DEVICE.bytes, 3: int(options.get("counter", 1)), 5: int(operation)}
    component = []
    if "signer" in options:
        payload[2] = options["signer"]
        component = [options["signer"].encode()]
    if "expires" in options:
        payload[4] = int(options["expires"])
    component.append(options.get("component", "blink").encode())
    arguments = {6: [component, encode({8: [[7, 1, 0, 3]]})], 7: [component, encode({7: {2: 1000}})],
                 8: [encode({2: thumbprint(key)[:8], **cose_key(key)})],
                 9: [encode(tenant_record(key))],
                 10: ["third"]}
    payload[6] = arguments.get(int(operation), [component])
    open(out, "wb").write(encode(sign1(key, encode(payload), False)))


def check_command(key_path, path):
    key = read_key(key_path)
    payload = check_sign1(key, decode(open(path, "rb").read()), None)
    print("command", decode(payload))


def check_key(key_path, path):
    key = read_key(key_path)
    require(decode(open(path, "rb").read()) == {2: thumbprint(key)[:8], **cose_key(key)}, "not the same key")
    print("key", thumbprint(key).hex())


def make_private_key(key_path, out):
    key = read_key(key_path)
    if is_ed25519(key):
        private = key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    else:
        private = key.private_numbers().private_value.to_bytes(32, "big")
    open(out, "wb").write(encode({**cose_key(key), -4: private}))


def check_private_key(path, key_path):
    members = decode(open(path, "rb").read())
    if members[1] == 1:
        private = ed25519.Ed25519PrivateKey.from_private_bytes(members[-4])
    else:
        private = ec.derive_private_key(int.from_bytes(members[-4], "big"), ec.SECP256R1())
    kid = members.pop(2)
    require(cose_key(private) == cose_key(read_key(key_path)) and kid == thumbprint(private)[:8], "not the same key")
    del members[-4]
    require(members == cose_key(private), "members of the key")
    print("key", thumbprint(private).hex())


def tenant_record(key):
    return {1: 3, 2: "third", 3: encode(cose_key(key)), 4: 4096, 8: encode({8: [["led", 2]]})}


def make_tenant(key_path, out):
    open(out, "wb").write(encode(tenant_record(read_key(key_path))))


def check_tenant(key_path, tenant_key_path, path):
    key = read_key(tenant_key_path)
    payload = decode(check_sign1(read_key(key_path), decode(open(path, "rb").read()), None))
    require(payload[5] == 9, "a command that enrols a tenant")
    record = decode(payload[6][0])
    require(decode(record[3]) == {2: thumbprint(key)[:8], **cose_key(key)}, "not the tenant's key")
    record[3] = "key"
    if 8 in record:
        record[8] = decode(record[8])
    print("tenant", record)


def main():
    commands = {"make-envelope": make_envelope, "check-envelope": check_envelope, "make-command": make_command,
                "check-command": check_command, "check-key": check_key, "check-tenant": check_tenant,
                "make-tenant": make_tenant, "make-private-key": make_private_key,
                "check-private-key": check_private_key}
    words = [word for word in sys.argv[2:] if "=" not in word]
    options = dict(word.split("=", 1) for word in sys.argv[2:] if "=" in word)
    commands[sys.argv[1]](*words, **options)


if __name__ == "__main__":
    main()
