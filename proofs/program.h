/* What a well-formed eBPF program is: the right-hand side of "accepted if and only if". Written on numbers, from RFC
 * 9669 and docs/SPEC.md, without the tables and macros that the check is made of, so that a mistake there is one that
 * the proof sees. Seen by the prover alone.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_PROOFS_PROGRAM_H
#define ATTO_PROOFS_PROGRAM_H

#include "atto/exec.h"
#include "bpf/isa.h"

struct atto_bpf_run;

/* ---- slots ---- */
/*@ axiomatic Views {
      // The text's bytes seen as slots; text_of() of src/bpf is the one place that makes this view.
      logic struct atto_bpf_insn *slots(uint8_t *bytes);

      // The instance that a run is the beginning of; atto_bpf_vm_of() is the one place that makes this view.
      logic struct atto_bpf_run *machine(struct atto_run *run);
    }

    logic integer opcode(struct atto_bpf_insn *text, integer i) = text[i].fields % 256;
    logic integer dst(struct atto_bpf_insn *text, integer i) = text[i].fields / 256 % 16;
    logic integer src(struct atto_bpf_insn *text, integer i) = text[i].fields / 4096 % 16;
    logic integer offset(struct atto_bpf_insn *text, integer i) = (int16_t)(text[i].fields / 65536);

    // The three instructions that take two slots; the latter two in Femto-Container images alone.
    predicate wide(integer op) = op == 0x18 || op == 0xb8 || op == 0xd8;

    // A slot of the range [begin, end) where an instruction starts.
    predicate starts(struct atto_bpf_insn *text, integer begin, integer end, integer i) =
        begin <= i < end && opcode(text, i) != 0; */

/* ---- instructions: class is op % 8, operation op / 16, source bit op / 8 % 2 (RFC 9669 sections 3 and 4) ---- */
/*@ predicate arithmetic(integer op) = op % 8 == 7 || op % 8 == 4;
    predicate byte_order(integer op) = op == 0xd4 || op == 0xdc || op == 0xd7;
    predicate atomic(integer op) = op == 0xc3 || op == 0xdb;
    predicate goes_always(integer op) = op == 0x05 || op == 0x06;
    predicate goes_perhaps(integer op) =
        (op % 8 == 5 || op % 8 == 6) && op != 0x05 && op != 0x06 && op != 0x85 && op != 0x95;

    predicate known(integer op) =
        (op % 8 == 7 && op / 16 <= 13 && op != 0x8f && op != 0xdf) ||
        (op % 8 == 4 && op / 16 <= 13 && op != 0x8c) ||
        (op % 8 == 5 && op / 16 <= 13 && op != 0x0d && op != 0x8d && op != 0x9d) ||
        (op % 8 == 6 && (1 <= op / 16 <= 7 || 10 <= op / 16 <= 13 || op == 0x06)) ||
        (op % 8 == 1 && (12 <= op / 8 <= 18)) && op != 0x99 ||
        (op % 8 == 2 && 12 <= op / 8 <= 15) ||
        (op % 8 == 3 && 12 <= op / 8 <= 15) || atomic(op) || wide(op);

    predicate writes_dst(integer op) = arithmetic(op) || op % 8 == 1 || wide(op);

    // Fields that are reserved in an instruction are 0.
    predicate dst_reserved(integer op) = goes_always(op) || op == 0x85 || op == 0x95;
    predicate src_reserved(integer op) =
        (arithmetic(op) && op / 8 % 2 == 0) || byte_order(op) || (goes_perhaps(op) && op / 8 % 2 == 0) ||
        goes_always(op) || op == 0x95 || op % 8 == 2 || wide(op);
    predicate imm_reserved(integer op) =
        (arithmetic(op) && op / 8 % 2 == 1 && op != 0xdc) || op == 0x87 || op == 0x84 ||
        (goes_perhaps(op) && op / 8 % 2 == 1) || op == 0x05 || op == 0x95 || op % 8 == 1 ||
        (op % 8 == 3 && !atomic(op));
    predicate offset_legal(integer op, integer off) =
        arithmetic(op) ?
            off == 0 || (off == 1 && (op / 16 == 3 || op / 16 == 9)) ||
            ((off == 8 || off == 16) && (op == 0xbf || op == 0xbc)) || (off == 32 && op == 0xbf) :
        (op == 0x06 || op == 0x95 || wide(op)) ==> off == 0;

    predicate atomic_fetches(integer imm) =
        imm == 0x01 || imm == 0x41 || imm == 0x51 || imm == 0xa1 || imm == 0xe1;
    predicate imm_legal(integer op, integer imm) =
        (byte_order(op) ==> imm == 16 || imm == 32 || imm == 64) &&
        (atomic(op) ==> imm == 0x00 || imm == 0x40 || imm == 0x50 || imm == 0xa0 || imm == 0xf1 || atomic_fetches(imm));

    predicate fields_legal(struct atto_bpf_insn *text, integer i) =
        known(opcode(text, i)) && dst(text, i) <= 10 && src(text, i) <= 10 &&
        (writes_dst(opcode(text, i)) ==> dst(text, i) != 10) &&
        (dst_reserved(opcode(text, i)) ==> dst(text, i) == 0) &&
        (src_reserved(opcode(text, i)) ==> src(text, i) == 0) &&
        (imm_reserved(opcode(text, i)) ==> text[i].imm == 0) &&
        offset_legal(opcode(text, i), offset(text, i)) &&
        imm_legal(opcode(text, i), text[i].imm) &&
        (atomic(opcode(text, i)) && atomic_fetches(text[i].imm) ==> src(text, i) != 10); */

