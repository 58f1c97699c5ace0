/* Text for eBPF instructions, in the syntax of LLVM's disassembler. Made from the device's own table of instructions,
 * so an instruction that the device does not know has no text.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_DISASM_H
#define ATTO_CLI_DISASM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "program.h"

/* What is found around an instruction. */
struct atto_disasm_place {
    uint32_t slot;
    int32_t next_imm; /* of the next slot, for wide instructions */
    /* Writes a name for a slot of the text (a label or a function) or returns false. */
    bool (*slot_name)(void *user, uint32_t slot, char *name, size_t name_bytes);
    void *user;
};

#define ATTO_DISASM_BYTES 96

/* Writes the text of one instruction. Returns false for an unknown one; the text is then its bytes. */
bool atto_disasm(const struct atto_slot *insn, const struct atto_disasm_place *place, char text[ATTO_DISASM_BYTES]);

/* The slot that a jump or local call leads to; false if the instruction is neither. It may lie outside of the text. */
bool atto_disasm_target(const struct atto_slot *insn, uint32_t slot, int64_t *target);

#endif
