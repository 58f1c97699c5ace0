/* Runs the command sequences of a manifest, see sequence.h. There are two ways to go through one: reading it for no
 * device, which visits every alternative and takes every condition for true, and judging, which does what the device
 * would do. Both are the same code, so that nothing is judged that was not read. A sequence in a sequence is an
 * alternative of try-each and cannot have one itself: two levels, two loops, no recursion.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "deploy/fragment.h"
#include "deploy/sequence.h"

enum { PARAMETER_DIGEST = 3, PARAMETER_SIZE = 14, PARAMETER_URI = 21 };

/* Parameters that name the device, in the order of struct atto_identity. The condition on each has the same number, and
 * the statuses of conditions that do not hold are in the same order. */
static const uint8_t identifiers[] = { SUIT_VENDOR, SUIT_CLASS, SUIT_DEVICE };
#define IDENTIFIERS sizeof identifiers
_Static_assert(sizeof(struct atto_identity) == IDENTIFIERS * ATTO_IDENTITY_BYTES && ATTO_E_CLASS == ATTO_E_VENDOR - 1 &&
                   ATTO_E_DEVICE == ATTO_E_VENDOR - 2,
               "one order");

#define DIGEST_SHA256 ATTO_CBOR_MINUS(16u) /* RFC 9054 section 2.1 */
#define POLICY_MAX 15u                     /* what should be reported of a command; Atto reports in its own way */
#define COMMANDS_MAX 32u

/* The parameters as they are at the moment. Empty, or 0: not set. */
struct parameters {
    struct atto_span identity[IDENTIFIERS];
    struct atto_span digest, uri;
    uint32_t image_bytes;
};

struct run {
    struct atto_cbor cbor;
    const struct atto_conditions *conditions; /* NULL: only read */
    uint32_t commands;                        /* that may stand here */
    uint32_t command_at;                      /* where the present one begins */
    struct parameters set;
    struct atto_order *order;
    uint32_t done; /* commands that were done, one bit each */
};

bool atto_suit_digest(struct atto_cbor *cbor, struct atto_span *digest)
{
    uint32_t count, algorithm, any = 0;

    return atto_cbor_head(cbor, ATTO_CBOR_ARRAY, &count) && count == 2 && atto_cbor_key(cbor, &any, &algorithm) &&
           algorithm == DIGEST_SHA256 && atto_cbor_bytes(cbor, ATTO_SHA256_BYTES, ATTO_SHA256_BYTES, digest);
}

/* IDENTIFIERS: it is none. */
static uint32_t identifier(uint32_t number)
{
    uint32_t i = 0;
    while (i < IDENTIFIERS && identifiers[i] != number)
        i++;
    return i;
}

static enum atto_status read_parameter(struct atto_cbor *cbor, uint32_t key, struct parameters *set)
{
    uint32_t outer, index = identifier(key);
    bool fine;

    if (index < IDENTIFIERS)
        return atto_cbor_bytes(cbor, ATTO_IDENTITY_BYTES, ATTO_IDENTITY_BYTES, &set->identity[index]) ? ATTO_OK
                                                                                              : ATTO_E_ENVELOPE;
    switch (key) {
    case PARAMETER_DIGEST:
        fine = atto_cbor_enter(cbor, &outer) && atto_suit_digest(cbor, &set->digest) && atto_cbor_leave(cbor, outer);
        break;
    case PARAMETER_SIZE:
        fine = atto_cbor_uint(cbor, UINT32_MAX, &set->image_bytes);
        break;
    case PARAMETER_URI:
        fine = atto_cbor_text(cbor, 1, ATTO_URI_MAX, &set->uri);
        break;
    default:
        return ATTO_E_UNSUPPORTED;
    }
    return fine ? ATTO_OK : ATTO_E_ENVELOPE;
}

static enum atto_status read_parameters(struct atto_cbor *cbor, struct parameters *set)
{
    uint32_t count, key, start, next = 0;
    enum atto_status status;

    if (!atto_cbor_head(cbor, ATTO_CBOR_MAP, &count))
        return ATTO_E_ENVELOPE;
    for (uint32_t i = 0; i < count; i++) {
        start = cbor->pos;
        if (!atto_cbor_key(cbor, &next, &key))
            return ATTO_E_ENVELOPE;
        status = read_parameter(cbor, key, set);
        if (status == ATTO_E_UNSUPPORTED)
            cbor->pos = start;
        if (status != ATTO_OK)
            return status;
    }
    return ATTO_OK;
}

/* A condition on one of the device's identifiers: the parameter must have been set. */
static enum atto_status compare(const struct run *run, uint32_t index)
{
    const uint8_t *is = (const uint8_t *)run->conditions->identity + index * ATTO_IDENTITY_BYTES;
    struct atto_span set = run->set.identity[index];

    if (set.len == 0)
        return ATTO_E_ENVELOPE;
    return memcmp(set.ptr, is, ATTO_IDENTITY_BYTES) == 0 ? ATTO_OK : (enum atto_status)(ATTO_E_VENDOR - (int32_t)index);
}

/* Orders a fetch: only one, and only of something whose size and digest are known. */
static enum atto_status fetch(struct run *run)
{
    const struct parameters *set = &run->set;

    if ((run->done & 1u << SUIT_FETCH) != 0 || set->digest.len == 0 || set->uri.len == 0 || set->image_bytes == 0)
        return ATTO_E_ENVELOPE;
    run->order->digest = set->digest.ptr;
    run->order->image_bytes = set->image_bytes;
    run->order->uri = set->uri;
    return ATTO_OK;
}

/* What a command that has been read means for the device. */
static enum atto_status judge(struct run *run, uint32_t command)
{
    uint32_t index = identifier(command);
    enum atto_status status = ATTO_OK;

