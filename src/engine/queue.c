/* Where containers wait: a ring for each priority of those that are ready, and one list of timers in the order of their
 * times. A ring is known by its last member, so both ends are at hand; taking one out of the middle walks.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "container.h"

void atto_ready_push(struct atto_container *container)
{
    struct atto_engine *engine = engine_of(container);
    struct atto_container **last = &engine->ready[container->priority];
    if (*last == NULL) {
        container->link = container;
        engine->ready_priorities |= 1u << container->priority;
    } else {
        container->link = (*last)->link;
        (*last)->link = container;
    }
    *last = container;
    container->flags |= FLAG_READY;
}

void atto_timer_push(struct atto_container *container, uint64_t at_us)
{
    struct atto_engine *engine = engine_of(container);
    struct atto_container **place = &engine->timers;
    while (*place != NULL && (*place)->at_us <= at_us)
        place = &(*place)->link;
    container->at_us = at_us;
    container->link = *place;
    *place = container;
    container->flags |= FLAG_TIMER;
}

static inline void ring_leave(struct atto_container *container)
{
    struct atto_engine *engine = engine_of(container);
    struct atto_container **last = &engine->ready[container->priority];
    struct atto_container *before = container;
    if (container->link == container) {
        *last = NULL;
        engine->ready_priorities &= ~(1u << container->priority);
        return;
    }
    if ((*last)->link == container)
        before = *last;
    while (before->link != container)
        before = before->link;
    before->link = container->link;
    if (*last == container)
        *last = before;
}

void atto_queue_leave(struct atto_container *container)
{
    struct atto_engine *engine = engine_of(container);
    if ((container->flags & (FLAG_READY | FLAG_TIMER)) == 0)
        return;
    if ((container->flags & FLAG_READY) != 0) {
        ring_leave(container);
    } else {
        struct atto_container **place = &engine->timers;
        while (*place != container)
            place = &(*place)->link;
        *place = container->link;
    }
    container->flags &= (uint8_t)~(FLAG_READY | FLAG_TIMER);
}
