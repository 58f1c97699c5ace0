/* What the targets for parsers share: what is accepted must hold, and lie inside of what was parsed.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FUZZ_REQUIRE_H
#define FUZZ_REQUIRE_H

#include "atto/span.h"
#include "harness.h"

static inline void require(bool condition, const char *what)
{
    if (!condition)
        harness_fail(__FILE__, __LINE__, what);
}

static inline bool inside(struct atto_span part, struct atto_span whole)
{
    return part.len == 0 ||
           (part.ptr >= whole.ptr && part.ptr <= whole.ptr + whole.len && part.len <= whole.ptr + whole.len - part.ptr);
}

#endif
