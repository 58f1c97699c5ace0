/* Installs envelopes, see atto/deploy.h. The order is what makes it safe: the signature before flash is touched, the
 * digest before the engine sees the image, the engine's judgement before it becomes true, and the commit before anything
 * of the new version runs.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "atto/trusted.h"
#include "base/compiler.h"
#include "deploy/deployment.h"

void atto_install_begin(struct atto_installer *installer, struct atto_deploy *deploy)
{
    memset(installer, 0, offsetof(struct atto_installer, head));
    installer->deploy = deploy;
    installer->tenant = ATTO_E_NOT_FOUND;
}

void atto_install_abandon(struct atto_installer *installer)
{
    if (installer->state == ATTO_INSTALL_IMAGE)
        atto_slots_abandon(installer->deploy->slots, &installer->writer);
    installer->state = ATTO_INSTALL_OVER;
}

/* Whose an image is, and what it is to become. */
struct target {
    int32_t tenant;    /* negative: there is no such one */
    uint32_t keys;     /* which one of its keys has verified the signature; 0: none has */
    uint32_t number;   /* of the component, or a new one */
    uint32_t sequence; /* the last one */
    struct atto_deploy_tries *tries; /* names that are new share their tenant's count, so that no number is held up */
};

/* Finds the component of this name, of target->tenant. */
static enum atto_status find(const struct atto_deploy *deploy, const struct atto_component *names,
                             struct target *target)
{
    struct atto_place place = atto_deploy_look_up(deploy, names);
    struct atto_deploy_tenant *tenant = atto_deploy_tenant(deploy, (uint32_t)target->tenant);
    int32_t number = place.number;
    target->tries = &tenant->tries;
    if (number >= 0)
        target->tries = &deploy->config->components[number].tries;
    else if (tenant->components != 0u && place.siblings >= tenant->components)
        return ATTO_E_QUOTA;
    else
        number = place.free;
    target->number = (uint32_t)number;
    return number < 0 ? (enum atto_status)number : atto_slots_sequence(deploy->slots, target->number, &target->sequence);
}

/* Has so many images come for a sequence number, or for lower ones, that the next one has to wait? */
static bool has_to_wait(const struct atto_deploy *deploy, const struct atto_deploy_tries *tries, uint32_t sequence)
{
    return sequence <= tries->sequence && tries->count >= ATTO_INSTALL_TRIES &&
           atto_deploy_now(deploy) - tries->at < ATTO_DEPLOY_TICKS(ATTO_INSTALL_PAUSE_S * 1000000ull);
}

/* Counts an image for which a slot was erased. */
static void count_try(const struct atto_deploy *deploy, struct atto_deploy_tries *tries, uint32_t sequence)
{
    if (sequence > tries->sequence) {
        tries->sequence = sequence;
        tries->count = 0;
    }
    if (tries->count < ATTO_INSTALL_TRIES)
        tries->count++;
    tries->at = atto_deploy_now(deploy);
}

/* Opens a slot for the image that is ordered. */
static enum atto_status open_slot(struct atto_installer *installer)
{
    enum atto_status status = atto_slots_open(installer->deploy->slots, &installer->writer,
                                              installer->order.image_bytes);
    if (status == ATTO_OK)
        installer->state = ATTO_INSTALL_IMAGE;
    return status;
}

/* Judges a head that is complete. */
static enum atto_status judge(const struct atto_deploy *deploy, const struct atto_envelope *envelope,
                              struct target *target, struct atto_order *order, struct atto_refusal *refusal)
{
    struct atto_conditions conditions = { .identity = deploy->config->identity };
    *target = (struct target){ .tenant = atto_deploy_tenant_named(deploy, envelope->component.tenant) };
    if (target->tenant < 0)
        return ATTO_E_SIGNER;
    const struct atto_deploy_tenant *tenant = atto_deploy_tenant(deploy, (uint32_t)target->tenant);
    enum atto_status status = atto_envelope_verify(envelope, &tenant->signer, deploy->config->crypto);
    if (status != ATTO_OK)
        return status;
    target->keys = tenant->keys;
    status = find(deploy, &envelope->component, target);
    conditions.sequence = target->sequence;
    return status == ATTO_OK ? atto_envelope_judge(envelope, &conditions, order, refusal) : status;
}

