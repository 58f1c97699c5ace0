/* A firmware that measures RAM while a device is deployed to: struct atto_installer and the deepest stack of anything that
 * may come meanwhile, whether it goes well, is refused, or flash has no room or fails in any of its operations. Signatures
 * are verified by a stand-in; what a library takes for that is not in it. And how long an envelope is beyond its image, with
 * an Ed25519 signature, key id, tenant, vendor and class: what the device holds in RAM of it. Lines for scripts/sizes.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "../tests/deploy_world.h"
#include "../tests/harness.h"
#include "atto/trusted.h"

/* ---- the deepest stack ---- */

#define PAINTED_WORDS 1536u
#define PAINT 0x5afe5afeu

static uint32_t deepest;
static enum atto_status answer; /* of what came last */

/* Paints the stack below the caller, or notes how many bytes of that were written since. */
static __attribute__((noinline)) void stack_below(bool paint)
{
    volatile uint32_t words[PAINTED_WORDS];
    uint32_t untouched = 0;
    __asm__ volatile("" : "=m"(words)); /* they are what they are */
    if (paint) {
        for (uint32_t i = 0; i < PAINTED_WORDS; i++)
            words[i] = PAINT;
        return;
    }
    while (untouched < PAINTED_WORDS && words[untouched] == PAINT)
        untouched++;
    uint32_t written = (PAINTED_WORDS - untouched) * 4u;
    deepest = written > deepest ? written : deepest;
}

/* What a library takes for it is not Atto's. */
static bool verify(void *user, const struct atto_key *key, struct atto_span message, const uint8_t *signature)
{
    (void)user;
    (void)key;
    (void)message;
    (void)signature;
    return true;
}

static void tick(void)
{
    stack_below(true);
    atto_deploy_tick(&dw.deploy);
    stack_below(false);
}

static void send(void)
{
    const uint32_t half = dw.suit.len / 2u;
    atto_install_begin(&dw.installer, &dw.deploy);
    stack_below(true);
    answer = atto_install_bytes(&dw.installer, dw.suit.bytes, half);
    if (answer == ATTO_OK)
        answer = atto_install_bytes(&dw.installer, dw.suit.bytes + half, dw.suit.len - half);
    if (answer == ATTO_OK)
        answer = atto_install_finish(&dw.installer, NULL);
    stack_below(false);
}

static void command(const char *tenant, const void *arguments, uint32_t len)
{
    static uint8_t bytes[ATTO_COMMAND_MAX];
    uint32_t total = deploy_sign(tenant, deploy_key(tenant), arguments, len, bytes);
    dw.counter++;
    stack_below(true);
    answer = atto_deploy_command(&dw.deploy, bytes, total, &dw.refusal);
    stack_below(false);
}

static void order(enum atto_command_operation operation, const void *more, uint32_t len)
{
    static uint8_t arguments[512];
    command("", arguments, deploy_arguments(operation, "acme", "blink", more, len, arguments));
}

/* ---- what may come ---- */

static void update(void)
{
    deploy_pack("acme", "blink", 8, PROGRAM_GOOD, &suit_acme);
    send();
}

static void another_tenant(void)
{
    deploy_pack("other", "lamp", 3, PROGRAM_QUIET, &suit_other);
    send();
}

static void rolled_back(void)
{
    deploy_pack("acme", "blink", 8, PROGRAM_BAD, &suit_acme);
    send();
    atto_engine_poll(&dw.world.engine);
    tick();
}

static void refused_by_the_engine(void)
{
    deploy_pack("acme", "blink", 8, PROGRAM_ALIEN, &suit_acme);
    send();
}

static void refused_for_its_digest(void)
{
    deploy_pack("acme", "blink", 8, PROGRAM_GOOD, &suit_acme);
    dw.suit.bytes[dw.suit.len - 1u] ^= 1u;
    send();
}

#define DIGEST_AND_SIZE 42u /* bytes of these parameters, for an image of 24 to 255 bytes */

