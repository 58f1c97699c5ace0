/* Metadata of TinyContainer: what its tools put beside a container's code and data. It names the container, its type,
 * its system calls, its endpoints and its schedule, and has signed tokens for them (docs/SPEC.md has the format as it
 * is read here). The parser takes bytes from anybody; tokens are compared and verified by other functions, with a hash
 * and a signature that the caller brings.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_TINYCONTAINER_H
#define ATTO_TINYCONTAINER_H

#include <stdbool.h>
#include <stdint.h>

#include "atto/image.h"
#include "atto/manifest.h"
#include "atto/right.h"
#include "atto/span.h"
#include "atto/status.h"

#define ATTO_TINYCONTAINER_UID_MAX 63u
#define ATTO_TINYCONTAINER_ENDPOINTS_MAX ATTO_RIGHTS_MAX
#define ATTO_TINYCONTAINER_HASH_BYTES 32u
#define ATTO_TINYCONTAINER_KEY_BYTES 32u
#define ATTO_TINYCONTAINER_SIGNATURE_BYTES 64u
/* A signed token with a hash, without tags: what the hash of the metadata leaves out at their end. */
#define ATTO_TINYCONTAINER_TOKEN_BYTES 111u

/* X(name, number): the type of a container's code. */
#define ATTO_TINYCONTAINER_TYPES(X) \
    X(undefined, 0)                 \
    X(native, 1)                    \
    X(shell, 2)                     \
    X(bpf, 3)                       \
    X(wasm, 4)                      \
    X(javacard, 5)                  \
    X(javascript, 6)                \
    X(python, 7)
#define ATTO_TINYCONTAINER_TYPE_MAX 7u
enum { ATTO_TINYCONTAINER_BPF = 3, ATTO_TINYCONTAINER_WASM = 4 };

/* X(name, bit): what the mask of system calls allows. Other bits mean nothing. */
#define ATTO_TINYCONTAINER_SYSCALLS(X) \
    X(heartbeat, 1u)                   \
    X(open, 2u)                        \
    X(close, 4u)                       \
    X(read, 8u)                        \
    X(write, 16u)
enum { ATTO_TINYCONTAINER_OPEN = 2, ATTO_TINYCONTAINER_READ = 8, ATTO_TINYCONTAINER_WRITE = 16 };

enum atto_tinycontainer_peer {
    ATTO_TINYCONTAINER_CONTAINER = 0,
    ATTO_TINYCONTAINER_LOCAL = 1,
    ATTO_TINYCONTAINER_REMOTE = 2
};

/* As the host sees it: what is "in" comes from the container. */
enum atto_tinycontainer_direction {
    ATTO_TINYCONTAINER_IN = 0,   /* the container writes */
    ATTO_TINYCONTAINER_OUT = 1,  /* the container reads */
    ATTO_TINYCONTAINER_BOTH = 2
};

/* A token: a CWT (RFC 8392) with one claim of its own. Spans into the metadata. */
struct atto_tinycontainer_token {
    struct atto_span payload;   /* the map with the claim */
    struct atto_span claim;     /* the mask, 1 to 4 bytes, or a hash */
    struct atto_span signature; /* ATTO_TINYCONTAINER_SIGNATURE_BYTES, or a MAC of ATTO_TINYCONTAINER_HASH_BYTES */
    bool mac;                   /* COSE_Mac0 and not COSE_Sign1 */
};

/* Parsed metadata: spans into it. Without the security part `secured` is false, and what is in it is empty or 0. */
struct atto_tinycontainer {
    struct atto_span bytes;     /* all of it */
    struct atto_span uid;       /* 1 to ATTO_TINYCONTAINER_UID_MAX bytes, any */
    uint32_t type;              /* at most ATTO_TINYCONTAINER_TYPE_MAX */
    uint32_t syscalls;          /* bits of ATTO_TINYCONTAINER_SYSCALLS and others */
    uint32_t endpoint_count;
    struct atto_span endpoints; /* the CBOR items, read with atto_tinycontainer_endpoint */
    bool secured;
    struct atto_span schedule;  /* the CBOR items of the five numbers */
    uint32_t start_max_ms, loop_period_ms, loop_max_ms, loop_count, stop_max_ms;
    struct atto_tinycontainer_token mask_token, data_token, code_token, metadata_token;
};

