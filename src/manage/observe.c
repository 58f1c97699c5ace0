/* Observers (RFC 7641). An observer is the options of the request by which he asked: to notify him is to ask the
 * handler the same again. Nothing of a notification is kept; one that is not acknowledged is made anew each time, with
 * what the resource is by then (section 4.5.2).
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "manage/server.h"

/* State of an observer: QUIET, and CHANGED if he does not know yet, UNACKED if he has to acknowledge. */
#define CHANGED WAITS

static struct atto_coap_observer *next_observer(const struct atto_coap_server *server, void *after)
{
    return (struct atto_coap_observer *)atto_coap_each(server, OBSERVERS, NULL, after);
}

/* The entry of who has sent this request; if there is none, a free one, or NULL. */
static struct atto_coap_observer *find(const struct turn *turn)
{
    const struct atto_coap_message *message = turn->message;
    struct atto_coap_observer *observer = NULL, *free = NULL;

    while ((observer = next_observer(turn->reply.server, observer)) != NULL) {
        if (observer->entry.state == FREE)
            free = observer;
        else if (observer->token_len == message->token_len &&
                 memcmp(observer->token, message->token, message->token_len) == 0 &&
                 memcmp(&observer->entry.peer, turn->request.peer, sizeof observer->entry.peer) == 0)
            return observer;
    }
    return free;
}

/* 0: all have changed, as it were, and their observers have to confirm that they are told: who is gone is forgotten
 * then, and makes room for others. */
void atto_coap_changed(struct atto_coap_server *server, uint16_t resource)
{
    struct atto_coap_observer *observer = NULL;

    while ((observer = next_observer(server, observer)) != NULL) {
        if (observer->entry.state == FREE || (resource != 0u && resource != observer->resource))
            continue;
        observer->entry.state |= CHANGED;
        if (resource == 0u)
            observer->confirm = atto_coap_now(server);
    }
}

/* Copies the options that make the representation. False: they are too long. */
static bool copy_options(struct atto_coap_observer *observer, const struct atto_coap_request *request)
{
    struct atto_coap_writer writer = { observer->options, sizeof observer->options, 0, 0 };
    struct atto_coap_options walk = request->all;
    struct atto_coap_option option;

    while (atto_coap_next(&walk, &option)) {
        if (option.number >= ATTO_COAP_URI_PATH && option.number <= ATTO_COAP_BLOCK2)
            atto_coap_put(&writer, option.number, option.value.ptr, option.value.len);
    }
    observer->options_len = (uint8_t)writer.len;
    return writer.len <= writer.capacity;
}

static void count(struct turn *turn)
{
    turn->observe = turn->reply.server->sequence++ & 0xffffffu;
}

void atto_coap_observe(struct turn *turn)
{
    struct atto_coap_server *server = turn->reply.server;
    const struct atto_coap_message *message = turn->message;
    uint32_t asked = turn->asked[ASKED_OBSERVE];
    struct atto_coap_observer *observer;

    if (message->code != ATTO_COAP_GET || asked > 1u || turn->block2.offset != 0u)
        return;
    observer = find(turn);
    if (observer != NULL)
        observer->entry.state = FREE;
    if (asked == 1u || turn->reply.code != ATTO_COAP_CONTENT || turn->reply.resource == 0u)
        return;
    if (observer == NULL) {
        atto_coap_changed(server, 0);
        return;
    }
    if (!copy_options(observer, &turn->request))
        return;
    atto_coap_hold(turn, &observer->entry, QUIET, 0);
    observer->entry.id = turn->id;
    observer->resource = turn->reply.resource;
    observer->token_len = message->token_len;
    memcpy(observer->token, message->token, message->token_len);
    observer->confirm = observer->entry.due + TIME_OF_MS(ATTO_COAP_CONFIRM_MS);
    count(turn);
}

/* Tells him what the resource is. If that is an error, he observes no more (section 4.2). */
void atto_coap_observer_due(struct atto_coap_server *server, struct atto_coap_observer *observer, bool again)
{
    const struct atto_coap_config *config = server->config;
    const struct atto_coap_message message = {
        ATTO_COAP_NON, ATTO_COAP_GET, observer->token_len, 0, observer->token,
        { observer->options, observer->options_len }, { NULL, 0 },
    };
    uint32_t now = atto_coap_now(server), state = observer->entry.state;
    bool confirm = again;
    struct turn turn;

    observer->entry.state = FREE;
    if (!again) {
        if ((state & UNACKED) != 0u)
            return;
        observer->entry.tries = 0;
        observer->entry.due = now + TIME_OF_MS(ATTO_COAP_NOTIFY_MS);
        confirm = observer->confirm - now - 1u >= TIME_OF_MS(ATTO_COAP_CONFIRM_MS);
        if (confirm)
            atto_coap_confirm(server, &observer->entry);
    }
    atto_coap_turn_begin(&turn, server, &observer->entry.peer, &message);
    turn.type = confirm ? ATTO_COAP_CON : ATTO_COAP_NON;
    observer->entry.id = turn.id;
    config->handle(config->user, &turn.request, &turn.reply);
    if (turn.reply.code == ATTO_COAP_CONTENT) {
        count(&turn);
        observer->entry.state = QUIET;
        if (confirm) {
            observer->entry.state = QUIET | UNACKED;
            observer->confirm = now + TIME_OF_MS(ATTO_COAP_CONFIRM_MS);
        }
    }
    atto_coap_send_out(server, &observer->entry.peer, atto_coap_turn_end(&turn));
}
