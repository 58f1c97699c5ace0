/* SHA-512 for libsodium's signatures, where libsodium is compiled from its sources: BearSSL's, which has the rounds in a
 * loop and so is 5 KB smaller than libsodium's own. It keeps its state in the memory of libsodium's.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <bearssl_hash.h>

#define SODIUM_STATE_BYTES 208u /* of its crypto_hash_sha512_state */
_Static_assert(sizeof(br_sha512_context) <= SODIUM_STATE_BYTES, "the state of one is in the place of the other's");

int crypto_hash_sha512_init(br_sha512_context *state);
int crypto_hash_sha512_update(br_sha512_context *state, const unsigned char *bytes, unsigned long long len);
int crypto_hash_sha512_final(br_sha512_context *state, unsigned char *digest);

int crypto_hash_sha512_init(br_sha512_context *state)
{
    br_sha512_init(state);
    return 0;
}

int crypto_hash_sha512_update(br_sha512_context *state, const unsigned char *bytes, unsigned long long len)
{
    br_sha512_update(state, bytes, (size_t)len);
    return 0;
}

int crypto_hash_sha512_final(br_sha512_context *state, unsigned char *digest)
{
    br_sha512_out(state, digest);
    return 0;
}
