/* bpf(2): BPF_PROG_LOAD and BPF_PROG_TEST_RUN of a traffic classifier, which may read its packet with a helper.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "kernel.h"

#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static char verifier_log[1 << 18];

static uint64_t address_of(const void *pointer)
{
    return (uint64_t)(uintptr_t)pointer;
}

static int bpf(int command, union bpf_attr *attributes)
{
    return (int)syscall(SYS_bpf, command, attributes, sizeof *attributes);
}

static int load(const uint64_t *slots, uint32_t slot_count, uint32_t log_level)
{
    union bpf_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.prog_type = BPF_PROG_TYPE_SCHED_CLS;
    attributes.insns = address_of(slots);
    attributes.insn_cnt = slot_count;
    attributes.license = address_of("Apache-2.0");
    attributes.log_level = log_level;
    attributes.log_buf = log_level != 0 ? address_of(verifier_log) : 0;
    attributes.log_size = log_level != 0 ? sizeof verifier_log : 0;
    return bpf(BPF_PROG_LOAD, &attributes);
}

int kernel_run(const uint64_t *slots, uint32_t slot_count, uint8_t *packet, uint32_t packet_bytes, uint32_t *value)
{
    int program = load(slots, slot_count, 0);
    if (program < 0) {
        int reason = errno;
        load(slots, slot_count, 1);
        return reason;
    }
    union bpf_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.test.prog_fd = (uint32_t)program;
    attributes.test.data_in = address_of(packet);
    attributes.test.data_size_in = packet_bytes;
    int status = bpf(BPF_PROG_TEST_RUN, &attributes) == 0 ? 0 : -errno;
    close(program);
    *value = attributes.test.retval;
    return status;
}

const char *kernel_log(void)
{
    size_t len = strlen(verifier_log);
    return verifier_log + (len > 300u ? len - 300u : 0u);
}
