/* The CoAP client, see client.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "client.h"

#include <coap3/coap.h>
#include <netdb.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "report.h"

#define SZX 6u                     /* of the blocks that are sent at first: 1024 bytes */
#define RESTARTS_MAX 16u           /* of a transfer that the device has lost, or whose content has changed meanwhile */
#define ANSWER_MAX (1u << 20)      /* bytes of the longest answer that is taken */
#define BUSY_MS 5000u              /* the longest that is waited at a time for a device that is busy */
#define TAG_BYTES 4u
#define ACK_MS 2000u               /* ACK_TIMEOUT, RFC 7252 section 4.8 */
#define MAX_RETRANSMIT 4u
#define REFUSED_MS 2000u           /* so long nobody need listen: a device that was just started gets there */
#define REFUSED_PAUSE_MS 100u
/* libcoap retransmits as well, but not before a second has passed. So it is told to take its time, and each message is
 * sent again from here, with the message id that it had. */
#define LIBRARY_ACK_S 600u
#define LIBRARY_NSTART 65535u

struct atto_client {
    coap_context_t *context;
    coap_session_t *session;
    coap_address_t address;
    uint32_t timeout_ms, ack_ms;
    uint64_t opened_ms, deadline_ms;
    bool reached;  /* it has answered at least once */
    bool refused;  /* the network says that nobody listens there */
    bool rejected; /* it has rejected a message (RST) */
    bool restless; /* its answer has changed between two blocks again and again */
    /* The exchange that is under way. */
    uint8_t token[8];
    size_t token_len;
    bool answered, failed;
    struct answer {
        uint8_t code, etag[8];
        size_t etag_len;
        uint32_t max_age_s;
        bool has_block1, has_block2;
        coap_block_t block1, block2;
        struct atto_buffer payload;
    } answer;
    uint8_t observe_token[8];
    size_t observe_token_len;
    bool notified;
};

/* One message of a request. */
struct message {
    const struct atto_client_request *request;
    const uint8_t *bytes; /* of the payload, from its block on */
    size_t len;
    bool has_block1, has_block2, observe;
    coap_block_t block1, block2;
    uint32_t size1; /* 0: not told */
    uint8_t tag[TAG_BYTES]; /* of the transfer, if there is block1 */
};

static uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

static struct atto_client *client_of(const coap_session_t *session)
{
    return coap_session_get_app_data(session);
}

/* ---- messages ---- */

static uint32_t option_number(const coap_pdu_t *pdu, coap_option_num_t number, uint32_t otherwise)
{
    coap_opt_iterator_t iterator;
    const coap_opt_t *option = coap_check_option(pdu, number, &iterator);

    return option == NULL ? otherwise : coap_decode_var_bytes(coap_opt_value(option), coap_opt_length(option));
}

static void take_answer(struct answer *answer, const coap_pdu_t *pdu)
{
    coap_opt_iterator_t iterator;
    const coap_opt_t *etag = coap_check_option(pdu, COAP_OPTION_ETAG, &iterator);
    const uint8_t *bytes;
    size_t len;

    atto_buffer_free(&answer->payload);
    *answer = (struct answer){.code = (uint8_t)coap_pdu_get_code(pdu)};
    if (etag != NULL && coap_opt_length(etag) <= sizeof answer->etag) {
        answer->etag_len = coap_opt_length(etag);
        memcpy(answer->etag, coap_opt_value(etag), answer->etag_len);
    }
    answer->max_age_s = option_number(pdu, COAP_OPTION_MAXAGE, 1);
    answer->has_block1 = coap_get_block(pdu, COAP_OPTION_BLOCK1, &answer->block1) == 1;
    answer->has_block2 = coap_get_block(pdu, COAP_OPTION_BLOCK2, &answer->block2) == 1;
    if (coap_get_data(pdu, &len, &bytes) == 1 && len != 0)
        atto_buffer_put(&answer->payload, bytes, len);
}

static bool same_token(const coap_pdu_t *pdu, const uint8_t *token, size_t len)
{
    const coap_bin_const_t found = coap_pdu_get_token(pdu);

    return len != 0 && found.length == len && memcmp(found.s, token, len) == 0;
}

/* Takes what comes. What belongs to nothing any more, such as the answer to an earlier try, is acknowledged and
 * dropped. */
