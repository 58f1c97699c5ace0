/* Runs the command sequences of a manifest, see sequence.h. There are two ways to go through one: reading it for no
 * device, which visits every alternative and takes every condition for true, and judging, which does what the device
 * would do. Both are the same code, so that nothing is judged that was not read. A sequence in a sequence is an
 * alternative of try-each and cannot have one itself: two levels, two loops, no recursion.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "deploy/fragment.h"
#include "deploy/sequence.h"

enum { PARAMETER_DIGEST = 3, PARAMETER_SIZE = 14, PARAMETER_URI = 21 };

#define DIGEST_SHA256 ATTO_CBOR_MINUS(16u) /* RFC 9054 section 2.1 */
#define POLICY_MAX 15u                     /* what should be reported of a command; Atto reports in its own way */
#define COMMANDS_MAX 32u

/* The parameters as they are at the moment. NULL, empty, or 0: not set. */
struct parameters {
    const uint8_t *vendor_id, *class_id, *device_id, *digest;
    struct atto_span uri;
    uint32_t image_bytes;
};

/* A sequence on its way. */
struct run {
    struct atto_cbor cbor;
    const struct atto_conditions *conditions; /* NULL: only read */
    uint32_t commands;                        /* that may stand here */
    uint32_t command_at;                      /* where the present one begins */
    struct parameters values;
    struct atto_order *order;
    uint32_t done; /* commands that were done, one bit each */
};

