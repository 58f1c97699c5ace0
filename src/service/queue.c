/* Messages and requests between containers: a queue of slots in memory of the firmware for each endpoint. Whoever holds
 * the right to write sends; one container at a time, which holds the right to read, listens and is activated when
 * something has come. A message is copied into its slot and from there to the receiver. A request also keeps its sender
 * waiting until the server answers.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "service.h"

static struct atto_queue_slot *slot_at(const struct atto_queue *queue, uint32_t number)
{
    uint32_t slot = (queue->state->first + number) % queue->slots;
    return (struct atto_queue_slot *)(void *)(queue->memory +
                                              slot * (sizeof(struct atto_queue_slot) + queue->slot_bytes));
}

/* ---- the listener ---- */

/* The state at one moment. */
static struct atto_queue_state look(const struct atto_call_frame *call)
{
    const struct atto_queue *queue = call->endpoint->object;
    lock(port_of(call));
    struct atto_queue_state state = *queue->state;
    unlock(port_of(call));
    return state;
}

/* The container that listens, in the same life, and still has the right to. NULL: there is none. */
static struct atto_container *listener_of(const struct atto_call_frame *call, struct atto_engine *engine)
{
    struct atto_queue_state state = look(call);
    struct atto_container *container = state.listener != 0u ? atto_engine_find(engine, state.listener) : NULL;
    if (container == NULL || atto_container_life(container) != state.life ||
        !atto_engine_holds(engine, container, state.handle, call->endpoint, ATTO_OPERATION_READ))
        return NULL;
    return container;
}

static struct atto_queue_state set_told(const struct atto_call_frame *call, uint8_t told)
{
    const struct atto_queue *queue = call->endpoint->object;
    lock(port_of(call));
    struct atto_queue_state before = *queue->state;
    queue->state->told = told;
    unlock(port_of(call));
    return before;
}

/* Activates the listener, unless it has been told already and has not looked yet. It may look before this returns. If
 * it has no room for one more event, the next one who sends tries again, with success or not. */
static void tell(const struct atto_call_frame *call, struct atto_engine *engine)
{
    struct atto_container *listener = listener_of(call, engine);
    if (listener == NULL)
        return;
    struct atto_queue_state state = set_told(call, 1);
    const uint32_t context[2] = { state.handle, state.used };
    if (state.told == 0u && atto_engine_post(engine, listener, state.entry, 0, context, sizeof context) != ATTO_OK)
        set_told(call, 0);
}

/* ---- the queue ---- */

/* Copies a message into a new slot. NULL: there is no room. */
static struct atto_queue_slot *append(const struct atto_queue *queue, const struct atto_call_frame *call)
{
    if (queue->state->used == queue->slots)
        return NULL;
    struct atto_queue_slot *slot = slot_at(queue, queue->state->used++);
    *slot = (struct atto_queue_slot){ .len = (uint16_t)call->span[0].len };
    slot->sender = atto_container_id(atto_container_of(call->run));
    copy(slot + 1, call->span[0].ptr, slot->len);
    return slot;
}

static void drop_first(const struct atto_queue *queue)
{
    queue->state->first = (uint16_t)((queue->state->first + 1u) % queue->slots);
    queue->state->used--;
}

static void drop_first_alone(const struct atto_queue *queue, const struct atto_port *port)
{
    lock(port);
    drop_first(queue);
    unlock(port);
}

/* Copies as much of a message as the receiver has room for. Returns its whole length. */
static int32_t copy_out(const struct atto_queue_slot *slot, const struct atto_call_span *span)
{
    uint32_t len = slot->len < span->len ? slot->len : span->len;
    copy(span->ptr, slot + 1, len);
    return (int32_t)slot->len;
}

/* ---- messages ---- */

int32_t atto_service_send(struct atto_call_frame *call)
{
    const struct atto_queue *queue = call->endpoint->object;
    const struct atto_port *port = port_of(call);
    if (atto_container_of(call->run) == NULL || call->span[0].len > queue->slot_bytes)
        return result(call, ATTO_E_ARGUMENT);
    lock(port);
    bool sent = append(queue, call) != NULL;
    unlock(port);
    tell(call, atto_engine_of(call->run));
    return result(call, sent ? ATTO_OK : ATTO_E_QUOTA);
}

