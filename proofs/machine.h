/* What is true of an eBPF instance between two slices, and what the interpreter may touch. Seen by the prover alone.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_PROOFS_MACHINE_H
#define ATTO_PROOFS_MACHINE_H

#include "proofs/program.h"
#include "bpf/run.h"

/* ---- memory of the guest ---- */
/*@ axiomatic Machine {
      // The bytes that the firmware lends to the instance for writing: its stack and data, and whatever context or
      // window it has been or will be given. Any set of bytes.
      predicate lent(uint8_t *byte);
    }

    logic integer region_bytes(struct atto_bpf_region *region) = region->span / 2;
    predicate may_write(struct atto_bpf_region *region) = region->span % 2 == 1;

    predicate sound_region(struct atto_bpf_region *region) =
        region_bytes(region) > 0 ==>
            \valid_read(region->base + (0 .. region_bytes(region) - 1)) &&
            (may_write(region) ==> \valid(region->base + (0 .. region_bytes(region) - 1)) &&
                (\forall integer k; 0 <= k < region_bytes(region) ==> lent(region->base + k)));

    // Memory that the firmware may give to the guest: it is there and, to be written, it is among the bytes lent.
    predicate lendable(uint8_t *base, integer len, integer access) =
        (access == ATTO_READ || access == ATTO_WRITE) && (len > 0 ==>
            \valid_read(base + (0 .. len - 1)) && (access == ATTO_WRITE ==> \valid(base + (0 .. len - 1)) &&
                (\forall integer k; 0 <= k < len ==> lent(base + k))));

    predicate sound_regions(struct atto_bpf_run *vm) =
        \forall integer k; 0 <= k < ATTO_BPF_REGIONS ==> sound_region(&vm->region[k]);

    predicate readable_at(struct atto_bpf_region *region, integer at, integer size) =
        sound_region(region) && 0 <= at && at + size <= region_bytes(region);
    predicate writable_at(struct atto_bpf_region *region, integer at, integer size) =
        readable_at(region, at, size) && may_write(region); */

/* For `assigns`: every byte that the guest may write, now or after a host call has opened a window. */
#define LENT_BYTES { *byte | uint8_t *byte; lent(byte) }

/* ---- the instance ---- */
/*@ predicate valid_state(struct atto_bpf_run *vm) =
        \valid(&vm->run) && \valid(vm->r + (0 .. 10)) && \valid_read(&vm->slot_count) && \valid_read(&vm->text) &&
        \valid_read(&vm->depth_limit) && \valid(vm->region + (0 .. ATTO_BPF_REGIONS - 1)) &&
        vm->depth_limit < ATTO_BPF_CALL_DEPTH &&
        (vm->depth_limit > 0 ==> \valid(vm->frame + (0 .. vm->depth_limit - 1)));

    logic integer fields_of(struct atto_bpf_insn *text, integer i) = text[i].fields;
    logic integer imm_of(struct atto_bpf_insn *text, integer i) = text[i].imm;

    // Nothing here writes the text, and so it stays as it was.
    predicate unchanged{L, M}(struct atto_bpf_insn *text, integer count) = \forall integer i; 0 <= i < count ==>
        fields_of{L}(text, i) == fields_of{M}(text, i) && imm_of{L}(text, i) == imm_of{M}(text, i);

    predicate text_apart(struct atto_bpf_run *vm, struct atto_bpf_insn *text, integer count) =
        \separated(text + (0 .. count - 1), &vm->run, vm->region + (0 .. ATTO_BPF_REGIONS - 1)) &&
        \separated(text + (0 .. count - 1), vm->frame + (0 .. vm->depth_limit - 1));

    // The same of the calls.
    predicate calls_apart(struct atto_bpf_run *vm, struct atto_call_table *calls) =
        \separated(calls, &vm->run, vm->region + (0 .. ATTO_BPF_REGIONS - 1)) &&
        (\forall integer p; 0 <= p < ATTO_CALL_IDS / ATTO_CALL_PAGE ==> \separated(
            calls->page[p] + (0 .. ATTO_CALL_PAGE - 1), &vm->run, vm->region + (0 .. ATTO_BPF_REGIONS - 1),
            vm->frame + (0 .. vm->depth_limit - 1)));
    predicate same_call{L, M}(struct atto_call_table *calls, integer p, integer k) =
        \at(calls->page[p], L) == \at(calls->page[p], M) &&
        \at(calls->page[p][k].fn, L) == \at(calls->page[p][k].fn, M) &&
        \at(calls->page[p][k].price, L) == \at(calls->page[p][k].price, M);
    predicate same_calls{L, M}(struct atto_call_table *calls) = \forall integer p, k;
        0 <= p < ATTO_CALL_IDS / ATTO_CALL_PAGE && 0 <= k < ATTO_CALL_PAGE ==>
        \at(calls->page[p], L) == \at(calls->page[p], M) &&
        \at(calls->page[p][k].fn, L) == \at(calls->page[p][k].fn, M) &&
        \at(calls->page[p][k].price, L) == \at(calls->page[p][k].price, M);

    predicate same_limit{L, M}(struct atto_bpf_run *vm) = \at(vm->depth_limit, L) == \at(vm->depth_limit, M);
    predicate same_frames{L, M}(struct atto_bpf_run *vm, integer depth) =
        \forall integer k; 0 <= k < depth ==> \at(vm->frame[k].pc, L) == \at(vm->frame[k].pc, M);

    // Each caller that waits stands at a call that something follows.
    predicate sound_frames(struct atto_bpf_run *vm, struct atto_bpf_insn *text, integer count) =
        vm->run.depth <= vm->depth_limit &&
        (\forall integer k; 0 <= k < vm->run.depth ==> starts(text, 0, count, vm->frame[k].pc + 1)); */

