/* A device in this process, see twin.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "twin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "board.h"
#include "constraint.h"
#include "endpoints.h"
#include "judge.h"
#include "libraries.h"
#include "report.h"
#include "shape.h"

#define FUEL_DEFAULT 1000000u
#define SLICE_FUEL 1000u

static const struct atto_executor *const executors[] = {&atto_executor_bpf, NULL};

/* "acme/blink", "component 3"; to be freed. */
static char *name_of(const struct atto_twin *twin, uint32_t number)
{
    struct atto_component component;

    if (!atto_deploy_name(&twin->deploy, number, &component))
        return atto_format("component %u", number);
    return atto_format("%.*s%s%.*s", (int)component.tenant.len, (const char *)component.tenant.ptr,
                       component.tenant.len != 0 ? "/" : "", (int)component.container.len,
                       (const char *)component.container.ptr);
}

/* Only what is not the answer to what was asked. */
static void told(void *user, enum atto_deploy_event event, uint32_t number, enum atto_status status)
{
    struct atto_twin *twin = user;
    char *name;

    if (event == ATTO_DEPLOY_ROLLED_BACK)
        twin->trials[number].rolled_back = status;
    if (event == ATTO_DEPLOY_TENANT)
        atto_report("tenant %u is not to be used: %s", number, atto_status_text(status));
    if (event != ATTO_DEPLOY_NOT_RUN && (event != ATTO_DEPLOY_RUNS || status == ATTO_OK))
        return;
    name = name_of(twin, number);
    atto_report("%s would not run: %s", name,
                status == ATTO_E_STATE ? "its version was given up" : atto_status_text(status));
    free(name);
}

static uint32_t now_s(void *user)
{
    const struct atto_twin *twin = user;

    return twin->options->now_s;
}

static void make(struct atto_twin *twin)
{
    const struct atto_twin_options *options = twin->options;

    twin->firmware = (struct atto_firmware){
        .executors = executors,
        .host = {.calls = &board_call_table, .endpoints = board_endpoints, .endpoint_count = BOARD_ENDPOINTS},
        .fuel = FUEL_DEFAULT,
    };
    board_calls_grant(&twin->firmware.granted);
    twin->engine_config = (struct atto_engine_config){
        .firmware = &twin->firmware,
        .port = &board_port,
        .slice_fuel = SLICE_FUEL,
        .tenants = atto_alloc(options->tenant_count, sizeof *twin->engine_config.tenants),
        .tenant_count = options->tenant_count,
    };
    twin->pool = atto_alloc(options->pool_bytes, 1);
    atto_engine_init(&twin->engine, &twin->engine_config, twin->pool, options->pool_bytes);
    atto_keyfile_cose(&options->owner, &twin->owner_key);
    twin->config = (struct atto_deploy_config){
        .engine = &twin->engine,
        .records = &twin->storage.records,
        .slots = &twin->storage.slots,
        .crypto = &atto_crypto_libraries,
        .identity = &options->identity,
        .owner_key = {twin->owner_key.bytes, (uint32_t)twin->owner_key.len},
        .now_s = now_s,
        .told = told,
        .user = twin,
        .tenants = atto_alloc(options->tenant_count, sizeof *twin->config.tenants),
        .components = atto_alloc(options->component_count, sizeof *twin->config.components),
        .component_count = options->component_count,
    };
    twin->trials = atto_alloc(options->component_count, sizeof *twin->trials);
}

static bool is_blank(const struct atto_buffer *flash)
{
    for (size_t i = 1; i < flash->len; i++) {
        if (flash->bytes[i] != flash->bytes[0])
            return false;
    }
    return flash->bytes[0] == 0xff || flash->bytes[0] == 0;
}

/* Is there a log with this layout, or can there be one? A file of another layout looks like one without a log, and
 * would be lost. */
static bool check_log(struct atto_twin *twin, const char *path, const struct atto_buffer *flash)
{
    enum atto_status status;

    if (!atto_records_is_sound(&twin->storage.records)) {
        atto_report_at(path, 0, "%s", atto_layout_impossible);
        return false;
    }
    status = atto_records_mount(&twin->storage.records);
    if (status == ATTO_E_NOT_FOUND && is_blank(flash))
        return true;
    if (status == ATTO_E_NOT_FOUND)
        atto_report_at(path, 0, "there is no log with this layout, and the file is not blank");
    else if (status != ATTO_OK)
        atto_report_at(path, 0, "no log with this layout: %s", atto_status_text(status));
    return status == ATTO_OK;
}

