/* Reads eBPF object files with libelf, see object.h. Whatever an image cannot express (maps, thread-local storage,
 * constructors that run before the entry point) is refused here, by name.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "object.h"

#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "report.h"

bool atto_object_is_elf(const uint8_t *bytes, size_t len)
{
    return len >= SELFMAG && memcmp(bytes, ELFMAG, SELFMAG) == 0;
}

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Sections with a meaning for other loaders that an image cannot give them. Returns the reason, or NULL. */
static const char *unsupported_section(const struct atto_section *section)
{
    const char *name = section->name;

    if ((section->header.sh_flags & SHF_TLS) != 0)
        return "thread-local variables are not supported";
    if (section->header.sh_type == SHT_INIT_ARRAY || section->header.sh_type == SHT_PREINIT_ARRAY ||
        section->header.sh_type == SHT_FINI_ARRAY || starts_with(name, ".ctors") || starts_with(name, ".dtors"))
        return "constructors or destructors of global objects cannot run in a container; use constant initial values";
    if (strcmp(name, "maps") == 0 || strcmp(name, ".maps") == 0 || strcmp(name, ".kconfig") == 0 ||
        strcmp(name, ".ksyms") == 0)
        return "Linux BPF maps and kernel symbols are not supported; use global variables";
    return NULL;
}

static enum atto_placement placement_of(const struct atto_section *section)
{
    const Elf64_Shdr *header = &section->header;

    if ((header->sh_flags & SHF_ALLOC) == 0) {
        bool read = starts_with(section->name, ".debug") || strcmp(section->name, ".stack_sizes") == 0;

        return read && header->sh_type == SHT_PROGBITS ? ATTO_PLACE_INFO : ATTO_PLACE_NONE;
    }
    if (strcmp(section->name, ".eh_frame") == 0 || header->sh_size == 0)
        return ATTO_PLACE_NONE;
    if (header->sh_type == SHT_NOBITS)
        return ATTO_PLACE_BSS;
    if (header->sh_type != SHT_PROGBITS)
        return ATTO_PLACE_NONE;
    if ((header->sh_flags & SHF_EXECINSTR) != 0)
        return ATTO_PLACE_TEXT;
    return (header->sh_flags & SHF_WRITE) != 0 ? ATTO_PLACE_DATA : ATTO_PLACE_RODATA;
}

static bool check_section(const struct atto_object *object, const struct atto_section *section)
{
    const char *reason = unsupported_section(section);
    const Elf64_Shdr *header = &section->header;

    if (reason != NULL && header->sh_size != 0) {
        atto_report_at(object->path, 0, "section %s: %s", section->name, reason);
        return false;
    }
    if (section->placement == ATTO_PLACE_TEXT && header->sh_size % 8 != 0) {
        atto_report_at(object->path, 0, "section %s: %llu bytes are not a whole number of instructions", section->name,
                       (unsigned long long)header->sh_size);
        return false;
    }
    if (section->placement > ATTO_PLACE_INFO && (header->sh_size > 0x0fffffffu || header->sh_addralign > 4096)) {
        atto_report_at(object->path, 0, "section %s: too large for a container", section->name);
        return false;
    }
    if (section->bytes == NULL && section->placement != ATTO_PLACE_NONE && section->placement != ATTO_PLACE_BSS &&
        header->sh_size != 0) {
        atto_report_at(object->path, 0, "section %s: cannot read its contents", section->name);
        return false;
    }
    return true;
}

static bool read_sections(struct atto_object *object)
{
    size_t count, names_index;

    if (elf_getshdrnum(object->elf, &count) != 0 || elf_getshdrstrndx(object->elf, &names_index) != 0)
        return false;
    object->sections = atto_alloc(count, sizeof object->sections[0]);
    object->section_count = count;
    for (size_t i = 1; i < count; i++) {
        struct atto_section *section = &object->sections[i];
        Elf_Scn *scn = elf_getscn(object->elf, i);
        Elf64_Shdr *header = scn == NULL ? NULL : elf64_getshdr(scn);
        Elf_Data *data = scn == NULL ? NULL : elf_getdata(scn, NULL);

        if (header == NULL)
            return false;
        memcpy(&section->header, header, sizeof *header); /* a damaged file may have it at any address */
        section->name = elf_strptr(object->elf, names_index, section->header.sh_name);
        if (section->name == NULL)
            section->name = "?";
        if (data != NULL && section->header.sh_type != SHT_NOBITS && data->d_size == section->header.sh_size)
            section->bytes = data->d_buf;
        section->placement = placement_of(section);
        if (!check_section(object, section))
            return false;
    }
    return true;
}

static bool read_symbols(struct atto_object *object)
{
    for (size_t i = 1; i < object->section_count; i++) {
        const struct atto_section *section = &object->sections[i];

        if (section->header.sh_type != SHT_SYMTAB)
            continue;
        if (section->bytes == NULL)
            return false;
        object->symbol_count = section->header.sh_size / sizeof(Elf64_Sym);
        object->symbols = (Elf64_Sym *)(void *)section->bytes;
        object->symbol_names = atto_alloc(object->symbol_count, sizeof object->symbol_names[0]);
        object->common_offsets = atto_alloc(object->symbol_count, sizeof object->common_offsets[0]);
        for (size_t s = 0; s < object->symbol_count; s++) {
            const char *name = elf_strptr(object->elf, section->header.sh_link, object->symbols[s].st_name);

            object->symbol_names[s] = name == NULL ? "" : name;
        }
        return true;
    }
    return true;
}

