/* The eBPF interpreter. It runs text that the pre-flight check has accepted and relies on it: opcodes are known,
 * registers are at most 10, jumps lead to instructions, host calls exist. What remains to be checked at run time is
 * memory accesses, fuel and the depth of local calls.
 *
 * Fuel is not counted down. `limit` is the slot number at which the balance would be used up if the text went straight
 * on; a jump moves it along with pc. So fuel costs one addition at a taken jump and one comparison at each jump.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "alu.h"
#include "memory.h"
#include "rare.h"
#include "run.h"

/* For the contract of the interpreter alone. */
#define VM machine(run)
#define COUNT (VM->slot_count)
#define CALLS (VM->run.host->calls)

#define OUT_OF_LINE static __attribute__((noinline))

/* Ends a slice before a slot: what the loop kept in variables goes back into the instance. */
/*@ requires \valid(&vm->run) && slot <= 0xffff && -0x7fff0000 <= limit && outcome <= ATTO_FAULT;
    terminates \true; exits \false; assigns vm->run.pc, vm->run.fuel, vm->run.outcome;
    ensures vm->run.pc == slot && vm->run.fuel == limit - slot && \result == vm->run.outcome == outcome;
    ensures same_limit{Post, Pre}(vm) && same_frames{Post, Pre}(vm, ATTO_BPF_CALL_DEPTH);
    ensures KEEPS_REGIONS(vm);
    ensures KEEPS_FRAMES(vm); */
ATTO_INLINE enum atto_outcome leave(struct atto_bpf_run *vm, uint32_t slot, int32_t limit,
                                        enum atto_outcome outcome)
{
    vm->run.pc = slot;
    vm->run.fuel = limit - (int32_t)slot;
    vm->run.outcome = (uint8_t)outcome;
    return outcome;
}

/* The slot of the instruction at pc. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures \forall integer i; at_slot(pc, text, i) ==> \result == i; */
ATTO_INLINE uint32_t slot_of(const struct atto_bpf_insn *text, const struct atto_bpf_insn *pc)
{
    return (uint32_t)(pc - text);
}

/*@ requires \valid(&vm->run) && \valid_read(&vm->text) && at_slot(pc, vm->text, pc - vm->text) && -0x7fff0000 <= limit;
    terminates \true; exits \false; assigns vm->run.pc, vm->run.fuel, vm->run.outcome;
    ensures vm->run.pc == pc - vm->text && vm->run.fuel == limit - vm->run.pc;
    ensures \result == vm->run.outcome == ATTO_YIELD;
    ensures KEEPS_REGIONS(vm);
    ensures KEEPS_FRAMES(vm); */
OUT_OF_LINE enum atto_outcome yield(struct atto_bpf_run *vm, const struct atto_bpf_insn *pc, int32_t limit)
{
    return leave(vm, slot_of(vm->text, pc), limit, ATTO_YIELD);
}

/* Ends an activation at the instruction at pc, which is charged. */
/*@ requires \valid(&vm->run) && \valid_read(&vm->text) && at_slot(pc, vm->text, pc - vm->text) && -0x7ffe0000 <= limit;
    terminates \true; exits \false; assigns vm->run.pc, vm->run.fuel, vm->run.outcome, vm->run.fault;
    ensures vm->run.pc == pc - vm->text && vm->run.fuel == limit - vm->run.pc - 1;
    ensures \result == vm->run.outcome == ATTO_FAULT; */
OUT_OF_LINE enum atto_outcome fault(struct atto_bpf_run *vm, const struct atto_bpf_insn *pc, int32_t limit,
                                    enum atto_status status)
{
    vm->run.fault = (int8_t)status;
    return leave(vm, slot_of(vm->text, pc), limit - 1, ATTO_FAULT);
}

/*@ requires \valid(&vm->run) && \valid_read(&vm->text) && at_slot(pc, vm->text, pc - vm->text) && -0x7ffe0000 <= limit;
    terminates \true; exits \false;
    assigns vm->run.pc, vm->run.fuel, vm->run.outcome, vm->run.fault, vm->run.fault_address;
    ensures vm->run.pc == pc - vm->text && vm->run.fuel == limit - vm->run.pc - 1;
    ensures \result == vm->run.outcome == ATTO_FAULT; */
