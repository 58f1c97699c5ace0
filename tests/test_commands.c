/* Signed commands under attack, and the records and arguments in them: each operation by who may do it, each thing that
 * may be wrong with a command, and that it is refused with the reason. Signatures are suit_bytes.h's.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "atto/command.h"

#include <string.h>

#include "atto/tenant.h"
#include "atto/tenant_record.h"
#include "harness.h"
#include "suit_bytes.h"

#define SPAN(string) { (const uint8_t *)(string), (uint32_t)(sizeof(string) - 1u) }
#define IS(span, string) ((span).len == sizeof(string) - 1u && memcmp((span).ptr, string, sizeof(string) - 1u) == 0)
#define TOO_LONG ATTO_FAULT_NATIVE

#define DEVICE "\x01\x50\xde\xde\xde\xde\x22\x22\x33\x33\x44\x44\x55\x55\x55\x55\x55\x55"
#define NO_DEVICE "\x01\x50\xde\xde\xde\xde\x22\x22\x33\x33\x44\x44\x55\x55\x55\x55\x55\x56"
#define ACME "\x02\x64" "acme"
#define COUNTER "\x03\x05"
#define BLINK "\x82\x44" "acme" "\x45" "blink"
#define START "\x05\x01\x06\x81" BLINK
#define ED25519 "\xa3\x01\x01\x20\x06\x21\x58\x20" "0123456789abcdef0123456789abcdef"
#define TENANT "\xa3\x01\x01\x02\x64" "acme" "\x03\x58\x28" ED25519

static uint8_t bytes[1024];
static uint32_t len;
static struct atto_command command;
static struct atto_refusal refusal;
static struct atto_command_conditions conditions;
static struct atto_signer acme, owner;

static void begin(void)
{
    conditions = (struct atto_command_conditions){ &suit_identity, 4, 1000 };
    acme = (struct atto_signer){ SPAN("acme"), suit_acme };
    owner = (struct atto_signer){ { NULL, 0 }, suit_other };
}

static enum atto_status take_bytes(const struct atto_signer *signer)
{
    refusal = (struct atto_refusal){ ATTO_OK, 0 };
    enum atto_status status = atto_command_read(bytes, len, &command, &refusal);
    if (refusal.at > len || (status != ATTO_OK && refusal.status != status))
        harness_fail_values(__FILE__, __LINE__, "refusal.at", refusal.at, len);
    if (status == ATTO_OK)
        status = atto_command_verify(&command, signer, &suit_crypto);
    return status == ATTO_OK ? atto_command_judge(&command, &conditions) : status;
}

static enum atto_status take(const struct atto_signer *signer, const void *payload, uint32_t payload_len)
{
    len = suit_sign1(bytes, sizeof bytes, "\xa1\x01\x27", 3, payload, payload_len, &signer->key);
    return len > sizeof bytes ? TOO_LONG : take_bytes(signer);
}
#define TAKE(signer, payload) (begin(), take(signer, payload, (uint32_t)(sizeof(payload) - 1u)))
#define BY_ACME(payload) TAKE(&acme, payload)
#define BY_OWNER(payload) TAKE(&owner, payload)

static void a_command_is_accepted(void)
{
    EQUAL(BY_ACME("\xa5" DEVICE ACME COUNTER START), ATTO_OK);
    EQUAL(command.operation, ATTO_COMMAND_START);
    EQUAL(command.counter, 5);
    EQUAL(command.expiry_s, 0);
    CHECK(IS(command.tenant, "acme") && IS(command.component.tenant, "acme") && IS(command.component.container, "blink"));
    CHECK(memcmp(command.device_id, suit_identity.device_id, 16) == 0);
    EQUAL(BY_OWNER("\xa4" DEVICE COUNTER START), ATTO_OK);
    CHECK(command.tenant.len == 0 && IS(command.component.tenant, "acme"));
}

static void every_operation(void)
{
    static const struct {
        uint32_t operation;
        bool tenants;
        const char *payload;
        uint32_t len;
    } rows[] = {
#define ROW(number, tenants, arguments) { number, tenants, "\xa4" DEVICE COUNTER arguments, \
                                          (uint32_t)(sizeof("\xa4" DEVICE COUNTER arguments) - 1u) }
        ROW(ATTO_COMMAND_START, true, "\x05\x01\x06\x81" BLINK),
        ROW(ATTO_COMMAND_STOP, true, "\x05\x02\x06\x81" BLINK),
        ROW(ATTO_COMMAND_PAUSE, true, "\x05\x03\x06\x81" BLINK),
        ROW(ATTO_COMMAND_RESUME, true, "\x05\x04\x06\x81" BLINK),
        ROW(ATTO_COMMAND_REMOVE, true, "\x05\x05\x06\x81" BLINK),
        ROW(ATTO_COMMAND_SET_RIGHTS, true, "\x05\x06\x06\x82" BLINK "\x46\xa1\x08\x81\x82\x07\x01"),
        ROW(ATTO_COMMAND_SET_SCHEDULE, true, "\x05\x07\x06\x82" BLINK "\x47\xa1\x07\xa1\x02\x19\x03\xe8"),
        ROW(ATTO_COMMAND_ROTATE_KEY, true, "\x05\x08\x06\x81\x58\x28" ED25519),
        ROW(ATTO_COMMAND_SET_TENANT, false, "\x05\x09\x06\x81\x58\x34" TENANT),
        ROW(ATTO_COMMAND_REVOKE_TENANT, false, "\x05\x0a\x06\x81\x65" "other"),
        ROW(ATTO_COMMAND_CALL, true, "\x05\x0b\x06\x82" BLINK "\x43" "abc"),
        ROW(ATTO_COMMAND_READ, true, "\x05\x0c\x06\x81\x65" "trace"),
    };
    uint8_t payload[256];
    _Static_assert(sizeof rows / sizeof *rows == ATTO_COMMAND_LAST, "all of them");
    for (uint32_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        harness_case(i, 0);
        begin();
        EQUAL(take(&owner, rows[i].payload, rows[i].len), ATTO_OK);
        EQUAL(command.operation, rows[i].operation);
        /* The same by the tenant: one key more, behind the device. */
        const uint32_t device = (uint32_t)sizeof(DEVICE);
        memcpy(payload, rows[i].payload, device);
        memcpy(payload + device, ACME, sizeof ACME - 1u);
        memcpy(payload + device + sizeof ACME - 1u, rows[i].payload + device, rows[i].len - device);
        payload[0] = 0xa5;
        EQUAL(take(&acme, payload, rows[i].len + (uint32_t)sizeof ACME - 1u), rows[i].tenants ? ATTO_OK : ATTO_E_DENIED);
        /* With an argument too many, with one too few. */
        payload[0] = 0xa4;
        memcpy(payload, rows[i].payload, rows[i].len);
        payload[device + 5u]++;
        payload[rows[i].len] = 0x60;
        EQUAL(take(&owner, payload, rows[i].len + 1u), ATTO_E_COMMAND);
        payload[device + 5u] -= 2;
        CHECK(take(&owner, payload, rows[i].len) != ATTO_OK);
        CHECK(take(&owner, payload, device + 6u) != ATTO_OK);
    }
}

