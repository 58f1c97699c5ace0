/* The disassembler, see disasm.h. A table of 256 groups comes from src/bpf/isa.h; each group has one way to write its
 * instructions.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "disasm.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bpf/isa.h"
#include "calls.h"

struct opcode_entry {
    enum atto_bpf_group group;
    const char *operation;
};

#define OPCODE_ENTRY(group_arg, opcode, operation_arg) [opcode] = {ATTO_BPF_GROUP_##group_arg, #operation_arg},
#define GROUP_ENTRIES(group_arg) ATTO_BPF_##group_arg(OPCODE_ENTRY, group_arg)
static const struct opcode_entry opcodes[256] = {ATTO_BPF_GROUPS(GROUP_ENTRIES)};

/* How operations are written, by their names in the table. */
struct symbol {
    const char *operation, *written;
};

static const struct symbol alu_symbols[] = {
    {"add", "+="}, {"sub", "-="}, {"mul", "*="}, {"div", "/="}, {"mod", "%="}, {"or", "|="},    {"and", "&="},
    {"lsh", "<<="}, {"rsh", ">>="}, {"xor", "^="}, {"mov", "="},  {"arsh", "s>>="}, {NULL, NULL},
};
static const struct symbol jump_symbols[] = {
    {"jeq", "=="}, {"jgt", ">"},   {"jge", ">="},   {"jset", "&"}, {"jne", "!="}, {"jsgt", "s>"},
    {"jsge", "s>="}, {"jlt", "<"}, {"jle", "<="}, {"jslt", "s<"}, {"jsle", "s<="}, {NULL, NULL},
};
static const struct symbol size_symbols[] = {{"b", "8"}, {"h", "16"}, {"w", "32"}, {"dw", "64"}, {NULL, NULL}};

static const char *written(const struct symbol *symbols, const char *operation)
{
    for (; symbols->operation != NULL; symbols++) {
        if (strcmp(symbols->operation, operation) == 0)
            return symbols->written;
    }
    return "?";
}

/* What one instruction is written from. */
struct writer {
    const struct atto_slot *insn;
    const struct atto_disasm_place *place;
    const char *operation;
    char *text;
};

#define WRITE(w, ...) snprintf((w)->text, ATTO_DISASM_BYTES, __VA_ARGS__)

static void write_alu(const struct writer *w, char width, bool from_register)
{
    const char *symbol = written(alu_symbols, w->operation);

    if (from_register)
        WRITE(w, "%c%u %s %c%u", width, w->insn->dst, symbol, width, w->insn->src);
    else
        WRITE(w, "%c%u %s %" PRId32, width, w->insn->dst, symbol, w->insn->imm);
}

/* Offset 1 makes a division signed. */
static void write_division(const struct writer *w, char width, bool from_register)
{
    const char *sign = w->insn->offset == 1 ? "s" : "";
    const char *symbol = written(alu_symbols, w->operation);

    if (from_register)
        WRITE(w, "%c%u %s%s %c%u", width, w->insn->dst, sign, symbol, width, w->insn->src);
    else
        WRITE(w, "%c%u %s%s %" PRId32, width, w->insn->dst, sign, symbol, w->insn->imm);
}

/* An offset makes a move extend the sign of so many bits. */
static void write_move(const struct writer *w, char width)
{
    if (w->insn->offset == 0)
        WRITE(w, "%c%u = %c%u", width, w->insn->dst, width, w->insn->src);
    else
        WRITE(w, "%c%u = (s%d)%c%u", width, w->insn->dst, w->insn->offset, width, w->insn->src);
}

static void write_target(const struct atto_disasm_place *place, int64_t target, char *text, size_t text_bytes)
{
    char name[64];

    text[0] = '\0';
    if (target >= 0 && target <= UINT32_MAX && place->slot_name != NULL &&
        place->slot_name(place->user, (uint32_t)target, name, sizeof name))
        snprintf(text, text_bytes, " <%s>", name);
}

static void write_jump(const struct writer *w, char width, bool from_register)
{
    const char *symbol = written(jump_symbols, w->operation);
    char target[80];

    write_target(w->place, (int64_t)w->place->slot + 1 + w->insn->offset, target, sizeof target);
    if (from_register)
        WRITE(w, "if %c%u %s %c%u goto %+d%s", width, w->insn->dst, symbol, width, w->insn->src, w->insn->offset,
              target);
    else
        WRITE(w, "if %c%u %s %" PRId32 " goto %+d%s", width, w->insn->dst, symbol, w->insn->imm, w->insn->offset,
              target);
}

