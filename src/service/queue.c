/* Messages and requests between containers: a queue of slots in memory of the firmware for each endpoint. Whoever holds
 * the right to write sends; one container at a time, which holds the right to read, listens and is activated. A message
 * is copied once, into its slot, where the activation reads it. A request also keeps its sender waiting until the server
 * answers.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "service.h"

static struct atto_queue_slot *slot_at(const struct atto_queue *queue, uint32_t number)
{
    uint32_t slot = queue->state->first + number;
    if (slot >= queue->slots)
        slot -= queue->slots;
    return (struct atto_queue_slot *)(void *)(queue->memory +
                                              slot * (sizeof(struct atto_queue_slot) + queue->slot_bytes));
}

/* Copies a message into a new slot. NULL: there is no room. */
static struct atto_queue_slot *append(const struct atto_queue *queue, const struct atto_call_span *message)
{
    if (queue->state->used == queue->slots)
        return NULL;
    struct atto_queue_slot *slot = slot_at(queue, queue->state->used++);
    const uint8_t *from = message->ptr;
    uint8_t *to = (uint8_t *)(slot + 1);
    uint32_t len = message->len;
    slot->len = (uint16_t)len;
    while (len >= 16u) {
        memcpy(to, from, 16);
        to += 16, from += 16, len -= 16u;
        ATTO_OPAQUE(len);
    }
    copy(to, from, len);
    return slot;
}

static void drop_first(const struct atto_queue *queue)
{
    queue->state->first = queue->state->first + 1u == queue->slots ? 0 : (uint16_t)(queue->state->first + 1u);
    queue->state->used--;
}

/* How many wait at one moment. */
static uint32_t waiting(const struct atto_queue *queue, const struct atto_port *port)
{
    lock(port);
    uint32_t used = queue->state->used;
    unlock(port);
    return used;
}

/* Copies as much of a message as the receiver has room for. Returns its whole length. */
static int32_t copy_out(const struct atto_queue_slot *slot, const struct atto_call_span *span)
{
    uint32_t len = slot->len < span->len ? slot->len : span->len;
    copy(span->ptr, slot + 1, len);
    return (int32_t)slot->len;
}

/* ---- messages ---- */

static bool message_first(const struct atto_endpoint *endpoint, struct atto_span *message)
{
    const struct atto_queue *queue = endpoint->object;
    struct atto_queue_state *state = queue->state;
    if (state->used == 0u || state->lent)
        return false;
    const struct atto_queue_slot *slot = slot_at(queue, 0);
    state->lent = true;
    message->ptr = (const uint8_t *)(slot + 1);
    message->len = slot->len;
    return true;
}

static uint32_t message_done(const struct atto_endpoint *endpoint)
{
    const struct atto_queue *queue = endpoint->object;
    queue->state->lent = false;
    drop_first(queue);
    return queue->state->used;
}

static const struct atto_feed messages = { message_first, message_done };

int32_t atto_service_send(struct atto_call_frame *call)
{
    const struct atto_queue *queue = call->endpoint->object;
    const struct atto_port *port = port_of(call);
    struct atto_engine *engine = call->run->host->engine;
    if (engine == NULL || call->span[0].len > queue->slot_bytes)
        return result(call, ATTO_E_ARGUMENT);
    lock(port);
    bool sent = append(queue, &call->span[0]) != NULL;
    unlock(port);
    /* A listener that had no room for an event is told by whoever sends next, with success or not. */
    atto_engine_tell(engine, &queue->state->listener, 1);
    return result(call, sent ? ATTO_OK : ATTO_E_QUOTA);
}

int32_t atto_service_receive(struct atto_call_frame *call)
{
    const struct atto_queue *queue = call->endpoint->object;
    const struct atto_port *port = port_of(call);
    int32_t len = ATTO_E_NOT_FOUND;
    lock(port);
    if (queue->state->lent) {
        len = ATTO_E_BUSY;
    } else if (queue->state->used != 0u) {
        len = copy_out(slot_at(queue, 0), &call->span[0]);
        drop_first(queue);
    }
    unlock(port);
    return result(call, len);
}

/* ---- requests ---- */

/* With the lock held: the slot of that request, if it is the first one still. */
static struct atto_queue_slot *still_first(const struct atto_queue *queue, const struct atto_queue_slot *request)
{
    struct atto_queue_slot *slot = slot_at(queue, 0);
    bool same = slot->sender == request->sender && slot->activation == request->activation;
    return queue->state->used != 0u && same ? slot : NULL;
}

/* The first request as it is at one moment: the lock is not held while its sender is looked up. */
static bool first_request(const struct atto_queue *queue, const struct atto_port *port, struct atto_queue_slot *first)
{
    lock(port);
    bool any = queue->state->used != 0u;
    if (any)
        *first = *slot_at(queue, 0);
    unlock(port);
    return any;
}

/* Drops the first request, if it is that one still. */
static void drop_request(const struct atto_queue *queue, const struct atto_port *port,
                         const struct atto_queue_slot *request)
{
    lock(port);
    if (still_first(queue, request) != NULL)
        drop_first(queue);
    unlock(port);
}

/* Copies the first request out, if it is that one still: it is taken then. Its length, or ATTO_E_BUSY. */
static int32_t take_request(const struct atto_call_frame *call, const struct atto_port *port,
                            const struct atto_queue_slot *request)
{
    const struct atto_queue *queue = call->endpoint->object;
    int32_t len = ATTO_E_BUSY;
    lock(port);
    struct atto_queue_slot *slot = still_first(queue, request);
    if (slot != NULL) {
        slot->taken = 1;
        len = copy_out(slot, &call->span[0]);
    }
    unlock(port);
    return len;
}