static void every_byte_flipped(void)
{
    EQUAL(BY_ACME("\xa6" DEVICE ACME COUNTER "\x04\x19\x03\xe8" START), ATTO_OK);
    for (uint32_t at = 0; at < len; at++) {
        for (uint32_t bit = 0; bit < 8u; bit++) {
            harness_case(at, bit);
            bytes[at] ^= (uint8_t)(1u << bit);
            CHECK(take_bytes(&acme) != ATTO_OK);
            GO_ON();
            bytes[at] ^= (uint8_t)(1u << bit);
        }
    }
    EQUAL(take_bytes(&acme), ATTO_OK);
}

static void truncation_and_trailing_bytes(void)
{
    EQUAL(BY_ACME("\xa5" DEVICE ACME COUNTER START), ATTO_OK);
    const uint32_t whole = len;
    for (len = 0; len < whole; len++) {
        harness_case(len, 0);
        CHECK(take_bytes(&acme) != ATTO_OK);
        GO_ON();
    }
    bytes[whole] = 0;
    len = whole + 1u;
    EQUAL(take_bytes(&acme), ATTO_E_COMMAND);
    EQUAL(BY_ACME("\xa5" DEVICE ACME COUNTER START "\x00"), ATTO_E_COMMAND);
}

static void replay_and_reorder(void)
{
    EQUAL(BY_ACME("\xa5" DEVICE ACME COUNTER START), ATTO_OK);
    conditions.counter = command.counter;
    EQUAL(take_bytes(&acme), ATTO_E_SEQUENCE);
    /* 7 comes before 6. */
    EQUAL(BY_ACME("\xa5" DEVICE ACME "\x03\x07" START), ATTO_OK);
    begin();
    conditions.counter = 7;
    static const char six[] = "\xa5" DEVICE ACME "\x03\x06" START;
    EQUAL(take(&acme, six, sizeof six - 1u), ATTO_E_SEQUENCE);
    EQUAL(BY_ACME("\xa5" DEVICE ACME "\x03\x00" START), ATTO_E_SEQUENCE);
    begin();
    conditions.counter = 0;
    static const char zero[] = "\xa5" DEVICE ACME "\x03\x00" START;
    EQUAL(take(&acme, zero, sizeof zero - 1u), ATTO_E_SEQUENCE);
}