static void keep_trials(struct atto_twin *twin)
{
    struct atto_versions versions;
    struct atto_span value;

    for (uint32_t i = 0; i < twin->options->component_count; i++) {
        if (atto_slots_get(&twin->storage.slots, i, &versions) == ATTO_OK &&
            versions.state == ATTO_COMPONENT_TRIAL &&
            atto_records_get(&twin->storage.records, ATTO_RECORD_KEY(ATTO_RECORD_COMPONENT, i), &value) == ATTO_OK)
            atto_buffer_put(&twin->trials[i].before, value.ptr, value.len);
    }
}

/* The boot has counted a start of a version on trial; it was none. */
static bool restore_trial(struct atto_twin *twin, const char *path, uint32_t number)
{
    const struct atto_buffer *before = &twin->trials[number].before;
    const struct atto_record record = {ATTO_RECORD_KEY(ATTO_RECORD_COMPONENT, number),
                                       {before->bytes, (uint32_t)before->len}};
    struct atto_versions versions;
    enum atto_status status = atto_slots_get(&twin->storage.slots, number, &versions);
    bool is_on_trial;
    char *name;

    if (before->len == 0 || status == ATTO_E_NOT_FOUND)
        return true;
    is_on_trial = status == ATTO_OK && versions.state == ATTO_COMPONENT_TRIAL;
    if (is_on_trial)
        status = atto_records_put(&twin->storage.records, &record, 1);
    else
        status = twin->trials[number].rolled_back;
    if (status == ATTO_OK && is_on_trial)
        return true;
    name = name_of(twin, number);
    atto_report_at(path, 0, "the version of %s that is on trial is given up when this device starts: %s", name,
                   status == ATTO_OK ? "it was started too often" : atto_status_text(status));
    free(name);
    return false;
}

bool atto_twin_boot(struct atto_twin *twin, const struct atto_twin_options *options, const char *path,
                      struct atto_buffer *flash)
{
    enum atto_status status;
    bool fine = true;

    *twin = (struct atto_twin){.options = options};
    make(twin);
    memory_flash_begin(&twin->memory, flash->bytes, atto_layout_end(&options->layout), options->layout.block_bytes,
                       options->layout.unit_bytes);
    twin->storage.flash = twin->memory.flash;
    atto_layout_apply(&options->layout, &twin->storage);
    if (!check_log(twin, path, flash))
        return false;
    keep_trials(twin);
    status = atto_deploy_boot(&twin->deploy, &twin->config);
    if (status != ATTO_OK) {
        atto_report_at(path, 0, "no device starts on this flash: %s", atto_status_text(status));
        return false;
    }
    for (uint32_t i = 0; i < options->component_count; i++)
        fine = restore_trial(twin, path, i) && fine;
    return fine;
}

void atto_twin_free(struct atto_twin *twin)
{
    for (uint32_t i = 0; twin->trials != NULL && i < twin->options->component_count; i++)
        atto_buffer_free(&twin->trials[i].before);
    free(twin->trials);
    free(twin->engine_config.tenants);
    free(twin->config.tenants);
    free(twin->config.components);
    free(twin->pool);
    atto_buffer_free(&twin->owner_key);
}

/* ---- envelopes ---- */

/* The reasons of the engine: every slot of a bad text; of a promise that cannot be made, what is missing. */
static bool refuse_image(const char *path, struct atto_span image, enum atto_status status,
                         const struct atto_report *report)
{
    struct atto_judgement judgement;
    struct atto_local *local;
    char *constraint;

    if (status <= ATTO_E_TEXT_LENGTH && status > ATTO_FAULT_MEMORY) {
        local = atto_alloc(1, sizeof *local);
        atto_local_init(local, true, &(struct atto_answers){.count = 0}, FUEL_DEFAULT);
        atto_judge(image.ptr, image.len, local, &judgement);
        atto_judgement_report(&judgement, path);
        atto_judgement_free(&judgement);
        free(local);
        return false;
    }
    constraint = atto_constraint_text(report->constraint, NULL, report->missing, report->ram_bytes);
    if (constraint != NULL)
        atto_report_at(path, 0, "%s\n    %s", atto_status_text(status), constraint);
    else if (status == ATTO_E_NOT_FOUND && report->refusal.status == status)
        atto_report_at(path, 0, "right %u is to an endpoint that the reference firmware does not have",
                       report->refusal.at);
    else if (report->refusal.status == status)
        atto_report_at(path, 0, "%s (byte %u of the image)", atto_status_text(status), report->refusal.at);
    else
        atto_report_at(path, 0, "%s", atto_status_text(status));
    free(constraint);
    return false;
}