/* The request's sender, if it is still in the activation in which it has asked: it waits for the answer then, or its
 * slice is about to end. */
static struct atto_container *client_of(struct atto_engine *engine, const struct atto_queue_slot *slot)
{
    struct atto_container_info info;
    struct atto_container *client = atto_engine_find(engine, slot->sender);
    if (client == NULL)
        return NULL;
    atto_engine_info(engine, client, &info);
    bool same = info.activation != ATTO_ACTIVATION_NONE && info.counters.activations == slot->activation;
    return same ? client : NULL;
}

/* Answers what an earlier server has left. One whose sender's slice has not ended cannot be answered yet: it and what is
 * behind it are left to the new server. */
static void abandon(const struct atto_queue *queue, struct atto_engine *engine)
{
    const struct atto_port *port = engine->config->port;
    struct atto_queue_slot request;
    for (uint32_t i = 0; i < queue->slots && first_request(queue, port, &request); i++) {
        struct atto_container *client = client_of(engine, &request);
        if (client != NULL && atto_engine_answer(engine, client, (uint64_t)(int64_t)ATTO_E_STATE) == ATTO_E_BUSY)
            break;
        drop_request(queue, port, &request);
    }
    lock(port);
    if (queue->state->used != 0u)
        slot_at(queue, 0)->taken = 0;
    unlock(port);
}

/* r[4] and r[5] are the span for the answer. */
int32_t atto_service_request(struct atto_call_frame *call)
{
    const struct atto_queue *queue = call->endpoint->object;
    const struct atto_port *port = port_of(call);
    struct atto_container *self = atto_container_of(call->run);
    struct atto_container_info info;
    if (self == NULL || call->span[0].len > queue->slot_bytes)
        return result(call, ATTO_E_ARGUMENT);
    struct atto_engine *engine = atto_engine_of(call->run);
    const struct atto_container *server = atto_engine_listener(engine, &queue->state->listener);
    if (server == NULL || server == self)
        return result(call, ATTO_E_NOT_FOUND);
    atto_engine_info(engine, self, &info);
    lock(port);
    struct atto_queue_slot *slot = append(queue, &call->span[0]);
    if (slot != NULL) {
        slot->sender = atto_container_id(self);
        slot->taken = 0;
        slot->activation = info.counters.activations;
        slot->out = (uint32_t)call->r[4];
        slot->out_len = call->span[1].len;
    }
    uint32_t used = queue->state->used;
    unlock(port);
    atto_engine_tell(engine, &queue->state->listener, used);
    return slot != NULL ? ATTO_CALL_WAIT : result(call, ATTO_E_QUOTA);
}

/* Requests of senders that wait no more are dropped on the way. */
int32_t atto_service_take(struct atto_call_frame *call)
{
    const struct atto_queue *queue = call->endpoint->object;
    struct atto_engine *engine = atto_engine_of(call->run);
    const struct atto_port *port = port_of(call);
    struct atto_queue_slot request;
    if (atto_container_of(call->run) == NULL)
        return result(call, ATTO_E_DENIED);
    lock(port);
    queue->state->listener.told = 0;
    unlock(port);
    while (first_request(queue, port, &request)) {
        if (client_of(engine, &request) != NULL)
            return result(call, take_request(call, port, &request));
        drop_request(queue, port, &request);
    }
    return result(call, ATTO_E_NOT_FOUND);
}

/* Answers the request that was taken last. */
int32_t atto_service_answer(struct atto_call_frame *call)
{
    const struct atto_queue *queue = call->endpoint->object;
    const struct atto_port *port = port_of(call);
    struct atto_engine *engine = atto_engine_of(call->run);
    struct atto_queue_slot request;
    if (atto_container_of(call->run) == NULL || !first_request(queue, port, &request) || request.taken == 0u)
        return result(call, ATTO_E_STATE);
    struct atto_container *client = client_of(engine, &request);
    enum atto_status status = ATTO_E_NOT_FOUND;
    if (client != NULL) {
        uint32_t len = call->span[0].len < request.out_len ? call->span[0].len : request.out_len;
        status = atto_engine_reply(engine, client, request.out, call->span[0].ptr, len);
        if (status == ATTO_E_BUSY)
            return result(call, status); /* its slice has not ended yet: try again */
    }
    drop_request(queue, port, &request);
    return result(call, status);
}

/* ---- listening and serving ---- */

/* r[2] is an entry point's place in the manifest. */
int32_t atto_service_listen(struct atto_call_frame *call)
{
    const struct atto_queue *queue = call->endpoint->object;
    struct atto_container *self = atto_container_of(call->run);
    uint32_t entry;
    if (self == NULL || call->r[2] >= ATTO_ENTRIES_MAX ||
        atto_engine_entry(self, (uint32_t)call->r[2], &entry) != ATTO_OK)
        return result(call, ATTO_E_NOT_FOUND);
    struct atto_engine *engine = atto_engine_of(call->run);
    struct atto_listener *listener = &queue->state->listener;
    bool serves = call->endpoint->kind == ATTO_KIND_SERVER;
    lock(port_of(call));
    listener->feed = serves ? NULL : &messages;
    unlock(port_of(call));
    enum atto_status status = atto_engine_listen(engine, self, call->endpoint, call->handle, entry, listener);
    if (status != ATTO_OK)
        return result(call, status);
    if (serves)
        abandon(queue, engine);
    uint32_t used = waiting(queue, engine->config->port);
    if (used != 0u)
        atto_engine_tell(engine, listener, used);
    return result(call, ATTO_OK);
}
