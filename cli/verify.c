/* `atto verify`: does a signature hold, and would a device take what is signed?
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "atto/command.h"
#include "atto/envelope.h"
#include "commands.h"
#include "keyfile.h"
#include "libraries.h"
#include "report.h"
#include "shape.h"
#include "base/cbor.h"
#include "target.h"

static const char usage[] =
    "usage: atto verify --key KEY [options] FILE\n"
    "\n"
    "Verifies an envelope or a signed command with a public key, as a device does that has this key for the tenant (or\n"
    "the owner) whom FILE names. The image of an envelope is held to its digest.\n"
    "\n"
    "  -k, --key FILE          the public key, or the private one\n"
    "      --image FILE        the image, if the envelope has a URI in its place\n"
    "and, to be judged as the device with these identifiers does; without one, as the one that it is for:\n" ATTO_VENDOR_HELP
    "      --device UUID       which device\n"
    "      --sequence NUMBER   sequence number that is installed, or counter of the last command\n"
    "      --now SECONDS       the time, in seconds since 1970; without it a device without a clock\n"
    "  -h, --help              print this\n"
    "\n"
    "Exit status: 0 a device would take it, 1 it would not, or a file cannot be read, 2 wrong usage.\n";

struct verify {
    const char *key, *image;
    struct atto_target target;
    struct atto_identity identity;
    uint32_t sequence, now_s;
};

/* Where there is no place to tell. */
static bool refuse(const char *path, enum atto_status status)
{
    atto_report_at(path, 0, "%s", atto_status_text(status));
    return false;
}

/* The parameters that an envelope sets first: for which devices it says it is. */
static void take_identity(const struct atto_envelope *envelope, struct atto_identity *identity)
{
    struct atto_cbor cbor = {envelope->head, envelope->sequences[ATTO_SEQUENCE_SHARED].end,
                             envelope->sequences[ATTO_SEQUENCE_SHARED].at};
    uint32_t count, key, next = 0;
    struct atto_span value;

    if (!atto_cbor_head(&cbor, ATTO_CBOR_ARRAY, &count) || !atto_cbor_uint(&cbor, 20, &key) || key != 20 ||
        !atto_cbor_head(&cbor, ATTO_CBOR_MAP, &count))
        return;
    for (uint32_t i = 0; i < count; i++) {
        uint8_t *into;

        if (!atto_cbor_key(&cbor, &next, &key))
            return;
        into = key == 1 ? identity->vendor_id : key == 2 ? identity->class_id : key == 24 ? identity->device_id : NULL;
        if (atto_cbor_bytes(&cbor, 0, UINT32_MAX, &value)) {
            if (into != NULL && value.len == ATTO_IDENTITY_BYTES)
                memcpy(into, value.ptr, ATTO_IDENTITY_BYTES);
        } else if (!atto_cbor_uint(&cbor, UINT32_MAX, &key)) {
            return;
        }
    }
}

/* What was given counts, the rest is the envelope's. */
static struct atto_identity identity_for(const struct verify *verify, const struct atto_envelope *envelope)
{
    struct atto_identity identity = {{0}, {0}, {0}};

    take_identity(envelope, &identity);
    if (verify->target.vendor != NULL)
        memcpy(identity.vendor_id, verify->identity.vendor_id, ATTO_IDENTITY_BYTES);
    if (verify->target.class_ != NULL)
        memcpy(identity.class_id, verify->identity.class_id, ATTO_IDENTITY_BYTES);
    if (verify->target.device != NULL)
        memcpy(identity.device_id, verify->identity.device_id, ATTO_IDENTITY_BYTES);
    return identity;
}

static bool check_image(const char *path, const struct atto_order *order, const uint8_t *image, size_t len)
{
    uint8_t hash[32];

    EVP_Digest(image, len, hash, NULL, EVP_sha256(), NULL);
    if (len == order->image_bytes && memcmp(hash, order->digest, sizeof hash) == 0)
        return true;
    atto_report_at(path, 0, len != order->image_bytes ? "the image does not have the size that the manifest says"
                                                      : "the image is not the one that was signed");
    return false;
}

static bool find_image(const struct verify *verify, const char *path, const struct atto_buffer *bytes,
                       const struct atto_envelope *envelope, const struct atto_order *order)
{
    struct atto_buffer image = {0};
    bool fine;

    if (order->integrated)
        return check_image(path, order, bytes->bytes + envelope->head_bytes, bytes->len - envelope->head_bytes);
    if (verify->image == NULL)
        return true;
    fine = atto_buffer_read(&image, verify->image) && check_image(verify->image, order, image.bytes, image.len);
    atto_buffer_free(&image);
    return fine;
}

