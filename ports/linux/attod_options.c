/* The command line of attod. Identifiers are UUIDs, or names of which UUIDs are made as `atto pack` makes them, so
 * that both can be told the same.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <getopt.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attod.h"

static const char help[] =
    "usage: attod [options] --owner FILE\n"
    "\n"
    "A device as a Linux process: containers, simulated endpoints, flash in a file, CoAP over UDP.\n"
    "\n"
    "      --owner FILE        the owner's public key: FILE.cose of 'atto keygen --cose'\n"
    "      --flash FILE        its flash, made if it is not there; default: attod.flash\n"
    "  -p, --port NUMBER       default: 5683; 0: any that is free, which is printed\n"
    "      --address ADDRESS   default: 127.0.0.1; who can reach it can ask the device\n"
    "      --name NAME         default: attod\n"
    "      --vendor VENDOR     whose device: a UUID, or a name of the DNS of which one is made; default: example.com\n"
    "      --class CLASS       which hardware: a UUID, or a name of the vendor's; default: attod\n"
    "      --device DEVICE     which one: a UUID, or a name of which one is made with the class; default: its name\n"
    "      --keyed             reading takes a signed command too; without it everybody may read\n"
    "      --tinycontainer     TinyContainerNetwork's requests are understood, where their tokens hold\n"
    "      --unsigned          ... and where not: anybody may load and delete containers of the owner's\n"
    "      --block BYTES       of the largest block that is sent: 16 to 1024; default: 1024\n"
    "      --trial MS          a new version that has run so long without a fault is healthy; default: 10000\n"
    "  -h, --help              print this\n"
    "\n"
    "It ends with SIGTERM. Exit status: 0 fine, 1 it does not boot, 2 wrong usage.\n";

enum attod_option {
    OPTION_OWNER = 256,
    OPTION_FLASH,
    OPTION_ADDRESS,
    OPTION_NAME,
    OPTION_VENDOR,
    OPTION_CLASS,
    OPTION_DEVICE,
    OPTION_KEYED,
    OPTION_TINYCONTAINER,
    OPTION_UNSIGNED,
    OPTION_BLOCK,
    OPTION_TRIAL
};

static const struct option long_options[] = {
    { "owner", required_argument, NULL, OPTION_OWNER },   { "flash", required_argument, NULL, OPTION_FLASH },
    { "port", required_argument, NULL, 'p' },             { "address", required_argument, NULL, OPTION_ADDRESS },
    { "name", required_argument, NULL, OPTION_NAME },     { "vendor", required_argument, NULL, OPTION_VENDOR },
    { "class", required_argument, NULL, OPTION_CLASS },   { "device", required_argument, NULL, OPTION_DEVICE },
    { "keyed", no_argument, NULL, OPTION_KEYED },         { "block", required_argument, NULL, OPTION_BLOCK },
    { "tinycontainer", no_argument, NULL, OPTION_TINYCONTAINER }, { "unsigned", no_argument, NULL, OPTION_UNSIGNED },
    { "trial", required_argument, NULL, OPTION_TRIAL },   { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 },
};

static int wrong(const char *what, const char *value)
{
    fprintf(stderr, "attod: %s%s%s; attod --help tells more\n", what, value != NULL ? ": " : "",
            value != NULL ? value : "");
    return 2;
}

static bool number(const char *text, uint32_t most, uint32_t *value)
{
    char *end;
    unsigned long parsed = strtoul(text, &end, 10);
    if (!isdigit((unsigned char)*text) || *end != '\0' || parsed > most)
        return false;
    *value = (uint32_t)parsed;
    return true;
}

/* 8-4-4-4-12 hexadecimal digits. */
static bool uuid_parse(const char *text, uint8_t *uuid)
{
    static const char pattern[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    char digits[3] = "";
    uint32_t at = 0;
    if (strlen(text) != sizeof pattern - 1u)
        return false;
    for (uint32_t i = 0; i < sizeof pattern - 1u; i++) {
        if ((pattern[i] == '-') != (text[i] == '-') || (text[i] != '-' && !isxdigit((unsigned char)text[i])))
            return false;
        if (text[i] == '-')
            continue;
        digits[at++ % 2u] = text[i];
        if (at % 2u == 0u)
            uuid[at / 2u - 1u] = (uint8_t)strtoul(digits, NULL, 16);
    }
    return true;
}

/* A UUID, or the one of a name in a name space (RFC 9562 section 5.5). */
static void identify(const char *text, const uint8_t *space, uint8_t *uuid)
{
    uint8_t hash[EVP_MAX_MD_SIZE];
    if (uuid_parse(text, uuid))
        return;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_DigestInit_ex(context, EVP_sha1(), NULL);
    EVP_DigestUpdate(context, space, ATTO_IDENTITY_BYTES);
    EVP_DigestUpdate(context, text, strlen(text));
    EVP_DigestFinal_ex(context, hash, NULL);
    EVP_MD_CTX_free(context);
    memcpy(uuid, hash, ATTO_IDENTITY_BYTES);
    uuid[6] = (uint8_t)((uuid[6] & 0x0fu) | 0x50u);
    uuid[8] = (uint8_t)((uuid[8] & 0x3fu) | 0x80u);
}

static int read_owner(struct attod_options *options, const char *path)
{
    struct atto_key key;
    if (path == NULL)
        return wrong("whose device is it? --owner has to be there", NULL);
    int32_t len = board_file_read(path, options->owner_key, sizeof options->owner_key);
    if (len < 0)
        return wrong("the owner's key cannot be read", path);
    options->owner_key_len = (uint32_t)len;
    if (atto_key_read((struct atto_span){ options->owner_key, options->owner_key_len }, &key, NULL) != ATTO_OK)
        return wrong("not a public key as a COSE_Key, which 'atto keygen --cose' writes", path);
    return -1;
}

int attod_options_read(struct attod_options *options, int argc, char **argv)
{
    static const uint8_t dns[] = { 0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1,
                                   0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8 };
    const char *owner = NULL, *vendor = "example.com", *class = "attod", *device = NULL;
    uint32_t port = ATTO_COAP_PORT;
    *options = (struct attod_options){ .address = "127.0.0.1", .flash = "attod.flash", .name = "attod",
                                       .reading_is_open = true, .block_bytes = 1024, .trial_ms = 10000 };
    for (int option; (option = getopt_long(argc, argv, "p:h", long_options, NULL)) != -1;) {
        switch (option) {
        case 'h':
            fputs(help, stdout);
            return 0;
        case 'p':
            if (!number(optarg, 65535, &port))
                return wrong("not a port", optarg);
            break;
        case OPTION_OWNER: owner = optarg; break;
        case OPTION_FLASH: options->flash = optarg; break;
        case OPTION_ADDRESS: options->address = optarg; break;
        case OPTION_NAME: options->name = optarg; break;
        case OPTION_VENDOR: vendor = optarg; break;
        case OPTION_CLASS: class = optarg; break;
        case OPTION_DEVICE: device = optarg; break;
        case OPTION_KEYED: options->reading_is_open = false; break;
        case OPTION_TINYCONTAINER: options->tinycontainer = true; break;
        case OPTION_UNSIGNED: options->tinycontainer_unsigned = true; break;
        case OPTION_BLOCK:
            if (!number(optarg, 1024, &options->block_bytes) || options->block_bytes < 16u)
                return wrong("not a number of bytes from 16 to 1024", optarg);
            break;
        case OPTION_TRIAL:
            if (!number(optarg, UINT32_MAX, &options->trial_ms))
                return wrong("not a number of milliseconds", optarg);
            break;
        default:
            return wrong("wrong usage", NULL);
        }
    }
    if (optind != argc)
        return wrong("too many arguments", argv[optind]);
    options->port = (uint16_t)port;
    identify(vendor, dns, options->identity.vendor_id);
    identify(class, options->identity.vendor_id, options->identity.class_id);
    identify(device != NULL ? device : options->name, options->identity.class_id, options->identity.device_id);
    return read_owner(options, owner);
}