OUT_OF_LINE enum atto_outcome memory_fault(struct atto_bpf_run *vm, const struct atto_bpf_insn *pc, int32_t limit,
                                           uint32_t address)
{
    vm->run.fault_address = address;
    return fault(vm, pc, limit, ATTO_FAULT_MEMORY);
}

/* The host call with this number, of which the check has made sure that it exists. */
/*@ requires number < ATTO_CALL_IDS && \valid_read(&table->page[number / ATTO_CALL_PAGE]) &&
        \valid_read(table->page[number / ATTO_CALL_PAGE] + number % ATTO_CALL_PAGE);
    terminates \true; exits \false; assigns \nothing;
    ensures \result == &table->page[number / ATTO_CALL_PAGE][number % ATTO_CALL_PAGE];
    ensures \valid_read(&\result->price); */
ATTO_INLINE const struct atto_call *checked_call(const struct atto_call_table *table, uint32_t number)
{
    return &table->page[number / ATTO_CALL_PAGE][number % ATTO_CALL_PAGE];
}

/* Not proved but assumed: what a function of the firmware may do. It writes what it was lent, the registers of the
 * call, and through atto_run_window the windows; it lends nothing that is not there. */
/*@ requires \valid(&vm->run) && \valid(vm->r + (0 .. 10)) && \valid_read(call) && sound_regions(vm);
    terminates \true; exits \false; assigns atto_firmware_state, LENT_BYTES, vm->r[0 .. 5], vm->run.fuel,
        vm->region[ATTO_BPF_WINDOW .. ATTO_BPF_REGIONS - 1];
    ensures sound_regions(vm); */
ATTO_INLINE int32_t call_firmware(struct atto_bpf_run *vm, const struct atto_call *call, uint32_t number)
{
    const struct atto_host *host = vm->run.host;
    if (host->gate == NULL)
        return atto_gate_pass(&vm->run, call, vm->r);
    return host->gate(&vm->run, call, number, vm->r);
}

/* Makes the host call of the instruction in `slot`, where the firmware can see it. */
/*@ requires \valid(&vm->run) && \valid(vm->r + (0 .. 10)) && \valid_read(call) && sound_regions(vm) && valid_state(vm);
    terminates \true; exits \false; assigns atto_firmware_state, LENT_BYTES, vm->r[0 .. 5], vm->run.pc, vm->run.fuel,
        vm->region[ATTO_BPF_WINDOW .. ATTO_BPF_REGIONS - 1];
    ensures sound_regions(vm) && same_limit{Post, Pre}(vm) && vm->run.depth == \old(vm->run.depth);
    ensures \forall struct atto_call_table *calls; calls_apart{Pre}(vm, calls) ==> same_calls{Post, Pre}(calls);
    ensures \forall struct atto_call_table *calls; calls_apart{Pre}(vm, calls) ==> calls_apart(vm, calls);
    ensures vm->text == \old(vm->text) && vm->run.host == \old(vm->run.host);
    ensures \separated(\old(vm->run.host), vm->region + (0 .. ATTO_BPF_REGIONS - 1)) ==>
        vm->run.host->calls == \old(vm->run.host->calls);
    ensures same_frames{Post, Pre}(vm, \old(vm->run.depth));
    ensures \forall struct atto_bpf_insn *text, integer count; text_apart{Pre}(vm, text, count) ==>
        unchanged{Post, Pre}(text, count);
    ensures \forall struct atto_bpf_insn *text, integer count; text_apart{Pre}(vm, text, count) ==>
        text_apart(vm, text, count);
    ensures \forall struct atto_bpf_insn *text, integer count;
        text_apart{Pre}(vm, text, count) && sound_frames{Pre}(vm, text, count) ==> sound_frames(vm, text, count); */
ATTO_INLINE int32_t host_call_from(struct atto_bpf_run *vm, const struct atto_call *call, uint32_t number,
                                       uint32_t slot)
{
    vm->run.pc = slot;
    int32_t status = call_firmware(vm, call, number);
    /*@ assert same_frames{Here, Pre}(vm, \at(vm->run.depth, Pre)) && same_limit{Here, Pre}(vm); */
    /*@ assert \forall struct atto_bpf_insn *text, integer count;
            text_apart{Pre}(vm, text, count) ==> unchanged{Here, Pre}(text, count); */
    return status;
}

