/* Installs envelopes, see atto/deploy.h. The order is what makes it safe: the signature before flash is touched, the
 * digest before the engine sees the image, the engine's judgement before it becomes true, and the commit before anything
 * of the new version runs.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "deploy/deployment.h"

void atto_install_begin(struct atto_installer *installer, struct atto_deploy *deploy)
{
    memset(installer, 0, offsetof(struct atto_installer, head));
    installer->deploy = deploy;
}

void atto_install_abandon(struct atto_installer *installer)
{
    if (installer->slot_open)
        atto_slots_abandon(installer->deploy->config->slots, &installer->writer);
    installer->slot_open = false;
    installer->state = ATTO_INSTALL_OVER;
}

/* The component's number: its own, or one that no name has yet. ATTO_E_NO_SPACE: all are taken. */
static int32_t number_for(const struct atto_deploy *deploy, const struct atto_component *component)
{
    struct atto_name_record name;
    int32_t number = atto_deploy_find(deploy, component);
    for (uint32_t i = 0; number < 0 && i < deploy->config->component_count; i++) {
        if (atto_name_record_get(deploy, i, &name) == ATTO_E_NOT_FOUND)
            number = (int32_t)i;
    }
    return number >= 0 ? number : (int32_t)ATTO_E_NO_SPACE;
}

/* Opens a slot for the image that is ordered. */
static enum atto_status open_slot(struct atto_installer *installer)
{
    enum atto_status status = atto_slots_open(installer->deploy->config->slots, &installer->writer,
                                              installer->order.image_bytes);
    installer->slot_open = status == ATTO_OK;
    return status;
}

/* Judges a head that is complete, and opens a slot for its image. */
static enum atto_status judge(struct atto_installer *installer)
{
    const struct atto_deploy_config *config = installer->deploy->config;
    const struct atto_envelope *envelope = &installer->envelope;
    struct atto_conditions conditions = { .identity = config->identity };
    int32_t tenant = atto_deploy_tenant_named(installer->deploy, envelope->component.tenant);
    if (tenant < 0)
        return ATTO_E_SIGNER;
    struct atto_signer signer = atto_deploy_signer(installer->deploy, (uint32_t)tenant);
    enum atto_status status = atto_envelope_verify(envelope, &signer, config->crypto);
    if (status != ATTO_OK)
        return status;
    int32_t number = number_for(installer->deploy, &envelope->component);
    if (number < 0)
        return (enum atto_status)number;
    installer->component = (uint32_t)number;
    status = atto_slots_sequence(config->slots, installer->component, &conditions.sequence);
    if (status == ATTO_OK)
        status = atto_envelope_judge(envelope, &conditions, &installer->order, &installer->refusal);
    return status == ATTO_OK ? open_slot(installer) : status;
}

/* Takes as many bytes as belong to the head or may belong to it. Returns how many it has taken; the rest is image. What
 * cannot be read yet may be cut off, until there is no more room for a head. */
static uint32_t take_head(struct atto_installer *installer, const uint8_t *bytes, uint32_t len,
                          enum atto_status *status)
{
    uint32_t before = installer->head_len, room = ATTO_ENVELOPE_HEAD_MAX - before, taken = len < room ? len : room;
    memcpy(installer->head + before, bytes, taken);
    installer->head_len += taken;
    *status = atto_envelope_read(installer->head, installer->head_len, &installer->envelope, &installer->refusal);
    if (*status == ATTO_OK) {
        taken = installer->envelope.head_bytes - before; /* what is behind the head was taken too soon */
        installer->refusal = (struct atto_refusal){ ATTO_OK, 0 };
        *status = judge(installer);
        installer->state = ATTO_INSTALL_IMAGE;
    } else {
        installer->envelope.head = NULL;
        if (installer->head_len < ATTO_ENVELOPE_HEAD_MAX)
            *status = ATTO_OK;
    }
    return taken;
}

/* Gives it up, and tells so. Returns the status. */
static enum atto_status refused(struct atto_installer *installer, enum atto_status status)
{
    int32_t tenant = ATTO_E_NOT_FOUND;
    if (installer->envelope.head != NULL)
        tenant = atto_deploy_tenant_named(installer->deploy, installer->envelope.component.tenant);
    atto_install_abandon(installer);
    atto_deploy_refused(installer->deploy, tenant >= 0 ? (uint32_t)tenant : ATTO_NO_TENANT, status);
    return status;
}