struct atto_tinycontainer_endpoint {
    uint32_t id;
    uint32_t peer;             /* enum atto_tinycontainer_peer */
    struct atto_span peer_uid; /* of a container; else it may be empty */
    uint32_t peer_endpoint;    /* its number there */
    uint32_t direction;        /* enum atto_tinycontainer_direction */
    uint32_t at;               /* where it begins, in bytes from the start of the endpoints */
};

/*@ predicate sound_token(struct atto_tinycontainer_token *token, uint8_t *bytes, integer len) =
        inside(token->payload.ptr, token->payload.len, bytes, len) &&
        inside(token->claim.ptr, token->claim.len, bytes, len) &&
        inside(token->signature.ptr, token->signature.len, bytes, len) &&
        1 <= token->claim.len <= ATTO_TINYCONTAINER_HASH_BYTES &&
        (token->mac ? token->signature.len == ATTO_TINYCONTAINER_HASH_BYTES
                    : token->signature.len == ATTO_TINYCONTAINER_SIGNATURE_BYTES);

    predicate sound_hash_token(struct atto_tinycontainer_token *token, uint8_t *bytes, integer len) =
        sound_token(token, bytes, len) && token->claim.len == ATTO_TINYCONTAINER_HASH_BYTES;

    predicate sound_container(struct atto_tinycontainer *tiny, uint8_t *bytes, integer len) =
        inside(tiny->uid.ptr, tiny->uid.len, bytes, len) && 1 <= tiny->uid.len <= ATTO_TINYCONTAINER_UID_MAX &&
        tiny->type <= ATTO_TINYCONTAINER_TYPE_MAX && sound_token(&tiny->mask_token, bytes, len);

    predicate sound_endpoints(struct atto_tinycontainer *tiny, uint8_t *bytes, integer len) =
        tiny->endpoint_count <= ATTO_TINYCONTAINER_ENDPOINTS_MAX &&
        inside(tiny->endpoints.ptr, tiny->endpoints.len, bytes, len);

    predicate sound_security(struct atto_tinycontainer *tiny, uint8_t *bytes, integer len) =
        inside(tiny->schedule.ptr, tiny->schedule.len, bytes, len) &&
        sound_hash_token(&tiny->data_token, bytes, len) && sound_hash_token(&tiny->code_token, bytes, len) &&
        sound_hash_token(&tiny->metadata_token, bytes, len);

    predicate sound_tinycontainer(struct atto_tinycontainer *tiny) =
        readable(tiny->bytes.ptr, tiny->bytes.len) && sound_container(tiny, tiny->bytes.ptr, tiny->bytes.len) &&
        sound_endpoints(tiny, tiny->bytes.ptr, tiny->bytes.len) &&
        (tiny->secured ? sound_security(tiny, tiny->bytes.ptr, tiny->bytes.len) : tiny->schedule.len == 0);

    predicate sound_endpoint(struct atto_tinycontainer_endpoint *endpoint, uint8_t *bytes, integer len) =
        endpoint->peer <= 2 && endpoint->direction <= 2 &&
        endpoint->peer_uid.len <= ATTO_TINYCONTAINER_UID_MAX &&
        inside(endpoint->peer_uid.ptr, endpoint->peer_uid.len, bytes, len); */

/* Does this begin like TinyContainer metadata: with their tag? */
/*@ requires readable(bytes, len);
    terminates \true; exits \false; assigns \nothing;
    ensures \result ==> len >= 9; */
bool atto_tinycontainer_is(const uint8_t *bytes, uint32_t len);

/* Reads metadata. Refused is what is not exactly as docs/SPEC.md says: other tags, unknown, doubled, missing or
 * disordered keys, wrong types, values out of range, an encoding that is not the shortest, endpoints with the same id,
 * bytes left over in any of the parts that are strings of CBOR. Verifies nothing.
 * refusal: where, in bytes from the start of `bytes`; may be NULL
 * Returns ATTO_OK or ATTO_E_MANIFEST. */
/*@ requires readable(bytes.ptr, bytes.len) && \valid(tiny) && (refusal == \null || \valid(refusal));
    requires \separated(tiny, refusal);
    requires \separated(tiny, bytes.ptr + (0 .. bytes.len - 1));
    terminates \true; exits \false; assigns *tiny, *refusal;
    ensures \result == ATTO_OK || \result == ATTO_E_MANIFEST;
    ensures \result == ATTO_OK ==> tiny->bytes.ptr == bytes.ptr && tiny->bytes.len == bytes.len;
    ensures \result == ATTO_OK ==> sound_tinycontainer(tiny); */
enum atto_status atto_tinycontainer_parse(struct atto_span bytes, struct atto_tinycontainer *tiny,
                                          struct atto_refusal *refusal);