/* Takes the head that was read, and opens a slot for its image. */
static enum atto_status order_image(struct atto_installer *installer, const struct atto_envelope *envelope)
{
    struct target target;
    enum atto_status status = judge(installer->deploy, envelope, &target, &installer->order, &installer->refusal);
    installer->tenant = target.tenant;
    installer->keys = target.keys;
    installer->component = target.number;
    if (status == ATTO_OK && has_to_wait(installer->deploy, target.tries, installer->order.sequence))
        status = ATTO_E_QUOTA;
    if (status == ATTO_OK)
        status = open_slot(installer);
    if (status == ATTO_OK || status == ATTO_E_FLASH)
        count_try(installer->deploy, target.tries, installer->order.sequence);
    return status;
}

int32_t atto_install_signer(const struct atto_deploy *deploy, const uint8_t *bytes, uint32_t len)
{
    struct atto_envelope envelope;
    struct atto_order order;
    struct target target;
    enum atto_status status = atto_envelope_read(bytes, len, &envelope, NULL);
    if (status == ATTO_OK)
        status = judge(deploy, &envelope, &target, &order, NULL);
    if (status != ATTO_OK)
        return status;
    return has_to_wait(deploy, target.tries, order.sequence) ? (int32_t)ATTO_E_QUOTA : target.tenant;
}

/* May what begins here, and was refused, be cut off? The longest head of an item has 5 bytes; behind that a string may. */
static bool may_go_on(const uint8_t *bytes, uint32_t len)
{
    return len < 5u || bytes[0] / 64u == 1u; /* types 2 and 3 */
}

/* Takes as many bytes as belong to the head or may belong to it. Returns how many it has taken; the rest is image. */
static uint32_t take_head(struct atto_installer *installer, const uint8_t *bytes, uint32_t len,
                          enum atto_status *status)
{
    struct atto_envelope envelope;
    uint32_t before = installer->head_len, room = ATTO_ENVELOPE_HEAD_MAX - before, taken = len < room ? len : room;
    memcpy(installer->head + before, bytes, taken);
    installer->head_len += taken;
    *status = atto_envelope_read(installer->head, installer->head_len, &envelope, &installer->refusal);
    if (*status == ATTO_OK) {
        installer->head_len = envelope.head_bytes; /* what is behind the head was taken too soon */
        taken = envelope.head_bytes - before;
        installer->names = envelope.component;
        installer->names_cbor = envelope.component_cbor;
        installer->refusal = (struct atto_refusal){ ATTO_OK, 0 };
        *status = order_image(installer, &envelope);
    } else if (installer->head_len < ATTO_ENVELOPE_HEAD_MAX &&
               may_go_on(installer->head + installer->refusal.at, installer->head_len - installer->refusal.at)) {
        *status = ATTO_OK;
    }
    return taken;
}

/* Gives it up, and tells so. Returns the status. */
static enum atto_status refused(struct atto_installer *installer, enum atto_status status)
{
    const uint32_t tenant = installer->tenant >= 0 ? (uint32_t)installer->tenant : ATTO_NO_TENANT;
    atto_install_abandon(installer);
    atto_deploy_refused(installer->deploy, tenant, installer->keys != 0u ? tenant : ATTO_NO_TENANT, status);
    return status;
}

/* The digest and the component, as it would be in an envelope, lie in the head. */
enum atto_status atto_install_trusted(struct atto_installer *installer, struct atto_deploy *deploy,
                                      const struct atto_component *component, uint32_t image_bytes,
                                      const uint8_t *digest)
{
    struct atto_cbor_writer writer = { installer->head + ATTO_SHA256_BYTES, ATTO_COMPONENT_CBOR_MAX, 0 };
    atto_install_begin(installer, deploy);
    installer->state = ATTO_INSTALL_OVER;
    memcpy(installer->head, digest, ATTO_SHA256_BYTES);
    atto_cbor_put_head(&writer, ATTO_CBOR_ARRAY, component->tenant.len != 0u ? 2 : 1);
    if (component->tenant.len != 0u)
        atto_cbor_put_string(&writer, ATTO_CBOR_BYTES, component->tenant.ptr, component->tenant.len);
    atto_cbor_put_string(&writer, ATTO_CBOR_BYTES, component->container.ptr, component->container.len);
    struct atto_cbor cbor = { writer.bytes, writer.len, 0 };
    if (writer.len > writer.capacity || !atto_component_read(&cbor, &installer->names))
        return ATTO_E_ARGUMENT;
    installer->names_cbor = (struct atto_span){ writer.bytes, writer.len };
    installer->tenant = atto_deploy_tenant_named(deploy, installer->names.tenant);
    if (installer->tenant < 0)
        return ATTO_E_SIGNER;
    installer->keys = atto_deploy_tenant(deploy, (uint32_t)installer->tenant)->keys;
    struct target target = { .tenant = installer->tenant };
    enum atto_status status = find(deploy, &installer->names, &target);
    installer->component = target.number;
    installer->order.sequence = target.sequence + 1u;
    if (status == ATTO_OK && installer->order.sequence == 0u)
        status = ATTO_E_SEQUENCE;
    installer->order.image_bytes = image_bytes;
    installer->order.digest = installer->head;
    return status == ATTO_OK ? open_slot(installer) : status;
}