/* An answer that lies about the last counter must not get all of them used up; the very last one is one, too. */
static void counters_far_away(void)
{
    static const char far[] = "\xa5" DEVICE ACME "\x03\x1a\x00\x01\x00\x02" START; /* 65,538 */
    static const char last[] = "\xa5" DEVICE ACME "\x03\x1a\xff\xff\xff\xff" START;
    begin();
    conditions.counter = 1;
    EQUAL(take(&acme, far, sizeof far - 1u), ATTO_E_SEQUENCE);
    conditions.counter = 2;
    EQUAL(take(&acme, far, sizeof far - 1u), ATTO_OK);
    EQUAL(take(&acme, last, sizeof last - 1u), ATTO_E_SEQUENCE);
    conditions.counter = 0xfffffffeu;
    EQUAL(take(&acme, last, sizeof last - 1u), ATTO_OK);
    conditions.counter = 0xffffffffu;
    EQUAL(take_bytes(&acme), ATTO_E_SEQUENCE);
}

static void another_device(void)
{
    EQUAL(BY_ACME("\xa5" NO_DEVICE ACME COUNTER START), ATTO_E_DEVICE);
}

static void another_tenant(void)
{
    const struct atto_signer other = { SPAN("other"), suit_other };
    EQUAL(BY_ACME("\xa5" DEVICE ACME COUNTER START), ATTO_OK);
    EQUAL(take_bytes(&other), ATTO_E_SIGNER);
    EQUAL(take_bytes(&owner), ATTO_E_SIGNER);
    /* Another tenant's container, the owner's, and one that seems to be. */
    EQUAL(BY_ACME("\xa5" DEVICE ACME COUNTER "\x05\x01\x06\x81\x82\x45" "other" "\x45" "blink"), ATTO_E_DENIED);
    EQUAL(BY_ACME("\xa5" DEVICE ACME COUNTER "\x05\x01\x06\x81\x81\x45" "blink"), ATTO_E_DENIED);
    EQUAL(BY_ACME("\xa5" DEVICE ACME COUNTER "\x05\x01\x06\x81\x82\x43" "acm" "\x45" "blink"), ATTO_E_DENIED);
    /* Signed by another one who says it is acme. */
    begin();
    len = suit_sign1(bytes, sizeof bytes, "\xa1\x01\x27", 3, "\xa5" DEVICE ACME COUNTER START,
                     sizeof("\xa5" DEVICE ACME COUNTER START) - 1u, &suit_other);
    EQUAL(take_bytes(&acme), ATTO_E_SIGNER); /* by its key id */
    acme.key.kid.len = 0;
    EQUAL(take_bytes(&acme), ATTO_E_SIGNATURE);
    /* A tenant who leaves its name out is not the owner. */
    begin();
    len = suit_sign1(bytes, sizeof bytes, "\xa1\x01\x27", 3, "\xa4" DEVICE COUNTER START,
                     sizeof("\xa4" DEVICE COUNTER START) - 1u, &suit_acme);
    CHECK(take_bytes(&owner) != ATTO_OK);
    EQUAL(take_bytes(&acme), ATTO_E_SIGNER);
}

