/* Signed commands as they are made: for which device, in whose name, with which counter; the operation and its
 * arguments are the caller's.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_SIGNED_COMMAND_H
#define ATTO_CLI_SIGNED_COMMAND_H

#include "arguments.h"
#include "atto/identity.h"
#include "buffer.h"

/* As it was given; NULL or 0: it was not. */
struct atto_signing {
    const char *output, *key, *device;
    const char *signer; /* a tenant; NULL: the owner */
    uint32_t counter, expiry_s;
};

#define ATTO_SIGNING_OPTIONS(signing)                                                     \
    {"output", 'o', .text = &(signing).output}, {"key", 'k', .text = &(signing).key},     \
    {"device", .text = &(signing).device},                                                \
    {"counter", .number = &(signing).counter, .min = 1, .max = UINT32_MAX},               \
    {"expires", .number = &(signing).expiry_s, .min = 1, .max = UINT32_MAX}

#define ATTO_SIGNING_HELP                                                                 \
    "  -o, --output FILE       where to\n"                                                \
    "  -k, --key FILE          the private key that signs\n"                              \
    "      --device UUID       the device\n"                                              \
    "      --counter NUMBER    over that of the signer's last command to this device\n"   \
    "      --expires SECONDS   since 1970; a device that does not know the time refuses a command that expires\n"

/* Is all there that there must be? Reports what is not. */
bool atto_signing_is_complete(const struct atto_signing *signing);

/* Makes the command, if a device would take it from this signer, and writes it. operation: enum atto_command_operation;
 * arguments: of the operation, as CBOR, which are freed. Reports what goes wrong and returns false. */
bool atto_signed_command_write(const struct atto_signing *signing, uint32_t operation, struct atto_buffer *arguments);

#endif
