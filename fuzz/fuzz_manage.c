/* Fuzz target: a device with its resources, to which anybody sends anything. The input is a list of steps: raw
 * datagrams, well-formed requests with any path, method and payload, commands of the tenant acme with any arguments,
 * blocks of an envelope, and time. acme alone can sign. What must hold: answers are well-formed, and so is what is in
 * them; the owner's container runs on as it was, with the rights that it had; nothing is written to flash in a way
 * that flash does not bear; and after a minute of silence no slot is open and no memory taken.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "manage_world.h"
#include "require.h"

static const char *const paths[] = {
    "device", "tenants", "containers", "containers/acme/blink", "containers/acme/blink/rights",
    "containers/acme/blink/schedule", "containers/acme/blink/limits", "containers/acme/blink/counters",
    "containers/acme/blink/log?from=0", "containers/acme/blink/postmortem", "containers/acme/blink/call",
    "containers/-/own",
    "inventory", "audit", "log?from=3", "trace?from=1", "install", "command", "app/acme/blink/x", "app/-/own",
    ".well-known/core",
};

struct input {
    const uint8_t *bytes;
    size_t len;
};

static uint8_t next(struct input *input)
{
    if (input->len == 0u)
        return 0;
    input->len--;
    return *input->bytes++;
}

/* So many bytes, or what is left, in a block of exactly their size. */
static uint8_t *copy(struct input *input, uint32_t wanted, uint32_t *len)
{
    *len = wanted < input->len ? wanted : (uint32_t)input->len;
    uint8_t *bytes = malloc(*len != 0u ? *len : 1u);
    if (bytes == NULL)
        abort();
    memcpy(bytes, input->bytes, *len);
    input->bytes += *len;
    input->len -= *len;
    return bytes;
}

static void look_at_answer(void)
{
    bool is_whole = mw.block2 == UINT32_MAX && mw.observe == UINT32_MAX;
    if ((mw.format == ATTO_COAP_FORMAT_CBOR || mw.format == 112u) && is_whole && mw.message.payload.len != 0u)
        require(look_is_sound(), "what is called CBOR is CBOR");
}

static void request(struct input *input)
{
    struct manage_ask ask = { .client = next(input) % 3u, .method = (uint8_t)(1u + next(input) % 7u),
                              .path = paths[next(input) % (sizeof paths / sizeof *paths)] };
    uint8_t options = next(input);
    uint8_t *payload = copy(input, next(input), &ask.len);
    ask.payload = payload;
    ask.block1 = (options & 1u) != 0u ? next(input) + 1u : 0u;
    ask.block2 = (options & 2u) != 0u ? next(input) + 1u : 0u;
    ask.observe = (options & 4u) != 0u ? 1u : 0u;
    ask.format = (options & 8u) != 0u ? ATTO_COAP_FORMAT_COSE_SIGN1 + 1u : 0u;
    if (manage_ask(&ask) != 0u)
        look_at_answer();
    free(payload);
}

static void command(struct input *input)
{
    uint8_t bytes[ATTO_COMMAND_MAX];
    uint32_t len, path = next(input);
    uint8_t *arguments = copy(input, next(input), &len);
    uint32_t total = deploy_sign("acme", &suit_acme, arguments, len, bytes);
    if (total <= sizeof bytes) {
        uint32_t code = ASK(.method = (path & 0x80u) != 0u ? ATTO_COAP_IPATCH : (path & 0x40u) != 0u ? ATTO_COAP_FETCH :
                            ATTO_COAP_POST, .path = paths[path % (sizeof paths / sizeof *paths)], .payload = bytes,
                            .len = total);
        dw.counter += ATTO_COAP_CLASS(code) == 2u && dw.counter < 200u;
        look_at_answer();
    }
    free(arguments);
}

/* Pieces that are in order as a rule. */
static void envelope(struct input *input, uint32_t *at)
{
    uint8_t choice = next(input);
    if (*at >= dw.suit.len || (choice & 0xc0u) == 0xc0u)
        *at = 0;
    if ((choice & 0x20u) != 0u)
        dw.suit.bytes[(*at + choice) % dw.suit.len] ^= 1u;
    uint32_t code = manage_send_block(choice & 1u, "install", dw.suit.bytes, dw.suit.len, 2, *at);
    *at += code == ATTO_COAP_CONTINUE ? 64u : 0u;
}

static void holds(uint16_t own_id)
{
    const struct atto_component own = { { NULL, 0 }, { (const uint8_t *)"own", 3 } };
    struct atto_right rights[4];
    struct atto_container *container = deploy_container("", "own");
    require(container != NULL && atto_container_id(container) == own_id, "the owner's container is there");
    require(world_info(&dw.world, container).state == ATTO_STATE_RUNNING, "and runs");
    require(deploy_version("", "own") == 1u, "its first version");
    require(atto_deploy_find(&dw.deploy, &own) == 0, "where it was");
    require(atto_engine_rights(&dw.world.engine, container, rights, 4) == 0u, "with its rights");
    require(dw.world.lock_errors == 0u && dw.flash.violations == 0u, "lock and flash are used as they should");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct input input = { bytes, size };
    struct atto_coap_peer peer = { { 0 } };
    uint32_t at = 0, len;
    manage_begin_empty();
    require(deploy_install("", "own", 1, PROGRAM_GOOD) == ATTO_OK, "the owner installs");
    require(deploy_install("acme", "blink", 7, PROGRAM_SERVED) == ATTO_OK, "acme installs");
    manage_run(10);
    deploy_pack("acme", "more", 3, PROGRAM_GOOD, &suit_acme);
    uint16_t own_id = atto_container_id(deploy_container("", "own"));
    mw.config.reading_is_open = (next(&input) & 1u) == 0u;
    for (uint32_t step = 0; step < 60u && input.len != 0u; step++) {
        uint8_t what = next(&input);
        switch (what % 5u) {
        case 0: {
            peer.bytes[0] = what >> 6;
            uint8_t *datagram = copy(&input, next(&input), &len);
            atto_coap_server_input(&mw.server, &peer, datagram, len);
            free(datagram);
            break;
        }
        case 1: request(&input); break;
        case 2: command(&input); break;
        case 3: envelope(&input, &at); break;
        default: manage_run(1u << next(&input) % 13u); break;
        }
        atto_manage_tick(&mw.manage);
        holds(own_id);
    }
    manage_run(60000);
    holds(own_id);
    require(dw.slots.open == 0u && mw.manage.task == ATTO_MANAGE_FREE, "nothing is left of what was begun");
    return 0;
}
