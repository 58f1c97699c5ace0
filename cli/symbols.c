/* Resolving symbols, and finding out what is not needed, see symbols.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "symbols.h"

#include <string.h>

#include "report.h"

static bool is_defined(const struct atto_object *object, const Elf64_Sym *symbol)
{
    if (symbol->st_shndx == SHN_ABS || symbol->st_shndx == SHN_COMMON)
        return true;
    return symbol->st_shndx != SHN_UNDEF && symbol->st_shndx < object->section_count &&
           !object->sections[symbol->st_shndx].dropped;
}

static int strength(const struct atto_object *object, const Elf64_Sym *symbol)
{
    unsigned bind = ELF64_ST_BIND(symbol->st_info);

    if (!is_defined(object, symbol) || bind == STB_LOCAL)
        return 0;
    return bind == STB_WEAK ? 1 : symbol->st_shndx == SHN_COMMON ? 2 : 3;
}

const Elf64_Sym *atto_symbol_find(const struct atto_program *program, const char *name, struct atto_object **owner)
{
    const Elf64_Sym *best = NULL;
    int best_strength = 0;

    for (size_t o = 0; o < program->object_count; o++) {
        struct atto_object *object = program->objects[o];

        for (size_t i = 1; i < object->symbol_count; i++) {
            int found = strength(object, &object->symbols[i]);

            if (found > best_strength && strcmp(object->symbol_names[i], name) == 0) {
                best = &object->symbols[i];
                best_strength = found;
                *owner = object;
            }
        }
    }
    return best;
}

bool atto_symbol_resolve(const struct atto_program *program, struct atto_object *object, size_t symbol_index,
                         struct atto_target *target)
{
    const Elf64_Sym *symbol = &object->symbols[symbol_index];

    if (ELF64_ST_BIND(symbol->st_info) != STB_LOCAL)
        symbol = atto_symbol_find(program, object->symbol_names[symbol_index], &object);
    if (symbol == NULL || !is_defined(object, symbol))
        return false;
    *target = (struct atto_target){.object = object, .offset = (uint32_t)symbol->st_value};
    if (symbol->st_shndx == SHN_COMMON) {
        target->placement = ATTO_PLACE_BSS;
        target->offset = object->common_offsets[symbol - object->symbols];
    } else if (symbol->st_shndx != SHN_ABS) {
        target->section = &object->sections[symbol->st_shndx];
        target->placement = target->section->placement;
    }
    return true;
}

bool atto_symbol_is_function(const struct atto_object *object, const Elf64_Sym *symbol)
{
    unsigned type = ELF64_ST_TYPE(symbol->st_info);
    const struct atto_section *section;

    if (!is_defined(object, symbol) || symbol->st_shndx >= object->section_count)
        return false;
    section = &object->sections[symbol->st_shndx];
    return section->placement == ATTO_PLACE_TEXT && symbol->st_value < section->header.sh_size &&
           symbol->st_value % 8 == 0 &&
           (type == STT_FUNC || (type == STT_NOTYPE && ELF64_ST_BIND(symbol->st_info) != STB_LOCAL));
}

void atto_symbols_check_duplicates(const struct atto_program *program)
{
    for (size_t o = 0; o < program->object_count; o++) {
        const struct atto_object *object = program->objects[o];

        for (size_t i = 1; i < object->symbol_count; i++) {
            struct atto_object *owner = NULL;
            const Elf64_Sym *symbol = &object->symbols[i];

            if (strength(object, symbol) == 3 &&
                atto_symbol_find(program, object->symbol_names[i], &owner) != symbol)
                atto_report_at(object->path, 0, "'%s' is defined here and in %s", object->symbol_names[i],
                               owner->path);
        }
    }
}

static bool group_seen(const struct atto_program *program, size_t object_index, const char *group)
{
    for (size_t o = 0; o < object_index; o++) {
        const struct atto_object *object = program->objects[o];

        for (size_t i = 1; i < object->section_count; i++) {
            if (object->sections[i].group != NULL && strcmp(object->sections[i].group, group) == 0)
                return true;
        }
    }
    return false;
}

/* Inline functions and templates of C++ come with every object that uses them: the first copy stays. */
static void drop_second_copies(struct atto_program *program)
{
    for (size_t o = 0; o < program->object_count; o++) {
        struct atto_object *object = program->objects[o];

        for (size_t i = 1; i < object->section_count; i++) {
            struct atto_section *section = &object->sections[i];

            section->dropped = section->group != NULL && group_seen(program, o, section->group);
        }
    }
}

static bool mark_named(struct atto_program *program, char *const *roots, size_t root_count)
{
    for (size_t r = 0; r < root_count; r++) {
        struct atto_object *owner = NULL;
        const Elf64_Sym *symbol = atto_symbol_find(program, roots[r], &owner);

        if (symbol == NULL || symbol->st_shndx >= owner->section_count)
            return false;
        owner->sections[symbol->st_shndx].needed = true;
    }
    return true;
}

static void mark_global(struct atto_program *program)
{
    for (size_t o = 0; o < program->object_count; o++) {
        struct atto_object *object = program->objects[o];

        for (size_t i = 1; i < object->symbol_count; i++) {
            const Elf64_Sym *symbol = &object->symbols[i];

            if (ELF64_ST_BIND(symbol->st_info) != STB_LOCAL && atto_symbol_is_function(object, symbol))
                object->sections[symbol->st_shndx].needed = true;
        }
    }
}

/* A relocation of a needed section: what it refers to is needed as well. */
static bool mark_target(void *user, struct atto_object *object, struct atto_section *section,
                        const Elf64_Rel *relocation)
{
    struct atto_target target;

    (void)section;
    if (atto_symbol_resolve(user, object, ELF64_R_SYM(relocation->r_info), &target) && target.section != NULL)
        target.section->needed = true;
    return true;
}

/* Follows references until a round finds nothing new. */
static void mark_reachable(struct atto_program *program)
{
    bool progress = true;

    while (progress) {
        progress = false;
        for (size_t o = 0; o < program->object_count; o++) {
            struct atto_object *object = program->objects[o];

            for (size_t i = 1; i < object->section_count; i++) {
                struct atto_section *section = &object->sections[i];

                if (!section->needed || section->followed)
                    continue;
                section->followed = true;
                progress = true;
                atto_object_relocations(object, section, mark_target, program);
            }
        }
    }
}

void atto_symbols_drop_unneeded(struct atto_program *program, char *const *roots, size_t root_count)
{
    drop_second_copies(program);
    if (roots == NULL)
        mark_global(program);
    else if (!mark_named(program, roots, root_count))
        return;
    mark_reachable(program);
    for (size_t o = 0; o < program->object_count; o++) {
        struct atto_object *object = program->objects[o];

        for (size_t i = 1; i < object->section_count; i++) {
            struct atto_section *section = &object->sections[i];

            if (section->placement > ATTO_PLACE_INFO && !section->needed)
                section->dropped = true;
        }
    }
}
