/* What the record log promises of what it reads: a record lies in its area, whatever the flash contains. Seen by the
 * prover alone. Predicates are of values: what leaves the values as they were keeps all that is known of them.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_PROOFS_RECORDS_H
#define ATTO_PROOFS_RECORDS_H

#include "atto/records.h"

/*@ // A record that lies in its area: its head, its value and its check.
    predicate sound_record(integer unit, integer area_bytes, integer at, integer next, integer key, integer len) =
        2 * whole(unit, 16) <= at < next <= area_bytes && at + whole(unit, 8) + len + 4 <= next &&
        key < ATTO_RECORD_KINDS * 0x1000000 && len <= ATTO_RECORD_VALUE_MAX; */
#define AREA_OF(r, generation) \
    ((r)->flash->mapped + area_at((r)->offset, (r)->area_bytes, (r)->area_count, generation))
#define SOUND_ENTRY(r, e) sound_record((r)->flash->unit_bytes, (r)->area_bytes, (e)->at, (e)->next, (e)->key, (e)->len)

/*@ predicate sound_put(struct atto_record *put, integer count) =
        values_readable(put, count) &&
        (\forall integer i; 0 <= i < count ==> put[i].value.len <= ATTO_RECORD_VALUE_MAX);

    lemma area_is_inside: \forall integer area, count, bytes;
        0 <= area < count && bytes >= 0 ==> 0 <= area * bytes && area * bytes + bytes <= count * bytes; */

#endif
