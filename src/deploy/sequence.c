/* Runs the command sequences of a manifest, see sequence.h. There are two ways to go through one: reading it for no
 * device, which visits every alternative and takes every condition for true, and judging, which does what the device
 * would do. Both are the same code, so that nothing is judged that was not read. A sequence in a sequence is an
 * alternative of try-each and cannot have one itself: two levels, two loops, no recursion.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/compiler.h"
#include "deploy/fragment.h"
#include "deploy/sequence.h"

enum { PARAMETER_DIGEST = 3, PARAMETER_SIZE = 14, PARAMETER_URI = 21 };

#define DIGEST_SHA256 ATTO_CBOR_MINUS(16u) /* RFC 9054 section 2.1 */
#define POLICY_MAX 15u                     /* what should be reported of a command; Atto reports in its own way */
#define COMMANDS_MAX 32u
#define BIT(number) (1u << (number))
#define PARAMETERS                                                                                     \
    (BIT(SUIT_VENDOR) | BIT(SUIT_CLASS) | BIT(SUIT_DEVICE) | BIT(PARAMETER_DIGEST) | BIT(PARAMETER_SIZE) | \
     BIT(PARAMETER_URI))

/* What a command may change. What an alternative has changed is forgotten if its conditions do not hold. */
struct state {
    const uint8_t *vendor_id, *class_id, *device_id, *digest; /* parameters: NULL, empty, or 0 is not set */
    struct atto_span uri;
    uint32_t image_bytes;
    uint32_t done; /* commands that were done, one bit each */
};

/* A sequence on its way. */
struct run {
    struct atto_cbor cbor;
    const struct atto_identity *identity; /* to judge by; NULL: only read */
    uint32_t command, command_at;         /* the present one, and where it begins */
    struct state now;
    struct atto_order order;
};

/*@ predicate sound_state(struct state *now, uint8_t *bytes) =
        (now->vendor_id == \null || inside(now->vendor_id, ATTO_IDENTITY_BYTES, bytes, head_end)) &&
        (now->class_id == \null || inside(now->class_id, ATTO_IDENTITY_BYTES, bytes, head_end)) &&
        (now->device_id == \null || inside(now->device_id, ATTO_IDENTITY_BYTES, bytes, head_end)) &&
        (now->digest == \null || inside(now->digest, ATTO_SHA256_BYTES, bytes, head_end)) &&
        inside(now->uri.ptr, now->uri.len, bytes, head_end);

    predicate may_judge(struct run *run) = run->identity == \null || \valid_read(run->identity);

    predicate is_judged(enum atto_status status) = ATTO_E_ABORT <= status <= ATTO_E_VENDOR;

    predicate sound_run(struct run *run) =
        in_head(&run->cbor) && sound_state(&run->now, run->cbor.bytes) && may_judge(run) &&
        sound_order(&run->order, run->cbor.bytes, head_end); */

/*@ requires \valid(cbor) && \valid(where) && \separated(cbor, where) && in_head(cbor) && len > 0;
    terminates \true; exits \false; assigns cbor->pos, *where;
    ensures sound_reader(cbor);
    ensures \result ? cbor->pos > \old(cbor->pos) + len && inside(*where, len, cbor->bytes, head_end)
                    : *where == \old(*where); */
static bool read_bytes(struct atto_cbor *cbor, uint32_t len, const uint8_t **where)
{
    struct atto_span span;

    if (!atto_cbor_bytes(cbor, len, len, &span))
        return false;
    *where = span.ptr;
    return true;
}

bool atto_suit_digest(struct atto_cbor *cbor, const uint8_t **digest)
{
    uint32_t algorithm, any = 0;

    if (!atto_has_head(cbor, ATTO_CBOR_ARRAY, 2) || !atto_cbor_key(cbor, &any, &algorithm) ||
        algorithm != DIGEST_SHA256)
        return false;
    return read_bytes(cbor, ATTO_SHA256_BYTES, digest);
}

