/* The linker: lays out the sections of several objects, finds their functions and source lines, and has their
 * relocations resolved. The device sees no relocations at all, so whatever cannot be resolved is an error with its
 * place in the source.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "dwarf_lines.h"
#include "program.h"
#include "relocation.h"
#include "report.h"
#include "symbols.h"

#define OPCODE_CALL 0x85
#define SRC_LOCAL_CALL 1

/* What a guest can address of one kind of memory. */
#define REGION_BYTES_MAX 0x0ffffff8u

static size_t alignment_of(const struct atto_section *section)
{
    return section->header.sh_addralign == 0 ? 1 : section->header.sh_addralign;
}

static void place_text(struct atto_program *program, struct atto_object *object, struct atto_section *section)
{
    size_t count = program->piece_count;

    section->offset = (uint32_t)program->text.len;
    program->pieces = atto_grow(program->pieces, count, count + 1, sizeof program->pieces[0]);
    program->pieces[count] = (struct atto_program_piece){object->path, section->name, section->offset / 8};
    program->piece_count++;
    atto_buffer_put(&program->text, section->bytes, section->header.sh_size);
}

static void place_bytes(struct atto_buffer *buffer, struct atto_section *section)
{
    atto_buffer_align(buffer, alignment_of(section));
    section->offset = (uint32_t)buffer->len;
    atto_buffer_put(buffer, section->bytes, section->header.sh_size);
}

static uint32_t place_zeros(struct atto_program *program, uint64_t align, uint64_t len)
{
    uint64_t offset = program->bss_bytes;

    if (align > 1)
        offset = (offset + align - 1) / align * align;
    program->bss_bytes = (uint32_t)(offset + len);
    return (uint32_t)offset;
}

static void place_section(struct atto_program *program, struct atto_object *object, struct atto_section *section)
{
    switch (section->placement) {
    case ATTO_PLACE_TEXT:
        place_text(program, object, section);
        break;
    case ATTO_PLACE_RODATA:
        place_bytes(&program->rodata, section);
        break;
    case ATTO_PLACE_DATA:
        place_bytes(&program->data, section);
        break;
    case ATTO_PLACE_BSS:
        section->offset = place_zeros(program, section->header.sh_addralign, section->header.sh_size);
        break;
    default:
        break;
    }
}

/* Variables of C without a definition of their own (-fcommon): the first object that names one places it. */
static void place_commons(struct atto_program *program, struct atto_object *object)
{
    for (size_t i = 1; i < object->symbol_count; i++) {
        const Elf64_Sym *symbol = &object->symbols[i];
        struct atto_object *owner = object;

        if (symbol->st_shndx == SHN_COMMON && atto_symbol_find(program, object->symbol_names[i], &owner) == symbol)
            object->common_offsets[i] = place_zeros(program, symbol->st_value, symbol->st_size);
    }
}

static void lay_out(struct atto_program *program)
{
    for (size_t o = 0; o < program->object_count; o++) {
        struct atto_object *object = program->objects[o];

        for (size_t i = 1; i < object->section_count; i++) {
            if (!object->sections[i].dropped)
                place_section(program, object, &object->sections[i]);
        }
        place_commons(program, object);
    }
    if (program->bss_bytes != 0)
        atto_buffer_align(&program->data, 8); /* bss begins where data ends */
}

/* For sections that are only read: addresses become byte offsets in the linked text. What refers to a dropped section
 * is moved out of the way. */
static bool relocate_info(void *user, struct atto_object *object, struct atto_section *section,
                          const Elf64_Rel *relocation)
{
    const Elf64_Sym *symbol = &object->symbols[ELF64_R_SYM(relocation->r_info)];
    uint32_t byte_count = atto_relocation_bytes((unsigned)ELF64_R_TYPE(relocation->r_info));
    uint64_t value = symbol->st_value;

    (void)user;
    if (symbol->st_shndx < object->section_count && symbol->st_shndx != SHN_UNDEF) {
        const struct atto_section *target = &object->sections[symbol->st_shndx];

        if (target->dropped)
            value = UINT32_MAX;
        else if (target->placement == ATTO_PLACE_TEXT)
            value += target->offset;
    }
    if (relocation->r_offset <= section->header.sh_size && section->header.sh_size - relocation->r_offset >= byte_count)
        atto_relocation_add(section->bytes + relocation->r_offset, byte_count, value);
    return true;
}

static void set_frame(struct atto_program *program, uint64_t address, uint64_t frame_bytes)
{
    struct atto_program_function *function = NULL;

    if (address < program->text.len)
        function = atto_program_function_at(program, (uint32_t)(address / 8));
    if (function == NULL || address != 8 * (uint64_t)function->start)
        return;
    if (frame_bytes > 512) {
        atto_program_report(program, function->start,
                            "function '%s' needs %llu bytes of stack for itself, at most 512 are possible; "
                            "make large variables static",
                            function->name, (unsigned long long)frame_bytes);
        frame_bytes = 512;
    }
    function->frame_bytes = frame_bytes < 8 ? 8 : (uint32_t)(frame_bytes + 7) / 8 * 8;
}