static void expiry(void)
{
    EQUAL(BY_ACME("\xa6" DEVICE ACME COUNTER "\x04\x19\x03\xe8" START), ATTO_OK);
    EQUAL(command.expiry_s, 1000);
    conditions.now_s = 1001;
    EQUAL(take_bytes(&acme), ATTO_E_EXPIRED);
    conditions.now_s = 999;
    EQUAL(take_bytes(&acme), ATTO_OK);
    conditions.now_s = 0; /* a device that does not know what time it is */
    EQUAL(take_bytes(&acme), ATTO_E_EXPIRED);
    EQUAL(BY_ACME("\xa6" DEVICE ACME COUNTER "\x04\x00" START), ATTO_E_COMMAND);
    begin();
    static const char for_ever[] = "\xa5" DEVICE ACME COUNTER START;
    conditions.now_s = 0;
    EQUAL(take(&acme, for_ever, sizeof for_ever - 1u), ATTO_OK);
}

static void algorithm_confusion(void)
{
    EQUAL(BY_ACME("\xa5" DEVICE ACME COUNTER START), ATTO_OK);
    acme.key = suit_es256;
    EQUAL(take_bytes(&acme), ATTO_E_ALGORITHM);
}

/* An envelope's signature, and what it is of, as a command; a command without what is signed. */
static void an_envelope_is_no_command(void)
{
    static const char digest[] = "\x82\x2f\x58\x20" "0123456789abcdef0123456789abcdef";
    begin();
    EQUAL(take(&acme, digest, sizeof digest - 1u), ATTO_E_COMMAND);
    static struct suit_bytes suit;
    suit_begin(&suit);
    len = suit_build(&suit, &suit_acme);
    memcpy(bytes, suit.bytes, len);
    EQUAL(take_bytes(&acme), ATTO_E_COSE);
    memcpy(bytes, suit.bytes + 47, len - 47); /* the COSE_Sign1 in it */
    CHECK(bytes[0] == 0xd2 && bytes[1] == 0x84);
    EQUAL(take_bytes(&acme), ATTO_E_COMMAND);
}

