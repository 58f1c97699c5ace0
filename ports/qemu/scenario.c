/* The scenario: a firmware that runs several containers in one engine, for the `atto` command (`run --scenario`) and
 * for tests that must hold on the target. The same source is a Linux program.
 *
 * usage: scenario JOB       JOB is a file of the host, read through semihosting on an emulated board.
 *
 * The job has lines of words that are separated by tabs; empty lines and lines that begin with # are passed over:
 *
 *     duration MS                 how long the scenario takes, at most an hour
 *     slice_fuel N                of the engine; 1000 unless it is given
 *     log_bytes N                 that a container may log in a second; 0, no limit, unless it is given
 *     fuel_per_ms N               speed of the device; 0, schedules are not judged, unless it is given
 *     image FILE                  images are numbered in the order of these lines, from 0
 *     tenant NAME RAM FUEL PRIORITY STORE [RIGHT...]
 *                                 ram_bytes, fuel_per_s, priority_first and store_bytes of struct atto_tenant, and the
 *                                 ceiling of rights
 *     container NAME TENANT IMAGE FUEL [FIELD=NUMBER...] [rights [RIGHT...]]
 *                                 is installed before the time begins, in the order of these lines, with the schedule
 *                                 of its manifest but for the fields of struct atto_schedule that are given, and with
 *                                 these rights instead of those of its manifest, if any are given. TENANT: * for the
 *                                 owner. FUEL: of an activation, at most; 0: as the manifest or this firmware
 *                                 (1,000,000) says
 *     at MS ACTION ...            in the order of their times, with MS before the end:
 *
 *     at MS start|stop|force-stop|pause|resume|remove NAME
 *     at MS update NAME IMAGE FUEL [FIELD=NUMBER...] [rights [RIGHT...]]
 *     at MS set-schedule NAME FIELD=NUMBER...        fields that are not given stay as they are
 *     at MS post NAME ENTRY HEX                      an event with at most 8 bytes of data; HEX is - for none
 *     at MS fire HEX                                 the scheduler's hook (sdk/hooks.h), HEX is its context
 *     at MS set-rights NAME FIRST [RIGHT...]         of the handles from FIRST on
 *     at MS set-ceiling TENANT [RIGHT...]
 *     at MS set-pin PIN LEVEL                        of the simulated board: ports/qemu/endpoints.h
 *     at MS set-sensor ENDPOINT VALUE
 *
 * A right is OPERATIONS:FIRST:LAST:CALLS:BYTES:TOTAL:ENDPOINT, the numbers of struct atto_right, and the name of an
 * endpoint of the board or # and its number.
 *
 * Containers may make the host calls of sdk/calls.h, and are attached to the scheduler's hook if their manifests wish
 * it. Printed on standard output, one JSON object a line: {"install":NAME,...} for each container, before the time
 * begins; the rest when it is over, because printing takes time on a board. Times are in microseconds from the begin.
 *
 *     install     how installing a container ended: status, text; at (bytes of the image, or slots of the text);
 *                 constraint, culprit (a name, or null for its own), missing, needs_bytes, longest_run,
 *                 utilisation_permille and response_us, as struct atto_report has them
 *     run         name of the board; duration_us as it was; pool_bytes; trace_lost, lines_lost and postmortems_lost:
 *                 how many did not fit into the memory of this program
 *     container   a container at the end, or when it was removed: installed, and if so id, state ("removed" too), all
 *                 members of struct atto_container_info, its schedule, how often the hook ran it, the name of its
 *                 tenant (null: the owner), and the rights that are in force
 *     action      container (null for `fire`); at_us and time_us: when it was due, and done; status, text; members as
 *                 of `install` for `update` and `set-schedule`
 *     log         line of a container; time_us, container (its id)
 *     postmortem  status of a fault: text, time_us, container (its id), image (its number), and the members of struct
 *                 atto_postmortem
 *     trace       kind of a record: time_us, container (its id), detail (a word or a number), value
 *     turn        number of the action, from 0, that has set or cut a right: container (its name), handle, and the
 *                 right as it was in force before and after
 *     audit       kind of a record of the audit trail, in the order of time: time_us, container (its id; 0: none), call
 *                 (its number), handle (null: none), status and text of a refusal, count, tenant (its number, 0 for
 *                 the owner) and actor of a change. audit_full of `run` says that older ones are missing
 *
 * or {"error":TEXT} if the job could not be understood; then the exit status is 2, else 0.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "scenario.h"

#include <stdio.h>
#include <string.h>

#include "../../sdk/calls.h"
#include "board.h"
#include "endpoints.h"

#define POOL_BYTES (128u * 1024u)
#define TRACE_RING 4096u
#define POSTMORTEM_RING 32u
#define LOG_RING_BYTES 1024u
#define DEFAULT_FUEL 1000000u
#define DEFAULT_SLICE_FUEL 1000u
#define SWITCH_FUEL 50u
#define STOP_MAX_US 100000u
#define HOOK_FUEL 1000u

static struct scenario_job job;
static struct scenario_record record;
static _Alignas(ATTO_ARENA_ALIGN) uint8_t pool[POOL_BYTES];
static struct atto_engine engine;
static struct atto_trace_record trace_ring[TRACE_RING];
static struct atto_postmortem postmortem_ring[POSTMORTEM_RING];
static uint8_t log_ring[LOG_RING_BYTES];
static uint64_t begin_us;
static uint32_t postmortems_taken;

static uint64_t now_us(void)
{
    return board_port.now_us(board_port.user);
}

static uint32_t time_of_run(void)
{
    return (uint32_t)(now_us() - begin_us);
}

/* ---- what the engine tells is kept ---- */

