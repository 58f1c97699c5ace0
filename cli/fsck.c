/* `atto fsck`: explains what lies in a flash, read from a file: areas and their wear, records, components and slots,
 * and what is damaged. Writes nothing: the log is mounted on a flash that takes no program and no erase.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "arguments.h"
#include "atto/slots.h"
#include "buffer.h"
#include "commands.h"
#include "report.h"

static const char usage[] =
    "usage: atto fsck [options] FILE\n"
    "\n"
    "Explains the contents of a device's flash: its record log, components and slots, and what is damaged there.\n"
    "Writes nothing.\n"
    "\n"
    "      --block BYTES      what is erased at a time; default 4096\n"
    "      --unit BYTES       what is programmed at a time; default 8\n"
    "      --log OFFSET       where the record log begins; default 0\n"
    "      --area BYTES       size of an area of the log; default: a block\n"
    "      --areas COUNT      areas of the log; default 2\n"
    "      --slots OFFSET     where the slots begin; default: behind the log\n"
    "      --slot BYTES       size of a slot; default: there are none\n"
    "      --slot-count COUNT how many slots; default 1\n"
    "  -h, --help             print this\n"
    "\n"
    "Exit status 1: there is no log, or something is damaged.\n";

struct layout {
    uint32_t block_bytes, unit_bytes, log, area_bytes, area_count, slots, slot_bytes, slot_count;
};

static enum atto_status refuse_program(void *user, uint32_t offset, const uint8_t *bytes, uint32_t len)
{
    (void)user;
    (void)offset;
    (void)bytes;
    (void)len;
    return ATTO_E_FLASH;
}

static enum atto_status refuse_erase(void *user, uint32_t offset)
{
    (void)user;
    (void)offset;
    return ATTO_E_FLASH;
}

static const char *kind_name(uint8_t kind)
{
    static const char *const names[] = {
        [ATTO_RECORD_COMPONENT] = "component", [ATTO_RECORD_SEQUENCE] = "sequence", [ATTO_RECORD_WEAR] = "wear",
        [ATTO_RECORD_TENANT] = "tenant",       [ATTO_RECORD_COUNTER] = "counter",   [ATTO_RECORD_RIGHTS] = "rights",
        [ATTO_RECORD_LIMITS] = "limits",       [ATTO_RECORD_VALUE] = "value",
        [ATTO_RECORD_POST_MORTEM] = "post-mortem", [ATTO_RECORD_NAME] = "name",
        [ATTO_RECORD_KEY_ROTATED] = "rotated key",
    };
    const char *name = kind < sizeof names / sizeof *names ? names[kind] : NULL;

    return name != NULL ? name : kind >= ATTO_RECORD_FIRMWARE ? "firmware's" : "unknown";
}

static void print_log(const struct atto_records *records)
{
    printf("log: %u areas of %u bytes at %u\n", records->area_count, records->area_bytes, records->offset);
    printf("  in force: area %u, generation %u, %u bytes used; room for a value of %u bytes\n",
           records->generation % records->area_count, records->generation, records->readable,
           atto_records_room(records));
    for (uint32_t area = 0; area < records->area_count; area++)
        printf("  area %u: erased %u times\n", area, atto_records_wear(records, area));
    printf("  damaged: %u\n", records->damaged);
    if (records->torn)
        puts("  the last record was cut off");
}

static void print_records(const struct atto_records *records)
{
    struct atto_span value;
    enum atto_status status;

    puts("records:");
    for (uint32_t key = 0; (status = atto_records_next(records, &key, &value)) != ATTO_E_NOT_FOUND; key++) {
        printf("  %-11s (kind %u) %8u: ", kind_name(ATTO_RECORD_KIND(key)), ATTO_RECORD_KIND(key),
               ATTO_RECORD_NUMBER(key));
        if (status == ATTO_OK)
            printf("%u bytes\n", value.len);
        else
            puts("damaged");
    }
}

/* Prints a version; false if its image has not the digest that its record says. */
static bool print_version(const struct atto_slots *slots, const char *what, const struct atto_version *version)
{
    struct atto_span image = atto_slots_image(slots, version);
    uint8_t digest[ATTO_DIGEST_BYTES];
    _Static_assert(crypto_hash_sha256_BYTES == ATTO_DIGEST_BYTES, "digests of images are SHA-256");

    crypto_hash_sha256(digest, image.ptr, image.len);
    bool whole = memcmp(digest, version->digest, sizeof digest) == 0;
    printf("    %s: sequence number %u, slot %u, %u bytes, SHA-256 %s\n", what, version->sequence, version->slot,
           version->image_bytes, whole ? "is right" : "is wrong");
    return whole;
}