/* Ends a slice because the host call at pc did not end well: it has to wait, or failed. */
/*@ requires \valid(&vm->run) && \valid_read(&vm->text) && at_slot(pc, vm->text, pc - vm->text) && -0x7ffe0000 <= limit;
    requires pc - vm->text < 0xffff;
    terminates \true; exits \false; assigns vm->run.pc, vm->run.fuel, vm->run.outcome, vm->run.fault;
    ensures vm->run.pc == pc - vm->text + (\result == ATTO_WAIT ? 1 : 0);
    ensures vm->run.fuel == limit - (pc - vm->text) - 1;
    ensures \result == vm->run.outcome && (\result == ATTO_WAIT || \result == ATTO_FAULT);
    ensures \result == ATTO_WAIT ==> KEEPS_REGIONS(vm);
    ensures \result == ATTO_WAIT ==> KEEPS_FRAMES(vm); */
OUT_OF_LINE enum atto_outcome call_ended(struct atto_bpf_run *vm, const struct atto_bpf_insn *pc, int32_t limit,
                                         int32_t status)
{
    if (status == ATTO_CALL_WAIT)
        return leave(vm, slot_of(vm->text, pc) + 1u, limit, ATTO_WAIT);
    return fault(vm, pc, limit, ATTO_FAULT_HOST_CALL);
}

/* The way out of the loop; the prover wants to see each way before they come together. */
#define LEAVE(call)                                                                            \
    {                                                                                          \
        const enum atto_outcome outcome = (call);                                              \
        /*@ assert left: left_well{Here, LoopEntry}(vm, text, count, calls, fuel, outcome); */ \
        /*@ assert said: ended_well{Here, Pre}(run, outcome); */                               \
        return outcome;                                                                        \
    }

/* Dispatch: the one place where the two forms of the interpreter differ. HANDLE(BODY, GROUP) makes handlers for all
 * instructions of a group out of one macro BODY(opcode): grouped, one case for all of them, with the opcode a variable;
 * threaded, a label for each, with the opcode a constant that the compiler folds away (HANDLE_RARE: for programs'
 * rare instructions, one handler for the group in both forms). NEXT goes on behind the instruction; END_BLOCK does so
 * after a look at the fuel. */
#if ATTO_BPF_THREADED
#define AS_ADDRESS(arg, op, operation) [op] = &&handle_##op,
#define ADDRESSES(group) ATTO_BPF_##group(AS_ADDRESS, 0)
#define HANDLERS static const void *const handlers[ATTO_BPF_OPCODE_MAX + 1u] = { ATTO_BPF_GROUPS(ADDRESSES) };
#define AS_LABEL(body, op, operation) \
    handle_##op : { body(op##u) }
#define AS_SHARED_LABEL(arg, op, operation) handle_##op:
#define HANDLE(body, group) ATTO_BPF_##group(AS_LABEL, body)
#define HANDLE_RARE(body, group) ATTO_BPF_##group(AS_SHARED_LABEL, 0) { body(atto_bpf_opcode(fields)) }
#define SELECT goto *handlers[atto_bpf_opcode(fields)];
#define NEXT                      \
    fields = (++pc)->fields;      \
    /*@ ghost slot = slot + 1; */ \
    SELECT
#define END_BLOCK goto end_block
#define END_SELECT end_block:
#else
#define HANDLERS
#define IS_NOT(arg, op, operation) opcode != op &&
#define IN_NO(group) ATTO_BPF_##group(IS_NOT, 0)
/*@ requires known(opcode) && ATTO_BPF_GROUPS(IN_NO) \true;
    terminates \true; exits \false; assigns \nothing; ensures \false; */
ATTO_INLINE void not_reached(uint32_t opcode)
{
    (void)opcode;
    __builtin_unreachable();
}
#define AS_CASE(arg, op, operation) case op:
#define HANDLE(body, group) ATTO_BPF_##group(AS_CASE, 0) { body(opcode) }
#define HANDLE_RARE(body, group) HANDLE(body, group)
#define SELECT                                       \
    const uint32_t opcode = atto_bpf_opcode(fields); \
    switch (opcode) {
#define NEXT                      \
    fields = (++pc)->fields;      \
    /*@ ghost slot = slot + 1; */ \
    continue
#define END_BLOCK break
#define END_SELECT           \
    default:                 \
        not_reached(opcode); \
    }
#endif

/* The register with this number. Its address is not taken apart, so that its two halves are read or written at once. */
/*@ requires \valid(r + (0 .. 10)) && number <= 10;
    terminates \true; exits \false; assigns \nothing; ensures \result == r + number && \valid(\result); */
