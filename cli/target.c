/* For which devices, and whose container; see target.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "target.h"

#include <string.h>

#include "cbor.h"
#include "report.h"
#include "uuid.h"

/* The name space of the DNS (RFC 9562 section 6.6). */
static const uint8_t dns[ATTO_UUID_BYTES] = {0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1,
                                             0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8};

bool atto_target_identity(const struct atto_target *target, struct atto_identity *identity)
{
    memset(identity, 0, sizeof *identity);
    if ((target->vendor != NULL && target->vendor[0] == '\0') ||
        (target->class_ != NULL && target->class_[0] == '\0')) {
        atto_report("--vendor and --class: a name is not empty");
        return false;
    }
    if (target->vendor != NULL && !atto_uuid_parse(target->vendor, identity->vendor_id))
        atto_uuid_of_name(dns, target->vendor, identity->vendor_id);
    if (target->class_ != NULL && !atto_uuid_parse(target->class_, identity->class_id)) {
        if (target->vendor == NULL) {
            atto_report("--class: '%s' is no UUID, and a name is one of a --vendor", target->class_);
            return false;
        }
        atto_uuid_of_name(identity->vendor_id, target->class_, identity->class_id);
    }
    if (target->device != NULL && !atto_uuid_parse(target->device, identity->device_id)) {
        atto_report("--device: '%s' is not a UUID such as 01234567-89ab-cdef-0123-456789abcdef", target->device);
        return false;
    }
    return true;
}

bool atto_target_name(const char *what, const char *name)
{
    const size_t len = strlen(name);

    if (len >= 1 && len <= ATTO_NAME_MAX && atto_cbor_is_plain_text((const uint8_t *)name, (uint32_t)len))
        return true;
    atto_report("%s: a name has 1 to %u bytes of UTF-8 without control characters", what, ATTO_NAME_MAX);
    return false;
}

bool atto_target_component(const struct atto_target *target, struct atto_buffer *out)
{
    if (target->container == NULL) {
        atto_report("--component is missing: the container's name");
        return false;
    }
    if ((target->tenant != NULL && !atto_target_name("the tenant", target->tenant)) ||
        !atto_target_name("the container", target->container))
        return false;
    atto_cbor_add_head(out, ATTO_CBOR_ARRAY, target->tenant != NULL ? 2 : 1);
    if (target->tenant != NULL)
        atto_cbor_add_bytes(out, target->tenant, strlen(target->tenant));
    atto_cbor_add_bytes(out, target->container, strlen(target->container));
    return true;
}
