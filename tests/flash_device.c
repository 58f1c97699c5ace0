/* A device that tests/flash.sh starts again and again on the same flash: does one thing and tells what it has. Power
 * can be cut in the middle of any operation of flash, which ends the process.
 *
 * arguments: FILE CUT show | install COMPONENT SEQUENCE | confirm COMPONENT | fault COMPONENT | remove COMPONENT
 * CUT: the operation in which power fails, counted from 1, the mount included; 0: never.
 * Exit status: 0; 1 refused or failed; 9 power was cut; 2 there is no flash.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "board.h"
#include "slots_world.h"

#define STATUS_NO_FLASH 2
#define STATUS_CUT 9

static void power_fails(void)
{
    board_exit(STATUS_CUT);
}

static uint32_t number(char *const *argument)
{
    return *argument != NULL ? (uint32_t)strtoul(*argument, NULL, 0) : 0u;
}

static void show(struct slots_world *world)
{
    static const char *const states[] = { "?", "trial", "healthy", "failed" };
    struct atto_versions found;
    enum atto_status status;
    for (uint32_t component = 0; (status = atto_slots_next(&world->slots, &component, &found)) != ATTO_E_NOT_FOUND;
         component++) {
        if (status != ATTO_OK) {
            printf("component %u: %s\n", (unsigned)component, atto_status_name(status));
            continue;
        }
        printf("component %u: %s %u %s", (unsigned)component, states[found.state & 3u],
               (unsigned)found.current.sequence, slots_is_whole(world, &found.current) ? "whole" : "damaged");
        if (found.previous.image_bytes != 0)
            printf(", kept %u %s", (unsigned)found.previous.sequence,
                   slots_is_whole(world, &found.previous) ? "whole" : "damaged");
        printf("\n");
    }
}

int main(int argc, char **argv)
{
    static struct slots_world world;
    if (argc < 4)
        return 1;
    struct memory_flash *flash = board_flash(argv[1]);
    if (flash == NULL)
        return STATUS_NO_FLASH;
    flash->cut_at = number(argv + 2);
    flash->power_fails = power_fails;
    world.records = (struct atto_records){ .flash = &flash->flash, .area_bytes = 4096, .area_count = 3 };
    world.slots = (struct atto_slots){ .records = &world.records, .offset = 3u * 4096u, .slot_bytes = 4096, .slot_count = 6 };
    enum atto_status status = atto_records_mount(&world.records);
    if (status == ATTO_E_NOT_FOUND)
        status = atto_records_format(&world.records);
    if (!atto_slots_is_sound(&world.slots))
        status = ATTO_E_ARGUMENT;

    const char *what = argv[3];
    uint32_t component = number(argv + 4), sequence = component != 0 ? number(argv + 5) : 0u;
    if (status == ATTO_OK && strcmp(what, "install") == 0)
        status = slots_install(&world, component, sequence, sequence, 64, sequence);
    else if (status == ATTO_OK && strcmp(what, "confirm") == 0)
        status = atto_slots_confirm(&world.slots, component);
    else if (status == ATTO_OK && strcmp(what, "fault") == 0)
        status = atto_slots_fault(&world.slots, component);
    else if (status == ATTO_OK && strcmp(what, "remove") == 0)
        status = slots_remove(&world, component, 0);
    if (status != ATTO_OK) {
        printf("%s\n", atto_status_name(status));
        return 1;
    }
    show(&world);
    return 0;
}