ATTO_INLINE uint64_t *register_at(uint64_t *r, uint32_t number)
{
    uint64_t *p = &r[number];
    ATTO_OPAQUE(p);
    return p;
}

/*@ requires \valid(r + (0 .. 10)) && number <= 10;
    terminates \true; exits \false; assigns \nothing; */
ATTO_INLINE uint32_t lower_half(const uint64_t *r, uint32_t number)
{
    return (uint32_t)r[number];
}

/*@ requires \valid(vm->region + (0 .. ATTO_BPF_REGIONS - 1)) && number < ATTO_BPF_REGIONS;
    terminates \true; exits \false; assigns \nothing;
    ensures \result == vm->region + number && \valid_read(\result) && \valid_read(&\result->base); */
ATTO_INLINE const struct atto_bpf_region *region_at(const struct atto_bpf_run *vm, uint32_t number)
{
    return &vm->region[number];
}

#define SLOT slot_of(text, pc)
#define DST register_at(r, atto_bpf_dst(fields))
#define SRC (*register_at(r, atto_bpf_src(fields)))
#define SRC32 lower_half(r, atto_bpf_src(fields))
#define DST32 lower_half(r, atto_bpf_dst(fields))
#define OFFSET atto_bpf_offset(fields)
#define IMM32 ((uint32_t)pc->imm)
#define IMM64 ((uint64_t)(int64_t)pc->imm)

#define SET(type, value)           \
    {                              \
        uint64_t *d = DST;         \
        const type old = (type)*d; \
        *d = (value);              \
    }                              \
    NEXT;
#define DO_ALU64_K(op) SET(uint64_t, atto_bpf_alu64((op) / 16u, old, IMM64))
#define DO_ALU64_X(op) SET(uint64_t, atto_bpf_alu64((op) / 16u, old, SRC))
#define DO_ALU32_K(op) SET(uint32_t, atto_bpf_alu32((op) / 16u, old, IMM32))
#define DO_ALU32_X(op) SET(uint32_t, atto_bpf_alu32((op) / 16u, old, SRC32))
#define DO_NEG64(op) SET(uint64_t, 0u - old)
#define DO_NEG32(op) SET(uint32_t, (uint32_t)(0u - old))
#define DO_MOV64_X(op)                                                         \
    {                                                                          \
        uint64_t value = SRC;                                                  \
        *DST = ATTO_UNLIKELY(OFFSET != 0) ? atto_bpf_extend(value, OFFSET) : value; \
    }                                                                          \
    NEXT;
#define DO_MOV32_X(op)                                                                   \
    {                                                                                    \
        uint32_t value = SRC32;                                                          \
        *DST = ATTO_UNLIKELY(OFFSET != 0) ? (uint32_t)atto_bpf_extend(value, OFFSET) : value; \
    }                                                                                    \
    NEXT;
#define DO_DIV64_K(op) atto_bpf_divide64(DST, fields, IMM64); NEXT;
#define DO_DIV64_X(op) atto_bpf_divide64(DST, fields, SRC); NEXT;
#define DO_DIV32_K(op) atto_bpf_divide32(DST, fields, IMM32); NEXT;
#define DO_DIV32_X(op) atto_bpf_divide32(DST, fields, SRC32); NEXT;
#define DO_END(op) atto_bpf_order_bytes(DST, op, pc->imm); NEXT;
#define DO_LDDW(op)                                     \
    *DST = IMM32 | (uint64_t)(uint32_t)pc[1].imm << 32; \
    limit++;                                            \
    pc++;                                               \
    /*@ ghost slot = slot + 1; */                       \
    NEXT;
#define DO_LDDW_FEMTO(op)                                                    \
    *DST = (IMM32 | (uint64_t)(uint32_t)pc[1].imm << 32) +                   \
          ATTO_BPF_ADDRESS((op) == 0xb8u ? ATTO_BPF_DATA : ATTO_BPF_RODATA); \
    limit++;                                                                 \
    pc++;                                                                    \
    /*@ ghost slot = slot + 1; */                                            \
    NEXT;

/* Ends a block: on to the next instruction or, if the condition holds, past `slots` more (or back),
 * which is worked out behind the instruction. */
