/* Ed25519 by libsodium. Its verification refuses keys and R of small order and an S that is not reduced. Where it is
 * compiled from its source files, this file has the four functions of its core that they call.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "libraries.h"

#include <stddef.h>

int crypto_sign_ed25519_verify_detached(const unsigned char *signature, const unsigned char *message,
                                        unsigned long long len, const unsigned char *key);

bool atto_verify_ed25519(const struct atto_key *key, struct atto_span message, const uint8_t *signature)
{
    return crypto_sign_ed25519_verify_detached(signature, message.ptr, message.len, key->x) == 0;
}

static bool verify(void *user, const struct atto_key *key, struct atto_span message, const uint8_t *signature)
{
    (void)user;
    return key->algorithm == ATTO_EDDSA && atto_verify_ed25519(key, message, signature);
}

const struct atto_crypto atto_crypto_ed25519 = {atto_sha256_begin, atto_sha256_add, atto_sha256_end, verify, 0};

#ifdef ATTO_SODIUM_SOURCES
void sodium_memzero(void *bytes, size_t len);
void sodium_misuse(void);
int sodium_memcmp(const void *a, const void *b, size_t len);
int sodium_is_zero(const unsigned char *bytes, size_t len);

void sodium_memzero(void *bytes, size_t len)
{
    volatile unsigned char *at = bytes;

    for (size_t i = 0; i < len; i++)
        at[i] = 0;
}

/* Called for arguments that no caller here gives. */
void sodium_misuse(void)
{
    for (;;)
        continue;
}

static unsigned char differences(const unsigned char *a, const unsigned char *b, size_t len)
{
    volatile unsigned char sum = 0;

    for (size_t i = 0; i < len; i++)
        sum = (unsigned char)(sum | (a[i] ^ (b != NULL ? b[i] : 0u)));
    return sum;
}

int sodium_memcmp(const void *a, const void *b, size_t len)
{
    return differences(a, b, len) == 0 ? 0 : -1;
}

int sodium_is_zero(const unsigned char *bytes, size_t len)
{
    return differences(bytes, NULL, len) == 0;
}
#endif
