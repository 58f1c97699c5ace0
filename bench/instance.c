/* A firmware that prints what an instance takes in RAM on its target, as the pre-flight check's receipt says, beside
 * its stack and its data: lines for scripts/sizes.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>

#include "atto/instance.h"

static void print(const char *part, uint32_t ram)
{
    printf("{\"part\":\"%s\",\"flash\":0,\"ram\":%" PRIu32 "}\n", part, ram);
}

static bool print_instance(const char *part, const uint64_t *text, uint32_t len)
{
    static const struct atto_limits limits;
    struct atto_image image;
    struct atto_receipt receipt;
    atto_image_bare((const uint8_t *)text, len, &image);
    if (atto_executor_bpf.check(&image, &limits, &receipt, NULL) != ATTO_OK)
        return false;
    print(part, receipt.instance_bytes);
    return true;
}

int main(void)
{
    /* r0 = 0; exit */
    static const uint64_t plain[] = { 0x00000000000000b7u, 0x0000000000000095u };
    /* call the next instruction but one; exit; r0 = 0; exit */
    static const uint64_t calling[] = {
        0x0000000100001085u,
        0x0000000000000095u,
        0x00000000000000b7u,
        0x0000000000000095u,
    };
    bool ok = print_instance("instance", plain, sizeof plain);
    ok = print_instance("instance, all call levels", calling, sizeof calling) && ok;
    print("struct atto_instance", sizeof(struct atto_instance));
    return ok ? 0 : 1;
}