/*@ requires \valid(cbor) && \valid(digest) && \separated(cbor, digest) && in_head(cbor);
    terminates \true; exits \false; assigns cbor->pos, cbor->len, *digest;
    ensures sound_reader(cbor) && cbor->len <= \old(cbor->len);
    ensures \result ==> cbor->len == \old(cbor->len) && inside(*digest, ATTO_SHA256_BYTES, cbor->bytes, head_end); */
static bool read_digest(struct atto_cbor *cbor, const uint8_t **digest)
{
    uint32_t outer;

    return atto_cbor_enter(cbor, &outer) && atto_suit_digest(cbor, digest) && atto_cbor_leave(cbor, outer);
}

/*@ requires \valid(cbor) && \valid(now) && \separated(cbor, now) && in_head(cbor) && sound_state(now, cbor->bytes);
    terminates \true; exits \false;
    assigns cbor->pos, cbor->len, now->vendor_id, now->class_id, now->device_id, now->digest, now->uri.ptr, now->uri.len,
            now->image_bytes;
    ensures sound_reader(cbor) && cbor->len <= \old(cbor->len);
    ensures \result ==> cbor->len == \old(cbor->len) && sound_state(now, cbor->bytes); */
static bool read_parameter(struct atto_cbor *cbor, uint32_t key, struct state *now)
{
    bool fine;

    switch (key) {
    case SUIT_VENDOR:
        fine = read_bytes(cbor, ATTO_IDENTITY_BYTES, &now->vendor_id);
        break;
    case SUIT_CLASS:
        fine = read_bytes(cbor, ATTO_IDENTITY_BYTES, &now->class_id);
        break;
    case SUIT_DEVICE:
        fine = read_bytes(cbor, ATTO_IDENTITY_BYTES, &now->device_id);
        break;
    case PARAMETER_DIGEST:
        fine = read_digest(cbor, &now->digest);
        break;
    case PARAMETER_SIZE:
        fine = atto_cbor_uint(cbor, UINT32_MAX, &now->image_bytes);
        break;
    default:
        fine = atto_cbor_text(cbor, 1, ATTO_URI_MAX, &now->uri);
        break;
    }
    return fine;
}

/*@ requires \valid(cbor) && \valid(now) && \separated(cbor, now) && in_head(cbor) && sound_state(now, cbor->bytes);
    terminates \true; exits \false;
    assigns cbor->pos, cbor->len, now->vendor_id, now->class_id, now->device_id, now->digest, now->uri.ptr, now->uri.len,
            now->image_bytes;
    ensures sound_reader(cbor) && cbor->len <= \old(cbor->len);
    ensures \result == ATTO_OK ==> cbor->len == \old(cbor->len) && sound_state(now, cbor->bytes);
    ensures \result == ATTO_OK || \result == ATTO_E_ENVELOPE || \result == ATTO_E_UNSUPPORTED; */
static enum atto_status read_parameters(struct atto_cbor *cbor, struct state *now)
{
    uint32_t count, next = 0;
    enum atto_status status;

    if (!atto_cbor_head(cbor, ATTO_CBOR_MAP, &count))
        return ATTO_E_ENVELOPE;
    /*@ loop invariant 0 <= i <= count && sound_reader(cbor) && cbor->len == \at(cbor->len, LoopEntry);
        loop invariant sound_state(now, cbor->bytes);
        loop assigns i, next, status, cbor->pos, cbor->len, now->vendor_id, now->class_id, now->device_id, now->digest,
            now->uri.ptr, now->uri.len, now->image_bytes;
        loop variant count - i; */
    for (uint32_t i = 0; i < count; i++) {
        status = atto_known_key(cbor, PARAMETERS, &next, ATTO_E_ENVELOPE);
        if (status != ATTO_OK)
            return status;
        if (!read_parameter(cbor, next - 1u, now))
            return ATTO_E_ENVELOPE;
    }
    return ATTO_OK;
}

/* A condition on one of the device's identifiers: the parameter must have been set. */
/*@ requires wanted == \null || readable(wanted, ATTO_IDENTITY_BYTES);
    requires readable(is, ATTO_IDENTITY_BYTES);
    terminates \true; exits \false; assigns \nothing; */
