/* Where in a flash what lies: the geometry of the flash, the record log and the slots, as the options of several
 * commands say it, and flash files that are read with it. A device's firmware knows the same numbers, and nothing in
 * the file does.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_LAYOUT_H
#define ATTO_CLI_LAYOUT_H

#include <stdbool.h>

#include "arguments.h"
#include "atto/envelope.h"
#include "atto/slots.h"
#include "buffer.h"

/* Bytes, but for the counts. slot_count 0: there are no slots. */
struct atto_layout {
    uint32_t block_bytes, unit_bytes, log, area_bytes, area_count, slots, slot_bytes, slot_count;
};

#define ATTO_LAYOUT_INIT {4096, 8, 0, 8192, 2, UINT32_MAX, 8192, 6}

#define ATTO_LAYOUT_OPTIONS(layout)                                                       \
    {"block", .number = &(layout).block_bytes, .min = 1, .max = 1u << 24},                \
    {"unit", .number = &(layout).unit_bytes, .min = 1, .max = ATTO_FLASH_UNIT_MAX},       \
    {"log", .number = &(layout).log, .min = 0, .max = 1u << 30},                          \
    {"area", .number = &(layout).area_bytes, .min = 1, .max = 1u << 20},                  \
    {"areas", .number = &(layout).area_count, .min = 2, .max = 1024},                     \
    {"slots", .number = &(layout).slots, .min = 0, .max = 1u << 30},                      \
    {"slot", .number = &(layout).slot_bytes, .min = 1, .max = 1u << 24},                  \
    {"slot-count", .number = &(layout).slot_count, .min = 0, .max = ATTO_SLOTS_MAX}

#define ATTO_LAYOUT_HELP                                                                  \
    "how the flash is laid out, which the device's firmware says:\n"                      \
    "      --block BYTES       what is erased at a time; default 4096\n"                  \
    "      --unit BYTES        what is programmed at a time; default 8\n"                 \
    "      --log OFFSET        where the record log begins; default 0\n"                  \
    "      --area BYTES        size of an area of the log; default 8192\n"                \
    "      --areas COUNT       areas of the log; default 2\n"                             \
    "      --slots OFFSET      where the slots begin; default: behind the log\n"          \
    "      --slot BYTES        size of a slot; default 8192\n"                            \
    "      --slot-count COUNT  how many slots, 0 for none; default 6\n"

/* What a device has in flash. Its parts point to each other, so it stays where it is. */
struct atto_storage {
    struct atto_flash flash;
    struct atto_records records;
    struct atto_slots slots;
};

/* Where log and slots end. */
uint32_t atto_layout_end(const struct atto_layout *layout);

/* The log and the slots of a flash, nothing of which is mounted yet; storage->flash is the caller's to fill in. */
void atto_layout_apply(const struct atto_layout *layout, struct atto_storage *storage);

/* Reads a flash file and mounts its log on a flash that takes no program and no erase. Reports what goes wrong and
 * returns false. `file` has the bytes, to be freed in either case. */
bool atto_storage_read(struct atto_storage *storage, const struct atto_layout *layout, const char *path,
                       struct atto_buffer *file);

/* Looks for a record log in a file, whatever its layout. Its areas say how large they are. */
struct atto_log_place {
    uint32_t offset, area_bytes;
};
bool atto_layout_find_log(const struct atto_buffer *file, struct atto_log_place *place);

/* Is a tenant of this name enrolled? */
bool atto_storage_has_tenant(const struct atto_storage *storage, struct atto_span name);

/* The names of component `number`, which point into flash, and whether it is to run. False: it has none, or they are
 * damaged. */
bool atto_storage_name(const struct atto_storage *storage, uint32_t number, struct atto_component *component,
                       bool *to_run);

/* What there is to say of a layout that cannot be. */
extern const char atto_layout_impossible[];

#endif
