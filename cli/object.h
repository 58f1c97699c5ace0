/* One eBPF ELF object file, opened and understood: its sections sorted by what becomes of them in an image, its
 * symbols and its relocations. Nothing is decided here that needs to see more than one object; linking is link.c.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_OBJECT_H
#define ATTO_CLI_OBJECT_H

#include <elf.h>
#include <libelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buffer.h"

/* What becomes of a section. */
enum atto_placement {
    ATTO_PLACE_NONE, /* not in the image and not looked at */
    ATTO_PLACE_INFO, /* not in the image, but read: debug information, sizes of frames */
    ATTO_PLACE_TEXT,
    ATTO_PLACE_RODATA,
    ATTO_PLACE_DATA,
    ATTO_PLACE_BSS
};

struct atto_section {
    const char *name;
    Elf64_Shdr header;
    enum atto_placement placement;
    uint8_t *bytes;    /* header.sh_size of them; NULL for bss. May be changed in place. */
    uint32_t offset;   /* where the linker put it: bytes from the start of the image's section of that kind */
    bool dropped;      /* a second copy of something that another object has, or not needed */
    bool needed, followed; /* while the linker finds out what is needed */
    const char *group; /* signature of its section group, or NULL */
};

struct atto_object {
    const char *path;   /* what people call it: the source if we compiled it */
    uint8_t *file;      /* the whole object file */
    Elf *elf;
    struct atto_section *sections;
    size_t section_count;
    Elf64_Sym *symbols;
    const char **symbol_names;
    uint32_t *common_offsets; /* of COMMON symbols, in bss, set by the linker */
    size_t symbol_count;
};

/* Opens an object file, whose bytes it takes over. path: its name in messages. Reports what is wrong with it, and
 * returns NULL if anything is. */
struct atto_object *atto_object_open(struct atto_buffer *file, const char *path);
void atto_object_close(struct atto_object *object);

/* Is this the beginning of an ELF file? */
bool atto_object_is_elf(const uint8_t *bytes, size_t len);

/* Calls fn for each relocation of a section, in the order of the file, until it returns false. */
typedef bool atto_relocation_fn(void *user, struct atto_object *object, struct atto_section *section,
                                const Elf64_Rel *relocation);
bool atto_object_relocations(struct atto_object *object, struct atto_section *section, atto_relocation_fn *fn,
                             void *user);

/* The name of a symbol for messages: its own, or that of its section. */
const char *atto_object_symbol_name(const struct atto_object *object, size_t index);

/* The name of the data object or function at an offset of a section, or NULL. */
const char *atto_object_name_at(const struct atto_object *object, const struct atto_section *section, uint64_t offset);

#endif
