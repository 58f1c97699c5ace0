/* Resources of containers: a request under /app/TENANT/CONTAINER is handed to the container's entry point `coap`, which runs
 * inline, with bounded fuel, and turns it into the answer. Its right to do so is one to read of the endpoint "coap".
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "../../sdk/resource.h"
#include "manage/resource.h"

_Static_assert(sizeof(struct atto_resource) == 128u, "the same on every machine");

bool atto_app_granted(const struct atto_manage *manage, const struct atto_container *container)
{
    struct atto_engine *engine = manage->config->deploy->config->engine;
    const uint32_t number = manage->config->coap_endpoint;
    if (container == NULL || number >= engine->host.endpoint_count)
        return false;
    for (uint32_t handle = 0; handle < ATTO_RIGHTS_MAX; handle++) {
        if (atto_engine_endpoint(engine, container, handle) == &engine->host.endpoints[number])
            return true;
    }
    return false;
}

/* Copies the rest of the path, with slashes. False: it is too long. */
static bool copy_path(struct atto_resource *resource, struct atto_coap_request *request)
{
    struct atto_span segment;
    while (atto_coap_path_next(request, &segment)) {
        uint32_t slash = resource->path_len != 0u ? 1u : 0u;
        if (resource->path_len + slash + segment.len > ATTO_RESOURCE_PATH)
            return false;
        if (slash != 0u)
            resource->path[resource->path_len++] = '/';
        if (segment.len != 0u)
            memcpy(resource->path + resource->path_len, segment.ptr, segment.len);
        resource->path_len = (uint8_t)(resource->path_len + segment.len);
    }
    return true;
}

/* Is this what an answer can have as its code? */
static bool is_answer(int64_t code)
{
    return (code >= 64 && code < 96) || (code >= 128 && code < 192);
}

void atto_take_app(struct atto_view *view)
{
    const struct atto_coap_request *request = view->request;
    _Alignas(8) struct atto_resource resource;
    enum atto_status outcome = ATTO_OK, status;
    int64_t code = 0;
    memset(&resource, 0, sizeof resource);
    if (!atto_view_find(view) || !atto_app_granted(view->manage, view->container) ||
        !copy_path(&resource, view->request))
        return;
    if (request->transfer != ATTO_COAP_WHOLE || request->piece.len > ATTO_RESOURCE_BYTES) {
        atto_coap_refuse(view->reply, ATTO_COAP_REQUEST_ENTITY_TOO_LARGE, NULL);
        view->reply->limit = ATTO_RESOURCE_BYTES;
        return;
    }
    resource.method = request->code;
    resource.format = (uint16_t)(request->content_format <= 0xffffu ? request->content_format : ATTO_RESOURCE_NO_FORMAT);
    resource.len = request->piece.len;
    if (resource.len != 0u)
        memcpy(resource.bytes, request->piece.ptr, resource.len);
    status = atto_call_entry(view->manage, view->container, "coap", &resource, sizeof resource, &code, &outcome);
    if (status != ATTO_OK) {
        atto_refuse_with(view->reply, status, NULL, NULL);
    } else if (outcome != ATTO_OK || !is_answer(code) || resource.len > ATTO_RESOURCE_BYTES) {
        atto_coap_refuse(view->reply, ATTO_COAP_INTERNAL_SERVER_ERROR, NULL);
    } else {
        atto_coap_answer(view->reply, (enum atto_coap_code)code,
                         resource.format != ATTO_RESOURCE_NO_FORMAT ? resource.format : ATTO_COAP_FORMAT_NONE);
        atto_coap_write(view->reply, resource.bytes, resource.len);
    }
}
