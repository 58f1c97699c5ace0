/* Options that several commands have: for which devices something is, and whose container it is about.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_TARGET_H
#define ATTO_CLI_TARGET_H

#include <stdbool.h>

#include "arguments.h"
#include "atto/identity.h"
#include "buffer.h"

/* As it was given; NULL: it was not. */
struct atto_target {
    const char *vendor, *class_, *device, *tenant, *container;
};

#define ATTO_VENDOR_OPTIONS(target) {"vendor", .text = &(target).vendor}, {"class", .text = &(target).class_}
#define ATTO_DEVICE_OPTION(target) {"device", .text = &(target).device}
#define ATTO_COMPONENT_OPTIONS(target) {"tenant", .text = &(target).tenant}, {"component", .text = &(target).container}

#define ATTO_VENDOR_HELP                                                                                    \
    "      --vendor VENDOR     whose devices: a UUID, or a name of the DNS of which one is made\n"          \
    "      --class CLASS       which hardware: a UUID, or a name of the vendor's of which one is made\n"

/* Reads the UUIDs that were given; the others are 0. Reports what is none, or a class by name without a vendor. */
bool atto_target_identity(const struct atto_target *target, struct atto_identity *identity);

/* Appends the component: the container's name, behind its tenant's if there is one. Reports names that are none. */
bool atto_target_component(const struct atto_target *target, struct atto_buffer *out);

/* Is this a name for tenants and containers? Reports it if not, as `what`: "NAME", "--signer". */
bool atto_target_name(const char *what, const char *name);

#endif