static coap_response_t on_response(coap_session_t *session, const coap_pdu_t *sent, const coap_pdu_t *received,
                                   coap_mid_t mid)
{
    struct atto_client *client = client_of(session);

    (void)sent;
    (void)mid;
    client->reached = true;
    if (!client->answered && same_token(received, client->token, client->token_len)) {
        take_answer(&client->answer, received);
        client->answered = true;
    } else if (same_token(received, client->observe_token, client->observe_token_len)) {
        client->notified = true;
    }
    return COAP_RESPONSE_OK;
}

static void on_nack(coap_session_t *session, const coap_pdu_t *sent, coap_nack_reason_t reason, coap_mid_t mid)
{
    struct atto_client *client = client_of(session);

    (void)mid;
    if (sent != NULL && !same_token(sent, client->token, client->token_len))
        return;
    client->failed = true;
    client->refused = reason == COAP_NACK_ICMP_ISSUE;
    client->rejected = reason == COAP_NACK_RST;
}

static void add_number(coap_optlist_t **list, coap_option_num_t number, uint32_t value)
{
    uint8_t bytes[4];
    const size_t len = coap_encode_var_safe(bytes, sizeof bytes, value);

    coap_insert_optlist(list, coap_new_optlist(number, len, bytes));
}

static uint32_t block_value(const coap_block_t *block)
{
    return block->num << 4 | (uint32_t)block->m << 3 | block->szx;
}

static void add_options(const struct message *message, coap_optlist_t **list)
{
    const struct atto_client_request *request = message->request;

    for (size_t i = 0; request->path[i] != NULL; i++)
        coap_insert_optlist(list, coap_new_optlist(COAP_OPTION_URI_PATH, strlen(request->path[i]),
                                                   (const uint8_t *)request->path[i]));
    if (request->query != NULL)
        coap_insert_optlist(list, coap_new_optlist(COAP_OPTION_URI_QUERY, strlen(request->query),
                                                   (const uint8_t *)request->query));
    if (request->payload != NULL && request->format != ATTO_FORMAT_NONE)
        add_number(list, COAP_OPTION_CONTENT_FORMAT, request->format);
    if (message->observe)
        add_number(list, COAP_OPTION_OBSERVE, 0);
    if (message->has_block1) {
        add_number(list, COAP_OPTION_BLOCK1, block_value(&message->block1));
        coap_insert_optlist(list, coap_new_optlist(COAP_OPTION_RTAG, TAG_BYTES, message->tag));
    }
    if (message->size1 != 0)
        add_number(list, COAP_OPTION_SIZE1, message->size1);
    if (message->has_block2)
        add_number(list, COAP_OPTION_BLOCK2, block_value(&message->block2));
}

/* Sends a message, for the first time or again: then with the same id and token. */
static bool send_message(struct atto_client *client, const struct message *message, uint16_t id, const uint8_t *token,
                         size_t token_len)
{
    coap_pdu_t *pdu = coap_pdu_init(COAP_MESSAGE_CON, (coap_pdu_code_t)message->request->method, id,
                                    coap_session_max_pdu_size(client->session));
    coap_optlist_t *list = NULL;
    bool fine;

    if (pdu == NULL)
        return false;
    add_options(message, &list);
    fine = coap_add_token(pdu, token_len, token) == 1 && coap_add_optlist_pdu(pdu, &list) == 1 &&
           (message->len == 0 || coap_add_data(pdu, message->len, message->bytes) == 1);
    coap_delete_optlist(list);
    if (!fine) {
        coap_delete_pdu(pdu);
        return false;
    }
    return coap_send(client->session, pdu) != COAP_INVALID_MID;
}

static bool open_session(struct atto_client *client)
{
    uint8_t token[4];

    coap_session_release(client->session);
    client->session = coap_new_client_session(client->context, NULL, &client->address, COAP_PROTO_UDP);
    if (client->session == NULL)
        return false;
    coap_session_set_app_data(client->session, client);
    coap_session_set_ack_timeout(client->session, (coap_fixed_point_t){LIBRARY_ACK_S, 0});
    coap_session_set_nstart(client->session, LIBRARY_NSTART);
    randombytes_buf(token, sizeof token);
    coap_session_init_token(client->session, sizeof token, token);
    return true;
}