#define JUMP_IF(condition, slots)                                         \
    {                                                                     \
        const bool taken = (condition);                                   \
        pc++;                                                             \
        /*@ ghost slot = slot + 1; */                                     \
        if (taken) {                                                      \
            const int32_t distance = (slots);                             \
            pc += distance;                                               \
            limit += distance;                                            \
            /*@ assert leads: GOES_TO(distance); */                       \
            /*@ ghost slot = slot + distance; */                          \
        }                                                                 \
        /*@ assert landed: GOES_TO(0); */                                 \
        /*@ assert right: pc == text + slot; */                           \
        /*@ assert in_text: \valid_read(&text[slot].fields) &&            \
                text[slot].fields == fields_of{LoopEntry}(text, slot); */ \
        /*@ assert counts: 0 <= spent{LoopEntry}(text, calls, slot); */   \
    }                                                                     \
    END_BLOCK;
/* In each of them the target is good, whether the jump is taken or not. */
#define JUMP_PERHAPS(condition)                                   \
    /*@ assert perhaps: goes_perhaps(OP(fields)); */              \
    /*@ assert target: GOES_TO(1 + (int16_t)(fields / 65536)); */ \
    /*@ assert behind_it: GOES_TO(1); */                          \
    JUMP_IF(condition, OFFSET)
#define DO_JMP64_K(op) JUMP_PERHAPS(atto_bpf_jump64((op) / 16u, *DST, IMM64))
#define DO_JMP64_X(op) JUMP_PERHAPS(atto_bpf_jump64((op) / 16u, *DST, SRC))
#define DO_JMP32_K(op) JUMP_PERHAPS(atto_bpf_jump32((op) / 16u, DST32, IMM32))
#define DO_JMP32_X(op) JUMP_PERHAPS(atto_bpf_jump32((op) / 16u, DST32, SRC32))
#define DO_JA(op)                                                 \
    /*@ assert target: GOES_TO(1 + (int16_t)(fields / 65536)); */ \
    JUMP_IF(true, OFFSET)
#define DO_JA32(op)                             \
    /*@ assert target: GOES_TO(1 + pc->imm); */ \
    JUMP_IF(true, pc[-1].imm)

/* The region and offset of the address in a register (its lower half) plus offset; `allowed` is the check. */
#define ACCESS(op, base_register, allowed)                                                   \
    const uint32_t bytes = atto_bpf_access_bytes(op);                                        \
    const uint32_t address = (base_register) + (uint32_t)OFFSET;                             \
    const uint32_t at = atto_bpf_offset_of(address);                                         \
    const struct atto_bpf_region *const region = region_at(vm, atto_bpf_region_of(address)); \
    uint8_t *const base = region->base;                                                      \
    if (ATTO_UNLIKELY(!allowed(region, at, bytes)))                                               \
        LEAVE(memory_fault(vm, pc, limit, address))                                          \
    /*@ assert readable: readable_at(region, at, bytes); */
#define DO_LDX(op)                         \
    ACCESS(op, SRC32, atto_bpf_readable)   \
    *DST = atto_bpf_load(base, at, bytes); \
    NEXT;
#define DO_LDXS(op)                                                             \
    ACCESS(op, SRC32, atto_bpf_readable)                                        \
    *DST = atto_bpf_extend(atto_bpf_load(base, at, bytes), (int32_t)bytes * 8); \
    NEXT;
#define DO_ST(op)                                           \
    ACCESS(op, DST32, atto_bpf_writable)                    \
    /*@ assert writable: writable_at(region, at, bytes); */ \
    atto_bpf_store(base, at, bytes, IMM64);                 \
    NEXT;
#define DO_STX(op)                                              \
    ACCESS(op, DST32, atto_bpf_writable)                        \
    /*@ assert writable: writable_at(region, at, bytes); */     \
    atto_bpf_store(base, at, bytes, bytes == 8u ? SRC : SRC32); \
    NEXT;
#define DO_ATOMIC(op)                                          \
    ACCESS(op, DST32, atto_bpf_writable)                       \
    /*@ assert writable: writable_at(region, at, bytes); */    \
    /*@ assert words: bytes == 4 || bytes == 8; */             \
    /*@ assert there: \valid(base + at + (0 .. bytes - 1)); */ \
    atto_bpf_atomic(vm, pc, base + at, bytes);                 \
    NEXT;

