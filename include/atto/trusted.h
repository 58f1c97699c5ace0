/* What a firmware does with a deployment on its own word, without a signature. Whoever calls these functions answers for
 * it that nobody makes him do so who must not: they are for a button on the device, and for forms of signatures that the
 * deployment does not know.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_TRUSTED_H
#define ATTO_TRUSTED_H

#include "atto/deploy.h"

/* Begins an install for which the caller answers: of an image that nobody has signed in an envelope, because another form
 * of signature was verified, or none is wanted. The component gets the next sequence number, and does not run before it
 * is started. The image is to come.
 * component: names; they are copied. digest: SHA-256 of the image, copied
 * Returns ATTO_OK; ATTO_E_SIGNER (no such tenant); ATTO_E_ARGUMENT (a name); ATTO_E_NO_SPACE, ATTO_E_FLASH,
 * ATTO_E_DAMAGED; the installer is over then. */
enum atto_status atto_install_trusted(struct atto_installer *installer, struct atto_deploy *deploy,
                                      const struct atto_component *component, uint32_t image_bytes,
                                      const uint8_t *digest);

/* Carries out an operation on a component for which the caller answers, without a signature: START, STOP, PAUSE, RESUME or
 * REMOVE; for a button on the device, say. Returns as atto_deploy_command; ATTO_E_ARGUMENT (another operation). */
enum atto_status atto_deploy_order(struct atto_deploy *deploy, enum atto_command_operation operation,
                                   const struct atto_component *component);

#endif