/*@ // Frames that stay as they are stay sound, and so they do with one more on top.
    lemma frames_stay_sound{L, M}: \forall struct atto_bpf_run *vm, struct atto_bpf_insn *text, integer count;
        sound_frames{L}(vm, text, count) && unchanged{M, L}(text, count) && same_limit{M, L}(vm) &&
        same_frames{M, L}(vm, \at(vm->run.depth, L)) &&
        (\at(vm->run.depth, M) == \at(vm->run.depth, L) ||
         (\at(vm->run.depth, M) == \at(vm->run.depth, L) + 1 && \at(vm->run.depth, M) <= \at(vm->depth_limit, M) &&
          starts{L}(text, 0, count, \at(vm->frame[vm->run.depth - 1].pc, M) + 1))) ==>
        sound_frames{M}(vm, text, count); */

/*@ lemma same_calls_throughout{L, M, N}: \forall struct atto_call_table *calls;
        same_calls{N, M}(calls) && same_calls{M, L}(calls) ==> same_calls{N, L}(calls);
    lemma unchanged_throughout{L, M, N}: \forall struct atto_bpf_insn *text, integer count;
        unchanged{N, M}(text, count) && unchanged{M, L}(text, count) ==> unchanged{N, L}(text, count); */

/* Whatever the firmware keeps for itself and its host calls may change. */
extern int atto_firmware_state;

/*@ // Where an interpreter stands: at slot i of a text.
    predicate at_slot(struct atto_bpf_insn *pc, struct atto_bpf_insn *text, integer i) =
        pc == text + i && 0 <= i <= 0xffff;

    // The text and the calls are in memory that nothing here writes.
    predicate constant_apart(struct atto_bpf_run *vm, struct atto_bpf_insn *text, integer count,
                             struct atto_call_table *calls) =
        text_apart(vm, text, count) && calls_apart(vm, calls) &&
        \separated(vm->run.host, vm->region + (0 .. ATTO_BPF_REGIONS - 1));

    // What one step needs to know of the instruction that it executes.
    predicate steps_on(struct atto_bpf_insn *text, integer count, struct atto_call_table *calls, integer i) =
        fields_legal(text, i) &&
        (goes_perhaps(opcode(text, i)) || opcode(text, i) == 0x05 ==>
            starts(text, 0, count, i + 1 + offset(text, i))) &&
        (opcode(text, i) == 0x06 ==> starts(text, 0, count, i + 1 + text[i].imm)) &&
        (host_call(text, i) ==> text[i].imm >= 0 && provided(calls, text[i].imm)) &&
        (opcode(text, i) == 0x85 && src(text, i) != 0 ==> starts(text, 0, count, i + 1 + text[i].imm)) &&
        (wide(opcode(text, i)) ==> opcode(text, i + 1) == 0 && starts(text, 0, count, i + 2)) &&
        (!goes_always(opcode(text, i)) && opcode(text, i) != 0x95 && !wide(opcode(text, i)) ==>
            starts(text, 0, count, i + 1));

    // Proved like everything else: no axioms. What comes behind an instruction is judged in its own slot.
    lemma next_starts{L}: \forall struct atto_bpf_insn *text, struct atto_call_table *calls, integer count, i;
        0 <= i && i + 1 < count && opcode(text, i) != 0 && !wide(opcode(text, i)) &&
        runnable_slot(text, count, calls, i + 1) ==> starts(text, 0, count, i + 1);
    lemma jumps_lead{L}: \forall struct atto_bpf_insn *text, struct atto_call_table *calls, integer count, i;
        steps_on(text, count, calls, i) && (goes_perhaps(opcode(text, i)) || opcode(text, i) == 0x05) ==>
        starts(text, 0, count, i + 1 + offset(text, i));
    lemma next_but_one_starts{L}: \forall struct atto_bpf_insn *text, struct atto_call_table *calls, integer count, i;
        0 <= i && i + 1 < count && wide(opcode(text, i)) && opcode(text, i + 1) == 0 &&
        runnable_slot(text, count, calls, i + 1) && (i + 2 < count ==> runnable_slot(text, count, calls, i + 2)) ==>
        starts(text, 0, count, i + 2);
    lemma steps_on_all{L}: \forall struct atto_bpf_insn *text, struct atto_call_table *calls, integer count, i;
        starts(text, 0, count, i) && runnable_slot(text, count, calls, i) &&
        (i + 1 < count ==> runnable_slot(text, count, calls, i + 1)) &&
        (i + 2 < count ==> runnable_slot(text, count, calls, i + 2)) ==> steps_on(text, count, calls, i);

    // What it costs at most to be at slot i and execute it, since the last look at the fuel.
    logic integer run_cost(struct atto_bpf_insn *text, struct atto_call_table *calls, integer i) =
        spent(text, calls, i) + price(text, calls, i);

    predicate counted(struct atto_bpf_insn *text, struct atto_call_table *calls, integer count) =
        \forall integer i; 0 <= i < count ==> 0 <= spent(text, calls, i) <= i;

    // An instance that can go on: what open, start and every slice leave.
    predicate can_go_on{L}(struct atto_bpf_run *vm, struct atto_bpf_insn *text, integer count,
                        struct atto_call_table *calls) =
        valid_state(vm) && sound_regions(vm) && vm->text == text && \valid_read(text + (0 .. count - 1)) &&
        \valid_read(vm->run.host) && vm->run.host->calls == calls && sound_calls(calls) &&
        runnable(text, count, calls) && counted(text, calls, count) &&
        starts(text, 0, count, vm->run.pc) && sound_frames(vm, text, count); */

