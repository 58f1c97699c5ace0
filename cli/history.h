/* Images that were sent to devices, kept on this machine: to go back to an earlier one, and to find the source line of
 * a fault. One file each, $XDG_DATA_HOME/atto/images/DEVICE/TENANT/CONTAINER/SEQUENCE.atto (or in ~/.local/share).
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_HISTORY_H
#define ATTO_CLI_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "buffer.h"
#include "remote.h"

#define ATTO_HISTORY_MAX 8u /* versions of a container that are kept */

/* Keeps an image; the oldest one goes when there are too many. A failure is reported, and no more. */
void atto_history_keep(const char *device, const struct atto_remote_name *name, uint32_t sequence,
                       const struct atto_buffer *image);

/* The path of the image that was sent with this sequence number, to be freed; NULL: it is not kept. */
char *atto_history_find(const char *device, const struct atto_remote_name *name, uint32_t sequence);

/* The highest sequence number below `below` of an image that is kept, 0 if there is none. */
uint32_t atto_history_before(const char *device, const struct atto_remote_name *name, uint32_t below);

#endif