/* The endpoint with number `index`, in the order of the metadata.
 * Returns ATTO_OK, or ATTO_E_NOT_FOUND if index is not below the count. */
/*@ requires \valid_read(tiny) && \valid(endpoint) && \separated(tiny, endpoint);
    requires readable(tiny->endpoints.ptr, tiny->endpoints.len);
    terminates \true; exits \false;
    assigns endpoint->id, endpoint->peer, endpoint->peer_uid.ptr, endpoint->peer_uid.len, endpoint->peer_endpoint,
            endpoint->direction, endpoint->at;
    ensures \result == ATTO_OK || \result == ATTO_E_NOT_FOUND;
    ensures \result == ATTO_OK ==> index < tiny->endpoint_count &&
        sound_endpoint(endpoint, tiny->endpoints.ptr, tiny->endpoints.len); */
enum atto_status atto_tinycontainer_endpoint(const struct atto_tinycontainer *tiny, uint32_t index,
                                             struct atto_tinycontainer_endpoint *endpoint);

/* The executor (ATTO_EXECUTOR_...) for code of this type; ATTO_E_EXECUTOR (negative) if there is none. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures \result == ATTO_EXECUTOR_BPF || \result == ATTO_EXECUTOR_WASM || \result == ATTO_E_EXECUTOR; */
int32_t atto_tinycontainer_executor(uint32_t type);

/* Sets what a manifest says of a container from its metadata: the name is the uid, and of the schedule start_max_us,
 * period_us, loop_max_us, loop_count and stop_max_us, all 0 if the security part is missing. Every other field is left
 * as it is. Changes nothing if it refuses.
 * refusal: where in the metadata; may be NULL
 * Returns ATTO_OK; ATTO_E_EXECUTOR for a type that has none (at 0); ATTO_E_ARGUMENT for a uid that is longer than
 * ATTO_NAME_MAX bytes or is not plain UTF-8, for a time of more than ATTO_INTERVAL_MAX_US, and for a period that is
 * shorter than the deadline in the manifest. */
/*@ requires \valid_read(tiny) && \valid(manifest) && (refusal == \null || \valid(refusal));
    requires \separated(tiny, manifest, refusal) && sound_tinycontainer(tiny);
    requires \separated(refusal, tiny->bytes.ptr + (0 .. tiny->bytes.len - 1));
    requires \separated(manifest, tiny->bytes.ptr + (0 .. tiny->bytes.len - 1));
    terminates \true; exits \false;
    assigns manifest->name.ptr, manifest->name.len, manifest->schedule.start_max_us,
            manifest->schedule.period_us, manifest->schedule.loop_max_us, manifest->schedule.loop_count,
            manifest->schedule.stop_max_us, *refusal;
    ensures \result == ATTO_OK || \result == ATTO_E_EXECUTOR || \result == ATTO_E_ARGUMENT;
    ensures \result == ATTO_OK ==> 1 <= manifest->name.len <= ATTO_NAME_MAX;
    ensures \result == ATTO_OK ==>
        inside(manifest->name.ptr, manifest->name.len, tiny->bytes.ptr, tiny->bytes.len);
    ensures \result == ATTO_OK ==> manifest->schedule.start_max_us <= ATTO_INTERVAL_MAX_US;
    ensures \result == ATTO_OK ==> manifest->schedule.period_us <= ATTO_INTERVAL_MAX_US;
    ensures \result == ATTO_OK ==> manifest->schedule.loop_max_us <= ATTO_INTERVAL_MAX_US;
    ensures \result == ATTO_OK ==> manifest->schedule.stop_max_us <= ATTO_INTERVAL_MAX_US;
    ensures \result == ATTO_OK ==>
        manifest->schedule.period_us == 0 || manifest->schedule.deadline_us <= manifest->schedule.period_us; */
enum atto_status atto_tinycontainer_manifest(const struct atto_tinycontainer *tiny, struct atto_manifest *manifest,
                                             struct atto_refusal *refusal);

/* The right that endpoint number `index` asks for: by the number of its peer, with the operations that its direction
 * and the mask of system calls both allow; without the call `open` none. A program's handle is `index`.
 * refusal: where in the metadata the endpoint begins; may be NULL
 * Returns ATTO_OK; ATTO_E_NOT_FOUND if index is not below the count, and for a peer that is another container or is
 * remote; ATTO_E_ARGUMENT if the peer's number is over 255. */
