/* Resources of containers: a request under /app/TENANT/CONTAINER is handed to the container's entry point `coap`,
 * which runs inline, with bounded fuel, and turns it into the answer. Its right to do so is one to read of the
 * endpoint "coap".
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "../../sdk/resource.h"
#include "manage/resource.h"

_Static_assert(sizeof(struct atto_resource) == 128u, "the same on every machine");

/* May this container have resources? */
static bool is_granted(const struct atto_view *view)
{
    const struct atto_host *host = &view->engine->host;
    const uint32_t number = view->config->coap_endpoint;
    if (view->container == NULL || number >= host->endpoint_count)
        return false;
    for (uint32_t handle = 0; handle < ATTO_RIGHTS_MAX; handle++) {
        if (atto_engine_endpoint(view->engine, view->container, handle) == &host->endpoints[number])
            return true;
    }
    return false;
}

/* Copies the rest of the path, with slashes. False: it is too long. */
static bool copy_path(struct atto_resource *resource, struct atto_coap_request *request)
{
    struct atto_span segment;
    uint32_t len = 0;
    while (atto_coap_path_next(request, &segment)) {
        if (len != 0u && len < ATTO_RESOURCE_PATH)
            resource->path[len++] = '/';
        if (segment.len > ATTO_RESOURCE_PATH - len)
            return false;
        memcpy(resource->path + len, segment.ptr, segment.len);
        len += segment.len;
    }
    resource->path_len = (uint8_t)len;
    return true;
}

void atto_take_app(struct atto_view *view)
{
    const struct atto_coap_request *request = view->request;
    _Alignas(8) struct atto_resource resource = { .method = request->code,
                                                .format = (uint16_t)request->content_format };
    int64_t code = 0;
    if (!atto_view_names(view) || !atto_view_find(view) || !is_granted(view) ||
        !copy_path(&resource, view->request))
        return;
    if (request->transfer != ATTO_COAP_WHOLE || request->piece.len > ATTO_RESOURCE_BYTES) {
        atto_view_code(view, ATTO_COAP_REQUEST_ENTITY_TOO_LARGE, ATTO_RESOURCE_BYTES);
        return;
    }
    resource.len = request->piece.len;
    memcpy(resource.bytes, request->piece.ptr, resource.len);
    enum atto_status status = atto_call_entry(view->manage, view->container, "coap", &resource, sizeof resource, &code);
    uint32_t class = ATTO_COAP_CLASS(code);
    if (status != ATTO_OK && status > ATTO_FAULT_MEMORY) {
        atto_refuse_with(view->reply, status, NULL, NULL);
    } else if (status != ATTO_OK || resource.len > ATTO_RESOURCE_BYTES || class < 2u || class > 5u) {
        atto_view_code(view, ATTO_COAP_INTERNAL_SERVER_ERROR, 0);
    } else {
        atto_coap_answer(view->reply, (enum atto_coap_code)code,
                         resource.format != ATTO_RESOURCE_NO_FORMAT ? resource.format : ATTO_COAP_FORMAT_NONE);
        atto_coap_write(view->reply, resource.bytes, resource.len);
    }
}