static void write_goto(const struct writer *w, const char *name, int32_t distance)
{
    char target[80];

    write_target(w->place, (int64_t)w->place->slot + 1 + distance, target, sizeof target);
    WRITE(w, "%s %+" PRId32 "%s", name, distance, target);
}

static void write_call(const struct writer *w)
{
    const char *name = atto_call_name((uint32_t)w->insn->imm);
    char target[80];

    if (w->insn->src == 0) {
        if (name == NULL)
            WRITE(w, "call %" PRId32, w->insn->imm);
        else
            WRITE(w, "call %" PRId32 " <%s>", w->insn->imm, name);
        return;
    }
    write_target(w->place, (int64_t)w->place->slot + 1 + w->insn->imm, target, sizeof target);
    WRITE(w, "call %+" PRId32 "%s", w->insn->imm, target);
}

static void write_memory(const struct writer *w, enum atto_bpf_group group)
{
    const char *bits = written(size_symbols, w->operation);
    char sign = w->insn->offset < 0 ? '-' : '+';
    int distance = w->insn->offset < 0 ? -w->insn->offset : w->insn->offset;

    if (group == ATTO_BPF_GROUP_LDX || group == ATTO_BPF_GROUP_LDXS)
        WRITE(w, "r%u = *(%c%s *)(r%u %c %d)", w->insn->dst, group == ATTO_BPF_GROUP_LDX ? 'u' : 's', bits,
              w->insn->src, sign, distance);
    else if (group == ATTO_BPF_GROUP_ST)
        WRITE(w, "*(u%s *)(r%u %c %d) = %" PRId32, bits, w->insn->dst, sign, distance, w->insn->imm);
    else
        WRITE(w, "*(u%s *)(r%u %c %d) = r%u", bits, w->insn->dst, sign, distance, w->insn->src);
}

static const char *atomic_name(int32_t imm)
{
    switch (imm & ~ATTO_BPF_ATOMIC_FETCH) {
    case ATTO_BPF_ATOMIC_ADD:
        return "add";
    case ATTO_BPF_ATOMIC_OR:
        return "or";
    case ATTO_BPF_ATOMIC_AND:
        return "and";
    case ATTO_BPF_ATOMIC_XOR:
        return "xor";
    default:
        return NULL;
    }
}

static const char *atomic_symbol(int32_t imm)
{
    return written(alu_symbols, atomic_name(imm));
}

static bool write_atomic(const struct writer *w)
{
    const struct atto_slot *insn = w->insn;
    bool wide = strcmp(w->operation, "dw") == 0;
    const char *bits = wide ? "64" : "32";
    char width = wide ? 'r' : 'w';
    char sign = insn->offset < 0 ? '-' : '+';
    int distance = insn->offset < 0 ? -insn->offset : insn->offset;

    if (insn->imm == ATTO_BPF_ATOMIC_XCHG)
        WRITE(w, "%c%u = xchg_%s(r%u %c %d, %c%u)", width, insn->src, bits, insn->dst, sign, distance, width,
              insn->src);
    else if (insn->imm == ATTO_BPF_ATOMIC_CMPXCHG)
        WRITE(w, "%c0 = cmpxchg_%s(r%u %c %d, %c0, %c%u)", width, bits, insn->dst, sign, distance, width, width,
              insn->src);
    else if (atomic_name(insn->imm) == NULL)
        return false;
    else if ((insn->imm & ATTO_BPF_ATOMIC_FETCH) != 0)
        WRITE(w, "%c%u = atomic_fetch_%s((u%s *)(r%u %c %d), %c%u)", width, insn->src, atomic_name(insn->imm), bits,
              insn->dst, sign, distance, width, insn->src);
    else
        WRITE(w, "lock *(u%s *)(r%u %c %d) %s %c%u", bits, insn->dst, sign, distance, atomic_symbol(insn->imm), width,
              insn->src);
    return true;
}

static void write_wide(const struct writer *w)
{
    uint64_t value = (uint64_t)(uint32_t)w->place->next_imm << 32 | (uint32_t)w->insn->imm;

    if (strcmp(w->operation, "lddw") == 0)
        WRITE(w, "r%u = 0x%" PRIx64 " ll", w->insn->dst, value);
    else
        WRITE(w, "r%u = %s + 0x%" PRIx64 " ll", w->insn->dst, strcmp(w->operation, "lddwd") == 0 ? "data" : "rodata",
              value);
}