#define DO_CALL(op)                                                                                           \
    if (atto_bpf_src(fields) != 0u) {                                                                         \
        /*@ assert at: at_slot(pc, text, slot) && pc - text == slot; */                                       \
        const uint32_t here = SLOT;                                                                           \
        /*@ assert here: here == slot; */                                                                     \
        /*@ assert follows: starts(text, 0, count, slot + 1); */                                              \
        if (!atto_bpf_push_frame(vm, here, (uint32_t)OFFSET))                                                 \
            LEAVE(fault(vm, pc, limit, ATTO_FAULT_CALL_DEPTH))                                                \
        /*@ assert target: GOES_TO(1 + pc->imm); */                                                           \
        /*@ assert pushed: unchanged{Here, LoopEntry}(text, count); */                                        \
        /*@ assert pushed_calls: same_calls{Here, LoopEntry}(calls); */                                       \
        /*@ assert pushed_next: starts(text, 0, count, slot + 1); */                                          \
        /*@ assert pushed_regions: sound_regions(vm); */                                                      \
        /*@ assert pushed_frames: sound_frames(vm, text, count); */                                           \
        /*@ assert pushed_kept: KEPT; */                                                                      \
        /*@ assert pushed_price: price{LoopEntry}(text, calls, slot) == 1; */                                 \
        JUMP_IF(true, pc[-1].imm)                                                                             \
    }                                                                                                         \
    /*@ assert number: 0 <= pc->imm < ATTO_CALL_IDS && OP(fields) == 0x85 && SOURCE(fields) == 0; */          \
    /*@ assert one: same_call{Here, LoopEntry}(calls, pc->imm / ATTO_CALL_PAGE, pc->imm % ATTO_CALL_PAGE); */ \
    /*@ assert table: vm->run.host->calls == calls && \valid_read(&calls->page[pc->imm / ATTO_CALL_PAGE]) &&  \
            \valid_read(calls->page[pc->imm / ATTO_CALL_PAGE] + pc->imm % ATTO_CALL_PAGE); */                 \
    const struct atto_call *call = checked_call(vm->run.host->calls, (uint32_t)pc->imm);                      \
    /*@ assert price: 1 + call->price == price{LoopEntry}(text, calls, slot); */                              \
    /*@ assert dear: 0 <= call->price <= ATTO_FUEL_MAX; */                                                    \
    limit -= (int32_t)call->price;                                                                            \
    /*@ assert state: valid_state(vm); */                                                                     \
    int32_t status = host_call_from(vm, call, (uint32_t)pc->imm, SLOT);                                       \
    /*@ assert called_pointers: vm->text == text && vm->run.host == host && host->calls == calls; */          \
    /*@ assert called_calls: same_calls{Here, LoopEntry}(calls); */                                           \
    /*@ assert called: unchanged{Here, LoopEntry}(text, count); */                                            \
    /*@ assert behind_it: GOES_TO(1); */                                                                      \
    /*@ assert called_regions: sound_regions(vm); */                                                          \
    /*@ assert called_frames: sound_frames(vm, text, count); */                                               \
    if (ATTO_UNLIKELY(status != ATTO_OK)) {                                                                        \
        /*@ assert at: at_slot(pc, vm->text, slot) && pc - vm->text == slot; */                               \
        /*@ assert dear_too: -0x7ffe0000 <= limit; */                                                         \
        const enum atto_outcome ended = call_ended(vm, pc, limit, status);                                    \
        /*@ assert ended: vm->run.pc == slot || (ended == ATTO_WAIT && vm->run.pc == slot + 1); */            \
        /*@ assert ended_here: vm->run.pc == slot ==> opcode{LoopEntry}(text, vm->run.pc) != 0; */            \
        /*@ assert ended_behind: vm->run.pc == slot + 1 ==> opcode{LoopEntry}(text, vm->run.pc) != 0; */      \
        /*@ assert ended_in: 0 <= vm->run.pc < count; */                                                      \
        LEAVE(ended)                                                                                          \
    }                                                                                                         \
    /*@ assert called_kept: KEPT; */                                                                          \
    /*@ assert called_next: \valid_read(&text[slot + 1].fields) &&                                            \
            text[slot + 1].fields == fields_of{LoopEntry}(text, slot + 1); */                                 \
    JUMP_IF(false, 0)