static ATTO_APART enum atto_status compare(const uint8_t *wanted, const uint8_t *is, enum atto_status otherwise)
{
    if (wanted == NULL)
        return ATTO_E_ENVELOPE;
    return memcmp(wanted, is, ATTO_IDENTITY_BYTES) == 0 ? ATTO_OK : otherwise;
}

/* Orders a fetch: only one, and only of something whose size and digest are known. */
/*@ requires \valid(run) && sound_run(run);
    terminates \true; exits \false;
    assigns run->order.digest, run->order.image_bytes, run->order.uri.ptr, run->order.uri.len;
    ensures sound_order(&run->order, run->cbor.bytes, head_end); */
static enum atto_status fetch(struct run *run)
{
    const struct state *now = &run->now;

    if ((now->done & BIT(SUIT_FETCH)) != 0 || now->digest == NULL || now->uri.len == 0 || now->image_bytes == 0)
        return ATTO_E_ENVELOPE;
    run->order.digest = now->digest;
    run->order.image_bytes = now->image_bytes;
    run->order.uri.ptr = now->uri.ptr;
    run->order.uri.len = now->uri.len;
    return ATTO_OK;
}

/* What the commands about the image order; any other has nothing more to it than what has been read. */
/*@ requires \valid(run) && sound_run(run);
    terminates \true; exits \false;
    assigns run->order.digest, run->order.image_bytes, run->order.uri.ptr, run->order.uri.len, run->order.invoke;
    ensures sound_order(&run->order, run->cbor.bytes, head_end); */
static enum atto_status order(struct run *run)
{
    if (run->command == SUIT_FETCH)
        return fetch(run);
    /* What was fetched, and by no other digest. */
    if (run->command == SUIT_IMAGE_MATCH && (run->order.digest == NULL || run->order.digest != run->now.digest))
        return ATTO_E_ENVELOPE;
    if (run->command == SUIT_INVOKE)
        run->order.invoke = true;
    return ATTO_OK;
}

/* What a command that has been read means for the device. */
/*@ requires \valid(run) && run->identity != \null && sound_run(run);
    terminates \true; exits \false;
    assigns run->order.digest, run->order.image_bytes, run->order.uri.ptr, run->order.uri.len, run->order.invoke;
    ensures sound_order(&run->order, run->cbor.bytes, head_end); */
static enum atto_status judge(struct run *run)
{
    const struct atto_identity *identity = run->identity;

    switch (run->command) {
    case SUIT_VENDOR:
        return compare(run->now.vendor_id, identity->vendor_id, ATTO_E_VENDOR);
    case SUIT_CLASS:
        return compare(run->now.class_id, identity->class_id, ATTO_E_CLASS);
    case SUIT_DEVICE:
        return compare(run->now.device_id, identity->device_id, ATTO_E_DEVICE);
    case SUIT_ABORT:
        return ATTO_E_ABORT;
    default:
        break;
    }
    return order(run);
}

/*@ requires \valid(run) && in_head(&run->cbor) && sound_state(&run->now, run->cbor.bytes);
    terminates \true; exits \false;
    assigns run->cbor.pos, run->cbor.len, run->now.vendor_id, run->now.class_id, run->now.device_id, run->now.digest,
            run->now.uri.ptr, run->now.uri.len, run->now.image_bytes;
    ensures sound_reader(&run->cbor) && run->cbor.len <= \old(run->cbor.len);
    ensures \result == ATTO_OK ==> run->cbor.len == \old(run->cbor.len) && sound_state(&run->now, run->cbor.bytes);
    ensures \result == ATTO_OK || \result == ATTO_E_ENVELOPE || \result == ATTO_E_UNSUPPORTED; */
static enum atto_status read_argument(struct run *run)
{
    uint32_t number;