/* Notes for each member of a COMDAT group which group it is in. */
static bool read_groups(struct atto_object *object)
{
    for (size_t i = 1; i < object->section_count; i++) {
        const struct atto_section *section = &object->sections[i];
        const uint32_t *members = (const uint32_t *)(const void *)section->bytes;
        size_t member_count = section->header.sh_size / sizeof(uint32_t);

        if (section->header.sh_type != SHT_GROUP)
            continue;
        if (members == NULL || member_count == 0 || section->header.sh_info >= object->symbol_count)
            return false;
        for (size_t m = 1; m < member_count && (members[0] & GRP_COMDAT) != 0; m++) {
            if (members[m] < object->section_count)
                object->sections[members[m]].group = object->symbol_names[section->header.sh_info];
        }
    }
    return true;
}

static bool check_header(struct atto_object *object)
{
    const Elf64_Ehdr *header = elf64_getehdr(object->elf);

    if (header == NULL || header->e_ident[EI_DATA] != ELFDATA2LSB) {
        atto_report_at(object->path, 0, "not a little-endian 64-bit ELF object");
        return false;
    }
    if (header->e_machine != EM_BPF) {
        atto_report_at(object->path, 0, "an ELF object, but not for eBPF (machine %u); compile with -target bpf",
                       header->e_machine);
        return false;
    }
    if (header->e_type != ET_REL) {
        atto_report_at(object->path, 0, "not a relocatable object file");
        return false;
    }
    return true;
}

struct atto_object *atto_object_open(struct atto_buffer *file, const char *path)
{
    struct atto_object *object = atto_alloc(1, sizeof *object);

    object->path = path;
    object->file = file->bytes;
    elf_version(EV_CURRENT);
    object->elf = elf_memory((char *)file->bytes, file->len);
    *file = (struct atto_buffer){0};
    if (object->elf == NULL || elf_kind(object->elf) != ELF_K_ELF) {
        atto_report_at(path, 0, "not an ELF object");
    } else if (check_header(object)) {
        unsigned reports = atto_report_count();

        if (read_sections(object) && read_symbols(object) && read_groups(object))
            return object;
        if (reports == atto_report_count())
            atto_report_at(path, 0, "damaged ELF object");
    }
    atto_object_close(object);
    return NULL;
}

void atto_object_close(struct atto_object *object)
{
    if (object == NULL)
        return;
    if (object->elf != NULL)
        elf_end(object->elf);
    free(object->file);
    free(object->sections);
    free(object->symbol_names);
    free(object->common_offsets);
    free(object);
}

bool atto_object_relocations(struct atto_object *object, struct atto_section *section, atto_relocation_fn *fn,
                             void *user)
{
    size_t section_index = (size_t)(section - object->sections);

    for (size_t i = 1; i < object->section_count; i++) {
        const struct atto_section *table = &object->sections[i];
        const Elf64_Rel *relocations = (const Elf64_Rel *)(const void *)table->bytes;

        if (table->header.sh_info != section_index)
            continue;
        if (table->header.sh_type == SHT_RELA) {
            atto_report_at(object->path, 0, "section %s: relocations with addends are not known for eBPF", table->name);
            return false;
        }
        if (table->header.sh_type != SHT_REL || relocations == NULL)
            continue;
        for (size_t r = 0; r < table->header.sh_size / sizeof relocations[0]; r++) {
            if (ELF64_R_SYM(relocations[r].r_info) >= object->symbol_count) {
                atto_report_at(object->path, 0, "section %s: relocation %zu has no symbol", table->name, r);
                return false;
            }
            if (!fn(user, object, section, &relocations[r]))
                return false;
        }
    }
    return true;
}

const char *atto_object_symbol_name(const struct atto_object *object, size_t index)
{
    const Elf64_Sym *symbol = &object->symbols[index];

    if (object->symbol_names[index][0] != '\0')
        return object->symbol_names[index];
    if (symbol->st_shndx < object->section_count && symbol->st_shndx != SHN_UNDEF)
        return object->sections[symbol->st_shndx].name;
    return "?";
}

const char *atto_object_name_at(const struct atto_object *object, const struct atto_section *section, uint64_t offset)
{
    size_t section_index = (size_t)(section - object->sections);

    for (size_t i = 1; i < object->symbol_count; i++) {
        const Elf64_Sym *symbol = &object->symbols[i];
        unsigned type = ELF64_ST_TYPE(symbol->st_info);

        if (symbol->st_shndx == section_index && (type == STT_OBJECT || type == STT_FUNC) &&
            offset >= symbol->st_value && offset - symbol->st_value < symbol->st_size)
            return object->symbol_names[i];
    }
    return NULL;
}