static bool time_is_left(const struct atto_client *client)
{
    return now_ms() < client->deadline_ms;
}

static void pause_for(struct atto_client *client, uint32_t ms)
{
    const uint64_t now = now_ms();
    const uint64_t left = client->deadline_ms > now ? client->deadline_ms - now : 0;

    usleep(1000u * (unsigned)(ms < left ? ms : left));
}

/* Waits until `until_ms`, or until something has become of the message. */
static void wait_until(struct atto_client *client, uint64_t until_ms)
{
    while (!client->answered && !client->failed && time_is_left(client)) {
        const uint64_t now = now_ms();

        if (now >= until_ms)
            return;
        if (coap_io_process(client->context, (uint32_t)(until_ms - now)) < 0)
            client->failed = true;
    }
}

/* Sends one message, and again and again, later each time (RFC 7252 section 4.2), until something becomes of it. */
static void send_reliably(struct atto_client *client, const struct message *message)
{
    const uint16_t id = coap_new_message_id(client->session);
    uint64_t wait_ms = client->ack_ms + randombytes_uniform(client->ack_ms / 2 + 1);

    coap_session_new_token(client->session, &client->token_len, client->token);
    client->answered = client->failed = client->refused = client->rejected = false;
    for (unsigned tries = 0; tries <= MAX_RETRANSMIT && !client->answered && !client->failed && time_is_left(client);
         tries++) {
        const uint64_t until = now_ms() + wait_ms;

        if (!send_message(client, message, id, client->token, client->token_len))
            client->failed = true;
        wait_until(client, until < client->deadline_ms ? until : client->deadline_ms);
        wait_ms *= 2;
    }
}

/* Sends a message until there is an answer to it, which is in client->answer then. One that is given up is sent anew,
 * as long as there is time. */
static bool exchange(struct atto_client *client, const struct message *message)
{
    do {
        send_reliably(client, message);
        if (client->answered) {
            client->deadline_ms = now_ms() + client->timeout_ms;
            return true;
        }
        if (client->rejected || (client->refused && !client->reached && now_ms() - client->opened_ms >= REFUSED_MS))
            return false;
        if (client->failed) { /* a device that restarts comes back */
            pause_for(client, client->reached ? client->ack_ms : REFUSED_PAUSE_MS);
            if (!open_session(client))
                return false;
        }
    } while (time_is_left(client));
    return false;
}

/* ---- requests ---- */

/* On a terminal alone. NOTHING_LEFT: the transfer is over, and the bar goes. */
#define NOTHING_LEFT SIZE_MAX

static void show_progress(const struct atto_client_request *request, size_t done)
{
    static const char bar[] = "========================================";
    const size_t total = request->payload->len, width = sizeof bar - 1;
    const size_t filled = total == 0 || done > total ? width : done * width / total;

    if (!request->progress || !isatty(STDERR_FILENO))
        return;
    if (done == NOTHING_LEFT)
        fputs("\r\033[K", stderr);
    else
        fprintf(stderr, "\r%zu of %zu bytes [%.*s%*s]", done, total, (int)filled, bar, (int)(width - filled), "");
    fflush(stderr);
}

/* Sends a payload block by block. The answer to the last one, or the one that ends it early, is in client->answer.
 * *again: the device has lost what it had, and it has to begin anew. */
static bool send_blocks(struct atto_client *client, const struct atto_client_request *request, unsigned *szx,
                        bool *again)
{
    const struct atto_buffer *payload = request->payload;
    struct message message = {.request = request, .has_block1 = true, .size1 = (uint32_t)payload->len};
    size_t done = 0;

    *again = false;
    randombytes_buf(message.tag, sizeof message.tag);
    for (;;) {
        const size_t block = (size_t)16 << *szx, left = payload->len - done;
        const struct answer *answer = &client->answer;

        message.len = left > block ? block : left;
        message.bytes = payload->bytes + done;
        message.block1 = (coap_block_t){.num = (unsigned)(done / block), .m = left > block, .szx = *szx & 7u};
        if (!exchange(client, &message))
            return false;
        message.size1 = 0;
        if (answer->code == ATTO_COAP_CODE(4, 13) && answer->has_block1 && answer->block1.szx < *szx && done == 0) {
            *szx = answer->block1.szx;
            *again = true;
            return true;
        }
        *again = answer->code == ATTO_COAP_CODE(4, 8);
        if (answer->code != ATTO_COAP_CODE(2, 31) || left <= block)
            return true;
        done += block;
        if (answer->has_block1 && answer->block1.szx < *szx)
            *szx = answer->block1.szx; /* smaller ones from here on; what is done stays a multiple */
        show_progress(request, done);
    }
}