static void malformed_commands(void)
{
    EQUAL(BY_ACME("\xa4" DEVICE ACME COUNTER "\x05\x01"), ATTO_E_COMMAND);                 /* no arguments */
    EQUAL(BY_ACME("\xa4" DEVICE ACME COUNTER "\x06\x81" BLINK), ATTO_E_COMMAND);           /* no operation */
    EQUAL(BY_ACME("\xa4" ACME COUNTER START), ATTO_E_COMMAND);                             /* no device */
    EQUAL(BY_ACME("\xa4" DEVICE ACME START), ATTO_E_COMMAND);                              /* no counter */
    EQUAL(BY_ACME("\xa5" ACME DEVICE COUNTER START), ATTO_E_COMMAND);                      /* disorder */
    EQUAL(BY_ACME("\xa6" DEVICE ACME COUNTER COUNTER START), ATTO_E_COMMAND);              /* doubled */
    EQUAL(BY_ACME("\xa6" DEVICE ACME COUNTER START "\x07\x00"), ATTO_E_UNSUPPORTED);       /* unknown */
    EQUAL(BY_ACME("\xa6" DEVICE ACME COUNTER START "\x20\x00"), ATTO_E_UNSUPPORTED);
    EQUAL(BY_ACME("\xa5" DEVICE ACME COUNTER "\x05\x0d\x06\x80"), ATTO_E_UNSUPPORTED);     /* operations */
    EQUAL(BY_ACME("\xa5" DEVICE ACME COUNTER "\x05\x00\x06\x80"), ATTO_E_UNSUPPORTED);
    EQUAL(BY_ACME("\xa5" DEVICE ACME COUNTER "\x05\x1a\xff\xff\xff\xff\x06\x80"), ATTO_E_UNSUPPORTED);
    EQUAL(BY_ACME("\xbf" DEVICE ACME COUNTER START "\xff"), ATTO_E_COMMAND);               /* indefinite */
    EQUAL(BY_ACME("\xa5" DEVICE ACME "\x03\x18\x05" START), ATTO_E_COMMAND);               /* not shortest */
    EQUAL(BY_ACME("\xa5" DEVICE ACME "\x03\xf9\x45\x00" START), ATTO_E_COMMAND);           /* a float */
    EQUAL(BY_ACME("\xa5" DEVICE ACME "\x03\x1b\x00\x00\x00\x01\x00\x00\x00\x00" START), ATTO_E_COMMAND);
    EQUAL(BY_ACME("\xa5" DEVICE "\x02\x64" "ac\xffg" COUNTER START), ATTO_E_COMMAND);      /* bad UTF-8 */
    EQUAL(BY_ACME("\xa5" DEVICE "\x02\x60" COUNTER START), ATTO_E_COMMAND);
    EQUAL(BY_ACME("\xa5\x01\x4f\xde\xde\xde\xde\x22\x22\x33\x33\x44\x44\x55\x55\x55\x55\x55" ACME COUNTER START),
          ATTO_E_COMMAND);
    EQUAL(BY_OWNER("\xa4" DEVICE COUNTER "\x05\x06\x06\x82" BLINK "\x45\xa1\x08\x81\x82\x07"), ATTO_E_MANIFEST);
    /* A schedule where rights should be, more than that, nothing at all. */
    EQUAL(BY_OWNER("\xa4" DEVICE COUNTER "\x05\x06\x06\x82" BLINK "\x47\xa1\x07\xa1\x02\x19\x03\xe8"), ATTO_E_MANIFEST);
    EQUAL(BY_OWNER("\xa4" DEVICE COUNTER "\x05\x07\x06\x82" BLINK "\x46\xa1\x08\x81\x82\x07\x01"), ATTO_E_MANIFEST);
    EQUAL(BY_OWNER("\xa4" DEVICE COUNTER "\x05\x06\x06\x82" BLINK "\x48\xa2\x03\x01\x08\x81\x82\x07\x01"),
          ATTO_E_MANIFEST);
    EQUAL(BY_OWNER("\xa4" DEVICE COUNTER "\x05\x06\x06\x82" BLINK "\x40"), ATTO_E_MANIFEST);
    EQUAL(BY_OWNER("\xa4" DEVICE COUNTER "\x05\x08\x06\x81\x58\x29" ED25519 "\x00"), ATTO_E_COSE);
}

/* The place that is told lies where the mistake is. */
static void places_of_refusals(void)
{
    static const char payload[] = "\xa4" DEVICE COUNTER "\x05\x06\x06\x82" BLINK "\x46\xa1\x08\x81\x82\x07\x00";
    begin();
    EQUAL(take(&owner, payload, sizeof payload - 1u), ATTO_E_MANIFEST);
    CHECK(bytes[refusal.at - 1u] == 0x00 || bytes[refusal.at] == 0x00);
    static const char unknown[] = "\xa5" DEVICE COUNTER START "\x18\x63\x00";
    EQUAL(take(&owner, unknown, sizeof unknown - 1u), ATTO_E_UNSUPPORTED);
    CHECK(bytes[refusal.at] == 0x18 && bytes[refusal.at + 1u] == 0x63);
}

/* ---- tenant records ---- */

static struct atto_tenant_record record;

static enum atto_status read_record(const void *record_bytes, uint32_t record_len)
{
    return atto_tenant_record_read((struct atto_span){ record_bytes, record_len }, &record, &refusal);
}
#define READ(string) read_record(string, (uint32_t)(sizeof(string) - 1u))

#define CEILINGS "\x04\x19\x10\x00\x05\x1a\x00\x01\x86\xa0\x06\x08\x07\x18\x40\x08\x46\xa1\x08\x81\x82\x07\x01"
#define FULL "\xa8\x01\x18\xfe\x02\x64" "acme" "\x03\x58\x28" ED25519 CEILINGS