    if (run->command == SUIT_OVERRIDE)
        return read_parameters(&run->cbor, &run->now);
    if (!atto_cbor_uint(&run->cbor, run->command == SUIT_SET_COMPONENT ? 0 : POLICY_MAX, &number))
        return ATTO_E_ENVELOPE;
    return ATTO_OK;
}

/*@ // What a step and what consists of steps may change of a run.
    predicate same_run{L1, L2}(struct run *run) =
        \at(run->cbor.bytes, L1) == \at(run->cbor.bytes, L2) && \at(run->identity, L1) == \at(run->identity, L2); */

/* Reads one of these commands with its argument, and in judging does it. Of try-each only the number is read. */
/*@ requires \valid(run) && sound_run(run);
    terminates \true; exits \false;
    assigns *run;
    ensures same_run{Pre, Post}(run);
    ensures may_judge(run);
    ensures sound_reader(&run->cbor) && run->cbor.len <= \old(run->cbor.len);
    ensures \result == ATTO_OK || is_judged(\result) ==> run->cbor.len == \old(run->cbor.len) && sound_run(run); */
static enum atto_status step(struct run *run, uint32_t commands)
{
    enum atto_status status;
    uint32_t next = 0;

    run->command_at = run->cbor.pos;
    status = atto_known_key(&run->cbor, commands, &next, ATTO_E_ENVELOPE);
    /*@ assert same_run{Pre, Here}(run); */
    /*@ assert may_judge(run); */
    if (status != ATTO_OK)
        return status;
    run->command = next - 1u;
    if (run->command == SUIT_TRY_EACH)
        return ATTO_OK;
    status = read_argument(run);
    /*@ assert same_run{Pre, Here}(run); */
    /*@ assert may_judge(run); */
    if (status != ATTO_OK || run->identity == NULL)
        return status;
    /*@ assert sound_order(&run->order, run->cbor.bytes, head_end); */
    status = judge(run);
    /*@ assert same_run{Pre, Here}(run); */
    /*@ assert may_judge(run); */
    if (status == ATTO_OK)
        run->now.done |= BIT(run->command);
    else
        run->cbor.pos = run->command_at;
    return status;
}

/* Reads how many commands there are: each is a number and its argument. */
/*@ requires \valid(cbor) && \valid(count) && \separated(cbor, count) && sound_reader(cbor);
    terminates \true; exits \false; assigns cbor->pos, *count;
    ensures sound_reader(cbor);
    ensures \result ==> *count <= COMMANDS_MAX; */
static bool read_count(struct atto_cbor *cbor, uint32_t *count)
{
    if (!atto_cbor_head(cbor, ATTO_CBOR_ARRAY, count) || *count % 2u != 0 || *count / 2u > COMMANDS_MAX)
        return false;
    *count /= 2u;
    return true;
}

/*@ requires \valid(run) && sound_run(run);
    terminates \true; exits \false;
    assigns *run;
    ensures same_run{Pre, Post}(run);
    ensures may_judge(run);
    ensures sound_reader(&run->cbor) && run->cbor.len <= \old(run->cbor.len);
    ensures \result == ATTO_OK || is_judged(\result) ==> run->cbor.len == \old(run->cbor.len) && sound_run(run); */
static enum atto_status run_alternative(struct run *run, uint32_t commands)
{
    enum atto_status status;
    uint32_t count;

    if (!read_count(&run->cbor, &count))
        return ATTO_E_ENVELOPE;
    /*@ loop invariant 0 <= i <= count && sound_run(run) && run->cbor.len == \at(run->cbor.len, LoopEntry);
        loop invariant same_run{Pre, Here}(run);
        loop assigns i, status, *run;
        loop variant count - i; */
    for (uint32_t i = 0; i < count; i++) {
        status = step(run, commands);
        if (status != ATTO_OK)
            return status;
    }
    return run->cbor.pos == run->cbor.len ? ATTO_OK : ATTO_E_ENVELOPE;
}

/*@ terminates \true; exits \false; assigns \nothing;
    ensures \result <==> is_judged(status); */
