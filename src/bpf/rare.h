/* What the interpreter does seldom and out of line. All have few arguments, so that its loop needs no C stack. Private
 * to src/bpf.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_BPF_RARE_H
#define ATTO_BPF_RARE_H

#include "run.h"

/* Divides the register at d by b; the packed fields of the instruction tell what kind of division it is. */
/*@ requires \valid(d);
    terminates \true; exits \false; assigns *d; */
void atto_bpf_divide64(uint64_t *d, uint32_t fields, uint64_t b);
/*@ requires \valid(d);
    terminates \true; exits \false; assigns *d; */
void atto_bpf_divide32(uint64_t *d, uint32_t fields, uint32_t b);

/* The low `bits` (8, 16 or 32) of a with their sign extended. */
/*@ terminates \true; exits \false; assigns \nothing; */
uint64_t atto_bpf_extend(uint64_t a, int32_t bits);

/* le, be or bswap (by the opcode) of the register at d; bits is 16, 32 or 64. */
/*@ requires \valid(d) && (bits == 16 || bits == 32 || bits == 64);
    terminates \true; exits \false; assigns *d; */
void atto_bpf_order_bytes(uint64_t *d, uint32_t opcode, int32_t bits);

/* An atomic operation on `bytes` (4 or 8) bytes at p, which are writable. Nothing runs between load and store. */
/*@ requires \valid(vm->r + (0 .. 10)) && \valid_read(&insn->fields) && \valid_read(&insn->imm);
    requires bytes == 4 || bytes == 8;
    requires \valid(p + (0 .. bytes - 1));
    requires src(insn, 0) <= 10 && imm_legal(0xdb, insn->imm) && (atomic_fetches(insn->imm) ==> src(insn, 0) != 10);
    terminates \true; exits \false; assigns p[0 .. bytes - 1], vm->r[0 .. 9]; */
void atto_bpf_atomic(struct atto_bpf_run *vm, const struct atto_bpf_insn *insn, uint8_t *p, uint32_t bytes);

/* Enters a local call from `slot`: saves the caller's registers and puts the callee's frame below the caller's.
 * frame_bytes: of the caller; 0 stands for the largest. false: as many calls are active as there is room for. */
/*@ requires valid_state(vm) && vm->run.depth <= vm->depth_limit;
    terminates \true; exits \false; assigns vm->run.depth, vm->r[10], vm->frame[0 .. vm->depth_limit - 1];
    ensures \result ? vm->run.depth == \old(vm->run.depth) + 1 && vm->frame[\old(vm->run.depth)].pc == slot
                    : vm->run.depth == \old(vm->run.depth);
    ensures vm->run.depth <= vm->depth_limit;
    ensures same_limit{Post, Pre}(vm);
    ensures KEEPS_REGIONS(vm);
    ensures \forall struct atto_call_table *calls; calls_apart{Pre}(vm, calls) ==> same_calls{Post, Pre}(calls);
    ensures \forall struct atto_call_table *calls; calls_apart{Pre}(vm, calls) ==> calls_apart(vm, calls);
    ensures same_frames{Post, Pre}(vm, \old(vm->run.depth));
    ensures \forall struct atto_bpf_insn *text, integer count; text_apart{Pre}(vm, text, count) ==>
        unchanged{Post, Pre}(text, count);
    ensures \forall struct atto_bpf_insn *text, integer count; text_apart{Pre}(vm, text, count) ==>
        text_apart(vm, text, count);
    ensures \forall struct atto_bpf_insn *text, integer count;
        text_apart{Pre}(vm, text, count) && sound_frames{Pre}(vm, text, count) &&
        starts{Pre}(text, 0, count, slot + 1) ==> sound_frames(vm, text, count); */
bool atto_bpf_push_frame(struct atto_bpf_run *vm, uint32_t slot, uint32_t frame_bytes);

/* Leaves a local call, of which there must be one; answers the slot of the call instruction. */
/*@ requires valid_state(vm) && 0 < vm->run.depth <= vm->depth_limit;
    terminates \true; exits \false; assigns vm->run.depth, vm->r[6 .. 10];
    ensures vm->run.depth == \old(vm->run.depth) - 1;
    ensures \result == vm->frame[vm->run.depth].pc; */
uint32_t atto_bpf_pop_frame(struct atto_bpf_run *vm);

#endif
