/* Rights as they are asked for at install: by the manifest, with the names of endpoints, or by who installs.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "container.h"

static uint32_t endpoint_named(const struct atto_host *host, const struct atto_right_wish *wish)
{
    struct atto_span name = { wish->name, wish->name_bytes };
    uint32_t number = 0;
    while (number < host->endpoint_count && !atto_same_name(name, host->endpoints[number].name))
        number++;
    return number;
}

enum atto_status atto_engine_wish(const struct atto_engine *engine, const struct atto_manifest *manifest,
                                  uint32_t number, struct atto_right *right)
{
    struct atto_right_wish wish;
    enum atto_status status = atto_manifest_right(manifest, number, &wish);
    if (status != ATTO_OK)
        return status;
    *right = wish.right;
    uint32_t endpoint = wish.right.endpoint;
    if (wish.name_bytes != 0u)
        endpoint = endpoint_named(&engine->host, &wish);
    if (endpoint >= engine->host.endpoint_count)
        return ATTO_E_NOT_FOUND;
    right->endpoint = (uint8_t)endpoint;
    return atto_right_legal(engine, right) ? ATTO_OK : ATTO_E_ARGUMENT;
}

/* The right with this number that is asked for; not cut yet, for ceilings may change until the lock is held. Returns
 * ATTO_OK, ATTO_E_NOT_FOUND or ATTO_E_ARGUMENT. */
static enum atto_status right_wanted(const struct atto_engine *engine, const struct atto_manifest *manifest,
                                     const struct atto_install *request, uint32_t number, struct atto_right *right)
{
    enum atto_status status = ATTO_OK;
    if (request->rights == NULL) {
        status = atto_engine_wish(engine, manifest, number, right);
    } else {
        *right = request->rights[number];
        status = atto_right_legal(engine, right) ? ATTO_OK : ATTO_E_ARGUMENT;
    }
    return status;
}

enum atto_status atto_wishes_judge(const struct atto_engine *engine, const struct atto_manifest *manifest,
                                   const struct atto_install *request, struct wished *wished,
                                   struct atto_refusal *refusal)
{
    struct atto_right right;
    wished->count = request->rights != NULL ? request->right_count : manifest->right_count;
    if (wished->count > ATTO_RIGHTS_MAX || request->tenant > engine->config->tenant_count)
        return ATTO_E_ARGUMENT;
    wished->metered = request->tenant != ATTO_TENANT_OWNER; /* whose ceiling may bring rates at any time */
    for (uint32_t i = 0; i < wished->count; i++) {
        enum atto_status status = right_wanted(engine, manifest, request, i, &right);
        if (status != ATTO_OK) {
            *refusal = (struct atto_refusal){ status, i };
            return status;
        }
        wished->metered = wished->metered || right_metered(&right);
    }
    if (wished->count != 0u || request->tenant != ATTO_TENANT_OWNER)
        wished->bytes = atto_grants_bytes(wished->count, wished->metered);
    return ATTO_OK;
}

bool atto_wishes_grant(struct atto_engine *engine, const struct atto_manifest *manifest,
                       const struct atto_install *request, const struct wished *wished,
                       struct atto_container *container)
{
    if (wished->bytes == 0u)
        return true;
    struct grants *grants = atto_grants_make(engine, request->tenant, wished->count, wished->metered);
    if (grants == NULL)
        return false;
    grants->rights.count = wished->count;
    for (uint32_t i = 0; i < wished->count; i++) {
        right_wanted(engine, manifest, request, i, &grants->rights.right[i]);
        atto_right_cut(engine, request->tenant, &grants->rights.right[i]);
    }
    container->grants = grants;
    return true;
}

void atto_wishes_audit(const struct atto_container *container)
{
    const struct grants *grants = container->grants;
    if (grants != NULL)
        atto_audit_change(engine_of(container),
                          &(struct atto_audit_record){ .kind = ATTO_AUDIT_INSTALL, .container = container->id,
                                                       .code = grants->tenant, .actor = grants->tenant });
}