static bool is_condition(enum atto_status status)
{
    return status <= ATTO_E_VENDOR && status >= ATTO_E_ABORT;
}

/*@ requires \valid(to) && \valid_read(from) && \separated(to, from);
    terminates \true; exits \false; assigns *to;
    ensures to->vendor_id == from->vendor_id && to->class_id == from->class_id && to->device_id == from->device_id;
    ensures to->digest == from->digest && to->uri.ptr == from->uri.ptr && to->uri.len == from->uri.len; */
static ATTO_APART void copy(struct state *to, const struct state *from)
{
    *to = *from;
}

/* What an alternative has changed counts only if its conditions hold, and not in reading. */
/*@ requires \valid(run) && sound_run(run);
    terminates \true; exits \false;
    assigns *run;
    ensures same_run{Pre, Post}(run);
    ensures may_judge(run);
    ensures sound_reader(&run->cbor) && run->cbor.len <= \old(run->cbor.len);
    ensures \result == ATTO_OK || is_judged(\result) ==> run->cbor.len == \old(run->cbor.len) && sound_run(run); */
static enum atto_status try_alternative(struct run *run, uint32_t commands)
{
    enum atto_status status;
    struct state before;

    copy(&before, &run->now);
    /*@ assert sound_state(&before, run->cbor.bytes) && \separated(&before, run); */
    status = run_alternative(run, commands);
    /*@ assert sound_state(&before, run->cbor.bytes); */
    if (status != ATTO_OK || run->identity == NULL)
        copy(&run->now, &before);
    return status;
}

/* The first alternative whose conditions hold counts, and a null as the last one always holds. Reading goes through all of
 * them. */
/*@ requires \valid(run) && sound_run(run);
    terminates \true; exits \false;
    assigns *run;
    ensures same_run{Pre, Post}(run);
    ensures may_judge(run);
    ensures sound_reader(&run->cbor) && run->cbor.len <= \old(run->cbor.len);
    ensures \result == ATTO_OK ==> run->cbor.len == \old(run->cbor.len) && sound_run(run); */
static enum atto_status run_try_each(struct run *run, uint32_t commands)
{
    enum atto_status verdict = ATTO_E_ABORT;
    uint32_t count, outer;

    if (!atto_cbor_head(&run->cbor, ATTO_CBOR_ARRAY, &count) || count == 0 || count > COMMANDS_MAX)
        return ATTO_E_ENVELOPE;
    /*@ loop invariant 0 <= i <= count && sound_run(run) && run->cbor.len == \at(run->cbor.len, LoopEntry);
        loop invariant same_run{Pre, Here}(run);
        loop assigns i, verdict, outer, *run;
        loop variant count - i; */
    for (uint32_t i = 0; i < count; i++) {
        if (i != 0 && i == count - 1u && atto_cbor_null(&run->cbor))
            return ATTO_OK;
        if (!atto_cbor_enter(&run->cbor, &outer))
            return ATTO_E_ENVELOPE;
        /*@ assert sound_run(run); */
        if (run->identity == NULL || verdict != ATTO_OK) {
            verdict = try_alternative(run, commands);
            if (verdict != ATTO_OK && !is_condition(verdict))
                return verdict;
        }
        /*@ assert sound_run(run) && same_run{Pre, Here}(run); */
        run->cbor.pos = run->cbor.len;
        run->cbor.len = outer;
    }
    return verdict;
}

/*@ requires \valid(run) && sound_run(run);
    terminates \true; exits \false;
    assigns *run;
    ensures same_run{Pre, Post}(run);
    ensures may_judge(run);
    ensures sound_reader(&run->cbor) && run->cbor.len <= \old(run->cbor.len);
    ensures \result == ATTO_OK ==> run->cbor.len == \old(run->cbor.len) && sound_run(run); */
static enum atto_status run_sequence(struct run *run, uint32_t commands)
{
    enum atto_status status;
    uint32_t count;

