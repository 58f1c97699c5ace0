/* Hooks: a list of attachments in the order of their priorities. While a hook fires, its list may change under it: an
 * attachment that is taken off is only marked, and unlinked when the last firing that is under way has ended.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "atto/hook.h"

#include <stddef.h>

static enum atto_status run_instance(struct atto_attachment *attachment, const struct atto_context *context,
                                     uint32_t fuel, uint64_t *value)
{
    struct atto_instance *instance = attachment->target;
    return atto_instance_call(instance, attachment->entry, context, instance->fuel < fuel ? instance->fuel : fuel,
                              value);
}

enum atto_status atto_hook_insert(struct atto_hook *hook, struct atto_attachment *attachment,
                                  const struct atto_callset *calls)
{
    if (attachment->priority > ATTO_HOOK_PRIORITY_MAX || attachment->policy > ATTO_HOOK_SINGLE)
        return ATTO_E_ARGUMENT;
    if (!atto_callset_within(calls, &hook->type->calls))
        return ATTO_E_DENIED;
    attachment->hook = hook;
    struct atto_attachment **place = &hook->first;
    while (*place != NULL && (*place)->priority <= attachment->priority)
        place = &(*place)->next;
    attachment->next = *place;
    *place = attachment;
    return ATTO_OK;
}

enum atto_status atto_hook_attach(struct atto_hook *hook, struct atto_attachment *attachment,
                                  struct atto_instance *instance, uint32_t entry, uint8_t priority,
                                  enum atto_hook_policy policy)
{
    if (attachment->hook != NULL)
        return ATTO_E_STATE;
    enum atto_status status = atto_instance_check_entry(instance, entry);
    if (status != ATTO_OK)
        return status;
    *attachment = (struct atto_attachment){
        .run = run_instance, .target = instance, .entry = entry, .priority = priority, .policy = (uint8_t)policy
    };
    return atto_hook_insert(hook, attachment, &instance->receipt.calls);
}

/* Takes what is marked out of the list. */
static void unlink_detached(struct atto_hook *hook)
{
    struct atto_attachment **place = &hook->first;
    while (*place != NULL) {
        struct atto_attachment *attachment = *place;
        if (attachment->detached == 0u) {
            place = &attachment->next;
            continue;
        }
        *place = attachment->next;
        attachment->hook = NULL;
        if (attachment->left != NULL)
            attachment->left(attachment);
    }
}

enum atto_status atto_hook_detach(struct atto_hook *hook, struct atto_attachment *attachment)
{
    if (attachment->hook != hook || attachment->detached != 0u)
        return ATTO_E_NOT_FOUND;
    attachment->detached = 1;
    if (hook->firing == 0u)
        unlink_detached(hook);
    return ATTO_OK;
}

/* Does the firing end after this value? */
static bool stops(uint8_t policy, int64_t value)
{
    return policy == ATTO_HOOK_SINGLE || (policy == ATTO_HOOK_STOP_ON_NEGATIVE && value < 0) ||
           (policy == ATTO_HOOK_STOP_ON_POSITIVE && value > 0);
}

int64_t atto_hook_run(struct atto_hook *hook, void *context, int64_t value)
{
    const struct atto_hook_type *type = hook->type;
    const struct atto_context memory = { context, type->context_bytes, type->access };
    hook->firing++;
    for (struct atto_attachment *a = hook->first; a != NULL; a = a->next) {
        uint64_t result;
        if (a->detached != 0u)
            continue;
        enum atto_status status = a->run(a, &memory, type->fuel, &result);
        if (status == ATTO_OK) {
            a->runs++;
            value = (int64_t)result;
            if (stops(a->policy, value))
                break;
        } else if (status == ATTO_E_BUSY) {
            a->skipped++;
        } else {
            a->faults++;
        }
    }
    if (--hook->firing == 0u)
        unlink_detached(hook);
    return value;
}