static void a_record_is_read_and_written(void)
{
    uint8_t written[256];
    struct atto_key key;
    EQUAL(READ(FULL), ATTO_OK);
    CHECK(record.id == 254 && IS(record.name, "acme") && record.ram_bytes == 4096 && record.fuel_per_s == 100000);
    CHECK(record.priority_first == 8 && record.store_bytes == 64 && IS(record.rights, "\xa1\x08\x81\x82\x07\x01"));
    EQUAL(atto_key_read(record.key, &key, NULL), ATTO_OK);
    EQUAL(key.x[1], '1');
    EQUAL(atto_tenant_record_write(&record, written, sizeof written), sizeof FULL - 1u);
    CHECK(memcmp(written, FULL, sizeof FULL - 1u) == 0);
    EQUAL(READ(TENANT), ATTO_OK);
    EQUAL(atto_tenant_record_write(&record, written, sizeof written), sizeof TENANT - 1u);
    CHECK(memcmp(written, TENANT, sizeof TENANT - 1u) == 0);
    /* One byte of room too few is told, and not used. */
    written[sizeof TENANT - 2u] = 0xee;
    EQUAL(atto_tenant_record_write(&record, written, sizeof TENANT - 2u), sizeof TENANT - 1u);
    EQUAL(written[sizeof TENANT - 2u], 0xee);
}

static void records_that_are_refused(void)
{
    for (uint32_t cut = 0; cut < sizeof FULL - 1u; cut++) {
        harness_case(cut, 0);
        CHECK(read_record(FULL, cut) != ATTO_OK);
    }
    EQUAL(READ(FULL "\x00"), ATTO_E_TENANT);
    EQUAL(READ("\xa3\x01\x00\x02\x64" "acme" "\x03\x58\x28" ED25519), ATTO_E_TENANT);
    EQUAL(READ("\xa3\x01\x18\xff\x02\x64" "acme" "\x03\x58\x28" ED25519), ATTO_E_TENANT);
    EQUAL(READ("\xa3\x01\x01\x02\x60\x03\x58\x28" ED25519), ATTO_E_TENANT);
    EQUAL(READ("\xa2\x01\x01\x02\x64" "acme"), ATTO_E_TENANT);
    EQUAL(READ("\xa4\x01\x01\x02\x64" "acme" "\x03\x58\x28" ED25519 "\x06\x10"), ATTO_E_TENANT);
    EQUAL(READ("\xa4\x01\x01\x02\x64" "acme" "\x03\x58\x28" ED25519 "\x07\x1a\x00\x01\x00\x00"), ATTO_E_TENANT);
    EQUAL(READ("\xa4\x01\x01\x02\x64" "acme" "\x03\x58\x28" ED25519 "\x0a\x01"), ATTO_E_UNSUPPORTED);
    EQUAL(READ("\xa3\x01\x01\x02\x64" "acme" "\x03\x42\xa1\x01"), ATTO_E_COSE);
    EQUAL(READ("\xa4\x01\x01\x02\x64" "acme" "\x03\x58\x28" ED25519 "\x08\x42\xa1\x02"), ATTO_E_MANIFEST);
}

static const struct harness_test tests[] = {
    TEST(a_command_is_accepted, "a whole command is accepted and says what to do"),
    TEST(every_operation, "each operation has its arguments, and is the owner's or a tenant's to do"),
    TEST(every_byte_flipped, "no bit of a command can change"),
    TEST(truncation_and_trailing_bytes, "a command is whole, and alone"),
    TEST(counters_far_away, "Nobody is led to use all counters up."),
    TEST(replay_and_reorder, "counters never go back, at either end of their range"),
    TEST(another_device, "a command for another device is refused"),
    TEST(another_tenant, "a tenant's command reaches its own containers, by its own key"),
    TEST(expiry, "what has expired is refused, also where the time is not known"),
    TEST(algorithm_confusion, "the key says which algorithm it is"),
    TEST(an_envelope_is_no_command, "what was signed for an envelope is no command"),
    TEST(malformed_commands, "everything in a command is known, once, in order, in range"),
    TEST(places_of_refusals, "a refusal says where, in strings in strings too"),
    TEST(a_record_is_read_and_written, "what is read of a tenant record is written the same"),
    TEST(records_that_are_refused, "records are whole, and their parts are what they should be"),
};
HARNESS_MAIN(tests)
