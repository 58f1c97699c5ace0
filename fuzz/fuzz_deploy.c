/* Fuzz target: bytes as the life of a device that is deployed to. They are read as steps: envelopes and commands of two
 * tenants and the owner, rightly signed whatever is in them, raw bytes in place of either, time that passes, power that
 * fails. Whatever comes, the device boots, breaks no rule of flash, leaks no slot, never runs a version that was not
 * installed for this container, and the highest sequence numbers never go back.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "deploy_world.h"
#include "require.h"

#define STEPS_MAX 40u
#define NAMES 3u
static const char *const tenants[] = { "acme", "other", "" };
static const char *const names[NAMES] = { "a", "b", "c" };
static const struct atto_key *const keys[] = { &suit_acme, &suit_other, &deploy_owner };

struct input {
    const uint8_t *bytes;
    size_t left;
};

static uint8_t next(struct input *input)
{
    if (input->left == 0)
        return 0;
    input->left--;
    return *input->bytes++;
}

static struct atto_span piece(struct input *input, uint32_t most)
{
    uint32_t len = next(input);
    len = len < most ? len : most;
    len = len < input->left ? len : (uint32_t)input->left;
    struct atto_span span = { input->bytes, len };
    input->bytes += len;
    input->left -= len;
    return span;
}

static uint32_t sequences[DEPLOY_COMPONENTS];

static void look(void)
{
    require(dw.flash.violations == 0, "no rule of flash is broken");
    for (uint32_t i = 0; i < DEPLOY_COMPONENTS; i++) {
        uint32_t sequence = 0;
        require(atto_slots_sequence(&dw.slots, i, &sequence) == ATTO_OK, "sequence numbers are known");
        require(sequence >= sequences[i], "sequence numbers do not go back");
        sequences[i] = sequence;
        struct atto_versions versions;
        enum atto_status status = atto_slots_get(&dw.slots, i, &versions);
        require(status == ATTO_OK || status == ATTO_E_NOT_FOUND, "components are known");
        require(status != ATTO_OK || versions.current.sequence <= sequence, "no version is over them");
        require(status == ATTO_OK || dw.components[i].container == NULL, "what runs is installed");
    }
}

/* An envelope, with some of its bytes changed before they are signed if the input says so. */
static void install(struct input *input)
{
    uint8_t who = next(input), how = next(input);
    deploy_pack(tenants[who % 3u], names[who / 3u % NAMES], next(input), (enum deploy_program)(how % 4u),
                keys[(who / 9u + who) % 3u]);
    if (how & 0x10u) {
        enum suit_piece number = (enum suit_piece)(next(input) % SUIT_PIECES);
        struct atto_span with = piece(input, 60);
        suit_set(&dw.suit, number, with.ptr, with.len);
        suit_build(&dw.suit, keys[who % 3u]);
    }
    if (how & 0x20u)
        dw.suit.bytes[next(input) % dw.suit.len] ^= (uint8_t)(1u << how / 64u);
    if (how & 0x08u)
        dw.suit.len = dw.suit.len * next(input) / 256u;
    (void)deploy_send(1u + next(input));
    if (dw.installer.state != ATTO_INSTALL_OVER)
        atto_install_abandon(&dw.installer);
    require(dw.slots.open == 0, "no slot stays open");
}

static void act(struct input *input, uint32_t action, uint8_t more)
{
    uint8_t who = more % 3u;
    struct atto_span bytes;
    switch (action) {
    case 0:
    case 1:
        install(input);
        break;
    case 2: /* any operation with any arguments */
        bytes = piece(input, 200);
        (void)deploy_command(tenants[who], keys[who], bytes.ptr, bytes.len);
        break;
    case 3:
        who = next(input);
        (void)deploy_order(tenants[who % 3u], (enum atto_command_operation)(1u + who / 9u % 5u), tenants[who / 3u % 3u],
                           names[who / 27u % NAMES], NULL, 0);
        break;
    case 4:
        bytes = piece(input, 255);
        (void)atto_deploy_command(&dw.deploy, bytes.ptr, bytes.len, &dw.refusal);
        break;
    case 5:
        bytes = piece(input, 255);
        atto_install_begin(&dw.installer, &dw.deploy);
        if (atto_install_bytes(&dw.installer, bytes.ptr, bytes.len) == ATTO_OK)
            (void)atto_install_finish(&dw.installer, NULL);
        break;
    default:
        deploy_run(more * 50u);
    }
}

static void step(struct input *input)
{
    uint8_t what = next(input);
    bool cut = what / 7u % 4u == 0u;
    if (cut)
        flash_world_power_up(&dw.flash, 1u + next(input) % 40u, (enum flash_tear)(what / 28u % TEAR_COUNT));
    act(input, what % 7u, what / 28u);
    if (cut)
        require(deploy_reset(0, TEAR_NOTHING) == ATTO_OK, "it boots");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct input input = { bytes, len };
    deploy_begin();
    (void)deploy_enrol();
    memset(sequences, 0, sizeof sequences);
    for (uint32_t i = 0; i < STEPS_MAX && input.left != 0; i++) {
        step(&input);
        look();
    }
    require(deploy_reset(0, TEAR_NOTHING) == ATTO_OK, "it boots at last");
    look();
    return 0;
}
