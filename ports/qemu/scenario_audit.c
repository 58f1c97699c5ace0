/* Prints what a scenario tells of rights: those in force, which action has changed what, and the audit trail, whose two
 * rings become one list in the order of time.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>

#include "endpoints.h"
#include "json.h"
#include "scenario.h"

static const char *const kind_names[] = { "denied", "right", "ceiling", "install", "refused" };
_Static_assert(ATTO_AUDIT_REFUSED + 1 == sizeof kind_names / sizeof kind_names[0], "a name for each kind");

static void print_right(const struct atto_right *right)
{
    printf("{\"endpoint\":\"%s\",\"operations\":%" PRIu32 ",\"period\":%" PRIu32
           ",\"first\":%u,\"last\":%u,\"calls\":%u,\"bytes\":%u,\"total\":%u}",
           board_endpoints[right->endpoint].name, atto_right_operations(right), atto_right_period(right), right->first,
           right->last, right->calls, right->bytes, right->total);
}

void scenario_print_policy(const struct scenario_container *container)
{
    printf(",\"rights\":[");
    for (uint32_t i = 0; i < container->right_count; i++) {
        printf("%s", i == 0u ? "" : ",");
        print_right(&container->rights[i]);
    }
    printf("]");
}

static void print_turn(const struct scenario_turn *turn)
{
    printf("{\"turn\":%" PRIu32 ",\"container\":\"%s\",\"handle\":%" PRIu32 ",\"before\":", turn->action,
           turn->on->name, turn->handle);
    print_right(&turn->before);
    printf(",\"after\":");
    print_right(&turn->after);
    printf("}\n");
}

static void print_record(const struct atto_audit_record *audit, uint64_t begin_us)
{
    printf("{\"audit\":\"%s\",\"time_us\":%" PRIu64 ",\"container\":%u", kind_names[audit->kind],
           audit->time_us < begin_us ? 0u : audit->time_us - begin_us, audit->container);
    if (audit->kind == ATTO_AUDIT_DENIED)
        printf(",\"call\":%u", audit->code);
    if (audit->handle == ATTO_AUDIT_NO_HANDLE || audit->kind > ATTO_AUDIT_RIGHT)
        printf(",\"handle\":null");
    else
        printf(",\"handle\":%u", audit->handle);
    if (audit->kind == ATTO_AUDIT_DENIED) {
        json_status((enum atto_status)audit->status);
    } else {
        if (audit->kind != ATTO_AUDIT_RIGHT)
            printf(",\"tenant\":%u", audit->code);
        printf(",\"actor\":%u", audit->actor);
    }
    printf(",\"count\":%u}\n", audit->count);
}

/* How many records there are in a ring. */
static uint32_t filled(uint32_t written)
{
    return written < SCENARIO_AUDIT_MAX ? written : SCENARIO_AUDIT_MAX;
}

void scenario_print_audit(const struct scenario_record *record, struct atto_engine *engine)
{
    uint32_t denials = filled(engine->denials_written), changes = filled(engine->changes_written);
    struct atto_audit_record denial, change;
    for (uint32_t i = 0; i < record->turn_count; i++)
        print_turn(&record->turns[i]);
    while (denials + changes != 0u) {
        bool is_denied = denials != 0u && atto_engine_denial(engine, denials - 1u, &denial);
        bool is_changed = changes != 0u && atto_engine_change(engine, changes - 1u, &change);
        if (is_denied && (!is_changed || denial.time_us < change.time_us)) {
            print_record(&denial, record->begin_us);
            denials--;
        } else {
            print_record(&change, record->begin_us);
            changes--;
        }
    }
}