/* ---- calls; provided() and sound_calls() are in atto/call.h ---- */
/*@ predicate host_call(struct atto_bpf_insn *text, integer i) = opcode(text, i) == 0x85 && src(text, i) == 0;
    predicate local_call(struct atto_bpf_insn *text, integer i) = opcode(text, i) == 0x85 && src(text, i) == 1; */

/* What the check reads of an image: bytes, and the text as slots. */
/*@ predicate checkable(struct atto_image *image) =
        \valid_read(image) && readable(image->text.ptr, image->text.len) &&
        readable(image->functions.ptr, image->functions.len) &&
        \valid_read(slots(image->text.ptr) + (0 .. image->text.len / 8 - 1)); */

/* What the check writes is no part of what it reads. */
/*@ predicate apart(struct atto_receipt *receipt, struct atto_image *image, struct atto_limits *limits) =
        \separated(receipt, image->functions.ptr + (0 .. image->functions.len - 1)) &&
        \separated(receipt, slots(image->text.ptr) + (0 .. image->text.len / 8 - 1)) &&
        \separated(receipt, limits->calls) &&
        (limits->calls != \null ==> \forall integer p; 0 <= p < ATTO_CALL_IDS / ATTO_CALL_PAGE ==>
            \separated(receipt, limits->calls->page[p] + (0 .. ATTO_CALL_PAGE - 1))); */