#define DO_EXIT(op)                                                                            \
    /*@ assert at: at_slot(pc, text, slot) && pc - text == slot; */                            \
    const uint32_t here = SLOT;                                                                \
    /*@ assert here: here == slot; */                                                          \
    if (vm->run.depth == 0u) {                                                                 \
        vm->run.result = r[0];                                                                 \
        LEAVE(leave(vm, here, limit - 1, ATTO_DONE))                                           \
    }                                                                                          \
    /*@ assert waits: starts(text, 0, count, vm->frame[vm->run.depth - 1].pc + 1); */          \
    const uint32_t caller = atto_bpf_pop_frame(vm);                                            \
    /*@ assert popped: 0 <= caller + 1 < count && opcode{LoopEntry}(text, caller + 1) != 0; */ \
    /*@ assert far_enough: 0 <= caller <= 0xffff; */                                           \
    const int32_t back = (int32_t)caller - (int32_t)here;                                      \
    /*@ assert back: back == caller - slot; */                                                 \
    JUMP_IF(true, back)

/*@ requires can_go_on(VM, VM->text, COUNT, CALLS) && constant_apart(VM, VM->text, COUNT, CALLS);
    requires 0 < VM->run.fuel <= 2 * ATTO_FUEL_MAX;
    terminates \true; exits \false;
    assigns VM->run.result, VM->run.fuel, VM->run.pc, VM->run.fault_address, VM->run.fault, VM->run.outcome,
        VM->run.depth, VM->r[0 .. 10], VM->frame[0 .. VM->depth_limit - 1],
        VM->region[ATTO_BPF_WINDOW .. ATTO_BPF_REGIONS - 1], atto_firmware_state, LENT_BYTES;
    ensures ended: ended_well{Post, Pre}(run, \result); */
enum atto_outcome atto_bpf_interpret(struct atto_run *run)
{
    struct atto_bpf_run *const vm = atto_bpf_vm_of(run);
    const struct atto_bpf_insn *const text = vm->text;
    const struct atto_bpf_insn *pc = text + vm->run.pc;
    uint64_t *const r = vm->r;
    int32_t limit = (int32_t)vm->run.pc + vm->run.fuel;
    uint32_t fields = pc->fields;
    HANDLERS
    //@ ghost int slot = (int)vm->run.pc;
    //@ ghost int count = (int)vm->slot_count;
    //@ ghost int from = slot;
    //@ ghost int levels = (int)vm->depth_limit;
    //@ ghost int fuel = vm->run.fuel;
    //@ assert apart: text_apart(vm, text, count);
    /*@ assert whole_text: \forall integer i; 0 <= i < count ==>
            \valid_read(&text[i].fields) && \valid_read(&text[i].imm); */
    /*@ assert whole_instance: \valid(&vm->run) && \valid(&vm->run.result) && \valid(&vm->run.depth) &&
            \valid(r + (0 .. 10)) && \valid(vm->region + (0 .. ATTO_BPF_REGIONS - 1)); */
    //@ ghost const struct atto_host *host = vm->run.host;
    //@ ghost const struct atto_call_table *calls = vm->run.host->calls;
    //@ assert counted: \forall integer i; 0 <= i < count ==> 0 <= spent(text, calls, i) <= i;
    /*@ assert whole_calls: \forall integer n; 0 <= n < ATTO_CALL_IDS && provided(calls, n) ==>
            \valid_read(&calls->page[n / ATTO_CALL_PAGE]) &&
            \valid_read(calls->page[n / ATTO_CALL_PAGE] + n % ATTO_CALL_PAGE) &&
            calls->page[n / ATTO_CALL_PAGE][n % ATTO_CALL_PAGE].price <= ATTO_FUEL_MAX; */

