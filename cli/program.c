/* Looking things up in a linked program, see program.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "program.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "report.h"

struct atto_slot atto_slot_read(const uint8_t *text, uint32_t slot)
{
    const uint8_t *bytes = text + 8 * (size_t)slot;
    struct atto_slot read = {
        .opcode = bytes[0],
        .dst = bytes[1] & 15,
        .src = bytes[1] >> 4,
        .offset = (int16_t)atto_le16(bytes + 2),
        .imm = (int32_t)atto_le32(bytes + 4),
    };

    return read;
}

uint32_t atto_slot_width(uint8_t opcode)
{
    return opcode == 0x18 || opcode == 0xb8 || opcode == 0xd8 ? 2 : 1;
}

struct atto_program_function *atto_program_function_at(const struct atto_program *program, uint32_t slot)
{
    for (size_t i = 0; i < program->function_count; i++) {
        if (slot >= program->functions[i].start && slot < program->functions[i].end)
            return &program->functions[i];
    }
    return NULL;
}

static bool find_bound(const struct atto_program *program, const char *name, unsigned bind, uint32_t *slot)
{
    for (size_t o = 0; o < program->object_count; o++) {
        const struct atto_object *object = program->objects[o];

        for (size_t i = 1; i < object->symbol_count; i++) {
            const Elf64_Sym *symbol = &object->symbols[i];
            const struct atto_section *section;

            if (ELF64_ST_BIND(symbol->st_info) != bind || symbol->st_shndx == SHN_UNDEF ||
                symbol->st_shndx >= object->section_count || strcmp(object->symbol_names[i], name) != 0)
                continue;
            section = &object->sections[symbol->st_shndx];
            if (section->placement != ATTO_PLACE_TEXT || section->dropped)
                continue;
            *slot = (uint32_t)((section->offset + symbol->st_value) / 8);
            return true;
        }
    }
    return false;
}

bool atto_program_find(const struct atto_program *program, const char *name, uint32_t *slot)
{
    return find_bound(program, name, STB_GLOBAL, slot) || find_bound(program, name, STB_WEAK, slot);
}

void atto_program_report(const struct atto_program *program, uint32_t slot, const char *format, ...)
{
    const struct atto_program_piece *piece = NULL;
    const char *file;
    uint32_t line = 0;
    va_list arguments;
    char message[512];

    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    for (size_t i = 0; i < program->piece_count && program->pieces[i].start <= slot; i++)
        piece = &program->pieces[i];
    if (piece == NULL) {
        atto_report("%s (instruction %u)", message, slot);
        return;
    }
    if (!atto_lines_find(&program->lines, slot, &file, &line))
        file = piece->path;
    atto_report_at(file, line, "%s (section %s, instruction %u)", message, piece->section, slot - piece->start);
}

void atto_program_free(struct atto_program *program)
{
    atto_buffer_free(&program->text);
    atto_buffer_free(&program->rodata);
    atto_buffer_free(&program->data);
    atto_lines_free(&program->lines);
    free(program->functions);
    free(program->pieces);
    *program = (struct atto_program){0};
}