/* ---- the function table (struct atto_function) ---- */
/*@ logic integer slot_count(struct atto_image *image) = image->text.len / 8;
    logic integer function_count(struct atto_image *image) = image->functions.len / 8;
    logic integer start(struct atto_image *image, integer f) = le16(image->functions.ptr + 8 * f);
    logic integer frame(struct atto_image *image, integer f) = le16(image->functions.ptr + 8 * f + 2);
    logic integer stack(struct atto_image *image, integer f) = le16(image->functions.ptr + 8 * f + 4);
    logic integer depth(struct atto_image *image, integer f) = image->functions.ptr[8 * f + 6];

    // Without a table the whole text is one function.
    logic integer functions(struct atto_image *image) = function_count(image) == 0 ? 1 : function_count(image);
    logic integer begin(struct atto_image *image, integer f) = function_count(image) == 0 ? 0 : start(image, f);
    logic integer end(struct atto_image *image, integer f) =
        f + 1 < function_count(image) ? start(image, f + 1) : slot_count(image);

    predicate record_legal(struct atto_image *image, integer f) =
        0 <= start(image, f) < slot_count(image) && opcode(slots(image->text.ptr), start(image, f)) != 0 &&
        0 < frame(image, f) <= 512 && frame(image, f) <= stack(image, f) &&
        frame(image, f) % 8 == 0 && stack(image, f) % 8 == 0 && 0 < depth(image, f) <= ATTO_BPF_CALL_DEPTH;

    predicate table_legal(struct atto_image *image) =
        (function_count(image) != 0 ==> start(image, 0) == 0) &&
        (\forall integer f, g; 0 <= f < g < function_count(image) ==> start(image, f) < start(image, g)) &&
        (\forall integer f; 0 <= f < function_count(image) ==> record_legal(image, f));

    // The claims of f's record hold where f calls g: room for both, and one level less below. A function that may call
    // itself claims the greatest depth, and room for so many of the largest frames.
    predicate claims_hold(struct atto_image *image, integer f, integer g) =
        depth(image, f) == ATTO_BPF_CALL_DEPTH ?
            (\forall integer h; 0 <= h < function_count(image) ==>
                stack(image, f) >= ATTO_BPF_CALL_DEPTH * frame(image, h)) :
            depth(image, g) < depth(image, f) && frame(image, f) + stack(image, g) <= stack(image, f);

    predicate local_call_legal(struct atto_image *image, struct atto_bpf_insn *text, integer f, integer i, integer to) =
        starts(text, 0, slot_count(image), to) &&
        (function_count(image) == 0 ? offset(text, i) == 0 : offset(text, i) == frame(image, f) &&
         (\forall integer g; 0 <= g < function_count(image) && begin(image, g) <= to < end(image, g) ==>
            start(image, g) == to && claims_hold(image, f, g))); */

/* ---- the whole ---- */
/*@ predicate call_legal(struct atto_image *image, struct atto_limits *limits, struct atto_bpf_insn *text, integer f,
                         integer i) =
        src(text, i) == 0 ? offset(text, i) == 0 && text[i].imm >= 0 && provided(limits->calls, text[i].imm) &&
                            in_callset(&limits->granted, text[i].imm) :
        src(text, i) == 1 && local_call_legal(image, text, f, i, i + 1 + text[i].imm);

    predicate instruction_legal(struct atto_image *image, struct atto_limits *limits, struct atto_bpf_insn *text,
                                integer f, integer i) =
        fields_legal(text, i) &&
        (goes_perhaps(opcode(text, i)) || opcode(text, i) == 0x05 ==>
            starts(text, begin(image, f), end(image, f), i + 1 + offset(text, i))) &&
        (opcode(text, i) == 0x06 ==> starts(text, begin(image, f), end(image, f), i + 1 + text[i].imm)) &&
        (opcode(text, i) == 0x85 ==> call_legal(image, limits, text, f, i)) &&
        (wide(opcode(text, i)) ==> i + 1 < end(image, f) && text[i + 1].fields == 0) &&
        (opcode(text, i) == 0xb8 || opcode(text, i) == 0xd8 ==> image->format == ATTO_FORMAT_FEMTO) &&
        (goes_always(opcode(text, i)) || opcode(text, i) == 0x95 || i + 1 < end(image, f));

    // Slot i of function f: an instruction, or the second half of a wide one, behind which the text goes on.
    predicate slot_legal(struct atto_image *image, struct atto_limits *limits, struct atto_bpf_insn *text, integer f,
                         integer i) =
        opcode(text, i) == 0 ?
            text[i].fields == 0 && begin(image, f) < i && wide(opcode(text, i - 1)) && i + 1 < end(image, f) :
            instruction_legal(image, limits, text, f, i);

    predicate text_legal(struct atto_image *image) =
        image->text.len % 8 == 0 && 0 < slot_count(image) <= ATTO_BPF_MAX_SLOTS &&
        (uint32_t)((uintptr_t)image->text.ptr % 4) == 0 &&
        image->data.len + image->bss_bytes <= 0x0ffffff8 && image->rodata.len <= 0x0ffffff8;

    predicate stack_within(struct atto_image *image, struct atto_bpf_insn *text, integer most) =
        function_count(image) == 0 ?
            512 <= most && (\forall integer i; 0 <= i < slot_count(image) && local_call(text, i) ==>
                ATTO_BPF_CALL_DEPTH * 512 <= most) :
            (\forall integer f; 0 <= f < function_count(image) ==> stack(image, f) <= most);

    predicate all_slots_legal(struct atto_image *image, struct atto_limits *limits) =
        \forall integer f, i; 0 <= f < functions(image) && begin(image, f) <= i < end(image, f) ==>
            slot_legal(image, limits, slots(image->text.ptr), f, i);

    predicate well_formed(struct atto_image *image, struct atto_limits *limits) =
        text_legal(image) && table_legal(image) && all_slots_legal(image, limits) &&
        (limits->stack_bytes != 0 ==> stack_within(image, slots(image->text.ptr), limits->stack_bytes)); */