/* Sends a request's payload, in one piece if it is short. */
static bool send_payload(struct atto_client *client, const struct atto_client_request *request)
{
    struct message message = {.request = request};
    unsigned szx = SZX;
    bool again = true, fine = true;

    if (request->payload != NULL && request->payload->len > (size_t)16 << SZX) {
        for (unsigned i = 0; i < RESTARTS_MAX && fine && again; i++)
            fine = send_blocks(client, request, &szx, &again);
        show_progress(request, NOTHING_LEFT);
        return fine;
    }
    if (request->payload != NULL) {
        message.bytes = request->payload->bytes;
        message.len = request->payload->len;
    }
    return exchange(client, &message);
}

/* Fetches the rest of an answer whose first block is in client->answer, and makes it whole in response->payload.
 * *again: it has become another one meanwhile. */
static bool fetch_rest(struct atto_client *client, const struct atto_client_request *request,
                       struct atto_client_response *response, bool *again)
{
    struct answer *answer = &client->answer;
    uint8_t etag[sizeof answer->etag];
    const size_t etag_len = answer->etag_len;
    struct message message = {.request = request, .has_block2 = true};

    *again = false;
    memcpy(etag, answer->etag, sizeof etag);
    if (request->payload != NULL) { /* FETCH is asked for each block anew, with its payload */
        message.bytes = request->payload->bytes;
        message.len = request->payload->len;
    }
    for (;;) {
        const size_t block = (size_t)16 << answer->block2.szx;

        if (response->payload.len != answer->block2.num * block || answer->etag_len != etag_len ||
            memcmp(etag, answer->etag, etag_len) != 0 || answer->code != response->code || !answer->has_block2) {
            *again = true;
            return true;
        }
        if (answer->payload.len != 0)
            atto_buffer_put(&response->payload, answer->payload.bytes, answer->payload.len);
        if (!answer->block2.m)
            return true;
        if (response->payload.len > ANSWER_MAX || response->payload.len % block != 0)
            return false;
        message.block2 = (coap_block_t){.num = (unsigned)(response->payload.len / block), .szx = answer->block2.szx};
        if (!exchange(client, &message))
            return false;
    }
}

/* "Not now": the device is busy, or has no room for one more transfer. A refusal for good has its status as payload. */
static bool is_busy(const struct answer *answer)
{
    const struct atto_buffer *payload = &answer->payload;

    return answer->code == ATTO_COAP_CODE(5, 3) &&
           (payload->len == 0 || payload->bytes[0] != '-' || (payload->len >= 2 && payload->bytes[1] == '6' &&
                                                              (payload->len == 2 || payload->bytes[2] == ' ')));
}

bool atto_client_request(struct atto_client *client, const struct atto_client_request *request,
                         struct atto_client_response *response)
{
    struct answer *answer = &client->answer;
    const uint64_t give_up_ms = now_ms() + client->timeout_ms;
    unsigned restarts = 0;
    bool again;

    *response = (struct atto_client_response){.code = 0};
    client->deadline_ms = give_up_ms;
    client->restless = false;
    do {
        again = false;
        atto_buffer_free(&response->payload);
        if (!send_payload(client, request))
            return false;
        if (is_busy(answer) && now_ms() < give_up_ms) {
            pause_for(client, answer->max_age_s > BUSY_MS / 1000 ? BUSY_MS : 1000 * answer->max_age_s + 100);
            again = true;
            continue;
        }
        response->code = answer->code;
        if (answer->has_block2 && (answer->block2.m || answer->block2.num != 0)) {
            if (!fetch_rest(client, request, response, &again)) {
                atto_buffer_free(&response->payload);
                return false;
            }
        } else if (answer->payload.len != 0) {
            atto_buffer_put(&response->payload, answer->payload.bytes, answer->payload.len);
        }
        restarts += again;
    } while (again && restarts < RESTARTS_MAX);
    client->restless = again;
    return !again;
}

