/* The pre-flight check of eBPF text, private to src/bpf and to tools that report every refusal.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_BPF_CHECK_H
#define ATTO_BPF_CHECK_H

#include "atto/bpf.h"
#include "isa.h"

/* The text of an image as slots: its bytes, which are aligned to 4, are read in place. The one such cast; the proof
 * takes it on trust. */
/*@ requires \valid_read(image) && readable(image->text.ptr, image->text.len);
    terminates \true; exits \false; assigns \nothing;
    ensures \result == slots(image->text.ptr) && \valid_read(\result + (0 .. image->text.len / 8 - 1)); */
static inline const struct atto_bpf_insn *text_of(const struct atto_image *image)
{
    return (const struct atto_bpf_insn *)(const void *)image->text.ptr;
}

/* Bytes of an instance whose program has `call_depth` functions active at most, frames included. */
/*@ terminates \true; exits \false; assigns \nothing; */
uint32_t atto_bpf_instance_bytes(uint32_t call_depth);

/* Judges a whole image and makes its receipt: the `check` of the executor contract. */
/*@ requires checkable(image) && \valid_read(limits) && sound_calls(limits->calls);
    requires \valid(receipt) && (refusal == \null || \valid(refusal));
    requires apart(receipt, image, limits) && \separated(receipt, refusal, image, limits);
    terminates \true; exits \false; assigns *receipt, *refusal;
    ensures \result == ATTO_OK <==> well_formed{Pre}(image, limits);
    ensures \result == ATTO_OK ==>
        runnable{Pre}(slots(\old(image->text.ptr)), slot_count{Pre}(image), \old(limits->calls));
    ensures \result == ATTO_OK ==> runs_within{Pre}(slots(\old(image->text.ptr)), \old(limits->calls),
        slot_count{Pre}(image), receipt->longest_run); */
enum atto_status atto_bpf_check(const struct atto_image *image, const struct atto_limits *limits,
                                struct atto_receipt *receipt, struct atto_refusal *refusal);

/* Is this slot the start of a function that an activation may begin at? */
/*@ requires checkable(image) && table_legal(image);
    terminates \true; exits \false; assigns \nothing;
    ensures \result <==> slot == 0 ||
        \exists integer f; 0 <= f < function_count(image) && start(image, f) == slot; */
bool atto_bpf_is_function(const struct atto_image *image, uint32_t slot);

#endif
