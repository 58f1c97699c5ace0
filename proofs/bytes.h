/* Predicates that the contracts in src/ share. They name no type of Atto, so that any header can use them.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_PROOFS_BYTES_H
#define ATTO_PROOFS_BYTES_H

#include <stdint.h>

/*@ predicate readable(uint8_t *bytes, integer len) = \valid_read(bytes + (0 .. len - 1)); */

/*@ logic integer le16(uint8_t *bytes) = bytes[0] + 256 * bytes[1]; */

/* The first piece of memory lies in the second one, or is empty. */
/*@ predicate inside(uint8_t *part, integer part_len, uint8_t *whole, integer whole_len) =
        part_len == 0 ||
        (part_len > 0 && \base_addr(part) == \base_addr(whole) &&
         whole <= part && part + part_len <= whole + whole_len); */

/*@ predicate terminated(char *text) =
        \exists integer end; end >= 0 && \valid_read(text + (0 .. end)) && text[end] == 0; */

#endif
