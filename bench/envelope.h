/* An envelope with an image of 1 KB, for the firmwares that measure what becomes of it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_ENVELOPE_H
#define BENCH_ENVELOPE_H

#include "../tests/suit_bytes.h"

#define ENVELOPE_IMAGE_BYTES 1024u
#define ENVELOPE_TICK 1 /* the number of the host call that it makes first: call_tick of ticks.h */

/* The owner's container "blink", for suit_identity; signed so that suit_crypto verifies it. */
void make_envelope(struct suit_bytes *suit);

/* The owner's key as a COSE_Key. */
#define ENVELOPE_OWNER_KEY "\xa3\x01\x01\x20\x06\x21\x58\x20" "acme's public key of 32 bytes.."

#endif
