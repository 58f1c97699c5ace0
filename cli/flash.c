/* `atto flash`: does to a device's flash, in a file, what envelopes and signed commands do to the device. All of it
 * comes true or nothing: the work is done on a copy, which is written back when all was accepted.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "arguments.h"
#include "commands.h"
#include "twin.h"
#include "report.h"
#include "shape.h"
#include "target.h"

static const char usage[] =
    "usage: atto flash --owner KEY --vendor VENDOR --class CLASS --device UUID [options] FLASHFILE FILE...\n"
    "\n"
    "Does to FLASHFILE what a device with this flash does when it is sent each FILE, an envelope or a signed command:\n"
    "verifies, judges, installs. The file is made if it is not there. If one FILE is refused, nothing is changed.\n"
    "Containers find the endpoints and host calls of the reference firmware (ports/qemu), as with 'atto check'.\n"
    "\n"
    "who the device is:\n"
    "      --owner KEY         the owner's public key\n" ATTO_VENDOR_HELP
    "      --device UUID       which device\n"
    "what its firmware has:\n"
    "      --tenants COUNT     room for tenants; default 8\n"
    "      --components COUNT  room for containers, names of removed ones included; default 5\n"
    "      --pool BYTES        memory for containers; default 65536\n"
    "      --now SECONDS       the time, in seconds since 1970; without it a device without a clock\n"
    ATTO_LAYOUT_HELP
    "and\n"
    "      --image FILE        the image, if an envelope has a URI in its place\n"
    "  -h, --help              print this\n"
    "\n"
    "'atto fsck' and 'atto tenant list' show what the file has then.\n"
    "\n"
    "Exit status: 0 done, 1 a FILE is refused and nothing was changed, 2 wrong usage.\n";

#define FLASH_BYTES_MAX (1u << 28)

struct arguments {
    const char *owner, *image;
    struct atto_target target;
    struct atto_twin_options twin;
};

/* Opens the file if it is there, for this process alone, and reads it; what is beyond its end is erased. *file: -1 if
 * it is not there. */
static bool open_flash(const char *path, uint32_t len, struct atto_buffer *flash, int *file)
{
    *file = open(path, O_RDWR | O_CLOEXEC);
    if (*file < 0 && errno != ENOENT) {
        atto_report_at(path, 0, "cannot be opened: %s", strerror(errno));
        return false;
    }
    if (*file >= 0 && flock(*file, LOCK_EX | LOCK_NB) != 0) {
        atto_report_at(path, 0, "a device is running on it");
        return false;
    }
    if (*file >= 0 && !atto_buffer_read(flash, path))
        return false;
    if (flash->len < len) {
        size_t had = flash->len;

        atto_buffer_put(flash, NULL, len - had);
        memset(flash->bytes + had, 0xff, len - had);
    }
    return true;
}

static bool write_all(int file, const struct atto_buffer *flash)
{
    size_t done = 0;

    while (done < flash->len) {
        ssize_t count = pwrite(file, flash->bytes + done, flash->len - done, (off_t)done);

        if (count <= 0)
            return false;
        done += (size_t)count;
    }
    return fsync(file) == 0;
}

static bool write_flash(const char *path, int *file, const struct atto_buffer *flash)
{
    if (*file < 0)
        *file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (*file >= 0 && write_all(*file, flash))
        return true;
    atto_report_at(path, 0, "cannot be written: %s", strerror(errno));
    return false;
}

static bool take_file(struct atto_twin *twin, const char *path, const char *image)
{
    struct atto_buffer bytes = {0};
    bool fine = atto_buffer_read(&bytes, path) && atto_shape_is_whole(path, &bytes);

    if (fine) {
        switch (atto_shape_of(&bytes)) {
        case ATTO_SHAPE_ENVELOPE:
            fine = atto_twin_install(twin, path, &bytes, image);
            break;
        case ATTO_SHAPE_COMMAND:
            fine = atto_twin_command(twin, path, &bytes);
            break;
        default:
            atto_report_at(path, 0, "neither an envelope nor a signed command");
            fine = false;
        }
    }
    atto_buffer_free(&bytes);
    return fine;
}

static bool flash_files(const struct arguments *arguments, char **paths, size_t count)
{
    struct atto_twin *twin = atto_alloc(1, sizeof *twin);
    struct atto_buffer flash = {0};
    int file;
    bool fine = open_flash(paths[0], atto_layout_end(&arguments->twin.layout), &flash, &file);

    if (fine) {
        fine = atto_twin_boot(twin, &arguments->twin, paths[0], &flash);
        for (size_t i = 1; i < count && fine; i++)
            fine = take_file(twin, paths[i], arguments->image);
        if (fine)
            fine = write_flash(paths[0], &file, &flash);
        else
            atto_report("%s is %s", paths[0], file >= 0 ? "as it was" : "not made");
        atto_twin_free(twin);
    }
    if (file >= 0)
        close(file);
    free(twin);
    atto_buffer_free(&flash);
    return fine;
}

/* What must be given, and what must fit. */
static bool check_arguments(const struct arguments *arguments, size_t count)
{
    const char *missing = arguments->owner == NULL           ? "--owner is missing"
                          : arguments->target.vendor == NULL ? "--vendor is missing"
                          : arguments->target.class_ == NULL ? "--class is missing"
                          : arguments->target.device == NULL ? "--device is missing"
                          : count == 0                       ? "no flash file is given"
                          : count == 1                       ? "no envelope or command is given"
                                                             : NULL;

    if (missing == NULL && arguments->twin.layout.slot_count == 0)
        missing = "--slot-count: a device has slots";
    if (missing == NULL && atto_layout_end(&arguments->twin.layout) > FLASH_BYTES_MAX)
        missing = "this layout is larger than any flash";
    if (missing != NULL)
        atto_report("%s", missing);
    return missing == NULL;
}

int atto_command_flash(int argc, char **argv)
{
    struct arguments arguments = {
        .twin = {.layout = ATTO_LAYOUT_INIT, .tenant_count = 8, .component_count = 5, .pool_bytes = 65536}};
    struct atto_twin_options *twin = &arguments.twin;
    const struct atto_option options[] = {
        {"owner", .text = &arguments.owner},
        ATTO_VENDOR_OPTIONS(arguments.target),
        ATTO_DEVICE_OPTION(arguments.target),
        {"tenants", .number = &twin->tenant_count, .min = 0, .max = ATTO_TENANTS_MAX},
        {"components", .number = &twin->component_count, .min = 1, .max = 255},
        {"pool", .number = &twin->pool_bytes, .min = 1, .max = 1u << 24},
        {"now", .number = &twin->now_s, .min = 0, .max = UINT32_MAX},
        ATTO_LAYOUT_OPTIONS(twin->layout),
        {"image", .text = &arguments.image},
        {0},
    };
    char **paths;
    size_t count;
    int status;

    if (!atto_options_read(argc, argv, usage, options, &status))
        return status;
    paths = atto_files(argc, argv, &count);
    if (!check_arguments(&arguments, count))
        return atto_wrong_usage(argv[0]);
    return atto_target_identity(&arguments.target, &twin->identity) &&
                   atto_keyfile_read(&twin->owner, arguments.owner) && flash_files(&arguments, paths, count)
               ? ATTO_EXIT_FINE
               : ATTO_EXIT_REFUSED;
}
