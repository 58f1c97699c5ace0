/* Symbols of several objects, resolved against each other.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_SYMBOLS_H
#define ATTO_CLI_SYMBOLS_H

#include "program.h"

/* Where a symbol leads. */
struct atto_target {
    struct atto_object *object;
    struct atto_section *section;  /* NULL for absolute and COMMON symbols */
    enum atto_placement placement; /* ATTO_PLACE_NONE: an absolute number */
    uint32_t offset;               /* bytes from the start of the section, or the number, or bytes in bss */
};

/* Finds the definition that a symbol of an object stands for. Returns false if there is none. */
bool atto_symbol_resolve(const struct atto_program *program, struct atto_object *object, size_t symbol_index,
                         struct atto_target *target);

/* The definition of a global symbol that counts among all objects, and the object that it is in; NULL if there is
 * none. Strong definitions count before COMMON ones, and these before weak ones. */
const Elf64_Sym *atto_symbol_find(const struct atto_program *program, const char *name, struct atto_object **owner);

/* Is the symbol a function, or in a section of instructions a global label of an assembly file without types? */
bool atto_symbol_is_function(const struct atto_object *object, const Elf64_Sym *symbol);

/* Reports strong definitions that exist twice. */
void atto_symbols_check_duplicates(const struct atto_program *program);

/* Sets `dropped` for second copies of inline functions and templates, and for sections that nothing refers to. roots:
 * names of functions that are needed; NULL: all global ones. If one of the names does not exist, all is kept. */
void atto_symbols_drop_unneeded(struct atto_program *program, char *const *roots, size_t root_count);

#endif