/* false: something is damaged. */
static bool print_components(const struct atto_slots *slots)
{
    static const char *const states[] = {"?", "on trial", "healthy", "failed"};
    struct atto_versions found;
    enum atto_status status;
    bool fine = true;

    puts("components:");
    for (uint32_t number = 0; (status = atto_slots_next(slots, &number, &found)) != ATTO_E_NOT_FOUND; number++) {
        uint32_t sequence = 0;
        if (atto_slots_sequence(slots, number, &sequence) != ATTO_OK)
            fine = false;
        if (status != ATTO_OK) {
            printf("  %u: damaged; highest sequence number %u\n", number, sequence);
            fine = false;
            continue;
        }
        printf("  %u: %s, started %u times on trial; highest sequence number %u\n", number, states[found.state & 3u],
               found.trials, sequence);
        fine &= print_version(slots, "current", &found.current);
        if (found.previous.image_bytes != 0)
            fine &= print_version(slots, "kept", &found.previous);
    }
    uint32_t free = atto_slots_free(slots);
    for (uint32_t slot = 0; slot < slots->slot_count; slot++)
        printf("  slot %u at %u: %s, erased %u times\n", slot, slots->offset + slot * slots->slot_bytes,
               (free >> slot & 1u) != 0 ? "free" : "in use", atto_slots_wear(slots, slot));
    return fine;
}

static int explain(const struct layout *layout, const struct atto_buffer *file)
{
    const struct atto_flash flash = {refuse_program,
                                     refuse_erase,
                                     NULL,
                                     file->bytes,
                                     (uint32_t)file->len / layout->block_bytes * layout->block_bytes,
                                     layout->block_bytes,
                                     layout->unit_bytes};
    struct atto_records records = {.flash = &flash,
                                   .offset = layout->log,
                                   .area_bytes = layout->area_bytes,
                                   .area_count = layout->area_count};
    struct atto_slots slots = {.records = &records,
                               .offset = layout->slots,
                               .slot_bytes = layout->slot_bytes,
                               .slot_count = layout->slot_count};
    enum atto_status status = atto_records_mount(&records);
    bool fine = status == ATTO_OK && records.damaged == 0;

    if (status != ATTO_OK) {
        atto_report("no log: %s",
                    status == ATTO_E_NOT_FOUND ? "there is none with this layout" : atto_status_text(status));
        return ATTO_EXIT_REFUSED;
    }
    print_log(&records);
    print_records(&records);
    if (layout->slot_bytes != 0) {
        if (atto_slots_check(&slots) != ATTO_OK) {
            atto_report("slots do not fit into the file beside the log");
            return ATTO_EXIT_REFUSED;
        }
        fine &= print_components(&slots);
    }
    return fine ? ATTO_EXIT_FINE : ATTO_EXIT_REFUSED;
}

int atto_command_fsck(int argc, char **argv)
{
    struct layout layout = {.block_bytes = 4096, .unit_bytes = 8, .area_count = 2, .slots = UINT32_MAX,
                            .slot_count = 1};
    const struct atto_option options[] = {
        {"block", .number = &layout.block_bytes, .min = 1, .max = 1u << 24},
        {"unit", .number = &layout.unit_bytes, .min = 1, .max = ATTO_FLASH_UNIT_MAX},
        {"log", .number = &layout.log, .min = 0, .max = 1u << 30},
        {"area", .number = &layout.area_bytes, .min = 1, .max = 1u << 20},
        {"areas", .number = &layout.area_count, .min = 2, .max = 1024},
        {"slots", .number = &layout.slots, .min = 0, .max = 1u << 30},
        {"slot", .number = &layout.slot_bytes, .min = 1, .max = 1u << 30},
        {"slot-count", .number = &layout.slot_count, .min = 1, .max = ATTO_SLOTS_MAX},
        {0},
    };
    struct atto_buffer file = {0};
    const char *path = NULL;
    int status;

    if (!atto_options_read(argc, argv, usage, options, &status))
        return status;
    if (!atto_take_file(argc, argv, &path))
        return atto_wrong_usage(argv[0]);
    if (layout.area_bytes == 0)
        layout.area_bytes = layout.block_bytes;
    if (layout.slots == UINT32_MAX)
        layout.slots = layout.log + layout.area_count * layout.area_bytes;
    status = ATTO_EXIT_REFUSED;
    if (atto_buffer_read(&file, path)) {
        if (file.len > UINT32_MAX)
            atto_report("%s is too large for a flash", path);
        else
            status = explain(&layout, &file);
    }
    atto_buffer_free(&file);
    return status;
}
