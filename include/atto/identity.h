/* Who a device is, as envelopes and signed commands name it. Three UUIDs (RFC 9562) of the firmware's choice: whose
 * device it is, of which class (what hardware and which endpoints containers find), and which one.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_IDENTITY_H
#define ATTO_IDENTITY_H

#include <stdint.h>

#define ATTO_IDENTITY_BYTES 16u

struct atto_identity {
    uint8_t vendor_id[ATTO_IDENTITY_BYTES];
    uint8_t class_id[ATTO_IDENTITY_BYTES];
    uint8_t device_id[ATTO_IDENTITY_BYTES];
};

#endif
