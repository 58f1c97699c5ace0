/* UUIDs, see uuid.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "uuid.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <string.h>

#include "report.h"

static int hex_value(char c)
{
    if (isdigit((unsigned char)c))
        return c - '0';
    return tolower((unsigned char)c) - 'a' + 10;
}

bool atto_uuid_parse(const char *text, uint8_t uuid[ATTO_UUID_BYTES])
{
    static const char pattern[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    size_t digits = 0;

    if (text == NULL || strlen(text) != sizeof pattern - 1)
        return false;
    for (size_t i = 0; pattern[i] != '\0'; i++) {
        if (pattern[i] == '-') {
            if (text[i] != '-')
                return false;
            continue;
        }
        if (!isxdigit((unsigned char)text[i]))
            return false;
        uuid[digits / 2] = (uint8_t)(uuid[digits / 2] * 16 + hex_value(text[i]));
        digits++;
    }
    return true;
}

char *atto_uuid_text(const uint8_t uuid[ATTO_UUID_BYTES])
{
    return atto_format("%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", uuid[0], uuid[1],
                       uuid[2], uuid[3], uuid[4], uuid[5], uuid[6], uuid[7], uuid[8], uuid[9], uuid[10], uuid[11],
                       uuid[12], uuid[13], uuid[14], uuid[15]);
}

void atto_uuid_of_name(const uint8_t space[ATTO_UUID_BYTES], const char *name, uint8_t uuid[ATTO_UUID_BYTES])
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    uint8_t hash[EVP_MAX_MD_SIZE];

    EVP_DigestInit_ex(context, EVP_sha1(), NULL);
    EVP_DigestUpdate(context, space, ATTO_UUID_BYTES);
    EVP_DigestUpdate(context, name, strlen(name));
    EVP_DigestFinal_ex(context, hash, NULL);
    EVP_MD_CTX_free(context);
    memcpy(uuid, hash, ATTO_UUID_BYTES);
    uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x50);
    uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80);
}