/* The digest and the component, as it would be in an envelope, lie in the head. */
enum atto_status atto_install_trusted(struct atto_installer *installer, struct atto_deploy *deploy,
                                      const struct atto_component *component, uint32_t image_bytes,
                                      const uint8_t *digest)
{
    struct atto_cbor_writer writer = { installer->head + ATTO_SHA256_BYTES, ATTO_COMPONENT_CBOR_MAX, 0 };
    struct atto_envelope *envelope = &installer->envelope;
    atto_install_begin(installer, deploy);
    memcpy(installer->head, digest, ATTO_SHA256_BYTES);
    atto_cbor_put_head(&writer, ATTO_CBOR_ARRAY, component->tenant.len != 0u ? 2 : 1);
    if (component->tenant.len != 0u)
        atto_cbor_put_string(&writer, ATTO_CBOR_BYTES, component->tenant.ptr, component->tenant.len);
    atto_cbor_put_string(&writer, ATTO_CBOR_BYTES, component->container.ptr, component->container.len);
    envelope->head = installer->head;
    envelope->component_cbor = (struct atto_span){ writer.bytes, writer.len };
    struct atto_cbor cbor = { writer.bytes, writer.len, 0 };
    installer->state = ATTO_INSTALL_OVER;
    if (writer.len > writer.capacity || !atto_component_read(&cbor, &envelope->component))
        return ATTO_E_ARGUMENT;
    if (atto_deploy_tenant_named(deploy, envelope->component.tenant) < 0)
        return ATTO_E_SIGNER;
    int32_t number = number_for(deploy, &envelope->component);
    if (number < 0)
        return (enum atto_status)number;
    installer->component = (uint32_t)number;
    enum atto_status status = atto_slots_sequence(deploy->config->slots, installer->component, &installer->order.sequence);
    installer->order.sequence++;
    installer->order.image_bytes = image_bytes;
    installer->order.digest = installer->head;
    if (status == ATTO_OK)
        status = open_slot(installer);
    if (status == ATTO_OK)
        installer->state = ATTO_INSTALL_IMAGE;
    return status;
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
static enum atto_status commit(struct atto_installer *installer)
{
    struct atto_deploy *deploy = installer->deploy;
    uint32_t number = installer->component;
    uint8_t bytes[ATTO_NAME_RECORD_MAX];
    struct atto_record records[ATTO_SLOTS_OWN_RECORDS + 3u];
    records[ATTO_SLOTS_OWN_RECORDS] = atto_name_record_make(number, installer->order.invoke,
                                                             installer->envelope.component_cbor, bytes);
    records[ATTO_SLOTS_OWN_RECORDS + 1u] = atto_record_without(ATTO_RECORD_RIGHTS, number);
    records[ATTO_SLOTS_OWN_RECORDS + 2u] = atto_record_without(ATTO_RECORD_LIMITS, number);
    return atto_slots_commit(deploy->config->slots, &installer->writer, number, installer->order.sequence,
                             installer->order.digest, records, sizeof records / sizeof *records);
}

/* Lets the engine run what it ran before. */
static void undo(struct atto_installer *installer, bool had_one)
{
    struct atto_deploy *deploy = installer->deploy;
    struct atto_versions versions;
    if (had_one && atto_slots_get(deploy->config->slots, installer->component, &versions) == ATTO_OK &&
        atto_deploy_run(deploy, installer->component, installer->envelope.component.tenant,
                        atto_slots_image(deploy->config->slots, &versions.current), false, NULL) == ATTO_OK)
        return;
    atto_deploy_take_out(deploy, installer->component);
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
    bool had_one = config->components[number].container != NULL;
    enum atto_status status = atto_slots_finish(config->slots, &installer->writer, &image);
    /* Another installer may have taken the number that was free. */
    if (status == ATTO_OK && number_for(deploy, &installer->envelope.component) != (int32_t)number)
        status = ATTO_E_BUSY;
    if (status == ATTO_OK && !atto_digest_holds(config->crypto, image, installer->order.digest))
        status = ATTO_E_DIGEST;
    if (status == ATTO_OK)
        status = atto_deploy_run(deploy, number, installer->envelope.component.tenant, image, true, report);
    if (status == ATTO_OK) {
        status = commit(installer);
        if (status != ATTO_OK)
            undo(installer, had_one);
    }
    if (status != ATTO_OK)
        return refused(installer, status);
    installer->slot_open = false; /* the commit has given it away */
    installer->state = ATTO_INSTALL_OVER;
    atto_deploy_watch(deploy, number, true);
    atto_deploy_tell(deploy, ATTO_DEPLOY_RUNS, number, atto_deploy_invoke(deploy, number));
    return ATTO_OK;
}