/* ---- what the interpreter needs of a well-formed program, without regard to functions ---- */
/*@ predicate runnable_slot(struct atto_bpf_insn *text, integer count, struct atto_call_table *calls, integer i) =
        opcode(text, i) == 0 ? 0 < i && i + 1 < count && wide(opcode(text, i - 1)) :
        fields_legal(text, i) &&
        (goes_perhaps(opcode(text, i)) || opcode(text, i) == 0x05 ==>
            starts(text, 0, count, i + 1 + offset(text, i))) &&
        (opcode(text, i) == 0x06 ==> starts(text, 0, count, i + 1 + text[i].imm)) &&
        (host_call(text, i) ==> text[i].imm >= 0 && provided(calls, text[i].imm)) &&
        (opcode(text, i) == 0x85 && src(text, i) != 0 ==> starts(text, 0, count, i + 1 + text[i].imm)) &&
        (wide(opcode(text, i)) ==> i + 1 < count && opcode(text, i + 1) == 0) &&
        (goes_always(opcode(text, i)) || opcode(text, i) == 0x95 || i + 1 < count);

    predicate runnable(struct atto_bpf_insn *text, integer count, struct atto_call_table *calls) =
        0 < count <= ATTO_BPF_MAX_SLOTS && opcode(text, 0) != 0 &&
        (\forall integer i; 0 <= i < count ==> runnable_slot(text, count, calls, i)); */

/* ---- fuel ---- */
/*@ // The interpreter looks at the balance behind these.
    predicate ends_block(integer op) = op % 8 == 5 || op % 8 == 6;

    // What slot i costs.
    logic integer price(struct atto_bpf_insn *text, struct atto_call_table *calls, integer i) =
        opcode(text, i) == 0 ? 0 :
        opcode(text, i) == 0x85 && src(text, i) == 0 ?
            1 + calls->page[text[i].imm / ATTO_CALL_PAGE][text[i].imm % ATTO_CALL_PAGE].price : 1;

    // What has been spent before slot i since the last look, if the text went straight on to it.
    logic integer spent(struct atto_bpf_insn *text, struct atto_call_table *calls, integer i) =
        i <= 0 || opcode(text, i - 1) % 8 == 5 || opcode(text, i - 1) % 8 == 6 ? 0 :
            spent(text, calls, i - 1) + price(text, calls, i - 1);

    // No way from look to look costs more than `most`.
    predicate runs_within(struct atto_bpf_insn *text, struct atto_call_table *calls, integer count, integer most) =
        \forall integer i; 0 <= i < count ==>
            0 <= spent(text, calls, i) <= i && spent(text, calls, i) + price(text, calls, i) <= most; */

#endif
