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

/* Finds the component's number, or a new one, its last sequence number, and what counts its images: names that are new
 * share their tenant's count, so that no number is held up for whoever comes next. */
static enum atto_status find_place(struct atto_installer *installer, uint32_t *sequence,
                                   struct atto_deploy_tries **tries)
{
    struct atto_place place = atto_deploy_look_up(installer->deploy, &installer->names);
    struct atto_deploy_tenant *tenant = atto_deploy_tenant(installer->deploy, (uint32_t)installer->tenant);
    int32_t number = place.number;
    *tries = &tenant->tries;
    if (number >= 0)
        *tries = &installer->deploy->config->components[number].tries;
    else if (tenant->components != 0u && place.siblings >= tenant->components)
        return ATTO_E_QUOTA;
    else
        number = place.free;
    installer->component = (uint32_t)number;
    return number < 0 ? (enum atto_status)number
                      : atto_slots_sequence(installer->deploy->slots, installer->component, sequence);
}

/* Each image that comes for a sequence number, or for a lower one, is counted; behind the last one they come slowly. */
static bool may_try(const struct atto_deploy *deploy, struct atto_deploy_tries *tries, uint32_t sequence)
{
    uint32_t now = atto_deploy_now(deploy);
    if (sequence > tries->sequence) {
        tries->sequence = sequence;
        tries->count = 0;
    }
    if (tries->count < ATTO_INSTALL_TRIES)
        tries->count++;
    else if (now - tries->at < ATTO_DEPLOY_TICKS(ATTO_INSTALL_PAUSE_S * 1000000ull))
        return false;
    tries->at = now;
    return true;
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

/* Judges a head that is complete, and opens a slot for its image. */
static enum atto_status judge(struct atto_installer *installer, const struct atto_envelope *envelope)
{
    const struct atto_deploy_config *config = installer->deploy->config;
    struct atto_conditions conditions = { .identity = config->identity };
    struct atto_deploy_tries *tries;
    installer->tenant = atto_deploy_tenant_named(installer->deploy, envelope->component.tenant);
    if (installer->tenant < 0)
        return ATTO_E_SIGNER;
    const struct atto_deploy_tenant *memory = atto_deploy_tenant(installer->deploy, (uint32_t)installer->tenant);
    installer->keys = memory->keys;
    enum atto_status status = atto_envelope_verify(envelope, &memory->signer, config->crypto);
    if (status != ATTO_OK)
        return status;
    status = find_place(installer, &conditions.sequence, &tries);
    if (status == ATTO_OK)
        status = atto_envelope_judge(envelope, &conditions, &installer->order, &installer->refusal);
    if (status != ATTO_OK)
        return status;
    if (!may_try(installer->deploy, tries, installer->order.sequence))
        return ATTO_E_QUOTA;
    return open_slot(installer);
}

/* Takes as many bytes as belong to the head or may belong to it. Returns how many it has taken; the rest is image. What
 * cannot be read yet may be cut off, until there is no more room for a head. */
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
        *status = judge(installer, &envelope);
    } else if (installer->head_len < ATTO_ENVELOPE_HEAD_MAX) {
        *status = ATTO_OK;
    }
    return taken;
}

/* Gives it up, and tells so. Returns the status. */
static enum atto_status refused(struct atto_installer *installer, enum atto_status status)
{
    atto_install_abandon(installer);
    atto_deploy_refused(installer->deploy, installer->tenant >= 0 ? (uint32_t)installer->tenant : ATTO_NO_TENANT, status);
    return status;
}

/* The digest and the component, as it would be in an envelope, lie in the head. */
enum atto_status atto_install_trusted(struct atto_installer *installer, struct atto_deploy *deploy,
                                      const struct atto_component *component, uint32_t image_bytes,
                                      const uint8_t *digest)
{
    struct atto_cbor_writer writer = { installer->head + ATTO_SHA256_BYTES, ATTO_COMPONENT_CBOR_MAX, 0 };
    struct atto_deploy_tries *tries; /* not counted: who calls this is trusted */
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
    enum atto_status status = find_place(installer, &installer->order.sequence, &tries);
    if (status == ATTO_OK && ++installer->order.sequence == 0u)
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

/* While the image came, another installer may have taken the number that was free, or be ahead, and a key may have been
 * changed. */
static bool is_still_right(struct atto_installer *installer)
{
    struct atto_deploy_tries *unused;
    uint32_t number = installer->component, sequence;
    return atto_deploy_tenant(installer->deploy, (uint32_t)installer->tenant)->keys == installer->keys &&
           find_place(installer, &sequence, &unused) == ATTO_OK && installer->component == number &&
           sequence < installer->order.sequence;
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
    struct atto_span image;
    uint32_t number = installer->component;
    if (installer->state != ATTO_INSTALL_IMAGE) {
        if (installer->state == ATTO_INSTALL_OVER)
            return ATTO_E_STATE;
        return refused(installer, installer->refusal.status != ATTO_OK ? installer->refusal.status : ATTO_E_LENGTH);
    }
    enum atto_status status = atto_slots_finish(config->slots, &installer->writer, &image);
    if (status == ATTO_OK && !is_still_right(installer))
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
    atto_deploy_begin(deploy, number, installer->order.invoke, true);
    return ATTO_OK;
}
