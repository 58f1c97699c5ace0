/* Observers (RFC 7641). An observer is the options of the request by which he asked: to notify him is to ask the handler
 * the same again. Nothing of a notification is kept; one that is not acknowledged is made anew each time, with what the
 * resource is by then (section 4.5.2).
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "manage/server.h"

/* State of an observer; 0: the entry is free. */
#define OBSERVES 1u
#define CHANGED 2u  /* and he does not know */
#define CONFIRMS 4u /* the last notification, last_id, is to be acknowledged; if not, again at due_us */

static struct atto_coap_observer *find(const struct atto_coap_server *server, const struct envelope *envelope)
{
    for (uint32_t i = 0; i < server->config->observer_count; i++) {
        struct atto_coap_observer *observer = &server->config->observers[i];

        if (observer->state != 0u && observer->token_len == envelope->token_len &&
            memcmp(observer->token, envelope->token, envelope->token_len) == 0 &&
            atto_coap_same_peer(&observer->peer, envelope->peer))
            return observer;
    }
    return NULL;
}

/* A free entry. If there is none, all observers are notified so that they have to confirm it: those who are gone are
 * forgotten then, and there is room for others. */
static struct atto_coap_observer *find_free(const struct atto_coap_server *server)
{
    for (uint32_t i = 0; i < server->config->observer_count; i++) {
        if (server->config->observers[i].state == 0u)
            return &server->config->observers[i];
    }
    for (uint32_t i = 0; i < server->config->observer_count; i++) {
        server->config->observers[i].state |= CHANGED;
        server->config->observers[i].confirm_us = 0;
    }
    return NULL;
}

/* Copies the options that make the representation. False: they are too long. */
static bool copy_options(struct atto_coap_observer *observer, const struct atto_coap_request *request)
{
    struct atto_coap_writer writer = { observer->options, sizeof observer->options, 0, 0 };
    struct atto_coap_options walk = request->all;
    struct atto_coap_option option;

    while (atto_coap_next(&walk, &option)) {
        if (option.number == ATTO_COAP_URI_PATH || option.number == ATTO_COAP_URI_QUERY ||
            option.number == ATTO_COAP_ACCEPT)
            atto_coap_put(&writer, option.number, option.value.ptr, option.value.len);
    }
    if (writer.len > writer.capacity)
        return false;
    observer->options_len = (uint8_t)writer.len;
    return true;
}

bool atto_coap_observe(struct atto_coap_server *server, const struct atto_coap_request *request,
                       const struct asked *asked, const struct envelope *envelope, uint16_t resource)
{
    struct atto_coap_observer *observer = find(server, envelope);

    if (observer == NULL)
        observer = find_free(server);
    if (observer == NULL)
        return false;
    observer->state = 0;
    if (!copy_options(observer, request))
        return false;
    observer->state = OBSERVES;
    observer->due_us = atto_coap_now(server);
    observer->peer = *envelope->peer;
    observer->resource = resource;
    observer->last_id = envelope->id;
    observer->confirm_us = observer->due_us + ATTO_COAP_CONFIRM_MS * 1000u;
    observer->szx = asked->block2.szx;
    observer->token_len = (uint8_t)envelope->token_len;
    memcpy(observer->token, envelope->token, envelope->token_len);
    return true;
}

void atto_coap_observe_no_more(struct atto_coap_server *server, const struct envelope *envelope)
{
    struct atto_coap_observer *observer = find(server, envelope);

    if (observer != NULL)
        observer->state = 0;
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
            observer->due_us = atto_coap_now(server);
            observer->confirm_us = observer->due_us + ATTO_COAP_CONFIRM_MS * 1000u;
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
    static const struct atto_span nothing = { NULL, 0 };
    const struct atto_coap_config *config = server->config;
    struct atto_coap_options options = { observer->options, observer->options_len, 0, 0 };
    struct envelope envelope = { &observer->peer, observer->token, observer->token_len, ATTO_COAP_NON,
                                 atto_coap_new_id(server), NOT_OBSERVED };
    struct atto_coap_request request;
    struct atto_coap_reply reply;
    struct asked asked;
    uint32_t len;

    observer->state = confirm ? OBSERVES | CONFIRMS : OBSERVES;
    observer->last_id = envelope.id;
    if (confirm)
        envelope.type = ATTO_COAP_CON;
    atto_coap_begin_request(&request, &observer->peer, ATTO_COAP_GET, options, nothing);
    atto_coap_read_options(&request, &asked);
    asked.block2.szx = observer->szx;
    atto_coap_begin_reply(server, &reply, &asked);
    config->handle(config->user, &request, &reply);
    if (reply.code == ATTO_COAP_CONTENT)
        envelope.observe = server->sequence++;
    else
        observer->state = 0;
    len = atto_coap_compose(&request, &asked, &reply, &envelope);
    config->send(config->user, &observer->peer, config->out, len);
}

/* What is due of one observer. */
static void observer_due(struct atto_coap_server *server, struct atto_coap_observer *observer)
{
    uint64_t now = atto_coap_now(server);
    bool confirm = true;

    if ((observer->state & CONFIRMS) != 0u) {
        if (observer->tries == ATTO_COAP_MAX_RETRANSMIT) {
            observer->state = 0;
            return;
        }
        observer->tries++;
    } else {
        observer->tries = 0;
        confirm = observer->confirm_us <= now;
    }
    notify(server, observer, confirm);
    observer->due_us = confirm ? atto_coap_retry_at(server, observer->tries) : now + ATTO_COAP_NOTIFY_MS * 1000u;
}

uint64_t atto_coap_observe_tick(struct atto_coap_server *server)
{
    uint64_t now = atto_coap_now(server), next = UINT64_MAX;

    for (uint32_t i = 0; i < server->config->observer_count; i++) {
        struct atto_coap_observer *observer = &server->config->observers[i];

        if ((observer->state & (CHANGED | CONFIRMS)) != 0u && observer->due_us <= now)
            observer_due(server, observer);
        if ((observer->state & (CHANGED | CONFIRMS)) != 0u && observer->due_us < next)
            next = observer->due_us;
    }
    return next;
}
