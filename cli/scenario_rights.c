/* Reads the parts of a scenario that tell who may do what: tenants, rights, and actions on the simulated board. Its
 * endpoints are those of the firmware that runs scenarios, so that a name which it has not is found in the file.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "scenario.h"

#include <stdlib.h>
#include <string.h>

#include "endpoints.h"
#include "report.h"

#define OWNER_NAME "owner"

const char *atto_scenario_name(const struct atto_json_file *file, struct atto_json_at object)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    struct atto_json_at at = atto_json_at_member(object, "name");
    const char *name = atto_json_text(file, object, "name");

    if (name != NULL && (strlen(name) > ATTO_NAME_MAX || name[strspn(name, allowed)] != '\0')) {
        atto_json_refuse(file, at.place, "'name' must have at most %u letters, digits, '-', '_' and '.'",
                         ATTO_NAME_MAX);
        return NULL;
    }
    return name;
}

/* ---- rights ---- */

static bool refuse_endpoint(const struct atto_json_file *file, struct atto_json_at at)
{
    struct atto_buffer names = {0};
    char *shown = json_dumps(at.value, JSON_ENCODE_ANY);

    for (uint32_t i = 0; i < BOARD_ENDPOINTS; i++)
        atto_buffer_print(&names, "%s%s", i == 0 ? "" : ", ", board_endpoints[i].name);
    atto_json_refuse(file, at.place, "'endpoint': the board has no endpoint %s; there are: %.*s",
                     shown, (int)names.len, (const char *)names.bytes);
    free(shown);
    atto_buffer_free(&names);
    return false;
}

static bool find_endpoint(const struct atto_json_file *file, struct atto_json_at at, const char *name,
                          uint32_t *number)
{
    if (name != NULL)
        *number = board_endpoint_find(name, (uint32_t)strlen(name));
    return *number < BOARD_ENDPOINTS || refuse_endpoint(file, at);
}

static bool take_list(const struct atto_json_file *file, struct atto_json_at object, bool needed,
                      struct atto_rights_json *rights)
{
    struct atto_json_at at = atto_json_at_member(object, "rights");
    bool fine = true;

    if (at.value == NULL)
        return !needed || atto_json_refuse(file, object.place, "'rights' is missing");
    if (!atto_rights_json_read(file, at, "rights", ATTO_RIGHTS_GIVEN, rights))
        return false;
    for (size_t i = 0; i < rights->count; i++) {
        struct atto_json_at endpoint = atto_json_at_member(atto_json_at_element(at, i), "endpoint");
        uint32_t number = rights->list[i].right.endpoint;

        fine = find_endpoint(file, endpoint, rights->list[i].endpoint, &number) && fine;
    }
    return fine;
}

bool atto_scenario_take_rights(const struct atto_json_file *file, struct atto_json_at object, bool needed,
                               struct atto_scenario_rights *rights)
{
    rights->given = json_object_get(object.value, "rights") != NULL;
    return take_list(file, object, needed, &rights->json);
}

/* ---- tenants ---- */

const char *atto_scenario_tenant_name(const struct atto_scenario *scenario, uint32_t tenant)
{
    return tenant < scenario->tenant_count ? scenario->tenants[tenant].name : OWNER_NAME;
}

/* The number of the tenant with this name; ATTO_SCENARIO_OWNER: there is none. */
static uint32_t find_tenant(const struct atto_scenario *scenario, const char *name)
{
    for (uint32_t i = 0; i < scenario->tenant_count; i++) {
        if (scenario->tenants[i].name != NULL && strcmp(scenario->tenants[i].name, name) == 0)
            return i;
    }
    return ATTO_SCENARIO_OWNER;
}

bool atto_scenario_take_tenant(const struct atto_json_file *file, const struct atto_scenario *scenario,
                               struct atto_json_at object, bool needed, uint32_t *tenant)
{
    struct atto_json_at at = atto_json_at_member(object, "tenant");
    const char *name;

    *tenant = ATTO_SCENARIO_OWNER;
    if (at.value == NULL && !needed)
        return true;
    name = atto_json_text(file, object, "tenant");
    if (name == NULL)
        return false;
    *tenant = find_tenant(scenario, name);
    if (*tenant == ATTO_SCENARIO_OWNER)
        return atto_json_refuse(file, at.place, "'tenant': there is no tenant '%s'", name);
    return true;
}

