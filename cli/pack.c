/* `atto pack`: puts an image, or the URI where it will be, into an envelope; `atto sign`: signs one, or anew.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "atto/envelope.h"
#include "atto/image.h"
#include "cbor.h"
#include "commands.h"
#include "keyfile.h"
#include "load.h"
#include "pack.h"
#include "report.h"
#include "seal.h"

static const char pack_usage[] =
    "usage: atto pack [options] IMAGE -o FILE\n"
    "\n"
    "Makes an envelope (a SUIT manifest, docs/SPEC.md) that installs a container. IMAGE is an image, or a source file\n"
    "that is built on the way.\n"
    "\n"
    "  -o, --output FILE       where to\n"
    "  -k, --key FILE          signs it with this private key; without it 'atto sign' can do that later\n"
    "      --sequence NUMBER   over that of the container as it is installed; 1 or more\n" ATTO_VENDOR_HELP
    "      --device UUID       for this device alone\n"
    "      --tenant NAME       whose container it is: the tenant who signs; without it, the owner's\n"
    "      --component NAME    the container's name; without it the one in its image\n"
    "      --uri URI           where a device finds the image; without it, it is in the envelope\n"
    "      --stopped           it is installed, but not started\n"
    "  -h, --help              print this\n"
    "\n"
    "Exit status: 0 done, 1 refused or failed, 2 wrong usage.\n";

static const char sign_usage[] =
    "usage: atto sign --key KEY FILE [-o FILE]\n"
    "\n"
    "Signs an envelope; a signature that it has is replaced.\n"
    "\n"
    "  -k, --key FILE      the private key\n"
    "  -o, --output FILE   where to; without it the envelope is changed in its place\n"
    "  -h, --help          print this\n"
    "\n"
    "Exit status: 0 done, 1 refused or failed, 2 wrong usage.\n";

#define IMAGE_KEY "#image" /* what an image in the envelope is called */
#define REPORT_ALL 15u     /* policies of the conditions and directives, as in the draft's examples */
#define REPORT_FAILURE 2u

static void put_command(struct atto_buffer *out, uint32_t command, uint32_t policy)
{
    atto_cbor_add_uint(out, command);
    atto_cbor_add_uint(out, policy);
}

static void put_shared(const struct atto_pack *pack, struct atto_buffer *out)
{
    struct atto_buffer digest = {0};
    uint8_t hash[32];

    EVP_Digest(pack->image.bytes, pack->image.len, hash, NULL, EVP_sha256(), NULL);
    atto_cbor_add_head(&digest, ATTO_CBOR_ARRAY, 2);
    atto_cbor_add_negative(&digest, 15);
    atto_cbor_add_bytes(&digest, hash, sizeof hash);
    atto_cbor_add_head(out, ATTO_CBOR_ARRAY, pack->target.device != NULL ? 8 : 6);
    atto_cbor_add_uint(out, 20);
    atto_cbor_add_head(out, ATTO_CBOR_MAP, pack->target.device != NULL ? 5 : 4);
    atto_cbor_add_uint(out, 1);
    atto_cbor_add_bytes(out, pack->identity.vendor_id, ATTO_IDENTITY_BYTES);
    atto_cbor_add_uint(out, 2);
    atto_cbor_add_bytes(out, pack->identity.class_id, ATTO_IDENTITY_BYTES);
    atto_cbor_add_uint(out, 3);
    atto_cbor_add_nested(out, &digest);
    atto_cbor_add_uint(out, 14);
    atto_cbor_add_uint(out, (uint32_t)pack->image.len);
    if (pack->target.device != NULL) {
        atto_cbor_add_uint(out, 24);
        atto_cbor_add_bytes(out, pack->identity.device_id, ATTO_IDENTITY_BYTES);
    }
    put_command(out, 1, REPORT_ALL);
    put_command(out, 2, REPORT_ALL);
    if (pack->target.device != NULL)
        put_command(out, 24, REPORT_ALL);
}