static void keep_lines(void)
{
    char text[256];
    uint16_t id;
    for (int32_t len; (len = atto_engine_log_read(&engine, &id, text, sizeof text)) >= 0;) {
        if (record.line_count == SCENARIO_LINES_MAX || record.log_used + (uint32_t)len > SCENARIO_LOG_BYTES) {
            record.lines_lost++;
            continue;
        }
        record.lines[record.line_count++] =
            (struct scenario_line){ time_of_run(), record.log_used, id, (uint16_t)len };
        memcpy(record.log + record.log_used, text, (size_t)len);
        record.log_used += (uint32_t)len;
    }
}

static void keep_trace(void)
{
    struct atto_trace_record read;
    uint32_t lost;
    while (atto_engine_trace_read(&engine, &read, &lost)) {
        record.trace_lost += lost;
        if (record.trace_count == SCENARIO_TRACE_MAX) {
            record.trace_lost++;
            continue;
        }
        read.time_us -= (uint32_t)begin_us;
        record.trace[record.trace_count++] = read;
    }
}

static uint32_t image_of(uint16_t id)
{
    for (uint32_t i = 0; i < job.container_count; i++) {
        if (job.containers[i].installed && job.containers[i].info.id == id)
            return job.containers[i].image;
    }
    return 0;
}

static void keep_deaths(void)
{
    struct atto_postmortem postmortem;
    while (postmortems_taken != engine.postmortems_written) {
        uint32_t age = engine.postmortems_written - 1u - postmortems_taken++;
        if (record.death_count == SCENARIO_DEATHS_MAX || !atto_engine_postmortem(&engine, age, &postmortem)) {
            record.deaths_lost++;
            continue;
        }
        record.deaths[record.death_count++] = (struct scenario_death){
            postmortem, (uint32_t)(postmortem.time_us - begin_us), image_of(postmortem.container)
        };
    }
}

/* Lines of the log are taken out of the engine's ring at once, so that each gets its time. */
static int32_t call_log(struct atto_call_frame *call)
{
    int32_t status = atto_service_calls[0].fn(call);
    keep_lines();
    return status;
}

/* ---- the device ---- */