enum atto_status atto_install_bytes(struct atto_installer *installer, const uint8_t *bytes, uint32_t len)
{
    enum atto_status status = installer->state != ATTO_INSTALL_OVER ? ATTO_OK : ATTO_E_STATE;
    uint32_t taken = 0;
    if (status == ATTO_OK && len != 0u && installer->state == ATTO_INSTALL_HEAD)
        taken = take_head(installer, bytes, len, &status);
    if (status == ATTO_OK && taken != len)
        status = atto_slots_write(&installer->writer, bytes + taken, len - taken);
    return status == ATTO_OK || status == ATTO_E_STATE ? status : refused(installer, status);
}

/* Makes the new version true. */
static ATTO_APART enum atto_status commit(struct atto_installer *installer)
{
    struct atto_deploy *deploy = installer->deploy;
    uint32_t number = installer->component;
    struct atto_name_bytes name;
    struct atto_record records[ATTO_SLOTS_OWN_RECORDS + 3u];
    atto_name_record_make(&name, installer->order.invoke, installer->names_cbor);
    records[ATTO_SLOTS_OWN_RECORDS] = (struct atto_record){ ATTO_RECORD_KEY(ATTO_RECORD_NAME, number), name.value };
    records[ATTO_SLOTS_OWN_RECORDS + 1u] = atto_record_without(ATTO_RECORD_RIGHTS, number);
    records[ATTO_SLOTS_OWN_RECORDS + 2u] = atto_record_without(ATTO_RECORD_LIMITS, number);
    return atto_slots_commit(deploy->slots, &installer->writer, number, installer->order.sequence,
                             installer->order.digest, records, sizeof records / sizeof *records);
}

bool atto_install_is_void(const struct atto_installer *installer)
{
    return installer->keys != 0u &&
           installer->keys != atto_deploy_tenant(installer->deploy, (uint32_t)installer->tenant)->keys;
}

/* While the image came, another installer may have taken the number that was free, or be ahead, and a key may have been
 * changed. */
static bool is_still_right(const struct atto_installer *installer, struct target *target)
{
    *target = (struct target){ .tenant = installer->tenant };
    return !atto_install_is_void(installer) && find(installer->deploy, &installer->names, target) == ATTO_OK &&
           target->number == installer->component && target->sequence < installer->order.sequence;
}

/* Without the changes of rights and schedule that were made to an older version. */
static enum atto_status run(const struct atto_installer *installer, struct atto_span image, struct atto_report *report)
{
    const struct atto_install request = { .bytes = image.ptr, .len = image.len, .tenant = (uint32_t)installer->tenant };
    return atto_deploy_run(installer->deploy, installer->component, &request, report);
}

enum atto_status atto_install_finish(struct atto_installer *installer, struct atto_report *report)
{
    struct atto_deploy *deploy = installer->deploy;
    const struct atto_deploy_config *config = deploy->config;
    struct target target;
    struct atto_span image;
    uint32_t number = installer->component;
    if (installer->state != ATTO_INSTALL_IMAGE) {
        if (installer->state == ATTO_INSTALL_OVER)
            return ATTO_E_STATE;
        return refused(installer, installer->refusal.status != ATTO_OK ? installer->refusal.status : ATTO_E_LENGTH);
    }
    enum atto_status status = atto_slots_finish(config->slots, &installer->writer, &image);
    if (status == ATTO_OK && !is_still_right(installer, &target))
        status = ATTO_E_BUSY;
    if (status == ATTO_OK && !atto_digest_holds(config->crypto, image, installer->order.digest))
        status = ATTO_E_DIGEST;
    if (status == ATTO_OK)
        status = run(installer, image, report);
    if (status == ATTO_OK) {
        status = commit(installer);
        if (status != ATTO_OK) { /* nothing of it may run; what was there before is due */
            (void)atto_deploy_take_out(deploy, number);
            deploy->components[number].due = ATTO_DUE;
        }
    }
    if (status != ATTO_OK)
        return refused(installer, status);
    installer->state = ATTO_INSTALL_OVER; /* the commit has given the slot away */
    target.tries->count = 0;
    atto_deploy_begin(deploy, number, installer->order.invoke, true);
    return ATTO_OK;
}