    if (!read_count(&run->cbor, &count))
        return ATTO_E_ENVELOPE;
    /*@ loop invariant 0 <= i <= count && sound_run(run) && run->cbor.len == \at(run->cbor.len, LoopEntry);
        loop invariant same_run{Pre, Here}(run);
        loop assigns i, status, *run;
        loop variant count - i; */
    for (uint32_t i = 0; i < count; i++) {
        status = step(run, commands);
        if (status == ATTO_OK && run->command == SUIT_TRY_EACH)
            status = run_try_each(run, commands & ~BIT(SUIT_TRY_EACH));
        if (status != ATTO_OK)
            return status;
    }
    return ATTO_OK;
}

/* For each kind, the commands that may stand in it, and those of them that must be done. */
#define ANYWHERE                                                                                            \
    (BIT(SUIT_VENDOR) | BIT(SUIT_CLASS) | BIT(SUIT_DEVICE) | BIT(SUIT_ABORT) | BIT(SUIT_SET_COMPONENT) | \
     BIT(SUIT_TRY_EACH) | BIT(SUIT_OVERRIDE))
static const struct {
    uint32_t commands, needed;
} kinds[ATTO_SEQUENCES] = {
    [ATTO_SEQUENCE_SHARED] = { ANYWHERE, BIT(SUIT_VENDOR) | BIT(SUIT_CLASS) },
    [ATTO_SEQUENCE_INSTALL] = { ANYWHERE | BIT(SUIT_IMAGE_MATCH) | BIT(SUIT_FETCH),
                                BIT(SUIT_IMAGE_MATCH) | BIT(SUIT_FETCH) },
    [ATTO_SEQUENCE_VALIDATE] = { ANYWHERE | BIT(SUIT_IMAGE_MATCH), BIT(SUIT_IMAGE_MATCH) },
    [ATTO_SEQUENCE_INVOKE] = { ANYWHERE | BIT(SUIT_INVOKE), BIT(SUIT_INVOKE) },
};

/*@ requires \valid(run);
    terminates \true; exits \false; assigns *run;
    ensures run->identity == \null && run->order.digest == \null && run->now.vendor_id == \null &&
            run->now.class_id == \null && run->now.device_id == \null && run->now.digest == \null &&
            run->now.uri.len == 0; */
static void clear(struct run *run)
{
    *run = (struct run){0};
}

enum atto_status atto_sequence_read(struct atto_cbor *cbor, enum atto_sequence kind)
{
    struct run run;
    enum atto_status status;
    uint32_t len, pos;

    clear(&run);
    run.cbor.bytes = cbor->bytes;
    run.cbor.len = cbor->len;
    run.cbor.pos = cbor->pos;
    /*@ assert in_head(&run.cbor); */
    /*@ assert sound_state(&run.now, run.cbor.bytes); */
    /*@ assert may_judge(&run); */
    /*@ assert sound_order(&run.order, run.cbor.bytes, head_end); */
    /*@ assert \separated(&run, cbor) && run.cbor.bytes == cbor->bytes && run.cbor.len == \at(cbor->len, Pre); */
    status = run_sequence(&run, kinds[kind].commands);
    len = run.cbor.len;
    pos = run.cbor.pos;
    /*@ assert pos <= len && len <= \at(cbor->len, Pre); */
    /*@ assert cbor->bytes == \at(cbor->bytes, Pre); */
    /*@ assert readable(cbor->bytes, len); */
    cbor->len = len;
    cbor->pos = pos;
    return status;
}

/*@ requires \valid(run) && \valid_read(piece) && \separated(run, piece) && kind < ATTO_SEQUENCES;
    requires sound_piece(piece, head_end) && readable(run->cbor.bytes, head_end) && may_judge(run);
    requires sound_state(&run->now, run->cbor.bytes) && sound_order(&run->order, run->cbor.bytes, head_end);
    terminates \true; exits \false;
    assigns *run;
    ensures same_run{Pre, Post}(run);
    ensures \result == ATTO_OK ==> sound_run(run); */