/* The compiler's own table of frames: address (8 bytes), size (ULEB128). */
static void read_stack_sizes(struct atto_program *program, const struct atto_section *section)
{
    size_t at = 0;

    while (section->header.sh_size - at >= 9) {
        const uint8_t *bytes = section->bytes + at;
        uint64_t address = atto_le32(bytes) | (uint64_t)atto_le32(bytes + 4) << 32;
        uint64_t frame_bytes = 0;
        unsigned shift = 0;
        uint8_t byte;

        at += 8;
        do {
            byte = section->bytes[at++];
            if (shift < 56)
                frame_bytes |= (uint64_t)(byte & 0x7f) << shift;
            shift += 7;
        } while ((byte & 0x80) != 0 && at < section->header.sh_size);
        set_frame(program, address, frame_bytes);
    }
}

/* Relocates what is read, and reads the source lines: from now on messages have places. */
static void read_lines(struct atto_program *program)
{
    for (size_t o = 0; o < program->object_count; o++) {
        struct atto_object *object = program->objects[o];

        for (size_t i = 1; i < object->section_count; i++) {
            struct atto_section *section = &object->sections[i];

            if (section->placement == ATTO_PLACE_INFO && section->bytes != NULL)
                atto_object_relocations(object, section, relocate_info, NULL);
        }
        atto_dwarf_lines(object, (uint32_t)program->text.len, &program->lines);
    }
    atto_lines_sort(&program->lines);
}

static void read_frames(struct atto_program *program)
{
    for (size_t o = 0; o < program->object_count; o++) {
        const struct atto_object *object = program->objects[o];

        for (size_t i = 1; i < object->section_count; i++) {
            const struct atto_section *section = &object->sections[i];

            if (!section->dropped && strcmp(section->name, ".stack_sizes") == 0 && section->bytes != NULL)
                read_stack_sizes(program, section);
        }
    }
}

static void add_function(struct atto_program *program, const char *path, const char *name, uint32_t start)
{
    size_t count = program->function_count;

    for (size_t i = 0; i < count; i++) {
        if (program->functions[i].start == start) {
            if (strcmp(program->functions[i].name, "?") == 0)
                program->functions[i].name = name;
            return;
        }
    }
    program->functions = atto_grow(program->functions, count, count + 1, sizeof program->functions[0]);
    program->functions[count] = (struct atto_program_function){.name = name, .path = path, .start = start};
    program->function_count++;
}

static int by_start(const void *a, const void *b)
{
    const struct atto_program_function *left = a, *right = b;

    return left->start < right->start ? -1 : left->start > right->start;
}

/* What is called is a function, even if an assembly file has no symbol for it. */
static void collect_called(struct atto_program *program)
{
    uint32_t slot_count = (uint32_t)(program->text.len / 8);

    for (uint32_t slot = 0; slot < slot_count; slot += atto_slot_width(program->text.bytes[8 * (size_t)slot])) {
        struct atto_slot insn = atto_slot_read(program->text.bytes, slot);
        uint32_t target = slot + 1 + (uint32_t)insn.imm;

        if (insn.opcode == OPCODE_CALL && insn.src == SRC_LOCAL_CALL && target < slot_count)
            add_function(program, "?", "?", target);
    }
}

static void collect_symbols(struct atto_program *program)
{
    for (size_t o = 0; o < program->object_count; o++) {
        const struct atto_object *object = program->objects[o];

        for (size_t i = 1; i < object->symbol_count; i++) {
            const Elf64_Sym *symbol = &object->symbols[i];

            if (atto_symbol_is_function(object, symbol))
                add_function(program, object->path, object->symbol_names[i],
                             (uint32_t)((object->sections[symbol->st_shndx].offset + symbol->st_value) / 8));
        }
    }
}

/* Functions have symbols, begin a section, or are called. */
static void collect_functions(struct atto_program *program)
{
    collect_symbols(program);
    for (size_t i = 0; i < program->piece_count; i++)
        add_function(program, program->pieces[i].path, "?", program->pieces[i].start);
    collect_called(program);
    qsort(program->functions, program->function_count, sizeof program->functions[0], by_start);
    for (size_t i = 0; i + 1 < program->function_count; i++)
        program->functions[i].end = program->functions[i + 1].start;
    program->functions[program->function_count - 1].end = (uint32_t)(program->text.len / 8);
}

bool atto_link(struct atto_object **objects, size_t object_count, char *const *roots, size_t root_count,
               struct atto_program *program)
{
    unsigned reports = atto_report_count();

    *program = (struct atto_program){.objects = objects, .object_count = object_count};
    atto_symbols_drop_unneeded(program, roots, root_count);
    atto_symbols_check_duplicates(program);
    lay_out(program);
    if (program->text.len == 0)
        atto_report_at(objects[0]->path, 0, "there is no code in it; entry points are global functions");
    if (program->rodata.len > REGION_BYTES_MAX || program->data.len > REGION_BYTES_MAX ||
        program->bss_bytes > REGION_BYTES_MAX - program->data.len)
        atto_report_at(objects[0]->path, 0, "more data than a container can address");
    if (program->text.len / 8 > 0xffff)
        atto_report_at(objects[0]->path, 0, "%zu instructions are too many, at most 65535 fit", program->text.len / 8);
    read_lines(program);
    atto_relocate(program);
    if (reports != atto_report_count())
        return false;
    collect_functions(program);
    read_frames(program);
    return atto_functions_work_out(program) && reports == atto_report_count();
}