static struct atto_call calls[2u * ATTO_CALL_PAGE];
static const struct atto_call_table call_table = {
    { [ATTO_SERVICE_PAGE] = calls, [ATTO_SERVICE_PAGE + 1u] = calls + ATTO_CALL_PAGE }
};
static const struct atto_executor *const executors[] = { &atto_executor_bpf, &atto_executor_host, NULL };
static struct atto_firmware firmware = {
    .executors = executors,
    .host = { .calls = &call_table, .endpoints = board_endpoints, .endpoint_count = BOARD_ENDPOINTS },
    .fuel = DEFAULT_FUEL,
};
static struct atto_engine_config config = {
    .tenants = job.tenants,
    .denials = record.denials,
    .denial_count = SCENARIO_AUDIT_MAX,
    .changes = record.changes,
    .change_count = SCENARIO_AUDIT_MAX,
    .firmware = &firmware,
    .port = &board_port,
    .poll_slices = 1, /* so that actions come in time and the rings never run over */
    .stop_max_us = STOP_MAX_US,
    .switch_fuel = SWITCH_FUEL,
    .trace = trace_ring,
    .trace_count = TRACE_RING,
    .postmortems = postmortem_ring,
    .postmortem_count = POSTMORTEM_RING,
    .log = log_ring,
    .log_ring_bytes = LOG_RING_BYTES,
};

static struct atto_hook_type switch_type = {
    .uuid = ATTO_HOOK_SCHEDULER_SWITCH_UUID_BYTES,
    .name = "scheduler switch",
    .value_meaning = "not used",
    .context_bytes = sizeof(struct atto_scheduler_switch),
    .access = ATTO_READ,
    .fuel = HOOK_FUEL,
};
static struct atto_hook switch_hook = ATTO_HOOK_INIT(&switch_type);

static void make_device(void)
{
    memcpy(calls, atto_service_calls, sizeof calls);
    calls[0].fn = call_log;
    board_calls_grant(&firmware.granted);
    board_calls_grant(&switch_type.calls);
    config.slice_fuel = job.slice_fuel != 0u ? job.slice_fuel : DEFAULT_SLICE_FUEL;
    config.fuel_per_ms = job.fuel_per_ms;
    config.tenant_count = job.tenant_count;
    atto_engine_init(&engine, &config, pool, POOL_BYTES);
}

/* ---- containers ---- */

static const char *name_of(const struct atto_container *container)
{
    for (uint32_t i = 0; i < job.container_count && container != NULL; i++) {
        if (job.containers[i].container == container)
            return job.containers[i].name;
    }
    return NULL;
}

static void change_schedule(struct atto_schedule *schedule, const struct scenario_change *change)
{
#define CHANGE_FIELD(key, name, most)        \
    if ((change->given >> (key) & 1u) != 0u) \
        schedule->name = change->values.name;
    ATTO_SCHEDULE_FIELDS(CHANGE_FIELD)
#undef CHANGE_FIELD
}

/* The manifest of an image; false: it has none that can be read. */
static bool read_manifest(const struct scenario_image *image, struct atto_manifest *manifest)
{
    struct atto_image parsed;
    return atto_image_parse(image->bytes, image->len, &parsed, NULL) == ATTO_OK && parsed.manifest.len != 0u &&
           atto_manifest_parse(parsed.manifest, manifest, NULL) == ATTO_OK;
}

/* What is to be installed. `schedule` keeps the schedule for it, if one is given. */
static struct atto_install request_of(uint32_t image, uint32_t tenant, const struct scenario_change *change,
                                      const struct scenario_rights *given, struct atto_schedule *schedule)
{
    struct atto_manifest manifest = ATTO_MANIFEST_INIT;
    struct atto_install request = { .bytes = job.images[image].bytes, .len = job.images[image].len, .tenant = tenant,
                                    .rights = given->list, .right_count = given->count };
    if (!read_manifest(&job.images[image], &manifest))
        manifest = (struct atto_manifest)ATTO_MANIFEST_INIT;
    *schedule = manifest.schedule;
    change_schedule(schedule, change);
    if (schedule->log_bytes == 0u)
        schedule->log_bytes = job.log_bytes;
    request.schedule = schedule;
    return request;
}

