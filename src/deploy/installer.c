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
    if (installer->slot_open)
        atto_slots_abandon(installer->deploy->slots, &installer->writer);
    installer->slot_open = false;
    installer->state = ATTO_INSTALL_OVER;
}

/* The component's number, or a new one. */
static int32_t number_for(const struct atto_installer *installer)
{
    struct atto_place place = atto_deploy_look_up(installer->deploy, &installer->names);
    if (place.number >= 0)
        return place.number;
    uint32_t most = atto_deploy_tenant(installer->deploy, (uint32_t)installer->tenant)->components;
    return most != 0u && place.siblings >= most ? (int32_t)ATTO_E_QUOTA : place.free;
}

/* Each image that comes for a sequence number, or for a lower one, is counted; behind the last one they come slowly. */
static bool may_try(const struct atto_deploy *deploy, struct atto_deploy_component *component, uint32_t sequence)
{
    const struct atto_port *port = deploy->engine->config->port;
    uint64_t now_us = port->now_us(port->user);
    if (sequence > component->tried) {
        component->tried = sequence;
        component->tries = 0;
    }
    if (component->tries < ATTO_INSTALL_TRIES)
        component->tries++;
    else if (now_us - component->tried_us < ATTO_INSTALL_PAUSE_S * 1000000ull)
        return false;
    component->tried_us = now_us;
    return true;
}

/* Opens a slot for the image that is ordered. */
static enum atto_status open_slot(struct atto_installer *installer)
{
    enum atto_status status = atto_slots_open(installer->deploy->slots, &installer->writer,
                                              installer->order.image_bytes);
    installer->slot_open = status == ATTO_OK;
    return status;
}

/* Judges a head that is complete, and opens a slot for its image. */
static enum atto_status judge(struct atto_installer *installer, const struct atto_envelope *envelope)
{
    const struct atto_deploy_config *config = installer->deploy->config;
    struct atto_conditions conditions = { .identity = config->identity };
    installer->tenant = atto_deploy_tenant_named(installer->deploy, envelope->component.tenant);
    if (installer->tenant < 0)
        return ATTO_E_SIGNER;
    const struct atto_deploy_tenant *memory = atto_deploy_tenant(installer->deploy, (uint32_t)installer->tenant);
    enum atto_status status = atto_envelope_verify(envelope, &memory->signer, config->crypto);
    if (status != ATTO_OK)
        return status;
    installer->keys = memory->keys;
    int32_t number = number_for(installer);
    if (number < 0)
        return (enum atto_status)number;
    installer->component = (uint32_t)number;
    status = atto_slots_sequence(config->slots, installer->component, &conditions.sequence);
    if (status == ATTO_OK)
        status = atto_envelope_judge(envelope, &conditions, &installer->order, &installer->refusal);
    if (status != ATTO_OK)
        return status;
    if (!may_try(installer->deploy, &config->components[number], installer->order.sequence))
        return ATTO_E_QUOTA;
    return open_slot(installer);
}

/* As judge, but for an envelope that may not get its turn: nothing changes. */
int32_t atto_install_signer(const struct atto_deploy *deploy, const uint8_t *bytes, uint32_t len)
{
    struct atto_conditions conditions = { .identity = deploy->config->identity };
    struct atto_envelope envelope;
    struct atto_order order;
    enum atto_status status = atto_envelope_read(bytes, len, &envelope, NULL);
    if (status != ATTO_OK)
        return status;
    int32_t tenant = atto_deploy_tenant_named(deploy, envelope.component.tenant);
    struct atto_place place = atto_deploy_look_up(deploy, &envelope.component);
    int32_t number = place.number >= 0 ? place.number : place.free;
    if (tenant < 0 || number < 0)
        return ATTO_E_SIGNER;
    const struct atto_deploy_component *component = &deploy->config->components[number];
    if (component->tries >= ATTO_INSTALL_TRIES && envelope.sequence <= component->tried)
        return ATTO_E_QUOTA;
    status = atto_envelope_verify(&envelope, &atto_deploy_tenant(deploy, (uint32_t)tenant)->signer, deploy->config->crypto);
    if (status == ATTO_OK)
        status = atto_slots_sequence(deploy->slots, (uint32_t)number, &conditions.sequence);
    if (status == ATTO_OK)
        status = atto_envelope_judge(&envelope, &conditions, &order, NULL);
    return status == ATTO_OK ? tenant : status;
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
        *status = judge(installer, &envelope);
        installer->state = ATTO_INSTALL_IMAGE;
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
    int32_t number = number_for(installer);
    if (number < 0)
        return (enum atto_status)number;
    installer->component = (uint32_t)number;
    enum atto_status status = atto_slots_sequence(deploy->slots, installer->component, &installer->order.sequence);
    if (status == ATTO_OK && ++installer->order.sequence == 0u)
        status = ATTO_E_SEQUENCE;
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
static ATTO_APART enum atto_status commit(struct atto_installer *installer)
{
    struct atto_deploy *deploy = installer->deploy;
    uint32_t number = installer->component;
    uint8_t bytes[ATTO_NAME_RECORD_MAX];
    struct atto_record records[ATTO_SLOTS_OWN_RECORDS + 3u];
    records[ATTO_SLOTS_OWN_RECORDS] = atto_name_record_make(number, installer->order.invoke,
                                                             installer->names_cbor, bytes);
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
static bool is_still_right(const struct atto_installer *installer)
{
    const struct atto_deploy *deploy = installer->deploy;
    uint32_t sequence;
    return !atto_install_is_void(installer) &&
           number_for(installer) == (int32_t)installer->component &&
           atto_slots_sequence(deploy->slots, installer->component, &sequence) == ATTO_OK &&
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
        if (status != ATTO_OK) /* the engine gets back what it had */
            atto_deploy_bring_up(deploy, number, false);
    }
    if (status != ATTO_OK)
        return refused(installer, status);
    installer->slot_open = false; /* the commit has given it away */
    installer->state = ATTO_INSTALL_OVER;
    atto_deploy_begin(deploy, number, installer->order.invoke, true);
    return ATTO_OK;
}