static bool verify_envelope(const struct verify *verify, const struct atto_keyfile *keyfile, const char *path,
                            const struct atto_buffer *bytes)
{
    struct atto_refusal refusal = {ATTO_OK, 0};
    struct atto_envelope envelope;
    struct atto_identity identity;
    struct atto_conditions conditions = {&identity, verify->sequence};
    struct atto_signer signer = {{NULL, 0}, keyfile->key};
    struct atto_order order;
    enum atto_status status = atto_envelope_read(bytes->bytes, (uint32_t)bytes->len, &envelope, &refusal);

    if (status != ATTO_OK)
        return atto_shape_refuse(path, bytes, status, refusal.at);
    signer.name = envelope.component.tenant;
    status = atto_envelope_verify(&envelope, &signer, &atto_crypto_libraries);
    if (status != ATTO_OK)
        return refuse(path, status);
    identity = identity_for(verify, &envelope);
    status = atto_envelope_judge(&envelope, &conditions, &order, &refusal);
    if (status != ATTO_OK)
        return atto_shape_refuse(path, bytes, status, refusal.at);
    if (!find_image(verify, path, bytes, &envelope, &order))
        return false;
    printf("%s: %s signature of %s%.*s holds, sequence %u%s\n", path, atto_algorithm_name(keyfile->key.algorithm),
           signer.name.len != 0 ? "tenant " : "the owner", (int)signer.name.len, (const char *)signer.name.ptr,
           order.sequence, order.integrated || verify->image != NULL ? "" : "; the image was not looked at");
    return true;
}

static bool verify_command(const struct verify *verify, const struct atto_keyfile *keyfile, const char *path,
                           const struct atto_buffer *bytes)
{
    struct atto_refusal refusal = {ATTO_OK, 0};
    struct atto_identity identity = verify->identity;
    struct atto_command_conditions conditions = {&identity, verify->sequence, verify->now_s};
    struct atto_signer signer = {{NULL, 0}, keyfile->key};
    struct atto_command command;
    enum atto_status status = atto_command_read(bytes->bytes, (uint32_t)bytes->len, &command, &refusal);

    if (status != ATTO_OK)
        return atto_shape_refuse(path, bytes, status, refusal.at);
    signer.name = command.tenant;
    if (verify->target.device == NULL)
        memcpy(identity.device_id, command.device_id, ATTO_IDENTITY_BYTES);
    status = atto_command_verify(&command, &signer, &atto_crypto_libraries);
    if (status == ATTO_OK)
        status = atto_command_judge(&command, &conditions);
    if (status != ATTO_OK)
        return refuse(path, status);
    printf("%s: %s signature of %s%.*s holds, counter %u\n", path, atto_algorithm_name(keyfile->key.algorithm),
           signer.name.len != 0 ? "tenant " : "the owner", (int)signer.name.len, (const char *)signer.name.ptr,
           command.counter);
    return true;
}

static bool verify_file(struct verify *verify, const char *path)
{
    struct atto_keyfile keyfile = {.secret = NULL};
    struct atto_buffer bytes = {0};
    enum atto_shape shape;
    bool fine = atto_target_identity(&verify->target, &verify->identity) &&
                atto_keyfile_read(&keyfile, verify->key) && atto_buffer_read(&bytes, path) &&
                atto_shape_is_whole(path, &bytes);

    if (fine) {
        shape = atto_shape_of(&bytes);
        fine = false;
        if (shape == ATTO_SHAPE_ENVELOPE)
            fine = verify_envelope(verify, &keyfile, path, &bytes);
        else if (shape == ATTO_SHAPE_COMMAND)
            fine = verify_command(verify, &keyfile, path, &bytes);
        else
            atto_report_at(path, 0, "neither an envelope nor a signed command");
    }
    atto_keyfile_free(&keyfile);
    atto_buffer_free(&bytes);
    return fine;
}

int atto_command_verify_file(int argc, char **argv)
{
    struct verify verify = {.key = NULL};
    const struct atto_option options[] = {
        {"key", 'k', .text = &verify.key},
        {"image", .text = &verify.image},
        ATTO_VENDOR_OPTIONS(verify.target),
        ATTO_DEVICE_OPTION(verify.target),
        {"sequence", .number = &verify.sequence, .min = 0, .max = UINT32_MAX},
        {"now", .number = &verify.now_s, .min = 0, .max = UINT32_MAX},
        {0},
    };
    const char *path = NULL;
    int status;

    if (!atto_options_read(argc, argv, usage, options, &status))
        return status;
    if (!atto_take_file(argc, argv, &path))
        return atto_wrong_usage(argv[0]);
    if (verify.key == NULL) {
        atto_report("--key is missing");
        return atto_wrong_usage(argv[0]);
    }
    return verify_file(&verify, path) ? ATTO_EXIT_FINE : ATTO_EXIT_REFUSED;
}