/*@ predicate sound_values(struct parameters *values, uint8_t *bytes) =
        (values->vendor_id == \null || inside(values->vendor_id, ATTO_IDENTITY_BYTES, bytes, head_end)) &&
        (values->class_id == \null || inside(values->class_id, ATTO_IDENTITY_BYTES, bytes, head_end)) &&
        (values->device_id == \null || inside(values->device_id, ATTO_IDENTITY_BYTES, bytes, head_end)) &&
        (values->digest == \null || inside(values->digest, ATTO_SHA256_BYTES, bytes, head_end)) &&
        inside(values->uri.ptr, values->uri.len, bytes, head_end);

    // What a run that judges works with; one that reads has none of it.
    predicate may_judge(struct run *run) =
        \separated(run, run->order) &&
        (run->conditions == \null ||
         (\valid_read(run->conditions) && \valid_read(run->conditions->identity) && \valid(run->order) &&
          \separated(run, run->conditions) && \separated(run->order, run->conditions)));

    predicate is_judged(enum atto_status status) = ATTO_E_ABORT <= status <= ATTO_E_VENDOR;

    predicate sound_run(struct run *run) =
        in_head(&run->cbor) && sound_values(&run->values, run->cbor.bytes) && may_judge(run) &&
        (run->conditions != \null ==> sound_order(run->order, run->cbor.bytes, head_end)); */

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
    uint32_t count, algorithm, any = 0;

    if (!atto_cbor_head(cbor, ATTO_CBOR_ARRAY, &count) || count != 2 || !atto_cbor_key(cbor, &any, &algorithm) ||
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

/*@ requires \valid(cbor) && \valid(values) && \separated(cbor, values) && in_head(cbor);
    requires sound_values(values, cbor->bytes);
    terminates \true; exits \false;
    assigns cbor->pos, cbor->len, values->vendor_id, values->class_id, values->device_id, values->digest, values->uri.ptr,
            values->uri.len, values->image_bytes;
    ensures sound_reader(cbor) && cbor->len <= \old(cbor->len);
    ensures \result != ATTO_E_ENVELOPE ==> cbor->len == \old(cbor->len);
    ensures \result == ATTO_OK ==> sound_values(values, cbor->bytes);
    ensures \result == ATTO_OK || \result == ATTO_E_ENVELOPE || \result == ATTO_E_UNSUPPORTED; */
static enum atto_status read_parameter(struct atto_cbor *cbor, uint32_t key, struct parameters *values)
{
    bool fine;

    switch (key) {
    case SUIT_VENDOR:
        fine = read_bytes(cbor, ATTO_IDENTITY_BYTES, &values->vendor_id);
        break;
    case SUIT_CLASS:
        fine = read_bytes(cbor, ATTO_IDENTITY_BYTES, &values->class_id);
        break;
    case SUIT_DEVICE:
        fine = read_bytes(cbor, ATTO_IDENTITY_BYTES, &values->device_id);
        break;
    case PARAMETER_DIGEST:
        fine = read_digest(cbor, &values->digest);
        break;
    case PARAMETER_SIZE:
        fine = atto_cbor_uint(cbor, UINT32_MAX, &values->image_bytes);
        break;
    case PARAMETER_URI:
        fine = atto_cbor_text(cbor, 1, ATTO_URI_MAX, &values->uri);
        break;
    default:
        return ATTO_E_UNSUPPORTED;
    }
    return fine ? ATTO_OK : ATTO_E_ENVELOPE;
}

/*@ requires \valid(cbor) && \valid(values) && \separated(cbor, values) && in_head(cbor);
    requires sound_values(values, cbor->bytes);
    terminates \true; exits \false;
    assigns cbor->pos, cbor->len, values->vendor_id, values->class_id, values->device_id, values->digest, values->uri.ptr,
            values->uri.len, values->image_bytes;
    ensures sound_reader(cbor) && cbor->len <= \old(cbor->len);
    ensures \result == ATTO_OK ==> cbor->len == \old(cbor->len) && sound_values(values, cbor->bytes);
    ensures \result == ATTO_OK || \result == ATTO_E_ENVELOPE || \result == ATTO_E_UNSUPPORTED; */
static enum atto_status read_parameters(struct atto_cbor *cbor, struct parameters *values)
{
    uint32_t count, key, start, next = 0;
    enum atto_status status;

    if (!atto_cbor_head(cbor, ATTO_CBOR_MAP, &count))
        return ATTO_E_ENVELOPE;
    /*@ loop invariant 0 <= i <= count && sound_reader(cbor) && cbor->len == \at(cbor->len, LoopEntry);
        loop invariant sound_values(values, cbor->bytes);
        loop assigns i, start, next, key, status, cbor->pos, cbor->len, values->vendor_id, values->class_id, values->device_id,
            values->digest, values->uri.ptr, values->uri.len, values->image_bytes;
        loop variant count - i; */
    for (uint32_t i = 0; i < count; i++) {
        start = cbor->pos;
        if (!atto_cbor_key(cbor, &next, &key))
            return ATTO_E_ENVELOPE;
        status = read_parameter(cbor, key, values);
        if (status == ATTO_E_UNSUPPORTED)
            cbor->pos = start;
        if (status != ATTO_OK)
            return status;
    }
    return ATTO_OK;
}

/* A condition on one of the device's identifiers: the parameter must have been set. */
/*@ requires wanted == \null || readable(wanted, ATTO_IDENTITY_BYTES);
    requires readable(is, ATTO_IDENTITY_BYTES);
    terminates \true; exits \false; assigns \nothing; */
static enum atto_status compare(const uint8_t *wanted, const uint8_t *is, enum atto_status otherwise)
{
    if (wanted == NULL)
        return ATTO_E_ENVELOPE;
    return memcmp(wanted, is, ATTO_IDENTITY_BYTES) == 0 ? ATTO_OK : otherwise;
}

/* Orders a fetch: only one, and only of something whose size and digest are known. */
/*@ requires \valid_read(run) && \valid(run->order) && \separated(run, run->order);
    requires sound_values(&run->values, run->cbor.bytes) && sound_order(run->order, run->cbor.bytes, head_end);
    terminates \true; exits \false;
    assigns run->order->digest, run->order->image_bytes, run->order->uri.ptr, run->order->uri.len;
    ensures sound_order(run->order, run->cbor.bytes, head_end); */
static enum atto_status fetch(const struct run *run)
{
    const struct parameters *values = &run->values;

    if ((run->done & 1u << SUIT_FETCH) != 0 || values->digest == NULL || values->uri.len == 0 || values->image_bytes == 0)
        return ATTO_E_ENVELOPE;
    run->order->digest = values->digest;
    run->order->image_bytes = values->image_bytes;
    run->order->uri.ptr = values->uri.ptr;
    run->order->uri.len = values->uri.len;
    return ATTO_OK;
}

/* What a command that has been read means for the device. */
/*@ requires \valid(run) && run->conditions != \null && sound_run(run) && command < 32;
    terminates \true; exits \false;
    assigns run->done, run->order->digest, run->order->image_bytes, run->order->uri.ptr, run->order->uri.len,
            run->order->invoke;
    ensures sound_order(run->order, run->cbor.bytes, head_end); */
static enum atto_status judge(struct run *run, uint32_t command)
{
    const struct atto_identity *identity = run->conditions->identity;
    enum atto_status status = ATTO_OK;

    switch (command) {
    case SUIT_VENDOR:
        status = compare(run->values.vendor_id, identity->vendor_id, ATTO_E_VENDOR);
        break;
    case SUIT_CLASS:
        status = compare(run->values.class_id, identity->class_id, ATTO_E_CLASS);
        break;
    case SUIT_DEVICE:
        status = compare(run->values.device_id, identity->device_id, ATTO_E_DEVICE);
        break;
    case SUIT_IMAGE_MATCH:
        /* Of what was fetched, and by no other digest. */
        if (run->order->digest == NULL || run->order->digest != run->values.digest)
            status = ATTO_E_ENVELOPE;
        break;
    case SUIT_ABORT:
        status = ATTO_E_ABORT;
        break;
    case SUIT_FETCH:
        status = fetch(run);
        break;
    case SUIT_INVOKE:
        run->order->invoke = true;
        break;
    default:
        break;
    }
    run->done |= 1u << command;
    return status;
}

/*@ requires \valid(run) && in_head(&run->cbor) && sound_values(&run->values, run->cbor.bytes);
    terminates \true; exits \false;
    assigns run->cbor.pos, run->cbor.len, run->values.vendor_id, run->values.class_id, run->values.device_id,
            run->values.digest, run->values.uri.ptr, run->values.uri.len, run->values.image_bytes;
    ensures sound_reader(&run->cbor) && run->cbor.len <= \old(run->cbor.len);
    ensures \result == ATTO_OK ==>
        run->cbor.len == \old(run->cbor.len) && sound_values(&run->values, run->cbor.bytes);
    ensures \result == ATTO_OK || \result == ATTO_E_ENVELOPE || \result == ATTO_E_UNSUPPORTED; */
static enum atto_status read_argument(struct run *run, uint32_t command)
{
    uint32_t number;

    if (command == SUIT_OVERRIDE)
        return read_parameters(&run->cbor, &run->values);
    if (!atto_cbor_uint(&run->cbor, command == SUIT_SET_COMPONENT ? 0 : POLICY_MAX, &number))
        return ATTO_E_ENVELOPE;
    return ATTO_OK;
}

/* Reads a command with its argument, and in judging does it. */
static enum atto_status step(struct run *run, uint32_t command)
{
    enum atto_status status = read_argument(run, command);

    if (status != ATTO_OK || run->conditions == NULL)
        return status;
    status = judge(run, command);
    if (status != ATTO_OK)
        run->cbor.pos = run->command_at;
    return status;
}

/* Reads how many commands there are, and the number of one. */
/*@ requires \valid(run) && \valid(count) && \separated(run, count) && sound_reader(&run->cbor);
    terminates \true; exits \false; assigns run->cbor.pos, *count;
    ensures sound_reader(&run->cbor);
    ensures \result ==> *count <= COMMANDS_MAX; */
static bool read_count(struct run *run, uint32_t *count)
{
    if (!atto_cbor_head(&run->cbor, ATTO_CBOR_ARRAY, count) || *count % 2u != 0 || *count / 2u > COMMANDS_MAX)
        return false;
    *count /= 2u;
    return true;
}

/*@ requires \valid(run) && \valid(command) && \separated(run, command) && sound_reader(&run->cbor);
    terminates \true; exits \false; assigns run->cbor.pos, run->command_at, *command;
    ensures sound_reader(&run->cbor) && run->command_at <= run->cbor.len;
    ensures \result == ATTO_OK ==> *command < 32;
    ensures \result == ATTO_OK || \result == ATTO_E_ENVELOPE || \result == ATTO_E_UNSUPPORTED; */
static enum atto_status read_command(struct run *run, uint32_t commands, uint32_t *command)
{
    run->command_at = run->cbor.pos;
    if (!atto_cbor_uint(&run->cbor, UINT32_MAX, command)) {
        uint32_t any = 0;

        return atto_cbor_key(&run->cbor, &any, command) ? ATTO_E_UNSUPPORTED : ATTO_E_ENVELOPE;
    }
    if (*command < 32u && (commands & 1u << *command) != 0)
        return ATTO_OK;
    run->cbor.pos = run->command_at;
    return ATTO_E_UNSUPPORTED;
}

static enum atto_status run_alternative(struct run *run)
{
    enum atto_status status;
    uint32_t count, command;

    if (!read_count(run, &count))
        return ATTO_E_ENVELOPE;
    for (uint32_t i = 0; i < count; i++) {
        status = read_command(run, run->commands & ~(1u << SUIT_TRY_EACH), &command);
        if (status == ATTO_OK)
            status = step(run, command);
        if (status != ATTO_OK)
            return status;
    }
    return run->cbor.pos == run->cbor.len ? ATTO_OK : ATTO_E_ENVELOPE;
}

/*@ terminates \true; exits \false; assigns \nothing;
    ensures \result ==> is_judged(status); */
static bool is_condition(enum atto_status status)
{
    return status <= ATTO_E_VENDOR && status >= ATTO_E_ABORT;
}

/*@ requires \valid(to) && \valid_read(from) && \separated(to, from);
    terminates \true; exits \false;
    assigns to->vendor_id, to->class_id, to->device_id, to->digest, to->uri.ptr, to->uri.len, to->image_bytes;
    ensures to->vendor_id == from->vendor_id && to->class_id == from->class_id && to->device_id == from->device_id;
    ensures to->digest == from->digest && to->uri.ptr == from->uri.ptr && to->uri.len == from->uri.len; */
static void copy(struct parameters *to, const struct parameters *from)
{
    to->vendor_id = from->vendor_id;
    to->class_id = from->class_id;
    to->device_id = from->device_id;
    to->digest = from->digest;
    to->uri.ptr = from->uri.ptr;
    to->uri.len = from->uri.len;
    to->image_bytes = from->image_bytes;
}

/* The first alternative whose conditions hold counts; what the ones before it have set is forgotten. A null as the last
 * one always holds. */
static enum atto_status run_try_each(struct run *run)
{
    enum atto_status status, verdict = ATTO_E_ABORT;
    uint32_t count, outer, done;
    struct parameters before;

    if (!atto_cbor_head(&run->cbor, ATTO_CBOR_ARRAY, &count) || count == 0 || count > COMMANDS_MAX)
        return ATTO_E_ENVELOPE;
    for (uint32_t i = 0; i < count; i++) {
        if (i != 0 && i == count - 1u && atto_cbor_null(&run->cbor))
            return ATTO_OK;
        copy(&before, &run->values);
        done = run->done;
        if (!atto_cbor_enter(&run->cbor, &outer))
            return ATTO_E_ENVELOPE;
        if (run->conditions == NULL || verdict != ATTO_OK) {
            status = run_alternative(run);
            if (status != ATTO_OK && !is_condition(status))
                return status;
            verdict = status;
            if (status != ATTO_OK || run->conditions == NULL) {
                copy(&run->values, &before);
                run->done = done;
            }
        }
        run->cbor.pos = run->cbor.len;
        run->cbor.len = outer;
    }
    return verdict;
}

static enum atto_status run_sequence(struct run *run)
{
    enum atto_status status;
    uint32_t count, command;

    if (!read_count(run, &count))
        return ATTO_E_ENVELOPE;
    for (uint32_t i = 0; i < count; i++) {
        status = read_command(run, run->commands, &command);
        if (status == ATTO_OK)
            status = command == SUIT_TRY_EACH ? run_try_each(run) : step(run, command);
        if (status != ATTO_OK)
            return status;
    }
    return ATTO_OK;
}

/* For each kind, the commands that may stand in it, and those of them that must be done. */
#define ANYWHERE                                                                                                   \
    (1u << SUIT_VENDOR | 1u << SUIT_CLASS | 1u << SUIT_DEVICE | 1u << SUIT_ABORT | \
     1u << SUIT_SET_COMPONENT | 1u << SUIT_TRY_EACH | 1u << SUIT_OVERRIDE)
static const struct {
    uint32_t commands, needed;
} kinds[ATTO_SEQUENCES] = {
    [ATTO_SEQUENCE_SHARED] = { ANYWHERE, 1u << SUIT_VENDOR | 1u << SUIT_CLASS },
    [ATTO_SEQUENCE_INSTALL] = { ANYWHERE | 1u << SUIT_IMAGE_MATCH | 1u << SUIT_FETCH,
                                1u << SUIT_IMAGE_MATCH | 1u << SUIT_FETCH },
    [ATTO_SEQUENCE_VALIDATE] = { ANYWHERE | 1u << SUIT_IMAGE_MATCH, 1u << SUIT_IMAGE_MATCH },
    [ATTO_SEQUENCE_INVOKE] = { ANYWHERE | 1u << SUIT_INVOKE, 1u << SUIT_INVOKE },
};

/*@ requires \valid(run);
    terminates \true; exits \false; assigns *run;
    ensures run->conditions == \null && run->order == \null && run->values.vendor_id == \null &&
            run->values.class_id == \null && run->values.device_id == \null && run->values.digest == \null &&
            run->values.uri.len == 0; */
static void clear(struct run *run)
{
    *run = (struct run){0};
}

enum atto_status atto_sequence_read(struct atto_cbor *cbor, enum atto_sequence kind)
{
    struct run run;
    enum atto_status status;

    clear(&run);
    run.commands = kinds[kind].commands;
    run.cbor.bytes = cbor->bytes;
    run.cbor.len = cbor->len;
    run.cbor.pos = cbor->pos;
    status = run_sequence(&run);
    cbor->len = run.cbor.len;
    cbor->pos = run.cbor.pos;
    return status;
}

/* The shared sequence comes before each of the others, so each of them begins with what it has set. */
static enum atto_status judge_all(struct run *run, const struct atto_envelope *envelope)
{
    struct parameters shared;
    enum atto_status status = ATTO_OK;

    copy(&shared, &run->values);
    run->cbor.bytes = envelope->head;
    for (uint32_t kind = 0; status == ATTO_OK && kind < ATTO_SEQUENCES && envelope->sequences[kind].end != 0; kind++) {
        run->cbor.pos = envelope->sequences[kind].at;
        run->cbor.len = envelope->sequences[kind].end;
        run->commands = kinds[kind].commands;
        copy(&run->values, &shared);
        run->done = 0;
        status = run_sequence(run);
        if (status == ATTO_OK && (run->done & kinds[kind].needed) != kinds[kind].needed)
            status = ATTO_E_ENVELOPE;
        if (status == ATTO_OK && kind == ATTO_SEQUENCE_SHARED)
            copy(&shared, &run->values);
    }
    return status;
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

enum atto_status atto_envelope_judge(const struct atto_envelope *envelope, const struct atto_conditions *conditions,
                                     struct atto_order *order, struct atto_refusal *refusal)
{
    struct atto_order found = {0};
    struct run run;
    enum atto_status status;

    if (!is_name(envelope->component.tenant) || !is_name(envelope->component.container))
        return atto_refuse(refusal, ATTO_E_ARGUMENT, 0);
    if (envelope->sequence <= conditions->sequence)
        return atto_refuse(refusal, ATTO_E_SEQUENCE, envelope->manifest.at);
    clear(&run);
    run.conditions = conditions;
    run.order = &found;
    status = judge_all(&run, envelope);
    if (status != ATTO_OK)
        return atto_refuse(refusal, status, run.cbor.pos);
    status = find_image(envelope, &found);
    if (status != ATTO_OK)
        return atto_refuse(refusal, status, envelope->sequences[ATTO_SEQUENCE_INSTALL].at);
    found.sequence = envelope->sequence;
    give(order, &found);
    return ATTO_OK;
}