/* Attaches a container to the scheduler's hook, if its manifest wishes it. */
static void attach(struct scenario_container *on)
{
    struct atto_manifest manifest;
    struct atto_hook_wish wish;
    struct atto_entry entry;
    if (!read_manifest(&job.images[on->image], &manifest))
        return;
    for (uint32_t i = 0; i < manifest.hook_count; i++) {
        if (atto_manifest_hook(&manifest, i, &wish) == ATTO_OK &&
            memcmp(wish.uuid.ptr, switch_type.uuid, ATTO_UUID_BYTES) == 0 &&
            atto_manifest_entry(&manifest, wish.entry, &entry) == ATTO_OK) {
            struct atto_attachment before = on->attachment;
            atto_engine_attach(&engine, on->container, &switch_hook, &on->attachment, entry.slot, wish.priority,
                               (enum atto_hook_policy)wish.policy);
            on->attachment.runs = before.runs;
            on->attachment.faults = before.faults;
            on->attachment.skipped = before.skipped;
            return;
        }
    }
}

static bool detach(struct scenario_container *on)
{
    return on->attachment.hook != NULL && atto_hook_detach(&switch_hook, &on->attachment) == ATTO_OK;
}

static void look_at_rights(struct scenario_container *on)
{
    if (on->container != NULL)
        on->right_count = atto_engine_rights(&engine, on->container, on->rights, ATTO_RIGHTS_MAX);
}

static void look_at(struct scenario_container *on)
{
    if (on->container == NULL)
        return;
    atto_engine_info(&engine, on->container, &on->info);
    atto_engine_schedule(&engine, on->container, &on->schedule);
    look_at_rights(on);
}

static void install(struct scenario_container *on)
{
    struct atto_schedule schedule;
    struct atto_report report;
    struct atto_install request = request_of(on->image, on->tenant, &on->change, &on->given, &schedule);
    request.fuel = on->fuel;
    enum atto_status status = atto_engine_install(&engine, &request, &on->container, &report);
    on->installed = status == ATTO_OK;
    if (on->installed) {
        look_at(on);
        attach(on);
    }
    scenario_print_install(on, status, &report, status != ATTO_OK ? name_of(report.culprit) : NULL);
}

/* ---- actions ---- */

static enum atto_status update(struct scenario_action *action)
{
    struct atto_schedule schedule;
    struct scenario_container *on = action->on;
    struct atto_install request = request_of(action->image, on->tenant, &action->change, &action->rights, &schedule);
    request.fuel = action->fuel;
    bool attached = detach(on);
    enum atto_status status = atto_engine_update(&engine, &on->container, &request, &action->report);
    if (status == ATTO_OK)
        on->image = action->image;
    if (status == ATTO_OK || attached)
        attach(on);
    return status;
}

static enum atto_status set_schedule(struct scenario_action *action)
{
    struct atto_schedule schedule;
    atto_engine_schedule(&engine, action->on->container, &schedule);
    change_schedule(&schedule, &action->change);
    return atto_engine_set_schedule(&engine, action->on->container, &schedule, &action->report);
}

/* Notes which rights of a container an action has changed, and those from handle `first` on that it has set anew. */
static void keep_turns(const struct scenario_action *action, struct scenario_container *on, uint32_t first,
                       uint32_t count)
{
    struct atto_right before[ATTO_RIGHTS_MAX];
    uint32_t had = on->right_count;
    memcpy(before, on->rights, had * sizeof before[0]);
    look_at_rights(on);
    for (uint32_t i = 0; i < on->right_count; i++) {
        struct atto_right was = { .endpoint = on->rights[i].endpoint, .last = ATTO_RANGE_END };
        if (i < had)
            was = before[i];
        if (i - first >= count && memcmp(&was, &on->rights[i], sizeof was) == 0)
            continue;
        if (record.turn_count == SCENARIO_TURNS_MAX) {
            record.turns_lost++;
            continue;
        }
        record.turns[record.turn_count++] =
            (struct scenario_turn){ (uint32_t)(action - job.actions), on, i, was, on->rights[i] };
    }
}

static enum atto_status set_rights(const struct scenario_action *action)
{
    look_at_rights(action->on);
    enum atto_status status = atto_engine_set_rights(&engine, action->on->container, action->first,
                                                     action->rights.list, action->rights.count, ATTO_TENANT_OWNER);
    if (status == ATTO_OK)
        keep_turns(action, action->on, action->first, action->rights.count);
    return status;
}