    /*@ loop invariant stands: pc == text + slot && fields == fields_of{LoopEntry}(text, slot) && GOES_TO(0);
        loop invariant fuel: 1 <= limit - slot + spent{LoopEntry}(text, calls, slot) && limit - slot <= fuel;
        loop invariant kept: KEPT;
        loop assigns pc, limit, fields, slot, from, vm->run.pc, vm->run.fuel, vm->run.depth, vm->r[0 .. 10],
            vm->frame[0 .. vm->depth_limit - 1], vm->region[ATTO_BPF_WINDOW .. ATTO_BPF_REGIONS - 1],
            atto_firmware_state, LENT_BYTES;
        loop variant limit - slot + 0x10000; */
    for (;;) {
        //@ ghost from = slot;
        //@ assert in_text: \valid_read(&pc->fields) && \valid_read(&pc->imm);
        //@ assert low: -0x10000 <= limit - slot <= limit;
        /*@ assert run: \forall integer longest; runs_within{LoopEntry}(text, calls, count, longest) ==>
                run_cost{LoopEntry}(text, calls, slot) <= longest; */
        //@ assert here: runnable_slot{LoopEntry}(text, count, calls, slot);
        //@ assert behind: slot + 1 < count ==> runnable_slot{LoopEntry}(text, count, calls, slot + 1);
        //@ assert beyond: slot + 2 < count ==> runnable_slot{LoopEntry}(text, count, calls, slot + 2);
        //@ assert steps: steps_on{LoopEntry}(text, count, calls, slot);
        //@ assert same: pc->fields == fields && pc->imm == imm_of{LoopEntry}(text, slot);
        //@ assert legal: LEGAL(fields, pc->imm);
        //@ assert call: OP(fields) == 0x85 && SOURCE(fields) == 0 ==> 0 <= pc->imm && provided(calls, pc->imm);
        //@ assert off: offset{LoopEntry}(text, slot) == (int16_t)(fields / 65536);
        //@ assert op: opcode{LoopEntry}(text, slot) == OP(fields);
        /*@ assert leads: goes_perhaps(OP(fields)) || OP(fields) == 0x05 ==>
                starts{LoopEntry}(text, 0, count, slot + 1 + offset{LoopEntry}(text, slot)); */
        //@ assert jump: goes_perhaps(OP(fields)) ==> GOES_TO(1 + (int16_t)(fields / 65536));
        //@ assert always_led: OP(fields) == 0x05 ==> starts{LoopEntry}(text, 0, count, slot + 1 + (int16_t)(fields / 65536));
        //@ assert always: OP(fields) == 0x05 ==> GOES_TO(1 + (int16_t)(fields / 65536));
        //@ assert far: OP(fields) == 0x06 || (OP(fields) == 0x85 && SOURCE(fields) != 0) ==> GOES_TO(1 + pc->imm);
        //@ assert wide: wide(OP(fields)) ==> GOES_TO(2);
        //@ assert next: !goes_always(OP(fields)) && OP(fields) != 0x95 && !wide(OP(fields)) ==> GOES_TO(1);
        SELECT
            HANDLE(DO_ALU64_K, ALU64_K)
            HANDLE(DO_ALU64_X, ALU64_X)
            HANDLE(DO_ALU32_K, ALU32_K)
            HANDLE(DO_ALU32_X, ALU32_X)
            HANDLE(DO_MOV64_X, MOV64_X)
            HANDLE(DO_MOV32_X, MOV32_X)
            HANDLE_RARE(DO_DIV64_K, DIV64_K)
            HANDLE_RARE(DO_DIV64_X, DIV64_X)
            HANDLE_RARE(DO_DIV32_K, DIV32_K)
            HANDLE_RARE(DO_DIV32_X, DIV32_X)
            HANDLE(DO_NEG64, NEG64)
            HANDLE(DO_NEG32, NEG32)
            HANDLE_RARE(DO_END, END)
            HANDLE(DO_JMP64_K, JMP64_K)
            HANDLE_RARE(DO_JMP64_X, JMP64_X)
            HANDLE(DO_JMP32_K, JMP32_K)
            HANDLE(DO_JMP32_X, JMP32_X)
            HANDLE(DO_JA, JA)
            HANDLE(DO_JA32, JA32)
            HANDLE(DO_CALL, CALL)
            HANDLE(DO_EXIT, EXIT)
            HANDLE(DO_LDX, LDX)
            HANDLE_RARE(DO_LDXS, LDXS)
            HANDLE_RARE(DO_ST, ST)
            HANDLE(DO_STX, STX)
            HANDLE_RARE(DO_ATOMIC, ATOMIC)
            HANDLE(DO_LDDW, LDDW)
            HANDLE_RARE(DO_LDDW_FEMTO, LDDW_FEMTO)
        END_SELECT
        /*@ assert still: pc == text + slot && GOES_TO(0) && \valid_read(&pc->fields) &&
                pc->fields == fields_of{LoopEntry}(text, slot); */
        //@ assert still_kept: KEPT;
        //@ assert paid: 1 <= limit - slot + run_cost{LoopEntry}(text, calls, from) && limit - slot < fuel;
        /* The end of a basic block: on with the next one if there is fuel for it. */
        fields = pc->fields;
        //@ assert at: at_slot(pc, vm->text, slot) && pc - vm->text == slot;
        if (ATTO_UNLIKELY((int32_t)SLOT >= limit))
            LEAVE(yield(vm, pc, limit))
    }
}
