/* The highest counters and sequence numbers that were signed on this machine, for each device. A command counts on from
 * what the device says was the last one, but what a device says is not signed: whoever is on the way could tell the
 * last number that there is, and what counts on from it would be the last thing that the signer can ever sign. So a
 * device is believed as far as it is near to what is known here. And whoever had something signed ahead could keep it,
 * and send it later. So nothing is signed below what was signed here before: what comes next overtakes it. What lies
 * further above than a device skips is left aside: it is not taken before the device has come near.
 *
 * Files of one number each, $XDG_DATA_HOME/atto/numbers/DEVICE/TENANT.counter and .../TENANT/CONTAINER.sequence (or in
 * ~/.local/share).
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_NUMBERS_H
#define ATTO_CLI_NUMBERS_H

#include <stdint.h>

#include "atto/command.h"
#include "remote.h"

/* So far above the last one signed here a device is believed: half of what it lets a counter skip, so that it takes what
 * comes after a lie. */
#define ATTO_NUMBERS_STEP (ATTO_COUNTER_STEP_MAX / 2u)
#define ATTO_NUMBERS_FIRST 0x80000000u /* so far where none was */

/* The last counter of a signer's (NULL: the owner) for a device, and the last sequence number of a container there; 0:
 * none was signed here. */
uint32_t atto_numbers_counter(const char *device, const char *signer);
uint32_t atto_numbers_sequence(const char *device, const struct atto_remote_name *name);

/* Keeps what is about to be sent, if it is higher. A failure is reported, and no more. */
void atto_numbers_keep_counter(const char *device, const char *signer, uint32_t counter);
void atto_numbers_keep_sequence(const char *device, const struct atto_remote_name *name, uint32_t sequence);

/* The counter to sign with, if a device tells that `told` was the last one and it is believed, and `known` was signed
 * here: over both, but no further over what was told than a device takes. 0: they are used up. */
uint32_t atto_numbers_next_counter(uint32_t told, uint32_t known);

/* The highest number that a device is believed, if `known` is the last one that was signed here. */
uint32_t atto_numbers_limit(uint32_t known);

/* Why `told` is not believed, in a sentence, to be freed. what: "the last counter of its owner"; option: the one that
 * gives a number by hand. */
char *atto_numbers_doubt(const char *what, uint32_t told, uint32_t known, const char *option);

#endif