/* Of two images the second one is for this device. */
static void try_each(void)
{
    static uint8_t shared[300];
    deploy_pack("acme", "blink", 8, PROGRAM_GOOD, &suit_acme);
    const uint8_t *simple = dw.suit.pieces[SUIT_SHARED].bytes;
    uint32_t len = dw.suit.pieces[SUIT_SHARED].len, parameters = len - 4u - DIGEST_AND_SIZE; /* then two conditions */
    memcpy(shared, simple, len);
    shared[0] = 0x88;
    memcpy(shared + len, "\x0f\x82\x58\x43\x84\x14\xa3", 7);
    len += 7u;
    memcpy(shared + len, simple + parameters, DIGEST_AND_SIZE);
    len += DIGEST_AND_SIZE;
    memcpy(shared + len, "\x18\x18\x50" "another device.." "\x18\x18\x0f\x58\x2d\x82\x14\xa2", 27);
    len += 27u;
    memcpy(shared + len, simple + parameters, DIGEST_AND_SIZE);
    len += DIGEST_AND_SIZE;
    suit_set(&dw.suit, SUIT_SHARED, shared, len);
    suit_build(&dw.suit, &suit_acme);
    send();
}

static void trusted(void)
{
    const struct atto_component component = { { (const uint8_t *)"acme", 4 }, { (const uint8_t *)"lamp", 4 } };
    deploy_pack("acme", "lamp", 1, PROGRAM_GOOD, &suit_acme);
    stack_below(true);
    answer = atto_install_trusted(&dw.installer, &dw.deploy, &component, dw.image.len,
                                  dw.suit.pieces[SUIT_SHARED].bytes + 46);
    if (answer == ATTO_OK)
        answer = atto_install_bytes(&dw.installer, dw.image.bytes, dw.image.len);
    if (answer == ATTO_OK)
        answer = atto_install_finish(&dw.installer, NULL);
    stack_below(false);
}

static void lives(void)
{
    order(ATTO_COMMAND_STOP, NULL, 0);
    order(ATTO_COMMAND_START, NULL, 0);
    order(ATTO_COMMAND_PAUSE, NULL, 0);
    order(ATTO_COMMAND_RESUME, NULL, 0);
    order(ATTO_COMMAND_CALL, "\x42hi", 3);
}

static void set_schedule(void)
{
    order(ATTO_COMMAND_SET_SCHEDULE, "\x45\xa1\x07\xa1\x01\x09", 6);
}

/* A manifest with so many rights to the first endpoint, and nothing else, in its string. */
static uint32_t put_rights(uint8_t *at, uint32_t count)
{
    uint32_t len = 6;
    memcpy(at, (const uint8_t[]){ 0x58, (uint8_t)(4u + 3u * count), 0xa1, 0x08, 0x98, (uint8_t)count }, len);
    if (count < 24u)
        memcpy(at, (const uint8_t[]){ 0x58, (uint8_t)(3u + 3u * count), 0xa1, 0x08, (uint8_t)(0x80u + count) }, --len);
    for (uint32_t i = 0; i < count; i++, len += 3u)
        memcpy(at + len, "\x82\x00\x03", 3);
    return len;
}

/* As many as there can be. */
static void set_rights(void)
{
    static uint8_t more[6u + 3u * ATTO_RIGHTS_MAX];
    order(ATTO_COMMAND_SET_RIGHTS, more, put_rights(more, ATTO_RIGHTS_MAX));
}

static void set_tenant(void)
{
    static uint8_t arguments[200] = "\x05\x09\x06\x81\x58\x76\xa4\x01\x01\x02\x64" "acme"
                                    "\x03\x58\x32\xa4\x01\x01\x02\x48" "key-acme" "\x20\x06\x21\x58\x20";
    memcpy(arguments + 36, suit_acme.x, 32);
    arguments[68] = 8;
    uint32_t len = 69u + put_rights(arguments + 69, ATTO_CEILING_ROWS);
    arguments[5] = (uint8_t)(len - 6u);
    command("", arguments, len);
}

/* Power had failed while it was revoked: its containers go first. */
static void set_tenant_again(void)
{
    const struct atto_record none = { ATTO_RECORD_KEY(ATTO_RECORD_TENANT, 1), { NULL, 0 } };
    atto_records_put(&dw.records, &none, 1);
    set_tenant();
}