static bool write_group(const struct writer *w, enum atto_bpf_group group)
{
    switch (group) {
    case ATTO_BPF_GROUP_ALU64_K:
    case ATTO_BPF_GROUP_ALU64_X:
        write_alu(w, 'r', group == ATTO_BPF_GROUP_ALU64_X);
        return true;
    case ATTO_BPF_GROUP_ALU32_K:
    case ATTO_BPF_GROUP_ALU32_X:
        write_alu(w, 'w', group == ATTO_BPF_GROUP_ALU32_X);
        return true;
    case ATTO_BPF_GROUP_MOV64_X:
    case ATTO_BPF_GROUP_MOV32_X:
        write_move(w, group == ATTO_BPF_GROUP_MOV64_X ? 'r' : 'w');
        return true;
    case ATTO_BPF_GROUP_DIV64_K:
    case ATTO_BPF_GROUP_DIV64_X:
        write_division(w, 'r', group == ATTO_BPF_GROUP_DIV64_X);
        return true;
    case ATTO_BPF_GROUP_DIV32_K:
    case ATTO_BPF_GROUP_DIV32_X:
        write_division(w, 'w', group == ATTO_BPF_GROUP_DIV32_X);
        return true;
    case ATTO_BPF_GROUP_NEG64:
    case ATTO_BPF_GROUP_NEG32:
        WRITE(w, "%c%u = -%c%u", group == ATTO_BPF_GROUP_NEG64 ? 'r' : 'w', w->insn->dst,
              group == ATTO_BPF_GROUP_NEG64 ? 'r' : 'w', w->insn->dst);
        return true;
    case ATTO_BPF_GROUP_END:
        WRITE(w, "r%u = %s%" PRId32 " r%u", w->insn->dst, w->operation, w->insn->imm, w->insn->dst);
        return true;
    case ATTO_BPF_GROUP_JMP64_K:
    case ATTO_BPF_GROUP_JMP64_X:
        write_jump(w, 'r', group == ATTO_BPF_GROUP_JMP64_X);
        return true;
    case ATTO_BPF_GROUP_JMP32_K:
    case ATTO_BPF_GROUP_JMP32_X:
        write_jump(w, 'w', group == ATTO_BPF_GROUP_JMP32_X);
        return true;
    case ATTO_BPF_GROUP_JA:
        write_goto(w, "goto", w->insn->offset);
        return true;
    case ATTO_BPF_GROUP_JA32:
        write_goto(w, "gotol", w->insn->imm);
        return true;
    case ATTO_BPF_GROUP_CALL:
        write_call(w);
        return w->insn->src <= 1;
    case ATTO_BPF_GROUP_EXIT:
        WRITE(w, "exit");
        return true;
    case ATTO_BPF_GROUP_LDX:
    case ATTO_BPF_GROUP_LDXS:
    case ATTO_BPF_GROUP_ST:
    case ATTO_BPF_GROUP_STX:
        write_memory(w, group);
        return true;
    case ATTO_BPF_GROUP_ATOMIC:
        return write_atomic(w);
    case ATTO_BPF_GROUP_LDDW:
    case ATTO_BPF_GROUP_LDDW_FEMTO:
        write_wide(w);
        return true;
    default:
        return false;
    }
}

bool atto_disasm(const struct atto_slot *insn, const struct atto_disasm_place *place, char text[ATTO_DISASM_BYTES])
{
    const struct opcode_entry *entry = &opcodes[insn->opcode];
    struct writer writer = {insn, place, entry->operation, text};

    if (write_group(&writer, entry->group))
        return true;
    WRITE(&writer, "unknown: opcode 0x%02x dst %u src %u off %d imm %" PRId32, insn->opcode, insn->dst, insn->src,
          insn->offset, insn->imm);
    return false;
}

bool atto_disasm_target(const struct atto_slot *insn, uint32_t slot, int64_t *target)
{
    switch (opcodes[insn->opcode].group) {
    case ATTO_BPF_GROUP_JMP64_K:
    case ATTO_BPF_GROUP_JMP64_X:
    case ATTO_BPF_GROUP_JMP32_K:
    case ATTO_BPF_GROUP_JMP32_X:
    case ATTO_BPF_GROUP_JA:
        *target = (int64_t)slot + 1 + insn->offset;
        return true;
    case ATTO_BPF_GROUP_JA32:
        *target = (int64_t)slot + 1 + insn->imm;
        return true;
    case ATTO_BPF_GROUP_CALL:
        *target = (int64_t)slot + 1 + insn->imm;
        return insn->src == 1;
    default:
        return false;
    }
}