static enum atto_status set_ceiling(const struct scenario_action *action)
{
    for (uint32_t i = 0; i < job.container_count; i++) {
        if (job.containers[i].tenant == action->tenant)
            look_at_rights(&job.containers[i]);
    }
    enum atto_status status = atto_engine_set_ceiling(&engine, action->tenant, action->rights.list,
                                                      action->rights.count, ATTO_TENANT_OWNER);
    for (uint32_t i = 0; i < job.container_count; i++) {
        if (job.containers[i].container != NULL && job.containers[i].tenant == action->tenant)
            keep_turns(action, &job.containers[i], 0, 0);
    }
    return status;
}

static enum atto_status post(const struct scenario_action *action)
{
    uint32_t entry;
    enum atto_status status = atto_engine_find_entry(action->on->container, action->entry, &entry);
    if (status != ATTO_OK)
        return status;
    return atto_engine_post(&engine, action->on->container, entry, 0, action->data, action->data_bytes);
}

static enum atto_status remove_container(struct scenario_container *on)
{
    look_at(on);
    bool attached = detach(on);
    enum atto_status status = atto_engine_remove(&engine, on->container);
    if (status == ATTO_OK)
        on->container = NULL;
    else if (attached)
        attach(on);
    return status;
}

static enum atto_status act(struct scenario_action *action)
{
    struct scenario_container *on = action->on;
    struct atto_scheduler_switch context;
    if (on != NULL && on->container == NULL)
        return ATTO_E_NOT_FOUND;
    switch (action->what) {
    case SCENARIO_FIRE:
        memcpy(&context, action->data, sizeof context);
        atto_hook_fire(&switch_hook, &context, 0);
        return ATTO_OK;
    case SCENARIO_SET_PIN:
        return board_pin_set(action->subject, (uint32_t)action->value);
    case SCENARIO_SET_SENSOR:
        return board_sensor_set(action->subject, action->value);
    case SCENARIO_SET_CEILING:
        return set_ceiling(action);
    case SCENARIO_SET_RIGHTS:
        return set_rights(action);
    case SCENARIO_START:
        return atto_engine_start(&engine, on->container);
    case SCENARIO_STOP:
        return atto_engine_stop(&engine, on->container, false);
    case SCENARIO_FORCE_STOP:
        return atto_engine_stop(&engine, on->container, true);
    case SCENARIO_PAUSE:
        return atto_engine_pause(&engine, on->container);
    case SCENARIO_RESUME:
        return atto_engine_resume(&engine, on->container);
    case SCENARIO_REMOVE:
        return remove_container(on);
    case SCENARIO_UPDATE:
        return update(action);
    case SCENARIO_SET_SCHEDULE:
        return set_schedule(action);
    default:
        return post(action);
    }
}

static void do_action(struct scenario_action *action)
{
    action->done_us = time_of_run();
    action->status = act(action);
    action->culprit = action->status != ATTO_OK ? name_of(action->report.culprit) : NULL;
    keep_trace();
    keep_deaths();
}

/* ---- the run ---- */

static void run(void)
{
    uint32_t next = 0;
    begin_us = now_us();
    for (;;) {
        while (next < job.action_count && job.actions[next].at_us <= time_of_run())
            do_action(&job.actions[next++]);
        if (time_of_run() >= job.duration_us)
            break;
        uint64_t wake_us = atto_engine_poll(&engine);
        keep_trace();
        keep_deaths();
        uint64_t due_us = begin_us + (next < job.action_count ? job.actions[next].at_us : job.duration_us);
        board_wait_until(wake_us < due_us ? wake_us : due_us);
    }
    record.begin_us = begin_us;
    record.pool_bytes = POOL_BYTES;
    record.duration_us = time_of_run();
    for (uint32_t i = 0; i < job.container_count; i++)
        look_at(&job.containers[i]);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        printf("usage: scenario JOB\n");
        return 2;
    }
    if (!scenario_job_read(argv[1], &job))
        return 2;
    make_device();
    for (uint32_t i = 0; i < job.container_count; i++)
        install(&job.containers[i]);
    run();
    scenario_print(&job, &record, &engine);
    return 0;
}