/* In whose name it is signed; empty: the owner's. */
static struct atto_span signer_of(const struct atto_buffer *bytes)
{
    struct atto_envelope envelope;
    struct atto_command command;

    if (atto_envelope_read(bytes->bytes, (uint32_t)bytes->len, &envelope, NULL) == ATTO_OK)
        return envelope.component.tenant;
    if (atto_command_read(bytes->bytes, (uint32_t)bytes->len, &command, NULL) == ATTO_OK)
        return command.tenant;
    return (struct atto_span){NULL, 0};
}

/* refusal: with a place, or without one if its status is ATTO_OK. */
static bool refuse(const struct atto_twin *twin, const char *path, const struct atto_buffer *bytes,
                   enum atto_status status, const struct atto_refusal *refusal)
{
    const struct atto_span signer = signer_of(bytes);

    if (refusal->status != ATTO_OK)
        return atto_shape_refuse(path, bytes, status, refusal->at);
    if (status == ATTO_E_SIGNER && signer.len != 0 && !atto_storage_has_tenant(&twin->storage, signer)) {
        atto_report_at(path, 0, "signed by tenant '%.*s', which is not enrolled here", (int)signer.len,
                       (const char *)signer.ptr);
        return false;
    }
    if (status == ATTO_E_NO_SPACE)
        atto_report_at(path, 0, "%s, or for one more container (--components)", atto_status_text(status));
    else
        atto_report_at(path, 0, "%s", atto_status_text(status));
    return false;
}

/* What is behind the head, or in a file of its own. */
static bool take_image(struct atto_installer *installer, const char *path, const struct atto_buffer *envelope,
                       const char *image_path, struct atto_buffer *image)
{
    enum atto_status status;

    if (installer->order.integrated) {
        atto_buffer_put(image, envelope->bytes + installer->head_len,
                        envelope->len - installer->head_len);
        return true;
    }
    if (image_path == NULL) {
        atto_report_at(path, 0, "its image is at %.*s; --image gives it", (int)installer->order.uri.len,
                       (const char *)installer->order.uri.ptr);
        return false;
    }
    if (!atto_buffer_read(image, image_path))
        return false;
    status = atto_install_bytes(installer, image->bytes, (uint32_t)image->len);
    if (status != ATTO_OK)
        atto_report_at(image_path, 0, "%s", atto_status_text(status));
    return status == ATTO_OK;
}

bool atto_twin_install(struct atto_twin *twin, const char *path, const struct atto_buffer *envelope,
                         const char *image_path)
{
    struct atto_installer *installer = atto_alloc(1, sizeof *installer);
    struct atto_report report = {.constraint = ATTO_CONSTRAINT_NONE};
    struct atto_buffer image = {0};
    enum atto_status status;
    bool fine = false;
    char *name;

    atto_install_begin(installer, &twin->deploy);
    status = atto_install_bytes(installer, envelope->bytes, (uint32_t)envelope->len);
    if (status != ATTO_OK || installer->state != ATTO_INSTALL_IMAGE) {
        if (status == ATTO_OK)
            status = atto_install_finish(installer, NULL);
        refuse(twin, path, envelope, status, &installer->refusal);
    } else if (take_image(installer, path, envelope, image_path, &image)) {
        status = atto_install_finish(installer, &report);
        fine = status == ATTO_OK;
        if (!fine)
            refuse_image(path, (struct atto_span){image.bytes, (uint32_t)image.len}, status, &report);
    }
    if (fine) {
        name = name_of(twin, installer->component);
        printf("%s: %s is installed, sequence number %u, slot %u\n", path, name, installer->order.sequence,
               installer->writer.slot);
        free(name);
    }
    atto_install_abandon(installer);
    free(installer);
    atto_buffer_free(&image);
    return fine;
}

/* ---- commands ---- */

bool atto_twin_command(struct atto_twin *twin, const char *path, const struct atto_buffer *bytes)
{
    struct atto_refusal refusal = {ATTO_OK, 0};
    struct atto_command command;
    enum atto_status status = atto_deploy_command(&twin->deploy, bytes->bytes, (uint32_t)bytes->len, &refusal);

    if (status != ATTO_OK)
        return refuse(twin, path, bytes, status, &refusal);
    atto_command_read(bytes->bytes, (uint32_t)bytes->len, &command, NULL);
    printf("%s: %s is done, counter %u\n", path, atto_shape_operation(command.operation), command.counter);
    return true;
}