static bool put_common(const struct atto_pack *pack, struct atto_buffer *out)
{
    struct atto_buffer shared = {0};

    atto_cbor_add_head(out, ATTO_CBOR_MAP, 2);
    atto_cbor_add_uint(out, 2);
    atto_cbor_add_head(out, ATTO_CBOR_ARRAY, 1);
    if (!atto_target_component(&pack->target, out))
        return false;
    atto_cbor_add_uint(out, 4);
    put_shared(pack, &shared);
    atto_cbor_add_nested(out, &shared);
    return true;
}

/* A sequence that sets one parameter, does one directive and perhaps compares the image. */
static void put_sequence(struct atto_buffer *out, uint32_t parameter, enum atto_cbor_type type, const char *value,
                         uint32_t directive, bool match)
{
    struct atto_buffer sequence = {0};

    atto_cbor_add_head(&sequence, ATTO_CBOR_ARRAY, 2u + (value != NULL ? 2u : 0) + (match ? 2u : 0));
    if (value != NULL) {
        atto_cbor_add_uint(&sequence, 20);
        atto_cbor_add_head(&sequence, ATTO_CBOR_MAP, 1);
        atto_cbor_add_uint(&sequence, parameter);
        atto_cbor_add_head(&sequence, type, (uint32_t)strlen(value));
        atto_buffer_put(&sequence, value, strlen(value));
    }
    put_command(&sequence, directive, directive == 3 ? REPORT_ALL : REPORT_FAILURE);
    if (match)
        put_command(&sequence, 3, REPORT_ALL);
    atto_cbor_add_nested(out, &sequence);
}

static bool put_manifest(const struct atto_pack *pack, struct atto_buffer *out)
{
    struct atto_buffer common = {0};
    bool fine = put_common(pack, &common);

    atto_cbor_add_head(out, ATTO_CBOR_MAP, pack->stopped ? 5 : 6);
    atto_cbor_add_uint(out, 1);
    atto_cbor_add_uint(out, 1);
    atto_cbor_add_uint(out, 2);
    atto_cbor_add_uint(out, pack->sequence);
    atto_cbor_add_uint(out, 3);
    atto_cbor_add_nested(out, &common);
    atto_cbor_add_uint(out, 7);
    put_sequence(out, 0, ATTO_CBOR_BYTES, NULL, 3, false);
    if (!pack->stopped) {
        atto_cbor_add_uint(out, 9);
        put_sequence(out, 0, ATTO_CBOR_BYTES, NULL, 23, false);
    }
    atto_cbor_add_uint(out, 20);
    put_sequence(out, 21, ATTO_CBOR_TEXT, pack->uri != NULL ? pack->uri : IMAGE_KEY, 21, true);
    return fine;
}

/* Signs if there is a key. */
static bool seal(const char *key, const struct atto_buffer *manifest, const struct atto_buffer *behind,
                 struct atto_buffer *envelope)
{
    struct atto_keyfile keyfile = {.secret = NULL};
    bool fine = (key == NULL || atto_keyfile_read(&keyfile, key)) &&
                atto_seal_envelope(key != NULL ? &keyfile : NULL, manifest, behind, envelope);

    atto_keyfile_free(&keyfile);
    return fine;
}

bool atto_pack_make(const struct atto_pack *pack, struct atto_buffer *envelope)
{
    struct atto_buffer content = {0}, manifest = {0}, behind = {0};
    bool fine = put_manifest(pack, &content);

    atto_cbor_add_nested(&manifest, &content);
    if (pack->uri == NULL) {
        atto_cbor_add_text(&behind, IMAGE_KEY);
        atto_cbor_add_bytes(&behind, pack->image.bytes, pack->image.len);
    }
    fine = fine && seal(pack->key, &manifest, &behind, envelope);
    atto_buffer_free(&manifest);
    atto_buffer_free(&behind);
    return fine;
}

char *atto_pack_name(const char *path, const struct atto_buffer *bytes)
{
    struct atto_refusal refusal = {ATTO_OK, 0};
    struct atto_image image;
    struct atto_manifest manifest;

    if (atto_image_parse(bytes->bytes, (uint32_t)bytes->len, &image, &refusal) != ATTO_OK) {
        atto_report_at(path, 0, "%s (byte %u)", atto_status_text(refusal.status), refusal.at);
        return NULL;
    }
    if (atto_manifest_parse(image.manifest, &manifest, NULL) == ATTO_OK && manifest.name.len != 0)
        return atto_format("%.*s", (int)manifest.name.len, (const char *)manifest.name.ptr);
    return atto_copy_string("");
}