/*@ requires \valid_read(tiny) && \valid(wish) && (refusal == \null || \valid(refusal));
    requires \separated(tiny, wish, refusal) && sound_tinycontainer(tiny);
    requires \separated(wish, tiny->bytes.ptr + (0 .. tiny->bytes.len - 1));
    terminates \true; exits \false; assigns *wish, *refusal;
    ensures \result == ATTO_OK || \result == ATTO_E_NOT_FOUND || \result == ATTO_E_ARGUMENT;
    ensures \result == ATTO_OK ==> index < tiny->endpoint_count && wish->name_bytes == 0;
    ensures \result == ATTO_OK ==> 0 <= wish->right.operations <= (ATTO_OPERATION_READ + ATTO_OPERATION_WRITE);
    ensures \result == ATTO_OK && (tiny->syscalls / ATTO_TINYCONTAINER_READ) % 2 == 0 ==>
        wish->right.operations % 2 == 0;
    ensures \result == ATTO_OK && (tiny->syscalls / ATTO_TINYCONTAINER_WRITE) % 2 == 0 ==>
        wish->right.operations < ATTO_OPERATION_WRITE; */
enum atto_status atto_tinycontainer_wish(const struct atto_tinycontainer *tiny, uint32_t index,
                                         struct atto_right_wish *wish, struct atto_refusal *refusal);

/* The cryptography of the caller. `context` is handed to both.
 * sha256: writes ATTO_TINYCONTAINER_HASH_BYTES to `hash`
 * verify: is this the Ed25519 signature (ATTO_TINYCONTAINER_SIGNATURE_BYTES) of the message? */
struct atto_tinycontainer_crypto {
    void (*sha256)(void *context, const uint8_t *bytes, uint32_t len, uint8_t *hash);
    bool (*verify)(void *context, const uint8_t *message, uint32_t len, const uint8_t *signature);
    void *context;
};

/* What a signature is made over. */
enum atto_tinycontainer_signed {
    ATTO_TINYCONTAINER_PAYLOAD = 0,  /* the payload alone, as their tools do */
    ATTO_TINYCONTAINER_STRUCTURE = 1 /* the Sig_structure of COSE (RFC 9052 section 4.4) */
};

/* The tokens, in the order in which they are verified. X(name in capitals, number, name) */
#define ATTO_TINYCONTAINER_TOKENS(X) \
    X(MASK, 0, mask)                 \
    X(METADATA, 1, metadata)         \
    X(DATA, 2, data)                 \
    X(CODE, 3, code)
enum atto_tinycontainer_which {
#define ATTO_TINYCONTAINER_WHICH(capitals, number, name) ATTO_TINYCONTAINER_##capitals = (number),
    ATTO_TINYCONTAINER_TOKENS(ATTO_TINYCONTAINER_WHICH)
#undef ATTO_TINYCONTAINER_WHICH
};
#define ATTO_TINYCONTAINER_TOKEN_COUNT 4u

enum atto_tinycontainer_verdict {
    ATTO_TINYCONTAINER_HOLDS = 0,
    ATTO_TINYCONTAINER_ABSENT = 1,       /* there is no such token: the security part is missing */
    ATTO_TINYCONTAINER_MAC = 2,          /* a COSE_Mac0, which no public key verifies */
    ATTO_TINYCONTAINER_BAD_SIGNATURE = 3,
    ATTO_TINYCONTAINER_BAD_HASH = 4      /* signed, but of other bytes */
};

/* Verifies one token: its signature, and that its hash is that of the content. The content of the metadata's token is
 * the metadata but for their last ATTO_TINYCONTAINER_TOKEN_BYTES, that of the mask is nothing: `content` is looked at
 * for data and code alone. */
enum atto_tinycontainer_verdict atto_tinycontainer_verify_token(const struct atto_tinycontainer *tiny,
                                                                enum atto_tinycontainer_which which,
                                                                struct atto_span content,
                                                                enum atto_tinycontainer_signed over,
                                                                const struct atto_tinycontainer_crypto *crypto);

/* Verifies all tokens, and stops at the first one that does not hold: its number is then in *failed (may be NULL). A
 * firmware takes a container only if this is ATTO_TINYCONTAINER_HOLDS. */
enum atto_tinycontainer_verdict atto_tinycontainer_verify(const struct atto_tinycontainer *tiny, struct atto_span data,
                                                          struct atto_span code, enum atto_tinycontainer_signed over,
                                                          const struct atto_tinycontainer_crypto *crypto,
                                                          enum atto_tinycontainer_which *failed);

#endif
