/* Steps of a device in a test that must succeed: what stories begin with, and what they go on after.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_DEPLOY_STEPS_H
#define TESTS_DEPLOY_STEPS_H

#include "deploy_world.h"
#include "harness.h"

/* A new device with both tenants. */
static inline void begin(void)
{
    deploy_begin();
    EQUAL(deploy_enrol(), ATTO_OK);
}

static inline void reset(void)
{
    EQUAL(deploy_reset(0, TEAR_NOTHING), ATTO_OK);
    EQUAL(dw.flash.violations, 0);
}

/* A good image is installed, and runs. */
static inline void install(const char *tenant, const char *container, uint32_t sequence)
{
    EQUAL(deploy_install(tenant, container, sequence, PROGRAM_GOOD), ATTO_OK);
    deploy_run(10);
    EQUAL(deploy_version(tenant, container), sequence);
}

#endif
