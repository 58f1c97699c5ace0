/* Relocations of instructions and of data: each becomes a guest address or the distance of a call, or an error that
 * says where in the source it is and why a container cannot have it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "relocation.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "dwarf_lines.h"
#include "hints.h"
#include "program.h"
#include "report.h"
#include "symbols.h"

/* Guest addresses of the regions (docs/SPEC.md). */
#define GUEST_DATA 0x20000000u
#define GUEST_RODATA 0x30000000u

#define OPCODE_LDDW 0x18
#define OPCODE_CALL 0x85
#define OPCODE_CALLX 0x8d
#define SRC_LOCAL_CALL 1

/* The guest address of a target that is data, or an absolute number. */
static uint32_t guest_address(const struct atto_program *program, struct atto_target target)
{
    uint32_t base = 0;

    if (target.placement == ATTO_PLACE_RODATA)
        base = GUEST_RODATA;
    else if (target.placement == ATTO_PLACE_DATA)
        base = GUEST_DATA;
    else if (target.placement == ATTO_PLACE_BSS)
        base = GUEST_DATA + (uint32_t)program->data.len;
    return base + target.offset + (target.section == NULL ? 0 : target.section->offset);
}

static void put_le32(uint8_t *at, uint32_t value)
{
    for (uint32_t i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

static void report_undefined(const struct atto_program *program, uint32_t slot, const char *name)
{
    const char *hint = atto_hint_symbol(name);

    atto_program_report(program, slot, "undefined symbol '%s'%s%s", name, hint == NULL ? "" : ": ",
                        hint == NULL ? "" : hint);
}

/* What a relocation of an instruction is about. */
struct text_relocation {
    uint32_t slot;
    unsigned type;
    struct atto_slot insn;
    uint8_t *bytes; /* of the instruction */
    const char *name;
    struct atto_target target;
};

/* The name of the function at a target, for messages. */
static const char *function_name(const struct atto_target *target, uint32_t addend, const char *otherwise)
{
    const char *name = atto_object_name_at(target->object, target->section, (uint64_t)target->offset + addend);

    return name == NULL ? otherwise : name;
}

static void relocate_address(const struct atto_program *program, const struct text_relocation *r)
{
    if (r->target.placement == ATTO_PLACE_TEXT)
        atto_program_report(program, r->slot,
                            "the address of function '%s' is taken; function pointers are not supported",
                            function_name(&r->target, (uint32_t)r->insn.imm, r->name));
    put_le32(r->bytes + 4, guest_address(program, r->target) + (uint32_t)r->insn.imm);
    put_le32(r->bytes + 12, 0);
}

static void relocate_call(const struct atto_program *program, const struct text_relocation *r)
{
    if (r->target.placement != ATTO_PLACE_TEXT)
        atto_program_report(program, r->slot, "call of '%s', which is not a function", r->name);
    else
        put_le32(r->bytes + 4,
                 (r->target.section->offset + r->target.offset) / 8 + (uint32_t)r->insn.imm - r->slot);
}

/* A relocation of an instruction. A weak symbol without a definition has address 0, but cannot be called. */
static bool relocate_text(void *user, struct atto_object *object, struct atto_section *section,
                          const Elf64_Rel *relocation)
{
    struct atto_program *program = user;
    size_t symbol_index = ELF64_R_SYM(relocation->r_info);
    bool weak = ELF64_ST_BIND(object->symbols[symbol_index].st_info) == STB_WEAK;
    struct text_relocation r = {
        .slot = (uint32_t)((section->offset + relocation->r_offset) / 8),
        .type = (unsigned)ELF64_R_TYPE(relocation->r_info),
        .name = atto_object_symbol_name(object, symbol_index),
    };

    if (relocation->r_offset % 8 != 0 || relocation->r_offset >= section->header.sh_size) {
        atto_report_at(object->path, 0, "section %s: a relocation lies outside", section->name);
        return true;
    }
    r.bytes = program->text.bytes + 8 * (size_t)r.slot;
    r.insn = atto_slot_read(program->text.bytes, r.slot);
    if (!atto_symbol_resolve(program, object, symbol_index, &r.target) && !(weak && r.insn.opcode == OPCODE_LDDW))
        report_undefined(program, r.slot, r.name);
    else if (r.type == ATTO_RELOC_64_64 && r.insn.opcode == OPCODE_LDDW &&
             relocation->r_offset + 16 <= section->header.sh_size)
        relocate_address(program, &r);
    else if (r.type == ATTO_RELOC_64_32 && r.insn.opcode == OPCODE_CALL && r.insn.src == SRC_LOCAL_CALL)
        relocate_call(program, &r);
    else
        atto_program_report(program, r.slot, "relocation of type %u against '%s' on opcode 0x%02x is not supported",
                            r.type, r.name, r.insn.opcode);
    return true;
}

/* Reports something about a pointer with an initial value, at the declaration of the variable that holds it. */
static void report_data(const struct atto_object *object, const struct atto_section *section,
                        const Elf64_Rel *relocation, const char *message, const char *name)
{
    const char *variable = atto_object_name_at(object, section, relocation->r_offset);
    unsigned long long offset = relocation->r_offset;
    unsigned line = 0;
    char *file = NULL;

    if (variable == NULL || !atto_dwarf_variable(object, variable, &file, &line))
        file = atto_copy_string(object->path);
    if (variable == NULL)
        atto_report_at(file, line, "%s '%s' (section %s, offset 0x%llx)", message, name, section->name, offset);
    else
        atto_report_at(file, line, "'%s': %s '%s' (section %s, offset 0x%llx)", variable, message, name, section->name,
                       offset);
    free(file);
}

/* A relocation in data: a pointer with an initial value. */
static bool relocate_data(void *user, struct atto_object *object, struct atto_section *section,
                          const Elf64_Rel *relocation)
{
    struct atto_program *program = user;
    size_t symbol_index = ELF64_R_SYM(relocation->r_info);
    unsigned type = (unsigned)ELF64_R_TYPE(relocation->r_info);
    const char *name = atto_object_symbol_name(object, symbol_index);
    struct atto_buffer *buffer = section->placement == ATTO_PLACE_DATA ? &program->data : &program->rodata;
    uint32_t byte_count = atto_relocation_bytes(type);
    struct atto_target target;
    uint8_t *at;

    if (relocation->r_offset > section->header.sh_size || section->header.sh_size - relocation->r_offset < byte_count) {
        atto_report_at(object->path, 0, "section %s: a relocation lies outside", section->name);
        return true;
    }
    at = buffer->bytes + section->offset + relocation->r_offset;
    if (type != ATTO_RELOC_ABS64 && type != ATTO_RELOC_ABS32 && type != ATTO_RELOC_64_64 && type != ATTO_RELOC_64_32) {
        report_data(object, section, relocation, "relocation of an unknown type against", name);
    } else if (!atto_symbol_resolve(program, object, symbol_index, &target)) {
        report_data(object, section, relocation, "undefined symbol", name);
    } else if (target.placement == ATTO_PLACE_TEXT) {
        report_data(object, section, relocation,
                    "function pointers and virtual functions are not supported, and it holds the address of",
                    function_name(&target, atto_le32(at), name));
    } else {
        atto_relocation_add(at, 4, guest_address(program, target));
        if (byte_count == 8)
            put_le32(at + 4, 0);
    }
    return true;
}

/* Instructions that compilers emit and containers cannot have. All else is left to the pre-flight check. */
static void check_instructions(const struct atto_program *program)
{
    uint32_t slot_count = (uint32_t)(program->text.len / 8);

    for (uint32_t slot = 0; slot < slot_count; slot += atto_slot_width(program->text.bytes[8 * (size_t)slot])) {
        struct atto_slot insn = atto_slot_read(program->text.bytes, slot);

        if (insn.opcode == OPCODE_CALLX)
            atto_program_report(program, slot, "call through a pointer; function pointers and virtual functions are "
                                               "not supported");
        else if (insn.opcode == OPCODE_LDDW && insn.src != 0)
            atto_program_report(program, slot, "address of a Linux BPF map or variable; use global variables");
        else if ((insn.opcode & 0xe7) == 0x20 || (insn.opcode & 0xe7) == 0x40)
            atto_program_report(program, slot, "legacy packet access is not supported");
    }
}

void atto_relocate(struct atto_program *program)
{
    for (size_t o = 0; o < program->object_count; o++) {
        struct atto_object *object = program->objects[o];

        for (size_t i = 1; i < object->section_count; i++) {
            struct atto_section *section = &object->sections[i];

            if (section->dropped)
                continue;
            if (section->placement == ATTO_PLACE_TEXT)
                atto_object_relocations(object, section, relocate_text, program);
            else if (section->placement == ATTO_PLACE_DATA || section->placement == ATTO_PLACE_RODATA)
                atto_object_relocations(object, section, relocate_data, program);
        }
    }
    check_instructions(program);
}