int32_t atto_service_receive(struct atto_call_frame *call)
{
    const struct atto_queue *queue = call->endpoint->object;
    const struct atto_port *port = port_of(call);
    int32_t len = ATTO_E_NOT_FOUND;
    lock(port);
    queue->state->told = 0;
    if (queue->state->used != 0u) {
        len = copy_out(slot_at(queue, 0), &call->span[0]);
        drop_first(queue);
    }
    unlock(port);
    return result(call, len);
}

/* ---- requests ---- */

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

/* Answers what an earlier server has left. */
static void abandon(const struct atto_call_frame *call, struct atto_engine *engine)
{
    const struct atto_queue *queue = call->endpoint->object;
    while (look(call).used != 0u) {
        struct atto_container *client = client_of(engine, slot_at(queue, 0));
        if (client != NULL)
            atto_engine_answer(engine, client, (uint64_t)(int64_t)ATTO_E_STATE);
        drop_first_alone(queue, engine->config->port);
    }
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
    const struct atto_container *server = listener_of(call, engine);
    if (server == NULL || server == self)
        return result(call, ATTO_E_NOT_FOUND);
    atto_engine_info(engine, self, &info);
    lock(port);
    struct atto_queue_slot *slot = append(queue, call);
    if (slot != NULL) {
        slot->activation = info.counters.activations;
        slot->out = (uint32_t)call->r[4];
        slot->out_len = call->span[1].len;
    }
    unlock(port);
    tell(call, engine);
    return slot != NULL ? ATTO_CALL_WAIT : result(call, ATTO_E_QUOTA);
}

/* Requests of senders that wait no more are dropped on the way. */
int32_t atto_service_take(struct atto_call_frame *call)
{
    const struct atto_queue *queue = call->endpoint->object;
    struct atto_engine *engine = atto_engine_of(call->run);
    if (atto_container_of(call->run) == NULL)
        return result(call, ATTO_E_DENIED);
    set_told(call, 0);
    while (look(call).used != 0u) {
        struct atto_queue_slot *slot = slot_at(queue, 0);
        if (client_of(engine, slot) != NULL) {
            slot->taken = 1;
            return result(call, copy_out(slot, &call->span[0]));
        }
        drop_first_alone(queue, engine->config->port);
    }
    return result(call, ATTO_E_NOT_FOUND);
}

/* Answers the request that was taken last. */
int32_t atto_service_answer(struct atto_call_frame *call)
{
    const struct atto_queue *queue = call->endpoint->object;
    struct atto_engine *engine = atto_engine_of(call->run);
    if (atto_container_of(call->run) == NULL || look(call).used == 0u || slot_at(queue, 0)->taken == 0u)
        return result(call, ATTO_E_STATE);
    const struct atto_queue_slot *slot = slot_at(queue, 0);
    struct atto_container *client = client_of(engine, slot);
    enum atto_status status = ATTO_E_NOT_FOUND;
    if (client != NULL) {
        uint32_t len = call->span[0].len < slot->out_len ? call->span[0].len : slot->out_len;
        status = atto_engine_reply(engine, client, slot->out, call->span[0].ptr, len);
        if (status == ATTO_E_BUSY)
            return result(call, status); /* its slice has not ended yet: try again */
    }
    drop_first_alone(queue, engine->config->port);
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
    const struct atto_container *other = listener_of(call, engine);
    if (other != NULL && other != self)
        return result(call, ATTO_E_BUSY);
    if (call->endpoint->kind == ATTO_KIND_SERVER)
        abandon(call, engine);
    lock(port_of(call));
    queue->state->listener = atto_container_id(self);
    queue->state->life = atto_container_life(self);
    queue->state->entry = (uint16_t)entry;
    queue->state->handle = (uint8_t)call->handle;
    queue->state->told = 0;
    unlock(port_of(call));
    if (look(call).used != 0u)
        tell(call, engine);
    return result(call, ATTO_OK);
}
