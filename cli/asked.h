/* The rights that an image asks for, and what a device makes of them: it refuses an image that asks for an endpoint
 * that it does not have, and a tenant's ceiling cuts what is above it without a refusal. Both are told with the place
 * where the author has asked.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_ASKED_H
#define ATTO_CLI_ASKED_H

#include "atto/manifest.h"
#include "remote.h"

/* Reports that right `index` is to an endpoint that the device does not have. path: the source, or the image. */
void atto_asked_refuse(const char *path, const struct atto_manifest *manifest, uint32_t index);

/* Reports each right of a container that has been installed with `sequence` of which the device has left less. What the
 * device does not answer is not told; remote->status stays. */
void atto_asked_compare(struct atto_remote *remote, const struct atto_remote_name *name, uint32_t sequence,
                        const char *path, const struct atto_manifest *manifest);

/* Of atto policy: the rights that a device tells of a container, which point into `bytes`, to be freed either way.
 * False: reported. */
bool atto_policy_read(struct atto_remote *remote, const struct atto_remote_name *name, struct atto_buffer *bytes,
                      struct atto_right_wish *rights, uint32_t *count);

#endif
