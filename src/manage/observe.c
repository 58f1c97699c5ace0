/* Observers (RFC 7641). An observer is the options of the request by which he asked: to notify him is to ask the
 * handler the same again. Nothing of a notification is kept; one that is not acknowledged is made anew each time, with
 * what the resource is by then (section 4.5.2).
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "manage/server.h"

/* State of an observer; 0: the entry is free. */
#define OBSERVES 1u
#define CHANGED 2u  /* and he does not know */
#define CONFIRMS 4u /* the last notification, last_id, is to be acknowledged; if not, again when it is due */

/* The entry of who has sent this request; if there is none, a free one, or NULL. */
static struct atto_coap_observer *find(const struct turn *turn)
{
    const struct atto_coap_config *config = turn->reply.server->config;
    const struct atto_coap_message *message = turn->message;
    struct atto_coap_observer *free = NULL;

    for (uint32_t i = 0; i < config->observer_count; i++) {
        struct atto_coap_observer *observer = &config->observers[i];

        if (observer->state == 0u)
            free = observer;
        else if (observer->token_len == message->token_len &&
                 memcmp(observer->token, message->token, message->token_len) == 0 &&
                 atto_coap_same_peer(&observer->peer, turn->request.peer))
            return observer;
    }
    return free;
}

/* Notifies all observers so that they have to confirm it: who is gone is forgotten then, and makes room for others. */
static void look_who_is_there(const struct atto_coap_server *server)
{
    for (uint32_t i = 0; i < server->config->observer_count; i++) {
        struct atto_coap_observer *observer = &server->config->observers[i];

        observer->state |= CHANGED;
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
        observer->state = 0;
    if (asked == 1u || turn->reply.code != ATTO_COAP_CONTENT || turn->reply.resource == 0u)
        return;
    if (observer == NULL) {
        look_who_is_there(server);
        return;
    }
    if (!copy_options(observer, &turn->request))
        return;
    observer->state = OBSERVES;
    observer->due = atto_coap_now(server);
    observer->confirm = observer->due + TIME_OF_MS(ATTO_COAP_CONFIRM_MS);
    observer->peer = *turn->request.peer;
    observer->resource = turn->reply.resource;
    observer->last_id = message->id;
    observer->token_len = message->token_len;
    memcpy(observer->token, message->token, message->token_len);
    turn->observe = server->sequence++ & 0xffffffu;
}

bool atto_coap_observer_heard(struct atto_coap_server *server, const struct atto_coap_peer *peer, uint16_t id,
                              bool is_reset)
{
    for (uint32_t i = 0; i < server->config->observer_count; i++) {
        struct atto_coap_observer *observer = &server->config->observers[i];

        if (observer->state == 0u || observer->last_id != id || !atto_coap_same_peer(&observer->peer, peer))
            continue;
        if (is_reset)
            observer->state = 0;
        else if ((observer->state & CONFIRMS) != 0u) {
            observer->state &= (uint8_t)~CONFIRMS;
            observer->due = atto_coap_now(server);
            observer->confirm = observer->due + TIME_OF_MS(ATTO_COAP_CONFIRM_MS);
        }
        return true;
    }
    return false;
}

void atto_coap_changed(struct atto_coap_server *server, uint16_t resource)
{
    for (uint32_t i = 0; i < server->config->observer_count; i++) {
        struct atto_coap_observer *observer = &server->config->observers[i];

        if (observer->state != 0u && observer->resource == resource)
            observer->state |= CHANGED;
    }
}

/* Tells an observer what the resource is. One who gets an error with it observes no more (section 4.2). */
static void notify(struct atto_coap_server *server, struct atto_coap_observer *observer, bool confirm)
{
    const struct atto_coap_config *config = server->config;
    struct atto_coap_message message = {
        confirm ? ATTO_COAP_CON : ATTO_COAP_NON, ATTO_COAP_GET, observer->token_len, atto_coap_new_id(server),
        observer->token, { observer->options, observer->options_len }, { NULL, 0 },
    };
    struct turn turn;

    observer->last_id = message.id;
    atto_coap_turn_begin(&turn, server, &observer->peer, &message);
    config->handle(config->user, &turn.request, &turn.reply);
    observer->state = 0;
    if (turn.reply.code == ATTO_COAP_CONTENT) {
        observer->state = confirm ? OBSERVES | CONFIRMS : OBSERVES;
        turn.observe = server->sequence++ & 0xffffffu;
    }
    config->send(config->user, &observer->peer, config->out, atto_coap_turn_end(&turn));
}

/* What is due of one observer. */
static void observer_due(struct atto_coap_server *server, struct atto_coap_observer *observer, struct agenda *agenda)
{
    bool confirm = true;

    if ((observer->state & CONFIRMS) == 0u) {
        observer->tries = 0;
        confirm = atto_coap_has_come(agenda, &observer->confirm);
    } else if (observer->tries++ == ATTO_COAP_MAX_RETRANSMIT) {
        observer->state = 0;
        return;
    }
    notify(server, observer, confirm);
    observer->due = confirm ? atto_coap_retry_at(server, observer->tries)
                            : agenda->now + TIME_OF_MS(ATTO_COAP_NOTIFY_MS);
}

void atto_coap_observe_tick(struct atto_coap_server *server, struct agenda *agenda)
{
    for (uint32_t i = 0; i < server->config->observer_count; i++) {
        struct atto_coap_observer *observer = &server->config->observers[i];

        (void)atto_coap_has_come(agenda, &observer->confirm);
        if (atto_coap_has_come(agenda, &observer->due) && observer->state > OBSERVES)
            observer_due(server, observer, agenda);
        if (observer->state > OBSERVES)
            atto_coap_note(agenda, observer->due);
    }
}