static ATTO_APART enum atto_status judge_sequence(struct run *run, const struct atto_piece *piece, uint32_t kind)
{
    enum atto_status status;

    run->cbor.pos = piece->at;
    run->cbor.len = piece->end;
    run->now.done = 0;
    /*@ assert sound_run(run); */
    status = run_sequence(run, kinds[kind].commands);
    if (status != ATTO_OK)
        return status;
    return (run->now.done & kinds[kind].needed) == kinds[kind].needed ? ATTO_OK : ATTO_E_ENVELOPE;
}

/* The shared sequence comes before each of the others, so each of them begins with what it has set. */
/*@ requires \valid(run) && \valid_read(envelope) && \valid_read(shared);
    requires \separated(run, envelope) && \separated(run, shared) && sound_sequences(envelope, head_end);
    requires sound_run(run) && sound_state(shared, run->cbor.bytes);
    terminates \true; exits \false;
    assigns *run;
    ensures same_run{Pre, Post}(run);
    ensures \result == ATTO_OK ==> sound_run(run); */
static enum atto_status judge_others(struct run *run, const struct atto_envelope *envelope, const struct state *shared)
{
    enum atto_status status = ATTO_OK;

    /*@ loop invariant 1 <= kind <= ATTO_SEQUENCES && same_run{Pre, Here}(run);
        loop invariant status == ATTO_OK ==> sound_run(run);
        loop invariant sound_state(shared, run->cbor.bytes);
        loop invariant sound_sequences(envelope, head_end);
        loop assigns kind, status, *run;
        loop variant ATTO_SEQUENCES - kind; */
    for (uint32_t kind = 1; status == ATTO_OK && kind < ATTO_SEQUENCES && envelope->sequences[kind].end != 0; kind++) {
        /*@ assert kind == 1 || kind == 2 || kind == 3; */
        copy(&run->now, shared);
        /*@ assert sound_state(shared, run->cbor.bytes); */
        /*@ assert sound_sequences(envelope, head_end); */
        /*@ assert sound_piece(&envelope->sequences[kind], head_end); */
        /*@ assert sound_run(run); */
        status = judge_sequence(run, &envelope->sequences[kind], kind);
        /*@ assert sound_state(shared, run->cbor.bytes); */
        /*@ assert sound_sequences(envelope, head_end); */
    }
    return status;
}

/*@ requires \valid(run) && \valid_read(envelope) && \separated(run, envelope) && may_judge(run);
    requires sound_sequences(envelope, head_end) && readable(run->cbor.bytes, head_end);
    requires sound_state(&run->now, run->cbor.bytes) && sound_order(&run->order, run->cbor.bytes, head_end);
    terminates \true; exits \false;
    assigns *run;
    ensures run->cbor.bytes == \old(run->cbor.bytes);
    ensures \result == ATTO_OK ==> sound_order(&run->order, run->cbor.bytes, head_end); */
static enum atto_status judge_all(struct run *run, const struct atto_envelope *envelope)
{
    enum atto_status status = judge_sequence(run, &envelope->sequences[0], ATTO_SEQUENCE_SHARED);
    struct state shared;

    /*@ assert \separated(&shared, run); */
    if (status != ATTO_OK)
        return status;
    /*@ assert sound_run(run); */
    /*@ assert sound_sequences(envelope, head_end); */
    copy(&shared, &run->now);
    /*@ assert sound_run(run); */
    /*@ assert sound_sequences(envelope, head_end); */
    /*@ assert sound_state(&shared, run->cbor.bytes); */
    return judge_others(run, envelope, &shared);
}

/* The image is behind the head exactly if the manifest calls it by the name that it has there. */
/*@ requires \valid_read(envelope) && \valid(order) && \separated(order, envelope);
    requires readable(envelope->head, head_end) && sound_order(order, envelope->head, head_end);
    requires inside(envelope->payload_key.ptr, envelope->payload_key.len, envelope->head, head_end);
    terminates \true; exits \false; assigns order->integrated;
    ensures \result == ATTO_OK ==> order->digest != \null; */
