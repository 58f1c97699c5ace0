/* Listeners: containers that are activated by what comes to an endpoint. A mailbox's messages are activations of their
 * own, one after the other, each of which reads its message where the mailbox has it: there is one event for all that
 * wait, posted again when an activation is over.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "container.h"

#include <string.h>

/* Does the listener's container listen still: in the same life, and with the right to? It has a table of rights, which
 * does not become shorter in a life. */
static inline bool listens(const struct atto_listener *listener)
{
    const struct atto_container *container = listener->container;
    const struct atto_right *right = &container->grants->rights.right[listener->handle];
    return container->grants->life == listener->life && (right->operations & ATTO_OPERATION_READ) != 0u &&
           right->endpoint == listener->number && is_in(container, ALIVE);
}

static OFF_PATH void look_again(struct atto_engine *engine, struct atto_listener *listener)
{
    struct atto_container *container = atto_container_find(engine, listener->id);
    listener->container = container != NULL && container->grants != NULL ? container : NULL;
    listener->removals = engine->removals;
}

static inline struct atto_container *listener_of(struct atto_engine *engine, struct atto_listener *listener)
{
    if (listener->container == NULL)
        return NULL;
    if (listener->removals != engine->removals)
        look_again(engine, listener);
    return listener->container != NULL && listens(listener) ? listener->container : NULL;
}

struct atto_container *atto_engine_listener(struct atto_engine *engine, struct atto_listener *listener)
{
    atto_enter(engine);
    struct atto_container *container = listener_of(engine, listener);
    atto_leave(engine);
    return container;
}

enum atto_status atto_engine_listen(struct atto_engine *engine, struct atto_container *container,
                                    const struct atto_endpoint *endpoint, uint32_t handle, uint32_t entry,
                                    struct atto_listener *listener)
{
    atto_enter(engine);
    const struct atto_container *other = listener_of(engine, listener);
    enum atto_status status = other != NULL && other != container ? ATTO_E_BUSY : ATTO_OK;
    if (status == ATTO_OK && container->grants == NULL)
        status = ATTO_E_DENIED;
    if (status == ATTO_OK) {
        if (other == NULL)
            listener->told = 0;
        listener->container = container;
        listener->endpoint = endpoint;
        listener->number = (uint8_t)(endpoint - engine->host.endpoints);
        listener->removals = engine->removals;
        listener->id = container->id;
        listener->life = container->grants->life;
        listener->entry = (uint16_t)entry;
        listener->handle = (uint8_t)handle;
    }
    atto_leave(engine);
    return status;
}

static enum atto_status post(struct atto_container *container, struct atto_listener *listener, uint32_t waiting)
{
    struct limits *limits = atto_limits_of(container);
    if (limits == NULL || limits->event_count >= limits->schedule.events)
        return ATTO_E_QUOTA;
    struct event *event = atto_event_insert(limits, engine_of(container)->now_us);
    event->entry = listener->entry;
    if (listener->feed != NULL) {
        event->len = EVENT_MESSAGE;
        event->data.listener = listener;
    } else {
        event->len = 2u * sizeof(uint32_t);
        event->data.words[0] = listener->handle;
        event->data.words[1] = waiting;
    }
    listener->told = 1;
    return ATTO_OK;
}

enum atto_status atto_engine_tell(struct atto_engine *engine, struct atto_listener *listener, uint32_t waiting)
{
    const struct atto_port *port = engine->config->port;
    enum atto_status status = ATTO_E_NOT_FOUND;
    enter_inline(engine, port);
    struct atto_container *container = listener_of(engine, listener);
    if (container != NULL) {
        status = listener->told != 0u ? ATTO_OK : post(container, listener, waiting);
        if (status == ATTO_OK)
            atto_event_go(container);
    }
    return atto_finish(engine, status);
}

bool atto_message_first(const struct atto_container *container, const struct event *event, struct atto_context *context)
{
    struct atto_listener *listener = event->data.listener;
    struct atto_span message;
    bool current = listener->container == container && listens(listener);
    if (current && listener->feed->first(listener->endpoint, &message)) {
        context->ptr = (uint8_t *)(uintptr_t)message.ptr; /* read only */
        context->len = message.len;
        return true;
    }
    if (current)
        listener->told = 0;
    return false;
}

void atto_message_done(struct atto_container *container, struct atto_listener *listener)
{
    uint32_t waiting = listener->feed->done(listener->endpoint);
    struct atto_container *next = listener_of(engine_of(container), listener);
    if (next == container)
        listener->told = 0;
    if (next == NULL || waiting == 0u || listener->told != 0u || post(next, listener, waiting) != ATTO_OK)
        return;
    if (next != container) /* which goes on by itself; another one may have begun to listen meanwhile */
        atto_event_go(next);
}