static bool take_tenant_name(const struct atto_json_file *file, const struct atto_scenario *scenario,
                             struct atto_json_at object, struct atto_scenario_tenant *tenant)
{
    struct atto_json_at at = atto_json_at_member(object, "name");
    const char *name = atto_scenario_name(file, object);

    if (name == NULL)
        return false;
    if (strcmp(name, OWNER_NAME) == 0)
        return atto_json_refuse(file, at.place, "'name': '" OWNER_NAME "' is who owns the device, not a tenant");
    if (find_tenant(scenario, name) != ATTO_SCENARIO_OWNER)
        return atto_json_refuse(file, at.place, "'name': there is a tenant '%s' already", name);
    tenant->name = atto_copy_string(name);
    return true;
}

static bool take_one(const struct atto_json_file *file, struct atto_scenario *scenario, struct atto_json_at at)
{
    struct atto_scenario_tenant *tenant = &scenario->tenants[scenario->tenant_count];
    const struct {
        const char *key;
        uint32_t *number;
        json_int_t min, max;
    } numbers[] = {
        {"ram_bytes", &tenant->ram_bytes, 1, UINT32_MAX},
        {"fuel_per_s", &tenant->fuel_per_s, 1, UINT32_MAX},
        {"priority_first", &tenant->priority_first, 0, ATTO_PRIORITIES - 1},
        {"store_bytes", &tenant->store_bytes, 0, 0xffff},
    };
    bool fine;

    if (!json_is_object(at.value))
        return atto_json_refuse(file, at.place, "'tenants': each must be an object with name and rights");
    fine = atto_json_known_keys(file, at, "a tenant",
                                "name, rights, ram_bytes, fuel_per_s, priority_first, store_bytes");
    fine = take_tenant_name(file, scenario, at, tenant) && fine;
    scenario->tenant_count++;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        fine = atto_json_number(file, atto_json_at_member(at, numbers[i].key), numbers[i].key, numbers[i].min,
                                numbers[i].max, numbers[i].number) && fine;
    return take_list(file, at, true, &tenant->rights) && fine;
}

bool atto_scenario_take_tenants(const struct atto_json_file *file, struct atto_scenario *scenario,
                                struct atto_json_at at)
{
    size_t count = json_array_size(at.value);
    bool fine = true;

    if (at.value == NULL)
        return true;
    if (!json_is_array(at.value) || count > ATTO_SCENARIO_TENANTS_MAX)
        return atto_json_refuse(file, at.place, "'tenants' must be an array of at most %u objects",
                                ATTO_SCENARIO_TENANTS_MAX);
    for (size_t i = 0; i < count; i++)
        fine = take_one(file, scenario, atto_json_at_element(at, i)) && fine;
    return fine;
}

/* ---- the board ---- */

static bool take_number(const struct atto_json_file *file, struct atto_json_at object, const char *key,
                        json_int_t min, json_int_t max, uint32_t *number)
{
    struct atto_json_at at = atto_json_at_member(object, key);

    if (at.value == NULL)
        return atto_json_refuse(file, object.place, "'%s' is missing", key);
    return atto_json_number(file, at, key, min, max, number);
}

bool atto_scenario_take_pin(const struct atto_json_file *file, struct atto_json_at object,
                            struct atto_scenario_action *action)
{
    bool fine = take_number(file, object, "pin", 0, BOARD_PINS - 1, &action->pin);

    return take_number(file, object, "level", 0, 1, &action->level) && fine;
}

bool atto_scenario_take_sensor(const struct atto_json_file *file, struct atto_json_at object,
                               struct atto_scenario_action *action)
{
    struct atto_json_at at = atto_json_at_member(object, "endpoint");
    const char *name = atto_json_text(file, object, "endpoint");
    uint32_t value = 0;
    bool fine = take_number(file, object, "value", -INT16_MAX, INT16_MAX, &value);

    action->value = (int32_t)value;
    if (name == NULL || !find_endpoint(file, at, name, &action->endpoint))
        return false;
    return board_endpoint_is_sensor(action->endpoint)
               ? fine
               : atto_json_refuse(file, at.place, "'endpoint': %s is no sensor", name);
}