static enum atto_status find_image(const struct atto_envelope *envelope, struct atto_order *order)
{
    if (order->digest == NULL)
        return ATTO_E_ENVELOPE;
    order->integrated = envelope->payload_key.len != 0;
    if (order->integrated ? !atto_same_span(order->uri, envelope->payload_key) : order->uri.ptr[0] == '#')
        return ATTO_E_ENVELOPE;
    return order->integrated && envelope->payload_bytes != order->image_bytes ? ATTO_E_LENGTH : ATTO_OK;
}

/*@ requires \valid(order) && \valid_read(found) && \separated(order, found);
    terminates \true; exits \false; assigns *order;
    ensures order->digest == found->digest && order->uri.ptr == found->uri.ptr && order->uri.len == found->uri.len; */
static void give(struct atto_order *order, const struct atto_order *found)
{
    *order = *found;
}

/*@ requires readable(name.ptr, name.len);
    terminates \true; exits \false; assigns \nothing; */
static bool is_name(struct atto_span name)
{
    return atto_cbor_is_plain_text(name.ptr, name.len);
}

/* On a refusal the cursor stands where it was refused. */
/*@ requires \valid_read(envelope) && \valid_read(conditions) && \valid_read(conditions->identity) && \valid(run);
    requires \separated(run, envelope) && \separated(run, conditions);
    requires readable(envelope->head, head_end) && sound_sequences(envelope, head_end);
    requires sound_names(envelope, envelope->head, head_end);
    requires inside(envelope->payload_key.ptr, envelope->payload_key.len, envelope->head, head_end);
    terminates \true; exits \false; assigns *run;
    ensures \result == ATTO_OK ==>
        run->order.digest != \null && sound_order(&run->order, envelope->head, head_end); */
static enum atto_status judge_envelope(struct run *run, const struct atto_envelope *envelope,
                                       const struct atto_conditions *conditions)
{
    enum atto_status status;

    clear(run);
    /*@ assert inside(envelope->payload_key.ptr, envelope->payload_key.len, envelope->head, head_end); */
    if (!is_name(envelope->component.tenant) || !is_name(envelope->component.container))
        return ATTO_E_ARGUMENT;
    run->cbor.pos = envelope->manifest.at;
    if (envelope->sequence <= conditions->sequence)
        return ATTO_E_SEQUENCE;
    run->cbor.bytes = envelope->head;
    run->identity = conditions->identity;
    status = judge_all(run, envelope);
    /*@ assert inside(envelope->payload_key.ptr, envelope->payload_key.len, envelope->head, head_end); */
    if (status != ATTO_OK)
        return status;
    run->cbor.pos = envelope->sequences[ATTO_SEQUENCE_INSTALL].at;
    run->order.sequence = envelope->sequence;
    /*@ assert sound_order(&run->order, envelope->head, head_end); */
    return find_image(envelope, &run->order);
}

/*@ requires \valid_read(envelope) && \valid_read(conditions) && \valid_read(conditions->identity);
    requires \valid(order) && refusal_slot(refusal) && \separated(order, refusal, envelope, conditions);
    requires readable(envelope->head, head_end) && sound_sequences(envelope, head_end);
    requires sound_names(envelope, envelope->head, head_end);
    requires inside(envelope->payload_key.ptr, envelope->payload_key.len, envelope->head, head_end);
    terminates \true; exits \false; assigns *order, *refusal;
    ensures \result == ATTO_OK ==> order->digest != \null && sound_order(order, envelope->head, head_end); */
enum atto_status atto_envelope_judge(const struct atto_envelope *envelope, const struct atto_conditions *conditions,
                                     struct atto_order *order, struct atto_refusal *refusal)
{
    struct run run;
    enum atto_status status = judge_envelope(&run, envelope, conditions);

    /*@ assert \separated(&run, order) && \separated(order, envelope); */
    if (status != ATTO_OK)
        return atto_refuse(refusal, status, run.cbor.pos);
    give(order, &run.order);
    /*@ assert order->digest != \null && sound_order(order, envelope->head, head_end); */
    return ATTO_OK;
}