    if (index < IDENTIFIERS)
        status = compare(run, index);
    switch (command) {
    case SUIT_IMAGE_MATCH:
        /* Of what was fetched, and by no other digest. */
        status = run->order->digest != NULL && run->order->digest == run->set.digest.ptr ? ATTO_OK : ATTO_E_ENVELOPE;
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

/* Reads a command with its argument, and in judging does it. */
static enum atto_status step(struct run *run, uint32_t command)
{
    enum atto_status status = ATTO_OK;
    uint32_t number;

    if (command == SUIT_OVERRIDE)
        status = read_parameters(&run->cbor, &run->set);
    else if (!atto_cbor_uint(&run->cbor, command == SUIT_SET_COMPONENT ? 0 : POLICY_MAX, &number))
        status = ATTO_E_ENVELOPE;
    if (status != ATTO_OK || run->conditions == NULL)
        return status;
    status = judge(run, command);
    if (status != ATTO_OK)
        run->cbor.pos = run->command_at;
    return status;
}

/* Reads how many commands there are, and the number of one. */
static bool read_count(struct run *run, uint32_t *count)
{
    if (!atto_cbor_head(&run->cbor, ATTO_CBOR_ARRAY, count) || *count % 2u != 0 || *count / 2u > COMMANDS_MAX)
        return false;
    *count /= 2u;
    return true;
}

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

static bool is_condition(enum atto_status status)
{
    return status <= ATTO_E_VENDOR && status >= ATTO_E_ABORT;
}

/* The first alternative whose conditions hold counts; what the ones before it have set is forgotten. A null as the last
 * one always holds. */
static enum atto_status run_try_each(struct run *run)
{
    enum atto_status status, verdict = ATTO_E_ABORT;
    uint32_t count, outer;

    if (!atto_cbor_head(&run->cbor, ATTO_CBOR_ARRAY, &count) || count == 0 || count > COMMANDS_MAX)
        return ATTO_E_ENVELOPE;
    for (uint32_t i = 0; i < count; i++) {
        const struct parameters before = run->set;
        const uint32_t done = run->done;

        if (i != 0 && i == count - 1u && atto_cbor_null(&run->cbor))
            return ATTO_OK;
        if (!atto_cbor_enter(&run->cbor, &outer))
            return ATTO_E_ENVELOPE;
        if (run->conditions == NULL || verdict != ATTO_OK) {
            status = run_alternative(run);
            if (status != ATTO_OK && !is_condition(status))
                return status;
            verdict = status;
            if (status != ATTO_OK || run->conditions == NULL) {
                run->set = before;
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

enum atto_status atto_sequence_read(struct atto_cbor *cbor, enum atto_sequence kind)
{
    struct run run;
    enum atto_status status;

    memset(&run, 0, sizeof run);
    run.cbor = *cbor;
    run.commands = kinds[kind].commands;
    status = run_sequence(&run);
    *cbor = run.cbor;
    return status;
}

/* The shared sequence comes before each of the others, so each of them begins with what it has set. */
static enum atto_status judge_all(struct run *run, const struct atto_envelope *envelope)
{
    struct parameters shared = run->set;
    enum atto_status status = ATTO_OK;

    run->cbor.bytes = envelope->head;
    for (uint32_t kind = 0; status == ATTO_OK && kind < ATTO_SEQUENCES && envelope->sequences[kind].end != 0; kind++) {
        run->cbor.pos = envelope->sequences[kind].at;
        run->cbor.len = envelope->sequences[kind].end;
        run->commands = kinds[kind].commands;
        run->set = shared;
        run->done = 0;
        status = run_sequence(run);
        if (status == ATTO_OK && (run->done & kinds[kind].needed) != kinds[kind].needed)
            status = ATTO_E_ENVELOPE;
        if (kind == ATTO_SEQUENCE_SHARED)
            shared = run->set;
    }
    return status;
}

/* The image is behind the head exactly if the manifest calls it by the name that it has there. */
static enum atto_status find_image(const struct atto_envelope *envelope, struct atto_order *order)
{
    order->integrated = envelope->payload_key.len != 0;
    if (order->integrated ? !atto_same_span(order->uri, envelope->payload_key) : order->uri.ptr[0] == '#')
        return ATTO_E_ENVELOPE;
    return order->integrated && envelope->payload_bytes != order->image_bytes ? ATTO_E_LENGTH : ATTO_OK;
}

static bool is_name(struct atto_span name)
{
    return atto_cbor_is_plain_text(name.ptr, name.len);
}

enum atto_status atto_envelope_judge(const struct atto_envelope *envelope, const struct atto_conditions *conditions,
                                     struct atto_order *order, struct atto_refusal *refusal)
{
    struct atto_order found;
    enum atto_status status;
    struct run run;

    if (!is_name(envelope->component.tenant) || !is_name(envelope->component.container))
        return atto_refuse(refusal, ATTO_E_ARGUMENT, 0);
    if (envelope->sequence <= conditions->sequence)
        return atto_refuse(refusal, ATTO_E_SEQUENCE, envelope->manifest.at);
    memset(&found, 0, sizeof found);
    memset(&run, 0, sizeof run);
    run.conditions = conditions;
    run.order = &found;
    status = judge_all(&run, envelope);
    if (status != ATTO_OK)
        return atto_refuse(refusal, status, run.cbor.pos);
    status = find_image(envelope, &found);
    if (status != ATTO_OK)
        return atto_refuse(refusal, status, envelope->sequences[ATTO_SEQUENCE_INSTALL].at);
    found.sequence = envelope->sequence;
    *order = found;
    return ATTO_OK;
}