const char *atto_client_silence(const struct atto_client *client)
{
    return client->restless   ? "what it says changes faster than it can be read"
           : client->refused  ? "nobody listens there"
           : client->rejected ? "it rejects the request"
           : client->reached  ? "it has stopped answering"
                              : "no answer";
}

void atto_client_observe(struct atto_client *client, const struct atto_client_request *request)
{
    const struct message message = {.request = request, .observe = true};

    client->notified = false;
    coap_session_new_token(client->session, &client->observe_token_len, client->observe_token);
    if (!send_message(client, &message, coap_new_message_id(client->session), client->observe_token,
                      client->observe_token_len))
        client->observe_token_len = 0;
}

void atto_client_wait(struct atto_client *client, uint32_t ms)
{
    const uint64_t until = now_ms() + ms;

    for (uint64_t now = now_ms(); !client->notified && now < until; now = now_ms()) {
        if (coap_io_process(client->context, (uint32_t)(until - now)) < 0)
            break;
    }
    client->notified = false;
}

/* ---- opening ---- */

static bool split(const char *uri, coap_uri_t *parts)
{
    return coap_split_uri((const uint8_t *)uri, strlen(uri), parts) == 0 && parts->scheme == COAP_URI_SCHEME_COAP &&
           parts->path.length == 0 && parts->query.length == 0 && parts->host.length != 0;
}

bool atto_client_is_uri(const char *uri)
{
    coap_uri_t parts;

    return split(uri, &parts);
}

/* The host as getaddrinfo has it: in a URI the '%' before the scope of an IPv6 address is "%25" (RFC 6874). */
static char *host_of(const coap_uri_t *parts)
{
    const char *host = (const char *)parts->host.s;
    const bool is_ipv6 = memchr(host, ':', parts->host.length) != NULL;
    const char *scope = is_ipv6 ? memmem(host, parts->host.length, "%25", 3) : NULL;
    const size_t before = scope != NULL ? (size_t)(scope - host) : parts->host.length;

    if (scope == NULL)
        return atto_format("%.*s", (int)before, host);
    return atto_format("%.*s%%%.*s", (int)before, host, (int)(parts->host.length - before - 3), scope + 3);
}

static bool resolve(const char *uri, coap_address_t *address)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM};
    struct addrinfo *found = NULL;
    coap_uri_t parts;
    char *host, *port;
    int error;

    if (!split(uri, &parts)) {
        atto_report("'%s' is not a URI of a device, such as coap://192.0.2.7 or coap://[2001:db8::7]:5683", uri);
        return false;
    }
    host = host_of(&parts);
    port = atto_format("%u", parts.port);
    error = getaddrinfo(host, port, &hints, &found);
    if (error != 0) {
        atto_report("%s: %s", host, gai_strerror(error));
    } else {
        coap_address_init(address);
        address->size = found->ai_addrlen;
        memcpy(&address->addr, found->ai_addr, found->ai_addrlen);
        freeaddrinfo(found);
    }
    free(host);
    free(port);
    return error == 0;
}

struct atto_client *atto_client_open(const char *uri, uint32_t timeout_s, uint32_t ack_ms)
{
    struct atto_client *client = atto_alloc(1, sizeof *client);

    client->timeout_ms = timeout_s * 1000u;
    client->opened_ms = now_ms();
    client->ack_ms = ack_ms != 0 ? ack_ms : ACK_MS;
    if (sodium_init() < 0 || !resolve(uri, &client->address)) {
        free(client);
        return NULL;
    }
    coap_startup();
    coap_set_log_level(LOG_EMERG);
    client->context = coap_new_context(NULL);
    if (client->context == NULL || !open_session(client)) {
        atto_report("%s: there is no way to reach it", uri);
        atto_client_close(client);
        return NULL;
    }
    coap_register_response_handler(client->context, on_response);
    coap_register_nack_handler(client->context, on_nack);
    return client;
}

void atto_client_close(struct atto_client *client)
{
    if (client == NULL)
        return;
    atto_buffer_free(&client->answer.payload);
    coap_session_release(client->session);
    coap_free_context(client->context);
    coap_cleanup();
    free(client);
}