/*@ // How a slice has ended in state L that began in state S with that text, those calls and that fuel: at an
    // instruction, with less fuel than before, and overdrawn by less than the longest run; and unless it is over, the
    // instance can go on.
    predicate left_well{L, S}(struct atto_bpf_run *vm, struct atto_bpf_insn *text, integer count,
                              struct atto_call_table *calls, integer fuel, integer outcome) =
        starts{S}(text, 0, count, \at(vm->run.pc, L)) && \at(vm->run.fuel, L) < fuel &&
        (\forall integer longest; runs_within{S}(text, calls, count, longest) ==>
            1 - longest <= \at(vm->run.fuel, L)) &&
        (outcome == ATTO_YIELD ==> \at(vm->run.fuel, L) <= 0) &&
        (outcome == ATTO_YIELD || outcome == ATTO_WAIT ==>
            sound_regions{L}(vm) && sound_frames{L}(vm, text, count));

    predicate ended_well{L, S}(struct atto_run *run, integer outcome) = left_well{L, S}(machine(run),
        \at(machine(run)->text, S), \at(machine(run)->slot_count, S), \at(machine(run)->run.host->calls, S),
        \at(machine(run)->run.fuel, S), outcome); */

/* For `ensures` of a function that writes nothing of it: what was sound stays so. */
#define KEEPS_REGIONS(vm) (sound_regions{Pre}(vm) ==> sound_regions(vm))
#define KEEPS_FRAMES(vm)                                                                                       \
    (\forall struct atto_bpf_insn *text, integer count;                                                        \
        text_apart{Pre}(vm, text, count) && sound_frames{Pre}(vm, text, count) ==> sound_frames(vm, text, count))

/* For the interpreter's loop: the fields at hand, and where it may go from its slot. */
#define OP(fields) ((fields) % 256)
#define SOURCE(fields) ((fields) / 4096 % 16)
#define LEGAL(fields, immediate)                                                                \
    known(OP(fields)) && (fields) / 256 % 16 <= 10 && SOURCE(fields) <= 10 &&                   \
    (writes_dst(OP(fields)) ==> (fields) / 256 % 16 != 10) && imm_legal(OP(fields), immediate) && \
    (atomic(OP(fields)) && atomic_fetches(immediate) ==> SOURCE(fields) != 10)
/* What every step leaves as it was. */
#define KEPT                                                                                                  \
    vm->depth_limit == levels && 0 <= levels < ATTO_BPF_CALL_DEPTH &&                                         \
    vm->text == text && vm->run.host == host && host->calls == calls &&                                       \
    \separated(host, vm->region + (0 .. ATTO_BPF_REGIONS - 1)) && text_apart(vm, text, count) &&              \
    calls_apart(vm, calls) && same_calls{Here, LoopEntry}(calls) && unchanged{Here, LoopEntry}(text, count) && \
    sound_regions(vm) && sound_frames(vm, text, count)
#define GOES_TO(distance) (0 <= slot + (distance) < count && opcode{LoopEntry}(text, slot + (distance)) != 0)

#endif
