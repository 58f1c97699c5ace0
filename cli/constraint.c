/* Constraints in words, see constraint.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "constraint.h"

#include <string.h>

#include "report.h"

enum atto_constraint atto_constraint_named(const char *name)
{
    static const char *const names[] = {"none",      "memory",     "deadline",    "budget",
                                        "unbounded", "tenant-ram", "tenant-time", "tenant-priority"};

    for (uint32_t i = 0; i < sizeof names / sizeof names[0] && name != NULL; i++) {
        if (strcmp(names[i], name) == 0)
            return (enum atto_constraint)i;
    }
    return ATTO_CONSTRAINT_NONE;
}

char *atto_constraint_text(enum atto_constraint constraint, const char *culprit, uint32_t missing,
                           uint32_t needs_bytes)
{
    if (culprit == NULL)
        culprit = "it";
    switch (constraint) {
    case ATTO_CONSTRAINT_MEMORY:
        return needs_bytes == 0
                   ? atto_format("memory: %u bytes of the pool are missing", missing)
                   : atto_format("memory: %u bytes of the pool are missing; it needs %u", missing, needs_bytes);
    case ATTO_CONSTRAINT_DEADLINE:
        return atto_format("deadline: %s would end %u us late", culprit, missing);
    case ATTO_CONSTRAINT_BUDGET:
        return atto_format("budget: that of %s lacks %u fuel for one activation", culprit, missing);
    case ATTO_CONSTRAINT_UNBOUNDED:
        return atto_format("unbounded: %s may take all the time from one with a deadline; it needs a budget, "
                           "or a\n    priority number that is larger by at least %u", culprit, missing);
    case ATTO_CONSTRAINT_TENANT_RAM:
        return atto_format("tenant: its ceiling of RAM is too low by %u bytes", missing);
    case ATTO_CONSTRAINT_TENANT_TIME:
        if (missing != UINT32_MAX)
            return atto_format("tenant: its ceiling of fuel is too low by %u in a second", missing);
        return atto_copy_string("tenant: it has a ceiling of fuel, so that each of its containers needs a budget, or a "
                                "period and\n    neither events nor restarts");
    case ATTO_CONSTRAINT_TENANT_PRIORITY:
        return atto_format("tenant: its containers may not be so urgent; the priority must be larger by %u", missing);
    default:
        return NULL;
    }
}