static bool pack_file(struct atto_pack *pack, const char *path, const char *output)
{
    struct atto_buffer envelope = {0};
    char *name = NULL;
    bool fine = atto_target_identity(&pack->target, &pack->identity) && atto_load(path, &pack->image);

    if (fine) {
        name = atto_pack_name(path, &pack->image);
        fine = name != NULL;
    }
    if (fine && pack->target.container == NULL) {
        if (name[0] == '\0')
            atto_report_at(path, 0, "the image has no name; --component gives it one");
        pack->target.container = name;
        fine = name[0] != '\0';
    }
    fine = fine && atto_pack_make(pack, &envelope) && atto_buffer_write(&envelope, output);
    free(name);
    atto_buffer_free(&envelope);
    atto_buffer_free(&pack->image);
    return fine;
}

/* What must be given, and what must fit. */
static bool check_arguments(const struct atto_pack *pack, const char *output)
{
    const char *missing = output == NULL          ? "--output"
                          : pack->target.vendor == NULL ? "--vendor"
                          : pack->target.class_ == NULL ? "--class"
                          : pack->sequence == 0         ? "--sequence"
                                                        : NULL;

    if (missing != NULL) {
        atto_report("%s is missing", missing);
        return false;
    }
    if (pack->uri != NULL && (strlen(pack->uri) > ATTO_URI_MAX || strchr(pack->uri, ':') == NULL)) {
        atto_report("--uri: a URI has a scheme, and at most %u bytes", ATTO_URI_MAX);
        return false;
    }
    return true;
}

int atto_command_pack(int argc, char **argv)
{
    struct atto_pack pack = {.sequence = 0};
    const char *output = NULL;
    const struct atto_option options[] = {
        {"output", 'o', .text = &output},
        {"key", 'k', .text = &pack.key},
        {"sequence", .number = &pack.sequence, .min = 1, .max = UINT32_MAX},
        ATTO_VENDOR_OPTIONS(pack.target),
        ATTO_DEVICE_OPTION(pack.target),
        ATTO_COMPONENT_OPTIONS(pack.target),
        {"uri", .text = &pack.uri},
        {"stopped", .flag = &pack.stopped},
        {0},
    };
    const char *path = NULL;
    int status;

    if (!atto_options_read(argc, argv, pack_usage, options, &status))
        return status;
    if (!atto_take_file(argc, argv, &path) || !check_arguments(&pack, output))
        return atto_wrong_usage(argv[0]);
    return pack_file(&pack, path, output) ? ATTO_EXIT_FINE : ATTO_EXIT_REFUSED;
}

int atto_command_sign(int argc, char **argv)
{
    const char *key = NULL, *output = NULL, *path = NULL;
    const struct atto_option options[] = {{"key", 'k', .text = &key}, {"output", 'o', .text = &output}, {0}};
    struct atto_buffer envelope = {0}, manifest = {0}, behind = {0}, sealed = {0};
    int status;
    bool fine;

    if (!atto_options_read(argc, argv, sign_usage, options, &status))
        return status;
    if (!atto_take_file(argc, argv, &path))
        return atto_wrong_usage(argv[0]);
    if (key == NULL) {
        atto_report("--key is missing");
        return atto_wrong_usage(argv[0]);
    }
    fine = atto_buffer_read(&envelope, path) && atto_seal_open(path, &envelope, &manifest, &behind) &&
           seal(key, &manifest, &behind, &sealed) && atto_buffer_write(&sealed, output != NULL ? output : path);
    atto_buffer_free(&envelope);
    atto_buffer_free(&manifest);
    atto_buffer_free(&behind);
    atto_buffer_free(&sealed);
    return fine ? ATTO_EXIT_FINE : ATTO_EXIT_REFUSED;
}