static void rotate(void)
{
    command("", "\x05\x08\x06\x81\x58\x28\xa3\x01\x01\x20\x06\x21\x58\x20" "the owner's next key of 32 bytes", 46);
}

static void revoke(void)
{
    command("", "\x05\x0a\x06\x81\x64" "acme", 9);
    tick();
}

static void remove_one(void)
{
    order(ATTO_COMMAND_REMOVE, NULL, 0);
}

/* What is answered if flash does not fail. An argument of the program runs one of them alone. */
static const struct {
    const char *name;
    void (*run)(void);
    enum atto_status answer;
} ways[] = {
    { "update", update, ATTO_OK }, { "another_tenant", another_tenant, ATTO_OK }, { "rolled_back", rolled_back, ATTO_OK },
    { "refused_by_the_engine", refused_by_the_engine, ATTO_E_CALL },
    { "refused_for_its_digest", refused_for_its_digest, ATTO_E_DIGEST }, { "try_each", try_each, ATTO_OK },
    { "trusted", trusted, ATTO_OK }, { "lives", lives, ATTO_OK }, { "set_schedule", set_schedule, ATTO_OK },
    { "set_rights", set_rights, ATTO_OK }, { "set_tenant", set_tenant, ATTO_OK },
    { "set_tenant_again", set_tenant_again, ATTO_OK }, { "rotate", rotate, ATTO_OK }, { "revoke", revoke, ATTO_OK },
    { "remove", remove_one, ATTO_OK },
};

/* ---- where they come ---- */

#define FILLER_BYTES 64u

/* Fills the log's area, so that the next put begins another one. */
static void fill(void)
{
    static const uint8_t bytes[FILLER_BYTES] = { 1 };
    const struct atto_record record = { ATTO_RECORD_KEY(ATTO_RECORD_FIRMWARE, 0), { bytes, sizeof bytes } };
    while (dw.records.area_bytes - dw.records.end > 2u * FILLER_BYTES)
        atto_records_put(&dw.records, &record, 1);
}

/* A device with two tenants, and a container with changes of rights and schedule. */
static bool begin(bool full)
{
    static struct atto_crypto crypto;
    deploy_begin();
    crypto = suit_crypto;
    crypto.verify = verify;
    dw.config.crypto = &crypto;
    bool fine = deploy_enrol() == ATTO_OK && deploy_install("acme", "blink", 7, PROGRAM_GOOD) == ATTO_OK;
    deploy_run(10);
    set_rights();
    set_schedule();
    if (full)
        fill();
    return fine && deploy_version("acme", "blink") == 7u && !harness_failed();
}

/* In each operation of flash it fails, until there is none left. */
static bool measure(void (*run)(void), enum atto_status wanted)
{
    bool fine = true;
    for (uint32_t full = 0; full < 2u; full++) {
        dw.flash.dead = true;
        for (uint32_t at = 1; dw.flash.dead && fine; at++) {
            uint32_t before = deepest;
            fine = begin(full != 0u);
            deepest = before;
            flash_world_power_up(&dw.flash, at, TEAR_NOTHING);
            run();
            tick();
            fine = fine && (dw.flash.dead || answer == wanted);
        }
    }
    return fine;
}

int main(int argc, char **argv)
{
    bool fine = true;
    for (uint32_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        if (argc > 1 && strcmp(argv[1], ways[i].name) != 0 && strcmp(argv[1], "each") != 0)
            continue;
        if (argc > 1)
            deepest = 0;
        if (!measure(ways[i].run, ways[i].answer)) {
            printf("%s: answered %d\n", ways[i].name, (int)answer);
            fine = false;
        }
        if (argc > 1)
            printf("%s %lu\n", ways[i].name, (unsigned long)deepest);
    }
    printf("{\"part\":\"RAM while installing\",\"flash\":0,\"ram\":%lu}\n",
           (unsigned long)(sizeof dw.installer + deepest));
    deploy_pack("acme", "blink", 7, PROGRAM_GOOD, &suit_acme);
    printf("{\"part\":\"envelope beyond its image\",\"flash\":0,\"ram\":%lu}\n",
           (unsigned long)(dw.suit.len - dw.image.len));
    return fine && deepest < PAINTED_WORDS * 4u ? 0 : 1;
}
